// Reply and note: two forms with two texts. What is typed into one never moves to the other.
import { $, h, setText } from "./dom.js";
import { filesOf, forgetFiles, marks, setUpFiles, showFiles, underWay } from "./files.js";
import { draft } from "./memory.js";
import { actionOf } from "./table.js";

const KINDS = ["reply", "note"];
const LONGEST = 4000;
let current = null, mode = "reply", busy = false, held = null, start = () => {};

const field = (kind) => $(`${kind}-text`);
const form = (kind) => $(`${kind}-form`);
const sender = (kind) => form(kind).querySelector("[type=submit]");

export function setMode(kind, focus = false) {
  mode = kind;
  for (const one of KINDS) {
    form(one).hidden = one !== kind;
    $(`mode-${one}`).setAttribute("aria-pressed", String(one === kind));
  }
  hint();
  if (focus) field(kind).focus();
}

function hint() {
  const free = current && current.state !== "claimed";
  const reply = current?.may.reply || (free ? "Your reply claims it." : "");
  setText($("modes-hint"), mode === "note" ? "Never leaves this desk." : reply);
}

function count(kind) {
  const length = field(kind).value.trim().length;
  setText(form(kind).querySelector(".count"), length > LONGEST - 500 ? `${LONGEST - length} left` : "");
  const nothing = !length && !(kind === "reply" && current && filesOf(current.id).length);
  sender(kind).disabled = busy || nothing || (kind === "reply" && Boolean(current?.may.reply));
}

export function showComposer(c) {
  const changed = current?.id !== c.id;
  current = c;
  const name = c.customer || "the customer";
  setText(sender("reply"), `Send to ${name}`);
  field("reply").placeholder = c.may.reply ? `${c.may.reply} Leave a note instead.` : `Write to ${name}…`;
  if (changed) {
    for (const kind of KINDS) field(kind).value = draft.load(kind, c.id);
    setMode("reply");
    refuse("");
    letGo();
  }
  showFiles(c);
  hint();
  KINDS.forEach(count);
}

// A template's text joins what is written already, to be edited before it is sent.
export function putIntoReply(text) {
  const input = field("reply"), before = input.value.trimEnd();
  input.value = before ? `${before}\n\n${text}` : text;
  input.dispatchEvent(new Event("input"));
  setMode("reply", true);
  input.setSelectionRange(input.value.length, input.value.length);
}

// Why something was not done, and what can be done next.
export function refuse(text, next = []) {
  const buttons = next.map(actionOf).filter((action) => action && current && !current.may[action.name]).map((action) => {
    const button = h("button", { type: "button", data: { act: action.name } }, action.title);
    button.addEventListener("click", () => start(action));
    return button;
  });
  $("refusal").replaceChildren(h("span", {}, text), ...buttons);
  $("refusal").hidden = !text;
}

function letGo() {
  held = null;
  $("held").hidden = true;
}

// The customer wrote while the reply was written: it waits until whoever wrote it says so once more.
function holdBack(id, said, again) {
  held = { id, again };
  $("held-said").replaceChildren(...said.map((entry) => h("blockquote", {}, entry.deleted_at && !entry.text ? "Deleted message" : entry.text)));
  $("held").hidden = false;
  $("held").focus();
}

async function submit(kind, send, anyway = false) {
  const id = current.id, seen = draft.begun(kind, id, current.received), text = field(kind).value.trim();
  const files = kind === "reply" ? filesOf(id) : [];
  if ((!text && !files.length) || busy || sender(kind).disabled) return;
  if (kind === "reply" && held && !anyway) { $("held-yes").focus(); return; }
  busy = true;
  count(kind);
  if (files.length) underWay(id, 0);
  const body = { command: kind, text, request: draft.request(kind, id, files.length ? JSON.stringify([text, marks(files)]) : text) };
  const { accepted, problem } = await send(id, kind === "reply" && !anyway ? { ...body, seen } : body, files, (share) => underWay(id, share));
  busy = false;
  if (files.length) underWay(id, null);
  if (accepted) {
    draft.save(kind, id, "");
    forgetFiles(id, files);
    if (current.id === id && field(kind).value.trim() === text) field(kind).value = "";
    if (kind === "reply") letGo();
  } else if (problem?.kind === "moved_on" && current.id === id) {
    refuse("");
    draft.begin(kind, id, problem.conversation.received); // from now on it has been read
    holdBack(id, problem.meanwhile, () => submit(kind, send, true));
  }
  KINDS.forEach(count);
}

// What the customer writes from the first word on was not known when it was begun.
function keep(kind) {
  const { id, received } = current, begins = !draft.load(kind, id);
  draft.save(kind, id, field(kind).value);
  if (begins) draft.begin(kind, id, received);
}

export function setUpComposer(send, run) {
  start = run;
  setUpFiles(refuse, () => count("reply"));
  for (const kind of KINDS) {
    $(`mode-${kind}`).addEventListener("click", () => setMode(kind, true));
    field(kind).addEventListener("input", () => { keep(kind); count(kind); });
    field(kind).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form(kind).requestSubmit(); }
    });
    form(kind).addEventListener("submit", (event) => { event.preventDefault(); submit(kind, send); });
  }
  $("held-yes").addEventListener("click", () => held?.again());
  $("held-no").addEventListener("click", () => { letGo(); field("reply").focus(); });
}

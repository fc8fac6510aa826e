// Reply and note: two forms with two texts. What is typed into one never moves to the other.
import { $, setText } from "./dom.js";
import { draft } from "./memory.js";

const KINDS = ["reply", "note"];
const LONGEST = 4000;
let current = null, mode = "reply", busy = false;

const field = (kind) => $(`${kind}-text`);
const form = (kind) => $(`${kind}-form`);

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
  const held = current?.holder && current.state === "claimed" && !current.mine;
  const free = current && current.state !== "claimed";
  const reply = held ? `${current.holder} holds this conversation.` : free ? "Your reply claims it." : "";
  setText($("modes-hint"), mode === "note" ? "Never leaves this desk." : reply);
}

function count(kind) {
  const length = field(kind).value.trim().length;
  setText(form(kind).querySelector(".count"), length > LONGEST - 500 ? `${LONGEST - length} left` : "");
  form(kind).querySelector("button").disabled = busy || !length || (kind === "reply" && Boolean(current?.blocked));
}

export function showComposer(c, mine) {
  const changed = current?.id !== c.id;
  const blocked = c.state === "claimed" && c.holder && !mine;
  current = { ...c, mine, blocked };
  const name = c.customer || "the customer";
  setText(form("reply").querySelector("button"), `Send to ${name}`);
  field("reply").placeholder = blocked ? `${c.holder} holds this conversation. Leave a note instead.` : `Write to ${name}…`;
  if (changed) {
    for (const kind of KINDS) field(kind).value = draft.load(kind, c.id);
    setMode("reply");
    refuse("");
  }
  hint();
  KINDS.forEach(count);
}

export function refuse(text) {
  setText($("refusal"), text);
  $("refusal").hidden = !text;
}

export function setUpComposer(send) {
  for (const kind of KINDS) {
    $(`mode-${kind}`).addEventListener("click", () => setMode(kind, true));
    field(kind).addEventListener("input", () => { draft.save(kind, current.id, field(kind).value); count(kind); });
    field(kind).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form(kind).requestSubmit(); }
    });
    form(kind).addEventListener("submit", async (event) => {
      event.preventDefault();
      const id = current.id, text = field(kind).value.trim();
      if (!text || busy || form(kind).querySelector("button").disabled) return;
      busy = true;
      count(kind);
      const accepted = await send(id, { command: kind, text });
      busy = false;
      if (accepted) {
        draft.save(kind, id, "");
        if (current.id === id && field(kind).value.trim() === text) field(kind).value = "";
      }
      KINDS.forEach(count);
    });
  }
}

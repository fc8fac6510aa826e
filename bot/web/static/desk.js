// Joins the desk's parts: the list, the conversation, the keys, and what the server tells.
import { alertTo, setUpAlerts, unseenNotices } from "./alerts.js";
import { get, post, upload } from "./api.js";
import { askFor, confirms, setUpAsk } from "./ask.js";
import { runClocks } from "./clock.js";
import { putIntoReply, refuse, setMode, setUpComposer, showComposer } from "./composer.js";
import { $, setText } from "./dom.js";
import { showFacts } from "./facts.js";
import { forgetHead, setUpHead, showHead, tickHead } from "./head.js";
import { setUpKeys } from "./keys.js";
import { markCurrent, order, reveal, rowOf, showEmpty, showRows, tickRows } from "./list.js";
import { calmly, follow } from "./live.js";
import { markRead } from "./memory.js";
import { learn, narrowed, setUpNarrow, widen } from "./narrow.js";
import { loadPresence, setUpPresence } from "./presence.js";
import { choose as pick, chooseAll, chooseTo, clearSelection, read, selection, setUpSelection, show as showSelection, told } from "./select.js";
import { openSheet, setUpSheet } from "./sheet.js";
import { actionFor, actionOf, asks, loadTable, newRequest, table } from "./table.js";
import { openSuggestions, openTemplates, setUpTemplates } from "./templates.js";
import { setUpTranscript, showTranscript, toEnd } from "./transcript.js";

const PARTS = [document.querySelector(".talk-head"), $("facts"), $("transcript"), $("composer")];
const STORM = 5; // conversations that are not on the list, looked up for their notices at a time
const BULK = ["claim", "transfer", "resolve"];
const title = document.title;
const view = { loading: Promise.resolve(), filter: "needs", before: "needs", text: "", page: 1, id: null, conversation: null, needs: 0 };
const path = (id) => `/desk/conversations/${encodeURIComponent(id)}`;
const problemOf = (problem) => ({ accepted: false, problem: problem.body, refusal: problem.message });

const asked = () => new URLSearchParams([["filter", view.filter], ["q", view.text], ["page", view.page], ...narrowed()]).toString();

async function loadList() {
  const query = asked();
  const data = await get(`/desk/conversations?${query}`).catch(() => null);
  if (!data || query !== asked()) return;
  learn(data.rows);
  showRows(data);
  showEmpty(view.filter, view.text, narrowed().length > 0, () => { widen(); choose(view.filter); });
  markCurrent(view.id);
  showSelection();
  for (const button of $("filters").children) setText(button.lastElementChild, String(data.counts[button.dataset.filter]));
  $("pager").hidden = data.pages < 2;
  setText($("pager").children[1], `Page ${data.page} of ${data.pages}`);
  $("pager").children[0].disabled = data.page <= 1;
  $("pager").children[2].disabled = data.page >= data.pages;
  $("paused").hidden = !data.paused;
  view.needs = data.counts.needs;
  retitle();
}
const refreshList = calmly(loadList, 400);

function retitle() {
  document.title = `${unseenNotices() ? "● " : ""}${view.needs ? `(${view.needs}) ` : ""}${title}`;
}

async function loadConversation() {
  const id = view.id;
  if (!id) return;
  try {
    const c = await get(path(id));
    if (id === view.id) show(c);
  } catch (problem) {
    if (problem.status === 404 && id === view.id) { close(); }
  }
}
const refreshConversation = calmly(loadConversation, 250);

function show(c) {
  const known = view.conversation;
  if (known?.id === c.id && known.version > c.version) return; // an answer that was overtaken on its way
  view.conversation = c;
  $("talk-empty").hidden = $("list-title").hidden = true; // the customer's name is the main heading now
  for (const part of PARTS) part.hidden = part.inert = false;
  setText($("talk-name"), c.customer || "Unnamed customer");
  showFacts(c);
  showComposer(c);
  showTranscript(c);
  showHead(c);
  if (!document.hidden) markRead(c.id, c.received);
  markCurrent(c.id);
}

function open(id, { push = true, focus = false } = {}) {
  if (!id) return;
  if (push && id !== view.id) history.pushState(null, "", `/desk?c=${encodeURIComponent(id)}`);
  const changed = id !== view.id;
  view.id = id;
  if (changed) leave();
  document.body.classList.add("open");
  markCurrent(id);
  reveal(id);
  if (changed) refuse("");
  view.loading = loadConversation();
  view.loading.then(() => { if (focus) $("talk-name").focus({ preventScroll: true }); });
}

// What stands on the screen is another conversation until this one has come: nothing may be written to it or done
// with it in between.
function leave() {
  view.conversation = null;
  for (const part of PARTS) part.inert = true;
}

function close({ push = true } = {}) {
  if (push && view.id) history.pushState(null, "", "/desk");
  view.id = view.conversation = null;
  document.body.classList.remove("open");
  $("talk-empty").hidden = $("list-title").hidden = false;
  for (const part of PARTS) part.hidden = true;
  $("newer").hidden = true;
  forgetHead();
  markCurrent(null);
}

async function command(id, body, files = [], tell = () => {}) {
  const where = `${path(id)}/commands`;
  try {
    const result = await (files.length ? upload(where, body, files, tell) : post(where, body));
    if (id === view.id) { show(result.conversation); refuse(""); }
    if (body.command === "reply" && id === view.id) toEnd();
    refreshList();
    return { accepted: true };
  } catch (problem) {
    if (problem.body?.conversation && id === view.id) show(problem.body.conversation);
    if (id === view.id && problem.body?.kind !== "moved_on") refuse(problem.message, problem.body?.kind === "held" ? ["ask_for", "take_over"] : []);
    return problemOf(problem);
  }
}

async function commandAll(action, ids, fields, request) {
  try {
    const seen = action.optional.includes("seen") ? { seen: read() } : {};
    const done = await post("/desk/commands", { command: action.name, conversations: ids, request, ...fields, ...seen });
    await loadList();
    told(action, done.results, (id) => rowOf(id)?.customer || id);
    refreshConversation();
    return null;
  } catch (problem) {
    return problem.message;
  }
}

// ``seen`` lets the server refuse what was written before the customer's newest message was read.
async function commandOne(action, c, fields, request) {
  const seen = action.optional.includes("seen") ? { seen: c.received } : {};
  const done = await command(c.id, { command: action.name, request, ...fields, ...seen });
  if (done.problem?.kind === "moved_on") c.received = done.problem.conversation.received; // held back once: it stands in the transcript now
  return done.accepted ? null : done.refusal;
}

function whyNot(action) {
  const ids = selection();
  if (ids.length) return !action.allowed ? `It takes another role than ${table.me.role}.` : action.bulk ? "" : "This works on one conversation at a time.";
  if (!view.conversation) return "Open a conversation first.";
  return view.conversation.may[action.name];
}

// What a key, a button or the sheet starts: at once, or after what the action has to be told.
function run(action, { message = null } = {}) {
  if (view.id && !view.conversation && !selection().length) { view.loading.then(() => view.conversation && run(action, { message })); return; }
  const ids = selection(), why = whyNot(action), c = view.conversation;
  if (why) { say(why); return; }
  if (ids.length) {
    const send = (fields, request) => commandAll(action, ids, fields, request);
    if (asks(action) || confirms(action)) askFor(action, { count: ids.length, conversation: ids.length === 1 && c?.id === ids[0] ? c : null }, send);
    else send({}, newRequest()).then((wrong) => wrong && say(wrong));
  } else if (action.name === "reply" || action.name === "note") setMode(action.name, true);
  else if (asks(action) || confirms(action)) {
    const about = { ...c };
    askFor(action, { conversation: about, message }, (fields, request) => commandOne(action, about, fields, request));
  } else commandOne(action, c, {}, newRequest());
}

function say(text) {
  if (view.conversation) refuse(text);
  setText($("announce"), text);
}

function choose(filter, load = loadList) {
  view.filter = filter;
  view.page = 1;
  for (const button of $("filters").children) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
  load();
}

function move(step, picking = false) {
  const ids = order(), at = ids.indexOf(view.id);
  if (!ids.length) return;
  if (picking && at >= 0) pick(view.id, true);
  const to = ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + step))];
  if (picking) pick(to, true);
  open(to);
}

async function findRow(id, index) {
  return rowOf(id) ?? (index < STORM ? await get(path(id)).catch(() => null) : null);
}

async function changed(news) {
  if (news.conversations.includes(view.id)) refreshConversation();
  if (news.presence) loadPresence();
  await refreshList();
  await alertTo(news.alerts, findRow);
}

$("rows").addEventListener("click", (event) => {
  const box = event.target.closest(".pick");
  if (box) { if (event.shiftKey) chooseTo(box.dataset.id); else pick(box.dataset.id, box.checked); return; }
  const link = event.target.closest(".row");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (event.shiftKey) { getSelection().removeAllRanges(); chooseTo(link.dataset.id); return; }
  open(link.dataset.id, { focus: matchMedia("(max-width: 760px)").matches });
});
$("filters").addEventListener("click", (event) => { const b = event.target.closest("button"); if (b) choose(b.dataset.filter); });
$("pager").addEventListener("click", (event) => { const step = Number(event.target.dataset.step); if (step) { view.page += step; loadList(); } });
$("search").addEventListener("input", () => {
  const text = $("search").value.trim();
  if (text && !view.text) view.before = view.filter;
  view.text = text;
  choose(text ? "all" : view.before, refreshList);
});
$("back").addEventListener("click", () => close());
$("more").addEventListener("click", openSheet);
$("bulk-more").addEventListener("click", openSheet);
$("look").addEventListener("click", () => openTemplates(view.id));
$("suggest").addEventListener("click", () => openSuggestions(view.id));
for (const name of BULK) $(`bulk-${name}`).addEventListener("click", () => run(actionOf(name)));
window.addEventListener("popstate", () => fromAddress());

function fromAddress() {
  const id = new URLSearchParams(location.search).get("c");
  if (id) open(id, { push: false });
  else close({ push: false });
}

const whenOpen = (work) => () => view.loading.then(() => { if (view.conversation) work(); });
const PAGE = {
  j: () => move(1), k: () => move(-1), J: () => move(1, true), K: () => move(-1, true),
  m: () => view.id && pick(view.id), "*": () => chooseAll(), "/": () => $("search").focus(), "?": openSheet,
  i: whenOpen(() => openTemplates(view.id)), g: whenOpen(() => openSuggestions(view.id)),
  Escape: () => { if (selection().length) clearSelection(); else document.querySelector(".row[aria-current]")?.focus(); },
};

await loadTable();
setUpAlerts((id) => open(id), retitle);
setUpAsk();
setUpSheet(run, whyNot);
setUpTemplates(putIntoReply);
setUpHead(run);
setUpNarrow(() => choose(view.filter));
setUpPresence(say);
setUpSelection(order, (id) => Math.max(rowOf(id)?.received ?? 0, id === view.id ? view.conversation?.received ?? 0 : 0), () => {});
setUpTranscript(command, (name, message) => run(actionOf(name), { message }), putIntoReply);
setUpComposer(command, run);
setUpKeys((key) => PAGE[key] ?? (actionFor(key) && (() => run(actionFor(key)))), openSheet);
runClocks((at) => { tickRows(at); tickHead(at); }, () => { refreshList(); refreshConversation(); });
follow("/desk/events", { onChanges: changed, onFresh: () => { refreshList(); refreshConversation(); loadPresence(); } });
loadPresence();
await loadList();
fromAddress();

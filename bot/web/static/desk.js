// Joins the desk's parts: the list, the conversation, the keys, and what the server tells.
import { alertTo, setUpAlerts } from "./alerts.js";
import { get, me, post } from "./api.js";
import { runClocks } from "./clock.js";
import { refuse, setMode, setUpComposer, showComposer } from "./composer.js";
import { $, setText } from "./dom.js";
import { showFacts } from "./facts.js";
import { setUpKeys } from "./keys.js";
import { markCurrent, order, reveal, rowOf, showEmpty, showRows, standing, tickRows } from "./list.js";
import { calmly, follow } from "./live.js";
import { markRead } from "./memory.js";
import { setUpTranscript, showTranscript, toEnd } from "./transcript.js";

const PARTS = [document.querySelector(".talk-head"), $("facts"), $("transcript"), $("composer")];
const title = document.title;
const view = { filter: "needs", before: "needs", text: "", page: 1, id: null, conversation: null };

async function loadList() {
  const query = new URLSearchParams({ filter: view.filter, q: view.text, page: view.page });
  const asked = query.toString();
  const data = await get(`/desk/conversations?${asked}`).catch(() => null);
  if (!data || asked !== new URLSearchParams({ filter: view.filter, q: view.text, page: view.page }).toString()) return;
  showRows(data);
  showEmpty(view.filter, view.text);
  markCurrent(view.id);
  for (const button of $("filters").children) setText(button.lastElementChild, String(data.counts[button.dataset.filter]));
  $("pager").hidden = data.pages < 2;
  setText($("pager").children[1], `Page ${data.page} of ${data.pages}`);
  $("pager").children[0].disabled = data.page <= 1;
  $("pager").children[2].disabled = data.page >= data.pages;
  $("paused").hidden = !data.paused;
  document.title = data.counts.needs ? `(${data.counts.needs}) ${title}` : title;
}
const refreshList = calmly(loadList, 400);

async function loadConversation() {
  const id = view.id;
  if (!id) return;
  try {
    const c = await get(`/desk/conversations/${encodeURIComponent(id)}`);
    if (id === view.id) show(c);
  } catch (problem) {
    if (problem.status === 404 && id === view.id) { close(); }
  }
}
const refreshConversation = calmly(loadConversation, 250);

function show(c) {
  view.conversation = c;
  $("talk-empty").hidden = $("list-title").hidden = true; // the customer's name is the main heading now
  for (const part of PARTS) part.hidden = false;
  setText($("talk-name"), c.customer || "Unnamed customer");
  setText($("talk-meta"), `${c.channel} · ${standing(c)}`);
  showFacts(c);
  const mine = c.holder === me, held = c.state === "claimed" && !mine;
  showComposer(c, mine);
  showTranscript(c);
  $("claim").hidden = c.state === "claimed" && mine;
  $("claim").disabled = held || c.state === "resolved";
  $("release").hidden = !(c.state === "claimed" && mine);
  $("resolve").disabled = held || c.state === "resolved";
  if (!document.hidden) markRead(c.id, c.received);
  markCurrent(c.id);
}

function open(id, { push = true, focus = false } = {}) {
  if (!id) return;
  if (push && id !== view.id) history.pushState(null, "", `/desk?c=${encodeURIComponent(id)}`);
  const changed = id !== view.id;
  view.id = id;
  document.body.classList.add("open");
  markCurrent(id);
  reveal(id);
  if (changed) refuse("");
  loadConversation().then(() => { if (focus) $("talk-name").focus({ preventScroll: true }); });
}

function close({ push = true } = {}) {
  if (push && view.id) history.pushState(null, "", "/desk");
  view.id = view.conversation = null;
  document.body.classList.remove("open");
  $("talk-empty").hidden = $("list-title").hidden = false;
  for (const part of PARTS) part.hidden = true;
  $("newer").hidden = true;
  markCurrent(null);
}

// ``seen`` lets the server refuse what was written before the customer's newest message was read.
async function command(id, body) {
  try {
    const result = await post(`/desk/conversations/${encodeURIComponent(id)}/commands`, { ...body, seen: view.conversation?.received });
    refuse("");
    if (result.conversation && id === view.id) show(result.conversation);
    if (body.command === "reply" && id === view.id) toEnd();
    refreshList();
    return true;
  } catch (problem) {
    if (problem.body?.conversation && id === view.id) show(problem.body.conversation);
    if (id === view.id) refuse(problem.message);
    return false;
  }
}
const act = (name) => { if (view.id && !$(name).disabled && !$(name).hidden) command(view.id, { command: name }); };

function resolve() {
  if (!view.id || $("resolve").disabled) return;
  const id = view.id, dialog = $("resolve-dialog");
  $("resolve-text").value = "";
  dialog.onclose = () => { if (dialog.returnValue === "yes") command(id, { command: "resolve", text: $("resolve-text").value.trim() }); };
  dialog.returnValue = "";
  dialog.showModal();
}

function choose(filter, load = loadList) {
  view.filter = filter;
  view.page = 1;
  for (const button of $("filters").children) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
  load();
}

function move(step) {
  const ids = order(), at = ids.indexOf(view.id);
  if (ids.length) open(ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + step))]);
}

async function changed(news) {
  if (news.conversations.includes(view.id)) refreshConversation();
  await refreshList();
  alertTo(news.alerts, (id) => rowOf(id)?.customer || "A customer", (id) => open(id));
}

$("rows").addEventListener("click", (event) => {
  const link = event.target.closest(".row");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
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
$("claim").addEventListener("click", () => act("claim"));
$("release").addEventListener("click", () => act("release"));
$("resolve").addEventListener("click", resolve);
$("back").addEventListener("click", () => close());
window.addEventListener("popstate", () => fromAddress());

function fromAddress() {
  const id = new URLSearchParams(location.search).get("c");
  if (id) open(id, { push: false });
  else close({ push: false });
}

setUpAlerts();
setUpTranscript(command);
setUpComposer(command);
setUpKeys({
  j: () => move(1), k: () => move(-1), c: () => act("claim"), e: resolve,
  r: () => view.id && setMode("reply", true), n: () => view.id && setMode("note", true),
  "/": () => $("search").focus(), "?": () => $("keys-dialog").showModal(),
});
runClocks(tickRows, () => { refreshList(); refreshConversation(); });
follow("/desk/events", { onChanges: changed, onFresh: () => { refreshList(); refreshConversation(); } });
await loadList();
fromAddress();

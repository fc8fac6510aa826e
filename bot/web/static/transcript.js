// The transcript: messages, notes and what happened. Only what changed is drawn again.
import { correctForm, corrected } from "./correct.js";
import { $, capital, h, percent, size } from "./dom.js";
import { nearest, probabilities, weighed } from "./facts.js";
import { clockTime, dayName, fullTime } from "./time.js";
import { wordsButton } from "./words.js";

const place = $("transcript");
const SENT = {
  new: "queued", sending: "sending…", sent: "sent ✓",
  unknown: "? not known whether it arrived", failed: "✕ not delivered", withdrawn: "taken back, never sent",
};
const DONE = { answer: "answered by the bot", escalate: "escalated", greet: "greeted", silence: "no answer needed", record: "answered by an agent already" };
const NOT_SENT = ["failed", "unknown", "withdrawn"]; // the happening beside it says why
let again = () => {};
let ending = true, shown = new Map(), current = null, explains = false, send = null, start = null, revisable = {};

const time = (iso) => h("time", { dateTime: iso, title: fullTime(iso) }, clockTime(iso));

function why(entry) {
  const { prediction, decision } = entry;
  if (!prediction && !decision) return null;
  const summary = h("summary", {});
  if (prediction) summary.append(h("span", { className: "tag", data: { label: prediction.label } }, `${capital(prediction.label)} ${percent(prediction.confidence)}`));
  summary.append(corrected(entry) ?? "");
  if (decision) summary.append(h("span", {}, DONE[decision.kind] ?? decision.kind));
  const body = h("div", { className: "why-body" }, ...(prediction ? probabilities(prediction) : [h("p", {}, "Not assessed.")]),
    decision ? h("p", {}, decision.reason_text) : null, ...weighed(decision), ...nearest(entry.templates),
    explains && prediction && entry.text && entry.author === "customer" ? wordsButton(current, entry) : null,
    entry.text && !entry.deleted_at && entry.author === "customer" ? correctForm(current, entry, send) : null);
  return h("details", { className: "why" }, summary, body);
}

function earlier(entry) {
  if (!entry.earlier_texts.length) return null;
  return h("details", { className: "earlier" }, h("summary", {}, `edited${entry.edited_at ? ` ${clockTime(entry.edited_at)}` : ""}, earlier text`),
    h("ul", {}, ...entry.earlier_texts.map((text) => h("li", {}, text))));
}

function attachments(entry) {
  if (!entry.attachments?.length) return null;
  return h("ul", { className: "attachments", ariaLabel: "Attachments" }, ...entry.attachments.map((one) => {
    const name = one.name || capital(one.kind), told = [one.name ? one.kind : null, one.media_type, one.size == null ? null : size(one.size)].filter(Boolean).join(", ");
    const title = one.url ? h("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, name) : h("span", {}, name);
    return h("li", { data: { kind: one.kind } }, title, told ? h("small", {}, told) : null);
  }));
}

function foot(entry) {
  const parts = [];
  if (entry.deleted_at) parts.push(h("span", {}, `${entry.author === "customer" ? "deleted by the customer" : "taken back"} ${clockTime(entry.deleted_at)}`));
  if (entry.send_state) parts.push(h("span", { className: "sent", data: { state: entry.send_state } }, SENT[entry.send_state] ?? entry.send_state));
  if (entry.template) parts.push(h("span", {}, "template ", h("code", {}, entry.template)));
  if (entry.wording && entry.author === "bot" && !["answer", entry.template].includes(entry.wording)) parts.push(h("span", {}, entry.wording));
  for (const name of revisable[entry.id] ?? []) {
    const button = h("button", { type: "button", className: `quiet revise revise-${name}` }, name === "edit" ? "Edit" : "Take back");
    button.addEventListener("click", () => start(name, entry.id));
    parts.push(button);
  }
  if (entry.author === "agent" && entry.text && NOT_SENT.includes(entry.send_state)) {
    const button = h("button", { type: "button", className: "quiet revise write-again" }, "Write again");
    button.addEventListener("click", () => again(entry.text));
    parts.push(button);
  }
  return parts.length ? h("div", { className: "msg-foot" }, ...parts) : null;
}

function message(entry, customer) {
  const by = { customer: entry.name || customer || "Customer", bot: "Bot", agent: entry.agent || entry.name || "Agent" }[entry.author];
  const gone = entry.deleted_at && !entry.text;
  const chips = entry.quick_replies.length ? h("div", { className: "chips", title: "Offered to the customer" }, ...entry.quick_replies.map((text) => h("span", {}, text))) : null;
  return h("article", { className: entry.deleted_at ? "msg deleted" : "msg", data: { author: entry.author, send: entry.send_state ?? "" } },
    h("div", { className: "msg-by" }, h("b", {}, by), time(entry.at)),
    gone || entry.text ? h("div", { className: gone ? "bubble gone" : "bubble" }, gone ? "Deleted message" : entry.text) : null,
    attachments(entry), chips, foot(entry), earlier(entry), why(entry));
}

function note(entry) {
  return h("article", { className: "note" }, h("div", { className: "msg-by" }, h("b", {}, `Note by ${entry.agent}`), h("span", {}, "only staff sees this"), time(entry.at)), entry.text);
}

function draw(entry, customer) {
  if (entry.kind === "day") return h("p", { className: "day" }, entry.text);
  if (entry.kind === "note") return note(entry);
  if (entry.kind === "event") return h("p", { className: "event", data: { what: entry.what } }, entry.text, time(entry.at));
  return message(entry, customer);
}

function* withDays(timeline) {
  let day = null;
  for (const entry of timeline) {
    const name = dayName(entry.at);
    if (name !== day) yield { kind: "day", id: `day ${entry.at.slice(0, 10)} ${name}`, text: name };
    day = name;
    yield entry;
  }
}

const atEnd = () => place.scrollHeight - place.scrollTop - place.clientHeight < 60;
export const toEnd = () => { place.scrollTop = place.scrollHeight; ending = true; $("newer").hidden = true; };

function carryOpen(from, to) {
  const open = [...from.querySelectorAll("details[open]")].map((one) => one.className);
  for (const one of to.querySelectorAll("details")) one.open = open.includes(one.className);
  return from.contains(document.activeElement) ? document.activeElement.className : "";
}

// Whoever has just pressed a key in a message goes on from there.
function redraw(from, to) {
  const focused = carryOpen(from, to);
  from.replaceWith(to);
  if (from.querySelector('.correct-ask[aria-expanded="true"]')) to.querySelector(".correct-ask")?.click();
  if (focused) to.querySelector(`.${focused.split(" ").join(".")}`)?.focus();
}

export function showTranscript(c) {
  explains = c.explains;
  revisable = c.revisable;
  const fresh = current !== c.id, follow = fresh || ending;
  if (fresh) { place.replaceChildren(); shown = new Map(); current = c.id; }
  const next = new Map();
  let index = 0, arrived = false;
  for (const entry of withDays(c.timeline)) {
    const key = `${entry.kind} ${entry.id}`, drawn = JSON.stringify([entry, c.revisable[entry.id]]), old = shown.get(key);
    let element = old?.element;
    if (old?.drawn !== drawn) {
      element = draw(entry, c.customer);
      if (old) { redraw(old.element, element); }
      else if (!fresh) { element.classList.add("arrived"); arrived ||= entry.kind === "message"; }
    }
    if (place.children[index] !== element) place.insertBefore(element, place.children[index] ?? null);
    next.set(key, { element, drawn });
    index += 1;
  }
  while (place.children.length > index) place.lastChild.remove();
  shown = next;
  if (follow) toEnd();
  else if (arrived) $("newer").hidden = false;
}

export function setUpTranscript(command, run, write) {
  send = command;
  start = run;
  again = write;
  // Whoever reads the end goes on reading it when the box below it grows: only scrolling leaves the end.
  let height = 0;
  place.addEventListener("scroll", () => {
    if (place.clientHeight !== height) return;
    ending = atEnd();
    if (ending) $("newer").hidden = true;
  }, { passive: true });
  new ResizeObserver(() => { height = place.clientHeight; if (ending) toEnd(); }).observe(place);
  $("newer").addEventListener("click", toEnd);
}

// The list by urgency. Rows are kept and moved, never rebuilt, so that focus and scrolling stay.
import { clockFace, closed, level, setClock, stamp } from "./clock.js";
import { $, capital, h, setText } from "./dom.js";
import { isUnread } from "./memory.js";
import { me } from "./api.js";
import { now, roughly } from "./time.js";

const rows = new Map();
const list = $("rows");

const TRY_IT = "Open /chat in another window and write something to see it arrive here.";
export const EMPTY = {
  needs: ["Nobody is waiting", TRY_IT],
  mine: ["You hold no conversation", "Claim one from “Needs a human” and it stays with you until you resolve or release it."],
  waiting: ["No customer has the next word", "Conversations come here once they are answered, until the customer writes again."],
  resolved: ["Nothing is resolved yet", "Resolve a conversation with s when it is done. A new message opens it again."],
  all: ["No conversation yet", TRY_IT],
};
const STATES = { open: "with the bot", escalated: "escalated", waiting: "waits for the customer", snoozed: "snoozed", resolved: "resolved" };

export const standing = (c) => (c.holder && c.state === "claimed" ? (c.holder === me ? "held by you" : `held by ${c.holder}`) : STATES[c.state] ?? c.state);

function create(row) {
  const parts = {
    name: h("span", { className: "row-name" }), clock: clockFace(null), preview: h("span", { className: "row-preview" }),
    label: h("span", { className: "tag" }), state: h("span", { className: "row-state" }), wait: h("span", { className: "row-wait" }),
  };
  const link = h("a", { className: "row", href: `/desk?c=${encodeURIComponent(row.id)}`, data: { id: row.id } },
    h("span", { className: "row-top" }, parts.name, parts.clock), parts.preview,
    h("span", { className: "row-low" }, parts.label, parts.state, parts.wait));
  const pick = h("input", { type: "checkbox", className: "pick", data: { id: row.id }, title: "Choose it, for several at once (m)" });
  return { item: h("li", { data: { id: row.id } }, pick, link), link, pick, parts };
}

function update(kept, row) {
  const { link, parts, pick } = kept;
  kept.row = row;
  pick.ariaLabel = `Choose ${row.customer || "Unnamed customer"}`;
  setText(parts.name, row.customer || "Unnamed customer");
  setText(parts.preview, row.preview || "No text");
  setText(parts.label, capital(row.label ?? ""));
  parts.label.hidden = !row.label;
  parts.label.dataset.label = row.label ?? "";
  parts.state.classList.toggle("mine", row.state === "claimed" && row.holder === me);
  setText(parts.state, [standing(row), row.team, row.channel].filter(Boolean).join(" · "));
  setClock(parts.clock, row.clock);
  link.classList.toggle("unread", isUnread(row));
  tickRow(kept, now());
}

function tickRow({ link, parts, row }, at) {
  link.dataset.level = level(row.clock, at);
  const since = row.waiting_since ? `waits ${roughly(at - Date.parse(row.waiting_since))}` : "";
  setText(parts.wait, closed(row.clock, at) || since);
  parts.wait.title = since;
}

export function showRows(data) {
  const focused = document.activeElement?.closest?.(".row, .pick");
  const wanted = new Set(data.rows.map((row) => row.id));
  for (const [id, kept] of rows) if (!wanted.has(id)) { kept.item.remove(); rows.delete(id); }
  data.rows.forEach((row, index) => {
    row.clock = stamp(row.clock, data.now);
    if (!rows.has(row.id)) rows.set(row.id, create(row));
    const kept = rows.get(row.id);
    update(kept, row);
    if (list.children[index] !== kept.item) list.insertBefore(kept.item, list.children[index] ?? null);
  });
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function withLink(text) {
  const [before, after] = text.split("/chat");
  return after === undefined ? [text] : [before, h("a", { href: "/chat", target: "_blank", rel: "noopener" }, "/chat"), after];
}

export function showEmpty(filter, text, narrow, widen) {
  const place = $("rows-empty");
  place.hidden = rows.size > 0;
  if (narrow && !rows.size) {
    const button = h("button", { type: "button", className: "quiet" }, "Show all");
    button.addEventListener("click", widen);
    place.replaceChildren(h("h2", {}, "Nothing found"), h("p", {}, "No conversation of this list fits what it is narrowed to."), button);
    return;
  }
  const [title, advice] = text ? ["Nothing found", "Try part of a name, a word of a message, or an id."] : EMPTY[filter];
  place.replaceChildren(h("h2", {}, title), h("p", {}, ...withLink(advice)));
}

export function markCurrent(id) {
  for (const [key, { link, row }] of rows) {
    if (key === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.classList.toggle("unread", isUnread(row));
  }
}

export const tickRows = (at) => { for (const kept of rows.values()) tickRow(kept, at); };
export const rowOf = (id) => rows.get(id)?.row;
export const reveal = (id) => rows.get(id)?.link.scrollIntoView({ block: "nearest" });
export const order = () => [...list.children].map((item) => item.dataset.id);

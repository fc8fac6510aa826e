// The head of a conversation: what can be done now, how long a claim lasts, who asks for it.
import { $, h, setText } from "./dom.js";
import { me } from "./api.js";
import { actionOf } from "./table.js";
import { standing } from "./list.js";
import { clockTime, moment, now, span } from "./time.js";

// In this order; those behind the line hide on small screens, where the sheet has them.
const SHOWN = ["claim", "take_over", "ask_for", "release", "reopen", "unblock"], MINOR = ["wait", "snooze", "transfer"], LAST = ["resolve"];
const SOON = 5 * 60000;
const group = $("head-actions");
const buttons = new Map();
let current = null, start = () => {};

const mine = (c) => c.state === "claimed" && c.holder === me;
const theirs = (c) => c.state === "claimed" && c.holder !== me;

function offered(name, c) {
  if (c.may[name]) return false;
  if (name === "claim") return !mine(c);
  if (name === "take_over") return theirs(c);
  return true;
}

export function setUpHead(run) {
  start = run;
  for (const name of [...SHOWN, ...MINOR, ...LAST]) {
    const action = actionOf(name), key = action.key ? ` (${action.key})` : "";
    const button = h("button", { type: "button", id: name, title: `${action.what}${key}`, className: MINOR.includes(name) ? "minor" : "" }, action.title);
    button.addEventListener("click", () => start(action));
    buttons.set(name, button);
    group.insertBefore(button, $("more"));
  }
}

export function showHead(c) {
  current = c;
  const focused = group.contains(document.activeElement) ? document.activeElement : null;
  for (const [name, button] of buttons) button.hidden = !offered(name, c);
  for (const name of ["claim", "ask_for", "reopen"]) buttons.get(name).classList.toggle("primary", !buttons.get(name).hidden);
  if (focused?.hidden) (group.querySelector("button:not([hidden])") ?? $("talk-name")).focus();
  tickHead(now());
}

function strip(kind, text, ...names) {
  const acts = names.filter((name) => !current.may[name]).map((name) => {
    const button = h("button", { type: "button", data: { act: name } }, name === "claim" ? "Keep it" : actionOf(name).title);
    button.addEventListener("click", () => start(actionOf(name)));
    return button;
  });
  return h("div", { className: `strip strip-${kind}`, data: { kind } }, h("span", {}, text), ...acts);
}

function strips(c, left) {
  const all = [];
  if (c.blocked) all.push(strip("bad", `Blocked by ${c.blocked.agent}, ${moment(Date.parse(c.blocked.at))}: what this customer writes starts nothing.`, "unblock"));
  if (mine(c) && c.asked_by.length) all.push(strip("ask", `${c.asked_by.join(" and ")} ${c.asked_by.length > 1 ? "ask" : "asks"} for this conversation.`, "release", "transfer"));
  if (mine(c) && left !== null && left < SOON) all.push(strip("warn", `Your claim ends in ${span(left)}. Whatever you do here keeps it.`, "claim"));
  if (c.state === "snoozed" && c.snoozed_until) all.push(strip("soft", `Snoozed until ${moment(Date.parse(c.snoozed_until))}.`));
  return all;
}

// Rebuilt only when something else is to be said, so that nobody loses the button under their finger.
export function tickHead(at) {
  if (!current) return;
  const c = current, left = c.claim_until && c.state === "claimed" ? Math.max(0, Date.parse(c.claim_until) - at) : null;
  const parts = [c.channel, standing(c), c.team && `team ${c.team}`, left === null ? "" : left < SOON ? `claim ends in ${span(left)}` : `claim until ${clockTime(c.claim_until)}`];
  setText($("talk-meta"), parts.filter(Boolean).join(" · "));
  const wanted = strips(c, left), place = $("strips");
  const same = wanted.length === place.children.length && wanted.every((one, index) => one.dataset.kind === place.children[index].dataset.kind && one.children.length === place.children[index].children.length);
  if (same) wanted.forEach((one, index) => setText(place.children[index].firstChild, one.firstChild.textContent));
  else place.replaceChildren(...wanted);
}

export const forgetHead = () => { current = null; $("strips").replaceChildren(); };

// A running clock as form, colour and words: each alone tells ok, warning and breached apart.
// While its calendar is closed it stands still, and says until when.
import { h, setText, shape } from "./dom.js";
import { fullTime, moment, now, span } from "./time.js";

const FORMS = {
  ok: [["M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2M8 5v3.2l2 1.3", false]],
  warning: [["M8 2.4 14.2 13.4H1.8ZM8 6.6v3.2M8 11.6v.1", false]],
  breached: [["M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2ZM7.1 4v5h1.8V4ZM7.1 10.4v1.8h1.8v-1.8Z", true]],
  none: [["M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2", false]],
};
const STILL = [["M4 3h2.6v10H4ZM9.4 3H12v10H9.4Z", true]];
const STANDING = { ok: "Within its target", warning: "The target is near", breached: "The target is missed", none: "No target" };
const ASK_AGAIN = 60000;

// ``read``: the server's time at which the clock's value was read. ``turns``: when its calendar opens and closes.
export const stamp = (clock, iso) => (clock ? { ...clock, read: Date.parse(iso), turns: clock.changes_at.map((at) => Date.parse(at)) } : null);

// How many milliseconds of the calendar's time have passed since the value was read.
function counted({ open, turns, read }, at) {
  let sum = 0, since = read, counts = open;
  for (const turn of [...turns.filter((one) => one < at), at]) {
    if (counts) sum += Math.max(0, turn - since);
    since = turn;
    counts = !counts;
  }
  return sum;
}

// Why a running clock stands still, if it does.
export function closed(clock, at = now()) {
  if (!clock?.running || clock.open === (clock.turns.filter((turn) => turn <= at).length % 2 === 0)) return "";
  const opens = clock.turns.find((turn) => turn > at);
  return opens === undefined ? "closed" : `closed until ${moment(opens, at)}`;
}

export function level(clock, at = now()) {
  if (!clock) return "none";
  const due = clock.due_at ? Date.parse(clock.due_at) : null;
  if (clock.breached || (due !== null && at >= due)) return "breached";
  if (clock.warned || (clock.warn_at && at >= Date.parse(clock.warn_at))) return "warning";
  return clock.target === null || !clock.running ? "none" : "ok";
}

export function value(clock, at = now()) {
  return clock.value * 1000 + (clock.running ? counted(clock, at) : 0);
}

export function words(clock, at = now()) {
  if (!clock.running) return `${span(value(clock, at))}${clock.suspended ? ", answered by the bot" : ", paused"}`;
  if (clock.target === null) return `${span(value(clock, at))} so far`;
  const left = clock.target * 1000 - value(clock, at);
  return left > 0 ? `${span(left + 999)} left` : `${span(-left)} over`;
}

export function clockFace(clock) {
  const face = h("span", { className: "clock" }, shape(FORMS.none), h("span"), h("span", { className: "clock-still" }, shape(STILL)));
  setClock(face, clock);
  return face;
}

export function setClock(face, clock) {
  face.hidden = !clock;
  face.heedClock = clock;
  if (clock) tick(face, now());
}

function tick(face, at) {
  const clock = face.heedClock;
  const standing = level(clock, at);
  const why = closed(clock, at);
  setText(face.children[1], words(clock, at));
  face.title = why ? `${STANDING[standing]}; stands still: ${why}` : STANDING[standing];
  face.dataset.still = String(why !== "");
  if (face.dataset.level === standing) return;
  face.dataset.level = standing;
  const icon = shape(FORMS[standing]);
  icon.firstChild.setAttribute("fill-rule", "evenodd");
  face.firstChild.replaceWith(icon);
}

// What a clock counts towards, by when, whether it stands still, and whose hours it counts.
export function clockNote(clock) {
  const note = h("small", { className: "clock-note" }, h("span"), h("span", { className: "clock-closed" }), h("span", { className: "extra" }));
  note.heedClock = clock;
  tickNote(note, now());
  return note;
}

function tickNote(note, at) {
  const clock = note.heedClock, why = closed(clock, at);
  const lines = [aims(clock, at), why && `Stands still: ${why}`, hours(clock, at)];
  lines.forEach((line, index) => { setText(note.children[index], line); note.children[index].hidden = !line; });
}

function aims(clock, at) {
  if (clock.target === null) return "No target";
  const due = clock.due_at ? Date.parse(clock.due_at) : null;
  return [due !== null && `${due > at ? "due" : "was due"} ${moment(due, at)}`, `target ${span(clock.target * 1000)}`].filter(Boolean).join(" · ");
}

function hours(clock, at) {
  const whole = (clock.calendar_value ?? clock.value) * 1000 + (clock.running ? at - clock.read : 0);
  return [
    clock.policy && `policy ${clock.policy}`,
    clock.calendar_name && `in the hours of ${clock.calendar_name}`,
    clock.calendar_name && span(whole) !== span(value(clock, at)) && `${span(whole)} of calendar time`,
  ].filter(Boolean).join(" · ");
}

export function instants(clock) {
  const next = clock.warn_at ? `; next warning ${fullTime(clock.warn_at)}` : "";
  return clock.due_at ? `Due ${fullTime(clock.due_at)}${next}` : null;
}

// Counts all clocks on the page once a second, and calls ``then`` for what else lives by the second. ``renew`` asks
// the server again where a clock does not know any more when its calendar opens or closes next.
export function runClocks(then, renew) {
  let asked = 0;
  const beat = () => {
    const at = now();
    const shown = [...document.querySelectorAll(".clock, .clock-note")].filter((one) => one.heedClock);
    for (const one of shown) (one.matches(".clock") ? tick : tickNote)(one, at);
    then?.(at);
    if (at - asked > ASK_AGAIN && shown.some(({ heedClock: { turns } }) => turns.length && at >= turns.at(-1))) { asked = at; renew?.(); }
  };
  setInterval(beat, 1000);
}

// A running clock as form, colour and words: each alone tells ok, warning and breached apart.
import { h, setText, shape } from "./dom.js";
import { now, span } from "./time.js";

const FORMS = {
  ok: [["M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2M8 5v3.2l2 1.3", false]],
  warning: [["M8 2.4 14.2 13.4H1.8ZM8 6.6v3.2M8 11.6v.1", false]],
  breached: [["M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2ZM7.1 4v5h1.8V4ZM7.1 10.4v1.8h1.8v-1.8Z", true]],
  none: [["M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2", false]],
};

export function level(clock, at = now()) {
  if (!clock) return "none";
  const due = clock.due_at ? Date.parse(clock.due_at) : null;
  if (clock.breached || (due !== null && at >= due)) return "breached";
  if (clock.warned || (clock.warn_at && at >= Date.parse(clock.warn_at))) return "warning";
  return clock.target === null || !clock.running ? "none" : "ok";
}

export function value(clock, at = now()) {
  return clock.running ? clock.value * 1000 + (at - clock.read) : clock.value * 1000;
}

export function words(clock, at = now()) {
  if (!clock.running) return `${span(value(clock, at))}${clock.suspended ? ", answered by the bot" : ", paused"}`;
  if (clock.due_at === null) return `${span(value(clock, at))} so far`;
  const left = Date.parse(clock.due_at) - at;
  return left > 0 ? `${span(left + 999)} left` : `${span(-left)} over`;
}

// ``read``: the server's time at which the clock's value was read.
export const stamp = (clock, iso) => (clock ? { ...clock, read: Date.parse(iso) } : null);

export function clockFace(clock) {
  const face = h("span", { className: "clock" }, shape(FORMS.none), h("span"));
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
  setText(face.lastChild, words(clock, at));
  if (face.dataset.level === standing) return;
  face.dataset.level = standing;
  const icon = shape(FORMS[standing]);
  icon.firstChild.setAttribute("fill-rule", "evenodd");
  face.firstChild.replaceWith(icon);
  face.title = { ok: "Within its target", warning: "The target is near", breached: "The target is missed" }[standing] ?? "No target";
}

// Counts all faces on the page once a second, and calls ``then`` for what else lives by the second.
export function runClocks(then) {
  const beat = () => {
    const at = now();
    for (const face of document.querySelectorAll(".clock")) if (face.heedClock) tick(face, at);
    then?.(at);
  };
  setInterval(beat, 1000);
}

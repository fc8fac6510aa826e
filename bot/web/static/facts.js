// What there is to know about a conversation: the mood, why it is here, and its clocks.
import { clockFace, level, stamp } from "./clock.js";
import { $, bar, capital, h, percent } from "./dom.js";
import { clockTime, fullTime, span } from "./time.js";

const ORDER = ["complaint", "question", "praise"];

export function probabilities(prediction) {
  return ORDER.filter((label) => label in prediction.probabilities).map((label) =>
    h("div", { className: "bar-row" }, h("span", {}, capital(label)),
      bar(prediction.probabilities[label], { label }), h("span", {}, percent(prediction.probabilities[label]))));
}

function mood(c) {
  if (!c.mood) return fact("Mood", h("p", { className: "soft" }, "Not assessed yet."));
  return fact("Mood",
    h("p", {}, h("strong", { className: "tag", data: { label: c.mood.label } }, capital(c.mood.label)), `, ${c.mood.certainty}`),
    ...probabilities(c.mood));
}

function clockRow(clock, at, index) {
  const target = clock.target === null ? "no target" : `target ${span(clock.target * 1000)}`;
  const due = clock.due_at ? ` · due ${clockTime(clock.due_at)}` : "";
  const title = clock.due_at ? fullTime(clock.due_at) : null;
  return h("div", { className: index ? "clock-row extra" : "clock-row", title }, h("span", {}, clock.title), clockFace(stamp(clock, at)), h("small", {}, target + due));
}

const fact = (title, ...children) => h("section", { className: "fact" }, h("h2", {}, title), ...children);
const extra = (section) => { section.classList.add("extra"); return section; };

// The most pressing clock stands first: on a small screen it is the only one shown until more is asked for.
const URGENCY = { breached: 0, warning: 1, ok: 2, none: 3 };
function byUrgency(c) {
  const at = Date.parse(c.now);
  const rank = (clock) => URGENCY[level(stamp(clock, c.now), at)] + (clock.metric === "resolution_time" ? 0.5 : 0);
  return [...c.clocks].sort((a, b) => rank(a) - rank(b));
}

function more() {
  const button = h("button", { type: "button", className: "quiet facts-more" });
  const say = () => { const all = $("facts").classList.contains("all"); button.textContent = all ? "Less" : "More about it"; button.setAttribute("aria-expanded", String(all)); };
  button.addEventListener("click", () => { $("facts").classList.toggle("all"); say(); });
  say();
  return button;
}

export function showFacts(c) {
  const clocks = c.clocks.length ? byUrgency(c).map((clock, index) => clockRow(clock, c.now, index)) : [h("p", { className: "soft" }, "No clock is running.")];
  const parts = [fact("Clocks", ...clocks), extra(mood(c))];
  if (c.reason_text) parts.splice(1, 0, fact("Why it is here", h("p", {}, c.reason_text)));
  const rows = [["Channel", `${c.channel}${c.private ? "" : ", public"}`], ["Language", c.language === "und" ? "not clear yet" : c.language]];
  if (c.claim_until && c.state === "claimed") rows.push(["Claim ends", clockTime(c.claim_until)]);
  if (c.opened_at) rows.push(["Opened", clockTime(c.opened_at)]);
  rows.push(["Id", c.id]);
  parts.push(extra(fact("Details", h("dl", { className: "figures details" }, ...rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)))))));
  const focused = document.activeElement?.classList.contains("facts-more");
  $("facts").replaceChildren(...parts, more());
  if (focused) $("facts").lastChild.focus();
}

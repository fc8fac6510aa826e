// What there is to know about a conversation: the mood, why it is here, and its clocks.
import { clockFace, clockNote, instants, level, stamp } from "./clock.js";
import { $, bar, capital, h, percent } from "./dom.js";
import { clockTime, moment } from "./time.js";

const ORDER = ["complaint", "question", "praise"];

export function probabilities(prediction) {
  return ORDER.filter((label) => label in prediction.probabilities).map((label) =>
    h("div", { className: "bar-row" }, h("span", {}, capital(label)),
      bar(prediction.probabilities[label], { label }), h("span", {}, percent(prediction.probabilities[label]))));
}

const share = (value) => value.toFixed(2);
// A value that only just misses its threshold must not look as if it reached it.
const beside = (value, needed) => (share(value) === share(needed) && value !== needed ? value.toFixed(4) : share(value));

// What a decision hung on: the comparison that decided stands first, the others behind it.
export function weighed(decision) {
  if (!decision?.weighed?.length) return [];
  const say = (one) => h("p", { className: one.decided ? "weighed decided" : "weighed", title: `${one.setting} as it is set now` },
    h("span", {}, one.decided ? `Decided by: ${one.title}` : capital(one.title)),
    h("span", { className: "figure" }, `${beside(one.value, one.needed)} ${one.passed ? "≥" : "<"} ${share(one.needed)}`), one.decided ? h("code", {}, one.setting) : null);
  return [...decision.weighed].sort((a, b) => b.decided - a.decided).map(say);
}

// The templates that came nearest: the best and its runner-up, with the score of each.
export function nearest(templates) {
  if (!templates?.length) return [];
  const row = (one, index) => h("div", { className: "bar-row template-row" }, h("code", { title: index ? "the runner-up" : "the nearest template" }, one.template),
    bar(one.score), h("span", {}, share(one.score)));
  return [h("p", { className: "soft" }, templates.length > 1 ? "Nearest template and runner-up" : "Nearest template"), ...templates.map(row)];
}

function mood(c) {
  if (!c.mood) return fact("Mood", h("p", { className: "soft" }, "Not assessed yet."));
  return fact("Mood",
    h("p", {}, h("strong", { className: "tag", data: { label: c.mood.label } }, capital(c.mood.label)), `, ${c.mood.certainty}`),
    ...probabilities(c.mood));
}

function clockRow(clock, at, index) {
  const stamped = stamp(clock, at);
  return h("div", { className: index ? "clock-row extra" : "clock-row", title: instants(clock) }, h("span", {}, clock.title), clockFace(stamped), clockNote(stamped));
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

// Another conversation of the same customer: what it was, when, and how it stands.
function earlier(one) {
  const when = one.opened_at ? moment(Date.parse(one.opened_at)) : "";
  return h("li", {}, h("a", { href: `/desk?c=${encodeURIComponent(one.id)}` }, capital(one.label ?? "conversation")), h("span", { className: "soft" }, ` ${when} · ${one.state}`));
}

export function showFacts(c) {
  const clocks = c.clocks.length ? byUrgency(c).map((clock, index) => clockRow(clock, c.now, index)) : [h("p", { className: "soft" }, "No clock is running.")];
  const why = h("a", { className: "small extra", href: `/desk/conversations/${encodeURIComponent(c.id)}/clocks` }, "How the clocks came about");
  const parts = [fact("Clocks", ...clocks, why), extra(mood(c))];
  if (c.reason_text) parts.splice(1, 0, fact("Why it is here", h("p", {}, c.reason_text)));
  const rows = [["Channel", `${c.channel}${c.private ? "" : ", public"}`], ["Language", c.language === "und" ? "not clear yet" : c.language]];
  if (c.claim_until && c.state === "claimed") rows.push(["Claim ends", clockTime(c.claim_until)]);
  if (c.opened_at) rows.push(["Opened", clockTime(c.opened_at)]);
  if (c.team) rows.push(["Team", c.team]);
  if (c.priority) rows.push(["Priority", c.priority]);
  rows.push(["Id", c.id]);
  parts.push(extra(fact("Details", h("dl", { className: "figures details" }, ...rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)))))));
  if (c.earlier.length) parts.push(extra(fact("Earlier conversations", h("ul", { className: "earlier-list" }, ...c.earlier.map(earlier)))));
  const focused = document.activeElement?.classList.contains("facts-more");
  $("facts").replaceChildren(...parts, more());
  if (focused) $("facts").lastChild.focus();
}

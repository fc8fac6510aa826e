// The operations page: reads the figures, draws them, and reads again when something has happened.
import { get, post } from "./api.js";
import { showHours } from "./charts.js";
import { $, bar, capital, h, percent, setText } from "./dom.js";
import { calmly, follow } from "./live.js";
import { clockTime, seconds } from "./time.js";

const view = { period: "24h", by: "", where: new Map(), paused: false };
const count = new Intl.NumberFormat();
const sum = (rows, field) => rows.reduce((total, row) => total + row[field], 0);
const words = (name) => capital(name.replaceAll("_", " "));
const METRICS = { first_response_time: "First response", first_reply_time: "First reply", next_reply_time: "Next reply", handoff_wait_time: "Hand-off wait", resolution_time: "Resolution" };
const REASONS = { human_wanted: "Asked for a person", no_template: "No template covers it", unsure: "Model not sure enough", rejected: "Answer missed", complaint: "Complaint", not_assessed: "Not assessed in time", paused: "Bot was paused", send_failed: "Delivery failed", send_unknown: "Delivery unknown" };

function tile(name, value, small, tone) {
  return h("div", { className: "tile", data: { tone: tone ?? "" } }, h("span", {}, name), h("strong", {}, value), h("small", {}, small));
}

function late(l) {
  if (!l.noticed) return "nothing was due";
  return l.after_downtime ? `p99; ${l.running_p99 === null ? "all after downtime" : `${seconds(l.running_p99)} while Heed ran`}` : "p99, due to noticed";
}

function showTiles({ summary: s }) {
  const received = sum(s.volumes, "received"), answered = sum(s.volumes, "answered"), escalated = sum(s.volumes, "escalated");
  const breaches = sum(s.metrics, "breaches"), warnings = sum(s.metrics, "warnings");
  const share = (part) => (received ? `${percent(part / received)} of all` : "none yet");
  $("tiles").replaceChildren(
    tile("Waiting now", count.format(s.waiting_now), s.oldest_waiting_seconds === null ? "nobody waits" : `longest ${seconds(s.oldest_waiting_seconds)}`, s.running.some((one) => one.breached) ? "bad" : ""),
    tile("Messages", count.format(received), `${count.format(s.opened)} conversation${s.opened === 1 ? "" : "s"} opened`),
    tile("Answered by the bot", count.format(answered), share(answered)),
    tile("To a human", count.format(escalated), share(escalated)),
    tile("Targets missed", count.format(breaches), `${count.format(warnings)} warnings`, breaches ? "bad" : ""),
    tile("Notices late by", seconds(s.lateness.p99), late(s.lateness), s.lateness.p99 > 1 ? "warn" : ""),
  );
}

function cell(row, name, text, small, tone) {
  const place = row.querySelector(`[data-cell="${name}"]`);
  place.replaceChildren(text, ...(small ? [h("small", {}, small)] : []));
  place.dataset.tone = tone ?? "";
}

const small = (name, text) => h("small", {}, h("i", {}, name), ` ${text}`);
const band = (f, p) => (f.low[p] === null ? "" : `${seconds(f.low[p])} to ${seconds(f.high[p])}`);

// One percentile: corrected, its band, and the naive and the business figure where they say something else.
function timeParts(f, p) {
  const value = f.corrected[p], naive = f.naive[p], business = f.business[p];
  return [
    seconds(value),
    ...(band(f, p) ? [h("small", { className: "band" }, band(f, p))] : []),
    ...(naive === null || seconds(naive) === seconds(value) ? [] : [small("naive", seconds(naive))]),
    ...(business === null || seconds(business) === seconds(value) ? [] : [small("business", seconds(business))]),
  ];
}

function withinParts(f) {
  if (f.share_within === null) return ["–"];
  const open = f.share_undecided ? [h("small", {}, `${count.format(f.share_undecided)} undecided`)] : [];
  return [percent(f.share_within), h("small", { className: "band" }, `${percent(f.share_low)} to ${percent(f.share_high)}`), ...open];
}

const withinTone = (f) => (f.share_within !== null && f.share_within < 0.8 ? "warn" : "");

function fill(row, name, parts, tone) {
  const place = row.querySelector(`[data-cell="${name}"]`);
  place.replaceChildren(...parts);
  place.dataset.tone = tone ?? "";
}

function showTimes({ summary: s }) {
  for (const f of s.metrics) {
    const row = document.querySelector(`tr[data-metric="${f.metric}"]`);
    if (!row) continue;
    for (const p of ["p50", "p90", "p95", "p99"]) fill(row, p, timeParts(f, p));
    cell(row, "ended", count.format(f.ended), f.by_resolution ? `+ ${count.format(f.by_resolution)} resolved` : "");
    cell(row, "running", count.format(f.running), f.standing ? `+ ${count.format(f.standing)} standing still` : "");
    fill(row, "within", withinParts(f), withinTone(f));
    cell(row, "warnings", count.format(f.warnings));
    cell(row, "breaches", count.format(f.breaches), "", f.breaches ? "bad" : "");
  }
}

const PARTS = { answered: "answered", escalated: "to a human", greeted: "greeted", recorded: "answered by an agent already", silent: "no answer needed" };

function showVolumes(place, volumes, field) {
  const groups = Object.entries(Object.groupBy(volumes, (volume) => volume[field])).map(([name, rows]) => ({ name, rows, received: sum(rows, "received") }));
  if (!groups.length) { place.replaceChildren(quiet("No message in this period.")); return; }
  const most = Math.max(...groups.map((group) => group.received), 1);
  groups.sort((a, b) => b.received - a.received);
  const rows = groups.map((group) => {
    const fills = Object.keys(PARTS).map((part) => {
      const fill = h("i", { data: { part } });
      fill.style.setProperty("width", `${(sum(group.rows, part) / most) * 100}%`);
      return fill;
    });
    return h("div", { className: "one" }, h("span", {}, words(group.name)), h("span", {}, count.format(group.received)), h("span", { className: "bar" }, ...fills));
  });
  place.replaceChildren(...rows, h("div", { className: "legend" }, ...Object.entries(PARTS).map(([part, text]) => h("span", { data: { part } }, text))));
}

function showCounts(place, table, empty, titles = {}) {
  const rows = Object.entries(table).filter(([, n]) => n).sort((a, b) => b[1] - a[1]);
  const total = rows.reduce((all, [, n]) => all + n, 0);
  place.replaceChildren(...(rows.length ? rows.map(([name, n]) => h("div", { className: "one" }, h("span", {}, titles[name] ?? words(name)), h("span", {}, `${count.format(n)} · ${percent(n / total)}`), bar(n / rows[0][1]))) : [quiet(empty)]));
}

const titleOf = (by) => document.querySelector(`#by option[value="${by}"]`)?.textContent ?? words(by);
const valueOf = (by, value) => (value === "" ? "none" : by === "hour" ? `${value}:00` : by === "agent" || by === "team" || by === "tier" ? value : words(value));

function showGroups({ summary: s }) {
  const by = view.by, metric = $("which").value;
  $("groups-scroll").hidden = !by;
  setText($("groups-note"), by ? [s.groups.length ? "Choose a value to see the whole page for it alone." : "Nothing in this period.", ...s.scanned.map((text) => `${capital(text)}.`)].join(" ") : "Choose what to compare. Choosing one of the values then shows the whole page for it alone.");
  if (!by) return;
  setText($("groups-by"), titleOf(by));
  const cases = (f) => f.ended + f.running + f.standing;
  const rows = s.groups.map((group) => ({ ...group, figure: group.metrics.find((f) => f.metric === metric) }));
  if (by !== "hour") rows.sort((a, b) => cases(b.figure) - cases(a.figure));
  const td = (parts, tone = "") => h("td", { data: { tone } }, ...[parts].flat());
  const focused = document.activeElement?.closest("#groups button")?.dataset.value;
  $("groups").replaceChildren(...rows.map(({ value, figure: f, outcomes: o }) => h("tr", {},
    h("th", { scope: "row" }, h("button", { type: "button", className: "link", data: { value }, onclick: () => only(by, value) }, valueOf(by, value))),
    td(timeParts(f, "p50")), td(timeParts(f, "p90")), td(count.format(f.ended)), td(count.format(f.running)),
    td(withinParts(f), withinTone(f)), td(count.format(f.breaches), f.breaches ? "bad" : ""),
    td(count.format(o.by_bot)), td(count.format(o.by_human)), td(o.precision === null ? "–" : percent(o.precision)))));
  if (focused !== undefined) $("groups").querySelector(`button[data-value="${CSS.escape(focused)}"]`)?.focus();
}

function only(by, value) {
  view.where.set(by, value);
  view.by = $("by").value = "";
  showFilters();
  load();
  $("filters").querySelector("button")?.focus();
}

function showFilters() {
  $("filters").hidden = !view.where.size;
  $("filters").replaceChildren(h("span", { className: "soft small" }, "Only"), ...[...view.where].map(([by, value]) =>
    h("button", { type: "button", className: "chip", ariaLabel: `${titleOf(by)} ${valueOf(by, value)}: show all again`, onclick: () => { view.where.delete(by); showFilters(); load(); $("by").focus(); } },
      `${titleOf(by)}: ${valueOf(by, value)}`, h("span", { ariaHidden: "true" }, " ×"))));
}

function showOutcomes({ summary: { outcomes: o } }) {
  showCounts($("outcomes"), { by_bot: o.by_bot, by_human: o.by_human, waiting: o.waiting, abandoned: o.abandoned }, "Nobody has asked anything in this period.", { by_bot: "The bot", by_human: "A human", waiting: "Still waiting", abandoned: "Ended without an answer" });
  const held = o.precision === null ? "–" : `${percent(o.precision)} (${percent(o.precision_low)} to ${percent(o.precision_high)})`;
  $("precision").replaceChildren(...[["Held", held], ["Looked at", count.format(o.checked)], ["Were wrong", count.format(o.corrected), o.corrected ? "warn" : ""], ["Decided by itself", count.format(o.automatic)]].map(figure));
}

const quiet = (text) => h("p", { className: "quietly" }, text);

function showRunning({ summary: s }) {
  const longest = new Map();
  for (const one of [...s.running].sort((a, b) => b.calendar_seconds - a.calendar_seconds)) {
    if (one.metric !== "resolution_time" && !longest.has(one.conversation)) longest.set(one.conversation, one);
  }
  const rows = [...longest.values()].slice(0, 7).map((one) => h("li", {},
    h("a", { href: `/desk?c=${encodeURIComponent(one.conversation)}` }, `${words(one.label || "unassessed")} on ${one.channel}`),
    h("a", { className: "clock", href: `/ops/conversations/${encodeURIComponent(one.conversation)}/clocks#${one.metric}-${one.instance}`, title: "How this clock came about", data: { level: one.breached ? "breached" : "none" } }, seconds(one.seconds)),
    h("small", {}, `${METRICS[one.metric] ?? one.metric}${one.seconds < one.calendar_seconds ? `, of ${seconds(one.calendar_seconds)} in all` : ""}${one.breached ? ", target missed" : ""}`)));
  $("running").replaceChildren(...(rows.length ? rows : [h("li", { className: "quietly" }, "Nobody is waiting.")]));
}

const figure = ([name, text, tone]) => h("div", { data: { tone: tone ?? "" } }, h("dt", {}, name), h("dd", {}, text));

function apart(l) {
  if (!l.after_downtime) return [];
  return [["After downtime", count.format(l.after_downtime)], ["Worst after downtime", seconds(l.after_downtime_worst)], ["p50 of the others", seconds(l.running_p50)], ["p99 of the others", seconds(l.running_p99)], ["Worst of the others", seconds(l.running_worst)]];
}

function showSystem(data) {
  const { lateness } = data.summary, { facts } = data;
  $("lateness").replaceChildren(...[["Noticed", count.format(lateness.noticed)], ["p50", seconds(lateness.p50)], ["p99", seconds(lateness.p99)], ["Worst", seconds(lateness.worst)], ...apart(lateness)].map(figure));
  const unknown = data.summary.unknown_events;
  const rows = [
    ["Waiting to be handled", count.format(facts.inbox)], ["Waiting to be delivered", count.format(facts.outbox)], ["Deadlines ahead", count.format(facts.deadlines)],
    ["Put aside (dead letters)", count.format(facts.dead_letters), facts.dead_letters ? "bad" : ""], ["Size", `${(facts.size_bytes / 1048576).toFixed(1)} MiB`],
    ...(unknown ? [["Events of unknown kinds", count.format(unknown)]] : []), ...Object.entries(data.parts).map(([name, state]) => [capital(name), state]),
  ];
  $("store").replaceChildren(...rows.map(figure));
  $("problems").hidden = !data.problems.length;
  $("problems").querySelector("ul").replaceChildren(...data.problems.map((text) => h("li", {}, text)));
}

function showSwitch(paused) {
  view.paused = paused;
  $("paused").hidden = !paused;
  const button = $("switch");
  if (!button) return;
  button.disabled = false;
  button.dataset.paused = String(paused);
  button.replaceChildren(paused ? "Resume" : "Pause", h("span", { className: "long" }, " automatic answers"));
  button.setAttribute("aria-label", paused ? "Resume automatic answers" : "Pause automatic answers");
}

async function load() {
  const period = view.period;
  const asked = `/ops/figures?${new URLSearchParams([["period", period], ...(view.by ? [["by", view.by]] : []), ...view.where])}`;
  view.asked = asked;
  try {
    const data = await get(asked);
    if (asked !== view.asked) return;
    $("ops-error").hidden = true;
    const s = data.summary;
    showTiles(data);
    showTimes(data);
    showGroups(data);
    showOutcomes(data);
    showRunning(data);
    showVolumes($("labels"), s.volumes, "label");
    showVolumes($("channels"), s.volumes, "channel");
    showCounts($("reasons"), s.escalations, "Nothing was escalated in this period.", REASONS);
    showCounts($("resolved"), s.resolved_by, "Nothing was resolved in this period.");
    showSystem(data);
    showSwitch(data.paused);
    showHours(s.hours, { byDay: period === "30d", since: s.since, until: s.until });
    setText($("as-of"), `As of ${clockTime(data.now)}, live`);
  } catch (problem) {
    setText($("ops-error"), problem.message);
    $("ops-error").hidden = false;
  }
}
const refresh = calmly(load, 2000);

$("periods").addEventListener("click", (event) => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  view.period = chosen.dataset.period;
  for (const button of $("periods").children) button.setAttribute("aria-pressed", String(button === chosen));
  load();
});

$("by").addEventListener("change", () => { view.by = $("by").value; load(); });
$("which").addEventListener("change", load);

const PAUSE = ["Pause all automatic answers?", $("switch-text").textContent, "Pause"];
const RESUME = ["Resume automatic answers?", "From the next message on the bot answers again. What was escalated meanwhile stays with humans.", "Resume"];

$("switch")?.addEventListener("click", () => {
  const [title, text, yes] = view.paused ? RESUME : PAUSE;
  const dialog = $("switch-dialog"), target = view.paused ? "/ops/resume" : "/ops/pause";
  setText($("switch-title"), title);
  setText($("switch-text"), text);
  setText($("switch-yes"), yes);
  dialog.returnValue = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "yes") return;
    const said = await post(target).catch((problem) => { setText($("ops-error"), problem.message); $("ops-error").hidden = false; });
    if (said) showSwitch(said.paused);
  };
  dialog.showModal();
});

setInterval(refresh, 15000);
follow("/ops/events", { onChanges: refresh, onFresh: refresh });
await load();

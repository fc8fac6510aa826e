// The operations page: reads the figures, draws them, and reads again when something has happened.
import { get, post } from "./api.js";
import { showHours } from "./charts.js";
import { $, bar, capital, h, percent, setText } from "./dom.js";
import { calmly, follow } from "./live.js";
import { clockTime, seconds } from "./time.js";

const view = { period: "24h", paused: false };
const count = new Intl.NumberFormat();
const sum = (rows, field) => rows.reduce((total, row) => total + row[field], 0);
const words = (name) => capital(name.replaceAll("_", " "));
const METRICS = { first_response_time: "First response", first_reply_time: "First reply", next_reply_time: "Next reply", handoff_wait_time: "Hand-off wait", resolution_time: "Resolution" };
const REASONS = { human_wanted: "Asked for a person", no_template: "No template covers it", unsure: "Model not sure enough", rejected: "Answer missed", complaint: "Complaint", not_assessed: "Not assessed in time", paused: "Bot was paused", send_failed: "Delivery failed", send_unknown: "Delivery unknown" };

function tile(name, value, small, tone) {
  return h("div", { className: "tile", data: { tone: tone ?? "" } }, h("span", {}, name), h("strong", {}, value), h("small", {}, small));
}

function showTiles({ summary: s }) {
  const received = sum(s.volumes, "received"), answered = sum(s.volumes, "answered"), escalated = sum(s.volumes, "escalated");
  const breaches = sum(s.metrics, "breaches"), warnings = sum(s.metrics, "warnings");
  const share = (part) => (received ? `${percent(part / received)} of all` : "none yet");
  $("tiles").replaceChildren(
    tile("Waiting now", count.format(s.waiting_now), s.oldest_waiting_seconds === null ? "nobody waits" : `longest ${seconds(s.oldest_waiting_seconds)}`, s.running.some((one) => one.breached) ? "bad" : ""),
    tile("Messages", count.format(received), `${count.format(s.opened)} conversations opened`),
    tile("Answered by the bot", count.format(answered), share(answered)),
    tile("To a human", count.format(escalated), share(escalated)),
    tile("Targets missed", count.format(breaches), `${count.format(warnings)} warnings`, breaches ? "bad" : ""),
    tile("Notices late by", seconds(s.lateness.p99), s.lateness.noticed ? "p99, due to noticed" : "nothing was due", s.lateness.p99 > 1 ? "warn" : ""),
  );
}

function cell(row, name, text, small, tone) {
  const place = row.querySelector(`[data-cell="${name}"]`);
  place.replaceChildren(text, ...(small ? [h("small", {}, small)] : []));
  place.dataset.tone = tone ?? "";
}

function showTimes({ summary: s }) {
  for (const f of s.metrics) {
    const row = document.querySelector(`tr[data-metric="${f.metric}"]`);
    if (!row) continue;
    for (const p of ["p50", "p90", "p95", "p99"]) cell(row, p, seconds(f.corrected[p]), seconds(f.naive[p]));
    cell(row, "ended", count.format(f.ended), f.by_resolution ? `+ ${count.format(f.by_resolution)} resolved` : "");
    cell(row, "running", count.format(f.running));
    cell(row, "within", f.share_within === null ? "–" : percent(f.share_within), "", f.share_within !== null && f.share_within < 0.8 ? "warn" : "");
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

const quiet = (text) => h("p", { className: "quietly" }, text);

function showRunning({ summary: s }) {
  const longest = new Map();
  for (const one of [...s.running].sort((a, b) => b.seconds - a.seconds)) {
    if (one.metric !== "resolution_time" && !longest.has(one.conversation)) longest.set(one.conversation, one);
  }
  const rows = [...longest.values()].slice(0, 7).map((one) => h("li", {},
    h("a", { href: `/desk?c=${encodeURIComponent(one.conversation)}` }, `${words(one.label || "unassessed")} on ${one.channel}`),
    h("span", { className: "clock", data: { level: one.breached ? "breached" : "none" } }, seconds(one.seconds)),
    h("small", {}, `${METRICS[one.metric] ?? one.metric}${one.breached ? ", target missed" : ""}`)));
  $("running").replaceChildren(...(rows.length ? rows : [h("li", { className: "quietly" }, "Nobody is waiting.")]));
}

const figure = ([name, text, tone]) => h("div", { data: { tone: tone ?? "" } }, h("dt", {}, name), h("dd", {}, text));

function showSystem(data) {
  const { lateness } = data.summary, { facts } = data;
  $("lateness").replaceChildren(...[["Noticed", count.format(lateness.noticed)], ["p50", seconds(lateness.p50)], ["p99", seconds(lateness.p99)], ["Worst", seconds(lateness.worst)]].map(figure));
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
  try {
    const data = await get(`/ops/figures?period=${period}`);
    if (period !== view.period) return;
    $("ops-error").hidden = true;
    const s = data.summary;
    showTiles(data);
    showTimes(data);
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

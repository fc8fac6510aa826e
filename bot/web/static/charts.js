// Messages over time, drawn by plotly in the colours of the page.
import { $, setText } from "./dom.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
let last = null;

function buckets(hours, byDay) {
  const found = new Map();
  for (const one of hours) {
    const at = new Date(one.hour);
    if (byDay) at.setHours(0, 0, 0, 0);
    const sums = found.get(at.getTime()) ?? { at, answered: 0, escalated: 0, rest: 0 };
    sums.answered += one.answered;
    sums.escalated += one.escalated;
    sums.rest += Math.max(0, one.received - one.answered - one.escalated);
    found.set(at.getTime(), sums);
  }
  return [...found.values()].sort((a, b) => a.at - b.at);
}

const HOUR = 3600000;

// The start of the bar in which an instant lies, or of the next one: a bar that has begun is shown whole. Hours are
// the store's, which begin elsewhere in zones half an hour off; days are the reader's, some of 23 or 25 hours.
function edge(instant, byDay, next) {
  const given = new Date(instant);
  if (!byDay) return local(new Date((next ? Math.ceil : Math.floor)(given / HOUR) * HOUR));
  const day = new Date(given);
  day.setHours(0, 0, 0, 0);
  if (next && day < given) day.setDate(day.getDate() + 1);
  return local(day);
}

const FEW = 6; // messages, below which every whole number has a line: halves would be rounded to the same twice

function trace(rows, field, name, tone, byDay) {
  return { type: "bar", name, width: HOUR * 0.8 * (byDay ? 24 : 1), offset: HOUR * 0.1 * (byDay ? 24 : 1), x: rows.map((row) => local(row.at)), y: rows.map((row) => row[field]), marker: { color: colour(tone) }, hovertemplate: `%{y} ${name}<extra></extra>` };
}

export function showHours(hours, { byDay, since, until }) {
  last = [hours, { byDay, since, until }];
  const rows = buckets(hours, byDay);
  const heights = rows.map((row) => row.answered + row.escalated + row.rest);
  const total = heights.reduce((sum, height) => sum + height, 0);
  setText($("hours-text"), `${total} messages in ${rows.length} ${byDay ? "days" : "hours"}.`);
  $("hours").hidden = !total;
  $("hours-none").hidden = total > 0;
  if (!window.Plotly || !total) return;
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, tickfont: { color: colour("--ink-3"), size: 11 }, fixedrange: true };
  const layout = {
    barmode: "stack", bargap: 0.25, showlegend: false, margin: { l: 36, r: 4, t: 6, b: 40 }, height: 270, autosize: true, hovermode: "x unified",
    paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { family: "system-ui, sans-serif", color: colour("--ink-2"), size: 12 },
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    xaxis: { ...axis, type: "date", range: [edge(since, byDay, false), edge(until, byDay, true)], showgrid: false },
    yaxis: { ...axis, rangemode: "tozero", tickformat: ",d", ...(Math.max(...heights) < FEW ? { dtick: 1 } : { nticks: 5 }) },
  };
  const traces = [trace(rows, "answered", "answered by the bot", "--accent", byDay), trace(rows, "escalated", "to a human", "--complaint", byDay), trace(rows, "rest", "needed no answer", "--line-strong", byDay)];
  window.Plotly.react($("hours"), traces, layout, { displayModeBar: false, responsive: true });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (last) showHours(...last); });

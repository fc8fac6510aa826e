// The server's time, counted on from its last word. The client's own clock is never believed.
let server = Date.now();
let counted = performance.now();

export function sync(iso) {
  server = Date.parse(iso);
  counted = performance.now();
}

export const now = () => server + (performance.now() - counted);

export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days) return `${days} d ${hours % 24} h`;
  if (hours) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.001) return value === 0 ? "0 s" : "< 1 ms";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  return span(value * 1000);
}

export const roughly = (ms) => (ms < 60000 ? "moments" : span(ms).replace(/^(\d+):\d+$/, "$1 min"));

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export const clockTime = (iso) => clock.format(new Date(iso));
export const fullTime = (iso) => full.format(new Date(iso));

// An instant as one says it: 9:30, 9:30 tomorrow, Mon 9:30, 6 Apr, 9:30. Days and times are the reader's own.
export function moment(at, from = now()) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(from).setHours(0, 0, 0, 0)) / 86400000);
  const time = clock.format(at);
  if (Math.abs(days) < 2) return `${time}${{ 1: " tomorrow", "-1": " yesterday" }[days] ?? ""}`;
  return Math.abs(days) < 7 ? `${short.format(at)} ${time}` : `${date.format(at)}, ${time}`;
}

export function dayName(iso) {
  const name = day.format(new Date(iso));
  return name === day.format(new Date(now())) ? "Today" : name;
}

// What narrows the list: team, kind of message, channel.
import { $, capital, h } from "./dom.js";
import { table } from "./table.js";

const NAMES = ["team", "label", "channel"];
const fields = Object.fromEntries(NAMES.map((name) => [name, $(`by-${name}`)]));
const seen = new Set();

function fill(name, options) {
  const field = fields[name], value = field.value;
  field.replaceChildren(...options.map(([key, text]) => h("option", { value: key }, text)));
  field.value = value;
  field.parentElement.hidden = options.length < 2;
}

// A brand that does not tell its channels shows those that have been on the list.
export function learn(rows) {
  const before = seen.size;
  for (const row of rows) seen.add(row.channel);
  if (seen.size !== before) channels();
}

const channels = () => fill("channel", [["", "All channels"], ...[...new Set([...table.channels, ...seen])].sort().map((name) => [name, name])]);

export const narrowed = () => NAMES.map((name) => [name, fields[name].value]).filter(([, value]) => value);

export function widen() {
  for (const name of NAMES) fields[name].value = "";
}

export function setUpNarrow(changed) {
  const mine = table.me.team, others = table.teams.filter((name) => name !== mine);
  fill("team", [["", "All teams"], ...(mine ? [[mine, `My team: ${mine}`]] : []), ...others.map((name) => [name, name])]);
  fill("label", [["", "All kinds"], ...table.labels.map((name) => [name, capital(name)])]);
  channels();
  for (const name of NAMES) fields[name].addEventListener("change", changed);
}

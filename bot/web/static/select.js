// Several at once: which conversations are chosen, and what became of each.
import { $, h, setText } from "./dom.js";

const chosen = new Map(); // by conversation, how many of the customer's messages were there when it was chosen
let order = () => [], receivedOf = () => 0, last = null, changed = () => {};

export const selection = () => [...chosen.keys()];
export const read = () => Object.fromEntries(chosen);
const add = (id) => { if (!chosen.has(id)) chosen.set(id, receivedOf(id)); };

export function choose(id, on = !chosen.has(id)) {
  if (on) add(id); else chosen.delete(id);
  last = id;
  show();
}

export function chooseAll(on = order().some((id) => !chosen.has(id))) {
  for (const id of order()) if (on) add(id); else chosen.delete(id);
  show();
}

export function clearSelection() {
  chosen.clear();
  last = null;
  show();
}

// Shift and a click choose all rows from the last one on.
export function chooseTo(id) {
  const ids = order(), from = ids.indexOf(last), to = ids.indexOf(id);
  if (from < 0 || to < 0) { choose(id, true); return; }
  for (const one of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) add(one);
  last = id;
  show();
}

export function show() {
  for (const box of document.querySelectorAll(".pick")) box.checked = chosen.has(box.dataset.id);
  $("bulk").hidden = chosen.size === 0;
  document.body.classList.toggle("choosing", chosen.size > 0);
  setText($("bulk-count"), `${chosen.size} chosen`);
  const shown = order();
  $("bulk-all").checked = shown.length > 0 && shown.every((id) => chosen.has(id));
  $("bulk-all").indeterminate = !$("bulk-all").checked && shown.some((id) => chosen.has(id));
  changed();
}

// What worked is not chosen any more; what failed stays, with why.
export function told(action, results, nameOf) {
  const failed = results.filter((one) => !one.accepted), done = results.length - failed.length;
  // Why it was refused is told: what the customer wrote meanwhile counts as read from then on.
  for (const one of results) { if (one.accepted) chosen.delete(one.id); else chosen.set(one.id, Math.max(chosen.get(one.id) ?? 0, receivedOf(one.id))); }
  const head = `${action.title}: ${done} done${failed.length ? `, ${failed.length} not:` : "."}`;
  $("bulk-told").hidden = false;
  $("bulk-told-text").replaceChildren(h("b", {}, head), ...(failed.length ? [h("ul", {}, ...failed.map((one) => h("li", {}, h("b", {}, nameOf(one.id)), ` ${one.refusal}`)))] : []));
  show();
}

export function setUpSelection(shownOrder, received, onChange) {
  order = shownOrder;
  receivedOf = received;
  changed = onChange;
  $("bulk-all").addEventListener("change", () => chooseAll($("bulk-all").checked));
  $("bulk-clear").addEventListener("click", clearSelection);
  $("bulk-told-close").addEventListener("click", () => { $("bulk-told").hidden = true; });
}

// The one table of actions, as the server tells it: names, sentences, keys, and among what one chooses.
import { get } from "./api.js";

export const table = { me: { name: "", role: "", team: "" }, actions: [], reasons: [], labels: [], teams: [], channels: [] };

export async function loadTable() {
  Object.assign(table, await get("/desk/actions"));
}

export const actionOf = (name) => table.actions.find((action) => action.name === name);
export const actionFor = (key) => table.actions.find((action) => action.key === key);
export const asks = (action) => action.fields.length > 0 || action.optional.some((field) => field !== "seen");

// A key for one wish: whoever tries again after a lost answer sends the same one, and it is done once.
export function newRequest() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

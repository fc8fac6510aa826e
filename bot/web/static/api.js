// Requests to our own server. A problem becomes an Error whose message is a sentence for people.
import { sync } from "./time.js";

const token = document.querySelector('meta[name="csrf"]').content;
export const me = document.querySelector('meta[name="me"]').content;

export class Problem extends Error {
  constructor(message, status, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(15000) });
  } catch {
    throw new Problem("The server cannot be reached. Nothing was lost; try again in a moment.", 0, null);
  }
  const body = await response.json().catch(() => null);
  const at = body?.now ?? body?.conversation?.now;
  if (at) sync(at);
  if (!response.ok) throw new Problem(body?.refusal || body?.detail || "That did not work.", response.status, body);
  return body;
}

export const get = (path) => ask(path, { headers: { Accept: "application/json" } });
export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body ?? {}),
  });

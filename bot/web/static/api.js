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

const unreachable = () => new Problem("The server cannot be reached. Nothing was lost; try again in a moment.", 0, null);

function understood(status, body) {
  const at = body?.now ?? body?.conversation?.now;
  if (at) sync(at);
  if (status < 200 || status > 299) throw new Problem(body?.refusal || body?.detail || "That did not work.", status, body);
  return body;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(15000) });
  } catch {
    throw unreachable();
  }
  return understood(response.status, await response.json().catch(() => null));
}

export const get = (path) => ask(path, { headers: { Accept: "application/json" } });
export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body ?? {}),
  });

// With files: one form, whose progress is told as a share. Only XMLHttpRequest tells how much has left.
export async function upload(path, body, files, tell) {
  const form = new FormData(), request = new XMLHttpRequest();
  form.append("command", new Blob([JSON.stringify(body)], { type: "application/json" }), "");
  for (const file of files) form.append("file", file, file.name);
  request.open("POST", path);
  request.responseType = "json";
  request.timeout = 300000;
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRF-Token", token);
  request.upload.addEventListener("progress", (event) => tell(event.total ? event.loaded / event.total : 0));
  await new Promise((resolve, reject) => {
    request.addEventListener("load", resolve);
    for (const fault of ["error", "abort", "timeout"]) request.addEventListener(fault, () => reject(unreachable()));
    request.send(form);
  });
  return understood(request.status, request.response);
}

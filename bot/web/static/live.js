// What changes on the server, as it happens. Says when the line is down, and when it is up again.
import { sync } from "./time.js";

const QUIET = 40000;

export function follow(path, { onChanges, onFresh }) {
  const banner = document.getElementById("offline");
  let source, heard, retry, opened = false;

  const lost = async () => {
    banner.hidden = false;
    const asked = await fetch("/desk/session").catch(() => null);
    const out = asked?.status === 401;
    banner.querySelector("a").hidden = !out;
    if (out) banner.querySelector(".banner-text").textContent = "You are not signed in any more.";
  };
  const take = (handler) => (event) => {
    heard = performance.now();
    banner.hidden = true;
    const body = JSON.parse(event.data);
    sync(body.now);
    handler?.(body);
  };
  const open = () => {
    source?.close();
    heard = performance.now();
    source = new EventSource(path);
    source.addEventListener("hello", take(() => { if (opened) onFresh(); opened = true; }));
    source.addEventListener("changes", take(onChanges));
    source.addEventListener("reset", take(onFresh));
    source.addEventListener("beat", take());
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) { clearTimeout(retry); retry = setTimeout(open, 3000); }
    };
  };
  open();
  setInterval(() => { if (performance.now() - heard > QUIET) { lost(); open(); } }, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && opened) onFresh(); });
  window.addEventListener("offline", lost);
  window.addEventListener("online", open);
}

// Runs ``work`` at once, then at most once in ``pause`` ms, and always once more after the last call.
export function calmly(work, pause) {
  let waiting = false, busy = false;
  const run = async () => {
    if (busy) { waiting = true; return; }
    busy = true;
    try { await work(); } finally {
      setTimeout(() => { busy = false; if (waiting) { waiting = false; run(); } }, pause);
    }
  };
  return run;
}

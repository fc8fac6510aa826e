// Adds Heed's chat to any site: <script src="https://heed.example/chat/widget.js" async></script>
// A button opens the chat in a frame of Heed's own origin; nothing of the site is read.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.heedChat) return;
  const LOOK = "{{LOOK}}"; // filled in by the server
  const origin = new URL(script.src).origin;
  const data = script.dataset;

  const STYLE = `
    :host { all: initial; }
    button, section { position: fixed; inset-inline-end: max(20px, env(safe-area-inset-right)); z-index: 2147483000; }
    button { bottom: max(20px, env(safe-area-inset-bottom)); width: 58px; height: 58px; padding: 0; border: 0; border-radius: 50%;
      background: ${LOOK.accent}; color: ${LOOK.onAccent}; cursor: pointer; display: grid; place-items: center;
      box-shadow: 0 2px 6px rgb(0 0 0 / 14%), 0 10px 28px rgb(0 0 0 / 20%); transition: transform .15s; }
    button:hover { transform: translateY(-2px); }
    button:focus-visible { outline: 3px solid ${LOOK.onAccent}; box-shadow: 0 0 0 6px ${LOOK.accent}; }
    svg { width: 27px; height: 27px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .badge { position: absolute; top: 1px; inset-inline-end: 1px; width: 15px; height: 15px; border-radius: 50%; background: #d93025; border: 2px solid #fff; box-sizing: border-box; }
    section { bottom: 92px; width: min(400px, calc(100vw - 40px)); height: min(660px, calc(100vh - 120px)); border-radius: 20px; overflow: hidden;
      background: Canvas; color-scheme: light dark; box-shadow: 0 4px 14px rgb(0 0 0 / 12%), 0 24px 64px rgb(0 0 0 / 24%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
    [hidden] { display: none !important; }
    @media (max-width: 480px) {
      section { inset: 0; width: 100%; height: 100%; border-radius: 0; }
      section:not([hidden]) ~ button { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { button { transition: none; } }`;

  const BUBBLE = "M12 4c5 0 8.5 3.2 8.5 7.4S17 18.8 12 18.8c-.9 0-1.8-.1-2.6-.3L5 20.5l1-3.5c-1.6-1.3-2.5-3.2-2.5-5.6C3.5 7.2 7 4 12 4z";
  const DOWN = "M6 9.5l6 6 6-6";

  const place = document.createElement("heed-chat");
  const root = place.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet(); // needs no exception in the site's Content-Security-Policy
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const panel = document.createElement("section");
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", data.title || LOOK.brand);
  panel.hidden = true;

  const button = document.createElement("button");
  button.type = "button";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.append(path);
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.hidden = true;
  button.append(svg, badge);
  root.append(panel, button);

  let frame = null;
  let ready = false; // before that the frame is still an empty page of the site's own origin

  function identity() {
    if (!data.identityId) return null;
    return {
      id: data.identityId,
      name: data.identityName || "",
      issued_at: Number(data.identityIssuedAt),
      signature: data.identitySignature || "",
    };
  }

  function tell(message) {
    if (ready && frame.contentWindow) frame.contentWindow.postMessage(message, origin);
  }

  function show() {
    const open = !panel.hidden;
    path.setAttribute("d", open ? DOWN : BUBBLE);
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? data.closeLabel || LOOK.close : data.label || LOOK.open);
  }

  function open() {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.title = data.title || LOOK.brand;
      frame.src = `${origin}/chat?embed=1`;
      frame.allow = "";
      panel.append(frame);
    }
    panel.hidden = false;
    badge.hidden = true;
    show();
    frame.focus();
    tell({ heed: "focus" });
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    show();
    button.focus();
  }

  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  place.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  window.addEventListener("message", (event) => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    const what = event.data && event.data.heed;
    if (what === "ready") {
      ready = true;
      tell({ heed: "init", identity: identity() });
      if (!panel.hidden) tell({ heed: "focus" });
    }
    if (what === "close") close();
    if (what === "unread" && panel.hidden) badge.hidden = false;
  });

  show();
  window.heedChat = { open, close };
  const add = () => document.body.append(place);
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
})();

// Keys that work wherever nobody is typing.
import { $ } from "./dom.js";

const typing = (element) => element.matches?.("input, textarea, select, [contenteditable]");

export function setUpKeys(actions) {
  $("keys").addEventListener("click", actions["?"]);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Escape" && document.body.classList.contains("open")) document.querySelector(".row[aria-current]")?.focus();
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

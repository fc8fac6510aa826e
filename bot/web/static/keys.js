// Keys that work wherever nobody is typing.
import { $ } from "./dom.js";

// A field of a dialog that has just closed keeps the focus for a moment: nobody types there any more.
const typing = (element) => element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]") && element.checkVisibility();

export function setUpKeys(find, sheet) {
  $("keys").addEventListener("click", sheet);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") { event.preventDefault(); event.target.blur(); } // what is looked for stays
      return;
    }
    const action = find(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

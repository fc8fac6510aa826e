// The sheet: all keys, and all that can be done here, searchable. What does not fit says why.
import { $, h } from "./dom.js";
import { table } from "./table.js";

const dialog = $("sheet"), search = $("sheet-search"), place = $("sheet-list");
export const PAGE_KEYS = [
  ["j k", "next, previous conversation"], ["/", "search"], ["m", "choose this conversation, for several at once"],
  ["J K", "choose it and go on"], ["*", "choose all that are shown"], ["i", "look for a template"], ["g", "suggest an answer"],
  ["Ctrl+Enter", "send the reply, or save the note"], ["Esc", "leave the field, back to the list"], ["?", "this sheet"],
];
let doIt = () => {}, whyNot = () => "";

const keyed = (keys) => keys.split(" ").flatMap((key, index) => [index ? " " : null, h("kbd", {}, key)]);

function row(action) {
  const why = whyNot(action);
  const button = h("button", { type: "button", className: "sheet-row", ariaDisabled: why ? "true" : null, data: { action: action.name } },
    h("span", { className: "sheet-key" }, action.key ? h("kbd", {}, action.key) : null),
    h("span", { className: "sheet-text" }, h("b", {}, action.title), h("span", {}, action.what), why ? h("span", { className: "sheet-why" }, why) : null));
  button.addEventListener("click", () => { if (!why) { dialog.close(); doIt(action); } });
  return h("li", {}, button);
}

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.toLowerCase().includes(word));
  const actions = table.actions.filter((action) => has(`${action.title} ${action.what} ${action.name}`));
  const keys = PAGE_KEYS.filter(([key, text]) => has(`${key} ${text}`));
  place.replaceChildren(
    actions.length ? h("ul", { className: "sheet-actions" }, ...actions.map(row)) : null,
    keys.length ? h("dl", { className: "keys" }, ...keys.map(([key, text]) => h("div", {}, h("dt", {}, ...keyed(key)), h("dd", {}, text)))) : null,
    actions.length || keys.length ? null : h("p", { className: "soft" }, "Nothing is called that."),
  );
  for (const empty of [...place.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)) empty.remove();
}

// Arrow keys go through the rows of a list below a search field; Enter in the field takes the first.
export function arrows(box, field, rows) {
  box.addEventListener("keydown", (event) => {
    const all = [...box.querySelectorAll(rows)], at = all.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === field) { event.preventDefault(); all.find((one) => one.ariaDisabled !== "true")?.click(); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !all.length) return;
    event.preventDefault();
    (at + step < 0 ? field : all[Math.min(all.length - 1, at + step)]).focus();
  });
}

export function openSheet() {
  search.value = "";
  show();
  dialog.showModal();
  search.focus();
}

export function setUpSheet(run, why) {
  doIt = run;
  whyNot = why;
  search.addEventListener("input", show);
  arrows(dialog, search, ".sheet-row");
}

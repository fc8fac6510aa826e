// The brand's templates: looked for, filled for this customer, put into the reply to be edited. Nothing here sends.
import { get } from "./api.js";
import { $, h } from "./dom.js";
import { calmly } from "./live.js";
import { arrows } from "./sheet.js";

const dialog = $("offers"), search = $("offers-search"), place = $("offers-list");
let conversation = null, take = () => {};

function row(offer) {
  const score = offer.score === null ? null : h("span", { className: "soft" }, offer.score.toFixed(2));
  const button = h("button", { type: "button", className: "sheet-row offer" },
    h("span", { className: "sheet-text" }, h("b", {}, offer.template, " ", h("span", { className: "soft" }, offer.topic), " ", score), h("span", {}, offer.text)));
  button.addEventListener("click", () => { dialog.close(); take(offer.text); });
  return h("li", {}, button);
}

function show(offers, nothing) {
  place.replaceChildren(offers.length ? h("ul", { className: "sheet-actions" }, ...offers.map(row)) : h("p", { className: "soft" }, nothing));
}

async function load(path, nothing) {
  const id = conversation;
  try {
    const found = await get(`/desk/conversations/${encodeURIComponent(id)}/${path}`);
    if (id === conversation) show(found.templates, nothing);
  } catch (problem) {
    place.replaceChildren(h("p", { className: "soft" }, problem.message));
  }
}

const look = calmly(() => load(`templates?${new URLSearchParams({ q: search.value })}`, search.value ? "No template has all of these words." : "The brand has no templates."), 150);

export function openTemplates(id) {
  conversation = id;
  search.value = "";
  $("offers-title").textContent = "Templates";
  search.hidden = false;
  place.replaceChildren();
  dialog.showModal();
  search.focus();
  look();
}

export async function openSuggestions(id) {
  conversation = id;
  $("offers-title").textContent = "Suggested answers";
  search.hidden = true;
  place.replaceChildren(h("p", { className: "soft" }, "Looking…"));
  dialog.showModal();
  await load("suggestions", "Nothing is near enough to what the customer wrote.");
  place.querySelector("button")?.focus();
}

export function setUpTemplates(put) {
  take = put;
  search.addEventListener("input", look);
  arrows(dialog, search, ".sheet-row");
  $("offers-no").addEventListener("click", () => dialog.close());
}

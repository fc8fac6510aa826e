// One dialog for whatever an action has to be told: its form is built from the action's fields.
import { $, capital, h } from "./dom.js";
import { newRequest, table } from "./table.js";
import { moment, now } from "./time.js";

const QUESTIONS = {
  resolve: ["Resolve this conversation?", "Resolve these conversations?"],
  take_over: ["Take this conversation over?", "Take these conversations over?"],
  block: ["Block this customer?", "Block these customers?"],
  delete: ["Take this reply back?", ""],
};
const MINUTE = 60000, HOUR = 60 * MINUTE;
const dialog = $("ask"), form = $("ask-form");
let running = null;

export const confirms = (action) => action.name in QUESTIONS;

function tomorrow(hour) {
  const at = new Date(now());
  at.setDate(at.getDate() + 1);
  at.setHours(hour, 0, 0, 0);
  return at.getTime();
}

const local = (at) => new Date(at - new Date(at).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);

function until() {
  const start = now(), presets = [["30 minutes", start + 30 * MINUTE], ["2 hours", start + 2 * HOUR], ["Tomorrow morning", tomorrow(9)]];
  const own = h("input", { type: "datetime-local", id: "ask-until", value: local(start + 24 * HOUR), min: local(start), ariaLabel: "Date and time" });
  const radio = (value, checked) => h("input", { type: "radio", name: "until", value, checked });
  own.addEventListener("input", () => { form.elements.until.value = "own"; });
  const field = h("fieldset", { className: "choices" }, h("legend", {}, "Until when"),
    ...presets.map(([name, at], index) => h("label", {}, radio(String(at), index === 0), h("span", {}, name), h("span", { className: "soft" }, moment(at, start)))),
    h("label", {}, radio("own", false), h("span", {}, "At"), own));
  const read = () => { const value = form.elements.until.value; return new Date(value === "own" ? own.value : Number(value)).toISOString(); };
  return { field, read };
}

function labelled(text, input, aside = "") {
  return h("label", {}, h("span", {}, text, aside ? h("span", { className: "soft" }, ` ${aside}`) : null), input);
}

function choice(name, options) {
  return h("select", { id: `ask-${name}`, name }, ...options.map(([value, text]) => h("option", { value }, text)));
}

function team(conversation) {
  const known = table.teams.filter((name) => name !== conversation?.team);
  const input = known.length ? choice("team", known.map((name) => [name, name])) : h("input", { id: "ask-team", name: "team", maxLength: 60, required: true, autocomplete: "off" });
  return { field: labelled("Team", input), read: () => input.value.trim() };
}

function reason() {
  const input = choice("reason", table.reasons.map((one) => [one.value, one.title]));
  return { field: labelled("Why it is done", input), read: () => input.value };
}

const short = (text) => (text.length > 70 ? `${text.slice(0, 69)}…` : text).replace(/\s+/g, " ");

function message(action, conversation, given) {
  const offered = action.name === "correct" ? conversation.correctable
    : Object.keys(conversation.revisable).filter((id) => conversation.revisable[id].includes(action.name));
  const textOf = (id) => conversation.timeline.find((entry) => entry.id === id)?.text ?? "";
  const input = choice("message", offered.map((id) => [id, short(textOf(id))]));
  if (given && offered.includes(given)) input.value = given;
  if (action.fields.includes("text")) {
    const fill = () => { form.elements.text.value = textOf(input.value); };
    input.addEventListener("change", fill);
    queueMicrotask(fill);
  }
  return { field: labelled(action.name === "correct" ? "Which message" : "Which reply", input), read: () => input.value };
}

function labels() {
  const boxes = table.labels.filter((label) => label !== "other").map((label) => h("input", { type: "checkbox", value: label }));
  const field = h("fieldset", { className: "choices" }, h("legend", {}, "What it is ", h("span", { className: "soft" }, "(none of them: other)")),
    ...boxes.map((box) => h("label", {}, box, h("span", {}, capital(box.value)))));
  return { field, read: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

function text(action) {
  const sends = action.sends, needed = action.fields.includes("text");
  const input = h("textarea", { id: "ask-text", name: "text", rows: sends ? 5 : 2, maxLength: table.longest, required: needed });
  const title = sends ? "What the customer reads" : needed ? "Internal note" : "Note";
  return { field: labelled(title, input, needed ? "" : "(optional, internal)"), read: () => input.value.trim() || null };
}

function fieldsOf(action, conversation, given) {
  const make = { until, reason, labels, team: () => team(conversation), text: () => text(action), message: () => message(action, conversation, given) };
  const named = [...action.fields, ...action.optional].filter((field) => field in make);
  return new Map(named.map((name) => [name, make[name]()]));
}

// ``send(fields, request)`` says why it failed, or nothing. The dialog stays open with what was written until it is done.
export function askFor(action, { conversation = null, count = 1, message: given = null }, send) {
  const parts = fieldsOf(action, conversation, given), request = newRequest();
  const many = count > 1 ? ` (${count} conversations)` : "";
  $("ask-title").textContent = (QUESTIONS[action.name] ?? [`${action.title}${many}`, ""])[count > 1 ? 1 : 0] || `${action.title}${many}`;
  $("ask-what").textContent = action.name === "resolve" ? "Its clocks stop. A new message of the customer opens it again." : action.what;
  $("ask-fields").replaceChildren(...[...parts.values()].map((part) => part.field));
  $("ask-yes").textContent = count > 1 ? `${action.title} ${count}` : action.title;
  $("ask-bad").hidden = true;
  running = async () => {
    let told;
    try {
      told = Object.fromEntries([...parts].map(([name, part]) => [name, part.read()]).filter(([, value]) => value !== null));
    } catch { return "Choose a date and a time."; }
    return send(told, request);
  };
  dialog.showModal();
  (form.querySelector("#ask-fields :is(select, textarea, input:checked, input)") ?? $("ask-yes")).focus();
}

export function setUpAsk() {
  $("ask-no").addEventListener("click", () => dialog.close());
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if ($("ask-yes").ariaBusy === "true") return;
    $("ask-yes").ariaBusy = "true";
    const wrong = await running();
    $("ask-yes").ariaBusy = "false";
    $("ask-bad").textContent = wrong ?? "";
    $("ask-bad").hidden = !wrong;
    if (!wrong) dialog.close();
  });
}

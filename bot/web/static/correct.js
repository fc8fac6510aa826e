// Staff's word for what a message is, where the model was wrong.
import { capital, h } from "./dom.js";
import { clockTime } from "./time.js";

const LABELS = ["question", "complaint", "praise"];

export const spoken = (labels) => capital(labels.length ? labels.join(", ") : "other");

// What stands beside the model's label, so that the two are never mistaken for each other.
export function corrected(entry) {
  const { correction } = entry;
  if (!correction) return null;
  return h("span", { className: "corrected", title: clockTime(correction.at) },
    h("b", {}, spoken(correction.labels)), ` says ${correction.agent}`);
}

function holding(entry) {
  if (entry.correction) return entry.correction.labels;
  const shares = entry.prediction?.probabilities ?? {};
  return LABELS.filter((label) => shares[label] >= 0.5);
}

export function correctForm(conversation, entry, send) {
  const now = holding(entry);
  const boxes = LABELS.map((label) => h("input", { type: "checkbox", value: label, checked: now.includes(label) }));
  const hint = h("span", { className: "soft", role: "status" });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const say = () => { hint.textContent = chosen().length ? "" : "None of them: other"; };
  const save = h("button", { type: "submit", className: "correct-save" }, "Save");
  const form = h("form", { className: "correct-form", onchange: say },
    h("fieldset", {}, h("legend", {}, "What is this message?"),
      ...boxes.map((box) => h("label", {}, box, capital(box.value)))),
    h("div", { className: "correct-foot" }, save, hint));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (save.ariaBusy === "true") return;
    save.ariaBusy = "true";
    await send(conversation, { command: "correct", message: entry.id, labels: chosen() });
    save.ariaBusy = "false";
  });
  const ask = h("button", { type: "button", className: "quiet correct-ask" }, entry.correction ? "Correct it again" : "Wrong label?");
  const open = (wanted) => { form.hidden = !wanted; ask.setAttribute("aria-expanded", String(wanted)); };
  ask.addEventListener("click", () => open(form.hidden));
  say();
  open(false);
  return h("div", { className: "correct" }, ask, form);
}

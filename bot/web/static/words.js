// Which words of a message mattered to the model: asked for only when somebody wants to know.
import { get } from "./api.js";
import { capital, h, percent } from "./dom.js";

// Near certainty whole per cents hide what a word does.
const finely = (share) => (share > 0.99 || share < 0.01 ? `${(share * 100).toFixed(2)} %` : percent(share));

const STRONGEST = 2.5; // log-odds from which a mark is as strong as marks get

function mark(piece, label) {
  if (!piece.named) return piece.text;
  const way = piece.label > 0 ? "for" : "against";
  const element = h("mark", { data: { way }, title: `speaks ${way} “${label}”: ${finely(piece.confidence)} without it` }, piece.text);
  element.style.setProperty("--strength", `${Math.round(30 + 70 * Math.min(1, Math.abs(piece.label) / STRONGEST))}%`);
  return element;
}

function list(title, words, without) {
  if (!words.length) return null;
  const entries = words.map((word) => h("li", {}, h("b", {}, word.text.replace(/\s+/g, " ")), ` ${without(word)} without`));
  return h("div", { className: "words-list" }, h("p", { className: "soft" }, title), h("ul", {}, ...entries));
}

function told(found) {
  const chance = (word) => finely(word.confidence), score = (word) => word.score.toFixed(2);
  const label = capital(found.label), template = found.templates[0];
  const lists = [
    list(`For “${label}” (${finely(found.confidence)})`, found.for_label, chance),
    list(`Against “${label}”`, found.against_label, chance),
    template ? list(`For the template ${template.template} (${template.score.toFixed(2)})`, found.for_template, score) : null,
    template ? list(`Away from ${template.template}`, found.against_template, score) : null,
  ].filter(Boolean);
  if (!lists.length) lists.push(h("p", {}, "No single word made the difference."));
  if (found.reader) lists.push(h("p", {}, `Read by the model for ${found.reader}.`));
  else if (found.language !== "en") lists.push(h("p", {}, found.language === "und" ? "The language is not clear: take this with care." : `Language: ${found.language}. The model reads English; elsewhere its words are guesses.`));
  if (!found.whole) lists.push(h("p", {}, "Only the beginning was looked at."));
  return lists;
}

export function wordsButton(conversation, entry) {
  const button = h("button", { type: "button", className: "quiet words-ask" }, "Which words mattered?");
  const result = h("div", { className: "words", role: "status" });
  let shown = false;
  const bubble = () => button.closest(".msg").querySelector(".bubble");
  const hide = () => { bubble().replaceChildren(entry.text); result.replaceChildren(); };
  const ask = async () => {
    const found = await get(`/desk/conversations/${encodeURIComponent(conversation)}/messages/${encodeURIComponent(entry.id)}/words`);
    bubble().replaceChildren(...found.pieces.map((piece) => mark(piece, capital(found.label))));
    result.replaceChildren(...told(found));
  };
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      if (shown) hide(); else await ask();
      shown = !shown;
    } catch (problem) {
      result.replaceChildren(h("p", {}, problem.message));
    }
    button.ariaBusy = "false";
    button.textContent = shown ? "Hide the words" : "Which words mattered?";
  });
  return h("div", { className: "words-place" }, button, result);
}

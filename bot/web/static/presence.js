// Whether I am there, and who of my team is.
import { get, post } from "./api.js";
import { $, setText } from "./dom.js";

let away = false;

function show(told) {
  away = told.away;
  $("presence").setAttribute("aria-pressed", String(!away));
  setText($("presence-word"), away ? "Away" : "Available");
  const names = told.present, team = told.team ? `Of ${told.team}` : "Of all";
  $("here").hidden = names.length === 0;
  setText($("here"), `${names.length} here`);
  $("here").title = `${team} are here: ${names.join(", ") || "nobody"}`;
  $("here").ariaLabel = $("here").title;
}

export const loadPresence = () => get("/desk/presence").then(show, () => {});

export function setUpPresence(failed) {
  $("presence").addEventListener("click", () => post("/desk/presence", { away: !away }).then(show, (problem) => failed(problem.message)));
}

// Elements from values. Text only ever becomes text: nothing of a customer is read as HTML.
const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function shape(paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const [d, filled] of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("fill", filled ? "currentColor" : "none");
    path.setAttribute("stroke", filled ? "none" : "currentColor");
    path.setAttribute("stroke-width", "1.8");
    path.setAttribute("stroke-linecap", "round");
    svg.append(path);
  }
  return svg;
}

export function bar(share, data = {}) {
  const fill = h("i");
  fill.style.setProperty("width", `${Math.max(0, Math.min(1, share)) * 100}%`);
  return h("span", { className: "bar", data, ariaHidden: "true" }, fill);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const UNITS = ["B", "KB", "MB", "GB"];
// As limits are set: a megabyte has 1024 times 1024 bytes.
export function size(bytes) {
  let value = bytes, unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) { value /= 1024; unit += 1; }
  return `${value < 10 && unit ? value.toFixed(1).replace(".0", "") : Math.round(value)} ${UNITS[unit]}`;
}

export const capital = (word) => (word ? word[0].toUpperCase() + word.slice(1) : "");
export const percent = (share) => `${Math.round(share * 100)} %`;

// Files on their way into a reply: chosen, dropped or pasted. They wait beside their conversation's draft, and what
// cannot be sent is said before anything leaves.
import { $, h, setText, size } from "./dom.js";
import { table } from "./table.js";

const waiting = new Map(); // by conversation, for as long as the page is open: a browser keeps no file longer
const list = $("reply-files"), progress = $("reply-progress"), tell = $("reply-limits");
let current = null, locked = false, refuse = () => {}, changed = () => {};

export const filesOf = (id) => waiting.get(id) ?? [];
const together = (files) => files.reduce((sum, file) => sum + file.size, 0);

// Of these files in this order: the same again after a lost answer is the same wish.
export const marks = (files) => files.map((file) => [file.name, file.size, file.lastModified]);

function why(file, files) {
  if (!file.size) return `${file.name} is empty or a folder: choose another file.`;
  if (file.size > current.largest_file) return `${file.name} is too large for ${current.channel}: at most ${size(current.largest_file)}.`;
  if (files.length >= table.most_files) return `${table.most_files} files are the most for one reply: ${file.name} was left out.`;
  if (together([...files, file]) > table.largest_together) return `Together that is more than ${size(table.largest_together)}: ${file.name} was left out.`;
  return "";
}

function add(given) {
  if (!current || locked || !given.length) return;
  if (current.no_files) { refuse(current.no_files); return; }
  const files = [...filesOf(current.id)], wrong = [];
  for (const file of given) {
    if (files.some((known) => String(marks([known])) === String(marks([file])))) continue;
    const problem = why(file, files);
    if (problem) wrong.push(problem); else files.push(file);
  }
  waiting.set(current.id, files);
  refuse(wrong.join(" "));
  show();
}

function takeOut(file, index) {
  const files = filesOf(current.id).filter((one) => one !== file);
  waiting.set(current.id, files);
  show();
  (list.children[Math.min(index, files.length - 1)]?.querySelector("button") ?? $("attach")).focus();
}

function chip(file, index) {
  const out = h("button", { type: "button", className: "quiet", ariaLabel: `Take out ${file.name}`, disabled: locked }, "×");
  out.addEventListener("click", () => takeOut(file, index));
  return h("li", {}, h("span", { className: "file-name", title: file.name }, file.name), h("small", {}, size(file.size)), out);
}

function show() {
  const files = filesOf(current.id);
  list.replaceChildren(...files.map(chip));
  list.hidden = !files.length;
  setText(tell, files.length ? `${files.length} of ${table.most_files} files, ${size(together(files))} of ${size(table.largest_together)}` : "");
  changed();
}

export function showFiles(c) {
  const moved = current?.id !== c.id;
  current = c;
  $("attach").title = c.no_files || `Send files along: at most ${table.most_files}, ${size(c.largest_file)} each, ${size(table.largest_together)} together. You can also drop or paste them.`;
  $("attach").setAttribute("aria-disabled", String(Boolean(c.no_files)));
  if (moved) show();
}

// Nobody changes what is under way.
export function underWay(id, share) {
  locked = share !== null;
  if (current?.id === id) {
    progress.hidden = !locked;
    progress.value = share ?? 0;
    progress.ariaLabel = `Sending the files: ${Math.round((share ?? 0) * 100)} %`;
  }
  $("attach").disabled = locked;
  for (const button of list.querySelectorAll("button")) button.disabled = locked;
}

export function forgetFiles(id, sent) {
  waiting.set(id, filesOf(id).filter((file) => !sent.includes(file)));
  if (current?.id === id) show();
}

// Dropped anywhere on the reply it goes along; dropped anywhere else it must not replace the page.
function setUpDropping(form) {
  const brings = (event) => event.dataTransfer?.types.includes("Files");
  const here = (event) => form.contains(event.target) && !form.closest("[inert]");
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = here(event) ? "copy" : "none";
    form.classList.toggle("dropping", here(event));
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    form.classList.remove("dropping");
    if (here(event)) add([...event.dataTransfer.files]);
  });
}

export function setUpFiles(onRefused, onChange) {
  refuse = onRefused;
  changed = onChange;
  const form = $("reply-form"), chooser = $("reply-chooser");
  $("attach").addEventListener("click", () => { if (current?.no_files) refuse(current.no_files); else chooser.click(); });
  chooser.addEventListener("change", () => { add([...chooser.files]); chooser.value = ""; });
  $("reply-text").addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    add(files);
  });
  setUpDropping(form);
  addEventListener("beforeunload", (event) => { if ([...waiting.values()].some((files) => files.length)) event.preventDefault(); });
}

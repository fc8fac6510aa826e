// The log: lines in their order, joined to groups, with days between them.

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

export class Bubbles {
  constructor({ log, words, language, on }) {
    this.log = log;
    this.words = words;
    this.on = on; // { edit, remove, retry, discard, file }
    this.lines = new Map(); // by the page's own id, else by Heed's
    this.time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
    this.amount = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.date = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
  }

  get size() { return this.lines.size; }

  newest() { return [...this.lines.values()].sort(order).at(-1) ?? null; }

  lastNumber() {
    const numbers = [...this.lines.values()].map((line) => line.number).filter(Number.isFinite);
    return Math.max(0, ...numbers);
  }

  // Show a line of Heed's. Returns true if it was not there before.
  show(entry) {
    const key = entry.client_id || entry.message;
    const known = this.lines.get(key);
    // The same object as before: the buttons of what is drawn already hold it.
    const line = Object.assign(known ?? { node: node(entry.author) }, blank, entry, { key, pending: false });
    this.lines.set(key, line);
    this.fill(line);
    return !known;
  }

  // Show a message that Heed does not have yet.
  expect(item) {
    const line = {
      ...blank, key: item.key, client_id: item.key, author: "you", text: item.frame.text,
      number: Infinity, since: item.since, at: new Date(item.since).toISOString(), pending: true, state: "sending",
      node: node("you"),
    };
    this.lines.set(line.key, line);
    this.fill(line);
  }

  mark(key, change) {
    const line = this.lines.get(key);
    if (line) this.fill(Object.assign(line, change));
  }

  drop(key) {
    this.lines.get(key)?.node.remove();
    this.lines.delete(key);
  }

  // Put lines in order, join groups and set days. Call it after a batch of changes.
  arrange() {
    const lines = [...this.lines.values()].sort(order);
    const days = new Map([...this.log.querySelectorAll(".day")].map((day) => [day.dataset.day, day]));
    let before = null;
    lines.forEach((line, index) => {
      const after = lines[index + 1];
      const newDay = !before || dayOf(before) !== dayOf(line);
      this.place(line.node, index ? lines[index - 1].node : null);
      if (newDay) {
        const day = days.get(dayOf(line)) ?? this.day(line);
        days.delete(dayOf(line));
        if (line.node.previousElementSibling !== day) line.node.before(day);
      }
      line.node.classList.toggle("first", newDay || !together(before, line));
      line.node.classList.toggle("last", !after || dayOf(after) !== dayOf(line) || !together(line, after));
      before = line;
    });
    for (const day of days.values()) day.remove();
  }

  place(item, previous) {
    let next = previous ? previous.nextElementSibling : this.log.firstElementChild;
    if (next?.classList.contains("day")) next = next.nextElementSibling;
    if (next !== item) previous ? previous.after(item) : this.log.prepend(item);
  }

  fill(line) {
    const { node: item } = line;
    item.classList.toggle("pending", line.pending && line.state !== "failed");
    item.classList.toggle("failed", line.state === "failed");
    item.classList.toggle("gone", line.deleted);
    item.classList.toggle("changed", line.edited || line.deleted);
    // Replace no more than has changed: a screen reader reads out what is new.
    const shape = JSON.stringify([line.text, line.deleted, line.files, line.open, line.sure]);
    if (line.shape === shape) item.lastElementChild.replaceWith(this.under(line));
    else item.replaceChildren(this.name(line), this.row(line), ...this.open(line), this.under(line));
    line.shape = shape;
  }

  name(line) {
    const name = element("span", "name");
    if (line.author !== "you") name.append(icon(line.author === "support" ? "person" : "spark"));
    name.append(this.words[line.author]);
    if (line.author === "support") name.append(element("span", "unseen", ` (${this.words.human})`));
    return name;
  }

  row(line) {
    const row = element("div", "row");
    const bubble = element("div", "bubble");
    bubble.dir = "auto";
    bubble.append(...(line.deleted ? [this.words.deleted] : linked(line.text)));
    if (line.files.length && !line.deleted) bubble.append(this.files(line.files, Boolean(line.text)));
    if (line.author === "you" && !line.deleted) row.append(this.options(line));
    row.append(bubble);
    return row;
  }

  // Files that a person sent: they open for this page alone, so the page itself fetches them.
  files(files, below) {
    const list = element("ul", below ? "files below" : "files");
    for (const file of files) {
      const link = element("a", "file");
      link.href = `/chat/files/${encodeURIComponent(file.id)}`;
      link.setAttribute("aria-label", this.words.file.replace("{name}", `${file.name}, ${this.weight(file.size)}`));
      link.append(element("span", "file-name", file.name), element("small", "", this.weight(file.size)));
      link.addEventListener("click", (event) => { event.preventDefault(); this.on.file(file); });
      const item = element("li");
      item.append(link);
      list.append(item);
    }
    return list;
  }

  weight(bytes) {
    if (bytes < 1000) return `${bytes} B`;
    if (bytes < 1e6) return `${this.amount.format(bytes / 1e3)} kB`;
    return `${this.amount.format(bytes / 1e6)} MB`;
  }

  options(line) {
    const button = element("button", "options");
    button.type = "button";
    button.append(icon("dots"));
    button.setAttribute("aria-label", this.words.more);
    button.setAttribute("aria-expanded", String(Boolean(line.open)));
    button.addEventListener("click", () => {
      this.mark(line.key, { open: !line.open, sure: false });
      line.node.querySelector(line.open ? ".actions button" : ".options")?.focus();
    });
    return button;
  }

  open(line) {
    if (!line.open || line.deleted) return [];
    const actions = element("div", "actions");
    const close = { open: false, sure: false };
    actions.append(action(this.words.edit, () => { this.mark(line.key, close); this.on.edit(line); }));
    const remove = action(line.sure ? this.words.really_delete : this.words.delete, () => {
      this.mark(line.key, line.sure ? close : { sure: true });
      if (line.open) line.node.querySelector(".danger").focus();
      else this.on.remove(line);
    });
    remove.classList.add("danger");
    actions.append(remove);
    return [actions];
  }

  under(line) {
    const under = element("div", "under");
    under.setAttribute("aria-live", "off");
    const time = element("time", "", this.time.format(new Date(line.at)));
    time.dateTime = line.at;
    under.append(time);
    if (line.edited && !line.deleted) under.append(`· ${this.words.edited}`);
    if (line.author === "you" && line.state) under.append("·", element("span", "state", this.words[line.state]));
    if (line.state === "waiting") under.append(action(this.words.retry, () => this.on.retry(line)));
    if (line.state === "failed") under.append(action(this.words.discard, () => this.on.discard(line)));
    return under;
  }

  day(line) {
    const yesterday = new Date();
    yesterday.setDate(yesterday.getDate() - 1);
    const day = dayOf(line);
    const known = { [new Date().toDateString()]: this.words.today, [yesterday.toDateString()]: this.words.yesterday };
    const shown = element("li", "day", known[day] ?? this.date.format(new Date(line.at)));
    shown.dataset.day = day;
    return shown;
  }
}

const blank = { edited: false, deleted: false, client_id: "", quick_replies: [], files: [], state: "" };

const order = (a, b) => (a.number === b.number ? (a.since ?? 0) - (b.since ?? 0) : a.number - b.number);

const dayOf = (line) => new Date(line.at).toDateString();

const together = (a, b) => a.author === b.author && Math.abs(new Date(b.at) - new Date(a.at)) < 5 * 60 * 1000;

function node(author) {
  return element("li", `entry ${author}`);
}

export function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function icon(id) {
  return document.getElementById(id).content.cloneNode(true);
}

function action(text, act) {
  const button = element("button", "plain", text);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

// Text with its addresses as links; everything else stays text.
function linked(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = element("a", "", match[0]);
    link.href = match[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    parts.push(text.slice(from, match.index), link);
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)];
}

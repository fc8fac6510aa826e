// The page put together.

import { Bubbles, element } from "./bubbles.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Memory, newId } from "./memory.js";

const THINKING_FOR = 9000;
const HOST_ANSWERS_WITHIN = 1500;

const find = (id) => document.getElementById(id);
const words = JSON.parse(find("words").textContent);
const embedded = new URLSearchParams(location.search).has("embed") && window.parent !== window;

class Chat {
  constructor(host) {
    this.host = host;
    this.memory = new Memory({ identified: Boolean(host.identity) });
    this.bubbles = new Bubbles({
      log: find("log"), words, language: document.documentElement.lang,
      on: {
        edit: (line) => this.composer.edit(line),
        remove: (line) => this.change(line, { type: "delete" }),
        retry: () => this.connection.now(),
        discard: (line) => this.discard(line),
        file: (file) => this.save(file),
      },
    });
    this.composer = new Composer({
      form: find("composer"), words, longest: Number(document.body.dataset.longest),
      on: {
        send: (text) => this.say(text),
        save: (line, text) => this.change(line, { type: "edit", text, revision: newId() }),
      },
    });
    this.connection = new Connection({
      memory: this.memory, identity: host.identity, after: () => this.bubbles.lastNumber(),
      on: {
        state: (state) => this.state(state),
        entries: (entries, complete) => this.entries(entries, complete),
        acked: (item) => this.acked(item),
        refused: (item) => this.refused(item),
        delayed: () => this.notice(words.busy),
      },
    });
    this.thinking = null;
    this.caughtUp = false;
  }

  start() {
    for (const item of this.memory.waiting().filter((one) => one.frame.type === "message")) this.bubbles.expect(item);
    find("suggestions").addEventListener("click", (event) => this.choose(event));
    find("quick").addEventListener("click", (event) => this.choose(event));
    find("newer").addEventListener("click", () => this.toEnd(true));
    find("middle").addEventListener("scroll", () => { if (this.atEnd()) find("newer").hidden = true; }, { passive: true });
    this.holdTheEnd();
    this.render(true);
    this.connection.open();
    if (!embedded && matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  // --- the customer acts ---

  say(text) {
    const id = newId();
    const now = new Date();
    const item = { key: id, since: now.getTime(), frame: { type: "message", id, text, sent_at: now.toISOString() } };
    this.memory.keep(item);
    this.bubbles.expect(item);
    this.bubbles.mark(id, { state: this.connection.ready ? "sending" : "waiting" });
    this.render(true);
    this.connection.next();
  }

  // An edit or a deletion shows at once and waits in line like a message.
  change(line, frame) {
    const item = { key: `${newId()}`, since: Date.now(), frame: { ...frame, id: line.client_id } };
    this.memory.keep(item);
    this.bubbles.mark(line.key, frame.type === "edit" ? { text: frame.text, edited: true } : { deleted: true, text: "" });
    this.render(false);
    this.connection.next();
  }

  choose(event) {
    const chip = event.target.closest(".chip");
    if (!chip) return;
    this.say(chip.textContent.trim());
    this.composer.focus();
  }

  discard(line) {
    this.memory.forget(line.key);
    this.bubbles.drop(line.key);
    this.render(false);
    this.composer.focus();
  }

  // The token opens the file and travels in no address, so a plain link would not do.
  async save(file) {
    try {
      const headers = { Authorization: `Bearer ${this.memory.token}` };
      const answer = await fetch(`/chat/files/${encodeURIComponent(file.id)}`, { headers, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const address = URL.createObjectURL(await answer.blob());
      const link = element("a");
      link.href = address;
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
      this.notice("");
    } catch {
      this.notice(words.no_file);
    }
  }

  // --- Heed answers ---

  entries(entries, complete) {
    const stay = this.atEnd();
    const fresh = entries.filter((entry) => this.bubbles.show(this.withWaiting(entry)));
    const heard = fresh.filter((entry) => entry.author !== "you");
    if (heard.length) this.think(false);
    const live = this.caughtUp;
    this.caughtUp ||= complete;
    if (live) this.announce(heard, stay);
    this.render(stay || !live);
  }

  // What the customer has changed and Heed has not yet heard of stands.
  withWaiting(entry) {
    const frames = this.memory.waiting().map((item) => item.frame).filter((frame) => frame.id === entry.client_id);
    const last = frames.filter((frame) => frame.type !== "message").at(-1);
    const state = entry.author === "you" ? "sent" : "";
    if (!last) return { ...entry, state };
    return last.type === "edit" ? { ...entry, state, text: last.text, edited: true } : { ...entry, state, deleted: true };
  }

  acked(item) {
    this.memory.forget(item.key);
    this.notice("");
    if (item.frame.type !== "message") return;
    this.bubbles.mark(item.key, { pending: false, state: "sent" });
    this.think(true);
    this.render(true);
  }

  refused(item) {
    if (item.frame.type === "message") {
      this.memory.keep({ ...item, refused: true });
      this.bubbles.mark(item.key, { state: "failed" });
    } else {
      this.memory.forget(item.key);
    }
    this.render(false);
  }

  state(state) {
    find("status").dataset.state = state;
    find("status").querySelector(".status-text").textContent = state === "offline" ? words.reconnecting : words[state];
    this.notice(state === "offline" ? words.offline : "");
    for (const item of this.memory.waiting().filter((one) => one.frame.type === "message" && !one.refused)) {
      this.bubbles.mark(item.key, { state: state === "online" ? "sending" : "waiting" });
    }
    if (state !== "online") this.think(false);
  }

  // --- what shows ---

  render(toEnd) {
    this.bubbles.arrange();
    find("hello").hidden = this.bubbles.size > 0 || !(this.caughtUp || !this.memory.token);
    this.quickReplies();
    this.onlyLastSaysSent();
    if (toEnd) this.toEnd(false);
  }

  onlyLastSaysSent() {
    const sent = [...this.bubbles.lines.values()].filter((line) => line.state === "sent");
    const newest = this.bubbles.newest();
    for (const line of sent.filter((one) => one !== newest)) this.bubbles.mark(line.key, { state: "" });
  }

  quickReplies() {
    const last = this.bubbles.newest();
    const replies = last && last.author !== "you" ? last.quick_replies : [];
    find("quick").replaceChildren(...replies.map((text) => {
      const chip = element("button", "chip", text);
      chip.type = "button";
      return chip;
    }));
    find("quick").hidden = replies.length === 0;
  }

  announce(heard, atEnd) {
    for (const entry of heard) this.bubbles.lines.get(entry.client_id || entry.message).node.classList.add("arrives");
    if (heard.length && !atEnd) find("newer").hidden = false;
    if (heard.length) this.host.tell("unread", heard.length);
  }

  // For a moment after a message: an answer may be near. Not while a person has the word.
  think(on) {
    clearTimeout(this.thinking);
    const spoken = [...this.bubbles.lines.values()].filter((line) => line.author !== "you");
    const human = spoken.at(-1)?.author === "support";
    find("typing").hidden = !on || human;
    if (on) this.thinking = setTimeout(() => this.think(false), THINKING_FOR);
  }

  notice(text) {
    find("notice").textContent = text;
    find("notice").hidden = !text;
  }

  // The composer grows, keyboards open: whoever reads the end goes on reading it.
  holdTheEnd() {
    let height = find("middle").clientHeight;
    new ResizeObserver(() => {
      const lost = height - find("middle").clientHeight;
      height = find("middle").clientHeight;
      if (this.atEnd(lost)) this.toEnd(false);
    }).observe(find("middle"));
  }

  atEnd(lost = 0) {
    const middle = find("middle");
    return middle.scrollHeight - middle.scrollTop - middle.clientHeight - lost < 80;
  }

  toEnd(smooth) {
    const middle = find("middle");
    middle.scrollTo({ top: middle.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    find("newer").hidden = true;
  }
}

// The page that embeds this one: it may sign who its user is, and opens and closes the window.
class Host {
  constructor() {
    this.identity = null;
    this.origin = null;
  }

  async meet() {
    if (!embedded) return this;
    const allowed = [location.origin, ...document.body.dataset.origins.split(" ").filter(Boolean)];
    const met = new Promise((resolve) => {
      addEventListener("message", (event) => {
        if (event.source !== window.parent || !allowed.includes(event.origin)) return;
        this.hear(event.data, event.origin);
        resolve();
      });
      setTimeout(resolve, HOST_ANSWERS_WITHIN);
    });
    const parent = location.ancestorOrigins?.[0]; // where a browser tells it, the others need not be tried
    for (const origin of parent ? [parent] : allowed) {
      if (allowed.includes(origin)) window.parent.postMessage({ heed: "ready" }, origin);
    }
    find("close").hidden = false;
    find("close").addEventListener("click", () => this.tell("close"));
    addEventListener("keydown", (event) => { if (event.key === "Escape") this.tell("close"); });
    await met;
    return this;
  }

  hear(data, origin) {
    this.origin = origin;
    if (data?.heed === "init" && data.identity) this.identity = data.identity;
    if (data?.heed === "focus") find("text").focus();
  }

  tell(what, value) {
    if (this.origin) window.parent.postMessage({ heed: what, value }, this.origin);
  }
}

const chat = new Chat(await new Host().meet());
chat.start();

// What the page remembers on this device: the visitor's token, and messages until they are acknowledged.
// Each waiting message has its own key, so two tabs never overwrite each other's.

const TOKEN = "heed.token";
const WAITING = "heed.waiting.";

class Fleeting {
  constructor() { this.map = new Map(); }
  getItem(key) { return this.map.has(key) ? this.map.get(key) : null; }
  setItem(key, value) { this.map.set(key, value); }
  removeItem(key) { this.map.delete(key); }
  keys() { return [...this.map.keys()]; }
}

class Lasting {
  getItem(key) { return localStorage.getItem(key); }
  setItem(key, value) {
    try { localStorage.setItem(key, value); } catch { /* full: it lives on in memory for this page's life */ }
  }
  removeItem(key) { localStorage.removeItem(key); }
  keys() { return Object.keys(localStorage); }
}

function lastingIfAllowed() {
  try {
    localStorage.setItem("heed.probe", "1");
    localStorage.removeItem("heed.probe");
    return new Lasting();
  } catch {
    return new Fleeting();
  }
}

export class Memory {
  // What belongs to a user whom the host page signed in must not outlive the page on a shared device.
  constructor({ identified }) {
    this.store = identified ? new Fleeting() : lastingIfAllowed();
    this.items = new Map();
    for (const key of this.store.keys().filter((name) => name.startsWith(WAITING))) {
      try {
        const item = JSON.parse(this.store.getItem(key));
        this.items.set(item.key, item);
      } catch { this.store.removeItem(key); }
    }
  }

  get token() { return this.store.getItem(TOKEN); }
  set token(value) {
    if (value === null) this.store.removeItem(TOKEN);
    else this.store.setItem(TOKEN, value);
  }

  // Oldest first.
  waiting() { return [...this.items.values()].sort((a, b) => a.since - b.since); }

  keep(item) {
    this.items.set(item.key, item);
    this.store.setItem(WAITING + item.key, JSON.stringify(item));
  }

  forget(key) {
    this.items.delete(key);
    this.store.removeItem(WAITING + key);
  }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

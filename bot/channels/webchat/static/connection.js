// The line to Heed: says hello, comes back by itself, and hands in what waits, one after the other in order.
// A message is only forgotten once Heed has acknowledged it; coming back it is sent again under the same id.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20000;
const ACK_WITHIN = 15000;

export class Connection {
  constructor({ memory, identity, after, on }) {
    this.memory = memory;
    this.identity = identity;
    this.after = after; // () => number of the last entry known
    this.on = on; // { state, entries, acked, refused, delayed }
    this.socket = null;
    this.ready = false;
    this.inFlight = null;
    this.failures = 0;
    this.timers = {};
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.on.state("offline"));
    document.addEventListener("visibilitychange", () => this.wake());
  }

  open() {
    this.clear("again");
    if (this.socket) return;
    this.on.state(this.failures ? "reconnecting" : "connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/chat/ws`);
    this.socket = socket;
    socket.onopen = () => this.hello();
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  // Try at once instead of waiting for the next turn.
  now() {
    this.failures = Math.min(this.failures, 1);
    this.open();
    this.next();
  }

  // Hand in what waits.
  next() {
    if (!this.ready || this.inFlight || this.timers.later) return;
    const item = this.memory.waiting().find((one) => !one.refused);
    if (!item) return;
    this.inFlight = item.key;
    this.socket.send(JSON.stringify(item.frame));
    this.timers.ack = setTimeout(() => this.socket && this.socket.close(), ACK_WITHIN);
  }

  hello() {
    const frame = { type: "hello", after: this.after() };
    if (this.memory.token) frame.token = this.memory.token;
    else if (this.identity) frame.identity = this.identity;
    this.socket.send(JSON.stringify(frame));
  }

  receive(frame) {
    if (frame.type === "welcome") this.welcome(frame);
    else if (frame.type === "entries") this.on.entries(frame.entries, frame.complete);
    else if (frame.type === "ack") this.settled(frame.id, (item) => this.on.acked(item, frame.message));
    else if (frame.type === "error") this.trouble(frame);
  }

  welcome(frame) {
    this.memory.token = frame.token;
    this.failures = 0;
    this.ready = true;
    this.on.state("online");
    this.next();
  }

  trouble(frame) {
    if (frame.code === "token") this.memory.token = null;
    if (frame.code === "identity") this.identity = null;
    if (!frame.id && frame.code === "frame") return this.unreadable();
    if (!frame.id) return;
    if (frame.retry_after) this.later(frame.retry_after);
    else if (frame.code === "conflict") this.settled(frame.id, (item) => this.on.acked(item, null));
    else this.settled(frame.id, (item) => this.on.refused(item));
  }

  // Heed could not read what was sent last: it would not a second time either, so the next one may go.
  unreadable() {
    const item = this.memory.waiting().find((one) => one.key === this.inFlight);
    if (item) this.settled(item.frame.id, (refused) => this.on.refused(refused));
  }

  settled(id, tell) {
    const item = this.memory.waiting().find((one) => one.key === this.inFlight);
    if (!item || item.frame.id !== id) return;
    this.clear("ack");
    this.inFlight = null;
    tell(item);
    this.next();
  }

  later(seconds) {
    this.clear("ack");
    this.inFlight = null;
    this.on.delayed();
    this.clear("later");
    this.timers.later = setTimeout(() => { this.timers.later = null; this.next(); }, seconds * 1000 + 200);
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.ready = false;
    this.inFlight = null;
    this.clear("ack");
    this.failures += 1;
    this.on.state(navigator.onLine === false ? "offline" : "reconnecting");
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1));
    this.timers.again = setTimeout(() => this.open(), pause * (0.6 + Math.random() * 0.8));
  }

  // A page that slept may hold a dead line, or have missed something on another one.
  wake() {
    if (document.visibilityState !== "visible") return;
    if (!this.ready) this.now();
    else this.socket.send(JSON.stringify({ type: "catch_up", after: this.after() }));
  }

  clear(name) {
    clearTimeout(this.timers[name]);
    this.timers[name] = null;
  }
}

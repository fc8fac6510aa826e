// Notices to whom they concern: one line for each kind, grouped; a tone and a desktop notification only for whoever
// looks elsewhere, both off until somebody switches them on.
import { me } from "./api.js";
import { $, h, setText } from "./dom.js";
import { table } from "./table.js";

const KINDS = {
  escalated: { rank: 0, one: (name) => `${name} needs a human`, many: (count) => `${count} need a human` },
  warn: { rank: 1, one: (name) => `${name}: the target is near`, many: (count) => `The target is near for ${count}` },
  claim_ending: { rank: 2, one: (name) => `Your claim on ${name} ends soon`, many: (count) => `${count} of your claims end soon` },
  asked_for: { rank: 3, one: (name, alert) => `${alert.agent} asks for ${name}`, many: (count) => `${count} of your conversations are asked for` },
  taken_over: { rank: 4, one: (name, alert) => `${alert.agent} has taken over ${name}`, many: (count) => `${count} of yours were taken over` },
  breach: { rank: 5, one: (name) => `${name}: target missed`, many: (count) => `Target missed for ${count}` },
};
const TONES = { escalated: [660, 880], warn: [740, 740], claim_ending: [740, 740], asked_for: [880, 660], taken_over: [660, 520], breach: [520, 390] };
const STAYS = 12000, NAMED = 3;
const toasts = new Map();
let audio = null, loud = false, notices = false, unseen = 0, open = () => {}, retitle = () => {};

export const unseenNotices = () => unseen;
export const looking = () => !document.hidden && document.hasFocus();

function beep(kind) {
  if (!loud || !audio) return;
  TONES[kind].forEach((pitch, index) => {
    const at = audio.currentTime + index * 0.16;
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.16);
  });
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".onoff").textContent = on ? "on" : "off";
}

export function setUpAlerts(go, onUnseen) {
  open = go;
  retitle = onUnseen;
  $("sound").addEventListener("click", () => {
    audio ??= new AudioContext();
    loud = !loud;
    press($("sound"), loud);
    if (loud) beep("escalated");
  });
  $("notify").hidden = !("Notification" in window);
  $("notify").addEventListener("click", async () => {
    notices = !notices && (await Notification.requestPermission()) === "granted";
    press($("notify"), notices);
  });
  window.addEventListener("focus", () => { unseen = 0; retitle(); });
}

// What somebody holds is theirs; what nobody holds concerns its team, and everybody where it has none.
function concerns(alert, row) {
  if (alert.kind === "claim_ending") return alert.agent === me;
  if (alert.kind === "asked_for") return alert.holder === me;
  if (alert.kind === "taken_over") return alert.from === me;
  if (row?.holder && row.state === "claimed") return row.holder === me;
  const team = alert.team ?? row?.team;
  return !team || !table.me.team || team === table.me.team;
}

const words = (kind, entries) => (entries.length > 1 ? KINDS[kind].many(entries.length) : KINDS[kind].one(entries[0].name, entries[0].alert));

function toast(kind, fresh) {
  const known = toasts.get(kind), entries = new Map([...(known?.entries ?? []), ...fresh.map((one) => [one.alert.conversation, one])]);
  const all = [...entries.values()], names = all.slice(-NAMED).map((one) => one.name).join(", ");
  const box = known?.box ?? h("div", { className: "toast", data: { kind } }, h("button", { type: "button", className: "toast-open" }, h("b"), h("span")), h("button", { type: "button", className: "quiet toast-close", ariaLabel: "Dismiss" }, "×"));
  const drop = () => { clearTimeout(toasts.get(kind)?.timer); toasts.delete(kind); box.remove(); };
  setText(box.querySelector("b"), words(kind, all));
  setText(box.querySelector("span"), all.length > 1 ? `${names}${all.length > NAMED ? ` and ${all.length - NAMED} more` : ""}` : "");
  box.querySelector(".toast-open").onclick = () => { drop(); open(all.at(-1).alert.conversation); };
  box.querySelector(".toast-close").onclick = drop;
  clearTimeout(known?.timer);
  const timer = setTimeout(() => { if (box.matches(":hover, :focus-within")) toast(kind, []); else drop(); }, STAYS);
  toasts.set(kind, { box, entries, timer });
  if (!box.isConnected) $("toasts").append(box);
}

// One tone for all that came together, the gravest; a notification for each kind.
export async function alertTo(alerts, find) {
  const found = await Promise.all(alerts.filter((alert) => alert.kind in KINDS).map(async (alert, index) => {
    const row = await find(alert.conversation, index);
    return { alert, row, name: row?.customer || "A customer" };
  }));
  const mine = found.filter(({ alert, row }) => concerns(alert, row));
  if (!mine.length) return;
  const kinds = [...new Set(mine.map((one) => one.alert.kind))].sort((a, b) => KINDS[b].rank - KINDS[a].rank);
  for (const kind of kinds) toast(kind, mine.filter((one) => one.alert.kind === kind));
  $("announce").textContent = kinds.map((kind) => words(kind, mine.filter((one) => one.alert.kind === kind))).join(". ");
  if (looking()) return;
  unseen += mine.length;
  retitle();
  beep(kinds[0]);
  if (!notices) return;
  for (const kind of kinds) {
    const about = mine.filter((one) => one.alert.kind === kind);
    const notice = new Notification(words(kind, about), { tag: `heed-${kind}` });
    notice.onclick = () => { window.focus(); open(about.at(-1).alert.conversation); };
  }
}

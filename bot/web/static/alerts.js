// A short tone and a desktop notification, both off until somebody switches them on.
import { $ } from "./dom.js";

const TEXT = {
  escalated: (name) => `${name} needs a human`,
  warn: (name) => `${name}: the target is near`,
  breach: (name) => `${name}: target missed`,
};
const RANK = { escalated: 0, warn: 1, breach: 2 };
const TONES = { escalated: [660, 880], warn: [740, 740], breach: [520, 390] };
let audio = null, loud = false, notices = false;

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

function show(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".onoff").textContent = on ? "on" : "off";
}

export function setUpAlerts() {
  $("sound").addEventListener("click", () => {
    audio ??= new AudioContext();
    loud = !loud;
    show($("sound"), loud);
    if (loud) beep("escalated");
  });
  $("notify").hidden = !("Notification" in window);
  $("notify").addEventListener("click", async () => {
    notices = !notices && (await Notification.requestPermission()) === "granted";
    show($("notify"), notices);
  });
}

// One tone for all that came together, the gravest; a notification for each, up to three.
export function alertTo(alerts, nameOf, open) {
  if (!alerts.length) return;
  const gravest = alerts.reduce((most, one) => (RANK[one.kind] > RANK[most.kind] ? one : most));
  beep(gravest.kind);
  $("announce").textContent = alerts.slice(0, 3).map((one) => TEXT[one.kind](nameOf(one.conversation))).join(". ");
  if (!notices || !document.hidden) return;
  for (const one of alerts.slice(0, 3)) {
    const notice = new Notification(TEXT[one.kind](nameOf(one.conversation)), { tag: one.conversation });
    notice.onclick = () => { window.focus(); open(one.conversation); };
  }
}

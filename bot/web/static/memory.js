// What one agent's browser remembers: drafts for this tab, and how far each conversation has been read.
import { newRequest } from "./table.js";

const READ = "heed.read", MOST = 500;

const attempt = (work, otherwise) => { try { return work(); } catch { return otherwise; } };

export const draft = {
  load: (kind, id) => attempt(() => sessionStorage.getItem(`heed.${kind}.${id}`) ?? "", ""),
  save: (kind, id, text) => attempt(() => {
    if (text) sessionStorage.setItem(`heed.${kind}.${id}`, text);
    else for (const part of ["", "request.", "begun."]) sessionStorage.removeItem(`heed.${part}${kind}.${id}`);
  }),
  // How many of the customer's messages had come when this text was begun; without one, ``received`` are there now.
  begun: (kind, id, received) => attempt(() => Number(sessionStorage.getItem(`heed.begun.${kind}.${id}`) ?? received), received),
  begin: (kind, id, received) => attempt(() => sessionStorage.setItem(`heed.begun.${kind}.${id}`, String(received))),
  // The key of sending this very text: the same after a lost line or a reload, another one for another text.
  request: (kind, id, text) => attempt(() => {
    const place = `heed.request.${kind}.${id}`, known = JSON.parse(sessionStorage.getItem(place) ?? "null");
    if (known?.text === text) return known.key;
    const key = newRequest();
    sessionStorage.setItem(place, JSON.stringify({ text, key }));
    return key;
  }, newRequest()),
};

let known = attempt(() => new Map(JSON.parse(localStorage.getItem(READ) ?? "[]")), new Map());

export const isUnread = (row) => row.received > (known.get(row.id) ?? 0) && row.state !== "resolved";

export function markRead(id, received) {
  if (known.get(id) === received) return;
  known.delete(id);
  known.set(id, received);
  known = new Map([...known].slice(-MOST));
  attempt(() => localStorage.setItem(READ, JSON.stringify([...known])));
}

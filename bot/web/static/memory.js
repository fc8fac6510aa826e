// What one agent's browser remembers: drafts for this tab, and how far each conversation has been read.
const READ = "heed.read", MOST = 500;

const attempt = (work, otherwise) => { try { return work(); } catch { return otherwise; } };

export const draft = {
  load: (kind, id) => attempt(() => sessionStorage.getItem(`heed.${kind}.${id}`) ?? "", ""),
  save: (kind, id, text) => attempt(() => {
    if (text) sessionStorage.setItem(`heed.${kind}.${id}`, text);
    else sessionStorage.removeItem(`heed.${kind}.${id}`);
  }),
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

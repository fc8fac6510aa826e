"""What must hold at the end of a day, read from the store and the two local platforms: nothing of Heed's own code.

Each entry of a conversation has a mark at the end of its first line in the thread: ``m3`` for what the customer
said, ``m3e1`` for what stood there before an edit, ``m3d`` for its deletion, ``s4-0`` for a text to the customer,
``n1`` for a note, ``e12`` for an event. A note that was typed in the thread stands there for itself.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from tests.faults.reader import faults
from tests.platforms.desks import IDS, PRESS, SUPPORT, Desks

#: Kinds of the log that staff read in a thread; all else is told by the card, or by the messages themselves.
TOLD = frozenset(
    {
        "escalated",
        "claimed",
        "claim_ending",
        "asked_for",
        "taken_over",
        "released",
        "revised",
        "snoozed",
        "asked",
        "transferred",
        "handed_back",
        "blocked",
        "unblocked",
        "resolved",
        "label_corrected",
        "reopened",
        "warn",
        "breach",
        "send_failed",
        "send_overdue",
    }
)
#: What another line says already.
IMPLIED = frozenset({("released", "transfer"), ("released", "take_over")})
FORUMS = {"support": SUPPORT, "press": PRESS}

_MARK = re.compile(r" · ([mne][0-9]+(?:e[0-9]+|d)?|s[0-9]+-[0-9]+)$")
_LEFT_OUT = re.compile(r"^-# (One|[0-9]+) older entr")
_HELD = re.compile(r"✋ Held by \*\*(\w+)\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation as the store has it."""

    id: str
    state: str
    team: str
    holder: str | None
    marks: Mapping[str, int]  # each with when it happened
    notes: tuple[str, ...]
    escalated: bool


def found_wrong(desks: Desks) -> list[str]:
    """Return every fault, once all work is done and Heed has ended."""
    with closing(sqlite3.connect(desks.store)) as db:
        sent = {action: "" for (action,) in db.execute("SELECT action FROM outbox WHERE state = 'sent'")}
        rows = [_row(db, *each) for each in db.execute("SELECT id, state, team, holder FROM conversations")]
        return [
            *faults(desks.store, {}, sent, ended_at=0),
            *_handled(db, desks),
            *_texts(db, desks),
            *_notes(db, desks),
            *(fault for row in rows for fault in _threads(desks, row)),
        ]


# --- messages and texts -----------------------------------------------------------------------------------------


def _handled(db: sqlite3.Connection, desks: Desks) -> Iterator[str]:
    """Every customer's message was handled exactly once, and no visitor was turned away."""
    query = (
        "SELECT count(*) FROM log l JOIN messages m ON m.id = json_extract(CAST(l.fields AS TEXT), '$.message') "
        "WHERE l.kind = 'message_received' AND (m.external_id = ?1 OR m.external_id LIKE '%:' || ?1)"
    )
    said = {each.id: each.text for each in desks.telegram.said}
    for visitor in desks.visitors.values():
        said |= visitor.said
        yield from visitor.refused
    for id_, text in said.items():
        ((times,),) = db.execute(query, (id_,))
        if times != 1:
            yield f"{id_} {text!r} was handled {times} times"


def _texts(db: sqlite3.Connection, desks: Desks) -> Iterator[str]:
    """Each text that counts as sent arrived once at its customer, and nothing else did; Telegram takes no key."""
    ever = Counter((str(sent.chat), sent.text) for sent in desks.telegram.server.sent)
    told, doubtful = Counter[tuple[str, str]](), set[tuple[str, str]]()
    query = (
        "SELECT c.channel, c.external_id, b.text, o.state FROM outbox o JOIN messages m ON m.id = o.message "
        "JOIN customers c ON c.id = m.customer JOIN bodies b ON b.message = m.id AND b.revision = 0 "
        "WHERE o.revises IS NULL AND o.state IN ('sent', 'unknown')"
    )
    for channel, who, text, state in db.execute(query):
        if channel == "telegram":
            told[who, text] += 1
            if state == "unknown":  # of this a human has been told
                doubtful.add((who, text))
            elif not ever[who, text]:
                yield f"{text!r} counts as sent to {who} and never arrived"
    yield from (
        f"{who} got {text!r} {count} times" for (who, text), count in ever.items() if count > told[who, text]
    )
    for who, text in desks.sent:
        times = ever[str(who), text] if isinstance(who, int) else _lines(desks, who, text)
        if times != 1 and not (times == 0 and (str(who), text) in doubtful):
            yield f"the reply {text!r} reached {who} {times} times"


def _lines(desks: Desks, visitor: str, text: str) -> int:
    return sum(text in texts for texts in desks.visitors[visitor].ever.values())


def _notes(db: sqlite3.Connection, desks: Desks) -> Iterator[str]:
    """No internal remark is anywhere outside, and each that was typed in a thread is kept once."""
    outside = [sent.text for sent in desks.telegram.server.sent]
    for visitor in desks.visitors.values():
        outside += [text for texts in visitor.ever.values() for text in texts]
    notes = [text for (text,) in db.execute("SELECT text FROM note_bodies")]
    yield from (f"the note {note!r} got out" for note in notes for text in outside if note in text)
    yield from (f"the note {note!r} is kept {count} times" for note, count in Counter(notes).items() if count != 1)
    yield from (f"the note {note!r} is lost" for note in desks.typed if note not in notes)


# --- threads ----------------------------------------------------------------------------------------------------


def _row(db: sqlite3.Connection, id_: str, state: str, team: str, holder: str | None) -> Row:
    marks: dict[str, int] = {}
    for number, message, author, at, revisions, deleted in db.execute(
        "SELECT number, id, author, at, revision, deleted_at IS NOT NULL FROM messages WHERE conversation = ?",
        (id_,),
    ):
        if author != "customer":
            marks["s" + message.partition("-")[2]] = at
            continue
        marks[f"m{number}"] = at
        marks |= {f"m{number}e{each}": at for each in range(1, revisions + 1)}
        marks |= {f"m{number}d": at} if deleted else {}
    query = "SELECT at, text FROM notes JOIN note_bodies ON note = id WHERE conversation = ? ORDER BY number"
    notes = db.execute(query, (id_,)).fetchall()
    marks |= {f"n{number}": at for number, (at, _) in enumerate(notes, 1)}
    log = db.execute(
        "SELECT seq, kind, at, json_extract(CAST(fields AS TEXT), '$.by') FROM log WHERE conversation = ?", (id_,)
    ).fetchall()
    marks |= {f"e{seq}": at for seq, kind, at, by in log if kind in TOLD and (kind, by) not in IMPLIED}
    escalated = any(kind == "escalated" for _, kind, _, _ in log)
    return Row(
        id=id_,
        state=state,
        team=team,
        holder=holder,
        marks=marks,
        notes=tuple(text for _, text in notes),
        escalated=escalated,
    )


def _threads(desks: Desks, row: Row) -> Iterator[str]:
    """What was escalated stands in one thread, where its team works, each entry once and in its order."""
    found = [
        (forum, thread["id"])
        for forum in FORUMS.values()
        for thread in desks.discord.threads_in(forum)
        if desks.is_of(thread["id"], row.id)
    ]
    if not row.escalated:
        yield from (f"{row.id} needed nobody and has a thread" for _ in found)
        return
    if len(found) != 1:
        yield f"{row.id} ({row.state}, {row.team}) has {len(found)} threads"
        return
    forum, thread = found[0]
    if row.state != "resolved" and forum != FORUMS[row.team]:
        yield f"{row.id} of {row.team} stands in {forum}"
    texts, marks = desks.texts(thread), list(_marks(desks, row, thread))
    found_there = (*_entries(row, marks, texts), *_order(row, texts), *_card(row, texts))
    yield from (f"{row.id}: {fault}" for fault in found_there)
    archived = desks.discord.world.channels[thread]["thread_metadata"]["archived"]
    if archived != (row.state == "resolved"):
        yield f"{row.id} is {row.state} and its thread is {'closed' if archived else 'open'}"


def _entries(row: Row, marks: list[str], texts: list[str]) -> Iterator[str]:
    shown = Counter(marks)
    yield from (f"{mark} stands there {count} times" for mark, count in shown.items() if count != 1)
    yield from (f"{mark} stands there and is nothing" for mark in shown.keys() - set(row.marks))
    missing = [mark for mark in row.marks if mark not in shown]
    counts = [match[1] for text in texts if (match := _LEFT_OUT.match(text))]
    left_out = sum(1 if each == "One" else int(each) for each in counts)
    if len(missing) > left_out:  # a thread that the conversation came back to holds more than it says
        yield f"{missing} are missing, and {left_out} are said to be left out"


def _order(row: Row, texts: list[str]) -> Iterator[str]:
    """Nothing stands behind what both happened and came in after it. Texts to customers show once they leave."""
    marks = [mark for text in texts if (mark := _mark(text)) in row.marks]
    for kind in "mne":
        shown = [each for each in marks if re.fullmatch(kind + "[0-9]+", each)]
        for place, mark in enumerate(shown):
            for later in shown[place + 1 :]:
                if int(later[1:]) < int(mark[1:]) and row.marks[later] < row.marks[mark]:
                    yield f"{later} stands behind {mark}"


def _marks(desks: Desks, row: Row, thread: str) -> Iterator[str]:
    """Yield the marks of all that stands in a thread, from the top."""
    for message in desks.discord.messages_in(thread):
        if message["author"]["id"] in IDS.values():
            yield from (f"n{number}" for number, note in enumerate(row.notes, 1) if note == message["content"])
        elif found := _mark(message["content"]):
            yield found


def _mark(text: str) -> str:
    found = _MARK.search(text.split("\n", maxsplit=1)[0])
    return found[1] if found else ""


def _card(row: Row, texts: list[str]) -> Iterator[str]:
    """The card stands there once, on top or where it was put again, and names whoever holds the conversation."""
    cards = [text for text in texts if f"-# heed {row.id}" in text.splitlines()]
    if len(cards) != 1:
        yield f"{len(cards)} cards stand there"
    held = _HELD.search(cards[0])
    if (held[1] if held else None) != (row.holder if row.state == "claimed" else None):
        yield f"held by {row.holder} ({row.state}), and the card says {held[1] if held else 'nobody'}"

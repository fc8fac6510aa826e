"""Rows in and out of the read database: one place that knows which column holds what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any, TypeVar

from bot.domain.log import LogKind, LogRecord
from bot.reports.batch import AUTOMATIC, Batch
from bot.reports.business import Calendars
from bot.reports.cases import Case, of_teams, part_of
from bot.reports.fold import Fold
from bot.reports.rollups import save_cells
from bot.reports.rows import ClockRow, ConversationRow, Happening, MessageRow, Notice, Stop

R = TypeVar("R")

#: Lists of pairs, written as JSON; an empty one as an empty text.
_LISTS = ("spans", "handovers", "states")
_FLAGS = frozenset({"breached", "checked", "rejected", "relabelled"})
_SEES = frozenset({LogKind.CLAIMED.value, LogKind.REPLIED.value})


def _names(row: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row))


_CLOCK, _MESSAGE, _CONVERSATION = _names(ClockRow), _names(MessageRow), _names(ConversationRow)
_HAPPENING, _NOTICE, _STOP = _names(Happening), _names(Notice), _names(Stop)
_PART = tuple(n for n in _names(Case) if n != "part")
_LIST_PLACES = tuple(_CLOCK.index(name) for name in _LISTS)


def _insert(table: str, names: Sequence[str], *, instead: str = "INSERT") -> str:
    places = ",".join("?" * len(names))
    return f"{instead} INTO {table} ({', '.join(names)}) VALUES ({places})"


def _select(table: str, names: Sequence[str], where: str) -> str:
    return f"SELECT {', '.join(names)} FROM {table} WHERE {where}"  # noqa: S608 — names from the rows' classes


_OF = "conversation IN (SELECT value FROM json_each(?))"
_LOAD_CLOCKS = _select("clocks", _CLOCK, _OF)
_LOAD_CONVERSATIONS = _select("conversations", _CONVERSATION, _OF)
_LOAD_NAMED = _select(
    "json_each(?) AS asked CROSS JOIN messages AS m",
    [f"m.{name}" for name in _MESSAGE],
    "m.conversation = json_extract(asked.value, '$[0]') AND m.message = json_extract(asked.value, '$[1]')",
)
_AUTOMATIC = ", ".join(f"'{decision}'" for decision in sorted(AUTOMATIC))
_LOAD_UNSEEN = _select("messages", _MESSAGE, f"{_OF} AND NOT checked AND decision IN ({_AUTOMATIC})")

_CHANGED = [name for name in (*_CLOCK, "part", "owner") if name not in {"conversation", "metric", "instance"}]
_SAVE_CLOCK = (
    _insert("clocks", (*_CLOCK, "part", "owner"))
    + " ON CONFLICT (conversation, metric, instance) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _CHANGED)
)
_THIS = "WHERE conversation = ? AND metric = ? AND instance = ?"
_DROP_CLOCK = f"DELETE FROM clocks {_THIS}"  # noqa: S608 — the constant above
_DROP_PARTS = f"DELETE FROM parts {_THIS}"  # noqa: S608 — the constant above
_SAVE_PART = _insert("parts", ("conversation", "metric", "instance", *_PART))
_SAVE_MESSAGE = _insert("messages", _MESSAGE, instead="INSERT OR REPLACE")
_SAVE_CONVERSATION = _insert("conversations", _CONVERSATION, instead="INSERT OR REPLACE")
_SAVE_HAPPENING, _SAVE_NOTICE = _insert("happenings", _HAPPENING), _insert("notices", _NOTICE)
_SAVE_STOP = _insert("stops", _STOP)
_MARK_NEW = """
UPDATE notices SET after_downtime = 1 WHERE seq >= ? AND EXISTS (
  SELECT 1 FROM stops AS s
  WHERE s.until > noticed - lateness AND s.since <= noticed - lateness AND s.after <= noticed)
"""
_MARK_EARLIER = """
UPDATE notices SET after_downtime = 1
WHERE noticed >= :after AND noticed - lateness >= :since AND noticed - lateness < :until
"""
_COUNTED = ("received", "silent", "greeted", "answered", "recorded", "escalated", "automatic", "checked", "wrong")
_SAVE_VOLUME = (
    _insert("volumes", ("begins", "hour", "channel", "label", "team", *_COUNTED))
    + " ON CONFLICT (begins, hour, channel, label, team) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTED)
)

_clock_values: Callable[[ClockRow], tuple[Any, ...]] = attrgetter(*_CLOCK)
_message_values: Callable[[MessageRow], tuple[Any, ...]] = attrgetter(*_MESSAGE)
_conversation_values: Callable[[ConversationRow], tuple[Any, ...]] = attrgetter(*_CONVERSATION)
_happening_values: Callable[[Happening], tuple[Any, ...]] = attrgetter(*_HAPPENING)
_notice_values: Callable[[Notice], tuple[Any, ...]] = attrgetter(*_NOTICE)
_stop_values: Callable[[Stop], tuple[Any, ...]] = attrgetter(*_STOP)
_part_values: Callable[[Case], tuple[Any, ...]] = attrgetter(*_PART)


# --- reading


def fold(connection: sqlite3.Connection, records: Sequence[LogRecord], calendars: Calendars, default: str) -> Fold:
    """Return what these records change. ``default``: the brand's calendar so far."""
    names = json.dumps(list({record.conversation for record in records}))
    conversations = list(_rows(ConversationRow, connection.execute(_LOAD_CONVERSATIONS, (names,))))
    batch = Fold(
        calendars=calendars,
        calendar=default,
        clocks=map(_clock, connection.execute(_LOAD_CLOCKS, (names,))),
        messages=_messages(connection, records, conversations),
        conversations=conversations,
    )
    for record in records:
        batch.apply(record)
    batch.finish()
    return batch


def _messages(
    connection: sqlite3.Connection, records: Sequence[LogRecord], conversations: Sequence[ConversationRow]
) -> Iterator[MessageRow]:
    """Yield the messages that may change: those named, each conversation's latest, and what an agent now sees."""
    named: set[tuple[str, object]] = {(record.conversation, record.fields.get("message")) for record in records}
    named |= {(row.conversation, message) for row in conversations for message in (row.asked, row.answered)}
    asked = json.dumps([pair for pair in named if pair[1]])
    yield from _rows(MessageRow, connection.execute(_LOAD_NAMED, (asked,)))
    seen = json.dumps(list({record.conversation for record in records if record.kind in _SEES}))
    yield from _rows(MessageRow, connection.execute(_LOAD_UNSEEN, (seen,)))


def _rows(kind: type[R], found: Iterable[Sequence[Any]]) -> Iterator[R]:
    names = _names(kind)
    flags = [place for place, name in enumerate(names) if name in _FLAGS]
    for stored in found:
        values = list(stored)
        for place in flags:
            values[place] = bool(values[place])
        yield kind(**dict(zip(names, values, strict=True)))


def _clock(stored: Sequence[Any]) -> ClockRow:
    values = list(stored)
    for place in _LIST_PLACES:
        values[place] = [tuple(pair) for pair in json.loads(values[place])] if values[place] else []
    row = ClockRow(**dict(zip(_CLOCK, values, strict=True)))
    row.breached = bool(row.breached)
    return row


# --- writing


def save(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write what a batch changed."""
    _save_clocks(connection, batch)
    save_cells(connection, batch.cells)
    messages = (batch.message(*key) for key in sorted(batch.changed_messages))
    connection.executemany(_SAVE_MESSAGE, map(_message_values, messages))
    changes = ((*key, *counts) for key, counts in batch.volumes.items() if any(counts))
    connection.executemany(_SAVE_VOLUME, changes)
    conversations = (batch.conversations[name] for name in sorted(batch.changed_conversations))
    connection.executemany(_SAVE_CONVERSATION, map(_conversation_values, conversations))
    connection.executemany(_SAVE_HAPPENING, map(_happening_values, batch.happenings))
    _save_notices(connection, batch)
    connection.executemany("INSERT OR REPLACE INTO calendars VALUES (?, ?)", batch.kept.items())


def _save_notices(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write notices and stops, and mark what a stop held up, whichever of the two the log has first."""
    connection.executemany(_SAVE_NOTICE, map(_notice_values, batch.notices))
    connection.executemany(_SAVE_STOP, map(_stop_values, batch.stops))
    if batch.notices:
        connection.execute(_MARK_NEW, (batch.notices[0].seq,))
    connection.executemany(_MARK_EARLIER, [asdict(stop) for stop in batch.stops])


def _save_clocks(connection: sqlite3.Connection, batch: Batch) -> None:
    written, dropped = batch.written(), batch.dropped()
    connection.executemany(_SAVE_CLOCK, map(_clock_columns, written))
    divided = [row for row in written if row.handovers]
    connection.executemany(_DROP_CLOCK, dropped)
    connection.executemany(_DROP_PARTS, (*dropped, *((r.conversation, r.metric, r.instance) for r in divided)))
    connection.executemany(
        _SAVE_PART,
        (
            (row.conversation, row.metric, row.instance, *_part_values(case))
            for row in divided
            for case in of_teams(row, batch.calendars)
        ),
    )


def _clock_columns(row: ClockRow) -> tuple[Any, ...]:
    values = list(_clock_values(row))
    for place in _LIST_PLACES:
        values[place] = json.dumps(values[place], separators=(",", ":")) if values[place] else ""
    return (*values, int(part_of(row)), row.owner)

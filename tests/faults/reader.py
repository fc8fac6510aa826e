"""An independent reader of the store: SQL and JSON alone, nothing of Heed's own code.

It says what is wrong with a store in which all work should be done.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

REPLY_CLOCKS = {"first_reply_time", "next_reply_time"}


@dataclass(frozen=True)
class Entry:
    """One record of the event log; times in microseconds since 1970."""

    conversation: str
    kind: str
    at: int
    recorded_at: int
    fields: Mapping[str, Any]


def waiting(path: Path) -> int:
    """Return how much work lies in the store: in its inbox, and on its way out."""
    with closing(sqlite3.connect(path)) as db:
        inbox = db.execute("SELECT count(*) FROM inbox").fetchone()[0]
        outbox = db.execute("SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')").fetchone()[0]
    return int(inbox + outbox)


def faults(
    path: Path, accepted: Mapping[str, Sequence[str]], fetched: Mapping[str, str], *, ended_at: int
) -> Iterator[str]:
    """Return every fault found. ``ended_at``: deadlines up to this instant must have been noticed."""
    with closing(sqlite3.connect(path)) as db:
        log = [
            Entry(conversation, kind, at, recorded_at, json.loads(fields))
            for conversation, kind, at, recorded_at, fields in db.execute(
                "SELECT conversation, kind, at, recorded_at, fields FROM log ORDER BY seq"
            )
        ]
        yield from _left_over(db)
        yield from _messages(db, log, accepted)
        yield from _sends(db, log, fetched)
    yield from _deadlines(log, ended_at)


def _left_over(db: sqlite3.Connection) -> Iterator[str]:
    for table in ("inbox", "dead_letters"):
        count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        if count:
            yield f"{count} rows are left in {table}"


def _messages(
    db: sqlite3.Connection, log: Sequence[Entry], accepted: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Every accepted message was handled once, in the order in which it was accepted."""
    ids = dict(db.execute("SELECT id, external_id FROM messages WHERE author = 'customer'"))
    handled: defaultdict[str, list[str]] = defaultdict(list)
    for entry in log:
        if entry.kind == "message_received":
            external = ids[entry.fields["message"]]
            handled[external.rsplit("-", 1)[0]].append(external)
    for conversation, messages in accepted.items():
        known = set(messages)
        found = [message for message in handled[conversation] if message in known]
        if found != list(messages):
            twice = [message for message, count in Counter(found).items() if count > 1]
            lost = [message for message in messages if message not in set(found)]
            yield f"{conversation}: lost {lost}, twice {twice}, or out of order"


def _sends(db: sqlite3.Connection, log: Sequence[Entry], fetched: Mapping[str, str]) -> Iterator[str]:
    """Every text has one end; what was handed out is what counts as sent."""
    states = dict(db.execute("SELECT action, state FROM outbox"))
    queued = Counter(entry.fields["action"] for entry in log if entry.kind == "send_queued")
    ended = Counter(e.fields["action"] for e in log if e.kind in {"send_confirmed", "send_failed"})
    for action, state in states.items():
        if state in {"new", "sending"}:
            yield f"{action} is still {state}"
        elif ended[action] != 1:
            yield f"{action} is {state} and has {ended[action]} ends in the log"
    yield from (f"{action} was queued {count} times" for action, count in queued.items() if count != 1)
    sent = {action for action, state in states.items() if state == "sent"}
    if lost := sent - set(fetched):
        yield f"counted as sent but never handed out: {sorted(lost)}"
    if early := set(fetched) - sent:
        yield f"handed out but not counted as sent: {sorted(early)}"


def _deadlines(log: Sequence[Entry], ended_at: int) -> Iterator[str]:
    """Each target that passed while its clock ran has one breach, and no other has any."""
    clocks: defaultdict[tuple[str, str, int], list[Entry]] = defaultdict(list)
    for entry in log:
        if entry.fields.get("metric") in REPLY_CLOCKS:
            clocks[entry.conversation, entry.fields["metric"], entry.fields["instance"]].append(entry)
    for name, entries in clocks.items():
        breaches = sum(entry.kind == "breach" for entry in entries)
        if breaches > 1:
            yield f"{name} was breached {breaches} times"
        if not breaches and _passed(entries, ended_at):
            yield f"{name} passed its target unnoticed"


def _passed(entries: Sequence[Entry], ended_at: int) -> bool:
    """Tell whether a clock reached its target while it ran, from its own entries alone."""
    target: float | None = None
    elapsed, since = 0, None
    for entry in entries:
        at = entry.at
        match entry.kind:
            case "activate":
                since = at
            case "apply_sla":
                target = entry.fields["target"] * 1_000_000
            case "resume":
                since = _micros(entry.fields["since"])
            case "suspend" | "pause":
                elapsed, since = elapsed + max(at - (since or at), 0), None
            case "fulfill" | "cancel":
                return target is not None and since is not None and elapsed + (at - since) > target
    if target is None or since is None:
        return False
    return elapsed + (ended_at - since) > target


def _micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)

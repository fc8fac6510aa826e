"""Cases of a period by group and metric: from cells where there are any, else one by one, and what is open now."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.figures import Counting
from bot.reports.asked import Asked, Stretch, named
from bot.reports.business import Calendars
from bot.reports.cases import BY_TEAM, NOT_BY_TEAM
from bot.reports.rollups import COUNTS
from bot.reports.rows import ClockState

Durations: TypeAlias = npt.NDArray[np.int64]

#: Open clocks that do not count now: they are cases, censored at the value that they keep.
_STANDING = frozenset({ClockState.PAUSED.value, ClockState.SUSPENDED.value})

#: What each count of a cell is of a single case.
_HOLDS = {
    "ended": "state = 'ended'",
    "by_resolution": "state = 'by_resolution'",
    "cancelled": "state = 'cancelled'",
    "by_bot": "state = 'ended' AND ended_by = 'bot'",
    "by_human": "state = 'ended' AND ended_by <> 'bot'",
    "abandoned": "state = 'by_resolution' OR (state = 'cancelled' AND ended_by <> 'merge')",
    "warned": "warned",
    "breached": "breached",
    "met": "whole_state = 'ended' AND judged AND NOT breached",
    "missed": "whole_state = 'ended' AND judged AND breached",
}

_ONE = """
SELECT {group} AS value, metric, state, {whole_state} AS whole_state, ended_by, clocks.calendar,
  {held}.elapsed, {held}.wall, {held}.running_since, {warned} AS warned, {held}.breached, {judged} AS judged
FROM {tables} WHERE {where}
"""
_OPEN = """
SELECT value, metric, state, calendar, warned, breached, judged, count(*), group_concat(wall),
  group_concat(elapsed), group_concat(coalesce(running_since, :now))
FROM ({cases}) GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(slots=True)
class Tally:
    """The cases of one metric in one group. ``late`` and ``undecided`` are open ones that have a target."""

    counts: Counter[str] = field(default_factory=Counter)
    running: int = 0
    standing: int = 0
    late: int = 0
    undecided: int = 0
    ended: list[tuple[Durations, Durations]] = field(default_factory=list)
    open: list[tuple[Durations, Durations]] = field(default_factory=list)


Tallies = dict[tuple[str, str], Tally]


def tally(connection: sqlite3.Connection, calendars: Calendars, asked: Asked) -> Tallies:
    """Return the cases of a period, by group and metric."""
    found: Tallies = {}
    for stretch in asked.stretches():
        if stretch.length:
            _from_cells(connection, asked, stretch, found)
        else:
            _one_by_one(connection, asked, stretch, found)
    if asked.counting is Counting.STARTED:
        _still_open(connection, calendars, asked, found)
    return found


def merged(found: Tallies) -> Tallies:
    """Return the cases of all groups together."""
    together: Tallies = {}
    for (_, metric), one in found.items():
        whole = together.setdefault(("", metric), Tally())
        whole.counts.update(one.counts)
        whole.running += one.running
        whole.standing += one.standing
        whole.late += one.late
        whole.undecided += one.undecided
        whole.ended += one.ended
        whole.open += one.open
    return together


def _of(found: Tallies, value: object, metric: str) -> Tally:
    return found.setdefault((named(value), metric), Tally())


# --- from cells


def _from_cells(connection: sqlite3.Connection, asked: Asked, stretch: Stretch, found: Tallies) -> None:
    parts = ", ".join(str(int(part)) for part in (BY_TEAM if asked.by_team else NOT_BY_TEAM))
    sums = ", ".join(f"sum({name})" for name in COUNTS)
    where = (
        "FROM cells WHERE counting = :counting AND length = :length AND begins >= :since AND begins < :until"
        f" AND part IN ({parts}){asked.filters}"
    )
    bound = asked.bound(**stretch._asdict(), counting=asked.counting.value)
    counts = f"SELECT {asked.group}, metric, {sums} {where} GROUP BY 1, 2"
    for value, metric, *numbers in connection.execute(counts, bound):
        _of(found, value, metric).counts.update(dict(zip(COUNTS, numbers, strict=True)))
    _unpack(
        connection.execute(f"SELECT {asked.group}, metric, ended_durations, left_durations {where}", bound), found
    )


def _unpack(rows: sqlite3.Cursor, found: Tallies) -> None:
    packed: dict[tuple[object, str], tuple[list[bytes], list[bytes]]] = {}
    for value, metric, ended, left in rows:
        both = packed.setdefault((value, metric), ([], []))
        both[0].append(ended)
        if left:
            both[1].append(left)
    for (value, metric), (ended, left) in packed.items():
        _of(found, value, metric).ended.append(_pairs(ended))
        _of(found, value, metric).open.append(_pairs(left))


def _pairs(packed: list[bytes]) -> tuple[Durations, Durations]:
    pairs = np.frombuffer(b"".join(packed), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


# --- one by one


def _one_by_one(connection: sqlite3.Connection, asked: Asked, stretch: Stretch, found: Tallies) -> None:
    counts = ", ".join(f"count(*) FILTER (WHERE {holds})" for holds in (_HOLDS[name] for name in COUNTS))
    durations = ", ".join(
        f"group_concat({name}) FILTER (WHERE state = '{state}')"
        for state in ("ended", "handed_on")
        for name in ("wall", "elapsed")
    )
    at = "started_at" if asked.counting is Counting.STARTED else "ended_at"
    cases = _cases(asked, f"ended_at IS NOT NULL AND {at} >= :since AND {at} < :until")
    query = f"SELECT value, metric, {counts}, {durations} FROM ({cases}) GROUP BY 1, 2"  # noqa: S608 — constants
    bound = asked.bound(since=stretch.since, until=stretch.until)
    for value, metric, *numbers in connection.execute(query, bound):
        one = _of(found, value, metric)
        one.counts.update(dict(zip(COUNTS, numbers, strict=False)))
        wall, business, left, left_business = map(_numbers, numbers[len(COUNTS) :])
        one.ended.append((wall, business))
        one.open.append((left, left_business))


def _cases(asked: Asked, where: str) -> str:
    """Return the query of single cases: whole clocks, or with teams told apart each team's part."""
    where += "" if asked.by_team else asked.filters
    return "\nUNION ALL\n".join(_arms(asked, where))


def _arms(asked: Asked, where: str) -> Iterator[str]:
    clocks = {"held": "clocks", "warned": "warnings > 0", "judged": "target IS NOT NULL"}
    if not asked.by_team:
        yield _ONE.format(group=asked.group, whole_state="state", tables="clocks", where=where, **clocks)
        return
    owner, part = _renamed(asked, "owner"), _renamed(asked, "parts.team")
    yield _ONE.format(
        group=owner[0], whole_state="state", tables="clocks", where=f"part = 0 AND {where}{owner[1]}", **clocks
    )
    yield _ONE.replace("metric, state", "metric, parts.state").format(
        group=part[0],
        whole_state="clocks.state",
        held="parts",
        warned="parts.warned",
        judged="parts.judged",
        tables="parts JOIN clocks USING (conversation, metric, instance)",
        where=where + part[1],
    )


def _renamed(asked: Asked, team: str) -> tuple[str, str]:
    """Return group and filters where the team stands in another column."""
    group = team if asked.group == "team" else asked.group
    return group, asked.filters.replace(" team =", f" {team} =")


def _numbers(text: str | None) -> Durations:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


# --- what is open


def _still_open(connection: sqlite3.Connection, calendars: Calendars, asked: Asked, found: Tallies) -> None:
    """Add the open cases that started in the period, with what they have counted by now."""
    cases = _cases(asked, "ended_at IS NULL AND +started_at >= :since AND +started_at < :until")
    query = _OPEN.format(cases=cases)
    for value, metric, state, calendar, warned, breached, judged, count, *texts in connection.execute(
        query, asked.bound()
    ):
        one = _of(found, value, metric)
        one.counts.update(warned=warned * count, breached=breached * count)
        one.running += count * (state == "running")
        one.standing += count * (state in _STANDING)
        one.late += count * (judged and breached)
        one.undecided += count * (judged and not breached)
        one.open.append(_by_now(calendars, calendar, asked.now, texts))


def _by_now(calendars: Calendars, calendar: str, now: int, texts: list[Any]) -> tuple[Durations, Durations]:
    wall, business, since = map(_numbers, texts)
    passed = np.maximum(now - since, 0)
    if not calendars.knows(calendar):
        return wall + passed, business + passed
    counted = [calendars.between(calendar, start, now) for start in since.tolist()]
    return wall + passed, business + np.array(counted, dtype=np.int64)

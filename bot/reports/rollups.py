"""Counts and durations of the cases that are over, kept ready by hour and day for what is usually asked for.

A cell holds the cases of one metric that began (or, counted the other way, ended) within one hour or one day, and
agree in channel, team, agent, label, policy and, in the cells of an hour, the hour of the day. Beside the counts
it keeps the durations themselves, packed, so that percentiles come out exact. What is not over yet is in no cell.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.figures import Counting
from bot.reports.business import Calendars
from bot.reports.cases import Case, of_teams, whole
from bot.reports.instants import DAY, HOUR
from bot.reports.rows import ClockRow, ClockState

#: Counting, how long a cell is, when it begins, metric, part, channel, team, agent, label, policy, hour of the day
#: (-1 in cells of a day).
CellKey = tuple[str, int, int, str, int, str, str, str, str, str, int]
Duration = tuple[int, int]  # calendar time, business time

COUNTS = (
    "ended",
    "by_resolution",
    "cancelled",
    "by_bot",
    "by_human",
    "abandoned",
    "warned",
    "breached",
    "met",
    "missed",
)

_KEY = "counting, length, begins, metric, part, channel, team, agent, label, policy, hour"
_PLACES = ",".join("?" * (11 + len(COUNTS) + 2))
_ADD = f"""
INSERT INTO cells ({_KEY}, {", ".join(COUNTS)}, ended_durations, left_durations) VALUES ({_PLACES})
ON CONFLICT ({_KEY}) DO UPDATE SET
  {", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)},
  ended_durations = CAST(ended_durations || excluded.ended_durations AS BLOB),
  left_durations = CAST(left_durations || excluded.left_durations AS BLOB)
"""  # noqa: S608 — names are the constants above
_SAME = " AND ".join(f"{name} = ?" for name in _KEY.split(", "))
_READ = f"SELECT ended_durations, left_durations FROM cells WHERE {_SAME}"  # noqa: S608 — constants
_WRITE = f"UPDATE cells SET ended_durations = ?, left_durations = ? WHERE {_SAME}"  # noqa: S608 — constants
_NOTHING = " AND ".join(f"{name} = 0" for name in COUNTS)
_DROP = f"""
DELETE FROM cells WHERE {_SAME} AND {_NOTHING} AND length(ended_durations) = 0 AND length(left_durations) = 0
"""  # noqa: S608 — constants


@dataclass(slots=True)
class Cell:
    """What a batch changes of a cell: differences of counts, durations to add and to take out again."""

    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTS))
    ended: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    ended_taken: list[int] = field(default_factory=list)
    left_taken: list[int] = field(default_factory=list)

    def add(self, case: Case, counted: Sequence[bool], sign: int) -> None:
        """Add a case (``sign`` 1), or take it out again (-1)."""
        for place, holds in enumerate(counted):
            if holds:
                self.counts[place] += sign
        if case.state == ClockState.ENDED:
            (self.ended if sign > 0 else self.ended_taken).extend((case.wall, case.elapsed))
        elif case.state == ClockState.HANDED_ON:
            (self.left if sign > 0 else self.left_taken).extend((case.wall, case.elapsed))

    @property
    def gave_up(self) -> bool:
        """Tell whether a case may have left it."""
        return bool(self.ended_taken or self.left_taken) or min(self.counts) < 0


class Cells:
    """What a batch changes of all cells."""

    def __init__(self) -> None:
        self.changed: dict[CellKey, Cell] = {}

    def add(self, row: ClockRow, calendars: Calendars, sign: int = 1) -> None:
        """Add a clock that is over to its cells, or take it out of them again."""
        if row.ended_at is None:
            return
        for case in (whole(row), *of_teams(row, calendars)):
            counted = _counted(row, case)
            for key in _keys(row, case, row.ended_at):
                cell = self.changed.get(key)
                if cell is None:
                    cell = self.changed[key] = Cell()
                cell.add(case, counted, sign)


def _counted(row: ClockRow, case: Case) -> tuple[bool, ...]:
    ended, resolved = case.state == ClockState.ENDED, case.state == ClockState.BY_RESOLUTION
    cancelled = case.state == ClockState.CANCELLED
    return (
        ended,
        resolved,
        cancelled,
        ended and row.ended_by == "bot",
        ended and row.ended_by != "bot",
        resolved or (cancelled and row.ended_by != "merge"),
        case.warned,
        case.breached,
        row.state == ClockState.ENDED and case.judged and not case.breached,
        row.state == ClockState.ENDED and case.judged and case.breached,
    )


def _keys(row: ClockRow, case: Case, ended_at: int) -> Iterator[CellKey]:
    told = (row.metric, int(case.part), row.channel, case.team, row.agent, row.label, row.policy)
    for counting, at in ((Counting.STARTED, row.started_at), (Counting.ENDED, ended_at)):
        yield counting.value, HOUR, at - at % HOUR, *told, row.hour
        yield counting.value, DAY, at - at % DAY, *told, -1


def save_cells(connection: sqlite3.Connection, cells: Cells) -> None:
    """Write what a batch changed. A cell that its last case has left goes too: it would be a group of nobody."""
    changes = (
        (*key, *cell.counts, _packed(cell.ended), _packed(cell.left)) for key, cell in cells.changed.items()
    )
    connection.executemany(_ADD, changes)
    for key, cell in cells.changed.items():
        if cell.ended_taken or cell.left_taken:
            _take_out(connection, key, cell)
    connection.executemany(_DROP, [key for key, cell in cells.changed.items() if cell.gave_up])


def _take_out(connection: sqlite3.Connection, key: CellKey, cell: Cell) -> None:
    ended, left = connection.execute(_READ, key).fetchone()
    rest = (_without(ended, cell.ended_taken), _without(left, cell.left_taken))
    connection.execute(_WRITE, (*rest, *key))


def _without(packed: bytes, taken: list[int]) -> bytes:
    if not taken:
        return packed
    rest = unpacked(packed) - unpacked(_packed(taken))
    return _packed([number for duration in rest.elements() for number in duration])


def _packed(numbers: list[int]) -> bytes:
    return array("q", numbers).tobytes()


def unpacked(packed: bytes) -> Counter[Duration]:
    """Return the durations of a cell, each with how often it is there."""
    numbers = array("q")
    numbers.frombytes(packed)
    return Counter(zip(numbers[::2], numbers[1::2], strict=True))

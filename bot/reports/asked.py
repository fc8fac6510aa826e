"""A question as queries need it: instants in microseconds, values bound, and which part to read from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.figures import Counting, Dimension, Question
from bot.reports.instants import DAY, HOUR, micros

#: What cells are kept by. Whoever tells cases apart by anything else has them read one by one.
ROLLED_UP = frozenset(
    {
        Dimension.CHANNEL,
        Dimension.TEAM,
        Dimension.AGENT,
        Dimension.LABEL,
        Dimension.POLICY,
        Dimension.HOUR,
    }
)

#: What a customer's message is told apart by: nobody's policy applies to it, and no one agent.
OF_MESSAGES = frozenset(Dimension) - {Dimension.AGENT, Dimension.POLICY}
VOLUMES_BY = frozenset({Dimension.CHANNEL, Dimension.TEAM, Dimension.LABEL, Dimension.HOUR})

Bound = Mapping[str, object]


class Stretch(NamedTuple):
    """A part of the period: read from cells of this length, or (0) case by case."""

    length: int
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a summary is asked for, in microseconds since 1970. Open clocks count up to ``now``.

    ``one_by_one``: leave the roll-ups aside, as the test does that holds them against what they were made of.
    """

    since: int
    until: int
    now: int
    where: Mapping[Dimension, str] = field(default_factory=dict)
    by: Dimension | None = None
    counting: Counting = Counting.STARTED
    one_by_one: bool = False

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """Return all dimensions that the question names."""
        return frozenset(self.where) | ({self.by} if self.by else set())

    @property
    def by_team(self) -> bool:
        """Tell whether each team counts with its own part of a clock."""
        return Dimension.TEAM in self.dimensions

    @property
    def filters(self) -> str:
        """Return the condition that ``where`` makes; the columns have the dimensions' names."""
        return "".join(f" AND {dimension.value} = :{dimension.value}" for dimension in self.where)

    @property
    def group(self) -> str:
        """Return the column that tells groups apart."""
        return self.by.value if self.by else "''"

    def bound(self, **more: object) -> Bound:
        """Return the values that the queries name."""
        values: dict[str, object] = {dimension.value: value for dimension, value in self.where.items()}
        if Dimension.HOUR in self.where:
            values["hour"] = int(self.where[Dimension.HOUR])
        return {"since": self.since, "until": self.until, "now": self.now, **values, **more}

    def stretches(self) -> Iterator[Stretch]:
        """Yield the period in parts: whole days and hours from cells, the broken ends case by case."""
        if self.one_by_one or not self.dimensions <= ROLLED_UP:
            yield Stretch(0, self.since, self.until)
            return
        hours = whole(self.since, self.until, HOUR)
        days = (hours[0], hours[0]) if Dimension.HOUR in self.dimensions else whole(*hours, DAY)
        for length, since, until in (
            (0, self.since, hours[0]),
            (HOUR, hours[0], days[0]),
            (DAY, *days),
            (HOUR, days[1], hours[1]),
            (0, hours[1], self.until),
        ):
            if since < until:
                yield Stretch(length, since, until)


def whole(since: int, until: int, length: int) -> tuple[int, int]:
    """Return the whole hours or days in a stretch; without any, an empty stretch at its end."""
    first, last = -(-since // length) * length, until - until % length
    return (first, last) if first < last else (until, until)


def named(value: object) -> str:
    """Return the value of a dimension as figures name it: an hour of the day has two digits."""
    return f"{value:02}" if isinstance(value, int) else str(value)


def asked(question: Question, now: int) -> Asked:
    """Return a question for queries. Raises ValueError for an hour that is none, and for a naive instant."""
    hour = question.where.get(Dimension.HOUR)
    if hour is not None and not (hour.isdecimal() and len(hour) <= 2 and int(hour) < 24):
        raise ValueError(f"hour {hour[:20]!r} is not one of 0 to 23")
    return Asked(
        since=micros(question.since),
        until=micros(question.until),
        now=now,
        where=question.where,
        by=question.by,
        counting=question.counting,
    )

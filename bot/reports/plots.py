"""Where things stand in the pictures of a report, in per cent of a width, so that any width will do. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.figures import HourVolume

#: Instants on the axis of durations, in seconds: what people say, not powers of ten.
_TICKS = (
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 m"),
    (300.0, "5 m"),
    (900.0, "15 m"),
    (3600.0, "1 h"),
    (14_400.0, "4 h"),
    (86_400.0, "1 d"),
    (259_200.0, "3 d"),
    (604_800.0, "7 d"),
    (2_592_000.0, "30 d"),
)

#: What a figure below a second is drawn as: a logarithm has no place for zero.
_LEAST = 0.5

#: Of the width, left free at each end, so that no dot is cut.
_EDGE = 3.0

#: Two ticks nearer than this would write over each other.
_NEAREST_TICKS = 18.0

#: More bars than this become days.
_MOST_BARS = 24 * 4

Seconds = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One figure on an axis: the band from ``low`` to ``high``, the figure as a dot, the naive one as a ring.

    ``open``: the upper end of the band cannot be told, the band runs to the edge.
    """

    low: float | None
    high: float | None
    open: bool
    dot: float | None
    ring: float | None


class Axis:
    """A logarithmic axis of durations that all of these fit on."""

    def __init__(self, durations: Iterable[Seconds]) -> None:
        told = [max(_LEAST, seconds) for seconds in durations if seconds is not None]
        self._low = math.log(min(told, default=1.0) / 1.25)
        self._high = math.log(max(told, default=60.0) * 1.25)

    def place(self, seconds: Seconds) -> float | None:
        """Return where a duration stands, in per cent of the width."""
        if seconds is None:
            return None
        share = (math.log(max(_LEAST, seconds)) - self._low) / (self._high - self._low)
        return round(_EDGE + share * (100 - 2 * _EDGE), 2)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the places that are written under the axis, far enough from each other to be read."""
        shown: list[tuple[float, str]] = []
        for seconds, name in _TICKS:
            place = self.place(seconds)
            fits = place is not None and _EDGE <= place <= 100 - _EDGE
            if place is not None and fits and (not shown or place - shown[-1][0] >= _NEAREST_TICKS):
                shown.append((place, name))
        return shown

    def track(self, *, low: Seconds, high: Seconds, value: Seconds, naive: Seconds) -> Track:
        """Return a figure with its band and the naive one beside it."""
        return Track(
            low=self.place(low),
            high=self.place(high) if high is not None else (100.0 if low is not None else None),
            open=low is not None and high is None,
            dot=self.place(value),
            ring=self.place(naive),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The messages of an hour or a day: its place and, from the ground up, the heights of its three parts."""

    x: float
    width: float
    answered: float
    escalated: float
    other: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Messages over time. ``ends`` are written under the first and the last bar, ``most`` beside the top."""

    bars: tuple[Bar, ...]
    each: str
    ends: tuple[str, str]
    most: int


def bars(hours: Sequence[HourVolume], zone: tzinfo) -> Bars | None:
    """Return the messages of a period as bars, hours or, where these are many, days of ``zone``; None for none."""
    if not any(hour.received for hour in hours):
        return None
    daily = (hours[-1].hour - hours[0].hour) / timedelta(hours=1) > _MOST_BARS
    counted = _filled(_added(hours, zone, daily=daily), daily=daily)
    most = max(sum(counts) for counts in counted.values())
    step = 100 / len(counted)
    form = "%a %d %b" if daily else "%a %d %b, %H:%M"
    made = tuple(
        Bar(
            x=round(step * index + step * 0.1, 3),
            width=round(step * 0.8, 3),
            answered=round(100 * counts[0] / most, 2),
            escalated=round(100 * counts[1] / most, 2),
            other=round(100 * counts[2] / most, 2),
            says=f"{at:{form}}: {sum(counts)} received, {counts[0]} answered by the bot, {counts[1]} to a human",
        )
        for index, (at, counts) in enumerate(counted.items())
    )
    first, *_, last = [*counted, next(reversed(counted))]
    return Bars(bars=made, each="day" if daily else "hour", ends=(f"{first:{form}}", f"{last:{form}}"), most=most)


Counts = tuple[int, int, int]


def _added(hours: Sequence[HourVolume], zone: tzinfo, *, daily: bool) -> dict[datetime, Counts]:
    """Add hours up on the wall clock of a zone: answered by the bot, to a human, neither."""
    sums: dict[datetime, Counts] = {}
    for hour in hours:
        wall = hour.hour.astimezone(zone).replace(tzinfo=None)
        at = wall.replace(hour=0) if daily else wall
        one = sums.get(at, (0, 0, 0))
        rest = max(0, hour.received - hour.answered - hour.escalated)
        sums[at] = (one[0] + hour.answered, one[1] + hour.escalated, one[2] + rest)
    return sums


def _filled(counted: dict[datetime, Counts], *, daily: bool) -> dict[datetime, Counts]:
    """Give an hour or day in which nobody wrote its empty place."""
    step = timedelta(days=1) if daily else timedelta(hours=1)
    at, last = min(counted), max(counted)
    filled: dict[datetime, Counts] = {}
    while at <= last:
        filled[at] = counted.get(at, (0, 0, 0))
        at += step
    return filled

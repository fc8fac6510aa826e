"""Reckons how long who is handed to a human now will wait, from how it went for others lately.

Nothing is promised from it: customers are told it as what is usual at the moment, or not at all. It follows the
event log by a cursor of its own, so a message costs no look into the store.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.calendar import Calendar
from bot.domain.conversation import Rules
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ConversationId
from bot.domain.sla import Metric
from bot.errors import SettingsError
from bot.ports import EventLog, TimeSource

#: How often the log is read on.
LOOK_EVERY = timedelta(seconds=5)

#: An estimate that is older than this says nothing of the present any more.
FRESH_FOR = timedelta(minutes=1)

#: What lies longer ago tells nothing about today.
WINDOW = timedelta(days=7)

#: The waits that count: the latest, and not fewer than this, or one slow morning would speak for all.
MOST_ENDED = 50
FEWEST_ENDED = 5

#: The share of customers who wait no longer than what is told: rather more than the usual customer's luck.
SHARE = 0.75

#: How much of the log is read at the start, and how much at once.
TAIL = 50_000
PAGE = 1_000

#: Products of many fractions are off by rounding; no real step of the curve is as small as this.
_ROUNDING = 1e-9

_Key = tuple[ConversationId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a customer may be told of the wait for a human. Never both: while closed only the opening is known.

    ``expected_wait`` is time on the wall, None where too little is known. ``opens_at`` is None while it is open;
    ``zone`` names the time zone in which the brand reads it.
    """

    expected_wait: timedelta | None = None
    opens_at: datetime | None = None
    zone: str = ""


#: Nothing is known.
NO_OUTLOOK = Outlook()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A customer who waits for a human. ``calendar`` names whose time the wait counts."""

    since: datetime
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A wait that a human's reply has ended, in seconds of the brand's time."""

    at: datetime
    seconds: float


def quantile(ended: Sequence[float], running: Sequence[float], share: float) -> float | None:
    """Return the smallest ended duration by which ``share`` of the waits are over; None if too many still run.

    The product-limit estimate: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations",
    Journal of the American Statistical Association 53 (1958), 457-481. A wait that still runs is known to be
    longer than its age, ``running``; one of exactly that age was at risk then. Any one unit; ``share`` in (0, 1].
    """
    durations = sorted((*ended, *running))
    left = 1.0
    for duration, times in sorted(Counter(ended).items()):
        left *= 1 - times / (len(durations) - bisect_left(durations, duration))
        if left <= 1 - share + _ROUNDING:
            return duration
    return None


class Waiting:
    """Who waits for a human now, and how long the latest waited who do not any more.

    Only waits that an agent's reply has ended count as ended: what was resolved, taken back or merged without one
    tells nothing about how soon a person comes.
    """

    def __init__(self, *, log: EventLog, rules: Callable[[], Rules], time: TimeSource, zone: str = "UTC") -> None:
        self._log = log
        self._rules = rules
        self._time = time
        self._zone = zone
        self._cursor: int | None = None
        self._running: dict[_Key, _Running] = {}
        self._ended: dict[_Key, _Ended] = {}
        self._usual: timedelta | None = None
        self._reckoned_at: datetime | None = None

    def outlook(self, now: datetime) -> Outlook:
        """Return what may be told at ``now``, without a look into the store."""
        rules = self._rules()
        calendar = rules.calendar_of(rules.calendar)
        if not calendar.is_open(now):
            return Outlook(opens_at=calendar.next_change(now), zone=self._zone)
        return Outlook(expected_wait=self._on_the_wall(calendar, now))

    async def step(self) -> int:
        """Read on in the log and return how much there was; 0 once all is read and reckoned."""
        if self._cursor is None:
            self._cursor = max(0, await self._log.last() - TAIL)
        records = await self._log.changes(self._cursor, PAGE)
        for record in records:
            self._cursor = record.seq
            self._note(record)
        if len(records) == PAGE:
            return len(records)
        self._reckon(self._time.now())
        return 0

    def _on_the_wall(self, calendar: Calendar, now: datetime) -> timedelta | None:
        """Return when somebody who waits from now on may have a reply: what is closed in between passes too."""
        if self._usual is None or self._reckoned_at is None or now - self._reckoned_at > FRESH_FOR:
            return None
        try:
            return calendar.add(now, self._usual) - now
        except SettingsError:  # not within the years that the calendar can count
            return None

    def _reckon(self, now: datetime) -> None:
        oldest, rules = now - WINDOW, self._rules()
        self._running = {key: one for key, one in self._running.items() if one.since >= oldest}
        self._ended = {key: one for key, one in self._ended.items() if one.at >= oldest}
        self._reckoned_at, self._usual = now, None
        if len(self._ended) < FEWEST_ENDED:
            return
        ages = [
            rules.calendar_of(one.calendar).between(one.since, now).total_seconds()
            for one in self._running.values()
        ]
        usual = quantile([one.seconds for one in self._ended.values()], ages, SHARE)
        self._usual = None if usual is None else timedelta(seconds=usual)

    def _note(self, record: LogRecord) -> None:
        """Take in one record; what an older or a newer version wrote otherwise tells nothing."""
        if record.fields.get("metric") != Metric.HANDOFF_WAIT:
            return
        instance = record.fields.get("instance")
        key = (record.conversation, instance if isinstance(instance, int) else 0)
        match record.kind:
            case LogKind.ACTIVATE:
                calendar = record.fields.get("calendar")
                self._running[key] = _Running(since=record.at, calendar=str(calendar or ""))
            case LogKind.APPLY_SLA:
                self._recount(key, record)
            case LogKind.FULFILL:
                self._running.pop(key, None)
                self._end(key, record)
            case LogKind.CANCEL:
                self._running.pop(key, None)
            case LogKind.CORRECT:
                self._correct(key, record)

    def _recount(self, key: _Key, record: LogRecord) -> None:
        """Let a policy's calendar count a wait that runs."""
        known, calendar = self._running.get(key), record.fields.get("calendar")
        if known is not None and isinstance(calendar, str):
            self._running[key] = replace(known, calendar=calendar)

    def _end(self, key: _Key, record: LogRecord) -> None:
        elapsed = record.fields.get("elapsed")
        if record.fields.get("by") != "agent" or not isinstance(elapsed, int | float):
            return
        self._ended[key] = _Ended(at=record.at, seconds=float(elapsed))
        if len(self._ended) > MOST_ENDED:
            del self._ended[next(iter(self._ended))]

    def _correct(self, key: _Key, record: LogRecord) -> None:
        """Take in what was learned late: since when a wait runs, or when it had ended, if it ever was one."""
        running, since = self._running.get(key), record.fields.get("since")
        ended, elapsed = self._ended.get(key), record.fields.get("elapsed")
        if running is not None and isinstance(since, str):
            self._running[key] = replace(running, since=datetime.fromisoformat(since))
        elif ended is not None and record.fields.get("cancelled"):
            del self._ended[key]
        elif ended is not None and isinstance(elapsed, int | float):
            self._ended[key] = replace(ended, seconds=float(elapsed))

"""The figures that reports compute and that pages, exports and metrics show: one shape for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.messages import ConversationId
from bot.domain.sla import Metric


class Sum(StrEnum):
    """What is measured as a sum of the times that a conversation spent in certain states."""

    REQUESTER_WAIT = "requester_wait_time"
    AGENT_WORK = "agent_work_time"
    HANDLE = "handle_time"


class Dimension(StrEnum):
    """By what figures are told apart. The first six come from roll-ups, the others from a scan, which is said."""

    CHANNEL = "channel"
    TEAM = "team"
    AGENT = "agent"
    LABEL = "label"
    POLICY = "policy"
    HOUR = "hour"
    LANGUAGE = "language"
    PRIORITY = "priority"
    TIER = "tier"


class Counting(StrEnum):
    """To which period a case belongs: that in which its clock started, or that in which it ended."""

    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants to know. ``since`` belongs to the period, ``until`` does not.

    ``where`` keeps only cases with that value of a dimension; ``by`` tells the values of one apart.
    """

    since: datetime
    until: datetime
    where: Mapping[Dimension, str] = field(default_factory=dict)
    by: Dimension | None = None
    counting: Counting = Counting.STARTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Percentiles of a duration, in seconds. None where too few cases have ended to tell."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


NOT_TOLD = Spread(p50=None, p90=None, p95=None, p99=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFigure:
    """One response time over a period, in calendar time but for what is called business.

    ``ended``: cases that an answer stopped. ``running``: people still waiting. ``standing``: open, but they do not
    count now (paused, suspended). ``corrected`` counts all three (Kaplan-Meier, open clocks right-censored), with
    its 95 % band from ``low`` to ``high``; ``naive`` only the ended ones, shown beside it. ``business``: as
    corrected, in the time of each clock's business calendar. ``by_resolution``: ended by resolving without a
    reply, in neither. ``share_within``: share that met the target, in [0, 1], with its 95 % band; clocks past
    their target count before they end, ``share_undecided`` clocks may still go either way. ``mean`` is of the
    ended ones, in seconds.
    """

    metric: Metric | Sum
    ended: int
    running: int
    by_resolution: int
    corrected: Spread
    naive: Spread
    mean: float | None
    share_within: float | None
    warnings: int
    breaches: int
    low: Spread = NOT_TOLD
    high: Spread = NOT_TOLD
    business: Spread = NOT_TOLD
    business_naive: Spread = NOT_TOLD
    share_low: float | None = None
    share_high: float | None = None
    share_undecided: int = 0
    standing: int = 0

    @property
    def cases(self) -> int:
        """Return how many cases there are; without any, there is nothing to show."""
        return self.ended + self.running + self.standing + self.by_resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How the cases of a period got their first real answer, and whether the bot's decisions held.

    ``by_bot``, ``by_human``: who gave it. ``abandoned``: ended without any. ``waiting``: none yet. ``automatic``
    counts what the bot answered or left alone by itself, ``corrected`` those of it that staff or the customer
    called wrong (label corrected to something that asked for another decision, answer rejected), ``checked`` those
    that staff looked at. ``precision`` is the share of the checked ones that held, with its 95 % band; None if
    none was.
    """

    by_bot: int = 0
    by_human: int = 0
    abandoned: int = 0
    waiting: int = 0
    automatic: int = 0
    checked: int = 0
    corrected: int = 0
    precision: float | None = None
    precision_low: float | None = None
    precision_high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of one value of the dimension that was asked for. "" is what has none."""

    value: str
    metrics: tuple[MetricFigure, ...]
    outcomes: Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many customers' messages of one label on one channel, and what was done about them.

    ``recorded``: an agent's answer came in together with the message, as a back-fill brings it.
    """

    channel: str
    label: str
    received: int
    answered: int
    escalated: int
    greeted: int
    silent: int
    recorded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourVolume:
    """One hour of the period: messages received, answered by the bot, escalated."""

    hour: datetime
    received: int
    answered: int
    escalated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock:
    """A clock that counts at this moment.

    ``seconds`` is its value now, in the time of its business calendar, as targets are judged; ``calendar_seconds``
    is how long it has run in all.
    """

    conversation: ConversationId
    metric: Metric
    instance: int
    channel: str
    label: str
    started_at: datetime
    seconds: float
    due_at: datetime | None
    breached: bool
    target_seconds: float | None
    calendar_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late warnings and breaches were noticed, in seconds after they were due.

    ``noticed``, ``p50``, ``p99`` and ``worst`` are of all. ``after_downtime`` counts those that fell due while
    Heed was down or stood still; ``running_…`` are of the others alone.
    """

    noticed: int
    p50: float | None
    p99: float | None
    worst: float | None
    after_downtime: int = 0
    after_downtime_worst: float | None = None
    running_p50: float | None = None
    running_p99: float | None = None
    running_worst: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything that the operations page and ``heed report`` show for one period."""

    since: datetime
    until: datetime
    cursor: int
    metrics: tuple[MetricFigure, ...]
    volumes: tuple[Volume, ...]
    hours: tuple[HourVolume, ...]
    waiting_now: int
    oldest_waiting_seconds: float | None
    running: tuple[RunningClock, ...]
    opened: int
    resolved_by: Mapping[str, int]
    escalations: Mapping[str, int]
    lateness: Lateness
    unknown_events: int
    question: Question | None = None
    outcomes: Outcomes = Outcomes()
    groups: tuple[Group, ...] = ()
    scanned: tuple[str, ...] = ()  # what could not come from roll-ups, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event in the life of a clock, with the arithmetic: what it had counted, what was added, and why."""

    seq: int
    at: datetime
    recorded_at: datetime
    kind: str
    says: str
    business_seconds: float
    calendar_seconds: float
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLife:
    """The whole life of one clock of one conversation, from the event log."""

    metric: Metric | Sum
    instance: int
    state: str
    policy: str
    calendar: str
    target_seconds: float | None
    business_seconds: float
    calendar_seconds: float
    breached: bool
    lines: tuple[Line, ...]

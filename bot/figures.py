"""The figures that reports compute and that pages, exports and metrics show: one shape for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.messages import ConversationId
from bot.domain.sla import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Percentiles of a duration, in seconds. None where too few cases have ended to tell."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFigure:
    """One response time over a period. A case belongs to the period in which its clock started.

    ``ended``: cases that an answer stopped. ``running``: people still waiting. ``corrected`` counts both
    (Kaplan-Meier, running clocks right-censored); ``naive`` only the ended ones, shown beside it.
    ``by_resolution``: ended by resolving without a reply, in neither. ``share_within``: share of ended cases
    with a target that met it, in [0, 1]. ``mean`` is of the ended ones, in seconds.
    """

    metric: Metric
    ended: int
    running: int
    by_resolution: int
    corrected: Spread
    naive: Spread
    mean: float | None
    share_within: float | None
    warnings: int
    breaches: int


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
    """A clock that counts at this moment. ``seconds`` is its value now."""

    conversation: ConversationId
    metric: Metric
    instance: int
    channel: str
    label: str
    started_at: datetime
    seconds: float
    due_at: datetime | None
    breached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late warnings and breaches were noticed, in seconds after they were due."""

    noticed: int
    p50: float | None
    p99: float | None
    worst: float | None


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

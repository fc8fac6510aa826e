"""Every metric name in one place, each taken from the stored figures: numbers and history always agree.

All are gauges over a rolling ``period`` (the last hour, the last day) or of this moment, because they are counted
from the event log and not by a process: a restart changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.figures import Lateness, MetricFigure, Spread, Summary
from bot.records import StoreFacts

MESSAGES = "heed_messages"
OPENED = "heed_conversations_opened"
CONVERSATIONS = "heed_conversations"
RESOLVED = "heed_conversations_resolved"
ESCALATIONS = "heed_escalations"
RESPONSE = "heed_response_seconds"
ENDED = "heed_clocks_ended"
RUNNING = "heed_clocks_running"
STANDING = "heed_clocks_standing"
WARNINGS = "heed_warnings"
BREACHES = "heed_breaches"
WITHIN = "heed_share_within_target"
WITHIN_LOW = "heed_share_within_target_low"
WITHIN_HIGH = "heed_share_within_target_high"
UNDECIDED = "heed_clocks_undecided"
BY_RESOLUTION = "heed_clocks_by_resolution"
MEAN = "heed_response_mean_seconds"
FIRST_ANSWERS = "heed_first_answers"
AUTOMATIC = "heed_automatic_decisions"
PRECISION = "heed_automation_precision"
NOTICES = "heed_notices"
LATENESS = "heed_notice_lateness_seconds"
WAITING = "heed_waiting"
OLDEST = "heed_oldest_waiting_seconds"
INBOX = "heed_inbox"
OUTBOX = "heed_outbox"
DEADLINES = "heed_deadlines"
DEAD_LETTERS = "heed_dead_letters"
STORE_BYTES = "heed_store_bytes"
READY = "heed_ready"
PROBLEMS = "heed_problems"
PAUSED = "heed_paused"
UNKNOWN_EVENTS = "heed_unknown_events"

QUANTILES = {"p50": "0.5", "p90": "0.9", "p95": "0.95", "p99": "0.99"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is measured, all of one moment. ``summaries`` by the name of their period."""

    summaries: Mapping[str, Summary]
    facts: StoreFacts
    ready: bool
    problems: int
    paused: bool


def exposition(snapshot: Snapshot) -> bytes:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(snapshot))
    return generate_latest(registry)


class _Once(Collector):
    """Hands one snapshot to the client library."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return all families."""
        yield from _moment(self._snapshot)
        yield from _volumes(self._snapshot.summaries)
        yield from _clocks(self._snapshot.summaries)
        yield from _outcomes(self._snapshot.summaries)


Sample = tuple[tuple[str, ...], float | None]


def _family(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        if value is not None:
            family.add_metric(values, value)
    return family


def _single(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    return _family(name, text, (), [((), value)])


def _moment(snapshot: Snapshot) -> Iterator[GaugeMetricFamily]:
    facts = snapshot.facts
    newest = next(iter(snapshot.summaries.values()))
    yield _single(READY, "1 when messages can be taken and understood.", float(snapshot.ready))
    yield _single(PAUSED, "1 while automatic answers are paused.", float(snapshot.paused))
    yield _single(PROBLEMS, "Problems that operations should know now.", snapshot.problems)
    yield _single(WAITING, "Customers who wait for an answer now.", newest.waiting_now)
    yield _single(OLDEST, "How long the one who waits longest has waited.", newest.oldest_waiting_seconds)
    yield _single(INBOX, "Messages stored and not yet handled.", facts.inbox)
    yield _single(OUTBOX, "Texts not yet delivered.", facts.outbox)
    yield _single(DEADLINES, "Deadlines ahead.", facts.deadlines)
    yield _single(DEAD_LETTERS, "Messages put aside.", facts.dead_letters)
    yield _single(STORE_BYTES, "Size of the store.", facts.size_bytes)
    yield _single(UNKNOWN_EVENTS, "Log records of kinds that this version does not know.", newest.unknown_events)
    states = [((state,), float(count)) for state, count in facts.conversations.items()]
    yield _family(CONVERSATIONS, "Conversations by state now.", ("state",), states)


def _volumes(summaries: Mapping[str, Summary]) -> Iterator[GaugeMetricFamily]:
    yield _family(
        MESSAGES,
        "Customers' messages, and what was done about them.",
        ("period", "channel", "label", "outcome"),
        (
            ((period, volume.channel, volume.label, outcome), float(getattr(volume, outcome)))
            for period, summary in summaries.items()
            for volume in summary.volumes
            for outcome in ("received", "answered", "escalated", "greeted", "recorded", "silent")
        ),
    )
    opened: list[Sample] = [((period,), summary.opened) for period, summary in summaries.items()]
    yield _family(OPENED, "Conversations opened.", ("period",), opened)
    resolved = {period: summary.resolved_by for period, summary in summaries.items()}
    yield _family(RESOLVED, "Conversations resolved, by whom.", ("period", "by"), _counted(resolved))
    escalations = {period: summary.escalations for period, summary in summaries.items()}
    yield _family(ESCALATIONS, "Escalations to a human.", ("period", "reason"), _counted(escalations))


def _counted(tables: Mapping[str, Mapping[str, int]]) -> Iterator[Sample]:
    for period, table in tables.items():
        for key, count in table.items():
            yield (period, str(key)), count


def _clocks(summaries: Mapping[str, Summary]) -> Iterator[GaugeMetricFamily]:
    figures = [(period, figure) for period, summary in summaries.items() for figure in summary.metrics]
    labels = ("period", "metric")
    counts = (
        (ENDED, "Clocks that an answer has stopped.", "ended"),
        (RUNNING, "Clocks still running.", "running"),
        (STANDING, "Open clocks that stand still: paused, suspended.", "standing"),
        (WARNINGS, "Warnings before a target.", "warnings"),
        (BREACHES, "Targets missed.", "breaches"),
        (
            WITHIN,
            "Share of decided cases within their target; past it counts before the end.",
            "share_within",
        ),
        (WITHIN_LOW, "Lower end of the 95 % band of that share.", "share_low"),
        (WITHIN_HIGH, "Upper end of the 95 % band of that share.", "share_high"),
        (UNDECIDED, "Open clocks with a target that may still go either way.", "share_undecided"),
        (BY_RESOLUTION, "Reply clocks ended by resolving without a reply; in no percentile.", "by_resolution"),
        (MEAN, "Mean of the ended clocks, only beside the percentiles.", "mean"),
    )
    for name, text, field in counts:
        yield _family(name, text, labels, (((period, f.metric), getattr(f, field)) for period, f in figures))
    text = (
        "Response times; 'corrected' counts those still waiting (Kaplan-Meier), 'low' and 'high' are its 95 %"
        " band, 'naive' looks at the ended ones alone; 'business' and 'business_naive' count in business time."
    )
    yield _family(RESPONSE, text, ("period", "metric", "estimate", "quantile"), _times(figures))
    yield from _lateness({period: summary.lateness for period, summary in summaries.items()})


def _lateness(found: Mapping[str, Lateness]) -> Iterator[GaugeMetricFamily]:
    yield _family(
        NOTICES,
        "Warnings and breaches that were noticed: all, those after downtime, those while Heed ran.",
        ("period", "noticed"),
        (
            ((period, noticed), count)
            for period, late in found.items()
            for noticed, count in (
                ("all", late.noticed),
                ("after_downtime", late.after_downtime),
                ("running", late.noticed - late.after_downtime),
            )
        ),
    )
    yield _family(
        LATENESS,
        "How late they were noticed; after downtime only the worst.",
        ("period", "noticed", "quantile"),
        (
            ((period, noticed, quantile), getattr(late, field))
            for period, late in found.items()
            for noticed, quantile, field in (
                ("all", "0.5", "p50"),
                ("all", "0.99", "p99"),
                ("all", "1", "worst"),
                ("after_downtime", "1", "after_downtime_worst"),
                ("running", "0.5", "running_p50"),
                ("running", "0.99", "running_p99"),
                ("running", "1", "running_worst"),
            )
        ),
    )


def _outcomes(summaries: Mapping[str, Summary]) -> Iterator[GaugeMetricFamily]:
    found = [(period, summary.outcomes) for period, summary in summaries.items()]
    yield _family(
        FIRST_ANSWERS,
        "Cases by who gave the first real answer: bot, human, nobody (abandoned), nobody yet (waiting).",
        ("period", "by"),
        (
            ((period, by), getattr(outcomes, field))
            for period, outcomes in found
            for by, field in (
                ("bot", "by_bot"),
                ("human", "by_human"),
                ("abandoned", "abandoned"),
                ("waiting", "waiting"),
            )
        ),
    )
    yield _family(
        AUTOMATIC,
        "Messages that the bot dealt with by itself, those of them that somebody checked, those that were wrong.",
        ("period", "verdict"),
        (
            ((period, verdict), getattr(outcomes, field))
            for period, outcomes in found
            for verdict, field in (("all", "automatic"), ("checked", "checked"), ("wrong", "corrected"))
        ),
    )
    yield _family(
        PRECISION,
        "Share of the checked automatic decisions that held, and its 95 % band.",
        ("period", "estimate"),
        (
            ((period, estimate), getattr(outcomes, field))
            for period, outcomes in found
            for estimate, field in (
                ("value", "precision"),
                ("low", "precision_low"),
                ("high", "precision_high"),
            )
        ),
    )


def _times(figures: Iterable[tuple[str, MetricFigure]]) -> Iterator[Sample]:
    for period, figure in figures:
        for estimate in ("corrected", "low", "high", "naive", "business", "business_naive"):
            for quantile, value in _quantiles(getattr(figure, estimate)):
                yield (period, figure.metric, estimate, quantile), value


def _quantiles(spread: Spread) -> Iterator[tuple[str, float | None]]:
    for field, quantile in QUANTILES.items():
        yield quantile, getattr(spread, field)

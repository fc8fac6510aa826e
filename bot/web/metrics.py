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

from bot.figures import MetricFigure, Spread, Summary
from bot.records import StoreFacts

MESSAGES = "heed_messages"
OPENED = "heed_conversations_opened"
CONVERSATIONS = "heed_conversations"
RESOLVED = "heed_conversations_resolved"
ESCALATIONS = "heed_escalations"
RESPONSE = "heed_response_seconds"
ENDED = "heed_clocks_ended"
RUNNING = "heed_clocks_running"
WARNINGS = "heed_warnings"
BREACHES = "heed_breaches"
WITHIN = "heed_share_within_target"
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
        (WARNINGS, "Warnings before a target.", "warnings"),
        (BREACHES, "Targets missed.", "breaches"),
        (WITHIN, "Share of ended cases within their target.", "share_within"),
    )
    for name, text, field in counts:
        yield _family(name, text, labels, (((period, f.metric), getattr(f, field)) for period, f in figures))
    text = "Response times; 'corrected' counts those still waiting (Kaplan-Meier), 'naive' only the ended ones."
    yield _family(RESPONSE, text, ("period", "metric", "estimate", "quantile"), _times(figures))
    yield _family(
        LATENESS,
        "How late warnings and breaches were noticed.",
        ("period", "quantile"),
        (
            ((period, quantile), getattr(summary.lateness, field))
            for period, summary in summaries.items()
            for field, quantile in (("p50", "0.5"), ("p99", "0.99"), ("worst", "1"))
        ),
    )


def _times(figures: Iterable[tuple[str, MetricFigure]]) -> Iterator[Sample]:
    for period, figure in figures:
        for estimate, spread in (("corrected", figure.corrected), ("naive", figure.naive)):
            for quantile, value in _quantiles(spread):
                yield (period, figure.metric, estimate, quantile), value


def _quantiles(spread: Spread) -> Iterator[tuple[str, float | None]]:
    for field, quantile in QUANTILES.items():
        yield quantile, getattr(spread, field)

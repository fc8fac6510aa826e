"""A summary as people and programs read it. Durations: words in the text, seconds in JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo

from bot.figures import Dimension, Group, Lateness, MetricFigure, Outcomes, Summary
from bot.reports.tidy import as_csv
from bot.reports.wording import NOTHING, between, conditions, duration, group_name, moment, period, share

__all__ = ["as_csv", "as_json", "as_text", "duration"]

_RANKS = ("p50", "p90", "p95", "p99")
_TIMES = ("metric", "", "corrected", "95 % band", "naive", "business time")


def as_json(summary: Summary) -> str:
    """Return everything as one JSON object: times in ISO 8601, durations in seconds."""
    return json.dumps({"durations_in": "seconds", **asdict(summary)}, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a summary")


def as_text(summary: Summary, zone: tzinfo = UTC) -> str:
    """Return tables for a terminal, times on the wall clock of ``zone``."""
    return "\n".join(_lines(summary, zone)) + "\n"


def _lines(summary: Summary, zone: tzinfo) -> Iterator[str]:
    yield period(summary, zone)
    yield from conditions(summary)
    oldest = f", the longest for {duration(summary.oldest_waiting_seconds)}" if summary.waiting_now else ""
    yield f"Waiting now: {summary.waiting_now}{oldest}.  Opened: {summary.opened}."
    yield ""
    yield from _response_times(summary.metrics)
    yield ""
    yield from _outcomes(summary.outcomes)
    yield from _groups(summary)
    yield ""
    yield from _volumes(summary)
    yield ""
    yield from _rest(summary, zone)


def _rest(summary: Summary, zone: tzinfo) -> Iterator[str]:
    yield f"Resolved by: {_counts(summary.resolved_by)}"
    yield f"Escalated because: {_counts(summary.escalations)}"
    busiest = max(summary.hours, key=lambda hour: hour.received, default=None)
    if busiest is not None and busiest.received:
        yield f"Busiest hour: {moment(busiest.hour, zone)} with {busiest.received} messages"
    yield from _lateness(summary.lateness)
    if summary.unknown_events:
        yield f"Log records that this version could not read: {summary.unknown_events}"


def _lateness(late: Lateness) -> Iterator[str]:
    yield (
        f"Warnings and breaches noticed: {late.noticed};"
        f" late by p50 {duration(late.p50)}, p99 {duration(late.p99)}, worst {duration(late.worst)}"
    )
    if late.after_downtime:
        yield (
            f"  {late.after_downtime} of them after downtime, worst {duration(late.after_downtime_worst)}; the"
            f" others p50 {duration(late.running_p50)}, p99 {duration(late.running_p99)},"
            f" worst {duration(late.running_worst)}"
        )


# --- response times


def _response_times(figures: Sequence[MetricFigure]) -> Iterator[str]:
    yield "Response times. Corrected: people still waiting count (with its 95 % band); naive: they do not"
    told = [figure for figure in figures if figure.cases]
    silent = [figure.metric.value for figure in figures if not figure.cases]
    if told:
        table = _table(_TIMES, [row for figure in told for row in _ranks(figure)])
        yield next(table)
        for figure in told:
            yield from (next(table) for _ in _told(figure))
            yield f"  {_counted(figure)}"
    if silent:
        yield f"No case ended or open in this period: {', '.join(silent)}"


def _told(figure: MetricFigure) -> tuple[str, ...]:
    """Return the percentiles to show: one line of dashes says it all where none can be told."""
    return _RANKS if figure.ended else _RANKS[:1]


def _ranks(figure: MetricFigure) -> Iterator[tuple[str, ...]]:
    """Yield a line for each percentile of one metric."""
    for rank in _told(figure):
        yield (
            figure.metric.value if rank == _RANKS[0] else "",
            rank,
            duration(getattr(figure.corrected, rank)),
            between(duration(getattr(figure.low, rank)), duration(getattr(figure.high, rank))),
            duration(getattr(figure.naive, rank)),
            duration(getattr(figure.business, rank)),
        )


def _counted(figure: MetricFigure) -> str:
    standing = f"{figure.standing} standing still, " if figure.standing else ""
    counts = (
        f"{figure.ended} ended, {figure.running} waiting, {standing}"
        f"{figure.by_resolution} resolved without a reply"
    )
    notices = f"{figure.warnings} warned, {figure.breaches} breached"
    return f"{counts}, {notices}" + _within(figure)


def _within(figure: MetricFigure) -> str:
    if figure.share_within is None and not figure.share_undecided:
        return ""
    undecided = f", {figure.share_undecided} undecided" if figure.share_undecided else ""
    band = between(share(figure.share_low), share(figure.share_high))
    return f"; within target {share(figure.share_within)} ({band}{undecided})"


# --- who answered, and groups


def _outcomes(outcomes: Outcomes) -> Iterator[str]:
    yield (
        f"First answer: by the bot {outcomes.by_bot}, by a human {outcomes.by_human},"
        f" abandoned {outcomes.abandoned}, still waiting {outcomes.waiting}"
    )
    band = between(share(outcomes.precision_low), share(outcomes.precision_high))
    right = f"; right {share(outcomes.precision)}, 95 % band {band}" if outcomes.checked else ""
    yield (
        f"Decided by the bot alone: {outcomes.automatic}"
        f" (checked {outcomes.checked}, corrected {outcomes.corrected}{right})"
    )


def _groups(summary: Summary) -> Iterator[str]:
    by = summary.question.by if summary.question else None
    if by is None:
        return
    yield ""
    yield f"By {by.value}" + ("" if summary.groups else ": no case in this period")
    if summary.groups:
        head = (
            by.value,
            "metric",
            "p50",
            "p90",
            "95 % band",
            "naive",
            "ended",
            "waiting",
            "breached",
            "within",
        )
        yield from _table(head, (row for group in summary.groups for row in _group(group, by)))


def _group(group: Group, by: Dimension) -> Iterator[tuple[object, ...]]:
    name = group_name(group.value, by)
    for figure in group.metrics:
        if figure.cases:
            yield (
                name,
                figure.metric.value,
                duration(figure.corrected.p50),
                duration(figure.corrected.p90),
                between(duration(figure.low.p90), duration(figure.high.p90)),
                duration(figure.naive.p90),
                figure.ended,
                figure.running,
                figure.breaches,
                share(figure.share_within),
            )
            name = ""


# --- the rest


def _volumes(summary: Summary) -> Iterator[str]:
    if not summary.volumes:
        yield "Messages: none in this period"
        return
    yield from _table(
        ("channel", "label", "received", "answered", "escalated", "greeted", "silent", "recorded"),
        (
            (v.channel, v.label, v.received, v.answered, v.escalated, v.greeted, v.silent, v.recorded)
            for v in summary.volumes
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    cells = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or NOTHING

"""A summary as a tidy table, and CSV of it: one row a number, with its period, what it is of, and its unit.

``COLUMNS`` is the whole contract for programs; ``docs/reports.md`` says what each column holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal

from bot.acts import harmless
from bot.figures import Counting, MetricFigure, Outcomes, Spread, Summary

Unit = Literal["s", "share", "count"]
Value = float | int | None

COLUMNS = (
    "since",
    "until",
    "counting",
    "where",
    "by",
    "group",
    "section",
    "of",
    "figure",
    "unit",
    "value",
)

_SHARES = {"share_within", "share_low", "share_high", "precision", "precision_low", "precision_high"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number of a summary. ``value`` None: it cannot be told, which is not zero.

    ``by`` names the dimension whose value ``group`` is; empty for the figures of all cases together.
    """

    section: str
    of: str
    figure: str
    unit: Unit
    value: Value
    by: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What all numbers of one summary share."""

    counting: str
    where: str


def about(summary: Summary) -> About:
    """Return how the cases of a summary were counted, and which of them were kept."""
    question = summary.question
    if question is None:
        return About(counting=Counting.STARTED.value, where="")
    kept = ",".join(f"{dimension.value}={value}" for dimension, value in question.where.items())
    return About(counting=question.counting.value, where=kept)


def numbers(summary: Summary) -> Iterator[Number]:
    """Yield every number of a summary; those of groups behind those of the whole."""
    yield from _overview(summary)
    yield from _cases(summary.metrics, summary.outcomes)
    yield from _volumes(summary)
    yield from _counts("resolved", summary.resolved_by)
    yield from _counts("escalations", summary.escalations)
    yield from _lateness(summary)
    by = summary.question.by if summary.question else None
    for group in summary.groups:
        for number in _cases(group.metrics, group.outcomes):
            yield replace(number, by=by.value if by else "", group=group.value)


def as_csv(summary: Summary) -> str:
    """Return one row for each number under ``COLUMNS``. An empty value cannot be told."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    shared = about(summary)
    span = (summary.since.isoformat(), summary.until.isoformat())
    for number in numbers(summary):
        head = (*span, shared.counting, shared.where, number.by, number.group)
        row = (*head, number.section, number.of, number.figure, number.unit, number.value)
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _overview(summary: Summary) -> Iterator[Number]:
    for figure, unit, value in (
        ("cursor", "count", summary.cursor),
        ("opened", "count", summary.opened),
        ("waiting_now", "count", summary.waiting_now),
        ("oldest_waiting_seconds", "s", summary.oldest_waiting_seconds),
        ("unknown_events", "count", summary.unknown_events),
    ):
        yield Number(section="overview", of="", figure=figure, unit=_unit(unit), value=value)


def _unit(unit: str) -> Unit:
    return "s" if unit == "s" else "share" if unit == "share" else "count"


def _cases(metrics: Iterable[MetricFigure], outcomes: Outcomes) -> Iterator[Number]:
    for metric in metrics:
        for figure, unit, value in _metric(metric):
            yield Number(
                section="response times",
                of=metric.metric.value,
                figure=figure,
                unit=unit,
                value=value,
            )
    for figure, value in asdict(outcomes).items():
        unit = "share" if figure in _SHARES else "count"
        yield Number(section="outcomes", of="", figure=figure, unit=_unit(unit), value=value)


def _metric(metric: MetricFigure) -> Iterator[tuple[str, Unit, Value]]:
    for field in fields(metric):
        value = getattr(metric, field.name)
        if isinstance(value, Spread):
            yield from ((f"{field.name}_{rank}", "s", seconds) for rank, seconds in asdict(value).items())
        elif field.name == "mean":
            yield field.name, "s", value
        elif field.name != "metric":
            yield field.name, "share" if field.name in _SHARES else "count", value


def _volumes(summary: Summary) -> Iterator[Number]:
    for volume in summary.volumes:
        counts = {name: value for name, value in asdict(volume).items() if name not in {"channel", "label"}}
        yield from _counted("volumes", f"{volume.channel}/{volume.label}", counts)
    for hour in summary.hours:
        counts = {name: value for name, value in asdict(hour).items() if name != "hour"}
        yield from _counted("hours", hour.hour.isoformat(), counts)


def _counted(section: str, of: str, counts: Mapping[str, int]) -> Iterator[Number]:
    for figure, value in counts.items():
        yield Number(section=section, of=of, figure=figure, unit="count", value=value)


def _counts(section: str, counts: Mapping[str, int]) -> Iterator[Number]:
    for of, value in counts.items():
        yield Number(section=section, of=of, figure="count", unit="count", value=value)


def _lateness(summary: Summary) -> Iterator[Number]:
    for figure, value in asdict(summary.lateness).items():
        unit = "count" if figure in {"noticed", "after_downtime"} else "s"
        yield Number(section="lateness", of="", figure=figure, unit=_unit(unit), value=value)

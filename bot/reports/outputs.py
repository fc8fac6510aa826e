"""A summary as people and programs read it. Durations: words in the text, seconds in JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from bot.figures import MetricFigure, Spread, Summary

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_NOTHING = "–"


def duration(seconds: float | None) -> str:
    """Return seconds in words, the two greatest units: ``2 m 10 s``, ``1 d 4 h``, ``0.4 s``."""
    if seconds is None:
        return _NOTHING
    if abs(seconds) < 10:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return " ".join(part for part in parts[:2] if part)


def as_json(summary: Summary) -> str:
    """Return everything as one JSON object: times in ISO 8601, durations in seconds."""
    return json.dumps({"durations_in": "seconds", **asdict(summary)}, default=_plain, ensure_ascii=False, indent=2)


def as_csv(summary: Summary) -> str:
    """Return one row for each number: ``section, of, figure, value``. Durations are in seconds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("section", "of", "figure", "value"))
    writer.writerows(_numbers(summary))
    return out.getvalue()


def as_text(summary: Summary) -> str:
    """Return tables for a terminal."""
    return "\n".join(_lines(summary)) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a summary")


# --- CSV


def _numbers(summary: Summary) -> Iterator[tuple[str, str, str, object]]:
    yield from _overview(summary)
    for metric in summary.metrics:
        yield from (("response times", metric.metric.value, name, value) for name, value in _metric(metric))
    for volume in summary.volumes:
        of = f"{volume.channel}/{volume.label}"
        counts = {name: value for name, value in asdict(volume).items() if name not in {"channel", "label"}}
        yield from (("volumes", of, name, value) for name, value in counts.items())
    for hour in summary.hours:
        of = hour.hour.isoformat()
        yield from (("hours", of, name, value) for name, value in asdict(hour).items() if name != "hour")
    yield from (("resolved", by, "count", count) for by, count in summary.resolved_by.items())
    yield from (("escalations", reason, "count", count) for reason, count in summary.escalations.items())
    yield from (("lateness", "", name, value) for name, value in asdict(summary.lateness).items())


def _overview(summary: Summary) -> Iterator[tuple[str, str, str, object]]:
    yield "overview", "", "since", summary.since.isoformat()
    yield "overview", "", "until", summary.until.isoformat()
    yield "overview", "", "cursor", summary.cursor
    yield "overview", "", "opened", summary.opened
    yield "overview", "", "waiting_now", summary.waiting_now
    yield "overview", "", "oldest_waiting_seconds", summary.oldest_waiting_seconds
    yield "overview", "", "unknown_events", summary.unknown_events


def _metric(figure: MetricFigure) -> Iterator[tuple[str, object]]:
    for name, value in asdict(figure).items():
        if isinstance(value, dict):
            yield from ((f"{name}_{percentile}", number) for percentile, number in value.items())
        elif name != "metric":
            yield name, value


# --- text


def _lines(summary: Summary) -> Iterator[str]:
    yield f"{_moment(summary.since)} to {_moment(summary.until)}"
    oldest = f", the longest for {duration(summary.oldest_waiting_seconds)}" if summary.waiting_now else ""
    yield f"Waiting now: {summary.waiting_now}{oldest}.  Opened: {summary.opened}."
    yield ""
    yield from _response_times(summary.metrics)
    yield ""
    yield from _table(
        ("channel", "label", "received", "answered", "escalated", "greeted", "silent", "recorded"),
        (
            (v.channel, v.label, v.received, v.answered, v.escalated, v.greeted, v.silent, v.recorded)
            for v in summary.volumes
        ),
    )
    yield ""
    yield f"Resolved by: {_counts(summary.resolved_by)}"
    yield f"Escalated because: {_counts(summary.escalations)}"
    late = summary.lateness
    yield (
        f"Warnings and breaches noticed: {late.noticed};"
        f" late by p50 {duration(late.p50)}, p99 {duration(late.p99)}, worst {duration(late.worst)}"
    )
    if summary.unknown_events:
        yield f"Log records that this version could not read: {summary.unknown_events}"


def _response_times(figures: Iterable[MetricFigure]) -> Iterator[str]:
    yield "Response times; people still waiting count, without them in brackets"
    yield from _table(
        ("metric", "p50", "p90", "p95", "p99", "ended", "running", "resolved", "within", "breaches"),
        (
            (
                figure.metric.value,
                *_both(figure.corrected, figure.naive),
                figure.ended,
                figure.running,
                figure.by_resolution,
                _NOTHING if figure.share_within is None else f"{figure.share_within:.1%}",
                figure.breaches,
            )
            for figure in figures
        ),
    )


def _both(corrected: Spread, naive: Spread) -> Iterator[str]:
    for with_waiting, without in zip(asdict(corrected).values(), asdict(naive).values(), strict=True):
        yield duration(with_waiting) + ("" if with_waiting == without else f" ({duration(without)})")


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    cells = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or _NOTHING


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"

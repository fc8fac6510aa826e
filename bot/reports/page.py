"""A summary as one HTML page for mailing: it needs nothing beside itself, runs no script and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.domain.sla import Metric
from bot.figures import Group, MetricFigure, Outcomes, Spread, Sum, Summary
from bot.reports.plots import Axis, Track, bars
from bot.reports.wording import (
    FIGURES,
    METRICS,
    NOTHING,
    Meaning,
    between,
    conditions,
    duration,
    group_name,
    period,
    share,
    zone_name,
)

RANKS = {"p50": "half of all", "p90": "9 of 10", "p95": "19 of 20", "p99": "99 of 100"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table with a picture at its end."""

    name: str
    cells: tuple[str, ...]
    track: Track
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One response time: its percentiles as lines on one axis, and what is counted beside them."""

    key: str
    meaning: Meaning
    rows: tuple[Row, ...]
    ticks: list[tuple[float, str]]
    counts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """One response time of every group, on one axis."""

    title: str
    rows: tuple[Row, ...]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A figure that stands on top."""

    name: str
    value: str
    note: str


def as_page(summary: Summary, *, brand: str, zone: tzinfo = UTC) -> str:
    """Return the page: figures with their bands beside the naive ones, plots, and what each figure means."""
    told = [figure for figure in summary.metrics if figure.cases]
    by = summary.question.by if summary.question else None
    return _template().render(
        brand=brand,
        period=period(summary, zone),
        zone=zone_name(zone),
        conditions=conditions(summary),
        cards=list(_cards(summary)),
        times=[_times(figure) for figure in told],
        silent=[METRICS[figure.metric].title for figure in summary.metrics if not figure.cases],
        by=by.value if by else "",
        groups=list(_apart(summary)),
        outcomes=_outcomes(summary.outcomes),
        bars=bars(summary.hours, zone),
        volumes=[asdict(volume) for volume in summary.volumes],
        counts={"To a human because": _counted(summary.escalations), "Resolved by": _counted(summary.resolved_by)},
        lateness=_lateness(summary),
        meanings=FIGURES,
        summary=summary,
    )


def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html")


# --- on top


def _cards(summary: Summary) -> Iterator[Card]:
    by_metric: Mapping[Metric | Sum, MetricFigure] = {figure.metric: figure for figure in summary.metrics}
    for metric in (Metric.FIRST_RESPONSE, Metric.FIRST_REPLY):
        figure = by_metric.get(metric)
        if figure is not None and figure.cases:
            yield Card(
                name=f"{METRICS[metric].title}, 9 of 10 within",
                value=duration(figure.corrected.p90),
                note=_band_note(figure.low.p90, figure.high.p90),
            )
            if figure.share_within is not None:
                yield _within_card(metric, figure)
    yield _bot_card(summary.outcomes)
    oldest = f"the longest for {duration(summary.oldest_waiting_seconds)}" if summary.waiting_now else "nobody"
    yield Card(name="Waiting as it was made", value=str(summary.waiting_now), note=oldest)


def _within_card(metric: Metric, figure: MetricFigure) -> Card:
    return Card(
        name=f"{METRICS[metric].title} within target",
        value=share(figure.share_within),
        note=f"95 % band {between(share(figure.share_low), share(figure.share_high))}",
    )


def _bot_card(outcomes: Outcomes) -> Card:
    answered = outcomes.by_bot + outcomes.by_human
    value = share(outcomes.by_bot / answered) if answered else NOTHING
    return Card(name="First answer by the bot", value=value, note=f"{outcomes.by_bot} of {answered} answered")


def _band_note(low: float | None, high: float | None) -> str:
    return f"95 % band {between(duration(low), duration(high))}"


# --- response times


def _times(figure: MetricFigure) -> Times:
    axis = Axis(_durations(figure))
    return Times(
        key=figure.metric.value,
        meaning=METRICS[figure.metric],
        rows=tuple(_rank(figure, rank, axis) for rank in RANKS),
        ticks=axis.ticks(),
        counts=tuple(_counts(figure)),
    )


def _durations(figure: MetricFigure) -> Iterator[float | None]:
    for spread in (figure.corrected, figure.naive, figure.low, figure.high):
        yield from asdict(spread).values()


def _rank(figure: MetricFigure, rank: str, axis: Axis) -> Row:
    def of(spread: Spread) -> float | None:
        value: float | None = getattr(spread, rank)
        return value

    low, high, value, naive = of(figure.low), of(figure.high), of(figure.corrected), of(figure.naive)
    cells = (
        duration(value),
        between(duration(low), duration(high)),
        duration(naive),
        duration(of(figure.business)),
    )
    track = axis.track(low=low, high=high, value=value, naive=naive)
    return Row(name=rank, note=RANKS[rank], cells=cells, track=track)


def _counts(figure: MetricFigure) -> Iterator[tuple[str, str]]:
    if figure.share_within is not None or figure.share_undecided:
        yield FIGURES["within"].title, _within(figure)
    yield FIGURES["ended"].title, str(figure.ended)
    yield FIGURES["running"].title, str(figure.running)
    if figure.standing:
        yield FIGURES["standing"].title, str(figure.standing)
    if figure.by_resolution:
        yield FIGURES["by_resolution"].title, str(figure.by_resolution)
    yield FIGURES["warnings"].title, str(figure.warnings)
    yield FIGURES["breaches"].title, str(figure.breaches)
    yield FIGURES["mean"].title, duration(figure.mean)


def _within(figure: MetricFigure) -> str:
    undecided = f"; {figure.share_undecided} undecided" if figure.share_undecided else ""
    band = between(share(figure.share_low), share(figure.share_high))
    return f"{share(figure.share_within)} ({band}{undecided})"


# --- groups


def _apart(summary: Summary) -> Iterator[Apart]:
    for metric in METRICS:
        found = [(group, one) for group in summary.groups for one in group.metrics if one.metric is metric]
        shown = [(group, figure) for group, figure in found if figure.cases]
        if shown:
            yield _one_apart(summary, METRICS[metric].title, shown)


def _one_apart(summary: Summary, title: str, shown: list[tuple[Group, MetricFigure]]) -> Apart:
    by = summary.question.by if summary.question else None
    axis = Axis(
        seconds
        for _, figure in shown
        for seconds in (figure.low.p90, figure.high.p90, figure.corrected.p90, figure.naive.p90)
    )
    rows = tuple(_group(group_name(group.value, by), figure, axis) for group, figure in shown)
    return Apart(title=title, rows=rows, ticks=axis.ticks())


def _group(name: str, figure: MetricFigure, axis: Axis) -> Row:
    low, high, value, naive = figure.low.p90, figure.high.p90, figure.corrected.p90, figure.naive.p90
    return Row(
        name=name,
        cells=(
            duration(value),
            between(duration(low), duration(high)),
            duration(naive),
            duration(figure.corrected.p50),
            str(figure.ended),
            str(figure.running),
            str(figure.breaches),
            share(figure.share_within),
        ),
        track=axis.track(low=low, high=high, value=value, naive=naive),
    )


# --- the rest


def _outcomes(outcomes: Outcomes) -> dict[str, object]:
    parts = {
        "bot": ("by the bot", outcomes.by_bot),
        "human": ("by a human", outcomes.by_human),
        "abandoned": ("abandoned", outcomes.abandoned),
        "waiting": ("still waiting", outcomes.waiting),
    }
    total = sum(count for _, count in parts.values())
    shown, left = [], 0.0
    for kind, (name, count) in parts.items():
        width = round(100 * count / total, 2) if total else 0.0
        shown.append({"kind": kind, "name": name, "count": count, "x": round(left, 2), "width": width})
        left += width
    band = between(share(outcomes.precision_low), share(outcomes.precision_high))
    return {
        "parts": shown,
        "total": total,
        "bot": outcomes,
        "precision": share(outcomes.precision),
        "band": band,
    }


def _counted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name.replace("_", " "), count) for name, count in counts.items()]


def _lateness(summary: Summary) -> list[tuple[str, str]]:
    late = summary.lateness
    told = [
        ("Noticed", str(late.noticed)),
        ("Half within", duration(late.p50)),
        ("99 of 100 within", duration(late.p99)),
        ("Worst", duration(late.worst)),
    ]
    if late.after_downtime:
        told += [
            ("After downtime", str(late.after_downtime)),
            ("Worst after downtime", duration(late.after_downtime_worst)),
            ("Half of the others within", duration(late.running_p50)),
            ("99 of 100 of the others within", duration(late.running_p99)),
            ("Worst of the others", duration(late.running_worst)),
        ]
    return told

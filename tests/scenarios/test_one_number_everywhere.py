"""Desk, operations, reports, exports and metrics are asked the same questions, and print the same numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.scenarios.one_day import Told, live_through_a_day

REPLIES = {"first_response_time", "first_reply_time", "next_reply_time", "handoff_wait_time"}
SECONDS = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patched:
        yield live_through_a_day(tmp_path_factory.mktemp("day"), patched)


def seconds(words: str) -> float:
    """Read a duration as pages and texts print it: ``1 h 15 m``, ``2 h 10 min``, ``9:05``, ``0.4 s``."""
    if watch := re.fullmatch(r"(\d+):(\d\d)", words):
        return int(watch[1]) * 60 + int(watch[2])
    parts = re.findall(r"([\d.]+) (d|h|min|m|s)\b", words)
    assert parts, words
    return sum(float(count) * SECONDS[unit] for count, unit in parts)


# --- what the desk shows, clock by clock


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A clock as the desk's page about clocks prints it."""

    metric: str
    state: str
    breached: bool
    business: float
    calendar: float


def shown(told: Told) -> list[Shown]:
    """Read every clock of every conversation from the desk's pages."""
    return [
        _shown(section)
        for page in told.pages.values()
        for section in re.findall(r'<section class="life" id=.*?</section>', page, re.DOTALL)
    ]


def _shown(section: str) -> Shown:
    head = re.search(
        r'id="(\w+)-\d+".*?data-level="(\w+)"><b>(.*?)</b> <span>(.*?)</span></p>\s*'
        r'<p class="soft small">(.*?)</p>',
        section,
        re.DOTALL,
    )
    assert head
    metric, level, value, state, standing = head.groups()
    whole = re.search(r"; (.*?) of calendar time", standing)
    return Shown(
        metric=metric,
        state=state.removesuffix(", target missed"),
        breached=level == "breached",
        business=seconds(value),
        calendar=seconds(whole[1] if whole else value),
    )


def percentile(told: Told, metric: str, rank: float, of: Callable[[Shown], float]) -> float:
    """Estimate a percentile from the desk's single clocks by hand: Kaplan and Meier's product, case by case."""
    clocks = [clock for clock in shown(told) if clock.metric == metric]
    ended = sorted(of(clock) for clock in clocks if clock.state == "ended")
    still = [of(clock) for clock in clocks if clock.state in {"running", "paused", "suspended"}]
    longer = 1.0
    for duration in ended:
        longer *= 1 - 1 / sum(other >= duration for other in [*ended[ended.index(duration) :], *still])
        if longer <= 1 - rank + 1e-9:
            return duration
    raise AssertionError(f"too many still wait to tell the percentile {rank} of {metric}")


def waits(told: Told) -> dict[str, float]:
    """Return how long each customer has waited who waits, from the desk's conversations."""
    found: dict[str, float] = {}
    for conversation, page in told.desk.items():
        for clock in page["clocks"]:
            if clock["running"] and clock["metric"] in REPLIES:
                waited = clock["value"] if clock["calendar_value"] is None else clock["calendar_value"]
                found[conversation] = max(found.get(conversation, 0), waited)
    return found


def count(told: Told, holds: Callable[[Shown], bool]) -> int:
    return sum(holds(clock) for clock in shown(told))


# --- the questions


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where each output has the answer to one question."""

    desk: Callable[[Told], float]
    figures: Callable[[Any], float | None]  # of /ops and of the report as JSON, which have one shape
    text: Callable[[Told], float]
    csv: tuple[str, str, str]
    metrics: tuple[str, dict[str, str]]


def of_metric(metric: str, figure: str, column: int, rank: str) -> Asked:
    """Ask for a percentile: ``column`` is where the text has it."""
    return Asked(
        desk=lambda told: percentile(
            told,
            metric,
            int(rank[1:]) / 100,
            (lambda clock: clock.business) if figure == "business" else (lambda clock: clock.calendar),
        ),
        figures=lambda summary: figure_of(summary, metric)[figure][rank],
        text=lambda told: seconds(next(row for row in told.table(metric) if rank in row[:2])[column]),
        csv=("response times", metric, f"{figure}_{rank}"),
        metrics=(
            "heed_response_seconds",
            {"period": "24h", "metric": metric, "estimate": figure, "quantile": f"0.{rank[1:].rstrip('0')}"},
        ),
    )


def counted(metric: str, figure: str, words: str, name: str, holds: Callable[[Shown], bool]) -> Asked:
    """Ask how many clocks of a metric there are: ``words`` is what the text calls them, ``name`` the metrics."""
    return Asked(
        desk=lambda told: count(told, lambda clock: clock.metric == metric and holds(clock)),
        figures=lambda summary: figure_of(summary, metric)[figure],
        text=lambda told: int(re.search(rf"(\d+) {words}", " ".join(told.table(metric)[-1]))[1]),  # type: ignore[index]
        csv=("response times", metric, figure),
        metrics=(name, {"period": "24h", "metric": metric}),
    )


def figure_of(summary: Any, metric: str) -> Any:
    return next(figure for figure in summary["metrics"] if figure["metric"] == metric)


QUESTIONS = {
    "how many people wait": Asked(
        desk=lambda told: len(waits(told)),
        figures=lambda summary: summary["waiting_now"],
        text=lambda told: int(told.line("Waiting now: ").split(",")[0]),
        csv=("overview", "", "waiting_now"),
        metrics=("heed_waiting", {}),
    ),
    "how long the longest has waited": Asked(
        desk=lambda told: max(waits(told).values()),
        figures=lambda summary: summary["oldest_waiting_seconds"],
        text=lambda told: seconds(told.line("the longest for ").split(".")[0]),
        csv=("overview", "", "oldest_waiting_seconds"),
        metrics=("heed_oldest_waiting_seconds", {}),
    ),
    "how many first replies missed their target": counted(
        "first_reply_time", "breaches", "breached", "heed_breaches", lambda clock: clock.breached
    ),
    "how many first replies were given": counted(
        "first_reply_time", "ended", "ended", "heed_clocks_ended", lambda clock: clock.state == "ended"
    ),
    "how many still wait for the first reply": counted(
        "first_reply_time", "running", "waiting", "heed_clocks_running", lambda clock: clock.state == "running"
    ),
    "how many first replies stand still": counted(
        "first_reply_time",
        "standing",
        "standing still",
        "heed_clocks_standing",
        lambda clock: clock.state == "suspended",
    ),
    "p50 of the first reply": of_metric("first_reply_time", "corrected", 2, "p50"),
    "p90 of the first reply": of_metric("first_reply_time", "corrected", 2, "p90"),
    "p90 of the first reply in business time": of_metric("first_reply_time", "business", 5, "p90"),
    "p90 of the first response": of_metric("first_response_time", "corrected", 2, "p90"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_all_five_print_the_same_number(told: Told, question: str) -> None:
    asked = QUESTIONS[question]
    name, labels = asked.metrics
    answers = {
        "desk": asked.desk(told),
        "ops": asked.figures(told.ops["summary"]),
        "report as text": asked.text(told),
        "report as JSON": asked.figures(told.json),
        "CSV": told.cell(*asked.csv),
        "metrics": told.sample(name, **labels),
    }
    assert len(set(answers.values())) == 1, answers
    assert answers["desk"] > 0, "a question to which nothing is the answer shows little"


def test_the_day_has_in_it_what_makes_figures_differ(told: Told) -> None:
    reply = figure_of(told.json, "first_reply_time")
    assert reply["running"] > 0
    assert reply["corrected"]["p50"] != reply["naive"]["p50"], "people who still wait"
    assert reply["corrected"]["p90"] != reply["business"]["p90"], "lunch"
    clocks = [clock for one in told.explained.values() for clock in one["clocks"]]
    assert {"warn", "breach", "correct", "suspend"} <= {
        line["kind"] for clock in clocks for line in clock["lines"]
    }
    calendars = {clock["calendar"] for clock in clocks}
    assert calendars == {"office", "press"}


# --- each running clock


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one running clock stands."""

    value: float
    target: float | None
    due: datetime | None
    breached: bool


Standings = dict[tuple[str, str, int], Standing]


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def at_the_desk(told: Told) -> Standings:
    return {
        (conversation, clock["metric"], int(clock["key"].rpartition(":")[2])): _at_the_desk(clock)
        for conversation, page in told.desk.items()
        for clock in page["clocks"]
        if clock["running"]
    }


def _at_the_desk(clock: Any) -> Standing:
    due = instant(clock["due_at"])
    return Standing(value=clock["value"], target=clock["target"], due=due, breached=clock["breached"])


def in_figures(summary: Any) -> Standings:
    return {
        (one["conversation"], one["metric"], one["instance"]): Standing(
            value=one["seconds"],
            target=one["target_seconds"],
            due=instant(one["due_at"]),
            breached=one["breached"],
        )
        for one in summary["running"]
    }


def in_the_api(told: Told) -> Standings:
    return {
        (conversation, clock["metric"], clock["instance"]): Standing(
            value=clock["seconds"],
            target=clock["target_seconds"],
            due=instant(clock["due_at"]),
            breached=clock["breached"],
        )
        for conversation, one in told.api.items()
        for clock in one["clocks"]
        if clock["running"]
    }


def explained(told: Told) -> Standings:
    """Return the running clocks that have been running as ``heed explain`` tells them; sums have no clock."""
    return {
        (conversation, clock["metric"], clock["instance"]): Standing(
            value=clock["business_seconds"],
            target=clock["target_seconds"],
            due=instant(clock["lines"][-1]["due_at"]),
            breached=clock["breached"],
        )
        for conversation, one in told.explained.items()
        for clock in one["clocks"]
        if clock["state"] == "running" and clock["metric"] in {*REPLIES, "resolution_time"}
    }


def test_each_running_clock_stands_everywhere_as_it_stands_at_the_desk(told: Told) -> None:
    desk = at_the_desk(told)
    assert in_figures(told.ops["summary"]) == desk
    assert in_figures(told.json) == desk
    assert in_the_api(told) == desk
    assert explained(told) == desk
    assert any(one.breached for one in desk.values())
    assert any(one.target is not None and not one.breached for one in desk.values())


def test_the_desks_list_shows_the_clock_that_its_conversations_show(told: Told) -> None:
    rows = {row["id"]: row["clock"] for row in told.listed["rows"] if row["clock"] is not None}
    assert rows
    for conversation, clock in rows.items():
        assert clock in told.desk[conversation]["clocks"]

"""The numbers on the statistics page are those that the code gives."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest

from bot.reports.intervals import wilson
from bot.reports.kaplan_meier import estimate, nearest_rank

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")


def minutes(intro: str) -> list[int]:
    """The numbers of the one sentence of the page that begins so."""
    (sentence,) = re.findall(rf"{intro} ([\d, and]+)", PAGE)
    return [int(number) for number in re.findall(r"\d+", sentence)]


def shown(duration: float | None) -> str:
    return "–" if duration is None else str(duration)


ANSWERED = minutes("Fourteen have been answered, after")
WAITING = minutes("so far they have waited")


def test_the_example_has_as_many_customers_as_it_says() -> None:
    assert (len(ANSWERED), len(WAITING)) == (14, 6)
    assert [sum(wait > 18 for wait in waits) for waits in (ANSWERED, WAITING)] == [1, 3]


@pytest.mark.parametrize("percentile", [50, 75, 90])
def test_the_example_is_worked_out_right(percentile: int) -> None:
    (corrected,) = estimate(ANSWERED, WAITING, (percentile,))
    naive = nearest_rank(ANSWERED, percentile)
    band = f"{shown(corrected.low)} to {shown(corrected.high)}"
    assert f"| p{percentile} | {naive} | {shown(corrected.value)} | {band} |" in PAGE


@pytest.mark.parametrize("percentile", [50, 90, 95, 99])
def test_an_upper_end_exists_from_the_stated_number_of_cases_on(percentile: int) -> None:
    fewest = next(n for n in count(1) if estimate(range(n), [], (percentile,))[0].high is not None)
    assert f"| p{percentile} | {fewest} |" in PAGE


def test_five_of_five_is_bounded_as_the_page_says() -> None:
    assert f"5 of 5: between {100 * wilson(5, 5).low:.0f} % and 100 %" in PAGE

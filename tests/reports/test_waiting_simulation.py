"""Made-up customers whose true waits are known: is the naive figure too good, and does the band keep its word?

Customers arrive at random (Poisson) over a window; their waits are drawn from a known distribution and do not
depend on when they came. At the end of the window we look: whoever has not been answered is still waiting. That
is repeated ``REPETITIONS`` times with fixed seeds. A band that keeps a confidence of c covers the truth in a
number of repetitions that is binomial with chance c; ``tolerance`` is three and a half of its standard
deviations, which a right band leaves once in 2,000 checks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from bot.reports.intervals import Share, share_within, wilson
from bot.reports.kaplan_meier import Estimate, estimate, nearest_rank

REPETITIONS = 1000
CUSTOMERS = 300  # on average in each repetition
PERCENTILES = (50, 90, 95)
PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"

Numbers = np.ndarray
Draw = Callable[[np.random.Generator, int], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How long customers truly wait, in minutes: a draw, and the share who wait longer than t."""

    name: str
    draw: Draw
    longer: Callable[[float], float]

    def percentile(self, percentile: int) -> float:
        low, high = 0.0, 1e6
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if self.longer(middle) > 1 - percentile / 100 else (low, middle)
        return high


def lognormal(median: float, sigma: float) -> World:
    return World(
        name="lognormal",
        draw=lambda random, size: random.lognormal(math.log(median), sigma, size),
        longer=lambda t: 1 - NormalDist(math.log(median), sigma).cdf(math.log(t)),
    )


def two_kinds(share: float, quick: float, slow: float) -> World:
    """Most are answered by whoever is on duty; the rest wait for somebody who knows. Both exponential."""
    return World(
        name="two kinds",
        draw=lambda random, size: random.exponential(np.where(random.random(size) < share, quick, slow)),
        longer=lambda t: share * math.exp(-t / quick) + (1 - share) * math.exp(-t / slow),
    )


WORLDS = [lognormal(20, 1.2), two_kinds(0.7, 10, 120)]
each_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)

DAY = 480.0  # minutes of one working day


def observe(world: World, window: float, customers: int, seed: int) -> list[tuple[Numbers, Numbers]]:
    """For each repetition the ended durations, and what the running clocks have counted at the window's end."""
    random, seen = np.random.default_rng(seed), []
    for _ in range(REPETITIONS):
        # Given their number, the arrivals of a Poisson process are uniform over the window.
        until_the_end = random.uniform(0, window, random.poisson(customers))
        waits = world.draw(random, len(until_the_end))
        ended = waits <= until_the_end
        seen.append((waits[ended], until_the_end[~ended]))
    return seen


def covers(band: Estimate | Share, truth: float) -> bool:
    """A bound that cannot be told excludes nothing."""
    return (band.low is None or band.low <= truth) and (band.high is None or truth < band.high)


def tolerance(chance: float) -> float:
    return 3.5 * math.sqrt(chance * (1 - chance) / REPETITIONS)


def coverage(bands: list[list[Estimate]], truths: list[float]) -> list[float]:
    """For each percentile, the share of the repetitions whose band covers the truth."""
    return [
        sum(covers(band, truth) for band in column) / len(bands)
        for column, truth in zip(zip(*bands, strict=True), truths, strict=True)
    ]


@each_world
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_corrected_band_covers_the_true_percentile_as_often_as_it_says(
    world: World, confidence: float
) -> None:
    truths = [world.percentile(p) for p in PERCENTILES]
    seen = observe(world, DAY, CUSTOMERS, seed=5)
    bands = [estimate(ended, running, PERCENTILES, confidence) for ended, running in seen]
    assert coverage(bands, truths) == pytest.approx([confidence] * 3, abs=tolerance(confidence))


@each_world
def test_the_naive_percentile_is_too_low_and_its_band_misses_the_truth(world: World) -> None:
    truths = [world.percentile(p) for p in PERCENTILES]
    naive = [estimate(ended, [], PERCENTILES) for ended, _ in observe(world, DAY, CUSTOMERS, seed=5)]
    for covered in coverage(naive, truths):
        assert covered < 0.95 - tolerance(0.95)
    for column, truth in zip(zip(*naive, strict=True), truths, strict=True):
        # An honest figure would be below the truth about as often as above it.
        too_low = sum(each.value < truth for each in column) / REPETITIONS
        assert too_low > 0.5 + tolerance(0.5)


@each_world
def test_the_page_shows_what_the_simulation_gives(world: World) -> None:
    truths = [world.percentile(p) for p in PERCENTILES]
    seen = observe(world, DAY, CUSTOMERS, seed=5)
    naive = [estimate(ended, [], PERCENTILES) for ended, _ in seen]
    ours = [estimate(ended, running, PERCENTILES) for ended, running in seen]
    means = [sum(each.value for each in column) / REPETITIONS for column in zip(*naive, strict=True)]
    rows = re.findall(
        rf"^\| {world.name} \| p(\d+) \| (\d+) \| (\d+) \| (\d+) % \| (\d+) % \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    covered = [[100 * share for share in coverage(bands, truths)] for bands in (naive, ours)]
    # The page rounds; another numpy may draw other customers from the same seed, which moves the last digits.
    for row, *expected in zip(rows, PERCENTILES, truths, means, *covered, strict=True):
        assert [int(cell) for cell in row] == pytest.approx(expected, rel=0.03, abs=2)


@each_world
def test_the_corrected_median_is_too_low_as_often_as_too_high(world: World) -> None:
    truth = world.percentile(50)
    medians = [estimate(*cases, (50,))[0].value for cases in observe(world, DAY, CUSTOMERS, seed=5)]
    too_low = sum(median < truth for median in medians) / REPETITIONS
    # The estimate is one of the durations: with 300 of them it sits up to half a step of 1/300 off the middle,
    # which is 0.06 of its standard deviation of sqrt(0.25 / 300) and shifts the share by up to 0.023.
    assert too_low == pytest.approx(0.5, abs=tolerance(0.5) + 0.023)


@each_world
def test_with_nobody_waiting_both_figures_are_one_and_the_band_still_holds(world: World) -> None:
    truths = [world.percentile(p) for p in PERCENTILES]
    seen = observe(world, 1e9, CUSTOMERS, seed=6)  # so long that everybody is answered
    assert not any(len(running) for _, running in seen)
    bands = [estimate(ended, running, PERCENTILES) for ended, running in seen]
    naive = [[nearest_rank(sorted(ended.tolist()), p) for p in PERCENTILES] for ended, _ in seen]
    assert [[each.value for each in row] for row in bands] == naive
    assert coverage(bands, truths) == pytest.approx([0.95] * 3, abs=tolerance(0.95))


@each_world
def test_a_percentile_beyond_what_was_seen_is_left_open_rather_than_missed(world: World) -> None:
    truth = world.percentile(99)  # later than most of the window, with 3 cases in 300 beyond it
    bands = [estimate(ended, running, (99,)) for ended, running in observe(world, DAY, CUSTOMERS, seed=7)]
    assert coverage(bands, [truth])[0] > 0.95 - tolerance(0.95)
    assert all(band.high is None for (band,) in bands)


def test_the_share_within_target_holds_where_the_ended_cases_alone_look_too_good() -> None:
    world, target = WORLDS[0], 60.0
    truth = 1 - world.longer(target)
    honest, dropped = [], []
    for ended, running in observe(world, 180.0, 150, seed=8):
        within, late = int((ended <= target).sum()), int((running > target).sum())
        ended_late, undecided = len(ended) - within, len(running) - late
        honest.append(
            share_within(ended_within=within, ended_late=ended_late, running_late=late, undecided=undecided)
        )
        dropped.append(wilson(within, len(ended)))
    covered = [sum(covers(share, truth) for share in shares) / REPETITIONS for shares in (honest, dropped)]
    assert covered[0] > 0.95 - tolerance(0.95)
    assert covered[1] < 0.95 - tolerance(0.95)


@pytest.mark.parametrize("truth", [0.5, 0.8, 0.97])
def test_wilson_covers_the_true_share_as_often_as_it_says(truth: float) -> None:
    random = np.random.default_rng(9)
    # Whole hits make the coverage of any such interval jump about its confidence by up to about one step of the
    # count, which at 2,000 cases is the density of the count at the interval's end, below 0.01.
    hits = random.binomial(2000, truth, REPETITIONS)
    covered = sum(covers(wilson(int(each), 2000), truth) for each in hits) / REPETITIONS
    assert covered == pytest.approx(0.95, abs=tolerance(0.95) + 0.01)

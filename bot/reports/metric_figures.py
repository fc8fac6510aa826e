"""From cases to the figure of one metric, and to how a period's cases got their first answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.domain.sla import Metric
from bot.figures import MetricFigure, Outcomes, Spread, Sum
from bot.reports.instants import seconds
from bot.reports.intervals import share_within, wilson
from bot.reports.kaplan_meier import estimate, nearest_rank
from bot.reports.tallies import Durations, Tally
from bot.reports.volumes import Automatic

PERCENTILES = (50, 90, 95, 99)

_NONE = np.array([], dtype=np.int64)


def figure_of(metric: Metric | Sum, tally: Tally) -> MetricFigure:
    """Return the figure of one metric from its cases."""
    ended, still = _columns(tally.ended), _columns(tally.open)
    found = estimate(ended[0], still[0], PERCENTILES)
    corrected, naive = _spread([one.value for one in found]), _naive(ended[0])
    same = np.array_equal(ended[0], ended[1]) and np.array_equal(still[0], still[1])
    counts = tally.counts
    share = share_within(
        ended_within=counts["met"],
        ended_late=counts["missed"],
        running_late=tally.late,
        undecided=tally.undecided,
    )
    return MetricFigure(
        metric=metric,
        ended=counts["ended"],
        running=tally.running,
        by_resolution=counts["by_resolution"],
        corrected=corrected,
        naive=naive,
        mean=seconds(int(ended[0].sum()) / len(ended[0])) if len(ended[0]) else None,
        share_within=share.value,
        warnings=counts["warned"],
        breaches=counts["breached"],
        low=_spread([one.low for one in found]),
        high=_spread([one.high for one in found]),
        business=corrected if same else _spread([one.value for one in estimate(ended[1], still[1], PERCENTILES)]),
        business_naive=naive if same else _naive(ended[1]),
        share_low=share.low,
        share_high=share.high,
        share_undecided=tally.undecided,
        standing=tally.standing,
    )


def outcomes_of(first_response: Tally, automatic: Automatic) -> Outcomes:
    """Return who gave the first real answer, and how often the bot's decisions held when somebody looked."""
    counts = first_response.counts
    held = wilson(automatic.checked - automatic.wrong, automatic.checked)
    return Outcomes(
        by_bot=counts["by_bot"],
        by_human=counts["by_human"],
        abandoned=counts["abandoned"],
        waiting=first_response.running,
        automatic=automatic.done,
        checked=automatic.checked,
        corrected=automatic.wrong,
        precision=held.value,
        precision_low=held.low,
        precision_high=held.high,
    )


def _columns(pairs: Sequence[tuple[Durations, Durations]]) -> tuple[Durations, Durations]:
    """Return all durations in calendar time, and the same cases' in business time."""
    if not pairs:
        return _NONE, _NONE
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _naive(ended: Durations) -> Spread:
    ordered: list[int] = np.sort(ended).tolist()
    return _spread([nearest_rank(ordered, percentile) for percentile in PERCENTILES])


def _spread(durations: Sequence[float | None]) -> Spread:
    p50, p90, p95, p99 = (None if duration is None else seconds(duration) for duration in durations)
    return Spread(p50=p50, p90=p90, p95=p95, p99=p99)

import numpy as np
import pytest

from models import statistics
from models.bootstrap import Bootstrap


def of_rows(values):
    return statistics.share(np.array(values, dtype=bool), np.ones(len(values), dtype=bool))


def test_an_interval_holds_the_figure_and_narrows_with_more_rows():
    few, many = ([True, False] * 10), ([True, False] * 500)
    wide, narrow = (Bootstrap([str(i) for i in range(len(v))]).figure(of_rows(v)) for v in (few, many))
    for figure in (wide, narrow):
        assert figure.interval.low <= figure.value <= figure.interval.high
    assert narrow.interval.high - narrow.interval.low < (wide.interval.high - wide.interval.low) / 3


def test_rows_of_one_conversation_are_drawn_together():
    values = ([True] * 10 + [False] * 10) * 10
    together = [str(i // 10) for i in range(200)]
    apart = [str(i) for i in range(200)]
    wide, narrow = (Bootstrap(groups).figure(of_rows(values)) for groups in (together, apart))
    assert wide.interval.high - wide.interval.low > 2 * (narrow.interval.high - narrow.interval.low)


def test_the_same_seed_draws_the_same():
    values = [True, False, False] * 20
    groups = [str(i) for i in range(60)]
    one, again, other = (Bootstrap(groups, seed=seed).figure(of_rows(values)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_figure_without_a_denominator_is_none():
    nobody = statistics.share(np.array([True]), np.array([False]))
    figure = Bootstrap(["a"]).figure(nobody)
    assert (figure.value, figure.interval) == (None, None)


def test_many_rows_are_drawn_in_parts_and_give_every_draw():
    drawn = []

    def recorded(weights):
        drawn.append(len(weights))
        return weights.mean(axis=1)

    Bootstrap([str(i) for i in range(3000)], draws=300).bounds(recorded)
    assert sum(drawn) == 300
    assert len(drawn) > 1


def twice(values):
    return np.repeat(values, 2)


SCORES = np.array([0.1, 0.4, 0.4, 0.35, 0.8, 0.9, 0.2])
TRUTH = np.array([False, False, True, True, True, True, False])


@pytest.mark.parametrize(
    "statistic",
    [
        statistics.auc,
        lambda scores, truth: statistics.calibration_error(scores, truth, bins=1),
        lambda scores, truth: statistics.f1(truth, scores >= 0.5),
        lambda scores, truth: statistics.macro_f1(
            truth.astype(str).tolist(), (scores >= 0.5).astype(str).tolist()
        ),
        lambda scores, truth: statistics.risk_at(scores, ~truth, np.array([0.5, 1.0])),
    ],
)
def test_a_weight_of_two_is_the_row_twice(statistic):
    chosen = np.array([0, 2, 4, 5, 6])
    weights = np.zeros((1, len(SCORES)))
    weights[0, chosen] = 2.0
    weighted = statistic(SCORES, TRUTH)(weights)
    repeated = statistic(twice(SCORES[chosen]), twice(TRUTH[chosen]))(np.ones((1, 10)))
    assert weighted == pytest.approx(repeated)


def test_the_coverage_is_the_largest_at_which_the_risk_is_accepted():
    wrong = np.array([True, False, False, False, True])
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    coverage = statistics.coverage_at(confidence, wrong, 0.25)(np.ones((1, 5)))[0]
    assert coverage == 0.8  # a fault among the surest does not end it


def test_the_area_under_the_risk_is_the_mean_risk():
    wrong = np.array([False, True, False, True])
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    area = statistics.area_under_risk(confidence, wrong)(np.ones((1, 4)))[0]
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)

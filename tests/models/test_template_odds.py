import numpy as np
import pytest

from models.odds import ENOUGH, MOST_LEAD, PRIOR, Odds, first_of, fit_odds, leads, odds_of_brand

ODDS = Odds(near=8.0, lead=10.0, bias=-6.0)


def test_more_nearness_and_more_lead_make_a_template_likelier():
    assert ODDS.chances(np.array([0.7, 0.4]))[0] > ODDS.chances(np.array([0.6, 0.4]))[0]
    assert ODDS.chances(np.array([0.6, 0.5]))[0] > ODDS.chances(np.array([0.6, 0.55]))[0]


def test_only_the_best_template_leads():
    assert leads(np.array([0.5, 0.6, 0.55])) == pytest.approx([-0.1, 0.05, -0.05])


def test_equals_lead_nobody():
    assert leads(np.array([0.5, 0.5])) == pytest.approx([0.0, 0.0])


def test_a_lead_counts_only_so_far():
    assert leads(np.array([0.9, 0.0])) == pytest.approx([MOST_LEAD, -MOST_LEAD])
    assert leads(np.array([0.3])) == pytest.approx([MOST_LEAD])


def test_the_best_of_each_row_is_found_with_its_nearness_and_lead():
    features, best = first_of(np.array([[0.2, 0.3], [0.6, 0.5]]))
    assert best.tolist() == [1, 0]
    assert features == pytest.approx(np.array([[0.3, 0.1], [0.6, 0.1]]))


def test_a_fit_finds_the_odds_that_made_the_rows():
    chance = np.random.default_rng(1)
    features = np.stack([chance.uniform(0.2, 0.9, 20_000), chance.uniform(0.0, MOST_LEAD, 20_000)], axis=1)
    likely = 1 / (1 + np.exp(-(features @ [8.0, 10.0] - 6.0)))
    found = fit_odds(features, chance.random(20_000) < likely)
    assert (found.near, found.lead, found.bias) == pytest.approx((8.0, 10.0, -6.0), rel=0.15)


def test_rows_that_are_all_right_stay_finite():
    features = np.full((50, 2), 0.1)
    for right in (np.ones(50, dtype=bool), np.zeros(50, dtype=bool)):
        found = fit_odds(features, right)
        assert np.isfinite([found.near, found.lead, found.bias]).all()
        assert found.near >= 0.0
        assert found.lead >= 0.0


def test_no_rows_leave_the_prior():
    assert fit_odds(np.zeros((0, 2)), np.zeros(0, dtype=bool)) == PRIOR


def test_too_few_examples_leave_the_prior():
    near = np.full((ENOUGH - 1, 3), 0.5)
    assert odds_of_brand(near, own=np.zeros(ENOUGH - 1, dtype=np.int64)) == PRIOR


def test_a_brands_probabilities_are_right_for_what_it_was_fitted_on():
    chance = np.random.default_rng(2)
    own = chance.integers(0, 20, 1_000)
    near = chance.uniform(0.1, 0.5, (1_000, 20))
    near[np.arange(1_000), own] += chance.uniform(0.0, 0.5, 1_000)
    odds = odds_of_brand(near, own=own)
    gone = near.copy()
    gone[np.arange(1_000), own] = -1.0
    chances = odds.chances(np.concatenate([near, gone])).max(axis=1)
    best = np.concatenate([near, gone]).argmax(axis=1)
    right = best == np.concatenate([own, np.full(1_000, -1)])
    assert chances.mean() == pytest.approx(right.mean(), abs=0.02)

from math import comb

import numpy as np
import pytest

from models.risk import design_effect, fewest, incomplete_beta, interval, too_high, upper_bound


def tail(found, rows, share):
    return sum(comb(rows, k) * share**k * (1 - share) ** (rows - k) for k in range(found + 1))


@pytest.mark.parametrize(("found", "rows", "share"), [(0, 45, 0.05), (3, 200, 0.05), (5, 7, 0.5), (40, 500, 0.1)])
def test_the_p_value_is_the_binomial_tail(found, rows, share):
    assert too_high(found, rows, share) == pytest.approx(tail(found, rows, share), rel=1e-9)


def test_nothing_seen_rules_nothing_out():
    assert too_high(0, 0, 0.05) == 1.0
    assert too_high(7, 7, 0.05) == 1.0


def test_the_fewest_rows_just_suffice():
    rows = fewest(0.05, confidence=0.9)
    assert rows == 45
    assert too_high(0, rows, 0.05) <= 0.1 < too_high(0, rows - 1, 0.05)


def test_the_bound_is_where_the_test_turns():
    bound = upper_bound(3, 200, confidence=0.9)
    assert too_high(3, 200, bound) == pytest.approx(0.1)
    assert upper_bound(0, 0, confidence=0.9) == 1.0


def test_the_interval_of_a_share_is_exact():
    assert interval(0, 10) == (0.0, pytest.approx(1 - 0.025 ** (1 / 10)))
    low, high = interval(5, 10)
    assert (low, high) == (pytest.approx(0.1871, abs=1e-4), pytest.approx(0.8129, abs=1e-4))
    assert interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("a", "b", "x", "wanted"), [(1, 1, 0.3, 0.3), (2, 2, 0.5, 0.5), (3, 1, 0.2, 0.008)])
def test_the_incomplete_beta_function_has_its_known_values(a, b, x, wanted):
    assert incomplete_beta(a, b, x) == pytest.approx(wanted)


def test_the_incomplete_beta_function_ends_at_0_and_1():
    assert (incomplete_beta(2, 3, 0.0), incomplete_beta(2, 3, 1.0)) == (0.0, 1.0)


def test_rows_that_err_together_count_less():
    wrong = np.array(([True] * 10 + [False] * 90) * 3)
    together = [str(i // 10) for i in range(300)]
    assert design_effect(wrong, [str(i) for i in range(300)]) == pytest.approx(1.0, abs=0.01)
    assert design_effect(wrong, together) > 8.0


@pytest.mark.parametrize("wrong", [[], [True, True], [False, False]])
def test_without_variance_rows_count_in_full(wrong):
    assert design_effect(np.array(wrong, dtype=bool), ["a"] * len(wrong)) == 1.0


def test_one_conversation_counts_as_one_row():
    assert design_effect(np.array([True, False, False]), ["a", "a", "a"]) == 3.0

import math

import numpy as np
import pytest

from models.calibration import Calibration, fit_calibration, sigmoid


def test_a_probability_follows_scale_and_bias():
    calibration = Calibration(scales=(2.0, 1.0), biases=(0.0, -1.0))
    assert calibration.probabilities([0.5, 1.0]) == pytest.approx([1 / (1 + math.exp(-1)), 0.5])


@pytest.mark.parametrize("value", [-1e6, 0.0, 1e6])
def test_extreme_logits_stay_probabilities(value):
    assert 0.0 <= sigmoid(value) <= 1.0


def test_the_version_changes_with_any_number():
    one = Calibration(scales=(1.0,), biases=(0.0,))
    other = Calibration(scales=(1.0,), biases=(0.1,))
    assert one.version != other.version
    assert one.version == Calibration(scales=(1.0,), biases=(0.0,)).version


def test_overconfident_logits_are_cooled_to_what_happened():
    logits = np.repeat([[4.0], [-4.0]], 1000, axis=0)
    happened = np.array([[1.0]] * 750 + [[0.0]] * 250 + [[1.0]] * 250 + [[0.0]] * 750)
    fitted = fit_calibration(logits, happened, np.ones_like(logits))
    assert fitted.probabilities([4.0])[0] == pytest.approx(0.75, abs=0.01)
    assert fitted.probabilities([-4.0])[0] == pytest.approx(0.25, abs=0.01)


def test_masked_rows_teach_nothing():
    logits = np.array([[3.0], [-3.0], [0.5]])
    targets = np.array([[0.0], [1.0], [1.0]])
    fitted = fit_calibration(logits, targets, np.zeros_like(logits))
    assert fitted == Calibration(scales=(1.0,), biases=(0.0,))

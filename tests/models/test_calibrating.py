"""Which messages calibrate what: talk in rooms for itself, where there is enough of it."""

import shutil

import pytest

from models.dataset import Example
from models.manifest import SHIPPED, read_manifest
from models.mixture import ENOUGH_TO_CALIBRATE, Mixture
from models.train import _calibrate

TEXT = "it keeps crashing since the update"


def examples(count, *, talk, complain):
    """Return messages in all of which, or in none, the same words are a complaint; texts differ by a number."""
    target = (0.0, float(complain), 0.0)
    return [
        Example(text=f"{TEXT} {n}", targets=target, weights=(1.0, 1.0, 1.0), source="a", talk=talk)
        for n in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "weights")


def calibrated(folder, rows):
    _calibrate(folder, Mixture(train=(), calibrate=tuple(rows), held_out=()))
    return read_manifest(folder)


def test_enough_talk_has_a_calibration_of_its_own(folder):
    rows = examples(ENOUGH_TO_CALIBRATE, talk=True, complain=False)
    rows += examples(ENOUGH_TO_CALIBRATE, talk=False, complain=True)
    manifest = calibrated(folder, rows)
    logits = [3.0, 3.0, -3.0]
    assert manifest.calibration.probabilities(logits)[1] > 0.9
    assert manifest.talk.probabilities(logits)[1] < 0.5


def test_too_little_talk_is_calibrated_with_all_else(folder):
    rows = examples(ENOUGH_TO_CALIBRATE - 1, talk=True, complain=False)
    rows += examples(ENOUGH_TO_CALIBRATE, talk=False, complain=True)
    manifest = calibrated(folder, rows)
    assert manifest.talk == manifest.calibration
    assert 0.2 < manifest.calibration.probabilities([3.0, 3.0, -3.0])[1] < 0.8

import numpy as np
import pytest

from models.compare_calibrations import WAYS, compare


def simulated(rows, *, scale=1.0, bend=0.0, seed=1):
    """Return logits of a model whose true log-odds are its logits scaled, with a bend at one end."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0.0, 2.0, size=rows)
    odds = scale * logits + bend * np.abs(logits)
    return logits, chance.random(rows) < 1.0 / (1.0 + np.exp(-odds))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_probabilities_that_never_fall(way):
    logits, happened = simulated(300)
    curve = WAYS[way](logits, happened.astype(float))(np.linspace(-8.0, 8.0, 100))
    assert ((curve >= 0.0) & (curve <= 1.0)).all()
    assert (np.diff(curve) >= -1e-12).all()


@pytest.mark.parametrize("way", ["temperature", "Platt", "beta", "isotonic"])
def test_an_overconfident_model_is_cooled(way):
    logits, happened = simulated(2000, scale=0.3)
    found = {one.way: one for one in compare(logits, happened, np.arange(2000).astype(str).tolist())}
    assert found[way].log_loss < found["none"].log_loss
    assert found[way].calibration_error < found["none"].calibration_error / 2


def test_the_best_way_comes_first():
    logits, happened = simulated(400, scale=0.5, bend=0.3)
    compared = compare(logits, happened, np.arange(400).astype(str).tolist())
    assert [one.log_loss for one in compared] == sorted(one.log_loss for one in compared)
    assert {one.way for one in compared} == set(WAYS)

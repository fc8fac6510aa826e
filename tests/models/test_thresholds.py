"""The promise is held against simulation: populations whose true risk is known."""

import numpy as np
import pytest

from bot.errors import ModelError
from models.outcomes import Outcomes
from models.thresholds import NEVER, Accepted, promise

NAMES = np.array(["question", "complaint", "praise", "other"])
#: How a simulated model errs: the chance that a label is right is ``1 - (1 - confidence) ** power``.
POWERS = np.array([1.0, 1.4, 0.8, 0.7])


def drawn(chance, rows):
    """Return messages of a population where praise and silence are surer of themselves than they should be."""
    label = chance.choice(4, size=rows, p=[0.3, 0.25, 0.05, 0.4])
    confidence = 0.5 + 0.5 * chance.beta(2.5, 1.0, size=rows)
    right = chance.random(rows) < 1.0 - (1.0 - confidence) ** POWERS[label]
    other = (label + chance.integers(1, 4, size=rows)) % 4
    truth = np.where(right, label, other)
    return Outcomes(
        truth=NAMES[truth],
        said=NAMES[label],
        confidence=confidence,
        wants=truth < 2,
        groups=np.arange(rows).astype(str),
    )


def mostly_praise(chance, rows):
    """Return messages of which 60 are questions, and none of these is said to be anything else."""
    found = drawn(chance, rows)
    right = ~found.wrong
    question = np.arange(rows) < 60
    said = np.where(question, "question", "praise")
    truth = np.where(question, "question", np.where(right, "praise", "other"))
    return Outcomes(truth=truth, said=said, confidence=found.confidence, wants=question, groups=found.groups)


@pytest.fixture(scope="module")
def population():
    return drawn(np.random.default_rng(99), 40_000)


def true_risk(population, thresholds):
    decided = population.decided(thresholds)
    return population.wrong[decided].mean() if decided.any() else 0.0


def true_silence(population, thresholds):
    return (population.silent(thresholds) & population.wants).sum() / population.wants.sum()


def test_the_promises_hold_in_nine_of_ten_drawn_sets(population):
    chance, runs = np.random.default_rng(7), 300
    accepted = Accepted(risk=0.1)
    risky = loud = decided = 0
    for _ in range(runs):
        found = promise(drawn(chance, 150), drawn(chance, 450), accepted)
        risky += true_risk(population, found.thresholds) > accepted.risk
        loud += true_silence(population, found.thresholds) > accepted.silence
        decided += found.coverage > 0
    allowed = 0.1 * runs + 2 * (0.1 * 0.9 * runs) ** 0.5
    assert risky <= allowed
    assert loud <= allowed
    assert decided > 0.8 * runs  # a promise that is kept by deciding nothing would be no use


def test_more_messages_let_the_model_decide_more():
    chance = np.random.default_rng(3)
    few, many = (
        np.mean([promise(drawn(chance, n), drawn(chance, 3 * n), Accepted(risk=0.1)).coverage for _ in range(10)])
        for n in (80, 800)
    )
    assert many > few


def test_accepting_less_decides_less():
    chance = np.random.default_rng(4)
    path, proof = drawn(chance, 400), drawn(chance, 1200)
    strict, lax = (promise(path, proof, Accepted(risk=risk)).coverage for risk in (0.06, 0.15))
    assert strict < lax


@pytest.mark.parametrize("rows", [1, 20])
def test_too_few_messages_leave_everything_to_humans_and_say_why(rows):
    chance = np.random.default_rng(5)
    found = promise(drawn(chance, rows), drawn(chance, rows), Accepted())
    assert set(found.thresholds.values()) == {NEVER}
    assert (found.coverage, found.risk.bound) == (0.0, None)
    assert "everything goes to a human" in found.to_text()
    assert "nothing is left in silence" in found.to_text()


def test_without_any_message_nothing_is_decided():
    nothing = drawn(np.random.default_rng(1), 0)
    found = promise(nothing, nothing, Accepted())
    assert set(found.thresholds.values()) == {NEVER}
    assert found.why


def test_few_questions_leave_nothing_in_silence_but_the_rest_is_decided():
    path, proof = (mostly_praise(np.random.default_rng(seed), 1500) for seed in (6, 7))
    found = promise(path, proof, Accepted(risk=0.2))
    assert found.thresholds["other"] == NEVER
    assert found.thresholds["praise"] < NEVER
    assert found.coverage > 0
    assert "60 questions and complaints" in " ".join(found.why)


def test_messages_of_few_conversations_decide_less():
    chance = np.random.default_rng(8)
    path, proof = drawn(chance, 400), drawn(chance, 1200)
    order = np.argsort(proof.wrong * (proof.confidence > 0.6), kind="stable")
    names = np.empty(len(proof), dtype=np.int64)
    names[order] = np.arange(len(proof)) // 40  # the wrong ones sit together
    clustered = Outcomes(
        truth=proof.truth,
        said=proof.said,
        confidence=proof.confidence,
        wants=proof.wants,
        groups=names.astype(str),
    )
    alone, together = (promise(path, one, Accepted(risk=0.1)).coverage for one in (proof, clustered))
    assert together < alone


@pytest.mark.parametrize("bad", [{"risk": 0.0}, {"silence": 1.0}, {"confidence": 1.5}])
def test_shares_that_are_none_are_refused(bad):
    with pytest.raises(ModelError, match="between 0 and 1"):
        Accepted(**bad)

"""A model whose numbers are none: nothing is concluded from them, and one that only gives such does not start."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot.errors import ModelError
from models import assessor as module
from models.assessor import LocalAssessor
from models.encoder import Encoder, Reading
from models.language import LanguageGuess
from models.manifest import SHIPPED

ODD = "an odd message"
BAD = [math.nan, math.inf, -math.inf]


class Labels:
    """Labels of somebody else's model, as a test wants them for the odd message."""

    version = "theirs-1"

    def __init__(self, given, *, always=False):
        self.given, self.always = given, always

    def probabilities(self, text):
        return self.given if self.always or text == ODD else [0.9, 0.1, 0.1]


class Spoilt(Encoder):
    """The shipped encoder with a number that is none, in the logits or in the embedding."""

    def __init__(self, folder, *, where="logits", value=math.nan, always=False):
        super().__init__(folder)
        self.where, self.value, self.always = where, value, always

    def pass_over(self, ids):
        reading = super().pass_over(ids)
        if not (self.always or ids.tolist() == self.ids(ODD).tolist()):
            return reading
        parts = {"logits": reading.logits.copy(), "embedding": reading.embedding.copy()}
        parts[self.where][1] = self.value
        return Reading(**parts)


@pytest.fixture
def made():
    pools = []

    def make(encoder):
        pools.append(ThreadPoolExecutor(max_workers=1))
        return LocalAssessor(encoder, LanguageGuess(), pools[-1])

    yield make
    for pool in pools:
        pool.shutdown()


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("where", ["logits", "embedding"])
def test_a_number_that_is_none_is_never_taken_for_an_assessment(made, where, value):
    assessor = made(Spoilt(SHIPPED, where=where, value=value))
    with pytest.raises(ModelError, match=r"numbers that are none.*heed check"):
        assessor.assess_one(ODD)
    assert assessor.assess_one("where is my order?").prediction.confidence() > 0.5


async def test_a_template_whose_example_is_read_as_no_number_is_refused(made):
    assessor = made(Spoilt(SHIPPED, where="embedding"))
    with pytest.raises(ModelError, match="numbers that are none"):
        await assessor.index({"odd": [ODD]}, version="v1")
    assert assessor.versions.templates == "none"


@pytest.mark.parametrize("given", [[0.1, math.nan, 0.1], [0.1, math.inf, 0.1], [0.1, 1.2, 0.1], [-0.1, 0.1, 0.1]])
async def test_labels_that_are_no_probabilities_raise(given):
    loaded = await LocalAssessor.load(threads=1, labeller=Labels(given))
    try:
        with pytest.raises(ModelError, match=r"theirs-1.*as probabilities"):
            loaded.assess_one(ODD)
        with pytest.raises(ModelError, match="as probabilities"):
            await loaded.explain(ODD)
        assert loaded.assess_one("another one").prediction.label == "question"
    finally:
        await loaded.close()


async def test_another_model_that_never_gives_a_number_does_not_start():
    with pytest.raises(ModelError, match="heed check"):
        await LocalAssessor.load(threads=1, labeller=Labels([math.nan] * 3, always=True))


async def test_another_model_that_breaks_at_a_plain_message_does_not_start():
    with pytest.raises(ModelError, match=r"cannot tell question, complaint, praise of a message .*heed check"):
        await LocalAssessor.load(threads=1, labeller=Labels([0.1, 0.1], always=True))


async def test_weights_that_never_give_a_number_do_not_start(monkeypatch):
    monkeypatch.setattr(module, "Encoder", lambda folder: Spoilt(folder, always=True))
    with pytest.raises(ModelError, match="numbers that are none"):
        await LocalAssessor.load(threads=1)


class OneLabelShort(Encoder):
    def read(self, normalised):
        reading = super().read(normalised)
        return Reading(logits=np.array(reading.logits[:2]), embedding=reading.embedding)


async def test_a_network_without_a_logit_for_each_label_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(module, "Encoder", OneLabelShort)
    with pytest.raises(ModelError, match=r"logits of shape \[2\].*heed train"):
        await LocalAssessor.load(threads=1)

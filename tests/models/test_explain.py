import asyncio
import math

import pytest

from bot.domain.explanation import NAMED
from bot.domain.prediction import SCORED_LABELS, Assessment, Candidate, Label, Prediction, Versions
from models.assessor import LocalAssessor
from models.explain import HEAD, MOST_PIECES, Measured, explain

VERSIONS = Versions(model="m", calibration="c", templates="t")
TEMPLATES = {"refund": ["how do I get a refund"], "password": ["I forgot my password"]}


def shares(question=0.0, complaint=0.0, praise=0.0):
    return dict(zip(SCORED_LABELS, (question, complaint, praise), strict=True))


def reading(text):
    """A model that hears a question in 'where', doubts it at 'maybe', and knows one template by 'refund'."""
    question = 0.5 + 0.4 * ("where" in text) - 0.3 * ("maybe" in text)
    return Measured(probabilities=shares(question), scores={"refund": 0.8 if "refund" in text else 0.1})


def assessed(text, label=Label.QUESTION):
    made = reading(text)
    candidates = (Candidate(template="refund", score=made.scores["refund"]),)
    prediction = Prediction(label=label, probabilities=made.probabilities, language="en")
    return Assessment(prediction=prediction, candidates=candidates, versions=VERSIONS)


def explained(text, **more):
    return explain(text, assessed(text, **more), reading)


def test_a_word_counts_by_what_is_missing_without_it():
    found = explained("so where is my refund maybe")
    assert [word.text for word in found.for_label()] == ["where"]
    assert [word.text for word in found.against_label()] == ["maybe"]
    assert [word.text for word in found.for_template()] == ["refund"]
    assert found.against_template() == ()
    (refund,) = found.for_template()
    assert (refund.template, refund.score) == (pytest.approx(0.7), pytest.approx(0.1))


def test_words_stand_where_the_text_has_them_whatever_counts_as_a_character():
    text = "😡😡  where\n\tis   «my» refund"
    found = explained(text)
    assert [text[word.start : word.end] for word in found.words] == text.split()
    assert [word.text for word in found.words] == text.split()


def test_for_other_a_word_counts_by_how_sure_it_makes_that_none_of_the_three_holds():
    found = explained("maybe later", label=Label.OTHER)
    assert [word.text for word in found.for_label()] == ["maybe"]


def test_a_certain_label_leaves_finite_numbers():
    def certain(text):
        return Measured(probabilities=shares(complaint=1.0 if "broken" in text else 0.0), scores={})

    text = "it is broken"
    prediction = Prediction(label=Label.COMPLAINT, probabilities=certain(text).probabilities, language="en")
    found = explain(text, Assessment(prediction=prediction, candidates=(), versions=VERSIONS), certain)
    assert [word.text for word in found.for_label()] == ["broken"]
    assert all(math.isfinite(word.label) and word.score is None for word in found.words)


@pytest.mark.parametrize(("words", "whole"), [(2, True), (40, True), (41, True), (120, True), (121, False)])
def test_a_long_message_costs_no_more_passes(words, whole):
    asked = []
    text = " ".join(f"word{number}" for number in range(words))

    def measure(part):
        asked.append(part)
        return reading(part)

    found = explain(text, assessed(text), measure)
    assert len(asked) == len(found.words) <= MOST_PIECES
    assert found.whole is whole
    if whole:
        assert " ".join(word.text for word in found.words) == text


def test_of_a_message_without_end_only_the_head_is_looked_at():
    text = "x " + "a" * 1_000_000
    found = explained(text)
    assert not found.whole
    assert found.words[-1].end == HEAD


@pytest.mark.parametrize("text", ["", "  \n", "where"])
def test_where_nothing_can_be_left_out_no_word_is_named(text):
    found = explained(text)
    assert found.words == ()
    assert found.whole


def test_only_the_strongest_words_are_named():
    def counting(text):
        return Measured(probabilities=shares(question=0.05 * len(text.split())), scores={})

    text = " ".join("abcdefghijkl")
    prediction = Prediction(label=Label.QUESTION, probabilities=counting(text).probabilities, language="en")
    found = explain(text, Assessment(prediction=prediction, candidates=(), versions=VERSIONS), counting)
    assert len(found.for_label()) <= NAMED


@pytest.fixture
async def own():
    loaded = await LocalAssessor.load(threads=2)
    await loaded.index(TEMPLATES, version="v1")
    yield loaded
    await loaded.close()


async def test_the_shipped_model_is_explained_with_the_assessment_that_it_makes(own):
    text = "my parcel is late, where is it"
    found = await own.explain(text)
    assert found.assessment == own.assess_one(text)
    assert " ".join(word.text for word in found.words) == text
    assert found.for_label()


async def test_the_word_that_the_template_shares_with_the_message_brings_them_together(own):
    found = await own.explain("hello, I cannot remember my password any more")
    assert found.assessment.candidates[0].template == "password"
    assert "password" in [word.text for word in found.for_template()]


async def test_explaining_while_messages_are_assessed_changes_neither(own):
    text = "the app crashes, how can I get my refund?"
    alone = await own.explain(text)
    both = await asyncio.gather(own.explain(text), own.explain(text), own.assess([text] * 50))
    assert both[0] == both[1] == alone
    assert set(map(repr, both[2])) == {repr(alone.assessment)}


@pytest.mark.parametrize("text", ["", "\x00", "@brand hello", "\ud800 then ok", "👨‍👩‍👧‍👦 " * 300, "ﷺ " * 500])
async def test_any_text_can_be_explained(own, text):
    found = await own.explain(text)
    assert found.assessment == own.assess_one(text)
    assert all(math.isfinite(word.label) and math.isfinite(word.template) for word in found.words)

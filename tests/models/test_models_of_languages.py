"""A language with a model of its own: which model reads what, and nothing else about a message changes it."""

import math

import pytest

from bot.domain.prediction import Label
from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.hub import HubLabeller
from tests.models.test_hub_labeller import needs_torch, tiny_model

GERMAN = "Meine Bestellung ist immer noch nicht angekommen und niemand antwortet mir"
FRENCH = "Je voudrais savoir quand mon colis va enfin arriver chez moi"
ENGLISH = "where is my order, it should have been here on Monday"
SHORT = "ok"


class Theirs:
    """Somebody else's model, which hears a complaint in everything."""

    version = "german-1"

    def __init__(self, given=(0.1, 0.9, 0.2)):
        self.given = list(given)
        self.seen = []

    def probabilities(self, text):
        self.seen.append(text)
        return self.given


@pytest.fixture
def theirs():
    return Theirs()


@pytest.fixture
async def own(theirs):
    loaded = await LocalAssessor.load(readers={"de": theirs})
    await loaded.index({"password": ["I forgot my password"]}, version="v1")
    yield loaded
    await loaded.close()


async def test_a_message_in_the_language_is_read_by_its_model(own):
    (made,) = await own.assess([GERMAN])
    assert (made.prediction.language, made.prediction.reader) == ("de", "de")
    assert (made.prediction.label, made.prediction.probabilities[Label.COMPLAINT]) == (Label.COMPLAINT, 0.9)
    assert (made.versions.model, made.versions.calibration) == ("german-1", "none")


async def test_no_template_is_near_to_what_the_encoder_does_not_know(own):
    (made,) = await own.assess([GERMAN])
    assert made.candidates == ()
    assert made.versions.templates == "v1"


@pytest.mark.parametrize("text", [ENGLISH, FRENCH])
async def test_other_languages_are_read_as_without_it(own, assessor, text):
    (made,) = await own.assess([text], usual=["de"])
    assert made.prediction == assessor.assess_one(text).prediction
    assert made.prediction.reader == ""


@pytest.mark.parametrize(("usual", "reader"), [("de", "de"), ("en", ""), ("und", ""), ("fr", "")])
async def test_a_text_whose_language_cannot_be_told_is_read_as_its_writer_usually_writes(own, usual, reader):
    (made,) = await own.assess([SHORT], usual=[usual])
    assert (made.prediction.language, made.prediction.reader) == ("und", reader)


async def test_nobodys_usual_language_is_taken_for_granted(own):
    (made,) = await own.assess([SHORT])
    assert made.prediction.reader == ""


async def test_what_is_read_beside_it_changes_nothing(own):
    texts = [ENGLISH, SHORT, GERMAN, FRENCH, SHORT, "", "thanks a lot"]
    usual = ["de", "de", "en", "de", "en", "de", "und"]
    together = await own.assess(texts, usual=usual)
    alone = [(await own.assess([text], usual=[spoken]))[0] for text, spoken in zip(texts, usual, strict=True)]
    assert together == alone
    assert together == [own.assess_one(text, usual=spoken) for text, spoken in zip(texts, usual, strict=True)]


async def test_emoji_stay_signs_for_a_model_that_does_not_read_their_english_names(own, theirs):
    await own.assess(["@shop Meine Bestellung ist immer noch nicht da 😡"])
    assert theirs.seen[-1].endswith("nicht da 😡")


async def test_a_text_without_content_is_other_without_asking_the_model(own, theirs):
    asked = len(theirs.seen)
    (made,) = await own.assess(["@someone"], usual=["de"])
    assert made.prediction.label is Label.OTHER
    assert len(theirs.seen) == asked


async def test_the_words_are_explained_by_the_model_that_read_them(own, theirs):
    theirs.seen.clear()
    explanation = await own.explain("ok ok", usual="de")
    assert explanation.assessment.prediction.reader == "de"
    assert explanation.for_template() == ()
    assert len(theirs.seen) == 3  # the whole, and each word left out


async def test_numbers_that_are_none_are_never_taken_for_an_assessment(own, theirs):
    theirs.given = [0.1, math.nan, 0.1]
    with pytest.raises(ModelError, match=r"german-1.*as probabilities"):
        own.assess_one(GERMAN)
    assert own.assess_one(ENGLISH).prediction.probabilities[Label.QUESTION] > 0.9


async def test_a_model_that_tells_too_little_does_not_start():
    with pytest.raises(ModelError, match=r"german-1 for 'de' cannot tell question, .*heed check"):
        await LocalAssessor.load(readers={"de": Theirs((0.5, 0.5))})


async def test_a_model_that_never_gives_a_number_does_not_start():
    with pytest.raises(ModelError, match=r"german-1.*heed check"):
        await LocalAssessor.load(readers={"de": Theirs((math.nan, 0.5, 0.5))})


@needs_torch
async def test_a_model_of_the_hub_reads_one_language(tmp_path):
    reader = HubLabeller.load(tiny_model(tmp_path), labels={"LABEL_0": "praise", "LABEL_1": "complaint"})
    loaded = await LocalAssessor.load(readers={"de": reader})
    alone = await loaded.assess([GERMAN])
    among = await loaded.assess([ENGLISH, GERMAN, SHORT, "y" * 5000], usual=["en", "en", "de", "de"])
    await loaded.close()
    assert alone[0].versions.model == reader.version
    assert among[1] == alone[0]
    assert [made.prediction.reader for made in among] == ["", "de", "de", "de"]

import asyncio
import threading

import pytest

from bot.domain.prediction import SCORED_LABELS, Label
from models.assessor import LocalAssessor

OTHERS = [f"message number {i} about {what}" for i in range(50) for what in ("a late parcel", "thanks a lot!!")]

TEMPLATES = {
    "refund": ["how do I get a refund", "I want my money back"],
    "password": ["I forgot my password", "how can I reset my password"],
    "hours": ["when are you open", "what are your opening hours on Sunday"],
}

ODD = [
    "",
    " ",
    "\x00",
    "\x00" * 5000,
    "\ud800",
    "ok \udfff\ud800 then",
    "\u202e\u202d\u2066",
    "😡😡😡",
    "👨‍👩‍👧‍👦" * 300,
    "?",
    "@someone",
    "a" * 1_000_000,
    "word " * 200_000,
    "🙂" * 250_000,
    "\u0301" * 10_000,
    "ﷺ" * 10_000,
]


@pytest.fixture
async def own(assessor):
    """An assessor whose templates a test may replace."""
    loaded = await LocalAssessor.load(threads=2)
    yield loaded
    await loaded.close()


async def test_the_same_text_is_always_assessed_the_same(assessor):
    first, second = await assessor.assess(["where is my order?"] * 2)
    assert first == second
    assert assessor.assess_one("where is my order?") == first


async def test_alone_or_among_a_hundred_others_the_assessment_is_exactly_the_same(assessor):
    text = "it stopped working again, can somebody help?"
    (alone,) = await assessor.assess([text])
    among = await assessor.assess([*OTHERS[:37], text, *OTHERS[37:]])
    assert among[37] == alone


async def test_assessments_come_in_the_order_of_their_texts(assessor):
    texts = [*OTHERS, "x", "why?"]
    assert await assessor.assess(texts) == [assessor.assess_one(text) for text in texts]


async def test_nothing_to_assess_gives_nothing(assessor):
    assert await assessor.assess([]) == []


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
async def test_any_text_is_assessed(assessor, text):
    (made,) = await assessor.assess([text])
    assert set(made.prediction.probabilities) == set(SCORED_LABELS)
    assert all(0.0 <= value <= 1.0 for value in made.prediction.probabilities.values())


@pytest.mark.parametrize("text", ["", " \n", "\x00\x00", "@brand", "\u202e", "\ud83d"])
def test_a_text_without_content_is_other_and_finds_no_template(assessor, text):
    made = assessor.assess_one(text)
    assert made.prediction.label is Label.OTHER
    assert made.prediction.language == "und"
    assert made.candidates == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("How do I change the delivery address of my order?", Label.QUESTION),
        ("can you tell me when you open tomorrow", Label.QUESTION),
        ("where can i download the invoice", Label.QUESTION),
        ("My parcel arrived broken and nobody answers my emails. Terrible service.", Label.COMPLAINT),
        ("third time this week the app crashed, I am fed up", Label.COMPLAINT),
        ("worst customer service ever, still waiting for my refund", Label.COMPLAINT),
        ("Thank you so much, that fixed it!", Label.PRAISE),
        ("I love this app, you did a great job", Label.PRAISE),
        ("good morning everyone", Label.OTHER),
        ("see you tomorrow at the game", Label.OTHER),
    ],
)
def test_a_plain_message_gets_its_label(assessor, text, label):
    assert assessor.assess_one(text).prediction.label is label


def test_labels_may_hold_together(assessor):
    found = assessor.assess_one(
        "The app crashes every time I open it. How can I fix this?"
    ).prediction.probabilities
    assert found[Label.QUESTION] >= 0.5
    assert found[Label.COMPLAINT] >= 0.5


def test_capitals_and_handles_change_nothing(assessor):
    plain = assessor.assess_one("where is my parcel?").prediction
    assert assessor.assess_one("@brand WHERE is my Parcel?").prediction.probabilities == plain.probabilities


async def test_the_obvious_template_is_found(own):
    await own.index(TEMPLATES, version="v1")
    (made,) = await own.assess(["hey, I can't remember my password any more"])
    assert made.candidates[0].template == "password"
    assert len(made.candidates) == len(TEMPLATES)
    assert made.versions.templates == "v1"


async def test_new_templates_replace_all_earlier_ones(own):
    await own.index(TEMPLATES, version="v1")
    await own.index({"parking": ["where can I park my car"]}, version="v2")
    (made,) = await own.assess(["I forgot my password"])
    assert [candidate.template for candidate in made.candidates] == ["parking"]
    assert made.versions.templates == "v2"
    assert own.versions.templates == "v2"


async def test_a_reload_gives_the_same_scores_as_a_fresh_start(own, assessor):
    await own.index({"refund": TEMPLATES["refund"]}, version="v1")
    await own.index(TEMPLATES, version="v2")
    reloaded = own.assess_one("money back please").candidates
    fresh = await LocalAssessor.load()
    await fresh.index(TEMPLATES, version="v2")
    assert fresh.assess_one("money back please").candidates == reloaded
    await fresh.close()


async def test_two_reloads_at_once_end_with_one_of_them_whole(own):
    await own.index(TEMPLATES, version="v0")
    await asyncio.gather(
        own.index({"parking": ["where can I park my car"]}, version="v1"),
        own.index({"refund": TEMPLATES["refund"], "invoice": ["send me an invoice"]}, version="v2"),
    )
    made = own.assess_one("I want my money back")
    found = {candidate.template for candidate in made.candidates}
    assert (made.versions.templates, found) in [("v1", {"parking"}), ("v2", {"refund", "invoice"})]


async def test_all_texts_of_one_call_see_the_same_templates(own):
    await own.index(TEMPLATES, version="v1")
    assessing = asyncio.ensure_future(own.assess(OTHERS))
    await asyncio.sleep(0)
    await own.index({}, version="v2")
    assert {made.versions.templates for made in await assessing} == {"v1"}


async def test_without_templates_there_are_no_candidates(own):
    (made,) = await own.assess(["where is my order?"])
    assert made.candidates == ()
    assert made.versions.templates == "none"


async def test_closing_ends_the_threads():
    before = set(threading.enumerate())
    loaded = await LocalAssessor.load(threads=3)
    await loaded.assess(["one", "two", "three", "four"])
    await loaded.close()
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("assess")]


async def test_versions_name_model_calibration_and_templates(assessor):
    versions = assessor.versions
    assert len(versions.model) == 12
    assert len(versions.calibration) == 12
    assert versions.model != versions.calibration


class Constant:
    version = "constant-1"

    def probabilities(self, text):
        return [0.0, 0.9, 0.0]


async def test_another_models_labels_replace_the_shipped_ones_and_templates_stay():
    loaded = await LocalAssessor.load(labeller=Constant())
    await loaded.index(TEMPLATES, version="v1")
    (made,) = await loaded.assess(["I forgot my password"])
    assert made.prediction.label is Label.COMPLAINT
    assert made.candidates[0].template == "password"
    assert made.versions.model.startswith("constant-1+")
    await loaded.close()


async def test_the_same_words_are_a_complaint_less_surely_where_many_talk(assessor):
    text = "it keeps crashing since the update"
    to_the_brand, in_a_room = await assessor.assess([text, text], addressed=[True, False])
    assert in_a_room == assessor.assess_one(text, addressed=False)
    assert to_the_brand == assessor.assess_one(text)
    chances = [made.prediction.probabilities[Label.COMPLAINT] for made in (to_the_brand, in_a_room)]
    odds = [complains / (1.0 - complains) for complains in chances]
    assert odds[0] > 2.0 * odds[1]
    assert to_the_brand.candidates == in_a_room.candidates
    assert to_the_brand.versions.calibration != in_a_room.versions.calibration


async def test_talk_is_explained_as_it_was_assessed(assessor):
    text = "it keeps crashing since the update"
    for addressed in (True, False):
        explanation = await assessor.explain(text, addressed=addressed)
        assert explanation.assessment == assessor.assess_one(text, addressed=addressed)
    whole, talk = [(await assessor.explain(text, addressed=meant)).words[-1].confidence for meant in (True, False)]
    assert whole != talk

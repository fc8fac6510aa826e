"""Why a message was decided as it was: thresholds, templates, and the words that mattered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import timedelta

import pytest

from bot.desk.weighing import TITLES, Weighed, decisive, weigh
from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.explanation import Explanation
from bot.domain.prediction import Assessment, Label
from bot.domain.states import State
from bot.errors import ModelError
from handlers import Confidence, decide
from tests.handlers.brand_sample import CONFIDENCE, assessed, sample_brand, situation
from tests.web import scene_parts
from tests.web.conftest import Opener, Place
from tests.web.fake_staff import desk_of

THRESHOLDS: Mapping[str, float] = asdict(CONFIDENCE)


def weighed(text: str, assessment: Assessment, **changes: object) -> tuple[Reason, tuple[Weighed, ...]]:
    """Let the sample brand decide, and weigh what it decided."""
    where = situation(**changes)
    decision = decide(text=text, assessment=assessment, situation=where, brand=sample_brand())
    return decision.reason, weigh(decision, assessment, where, THRESHOLDS)


def near(best: float, runner_up: float) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("order-status", best), ("delivery-time", runner_up)


#: Text, assessment, situation; the reason, the threshold that decided, and whether it was reached.
CASES = [
    ("a bit", assessed(Label.QUESTION, *near(0.7, 0.3), sure=0.52), {}, "unsure", "question", False),
    ("where is it?", assessed(Label.QUESTION, *near(0.5, 0.3)), {}, "no_template", "template", False),
    ("where is it?", assessed(Label.QUESTION, *near(0.7, 0.66)), {}, "no_template", "margin", False),
    ("where is it?", assessed(Label.QUESTION, *near(0.64, 0.2)), {}, "template", "template", True),
    ("where is it?", assessed(Label.QUESTION, *near(0.8, 0.73)), {}, "template", "margin", True),
    ("where is it?", assessed(Label.QUESTION, *near(0.8, 0.2), sure=0.56), {}, "template", "question", True),
    ("order status", assessed(Label.OTHER, *near(0.94, 0.3)), {}, "template", "verbatim", True),
    ("it broke", assessed(Label.COMPLAINT), {}, "complaint", "complaint", True),
    ("so good", assessed(Label.PRAISE), {}, "praise", "praise_alone", True),
    ("so good", assessed(Label.PRAISE, sure=0.55), {}, "unsure", "praise", False),
    ("so good", assessed(Label.PRAISE, question=0.3), {}, "unsure", "praise_alone", False),
    ("blue sky today", assessed(Label.OTHER, sure=0.96), {}, "chatter", "other", True),
    ("blue sky today", assessed(Label.OTHER, sure=0.9), {}, "unsure", "other", False),
]
ROOM = {"private": False, "addressed": False}
ROOM_CASES = [
    ("where?", assessed(Label.QUESTION, sure=0.8), ROOM, "between_members", "unasked", False),
    ("where?", assessed(Label.QUESTION, sure=0.92), ROOM, "unanswered", "unasked", True),
    ("where?", assessed(Label.QUESTION, *near(0.76, 0.2)), ROOM, "template", "unasked_template", True),
    ("where?", assessed(Label.COMPLAINT, question=0.97, sure=0.92), ROOM, "unanswered", "unasked", True),
    ("fern & forge, where?", assessed(Label.QUESTION, sure=0.6), ROOM, "unanswered", "question", True),
]


@pytest.mark.parametrize(("text", "assessment", "where", "reason", "name", "passed"), [*CASES, *ROOM_CASES])
def test_the_threshold_that_decided_is_the_one_that_the_handlers_asked(
    text: str, assessment: Assessment, where: dict[str, object], reason: str, name: str, passed: bool
) -> None:
    told, comparisons = weighed(text, assessment, **where)
    assert told == reason
    decided = decisive(comparisons)
    assert decided is not None
    assert (decided.name, decided.passed) == (name, passed)
    assert decided.setting == f"model.confidence.{name}"


@pytest.mark.parametrize(
    ("text", "assessment", "where"),
    [
        ("human please", assessed(Label.QUESTION, *near(0.9, 0.2)), {}),
        ("hi", assessed(Label.OTHER, sure=0.99), {}),
        ("wo ist es", assessed(Label.QUESTION, *near(0.9, 0.2), language="de"), {}),
        ("anything", assessed(Label.COMPLAINT), {"state": State.CLAIMED}),
        ("anything", assessed(Label.COMPLAINT), {"paused": True}),
        ("talk", assessed(Label.QUESTION), {**ROOM, "answered": True}),
        ("talk", assessed(Label.PRAISE), ROOM),
        ("", assessed(Label.OTHER, sure=1.0), {}),
    ],
)
def test_where_no_number_decided_no_threshold_is_named(
    text: str, assessment: Assessment, where: dict[str, object]
) -> None:
    _, comparisons = weighed(text, assessment, **where)
    assert comparisons == ()
    assert decisive(comparisons) is None


def test_a_decision_that_the_thresholds_of_today_would_not_lead_to_names_none() -> None:
    sure = assessed(Label.COMPLAINT, sure=0.6)
    decision = Decision(kind=DecisionKind.ESCALATE, reason=Reason.COMPLAINT)
    assert weigh(decision, sure, situation(), THRESHOLDS)
    assert weigh(decision, sure, situation(), {**THRESHOLDS, "complaint": 0.7}) == ()
    unsure = Decision(kind=DecisionKind.ESCALATE, reason=Reason.UNSURE)
    assert weigh(unsure, sure, situation(), THRESHOLDS) == ()


def test_every_threshold_has_a_title_and_there_are_no_others() -> None:
    assert set(TITLES) == {field.name for field in fields(Confidence)}


# --- on the desk


def test_the_thresholds_of_the_usual_model_say_nothing_of_what_another_read() -> None:
    made = assessed(Label.OTHER, sure=0.99, language="de", reader="de")
    decision = Decision(kind=DecisionKind.SILENCE, reason=Reason.CHATTER)
    assert weigh(decision, made, situation(), THRESHOLDS) == ()
    usual = assessed(Label.OTHER, sure=0.99)
    assert weigh(decision, usual, situation(), THRESHOLDS) != ()


async def explained(text: str, *, usual: str, addressed: bool) -> Explanation:
    return scene_parts.explained(text)


@pytest.fixture
async def desk(opened: Opener) -> Place:
    place = await opened()
    place.store.put(scene_parts.rich(place.time.now()))
    desk = desk_of(
        place.store,
        place.commands,
        thresholds=scene_parts.THRESHOLDS,
        explain=explained,
    )
    explaining = await opened(desk=desk, time=place.time, store=place.store, commands=place.commands)
    explaining.store, explaining.time = place.store, place.time
    await explaining.sign_in()
    return explaining


async def timeline(place: Place) -> dict[str, dict]:
    body = await (await place.client.get("/desk/conversations/lena")).json()
    assert body["explains"] is True
    return {entry["id"]: entry for entry in body["timeline"] if entry["kind"] == "message"}


async def test_a_message_shows_the_threshold_that_decided_and_the_two_nearest_templates(desk: Place) -> None:
    answered = (await timeline(desk))["lena-1"]
    assert answered["templates"] == [
        {"template": "where_is_my_order", "score": 0.71},
        {"template": "delivery_time", "score": 0.55},
    ]
    comparisons = answered["decision"]["weighed"]
    assert [one["setting"].removeprefix("model.confidence.") for one in comparisons] == [
        "question",
        "template",
        "margin",
    ]
    (decided,) = [one for one in comparisons if one["decided"]]
    assert decided == {
        "setting": "model.confidence.template",
        "title": "nearest template",
        "value": 0.71,
        "needed": 0.62,
        "passed": True,
        "decided": True,
    }


async def test_a_message_that_a_phrase_decided_shows_no_threshold(desk: Place) -> None:
    assert (await timeline(desk))["lena-3"]["decision"]["weighed"] == []


async def test_a_message_that_was_not_assessed_shows_neither_templates_nor_thresholds(desk: Place) -> None:
    view = desk.store.views["lena"]
    first, *others = view.decisions
    desk.store.put(replace(view, decisions=(replace(first, assessment=None), *others)))
    entry = (await timeline(desk))["lena-1"]
    assert (entry["prediction"], entry["templates"], entry["decision"]["weighed"]) == (None, [], [])


async def test_the_words_that_mattered_come_when_asked_for_and_make_up_the_text(desk: Place) -> None:
    response = await desk.client.get("/desk/conversations/lena/messages/lena-1/words")
    assert response.status == 200
    body = await response.json()
    text = "Hi, where is my order 88120? It should have been here on Monday."
    assert "".join(piece["text"] for piece in body["pieces"]) == text
    assert [piece["text"] for piece in body["pieces"] if piece.get("named")] == ["Hi,", "where"]
    assert [word["text"] for word in body["for_label"]] == ["where"]
    assert [word["text"] for word in body["against_label"]] == ["Hi,"]
    assert [word["text"] for word in body["for_template"]] == ["where"]
    assert body["for_label"][0]["confidence"] == 0.42
    assert (body["label"], body["language"], body["whole"]) == ("question", "en", True)


@pytest.mark.parametrize("where", [{"private": True}, {"private": False, "addressed": True}, {"private": False}])
async def test_talk_in_a_room_is_explained_as_talk(opened: Opener, where: dict[str, bool]) -> None:
    asked = []

    async def explains(text: str, *, usual: str, addressed: bool) -> Explanation:
        asked.append(addressed)
        return scene_parts.explained(text)

    place = await opened()
    other = await opened(desk=desk_of(place.store, place.commands, explain=explains))
    await other.sign_in()
    view = scene_parts.rich(place.time.now())
    meant = situation(**{"addressed": False} | where)
    decisions = tuple(replace(record, situation=meant) for record in view.decisions)
    place.store.put(replace(view, decisions=decisions))
    response = await other.client.get("/desk/conversations/lena/messages/lena-1/words")
    assert response.status == 200
    assert asked == [any(where.values())]


@pytest.mark.parametrize("message", ["nothing", "lena-b4", "lena-1/../x"])
async def test_only_what_a_customer_wrote_can_be_explained(desk: Place, message: str) -> None:
    response = await desk.client.get(f"/desk/conversations/lena/messages/{message}/words")
    assert response.status == 404


async def test_an_erased_text_cannot_be_explained(desk: Place) -> None:
    view = desk.store.views["lena"]
    desk.store.put(replace(view, transcript=tuple(replace(line, text="") for line in view.transcript)))
    assert (await desk.client.get("/desk/conversations/lena/messages/lena-1/words")).status == 404


async def test_without_a_model_the_page_is_told_not_to_offer_it(mara: Place) -> None:
    mara.store.put(scene_parts.rich(mara.time.now()))
    assert (await (await mara.client.get("/desk/conversations/lena")).json())["explains"] is False
    assert (await mara.client.get("/desk/conversations/lena/messages/lena-1/words")).status == 404


async def test_who_is_not_signed_in_learns_nothing(place: Place) -> None:
    place.store.put(scene_parts.rich(place.time.now()))
    assert (await place.client.get("/desk/conversations/lena/messages/lena-1/words")).status == 401


async def test_a_model_that_gives_no_numbers_is_said_in_words(opened: Opener) -> None:
    async def fails(text: str, *, usual: str, addressed: bool) -> Explanation:
        raise ModelError("numbers that are none")

    place = await opened()
    desk = desk_of(place.store, place.commands, explain=fails)
    other = await opened(desk=desk)
    await other.sign_in()
    place.store.put(scene_parts.conversation("Pat", ["Where?"], now=place.time.now(), waited=timedelta(minutes=1)))
    response = await other.client.get("/desk/conversations/pat/messages/pat-1/words")
    assert response.status == 409
    assert (await response.json())["detail"] == "The model gives no usable numbers for this message."

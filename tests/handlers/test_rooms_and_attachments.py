"""What the brand does in public rooms, about what a message brings along, and about what an agent has answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brand_sample import WATERING, assessed, outcome, sample_brand, situation

from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.messages import AttachmentKind, Author
from bot.domain.prediction import Assessment, Label
from bot.domain.states import State
from handlers import Confidence, decide

ANSWER, ESCALATE, GREET, SILENCE, RECORD = (
    DecisionKind.ANSWER,
    DecisionKind.ESCALATE,
    DecisionKind.GREET,
    DecisionKind.SILENCE,
    DecisionKind.RECORD,
)
Q, C, P, O = Label.QUESTION, Label.COMPLAINT, Label.PRAISE, Label.OTHER  # noqa: E741 - a table's columns
EXAMPLE = sample_brand().catalogue.templates["watering"].examples[0]
IN_ROOM = {"private": False}
UNASKED = {"private": False, "addressed": False}
LEFT = (SILENCE, Reason.BETWEEN_MEMBERS, None)
LOOKED_AT = (ESCALATE, Reason.UNANSWERED, None)
IMAGE, FILE, STICKER = (AttachmentKind.IMAGE,), (AttachmentKind.FILE,), (AttachmentKind.STICKER,)


def act(text: str, assessment: Assessment | None, **where: object) -> tuple[DecisionKind, Reason, str | None]:
    return outcome(decided(text, assessment, **where))


def decided(text: str, assessment: Assessment | None, **where: object) -> Decision:
    return decide(text=text, assessment=assessment, situation=situation(**where), brand=sample_brand())


TALK = [
    # what was said, how it was read, what follows if nobody has answered
    ("how much water", assessed(Q, *WATERING), (ANSWER, Reason.TEMPLATE, "watering")),
    ("how much water", assessed(Q, *WATERING, sure=0.89), LEFT),
    ("how much water", assessed(Q, ("watering", 0.74)), LOOKED_AT),
    ("how much water", assessed(Q, ("watering", 0.81), ("light", 0.8)), LOOKED_AT),
    ("how much water", assessed(Q, *WATERING, complaint=0.6), LOOKED_AT),
    ("how much water", assessed(Q, *WATERING, language="pl"), LEFT),
    (EXAMPLE.upper(), assessed(Q, ("watering", 0.7)), (ANSWER, Reason.TEMPLATE, "watering")),
    (EXAMPLE, assessed(O, ("watering", 0.99)), LEFT),
    ("does anybody have the blue one", assessed(Q), LOOKED_AT),
    ("it came broken again", assessed(C), LOOKED_AT),
    ("it came broken again", assessed(C, sure=0.8), LEFT),
    ("Fern & Forge sent it broken again", assessed(C, sure=0.8), LOOKED_AT),
    ("what is Fern & Forge doing today", assessed(Q, sure=0.6), LOOKED_AT),
    ("ferns are forged there", assessed(Q, sure=0.6), LEFT),
    ("hi everybody", assessed(O), LEFT),
    ("thanks, you are the best", assessed(P), LEFT),
    ("can I talk to a real person", assessed(O), LEFT),
    ("that's not what I asked", assessed(O), LEFT),
    ("FF-20331", assessed(O), LEFT),
    ("", assessed(O), LEFT),
]


@pytest.mark.parametrize(("text", "assessment", "expected"), TALK)
def test_what_nobody_addressed_to_the_brand_is_left_unless_it_is_surely_meant_for_it(
    text, assessment, expected
) -> None:
    assert act(text, assessment, **UNASKED) == expected


@pytest.mark.parametrize(("text", "assessment", "_expected"), TALK)
def test_what_another_member_has_answered_is_left_to_the_members(text, assessment, _expected) -> None:
    assert act(text, assessment, **UNASKED, answered=True) == LEFT
    assert act(text, assessment, **UNASKED, answered=True, paused=True) == LEFT


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"late": True}, (ESCALATE, Reason.LATE, None)),
        ({"paused": True}, (ESCALATE, Reason.PAUSED, None)),
        ({"state": State.WAITING, "spoke_last": Author.AGENT}, LOOKED_AT),
        ({"state": State.ESCALATED}, LOOKED_AT),
        ({"state": State.WAITING, "spoke_last": Author.BOT, "last_template": "watering"}, LOOKED_AT),
        ({"attachments": IMAGE}, LOOKED_AT),
        ({"attachments": STICKER}, (ANSWER, Reason.TEMPLATE, "watering")),
        ({"flooding": True}, LEFT),
    ],
)
def test_the_bot_speaks_unasked_only_where_nothing_stands_against_it(where, expected) -> None:
    assert act("how much water", assessed(Q, *WATERING), **UNASKED, **where) == expected


def test_talk_between_members_stays_left_alone_however_late_and_even_while_paused() -> None:
    for where in ({"late": True}, {"paused": True}, {"late": True, "paused": True}):
        assert act("nice weather", assessed(O), **UNASKED, **where) == LEFT


def test_talk_that_the_model_could_not_read_reaches_a_human_unless_somebody_has_answered() -> None:
    assert act("anything", None, **UNASKED) == (ESCALATE, Reason.NOT_ASSESSED, None)
    assert act("anything", None, **UNASKED, answered=True) == LEFT
    assert act("anything", None, **UNASKED, flooding=True) == LEFT


def test_a_brand_decides_how_sure_the_bot_must_be_to_speak_unasked() -> None:
    heard = assessed(Q, *WATERING, sure=0.95)
    for confidence, kind in ((Confidence(unasked=0.96), SILENCE), (Confidence(unasked_template=0.9), ESCALATE)):
        brand = replace(sample_brand(), confidence=confidence)
        assert decide(text="water?", assessment=heard, situation=situation(**UNASKED), brand=brand).kind is kind


ADDRESSED = [
    ("how much water", assessed(Q, ("watering", 0.63)), (ANSWER, Reason.TEMPLATE, "watering")),
    ("how much water", assessed(Q), (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    ("it came broken again", assessed(C), (ESCALATE, Reason.COMPLAINT, "ack-complaint")),
    ("can I talk to a real person", assessed(O), (ESCALATE, Reason.HUMAN_WANTED, "ack-human")),
    ("your ferns are gorgeous", assessed(P), (ANSWER, Reason.PRAISE, "thanks")),
    ("hi", assessed(O), (GREET, Reason.GREETING, "greeting")),
    ("nice weather", assessed(O), (SILENCE, Reason.CHATTER, None)),
]


@pytest.mark.parametrize(("text", "assessment", "expected"), ADDRESSED)
def test_in_a_room_the_bot_does_for_who_addresses_it_what_it_does_in_private(text, assessment, expected) -> None:
    assert act(text, assessment, **IN_ROOM) == expected
    assert act(text, assessment) == expected


CALLS = [
    "@fernbot",
    "@fern.bot-1!",
    "<@1100000000000000001>",
    "<@!11> hi",
    "/start",
    "/start@fern_bot x9_-z",
    "/help",
]


@pytest.mark.parametrize("text", [*CALLS, "Fern & Forge", "@fernandforge hello there"])
def test_who_only_calls_the_bot_by_its_name_is_greeted(text: str) -> None:
    assert act(text, assessed(Q, sure=0.6), **IN_ROOM) == (GREET, Reason.GREETING, "greeting")


@pytest.mark.parametrize("text", ["@fernbot how much water", "/start it all over again", "robin@mail.example"])
def test_who_calls_the_bot_and_says_more_is_not_just_greeted(text: str) -> None:
    assert act(text, assessed(Q, *WATERING), **IN_ROOM)[0] is ANSWER


BROUGHT = [
    ("[image]", assessed(C), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    (
        "[image] [file]",
        assessed(P),
        (*IMAGE, AttachmentKind.FILE),
        {},
        (ESCALATE, Reason.ATTACHMENT, "ack-unsure"),
    ),
    ("", assessed(O), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    ("how much water", assessed(Q, *WATERING), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    (EXAMPLE, assessed(Q, ("watering", 1.0)), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    ("it came like this", assessed(C), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-complaint")),
    ("it came like this", assessed(C), IMAGE, {"acknowledged": True}, (ESCALATE, Reason.ATTACHMENT, None)),
    ("hi", assessed(O), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    ("thanks!", assessed(P), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, "ack-unsure")),
    ("jak często", assessed(Q, language="pl"), IMAGE, {}, (ESCALATE, Reason.ATTACHMENT, None)),
    ("human please", assessed(O), IMAGE, {}, (ESCALATE, Reason.HUMAN_WANTED, "ack-human")),
    ("thanks!", assessed(P), IMAGE, {"state": State.CLAIMED}, (ESCALATE, Reason.HELD, None)),
    ("[voice]", assessed(O), (AttachmentKind.VOICE,), {"state": State.ESCALATED}, (ESCALATE, Reason.HELD, None)),
    ("how much water", assessed(Q, *WATERING), STICKER, {}, (ANSWER, Reason.TEMPLATE, "watering")),
    ("[sticker]", assessed(C), STICKER, {}, (SILENCE, Reason.CHATTER, None)),
    ("[sticker]", assessed(Q), STICKER, {"state": State.CLAIMED}, (SILENCE, Reason.CHATTER, None)),
    ("[image]", assessed(Q, sure=0.9), (), {}, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
]


@pytest.mark.parametrize(("text", "assessment", "brought", "where", "expected"), BROUGHT)
def test_what_the_model_cannot_read_is_seen_by_a_human_and_a_sticker_is_but_a_mood(
    text, assessment, brought, where, expected
) -> None:
    assert act(text, assessment, attachments=brought, **where) == expected


@pytest.mark.parametrize("kind", list(AttachmentKind))
def test_whatever_matters_is_neither_answered_nor_left_in_silence(kind: AttachmentKind) -> None:
    for label in Label:
        done = decided("how much water", assessed(label, ("watering", 0.99)), attachments=(kind,))
        assert (done.kind is ESCALATE) or not kind.matters


REPLIED = [
    ("how much water", assessed(Q, *WATERING), {}, (RECORD, Reason.ANSWERED, None)),
    ("it came broken again", assessed(C), {}, (RECORD, Reason.ANSWERED, None)),
    ("human please", assessed(O), {}, (RECORD, Reason.ANSWERED, None)),
    ("hi", assessed(O), {}, (RECORD, Reason.ANSWERED, None)),
    ("anything", None, {}, (RECORD, Reason.ANSWERED, None)),
    ("how much water", assessed(Q, *WATERING), {"paused": True}, (RECORD, Reason.ANSWERED, None)),
    ("how much water", assessed(Q), {"state": State.CLAIMED}, (RECORD, Reason.ANSWERED, None)),
    ("nice weather", assessed(O), {}, (SILENCE, Reason.CHATTER, None)),
    ("thanks!", assessed(P), {}, (SILENCE, Reason.THANKS, None)),
]


@pytest.mark.parametrize(("text", "assessment", "where", "expected"), REPLIED)
def test_18_what_an_agent_has_answered_before_the_back_fill_is_recorded_and_silence_stays_silence(
    text, assessment, where, expected
) -> None:
    assert act(text, assessment, late=True, replied=True, **where) == expected


def test_18_recording_keeps_that_the_bots_words_had_missed() -> None:
    where = {"state": State.WAITING, "spoke_last": Author.BOT, "last_template": "watering"}
    assert decided("that didn't help", assessed(C), late=True, replied=True, **where).rejected


def test_what_an_agent_has_taken_up_in_a_room_is_the_brands_matter() -> None:
    taken_up = {**UNASKED, "answered": True, "replied": True}
    assert act("does anybody have the blue one", assessed(Q), **taken_up) == (RECORD, Reason.ANSWERED, None)
    assert act("nice weather", assessed(O), **taken_up) == (SILENCE, Reason.CHATTER, None)
    assert act("hi everybody", assessed(O), **taken_up) == (SILENCE, Reason.CHATTER, None)

"""What the brand does about a message: one table a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from brand_sample import WATERING, assessed, outcome, sample_brand, situation

from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.messages import Author
from bot.domain.prediction import Assessment, Label
from bot.domain.states import State
from handlers import Brand, Confidence, decide, parse_catalogue

ANSWER, ESCALATE, GREET, SILENCE = (
    DecisionKind.ANSWER,
    DecisionKind.ESCALATE,
    DecisionKind.GREET,
    DecisionKind.SILENCE,
)
Q, C, P, O = Label.QUESTION, Label.COMPLAINT, Label.PRAISE, Label.OTHER  # noqa: E741 - a table's columns
AFTER_ANSWER = {"state": State.WAITING, "spoke_last": Author.BOT, "last_template": "order-status"}
AFTER_AGENT = {"state": State.WAITING, "spoke_last": Author.AGENT}


def act(
    text: str, assessment: Assessment | None, where: Situation | None = None, brand: Brand | None = None
) -> Decision:
    return decide(text=text, assessment=assessment, situation=where or situation(), brand=brand or sample_brand())


@pytest.mark.parametrize("state", list(State))
def test_a_message_that_was_not_assessed_goes_to_a_human(state: State) -> None:
    assert outcome(act("anything", None, situation(state=state))) == (ESCALATE, Reason.NOT_ASSESSED, None)


QUESTIONS = [
    # candidates, how sure, what follows
    (WATERING, 0.95, (ANSWER, Reason.TEMPLATE, "watering")),
    ((("watering", 0.81),), 0.95, (ANSWER, Reason.TEMPLATE, "watering")),
    ((("watering", 0.62),), 0.95, (ANSWER, Reason.TEMPLATE, "watering")),
    ((("watering", 0.61),), 0.95, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    ((("watering", 0.81), ("light", 0.80)), 0.95, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    ((("watering", 0.81), ("watering", 0.80)), 0.95, (ANSWER, Reason.TEMPLATE, "watering")),
    ((("gone-since", 0.9),), 0.95, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    ((("greeting", 0.9),), 0.95, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    ((), 0.95, (ESCALATE, Reason.NO_TEMPLATE, "ack-question")),
    (WATERING, 0.51, (ESCALATE, Reason.UNSURE, "ack-unsure")),
]


@pytest.mark.parametrize(("candidates", "sure", "expected"), QUESTIONS)
def test_a_question_is_answered_only_from_a_template_that_clearly_covers_it(candidates, sure, expected) -> None:
    assert outcome(act("how much water does it want", assessed(Q, *candidates, sure=sure))) == expected


def test_the_same_answer_is_not_given_twice_in_a_row() -> None:
    again = act(
        "how much water", assessed(Q, *WATERING), situation(**AFTER_ANSWER | {"last_template": "watering"})
    )
    assert outcome(again) == (ESCALATE, Reason.REPEATED, "ack-human")
    assert again.rejected


def test_the_same_answer_is_given_again_after_a_human_spoke() -> None:
    where = situation(state=State.OPEN, spoke_last=Author.AGENT, last_template="watering")
    assert outcome(act("how much water", assessed(Q, *WATERING), where)) == (ANSWER, Reason.TEMPLATE, "watering")


def test_a_template_is_used_on_its_last_day_and_not_after() -> None:
    text = "topic: a\ntemplates:\n- id: sale\n  examples: [sale]\n  answers: [Now on.]\n  expires: 2026-12-31\n"
    brand = Brand(name="F", catalogue=parse_catalogue({"a.yaml": text}))
    assert brand.catalogue.templates["sale"].expires == date(2026, 12, 31)
    nearest = assessed(Q, ("sale", 0.9), ("other", 0.2))
    last = situation(at=datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    after = situation(at=datetime(2027, 1, 1, tzinfo=UTC))
    assert act("is it on sale", nearest, last, brand).kind is ANSWER
    assert act("is it on sale", nearest, after, brand).reason is Reason.NO_TEMPLATE


COMPLAINTS = [
    ({}, 0.9, (ESCALATE, Reason.COMPLAINT, "ack-complaint")),
    ({"state": State.OPEN}, 0.9, (ESCALATE, Reason.COMPLAINT, "ack-complaint")),
    ({"state": State.RESOLVED}, 0.9, (ESCALATE, Reason.COMPLAINT, "ack-complaint")),
    (AFTER_ANSWER, 0.9, (ESCALATE, Reason.COMPLAINT, "ack-complaint")),
    ({"acknowledged": True}, 0.9, (ESCALATE, Reason.COMPLAINT, None)),
    ({}, 0.4, (ESCALATE, Reason.UNSURE, "ack-unsure")),
]


@pytest.mark.parametrize(("where", "sure", "expected"), COMPLAINTS)
def test_a_complaint_always_goes_to_a_human_and_is_acknowledged_once(where, sure, expected) -> None:
    heard = assessed(C, *WATERING, sure=sure, question=0.9)
    assert outcome(act("third time it came broken", heard, situation(**where))) == expected


PRAISES = [
    ("your ferns are gorgeous", {}, 0.9, (ANSWER, Reason.PRAISE, "thanks")),
    ("your ferns are gorgeous", {"state": State.RESOLVED}, 0.9, (ANSWER, Reason.PRAISE, "thanks")),
    ("your ferns are gorgeous", {"state": State.OPEN}, 0.9, (SILENCE, Reason.THANKS, None)),
    ("thank you so much!", {"state": State.RESOLVED}, 0.9, (SILENCE, Reason.THANKS, None)),
    ("your ferns are gorgeous", {}, 0.55, (ESCALATE, Reason.UNSURE, "ack-unsure")),
    ("your ferns are gorgeous", {"state": State.OPEN}, 0.55, (ESCALATE, Reason.UNSURE, "ack-unsure")),
]


@pytest.mark.parametrize(("text", "where", "sure", "expected"), PRAISES)
def test_praise_is_thanked_only_when_it_opens_a_conversation(text, where, sure, expected) -> None:
    assert outcome(act(text, assessed(P, sure=sure), situation(**where))) == expected


def test_praise_that_may_hide_a_question_goes_to_a_human() -> None:
    assert act("lovely, but where is it", assessed(P, question=0.45)).reason is Reason.UNSURE


OTHERS = [
    ("nice weather today", 0.96, {}, (SILENCE, Reason.CHATTER)),
    ("cheers!", 0.96, {}, (SILENCE, Reason.THANKS)),
    ("nice weather today", 0.69, {}, (ESCALATE, Reason.UNSURE)),
    ("🌿🌿", 0.96, {}, (SILENCE, Reason.CHATTER)),
    ("😡", 0.4, {}, (ESCALATE, Reason.UNSURE)),
    ("https://example.org/cat.gif", 0.96, {}, (SILENCE, Reason.CHATTER)),
    ("FF-20331", 0.99, {}, (ESCALATE, Reason.UNSURE)),
    ("robin@mail.example", 0.99, {}, (ESCALATE, Reason.UNSURE)),
    ("FF-20331", 0.99, {"private": False}, (ESCALATE, Reason.UNSURE)),
    ("FF-20331", 0.99, {"private": False, "addressed": False}, (SILENCE, Reason.BETWEEN_MEMBERS)),
]


@pytest.mark.parametrize(("text", "sure", "where", "expected"), OTHERS)
def test_silence_needs_the_most_certainty(text, sure, where, expected) -> None:
    assert outcome(act(text, assessed(O, sure=sure), situation(**where)))[:2] == expected


@pytest.mark.parametrize("text", ["", "   \n\t ", "\u200b\u200d", "\ufeff"])
def test_an_empty_message_is_left_alone(text: str) -> None:
    assert outcome(act(text, assessed(Q))) == (SILENCE, Reason.CHATTER, None)


HELD_PLACES = [
    {"state": State.ESCALATED, "spoke_last": Author.BOT},
    {"state": State.ESCALATED, "spoke_last": None},
    {"state": State.CLAIMED, "spoke_last": Author.AGENT},
    {"state": State.SNOOZED, "spoke_last": Author.AGENT},
    AFTER_AGENT,
]
HELD = [
    ("how much water", assessed(Q, *WATERING), (ESCALATE, Reason.HELD, None)),
    ("this is a disgrace", assessed(C), (ESCALATE, Reason.HELD, None)),
    ("hi", assessed(O, sure=0.5), (ESCALATE, Reason.HELD, None)),
    ("that's not what I asked", assessed(C), (ESCALATE, Reason.HELD, None)),
    ("you are wonderful", assessed(P), (SILENCE, Reason.THANKS, None)),
    ("you are wonderful", assessed(P, sure=0.55), (ESCALATE, Reason.HELD, None)),
    ("thanks!", assessed(O), (SILENCE, Reason.THANKS, None)),
    ("ok 👍", assessed(O), (SILENCE, Reason.CHATTER, None)),
    ("FF-20331", assessed(O), (ESCALATE, Reason.HELD, None)),
    ("ok", assessed(O, language="pl"), (ESCALATE, Reason.HELD, None)),
    ("human please", assessed(O), (ESCALATE, Reason.HUMAN_WANTED, None)),
]


@pytest.mark.parametrize("where", HELD_PLACES)
@pytest.mark.parametrize(("text", "assessment", "expected"), HELD)
def test_while_a_human_is_on_it_the_bot_says_nothing(where, text, assessment, expected) -> None:
    assert outcome(act(text, assessment, situation(**where))) == expected


@pytest.mark.parametrize(
    ("text", "reason"), [("the blue one", Reason.HELD), ("yes", Reason.HELD), ("???", Reason.HELD)]
)
def test_a_short_reply_to_an_agent_reaches_the_agent(text: str, reason: Reason) -> None:
    assert act(text, assessed(O), situation(state=State.CLAIMED, spoke_last=Author.AGENT)).reason is reason


def test_chatter_while_waiting_for_a_human_needs_nothing() -> None:
    where = situation(state=State.ESCALATED, spoke_last=Author.BOT)
    assert outcome(act("watching the rain here", assessed(O), where)) == (SILENCE, Reason.CHATTER, None)


WISHES = [
    ({}, "ack-human", False),
    ({"state": State.OPEN, "acknowledged": True}, None, False),
    (AFTER_ANSWER, "ack-human", True),
    (AFTER_AGENT, None, False),
    ({"paused": True}, "ack-human", False),
    (AFTER_ANSWER | {"paused": True}, "ack-human", True),
    (AFTER_ANSWER | {"late": True}, None, True),
    ({"flooding": True}, "ack-human", False),
]


@pytest.mark.parametrize(("where", "template", "rejected"), WISHES)
def test_who_asks_for_a_human_gets_one_at_any_time(where, template, rejected) -> None:
    decision = act("can I talk to a real person", assessed(Q, *WATERING), situation(**where))
    assert outcome(decision) == (ESCALATE, Reason.HUMAN_WANTED, template)
    assert decision.rejected is rejected


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize(
    "text", ["That's not what I asked", "that didn't help", "wrong answer", "no", "No, the blue one"]
)
def test_turning_an_answer_down_brings_a_human_and_counts_the_time(text: str, label: Label) -> None:
    decision = act(text, assessed(label), situation(**AFTER_ANSWER))
    assert outcome(decision) == (ESCALATE, Reason.REJECTED, "ack-human")
    assert decision.rejected


def test_a_flat_no_turns_nothing_down_where_nothing_was_answered() -> None:
    greeted = situation(**AFTER_ANSWER | {"last_template": "greeting"})
    assert act("no", assessed(O), greeted).reason is Reason.CHATTER
    assert act("that's not what I asked", assessed(O), situation()).reason is Reason.CHATTER


SETTLED = [
    ("that solved it", assessed(O), AFTER_ANSWER, True),
    ("thanks, all good", assessed(P), AFTER_ANSWER, True),
    ("brilliant, you are the best", assessed(P), AFTER_ANSWER, True),
    ("that's all, thanks", assessed(O), AFTER_ANSWER, True),
    ("watching the rain", assessed(O), AFTER_ANSWER, False),
    ("thanks", assessed(O), AFTER_ANSWER, False),
    ("that solved it", assessed(O), {"state": State.OPEN, "spoke_last": Author.BOT}, False),
    ("that solved it", assessed(P), AFTER_AGENT, False),
]


@pytest.mark.parametrize(("text", "assessment", "where", "settled"), SETTLED)
def test_the_customer_says_that_the_matter_is_done(text, assessment, where, settled) -> None:
    decision = act(text, assessment, situation(**where))
    assert decision.kind is SILENCE
    assert decision.settled is settled


def test_a_matter_is_not_settled_by_an_unsure_reading() -> None:
    unclear = assessed(O, sure=0.65)
    assert outcome(act("that solved it", unclear, situation(**AFTER_ANSWER)))[:2] == (ESCALATE, Reason.UNSURE)


def test_a_flood_is_told_and_read_by_a_human() -> None:
    assert outcome(act("how much water", assessed(Q, *WATERING), situation(flooding=True))) == (
        ESCALATE,
        Reason.FLOOD,
        "notice-flood",
    )


GREETINGS = [
    ({}, (GREET, Reason.GREETING, "greeting")),
    ({"state": State.RESOLVED, "spoke_last": Author.AGENT}, (GREET, Reason.GREETING, "greeting")),
    (AFTER_ANSWER, (GREET, Reason.GREETING, "greeting")),
    ({"greeted": True}, (SILENCE, Reason.CHATTER, None)),
    ({"private": False}, (GREET, Reason.GREETING, "greeting")),
    ({"private": False, "addressed": False}, (SILENCE, Reason.BETWEEN_MEMBERS, None)),
    ({"state": State.OPEN}, (SILENCE, Reason.CHATTER, None)),
    ({"paused": True}, (ESCALATE, Reason.PAUSED, "ack-unsure")),
    ({"late": True}, (ESCALATE, Reason.LATE, None)),
]


@pytest.mark.parametrize("text", ["hi", "Good morning!", "hola", "Hey Fern & Forge 👋"])
@pytest.mark.parametrize(("where", "expected"), GREETINGS)
def test_a_bare_greeting_is_greeted_once_if_it_is_for_the_brand(text, where, expected) -> None:
    assert outcome(act(text, assessed(O), situation(**where))) == expected


PAUSED = [
    ("how much water", assessed(Q, *WATERING), {}, (ESCALATE, Reason.PAUSED, "ack-unsure")),
    ("this is a disgrace", assessed(C), {}, (ESCALATE, Reason.PAUSED, "ack-complaint")),
    ("your ferns are gorgeous", assessed(P), {}, (ESCALATE, Reason.PAUSED, "ack-unsure")),
    ("how much water", assessed(Q, *WATERING), {"acknowledged": True}, (ESCALATE, Reason.PAUSED, None)),
    ("thanks!", assessed(P), {}, (ESCALATE, Reason.PAUSED, None)),
    ("nice weather", assessed(O), {}, (ESCALATE, Reason.PAUSED, None)),
    ("", assessed(O), {}, (ESCALATE, Reason.PAUSED, None)),
    ("thanks!", assessed(P), AFTER_ANSWER, (SILENCE, Reason.THANKS, None)),
    ("wonderful", assessed(P), AFTER_AGENT, (SILENCE, Reason.THANKS, None)),
    ("how much water", assessed(Q), {"flooding": True}, (ESCALATE, Reason.PAUSED, "notice-flood")),
    ("jak często", assessed(Q, language="pl"), {}, (ESCALATE, Reason.PAUSED, None)),
    ("that didn't help", assessed(C), AFTER_ANSWER, (ESCALATE, Reason.REJECTED, "ack-human")),
    ("how much water", assessed(Q), AFTER_AGENT, (ESCALATE, Reason.HELD, None)),
    ("ok", assessed(O), {"state": State.CLAIMED}, (ESCALATE, Reason.HELD, None)),
]


@pytest.mark.parametrize(("text", "assessment", "where", "expected"), PAUSED)
def test_while_paused_nothing_is_answered_and_the_customer_is_told_that_a_person_looks(
    text, assessment, where, expected
) -> None:
    assert outcome(act(text, assessment, situation(**where, paused=True))) == expected


LATE = [
    ("how much water", assessed(Q, *WATERING), {}, (ESCALATE, Reason.LATE)),
    ("your ferns are gorgeous", assessed(P), {}, (ESCALATE, Reason.LATE)),
    ("this is a disgrace", assessed(C), {}, (ESCALATE, Reason.COMPLAINT)),
    ("nice weather", assessed(O), {}, (SILENCE, Reason.CHATTER)),
    ("that solved it", assessed(P), AFTER_ANSWER, (SILENCE, Reason.THANKS)),
]


@pytest.mark.parametrize(("text", "assessment", "where", "expected"), LATE)
def test_a_late_message_gets_no_automatic_text(text, assessment, where, expected) -> None:
    assert outcome(act(text, assessment, situation(**where, late=True))) == (*expected, None)


def test_paused_counts_a_repeated_answer_as_rejected() -> None:
    where = situation(**AFTER_ANSWER | {"last_template": "watering"}, paused=True)
    decision = act("how much water", assessed(Q, *WATERING), where)
    assert decision.reason is Reason.PAUSED
    assert decision.rejected


def test_a_brand_decides_how_sure_is_sure() -> None:
    strict = replace(sample_brand(), confidence=Confidence(question=0.99, other=1.0))
    assert act("how much water", assessed(Q, *WATERING), None, strict).reason is Reason.UNSURE
    assert act("nice weather", assessed(O), None, strict).reason is Reason.UNSURE


def test_a_brand_without_the_fixed_templates_escalates_without_words() -> None:
    text = "topic: a\ntemplates:\n- id: sale\n  examples: [sale]\n  answers: [Now on.]\n"
    bare = Brand(name="F", catalogue=parse_catalogue({"a.yaml": text}))
    assert outcome(act("a disgrace", assessed(C), None, bare)) == (ESCALATE, Reason.COMPLAINT, None)
    assert outcome(act("hi", assessed(O), None, bare)) == (SILENCE, Reason.CHATTER, None)
    assert outcome(act("gorgeous", assessed(P), None, bare)) == (SILENCE, Reason.THANKS, None)


def test_the_same_inputs_give_the_same_words_and_others_give_others() -> None:
    first = act("how much water", assessed(Q, *WATERING))
    assert first == act("how much water", assessed(Q, *WATERING))
    texts = {act(f"a disgrace {n}", assessed(C)).rendered for n in range(40)}
    assert len({text.text for text in texts if text}) >= 3


@pytest.mark.parametrize("label", [Q, C, P, O])
def test_a_templates_own_example_is_answered_whatever_the_label(label: Label) -> None:
    nearest = (("watering", 0.99), ("delivery-time", 0.4))
    example = sample_brand().catalogue.templates["watering"].examples[0]
    assert act(example.upper() + "??", assessed(label, *nearest), situation()).kind is ANSWER


def test_what_is_nearly_an_example_is_answered_unless_it_complains() -> None:
    nearest = (("watering", 0.95), ("delivery-time", 0.4))
    assert act("how much water then", assessed(P, *nearest), situation()).kind is ANSWER
    assert act("how much water then", assessed(C, *nearest), situation()).reason is Reason.COMPLAINT


def test_the_same_question_again_is_not_answered_again_even_while_the_answer_is_on_its_way() -> None:
    where = situation(state=State.OPEN, last_template="watering", spoke_last=None)
    decision = act("how much water", assessed(Q, *WATERING), where)
    assert (decision.kind, decision.reason) == (ESCALATE, Reason.REPEATED)

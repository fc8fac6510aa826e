"""What arrives a moment later leaves what staff decided as it is, and what the model says later is looked at."""

from __future__ import annotations

from bot.domain.conversation import Rules
from bot.domain.events import FieldsSet, HandBack, MessageAnnotated
from bot.domain.messages import MessageId
from bot.domain.policies import Match, Policy, Route
from bot.domain.prediction import Label
from bot.domain.sla import Metric
from bot.domain.states import State
from tests.domain.builders import ALEX, MIN, STANDARD, T0, Walk, answer, escalate, wrote


def handed_back(minute: float) -> HandBack:
    return HandBack(at=T0 + minute * MIN, agent=ALEX)


def test_the_confirmation_of_an_agents_last_text_does_not_undo_a_hand_back() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.reply(3)
    walk.apply(handed_back(4))
    walk.report(5)
    assert walk.c.state is State.OPEN
    step = walk.wrote(10, answer(), "m2")
    assert (walk.c.state, len(step.sends)) == (State.OPEN, 1)
    walk.report(11)
    assert walk.c.state is State.WAITING


def test_the_confirmation_of_an_answer_from_before_does_not_undo_a_hand_back() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.native(2)
    walk.apply(handed_back(4))
    walk.report(1)  # the platform's time lies before the agent's words
    assert walk.c.state is State.OPEN
    assert len(walk.wrote(10, answer(), "m2").sends) == 1


def unassessed(walk: Walk) -> None:
    event = wrote(0, escalate())
    walk.apply(type(event)(at=T0, sent_at=T0, message=event.message, decision=event.decision, label=None))


def annotated(minute: float, label: Label | None, message: str = "m1") -> MessageAnnotated:
    return MessageAnnotated(at=T0 + minute * MIN, message=MessageId(message), label=label, confidence=0.9)


COMPLAINTS = Policy(
    name="complaints", targets={Metric.FIRST_REPLY: 5 * MIN}, match=Match(among={"label": ("complaint",)})
)
BY_LABEL = Rules(
    policies=(STANDARD, COMPLAINTS),
    routes=(Route(match=Match(among={"label": ("complaint",)}), fields={"team": "care"}),),
)


def test_a_label_that_comes_after_the_message_is_routed_by_and_chooses_the_policy() -> None:
    walk = Walk(BY_LABEL)
    unassessed(walk)
    assert (walk.c.team, walk.c.policy.name) == ("", "standard")
    walk.apply(annotated(1, Label.COMPLAINT))
    assert (walk.c.team, walk.c.policy.name) == ("care", "complaints")
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 5 * MIN


def test_a_label_that_comes_later_does_not_take_a_conversation_from_the_team_that_it_was_given_to() -> None:
    walk = Walk(BY_LABEL)
    unassessed(walk)
    walk.apply(FieldsSet(at=T0 + MIN, by="api", team="press"))
    walk.apply(annotated(2, Label.COMPLAINT))
    assert walk.c.team == "press"


def test_a_label_of_a_further_message_leaves_policy_and_team_to_what_was_known_before() -> None:
    walk = Walk(BY_LABEL)
    walk.wrote(0, escalate())
    assert walk.c.label is Label.QUESTION
    walk.apply(annotated(1, Label.COMPLAINT))
    assert (walk.c.team, walk.c.policy.name) == ("", "standard")

"""What the states and the texts on their way do to the clocks, besides the numbered decisions."""

from __future__ import annotations

from bot.domain.actions import SendState
from bot.domain.conversation import deadlines
from bot.domain.decisions import Reason
from bot.domain.events import (
    ClaimExpired,
    ClockBreached,
    ClockWarned,
    CustomerDeleted,
    MessageAnnotated,
    Release,
    Reply,
    Resolve,
    SendOverdue,
    SendReported,
    Snooze,
    SnoozeEnded,
)
from bot.domain.messages import Author, MessageId
from bot.domain.prediction import Label
from bot.domain.sla import Metric
from bot.domain.states import State
from tests.domain.builders import (
    ALEX,
    MIN,
    RULES,
    SAM,
    T0,
    Walk,
    answer,
    escalate,
    greet,
)


def test_a_reply_clock_stops_only_when_the_send_is_confirmed() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(2)
    assert walk.c.clock(Metric.FIRST_REPLY) is not None
    walk.report(3)
    assert walk.c.clock(Metric.FIRST_REPLY) is None
    assert walk.c.state is State.CLAIMED
    assert walk.c.spoke_last is Author.AGENT


def test_a_failed_answer_escalates() -> None:
    for outcome in (SendState.FAILED, SendState.UNKNOWN, SendState.WITHDRAWN):
        walk = Walk()
        walk.wrote(0, answer())
        walk.report(1, outcome)
        assert walk.c.state is State.ESCALATED
        assert walk.c.unanswered


def test_an_answer_that_does_not_leave_brings_a_human_in_once() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    action = walk.c.pending[0].action
    due = deadlines(walk.c, RULES)[f"send_overdue:{action}"].due_at
    walk.apply(SendOverdue(at=due, action=action, due_at=due))
    assert walk.c.state is State.ESCALATED
    assert not any(key.startswith("send_overdue") for key in deadlines(walk.c, RULES))


def test_a_claim_is_refused_while_somebody_else_holds_and_names_the_holder() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    assert walk.claim(2, SAM).refusal == "alex holds this conversation."
    assert walk.reply(2, SAM).refusal == "alex holds this conversation."


def test_a_claim_raises_the_hold_epoch_so_that_no_answer_starts_out() -> None:
    walk = Walk()
    sent = walk.wrote(0, answer()).sends[0]
    walk.claim(1)
    assert sent.hold_epoch is not None
    assert walk.c.hold_epoch > sent.hold_epoch


def test_an_acknowledgement_stops_no_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate(ack=True))
    walk.report(0.5)
    assert walk.c.clock(Metric.FIRST_RESPONSE) is not None
    assert walk.c.clock(Metric.FIRST_REPLY) is not None
    assert walk.c.acknowledged


def test_release_goes_back_to_escalated_while_the_customer_waits_else_to_waiting() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    walk.apply(Release(at=T0 + 2 * MIN, agent=ALEX))
    assert walk.c.state is State.ESCALATED
    walk.reply(3)
    walk.report(4)
    walk.apply(Release(at=T0 + 5 * MIN, agent=ALEX))
    assert walk.c.state is State.WAITING


def test_a_claim_expires_at_its_time_and_a_stale_expiry_is_ignored() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    first = deadlines(walk.c, RULES)["claim_expiry"].due_at
    walk.claim(10)
    assert walk.apply(ClaimExpired(at=first, due_at=first)).ignored
    assert walk.c.state is State.CLAIMED
    second = deadlines(walk.c, RULES)["claim_expiry"].due_at
    walk.apply(ClaimExpired(at=second, due_at=second))
    assert walk.c.state is State.ESCALATED


def test_snoozing_never_stops_a_reply_clock_and_ends_before_staff() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    until = T0 + 60 * MIN
    walk.apply(Snooze(at=T0 + MIN, agent=ALEX, until=until))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.running_since is not None
    walk.apply(SnoozeEnded(at=until, due_at=until))
    assert walk.c.state is State.ESCALATED


def test_a_warning_and_a_breach_are_recorded_once() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    warn = T0 + 12 * MIN
    assert walk.apply(ClockWarned(at=warn, key="first_reply_time:1", due_at=warn)).log
    assert walk.apply(ClockWarned(at=warn, key="first_reply_time:1", due_at=warn)).ignored
    due = T0 + 15 * MIN
    assert walk.apply(ClockBreached(at=due, key="first_reply_time:1", due_at=due)).log
    assert walk.apply(ClockBreached(at=due, key="first_reply_time:1", due_at=due)).ignored


def test_the_resolution_clock_rests_while_the_customer_has_to_act() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(2)
    walk.wrote(12, escalate(), "m2")
    walk.apply(Resolve(at=T0 + 15 * MIN, agent=ALEX))
    fulfilled = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert fulfilled["resolution_time"] == 5 * 60


def test_after_a_humans_words_the_customers_next_message_goes_to_humans() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.apply(Release(at=T0 + 3 * MIN, agent=ALEX))
    step = walk.wrote(9, answer(), "m2")
    assert walk.c.state is State.ESCALATED
    assert step.sends == ()


def test_a_late_label_only_annotates() -> None:
    walk = Walk()
    walk.wrote(0, escalate(Reason.NOT_ASSESSED))
    before = walk.c.clocks
    walk.apply(MessageAnnotated(at=T0 + MIN, message=MessageId("m1"), label=Label.COMPLAINT, confidence=0.9))
    assert walk.c.clocks == before
    assert walk.c.state is State.ESCALATED


def test_a_reply_after_the_target_does_not_hide_the_breach() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(16)
    walk.report(17)
    assert walk.logged("warn")[0]["lateness"] == 5 * 60
    assert walk.logged("breach")[0]["lateness"] == 2 * 60
    kinds = [event.kind.value for event in walk.steps[-1].log if event.fields.get("metric") == "first_reply_time"]
    assert kinds == ["warn", "breach", "fulfill"]


def test_a_reply_that_left_before_the_target_is_no_breach_however_late_it_is_reported() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(14)
    action = walk.c.pending[0].action
    walk.apply(SendReported(at=T0 + 20 * MIN, action=action, outcome=SendState.SENT, sent_at=T0 + 14.5 * MIN))
    assert walk.logged("breach") == []


def test_resolving_after_the_target_does_not_hide_the_breach() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(Snooze(at=T0 + MIN, agent=ALEX, until=T0 + 5 * MIN))
    walk.apply(Resolve(at=T0 + 18 * MIN, agent=ALEX))
    assert len(walk.logged("breach")) == 1


def test_a_late_answer_after_a_claim_gives_no_second_first_response() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.claim(1)
    walk.report(2)
    walk.wrote(3, escalate(), "m2")
    assert [
        entry["instance"] for entry in walk.logged("activate") if entry["metric"] == "first_response_time"
    ] == [1]


def test_resolving_covers_what_came_after_the_reply_that_is_on_its_way() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.wrote(2, escalate(), "m2")
    walk.apply(Resolve(at=T0 + 3 * MIN, agent=ALEX))
    walk.report(4)
    assert walk.c.clocks == ()
    assert walk.c.unanswered == ()


def test_a_conversation_that_nobody_waits_in_measures_no_hand_off_and_is_closed_by_silence() -> None:
    walk = Walk()
    walk.wrote(0, greet())
    walk.report(1, SendState.WITHDRAWN)
    assert walk.c.clock(Metric.HANDOFF_WAIT) is None
    walk.claim(2)
    walk.apply(Release(at=T0 + 3 * MIN, agent=ALEX))
    assert walk.c.state is State.WAITING
    assert "silence" in deadlines(walk.c, RULES)


def test_more_unanswered_messages_than_are_listed_are_still_waited_for() -> None:
    walk = Walk()
    for number in range(202):
        walk.wrote(number / 100, escalate(), f"m{number}")
    for number in range(200):
        walk.apply(CustomerDeleted(at=T0 + 10 * MIN, message=MessageId(f"m{number}")))
    assert walk.c.state is State.ESCALATED
    assert walk.c.clock(Metric.FIRST_REPLY) is not None


def test_a_reply_that_does_not_know_the_customers_latest_message_is_held_back() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(1, escalate(), "m2")
    step = walk.apply(Reply(at=T0 + 2 * MIN, agent=ALEX, text="words", seen=1))
    assert step.refusal.startswith("The customer has written meanwhile.")
    assert walk.apply(Reply(at=T0 + 2 * MIN, agent=ALEX, text="words", seen=2)).refusal == ""

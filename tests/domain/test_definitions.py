"""Each decision of docs/definitions.md that a conversation shows; a test bears its number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.actions import SendState
from bot.domain.conversation import deadlines
from bot.domain.decisions import Reason
from bot.domain.events import (
    AgentReplied,
    ClaimExpired,
    ClockBreached,
    ClockWarned,
    CustomerDeleted,
    CustomerEdited,
    MessageAnnotated,
    Release,
    Reply,
    Resolve,
    SendOverdue,
    SendReported,
    SilencePassed,
    Snooze,
    SnoozeEnded,
)
from bot.domain.messages import Author, MessageId
from bot.domain.prediction import Label
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.domain.states import State
from tests.domain.builders import ALEX, MIN, RULES, SAM, T0, Walk, answer, escalate, greet, record, silence, wrote


def test_1_a_clock_starts_at_the_customers_own_message_time() -> None:
    walk = Walk()
    walk.apply(replace(wrote(5, escalate()), sent_at=T0))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0


def test_2_a_policy_that_attaches_later_applies_from_the_clocks_start() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.target is None
    walk.wrote(3, escalate(), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.due_at() == T0 + 15 * MIN
    assert walk.logged("apply_sla")[0]["target"] == 900


def test_2_the_policy_is_copied_into_the_conversation() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    assert walk.c.policy == RULES.policy


def test_4_resolving_fulfils_open_reply_clocks_and_says_so() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(2)
    walk.apply(Resolve(at=T0 + 5 * MIN, agent=ALEX))
    fulfilled = {entry["metric"]: entry for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"]["by"] == "resolution"
    assert fulfilled["resolution_time"]["by"] == "agent"
    assert walk.c.clocks == ()


def test_5_an_answer_suspends_the_human_reply_clock_and_a_rejection_counts_the_time_between() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    assert walk.c.state is State.WAITING
    assert walk.logged("suspend")[0]["at"] == 1
    walk.wrote(8, escalate(Reason.HUMAN_WANTED, rejected=True), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.value(T0 + 10 * MIN) == 10 * MIN
    assert clock.due_at() == T0 + 15 * MIN


def test_5_without_a_rejection_the_suspended_time_does_not_count() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    walk.wrote(8, escalate(), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.value(T0 + 10 * MIN) == 3 * MIN
    assert clock.due_at() == T0 + 22 * MIN


def test_5_silence_after_the_answer_resolves_and_cancels_by_bot() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    due = deadlines(walk.c, RULES)["silence"].due_at
    assert due == T0 + 1 * MIN + timedelta(hours=24)
    walk.apply(SilencePassed(at=due, due_at=due))
    assert walk.c.state is State.RESOLVED
    cancelled = {entry["metric"]: entry["by"] for entry in walk.logged("cancel")}
    assert cancelled == {"first_reply_time": "bot"}


def test_5_the_customer_saying_so_resolves_by_the_bot() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    walk.wrote(2, silence(settled=True), "m2")
    assert walk.c.state is State.RESOLVED
    assert walk.logged("resolved")[0]["by"] == "bot"


def test_6_a_message_after_resolve_reopens_with_new_instances() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.apply(Resolve(at=T0 + 3 * MIN, agent=ALEX))
    walk.wrote(60, escalate(), "m2")
    assert walk.c.state is State.ESCALATED
    instances = {(clock.metric, clock.instance) for clock in walk.c.clocks}
    assert (Metric.NEXT_REPLY, 2) in instances
    assert (Metric.RESOLUTION, 2) in instances
    assert (Metric.FIRST_RESPONSE, 2) in instances


def test_7_silence_starts_no_clock_and_opens_nothing() -> None:
    walk = Walk()
    walk.wrote(0, silence())
    assert walk.c.state is State.UNOPENED
    assert walk.c.clocks == ()
    assert deadlines(walk.c, RULES) == {}


def test_7_a_greeting_is_greeted_and_starts_no_clock() -> None:
    walk = Walk()
    step = walk.wrote(0, greet())
    assert [send.text for send in step.sends] == ["Hello!"]
    assert walk.c.clocks == ()
    walk.report(0.1)
    assert walk.c.state is State.UNOPENED


def test_7_thanks_after_resolve_reopens_nothing() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(Resolve(at=T0 + MIN, agent=ALEX))
    walk.wrote(2, silence(), "m2")
    assert walk.c.state is State.RESOLVED


def test_8_the_role_held_at_that_moment_is_in_the_event() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    assert walk.logged("replied")[0]["role"] == "agent"


def test_11_a_reply_and_a_resolve_in_one_go_keep_the_reply() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(4)
    walk.apply(Resolve(at=T0 + 4 * MIN, agent=ALEX))
    assert walk.c.clock(Metric.FIRST_REPLY) is not None
    walk.report(5)
    fulfilled = {entry["metric"]: entry for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"]["by"] == "agent"
    assert fulfilled["first_reply_time"]["elapsed"] == 300
    assert walk.c.clocks == ()
    assert walk.c.state is State.RESOLVED


def test_13_an_edit_restarts_nothing_and_may_escalate() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.apply(CustomerEdited(at=T0 + MIN, message=MessageId("m1"), decision=escalate(), label=Label.COMPLAINT))
    assert walk.c.state is State.ESCALATED
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    assert clock.instance == 1


def test_13_deleting_the_only_unanswered_message_cancels_the_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(CustomerDeleted(at=T0 + MIN, message=MessageId("m1")))
    assert walk.c.state is State.RESOLVED
    assert {entry["by"] for entry in walk.logged("cancel")} == {"deleted"}


def test_13_deleting_one_of_two_changes_no_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(1, escalate(), "m2")
    before = walk.c.clocks
    walk.apply(CustomerDeleted(at=T0 + 2 * MIN, message=MessageId("m1")))
    assert walk.c.clocks == before


def test_14_later_messages_of_a_burst_join_the_first_ones_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(4, escalate(), "m2")
    clock = walk.c.clock(*HUMAN_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    assert len(walk.c.unanswered) == 2


def test_14_what_came_after_the_answered_message_starts_the_next_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(3)
    walk.wrote(3.5, escalate(), "m2")
    walk.report(4)
    clock = walk.c.clock(Metric.NEXT_REPLY)
    assert clock is not None
    assert clock.started_at == T0 + 3.5 * MIN
    assert clock.instance == 2


def test_16_lateness_counts_from_the_latest_of_due_and_attached() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.wrote(20, escalate(), "m2")
    due = T0 + 15 * MIN
    walk.apply(ClockBreached(at=T0 + 20 * MIN + timedelta(seconds=1), key="first_reply_time:1", due_at=due))
    assert walk.logged("breach")[0]["lateness"] == 1.0


def test_17_a_native_reply_counts_and_claims_a_free_conversation() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(AgentReplied(at=T0 + 9 * MIN, agent=ALEX, message=MessageId("r1"), replied_at=T0 + 6 * MIN))
    assert walk.c.holder == "alex"
    assert walk.c.unanswered == ()
    fulfilled = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"] == 360


def test_17_a_native_reply_leaves_a_held_conversation_to_its_holder() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    walk.apply(AgentReplied(at=T0 + 2 * MIN, agent=SAM, message=MessageId("r1"), replied_at=T0 + 2 * MIN))
    assert walk.c.holder == "alex"
    assert walk.logged("replied")[0]["holder"] == "alex"


def replied(minute: float, at: float) -> AgentReplied:
    return AgentReplied(at=T0 + at * MIN, agent=ALEX, message=MessageId("r1"), replied_at=T0 + minute * MIN)


def test_18_a_recorded_message_runs_its_clocks_and_the_answer_behind_it_stops_them_at_its_own_time() -> None:
    walk = Walk()
    walk.apply(replace(wrote(60, record()), sent_at=T0))
    assert walk.c.state is State.OPEN
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    walk.apply(replied(7, 60))
    assert (walk.c.state, walk.c.holder, walk.c.unanswered) == (State.CLAIMED, "alex", ())
    fulfilled = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert (fulfilled["first_reply_time"], fulfilled["first_response_time"]) == (420, 420)
    assert walk.logged("escalated") == []
    assert [send for step in walk.steps for send in step.sends] == []


def test_18_a_recorded_message_that_the_answer_does_not_cover_is_with_a_human_and_its_clock_runs() -> None:
    walk = Walk()
    walk.apply(replace(wrote(60, record()), sent_at=T0 + 30 * MIN))
    walk.apply(replied(7, 60))
    assert walk.c.state is State.CLAIMED
    assert [message.sent_at for message in walk.c.unanswered] == [T0 + 30 * MIN]
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.due_at() == T0 + 45 * MIN


def test_18_recording_after_an_agents_words_calls_nobody_and_leaves_nobody_waiting() -> None:
    for prepare in ("waiting", "snoozed"):
        walk = Walk()
        walk.wrote(0, escalate())
        walk.reply(1)
        walk.report(1)
        if prepare == "waiting":
            walk.apply(Release(at=T0 + 2 * MIN, agent=ALEX))
        else:
            walk.apply(Snooze(at=T0 + 2 * MIN, agent=ALEX, until=T0 + 900 * MIN))
        before = len(walk.logged("escalated"))
        walk.apply(replace(wrote(60, record(), "m2"), sent_at=T0 + 10 * MIN))
        assert walk.c.state is State.ESCALATED
        assert len(walk.logged("escalated")) == before
        assert "snooze_end" not in deadlines(walk.c, RULES)
        walk.apply(replied(12, 60))
        assert (walk.c.state, walk.c.unanswered) == (State.CLAIMED, ())
        assert [e["elapsed"] for e in walk.logged("fulfill") if e["metric"] == "next_reply_time"] == [120]


def test_18_an_edit_that_is_recorded_restarts_nothing_and_opens_what_was_nothing_before() -> None:
    edit = CustomerEdited(at=T0 + MIN, message=MessageId("m1"), decision=record(), label=Label.COMPLAINT)
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(0.5)
    walk.apply(edit)
    assert walk.c.state is State.WAITING
    walk = Walk()
    walk.wrote(0, silence())
    walk.apply(edit)
    assert walk.c.state is State.OPEN
    assert walk.c.clock(*HUMAN_REPLY) is not None


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


def test_13_an_edit_while_a_human_holds_it_starts_a_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.wrote(3, silence(), "m2")
    walk.apply(
        CustomerEdited(at=T0 + 4 * MIN, message=MessageId("m2"), decision=escalate(), label=Label.COMPLAINT)
    )
    clock = walk.c.clock(Metric.NEXT_REPLY)
    assert clock is not None
    assert clock.started_at == T0 + 4 * MIN


def test_13_an_edit_that_asks_for_a_human_is_heard_although_its_label_is_the_same() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    wish = escalate(Reason.HUMAN_WANTED)
    walk.apply(CustomerEdited(at=T0 + 2 * MIN, message=MessageId("m1"), decision=wish, label=Label.QUESTION))
    assert walk.c.state is State.ESCALATED


def test_13_an_edit_that_gets_the_same_answer_changes_nothing() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    again = escalate(Reason.REPEATED)
    walk.apply(CustomerEdited(at=T0 + 2 * MIN, message=MessageId("m1"), decision=again, label=Label.QUESTION))
    assert walk.c.state is State.WAITING


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

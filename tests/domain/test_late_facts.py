"""Decision 16: what is learned late corrects the clocks as the platform's times say; what was noted stays."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.actions import SendState
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Rules
from bot.domain.events import CustomerDeleted, FieldsSet, Resolve, SendReported, SilencePassed
from bot.domain.messages import MessageId
from bot.domain.policies import Match, Policy
from bot.domain.sla import HUMAN_REPLY, Aim, Clock, Metric
from bot.domain.states import State
from tests.domain.builders import ALEX, MIN, T0, Walk, answer, escalate, record, wrote

PRESS = Policy(
    name="press",
    targets={Metric.RESOLUTION: 10 * MIN},
    shares=(0.5, 0.9),
    match=Match(among={"team": ("press",)}),
)


def late(walk: Walk, sent: float, learned: float, name: str) -> None:
    walk.apply(replace(wrote(learned, escalate(), name), sent_at=T0 + sent * MIN))


def corrections(walk: Walk, metric: Metric) -> list[dict[str, object]]:
    return [entry for entry in walk.logged("correct") if entry["metric"] == metric.value]


def confirm(walk: Walk, sent: float, learned: float, which: int = 0) -> None:
    action = walk.c.pending[which].action
    at, sent_at = T0 + learned * MIN, T0 + sent * MIN
    walk.apply(SendReported(at=at, action=action, outcome=SendState.SENT, sent_at=sent_at))


def test_16_a_back_filled_message_moves_the_running_clock_to_its_own_time() -> None:
    walk = Walk()
    walk.wrote(5, escalate())
    late(walk, 2, 6, "m2")
    assert {clock.started_at for clock in walk.c.clocks if clock.metric is not Metric.HANDOFF_WAIT} == {
        T0 + 2 * MIN
    }
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 17 * MIN


def test_16_a_message_that_was_overtaken_by_words_moves_no_running_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.native(10)
    walk.wrote(15, escalate(), "m2")
    late(walk, 5, 20, "m3")
    assert walk.c.clock(Metric.NEXT_REPLY).started_at == T0 + 15 * MIN
    assert walk.logged("correct") == []


def test_16_a_message_that_was_overtaken_waits_from_its_own_time_where_nothing_else_waits() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.native(10)
    late(walk, 5, 20, "m2")
    assert walk.c.clock(Metric.NEXT_REPLY).started_at == T0 + 5 * MIN


def test_16_an_earlier_reply_ends_the_clock_that_another_reply_had_ended() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.pass_until(20)
    walk.native(20)
    walk.native(4, learned=25)
    (correct,) = corrections(walk, Metric.FIRST_REPLY)
    assert (correct["elapsed"], correct["breached"], correct["by"]) == (240, False, "agent")
    assert correct["ended"] == (T0 + 4 * MIN).isoformat()


def test_16_what_the_earlier_reply_had_not_heard_has_a_clock_of_its_own_which_ended_as_the_first_one_did() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(7, escalate(), "m2")
    walk.native(20)
    walk.native(4, learned=25)
    (second,) = (entry for entry in walk.logged("fulfill") if entry["metric"] == "next_reply_time")
    assert (second["at"], second["elapsed"], second["instance"]) == (20, 13 * 60, 2)


def test_16_the_second_burst_stands_still_where_the_first_clock_did() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(2)
    walk.wrote(8, answer(), "m2")
    walk.report(10)
    walk.wrote(15, escalate(), "m3")
    walk.native(20)
    walk.native(5, learned=25)
    assert corrections(walk, Metric.FIRST_REPLY)[-1]["elapsed"] == 2 * 60
    (second,) = (entry for entry in walk.logged("fulfill") if entry["metric"] == "next_reply_time")
    assert second["elapsed"] == 7 * 60


def test_16_a_reply_while_the_clock_was_suspended_ends_it_and_the_next_message_has_the_next_clock() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(2)
    walk.wrote(8, escalate(), "m2")
    walk.native(5, learned=9)
    (ended,) = (entry for entry in walk.logged("fulfill") if entry["metric"] == "first_reply_time")
    assert (ended["at"], ended["elapsed"]) == (5, 120)
    assert walk.c.clock(*HUMAN_REPLY).metric is Metric.NEXT_REPLY
    assert walk.c.clock(*HUMAN_REPLY).started_at == T0 + 8 * MIN


def test_16_words_from_before_the_matter_answer_nothing_in_it() -> None:
    walk = Walk()
    walk.wrote(5, escalate())
    walk.native(2, learned=6)
    assert walk.logged("fulfill") == []
    assert walk.c.clock(Metric.FIRST_REPLY) is not None
    walk.native(7)
    assert {entry["elapsed"] for entry in walk.logged("fulfill")} == {120}


def test_16_a_clock_that_the_bots_close_or_a_deletion_cancelled_was_ended_by_an_earlier_reply() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    due = T0 + 1 * MIN + walk.rules.silence_resolves_after
    walk.apply(SilencePassed(at=due, due_at=due))
    walk.native(3, learned=2_000)
    assert corrections(walk, Metric.FIRST_REPLY)[0]["elapsed"] == 60
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(CustomerDeleted(at=T0 + 9 * MIN, message=MessageId("m1")))
    walk.native(4, learned=10)
    assert corrections(walk, Metric.FIRST_REPLY)[0]["elapsed"] == 240


def test_16_a_hand_off_after_the_reply_that_is_learned_late_measures_nothing() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(6, SendState.FAILED)
    walk.native(3, learned=8)
    assert {entry["metric"]: entry["by"] for entry in walk.logged("cancel")} == {"handoff_wait_time": "agent"}
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(6, SendState.FAILED)
    walk.native(7)
    walk.native(3, learned=8)
    assert corrections(walk, Metric.HANDOFF_WAIT)[0]["cancelled"] is True


def test_16_a_wait_that_a_late_reply_answers_twice_over_is_counted_once() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.wrote(2, escalate(), "m2")
    walk.report(6)  # did not answer the second message: it has a clock since minute 2
    walk.native(4, learned=9)
    assert corrections(walk, Metric.FIRST_REPLY)[0]["elapsed"] == 240
    assert {e["metric"]: e["by"] for e in walk.logged("cancel")} == {"next_reply_time": "agent"}


def test_16_a_reply_confirmed_late_ends_what_another_reply_had_ended_meanwhile() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(2)
    walk.native(6)
    confirm(walk, 3, 7)
    assert corrections(walk, Metric.FIRST_REPLY)[0]["elapsed"] == 180


def test_16_an_answer_confirmed_late_ended_the_wait_for_words_first() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.native(6)
    confirm(walk, 1, 7)
    correct = corrections(walk, Metric.FIRST_RESPONSE)[0]
    assert (correct["elapsed"], correct["by"]) == (60, "bot")


def test_16_an_answer_from_before_a_reopening_ends_no_clock_of_the_new_matter() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.apply(Resolve(at=T0 + 3 * MIN, agent=ALEX))
    walk.wrote(10, escalate(), "m2")
    confirm(walk, 2, 11)
    assert walk.c.clock(Metric.FIRST_RESPONSE).started_at == T0 + 10 * MIN


def test_16_recorded_messages_and_their_answers_are_corrected_by_one_that_is_older_still() -> None:
    walk = Walk()
    walk.apply(replace(wrote(60, record()), sent_at=T0 + 5 * MIN))
    walk.native(30, learned=60)
    walk.native(9, learned=61)
    assert corrections(walk, Metric.FIRST_REPLY)[0]["elapsed"] == 240
    assert walk.c.state is State.CLAIMED


def test_16_a_clock_that_reached_its_target_exactly_when_it_stopped_is_in_time_until_it_runs_on() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    clock = walk.c.clock(Metric.FIRST_REPLY).suspend(T0 + 15 * MIN)
    assert clock.passed(T0 + 99 * MIN) == (1, False)
    assert clock.resume(T0 + 20 * MIN).passed(T0 + 20 * MIN) == (1, False)
    assert clock.resume(T0 + 20 * MIN).passed(T0 + 21 * MIN) == (1, True)


def test_16_what_was_taken_back_meanwhile_leaves_no_clock_behind_an_earlier_reply() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(2, escalate(), "m2")
    walk.apply(CustomerDeleted(at=T0 + 3 * MIN, message=MessageId("m2")))
    walk.native(1, learned=4)
    assert walk.c.clock(*HUMAN_REPLY) is None
    assert [entry["by"] for entry in walk.logged("cancel") if entry["metric"] == "next_reply_time"] == ["deleted"]


def test_16_words_from_before_a_reopening_leave_the_new_question_its_wait() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.reply(1)
    walk.apply(Resolve(at=T0 + 3 * MIN, agent=ALEX))  # the reply on its way stops the clocks
    walk.wrote(10, escalate(), "m2")
    confirm(walk, 2, 11, which=1)
    assert {e["metric"]: e["at"] for e in walk.logged("fulfill") if e["by"] == "agent"} == {
        "resolution_time": 3,
        "first_response_time": 2,
        "first_reply_time": 2,
    }
    starts = {clock.metric: clock.started_at for clock in walk.c.clocks}
    assert starts[Metric.FIRST_RESPONSE] == starts[Metric.NEXT_REPLY] == T0 + 10 * MIN


def test_16_an_earlier_message_never_moves_the_start_of_a_clock_that_was_answered_at_once_to_later() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(0)  # in the same second: the clock has never run
    walk.wrote(60, escalate(), "m2")
    late(walk, 30, 61, "m3")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert (clock.started_at, clock.running_since) == (T0, T0 + 30 * MIN)
    assert all(entry["started"] == T0.isoformat() for entry in corrections(walk, Metric.FIRST_REPLY))


def test_a_standing_clock_that_gets_its_target_too_late_is_warned_of_each_share_and_breached() -> None:
    walk = Walk(Rules(policies=(PRESS,)))
    walk.wrote(0, answer())
    walk.report(20)
    walk.apply(FieldsSet(at=T0 + 30 * MIN, by="api", team="press"))
    assert [(entry["due"], entry["share"], entry["lateness"]) for entry in walk.logged("warn")] == [
        ((T0 + 5 * MIN).isoformat(), 0.5, 0.0),
        ((T0 + 9 * MIN).isoformat(), 0.9, 0.0),
    ]
    assert [entry["due"] for entry in walk.logged("breach")] == [(T0 + 10 * MIN).isoformat()]
    clock = walk.c.clock(Metric.RESOLUTION)
    assert (clock.warnings, clock.breached) == (2, True)
    kinds = [event.kind for step in walk.steps for event in step.log if event.kind in {"warn", "breach"}]
    assert kinds == ["warn", "warn", "breach"]


def test_a_standing_clock_whose_target_has_not_passed_is_warned_of_the_shares_that_have() -> None:
    walk = Walk(Rules(policies=(PRESS,)))
    walk.wrote(0, answer())
    walk.report(7)
    walk.apply(FieldsSet(at=T0 + 30 * MIN, by="api", team="press"))
    assert [entry["share"] for entry in walk.logged("warn")] == [0.5]
    assert walk.logged("breach") == []
    clock = walk.c.clock(Metric.RESOLUTION)
    assert (clock.warnings, clock.breached) == (1, False)


def test_a_target_that_had_passed_before_a_pause_fell_due_before_it() -> None:
    ran = Clock(metric=Metric.RESOLUTION, instance=1, started_at=T0, running_since=T0)
    again = ran.stop(T0 + 20 * MIN).resume(T0 + 60 * MIN)
    aimed = again.aimed_at(Aim(policy="short", target=10 * MIN, shares=(0.5,)), ALWAYS_OPEN, at=T0 + 70 * MIN)
    assert (aimed.warn_due, aimed.due_at) == ((T0 + 5 * MIN,), T0 + 10 * MIN)

"""The life of a clock, told from the log by the code that the figures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Conversation, Rules
from bot.domain.events import ClockWarned, FieldsSet, Linked, Reopen, Transfer
from bot.domain.messages import ConversationId, MessageId
from bot.domain.policies import Match, Policy
from bot.domain.sla import Clock, Metric
from bot.domain.transitions import advance
from bot.figures import ClockLife, Sum
from bot.reports.business import Calendars
from bot.reports.explain import explain, lives
from bot.reports.fold import Fold
from bot.reports.instants import micros, seconds
from tests.domain.builders import ALEX, MIN, T0, answer, escalate, fresh, wrote
from tests.domain.builders import RULES as USUAL
from tests.domain.test_walk import CHOICES, event_of
from tests.reports.told_case import OFFICE, Case, at, learned_late, over_lunch, resolved_without_a_reply
from tests.reports.written_log import WrittenLog

BERLIN = ZoneInfo("Europe/Berlin")


async def told(case: Case, minute: float = 300) -> dict[str, ClockLife]:
    found = await lives(case.log, case.c.id, now=at(minute), zone=BERLIN)
    return {f"{life.metric.value}:{life.instance}": life for life in found}


def says(life: ClockLife) -> list[str]:
    return [line.says for line in life.lines]


async def test_a_case_that_staff_took_up_again_says_who_did() -> None:
    case = resolved_without_a_reply()
    case.do(Reopen(at=at(200), agent=ALEX))
    life = (await told(case))["resolution_time:2"]
    assert says(life)[0].startswith("started: alex took the case up again at ")


async def test_a_clock_is_told_from_its_start_to_its_end_with_the_arithmetic() -> None:
    life = (await told(over_lunch()))["first_reply_time:1"]
    assert says(life) == [
        "started: the customer wrote at 10:00; the hours of office count",
        "suspended, the bot has answered: 10:00 to 10:00:30 is 30 s, all in the hours of office",
        "runs on, counted from 10:00:30 as if it had never stopped: the answer did not help",
        (
            "target 1 h by policy vip, counted from the start in the hours of office;"
            " 1 h - 30 s = 59 m 30 s from 10:00:30 on: due 11:00"
        ),
        "warned: 80 % of the target had passed at 10:48, noticed 0.2 s late",
        "breached: the target of 1 h had passed at 11:00, noticed 1.5 s late",
        (
            "ended: alex replied at 14:21; 10:00:30 to 14:21 is 4 h 20 m 30 s, of which 3 h 20 m 30 s in the hours"
            " of office (closed 12:30 to 13:30); 30 s + 3 h 20 m 30 s = 3 h 21 m; 2 h 21 m over its target of 1 h"
        ),
    ]
    assert (life.state, life.policy, life.calendar, life.target_seconds, life.breached) == (
        "ended",
        "vip",
        "office",
        3600,
        True,
    )
    assert (life.business_seconds, life.calendar_seconds) == (201 * 60, 261 * 60)


async def test_each_line_has_the_value_that_the_clock_had_by_then() -> None:
    life = (await told(over_lunch()))["first_reply_time:1"]
    assert [line.business_seconds for line in life.lines] == [0, 30, 1800, 1800, 2880.2, 3601.5, 12060]
    assert life.lines[-2].due_at == at(60)


async def test_a_due_time_beyond_closing_names_when_it_was_closed() -> None:
    case = Case()
    case.do(wrote(470, escalate()))  # 17:50 in Berlin
    life = (await told(case, minute=475))["first_reply_time:1"]
    assert says(life)[-1] == (
        "target 1 h by policy vip, counted from the start in the hours of office;"
        " 1 h from 17:50 on: due Tue 03 Mar 09:50 (closed 18:00 to Tue 03 Mar 09:00)"
    )


async def test_a_reply_that_is_learned_of_late_is_told_with_what_it_takes_back() -> None:
    life = (await told(learned_late()))["first_reply_time:1"]
    assert says(life)[-2].startswith("ended: alex replied at 11:05; 10:00 to 11:05 is 1 h 5 m")
    assert says(life)[-1] == (
        "corrected: the reply of 10:20 (sam) was learned of at 11:10: it took 20 m, not 1 h 5 m; the breach is"
        " taken back; warnings 1 become 0; within its target of 1 h, 40 m to spare"
    )
    assert (life.business_seconds, life.breached) == (1200, False)


async def test_a_message_that_is_learned_of_late_moves_the_start() -> None:
    case = Case()
    case.do(wrote(0, escalate()))
    earlier = wrote(-10, escalate(), "m0")
    case.do(type(earlier)(**{**_fields(earlier), "at": at(5)}))
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[-1] == (
        "corrected: a message of 09:50 was learned of at 10:05: it runs from then on, not from 10:00;"
        " 1 h from 09:50 on: due 10:50"
    )


def _fields(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}  # type: ignore[attr-defined]


async def test_resolving_without_a_reply_is_told_apart() -> None:
    life = (await told(resolved_without_a_reply()))["first_reply_time:1"]
    assert life.state == "by_resolution"
    assert (
        "resolved without a reply at 10:10, which is told apart and in no percentile; 10:00 to" in says(life)[-1]
    )


async def test_a_transfer_says_who_had_the_clock_and_a_notice_who_has_it() -> None:
    case = Case()
    case.do(wrote(0, escalate()))
    case.do(Transfer(at=at(10), agent=ALEX, team="billing"))
    case.do(Transfer(at=at(20), agent=ALEX, team="returns"))
    life = (await told(case))["first_reply_time:1"]
    given, handed_over = says(life)[-2:]
    assert given == "given to billing at 10:10"
    assert handed_over == "handed over: billing had it until 10:20, returns from then on"
    case.noticed(ClockWarned, 48, late=0.05)
    life = (await told(case))["first_reply_time:1"]
    assert (
        says(life)[-1] == "warned: 80 % of the target had passed at 10:48, noticed 50 ms late; team returns had it"
    )


async def test_the_three_sums_are_told_too() -> None:
    found = await told(over_lunch())
    agent_work = found["agent_work_time:1"]
    assert agent_work.metric is Sum.AGENT_WORK
    assert says(agent_work)[0] == (
        "counts from 10:30 on: the conversation is escalated; the hours of office count"
    )
    requester = found["requester_wait_time:1"]
    assert says(requester)[-1].startswith(
        "stands still: 10:30 to 14:21 is 3 h 51 m, of which 2 h 51 m in the hours"
    )


async def test_without_a_calendar_all_hours_count_and_no_closing_is_told() -> None:
    case = Case(Rules(policies=USUAL.policies))
    case.do(wrote(0, escalate()))
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[0] == "started: the customer wrote at 10:00; all hours of all days count"
    assert (life.calendar, life.business_seconds) == ("", 300 * 60)


async def test_an_unknown_conversation_has_no_clocks() -> None:
    assert await lives(WrittenLog(), fresh().id, now=T0) == ()


async def test_a_record_that_cannot_be_read_is_told_and_changes_nothing() -> None:
    case = Case()
    case.do(wrote(0, escalate()))
    case.log.clock("correct", 0, conversation=case.c.id, because="the_moon")
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[-1] == "correct: this version cannot read the record; it changes nothing"
    assert life.state == "running"


async def test_a_calendar_that_is_not_in_the_log_counts_all_time_as_in_the_figures() -> None:
    case = over_lunch()
    records = [record for record in case.log.records if record.conversation]
    found = explain(records, {OFFICE.id: "no calendar"}, now=at(300), zone=BERLIN)
    life = next(life for life in found if life.metric is Metric.RESOLUTION)
    assert life.state == "running"
    assert life.business_seconds == life.calendar_seconds


# --- whatever happens


def history(choices: Sequence[tuple]) -> tuple[Conversation, WrittenLog]:
    conversation, log, moment = fresh(), WrittenLog(), T0
    for choice in choices:
        moment += timedelta(seconds=choice[1])
        step = advance(conversation, event_of(choice, conversation, moment), USUAL)
        conversation = step.conversation
        for event in step.log:
            log.add(event, conversation.id, recorded_at=moment)
    return conversation, log


@settings(max_examples=100, deadline=None)
@given(st.lists(CHOICES, max_size=30))
def test_what_is_told_of_any_history_is_what_the_figures_hold(choices) -> None:
    _, log = history(choices)
    fold = Fold(calendars=Calendars())
    for record in log.records:
        fold.apply(record)
    fold.finish()
    now = T0 + timedelta(days=90)
    found = explain(log.records, {}, now=now)
    expected = {
        (row.metric, row.instance): (row.state, _value(row, micros(now)), row.breached)
        for rows in fold.clocks.values()
        for row in rows.values()
    }
    assert {
        (life.metric.value, life.instance): (life.state, life.business_seconds, life.breached) for life in found
    } == expected


def _value(row, now: int) -> float:
    return seconds(row.elapsed + (0 if row.running_since is None else now - row.running_since))


@settings(max_examples=100, deadline=None)
@given(st.lists(CHOICES, max_size=30))
def test_every_clock_of_any_history_begins_with_its_start_and_says_how_it_ended(choices) -> None:
    _, log = history(choices)
    for life in explain(log.records, {}, now=T0 + timedelta(days=90)):
        if isinstance(life.metric, Metric):
            assert life.lines[0].kind == "activate"
        if life.state in {"ended", "by_resolution", "cancelled"}:
            assert any(line.kind in {"fulfill", "cancel"} or "ended" in line.says for line in life.lines)
        assert all(line.says and line.says[0].islower() for line in life.lines)


@pytest.mark.parametrize("minutes", [0.5, 65, 1440])
async def test_a_running_clock_has_counted_up_to_now(minutes) -> None:
    case = Case(Rules(policies=USUAL.policies))
    case.do(wrote(0, answer()))
    life = (await told(case, minute=minutes))["first_response_time:1"]
    assert life.business_seconds == minutes * MIN.total_seconds()
    assert says(life) == ["started: the customer wrote at 10:00; all hours of all days count"]


async def test_another_policy_is_told_with_the_one_in_whose_place_it_is() -> None:
    gold = Policy(name="gold", targets={Metric.FIRST_REPLY: 5 * MIN}, match=Match(among={"tier": ("gold",)}))
    case = Case(Rules(policies=(*USUAL.policies, gold)))
    case.do(wrote(0, escalate()))
    case.do(FieldsSet(at=at(2), by="api", tier="gold"))
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[-2:] == [
        "counts under tier gold now, not none",
        (
            "target 5 m by policy gold, instead of 15 m by standard; warnings and breach start afresh,"
            " counted from the start; 5 m from 10:00 on: due 10:05"
        ),
    ]


async def test_a_notice_without_any_lateness_came_at_once() -> None:
    case = Case()
    case.do(wrote(0, escalate()))
    case.noticed(ClockWarned, 48, late=0)
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[-1] == "warned: 80 % of the target had passed at 10:48, noticed at once"


async def test_a_case_that_was_merged_away_is_told_as_cancelled() -> None:
    case = Case()
    case.do(wrote(0, escalate()))
    case.log.clock("cancel", 0, conversation=case.c.id, by="merge")
    life = (await told(case))["first_reply_time:1"]
    assert says(life)[-1] == (
        "cancelled: the matter goes on in another conversation, from the earliest start; it is in no percentile"
    )


async def test_a_case_that_joined_another_is_told_with_the_time_that_it_had_waited() -> None:
    case = Case()
    case.do(wrote(20, escalate()))
    theirs = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=at(0), running_since=at(0))
    waited = ((MessageId("m9"), at(25)),)
    case.do(Linked(at=at(30), other=ConversationId("c2"), clocks=(theirs,), unanswered=waited))
    [line] = [line for line in says((await told(case))["first_reply_time:1"]) if "joined" in line]
    assert line.startswith("corrected: a conversation that joined this one had waited")
    assert "10:00" in line
    assert "due 11:00" in line


async def test_a_sentence_names_the_second_that_its_line_shows() -> None:
    case = Case()
    case.do(wrote(59.7 / 60, escalate()))
    [line] = (await told(case))["first_reply_time:1"].lines[:1]
    assert (line.at.second, line.at.microsecond) == (59, 700_000)
    assert line.says.startswith("started: the customer wrote at 10:00:59;")

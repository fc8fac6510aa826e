"""Figures told apart: by team, agent, hour and the rest, in calendar and business time; sums and outcomes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.calendar import read_calendar
from bot.figures import Counting, Dimension, Group, MetricFigure, Question, Sum, Summary
from tests.reports.written_log import DAY, NOON, at

pytestmark = pytest.mark.usefixtures("service")

#: Open from noon to one in UTC, seen from a zone that is 5:30 ahead.
LUNCH = read_calendar(
    '{"name": "lunch", "zone": "Asia/Kolkata", "days": {}, "week": [' + ", ".join(['["17:30-18:30"]'] * 7) + "]}"
)


@pytest.fixture
def ask(service):
    """Ask for the figures of the two days around noon."""

    async def asked(**wanted: object) -> Summary:
        return await service.summary(Question(**({"since": NOON - DAY, "until": NOON + DAY} | wanted)))

    return asked


def of(group: Group | Summary, metric: str = "first_reply_time") -> MetricFigure:
    return next(figure for figure in group.metrics if figure.metric == metric)


def by_value(summary: Summary) -> dict[str, Group]:
    return {group.value: group for group in summary.groups}


# --- teams


@pytest.fixture
def shared(log) -> None:
    """Write a clock that support had for 60 s and press for 40 s, breached after 50 s, and one of support's."""
    log.write("fields_set", 0, by="routes", team="support")
    log.clock("activate", 0)
    log.clock("apply_sla", 0, policy="standard", target=50, calendar="", due=at(50).isoformat())
    log.clock("breach", 50, due=at(50).isoformat(), lateness=0, team="support")
    log.write("transferred", 60, agent="alex", **{"from": "support", "to": "press"})
    log.write("fields_set", 60, by="alex", team="press")
    log.clock("fulfill", 100, by="agent", elapsed=100, agent="sam")
    log.write("fields_set", 0, "c2", by="routes", team="support")
    log.case("c2", 0, 30)


async def test_decision_9_each_team_answers_for_the_part_of_a_clock_that_it_had(ask, shared) -> None:
    teams = by_value(await ask(by=Dimension.TEAM))
    assert list(teams) == ["press", "support"]
    support, press = of(teams["support"]), of(teams["press"])
    assert (press.ended, press.naive.p50) == (1, 40)
    assert (support.ended, support.naive.p50) == (1, 30)  # what it handed on has not ended with it
    assert support.corrected.p90 is None  # and is known to be longer than 60 s


async def test_decision_9_a_breach_belongs_to_the_team_that_had_the_clock_when_it_was_due(ask, shared) -> None:
    teams = by_value(await ask(by=Dimension.TEAM))
    assert (of(teams["support"]).breaches, of(teams["press"]).breaches) == (1, 0)
    assert of(teams["support"]).share_within == 0
    assert of(teams["press"]).share_within is None  # the target was missed before press had it
    assert (await ask(where={Dimension.TEAM: "press"})).lateness.noticed == 0


async def test_a_clock_that_teams_share_is_one_case_for_everybody_else(ask, shared) -> None:
    summary = await ask(by=Dimension.TEAM)
    assert (of(summary).ended, of(summary).naive.p99, of(summary).breaches) == (2, 100, 1)
    assert of(by_value(await ask(by=Dimension.AGENT))["sam"]).naive.p50 == 100


async def test_a_team_that_waits_has_what_it_has_had_so_far(ask, log) -> None:
    log.clock("activate", 0)
    log.write("fields_set", 400, by="api", team="press")
    teams = by_value(await ask(by=Dimension.TEAM))
    assert (of(teams["press"]).running, of(teams[""]).running) == (1, 0)
    log.clock("fulfill", 1000, by="agent", elapsed=1000, agent="sam")
    assert of(by_value(await ask(by=Dimension.TEAM))["press"]).naive.p50 == 600


async def test_a_reply_learned_of_late_leaves_out_the_team_that_came_after_it(ask, log, shared) -> None:
    log.clock(
        "correct",
        200,
        because="earlier_reply",
        ended=at(45).isoformat(),
        by="agent",
        agent="alex",
        elapsed=45,
        breached=False,
        warnings=0,
    )
    teams = by_value(await ask(by=Dimension.TEAM))
    assert list(teams) == ["support"]
    assert (of(teams["support"]).ended, of(teams["support"]).naive.p99, of(teams["support"]).breaches) == (
        2,
        45,
        0,
    )
    assert of(await ask()).share_within == 1


# --- business time


async def test_business_time_stands_beside_calendar_time(ask, log) -> None:
    log.write("calendar_kept", -60, "", calendar=LUNCH.id, source=LUNCH.source())
    log.clock("activate", 3000, calendar=LUNCH.id)
    log.clock("fulfill", 5000, by="agent", elapsed=600, agent="alex")
    reply = of(await ask())
    assert (reply.naive.p50, reply.business_naive.p50, reply.corrected.p50, reply.business.p50) == (
        2000,
        600,
        2000,
        600,
    )


async def test_a_clock_that_runs_counts_its_calendar_up_to_now(ask, log, time) -> None:
    log.write("calendar_kept", -60, "", calendar=LUNCH.id, source=LUNCH.source())
    log.clock("activate", -100, calendar=LUNCH.id)
    log.case("c2", 0, 1050)
    log.case("c3", 0, 900)
    time.present = at(1000)
    reply = of(await ask())
    assert reply.corrected.p90 is None  # in calendar time it has run for 1100 s, longer than both that ended
    assert reply.business.p90 == 1050  # in business time for 1000 s: between the two


async def test_a_target_from_a_later_policy_counts_in_its_calendar_from_the_start(ask, log) -> None:
    log.write("calendar_kept", -60, "", calendar=LUNCH.id, source=LUNCH.source())
    log.clock("activate", -1000)
    log.clock("suspend", 500)
    log.clock("apply_sla", 600, policy="lunch", target=900, calendar=LUNCH.id, due=None)
    log.clock("resume", 700, counted=False, since=at(700).isoformat(), due=at(1100).isoformat())
    log.clock("fulfill", 800, by="agent")
    reply = of(await ask())
    assert (reply.naive.p50, reply.business_naive.p50) == (1600, 600)


async def test_an_answer_after_closing_time_is_late_although_it_counted_no_more_than_its_target(ask, log) -> None:
    log.write("calendar_kept", -60, "", calendar=LUNCH.id, source=LUNCH.source())
    log.clock("activate", 0, calendar=LUNCH.id)
    log.clock("apply_sla", 0, policy="p", target=3600, calendar=LUNCH.id, due=at(3600).isoformat())
    log.clock("breach", 3600, due=at(3600).isoformat(), lateness=0)
    log.clock("fulfill", 9000, by="agent", elapsed=3600, agent="alex")
    reply = of(await ask())
    assert (reply.business_naive.p50, reply.share_within) == (3600, 0)


# --- sums


async def test_the_sums_add_up_the_states_in_which_they_count(ask, log) -> None:
    def moved(seconds: float, before: str, after: str) -> None:
        log.write("state_changed", seconds, **{"from": before, "to": after})

    log.clock("activate", 0, "resolution_time")
    moved(1, "unopened", "open")
    log.clock("activate", 0)
    log.clock("suspend", 10)  # the bot has answered
    moved(10, "open", "waiting")
    moved(100, "waiting", "open")
    log.clock("resume", 100, counted=False, since=at(100).isoformat())
    moved(105, "open", "escalated")
    moved(125, "escalated", "claimed")
    log.clock("fulfill", 155, by="agent", elapsed=65, agent="alex")
    log.clock("fulfill", 200, "resolution_time", by="agent", elapsed=110, agent="alex")
    moved(200, "claimed", "resolved")
    summary = await ask()
    assert of(summary, "requester_wait_time").mean == 10 + 5 + 20 + 30
    assert of(summary, "agent_work_time").mean == 20 + 75
    assert of(summary, "handle_time").mean == 75


async def test_what_never_came_to_staff_is_no_case_of_their_sums(ask, log) -> None:
    log.clock("activate", 0, "resolution_time")
    log.clock("fulfill", 50, "resolution_time", by="bot", elapsed=50)
    summary = await ask()
    assert [of(summary, name).ended for name in Sum] == [
        0,
        0,
        0,
    ]


async def test_a_message_learned_of_late_lengthens_the_customers_wait(ask, log) -> None:
    log.clock("activate", 0, "resolution_time")
    log.clock("activate", 50)
    since = {"started": at(20).isoformat(), "since": at(20).isoformat(), "due": None}
    log.clock("correct", 60, because="earlier_message", **since)
    log.clock("fulfill", 70, by="agent", elapsed=50, agent="alex")
    log.clock("fulfill", 90, "resolution_time", by="agent", elapsed=90, agent="alex")
    assert of(await ask(), "requester_wait_time").mean == 50


# --- other dimensions


async def test_a_second_view_counts_cases_in_the_period_in_which_they_ended(ask, log) -> None:
    log.case("early", 0, 100)
    log.case("late", 0, 5000)
    log.case("open", 0, None)
    wanted = {"since": at(4000), "until": at(6000), "counting": Counting.ENDED}
    assert (of(await ask(**wanted)).ended, of(await ask(**wanted)).running) == (1, 0)
    assert of(await ask(since=at(4000), until=at(6000))).ended == 0


async def test_an_open_clock_belongs_to_the_agent_who_holds_the_conversation(ask, log) -> None:
    log.clock("activate", 0)
    log.write("claimed", 5, agent="alex", role="agent")
    log.write("state_changed", 5, **{"from": "open", "to": "claimed"})
    assert of(by_value(await ask(by=Dimension.AGENT))["alex"]).running == 1
    log.write("state_changed", 9, **{"from": "claimed", "to": "escalated"})
    assert of(by_value(await ask(by=Dimension.AGENT))[""]).running == 1


async def test_the_hour_of_the_day_is_that_of_the_brands_calendar(ask, log) -> None:
    log.write("calendar_kept", -60, "", calendar=LUNCH.id, source=LUNCH.source())
    log.clock("activate", 0, calendar=LUNCH.id)
    log.message(1, conversation="c2", decision="escalate")
    groups = by_value(await ask(by=Dimension.HOUR))
    assert of(groups["17"]).running == 1  # 12:00 UTC is 17:30 there
    assert (await ask(where={Dimension.HOUR: "17"})).volumes[0].received == 1


async def test_what_no_roll_up_knows_is_read_one_by_one_and_said(ask, log) -> None:
    log.message(0, language="de", decision="escalate")
    log.case("c1", 0, 10)
    summary = await ask(where={Dimension.LANGUAGE: "de"})
    assert (of(summary).ended, summary.volumes[0].received) == (1, 1)
    assert summary.scanned[0] == "clocks were read one by one: language is in no roll-up"
    assert (await ask(by=Dimension.TEAM, where={Dimension.CHANNEL: "web"})).scanned == ()


async def test_messages_have_no_agent_and_are_left_out_with_a_word(ask, log) -> None:
    log.message(0)
    summary = await ask(where={Dimension.AGENT: "alex"})
    assert summary.volumes == ()
    assert summary.scanned == ("messages and what happened to conversations are left out: they have no agent",)


async def test_the_message_that_opens_a_conversation_is_its_teams(ask, log) -> None:
    log.message(0, decision="escalate")
    log.write("opened", 0, channel="web")
    log.write("fields_set", 0, by="routes", team="support", tier="gold")
    where = {Dimension.TEAM: "support", Dimension.TIER: "gold"}
    assert (await ask(where=where)).volumes[0].received == 1


async def test_a_message_stays_with_the_team_it_came_to_when_the_conversation_moves_on(ask, log) -> None:
    log.message(0, "m1", "moved", decision="escalate", committed=1)
    log.write("opened", 0, "moved", channel="web", committed=1)
    log.message(0, "m1", "escalated")
    log.write("fields_set", 0, "moved", by="api", team="press", tier="gold", committed=1)
    log.write("fields_set", 7200, "moved", by="alex", team="press")
    log.write("escalated", 7200, "escalated", reason="low_confidence")
    log.write("fields_set", 7200, "escalated", by="routes", team="press", priority="high")
    assert (await ask(where={Dimension.TEAM: "press"})).volumes == ()
    assert (await ask(where={Dimension.TIER: "gold"})).volumes == ()
    assert sum(volume.received for volume in (await ask(where={Dimension.TEAM: ""})).volumes) == 2


async def test_a_later_message_of_a_conversation_is_the_team_s_that_has_it_then(ask, log) -> None:
    log.message(0, decision="escalate")
    log.write("opened", 0, channel="web")
    log.write("fields_set", 0, by="routes", team="support")
    log.write("fields_set", 60, by="alex", team="press")
    log.message(90, "m2", decision="escalate")
    for team in ("support", "press"):
        assert (await ask(where={Dimension.TEAM: team})).volumes[0].received == 1


async def test_what_the_routes_give_is_the_message_s_wherever_one_read_of_the_log_ends(ask, log) -> None:
    log.message(0, decision="escalate", committed=3)
    await ask()
    log.write("opened", 0, channel="web", committed=3)
    log.write("fields_set", 0, by="routes", team="support", committed=3)
    assert (await ask(where={Dimension.TEAM: "support"})).volumes[0].received == 1


@pytest.mark.parametrize("by", [Dimension.AGENT, Dimension.TEAM])
async def test_a_late_reply_leaves_no_empty_group_where_its_clock_was_counted_before(ask, log, by) -> None:
    log.write("fields_set", 0, by="routes", team="support")
    log.clock("activate", 0)
    log.write("fields_set", 60, by="alex", team="press")
    log.clock("fulfill", 100, by="agent", elapsed=100, agent="alex")
    before = list(by_value(await ask(by=by)))
    said = {"ended": at(45).isoformat(), "by": "agent", "agent": "sam", "elapsed": 45}
    log.clock("correct", 200, because="earlier_reply", breached=False, warnings=0, **said)
    after = list(by_value(await ask(by=by)))
    moved = {
        Dimension.AGENT: (["alex"], ["sam"]),
        Dimension.TEAM: (["press", "support"], ["support"]),
    }
    assert (before, after) == moved[by]


@pytest.mark.parametrize("hour", ["24", "", "-1", "999", "9" * 5000])
async def test_an_hour_that_is_none_is_refused(ask, hour: str) -> None:
    with pytest.raises(ValueError, match=f"hour '{hour[:20]}.* is not one of 0 to 23"):
        await ask(where={Dimension.HOUR: hour})


# --- outcomes


async def test_outcomes_say_who_gave_the_first_real_answer(ask, log) -> None:
    for conversation, by in (("a", "bot"), ("b", "agent"), ("c", "resolution")):
        log.clock("activate", 0, "first_response_time", conversation=conversation)
        log.clock("fulfill", 9, "first_response_time", conversation=conversation, by=by, elapsed=9)
    for conversation, by in (("d", "deleted"), ("e", "merge")):
        log.clock("activate", 0, "first_response_time", conversation=conversation)
        log.clock("cancel", 9, "first_response_time", conversation=conversation, by=by)
    log.clock("activate", 0, "first_response_time", conversation="f")
    outcomes = (await ask()).outcomes
    assert (outcomes.by_bot, outcomes.by_human, outcomes.abandoned, outcomes.waiting) == (1, 1, 2, 1)


async def test_automation_precision_comes_from_staff_and_customers(ask, log) -> None:
    for conversation in ("seen", "corrected", "confirmed", "rejected", "unseen"):
        log.message(0, "m1", conversation)
    log.write("claimed", 9, "seen", agent="alex", role="agent")
    for conversation, to in (("corrected", "complaint+question"), ("confirmed", "question")):
        said = {"message": "m1", "agent": "alex", "decision": "answer", "from": "question", "to": to}
        log.write("label_corrected", 9, conversation, **said)
    log.message(9, "m2", "rejected", decision="escalate", reason="rejected")
    outcomes = (await ask()).outcomes
    assert (outcomes.automatic, outcomes.checked, outcomes.corrected) == (5, 4, 2)
    assert outcomes.precision == 0.5
    assert outcomes.precision_low < 0.5 < outcomes.precision_high


async def test_the_last_word_on_a_label_holds(ask, log) -> None:
    log.message(0, "m1")
    for to in ("complaint", "question"):
        log.write(
            "label_corrected", 9, message="m1", agent="sam", decision="answer", **{"from": "question", "to": to}
        )
    assert (await ask()).outcomes.corrected == 0


async def test_groups_have_outcomes_of_their_own(ask, log) -> None:
    log.message(0, "m1", "a", channel="web")
    log.message(0, "m1", "b", channel="api")
    log.write("claimed", 9, "b", agent="alex", role="agent")
    groups = by_value(await ask(by=Dimension.CHANNEL))
    assert {name: group.outcomes.checked for name, group in groups.items()} == {"web": 0, "api": 1}


async def test_broken_days_and_hours_at_the_ends_of_a_period_are_exact(ask, log) -> None:
    for hour in range(-60, 60):
        log.case(f"c{hour}", 3600 * hour + 10, 1)
    for since, until in ((-50.5, 50.5), (-50, 50), (-12, 36), (0.001, 0.002), (-0.1, 1.1), (-37, 3.5)):
        start, end = NOON + timedelta(hours=since), NOON + timedelta(hours=until)
        within = [hour for hour in range(-60, 60) if since <= hour + 10 / 3600 < until]
        assert of(await ask(since=start, until=end)).ended == len(within)

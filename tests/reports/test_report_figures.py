"""Each figure from a small log written by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.sla import Metric
from bot.figures import Sum
from tests.reports.written_log import DAY, NOON, at

pytestmark = pytest.mark.usefixtures("service")


async def test_an_empty_log_gives_a_summary_of_nothing(summarise) -> None:
    summary = await summarise()
    assert [figure.metric for figure in summary.metrics] == [*Metric, *Sum]
    assert all(figure.ended == figure.running == 0 and figure.mean is None for figure in summary.metrics)
    assert summary.waiting_now == 0
    assert summary.oldest_waiting_seconds is None
    assert (summary.volumes, summary.hours, summary.running, summary.cursor) == ((), (), (), 0)


# --- clocks


async def test_the_percentiles_count_people_still_waiting_and_the_naive_ones_do_not(log, figure) -> None:
    for number, elapsed in enumerate((10, 20, 30)):
        log.case(f"ended{number}", 0, elapsed)
    for number in range(3):
        log.case(f"waiting{number}", 0, None)  # for 1000 s by now
    reply = await figure()
    assert (reply.ended, reply.running) == (3, 3)
    assert (reply.naive.p50, reply.naive.p99) == (20, 30)
    assert (reply.corrected.p50, reply.corrected.p99) == (30, None)
    assert reply.mean == 20


async def test_a_reply_clock_ended_by_resolving_stands_apart(log, figure) -> None:
    log.case("replied", 0, 60)
    log.clock("activate", 0, conversation="resolved")
    log.clock("fulfill", 5, conversation="resolved", by="resolution", elapsed=5)
    reply = await figure()
    assert (reply.ended, reply.by_resolution, reply.running) == (1, 1, 0)
    assert reply.naive.p50 == reply.corrected.p50 == 60


@pytest.mark.parametrize("by", ["agent", "bot", "silence", "resolution"])
async def test_resolving_always_ends_the_resolution_clock(log, figure, by) -> None:
    log.clock("activate", 0, "resolution_time")
    log.clock("fulfill", 90, "resolution_time", by=by, elapsed=90)
    assert (await figure("resolution_time")).naive.p50 == 90


async def test_a_cancelled_clock_is_in_no_percentile(log, figure) -> None:
    log.clock("activate", 0)
    log.clock("suspend", 3)
    log.clock("cancel", 900, by="bot")
    reply = await figure()
    assert (reply.ended, reply.running, reply.by_resolution) == (0, 0, 0)
    assert reply.corrected.p50 is None


async def test_a_suspended_clock_is_censored_at_what_it_had_counted(log, figure) -> None:
    log.case("ended", 0, 100)
    log.clock("activate", 0)
    log.clock("suspend", 40)  # leaves the people at risk before the other reply came
    reply = await figure()
    assert reply.running == 0
    assert reply.corrected.p50 == 100
    log.clock("resume", 900, counted=True, since=at(40).isoformat())  # 1000 s by now: still at risk at 100
    reply = await figure()
    assert (reply.running, reply.corrected.p50, reply.corrected.p90) == (1, 100, None)


@pytest.mark.parametrize(("counted", "since", "value"), [(False, 500, 540), (True, 40, 1000)])
async def test_the_suspended_time_counts_only_after_a_rejected_answer(
    log, summarise, counted, since, value
) -> None:
    log.clock("activate", 0)
    log.clock("suspend", 40)
    log.clock("resume", 500, counted=counted, since=at(since).isoformat())
    (running,) = (await summarise()).running
    assert running.seconds == value


async def test_a_resolution_clock_pauses_while_the_customer_has_to_act(log, figure, summarise) -> None:
    log.clock("activate", 0, "resolution_time")
    log.clock("pause", 10, "resolution_time")
    assert (await summarise()).running == ()
    log.clock("resume", 60, "resolution_time", counted=False, since=at(60).isoformat())
    log.clock("fulfill", 65, "resolution_time", by="agent")
    assert (await figure("resolution_time")).mean == 15


async def test_the_share_within_target_counts_an_answer_at_the_very_instant_as_met(log, figure) -> None:
    for conversation, elapsed in (("a", 30), ("b", 60), ("c", 60.000001), ("d", 10)):
        log.clock("activate", 0, conversation=conversation)
        if conversation != "d":
            log.clock("apply_sla", 0, conversation=conversation, policy="p", target=60, due=at(60).isoformat())
        if elapsed > 60:
            log.clock("breach", elapsed, conversation=conversation, due=at(60).isoformat(), lateness=0)
        log.clock("fulfill", elapsed, conversation=conversation, by="agent", elapsed=elapsed)
    assert (await figure()).share_within == pytest.approx(2 / 3)


async def test_warnings_and_breaches_are_counted_by_clock_with_their_lateness(log, figure, summarise) -> None:
    log.clock("activate", 0)
    log.clock("apply_sla", 0, policy="p", target=100, due=at(100).isoformat())
    log.clock("warn", 80.25, due=at(80).isoformat(), lateness=0.25)
    log.write(
        "breach",
        100.5,
        committed=0.5,
        metric="first_reply_time",
        instance=1,
        due=at(100).isoformat(),
        lateness=0.5,
    )
    summary, reply = await summarise(), await figure()
    assert (reply.warnings, reply.breaches) == (1, 1)
    late = summary.lateness
    assert (late.noticed, late.p50, late.p99, late.worst) == (2, 0.25, 1.0, 1.0)
    assert summary.running[0].breached


async def test_a_running_clock_is_shown_with_its_value_and_due_time(log, summarise) -> None:
    log.clock("activate", 0, label=None)
    log.clock("apply_sla", 50, policy="p", target=3600, due=at(3600).isoformat())
    (running,) = (await summarise()).running
    assert (running.conversation, running.metric, running.instance) == ("c1", Metric.FIRST_REPLY, 1)
    assert (running.channel, running.label, running.started_at) == ("web", "unassessed", NOON)
    assert (running.seconds, running.due_at, running.breached) == (1000, at(3600), False)


async def test_a_resumed_clock_falls_due_when_the_rest_of_its_target_has_passed(log, summarise) -> None:
    log.clock("activate", 0)
    log.clock("apply_sla", 0, policy="p", target=100, due=at(100).isoformat())
    log.clock("suspend", 40)
    log.clock("resume", 500, counted=False, since=at(500).isoformat())
    assert (await summarise()).running[0].due_at == at(560)


async def test_the_most_urgent_running_clock_comes_first(log, summarise) -> None:
    log.case("no target", 0, None)
    for conversation, due in (("later", 2000), ("sooner", 1500)):
        log.case(conversation, 1, None)
        log.clock("apply_sla", 1, conversation=conversation, policy="p", target=9, due=at(due).isoformat())
    assert [clock.conversation for clock in (await summarise()).running] == ["sooner", "later", "no target"]


async def test_waiting_now_counts_customers_once_and_whatever_the_period(log, summarise) -> None:
    log.case("c1", 0, None, "first_response_time")
    log.case("c1", 0, None, "first_reply_time")
    log.case("c1", 0, None, "resolution_time")
    log.case("c2", 400, None, "next_reply_time")
    log.case("c3", 0, None, "resolution_time")  # open, but nobody waits for words
    summary = await summarise(since=NOON + DAY, until=NOON + 2 * DAY)
    assert (summary.waiting_now, summary.oldest_waiting_seconds) == (2, 1000)
    assert sum(figure.running for figure in summary.metrics) == 0


async def test_a_case_belongs_to_the_period_in_which_its_clock_started(log, figure) -> None:
    log.case("before", -1, 100)
    log.case("first instant", 0, 5000)
    log.case("last instant", 59.999999, 1)
    log.case("after", 60, 1)
    reply = await figure(since=at(0), until=at(60))
    assert reply.ended == 2
    assert reply.naive.p99 == 5000  # although it ended long after the period


async def test_a_correction_replaces_the_value_of_an_ended_clock(log, figure) -> None:
    log.clock("activate", 0)
    log.clock("apply_sla", 0, policy="p", target=60, due=at(60).isoformat())
    log.clock("breach", 60, due=at(60).isoformat(), lateness=0)
    log.clock("fulfill", 90, by="agent", elapsed=90)
    log.clock(
        "correct",
        95,
        because="earlier_reply",
        ended=at(30).isoformat(),
        by="agent",
        agent="sam",
        elapsed=30,
        breached=False,
        warnings=0,
    )
    reply = await figure()
    assert (reply.mean, reply.share_within, reply.breaches) == (30, 1.0, 0)


async def test_figures_can_be_asked_for_one_channel_or_one_label(log, figure, summarise) -> None:
    log.clock("activate", 0, conversation="a", channel="telegram", label="complaint")
    log.clock("activate", 0, conversation="b", channel="telegram", label="question")
    log.clock("activate", 0, conversation="c", channel="discord", label="question")
    assert (await figure(channel="telegram")).running == 2
    assert (await figure(label="question")).running == 2
    assert (await summarise(channel="telegram", label="question")).waiting_now == 1


# --- messages


async def test_volumes_count_what_was_done_by_channel_and_label(log, summarise) -> None:
    for number, decision in enumerate(("answer", "answer", "escalate", "greet", "silence")):
        log.message(number, f"m{number}", decision=decision)
    log.message(9, "other", channel="discord", label="complaint", decision="escalate")
    discord, web = (await summarise()).volumes
    assert (discord.channel, discord.label, discord.received, discord.escalated) == (
        "discord",
        "complaint",
        1,
        1,
    )
    assert (web.received, web.answered, web.escalated, web.greeted, web.silent) == (5, 2, 1, 1, 1)


async def test_what_is_only_recorded_counts_as_its_own_and_not_as_escalated(log, summarise) -> None:
    log.message(0, "m1", decision="record", reason="answered")
    log.message(1, "m2", decision="silence")
    log.write("message_edited", 60, message="m2", channel="web", label="question", decision="record")
    volumes = (await summarise()).volumes
    assert [(v.received, v.recorded, v.escalated, v.answered) for v in volumes] == [(2, 2, 0, 0)]


async def test_hours_without_a_message_between_others_are_shown_as_empty(log, summarise) -> None:
    log.message(0, "m1")
    log.message(2 * 3600 + 1, "m2", decision="escalate")
    hours = (await summarise()).hours
    assert [(hour.hour - NOON, hour.received, hour.answered, hour.escalated) for hour in hours] == [
        (timedelta(0), 1, 1, 0),
        (timedelta(hours=1), 0, 0, 0),
        (timedelta(hours=2), 1, 0, 1),
    ]


@pytest.mark.parametrize(
    ("since", "until", "received"),
    [(0, 7200, 120), (600, 6600, 100), (600, 1200, 10), (600, 3600, 50), (3000, 4200, 20), (0, 60, 1)],
)
async def test_broken_hours_at_the_ends_of_a_period_are_exact(log, summarise, since, until, received) -> None:
    for minute in range(120):
        log.message(60 * minute, f"m{minute}")
    summary = await summarise(since=at(since), until=at(until))
    assert sum(volume.received for volume in summary.volumes) == received
    assert sum(hour.received for hour in summary.hours) == received


async def test_an_edit_changes_the_label_and_keeps_the_greater_of_what_was_done(log, summarise) -> None:
    log.message(0, "m1", label="question", decision="answer")
    log.write("message_edited", 60, message="m1", channel="web", label="complaint", decision="escalate")
    log.write("message_edited", 70, message="m1", channel="web", label="complaint", decision="silence")
    (volume,) = (await summarise()).volumes
    assert (volume.label, volume.received, volume.answered, volume.escalated) == ("complaint", 1, 0, 1)


async def test_a_late_assessment_gives_message_and_clocks_their_label(log, figure, summarise) -> None:
    log.message(0, "m1", label=None, decision="escalate", reason="not_assessed")
    log.clock("activate", 0, label=None)
    assert (await summarise()).volumes[0].label == "unassessed"
    log.write("message_annotated", 130, message="m1", label="complaint", confidence=0.9, language="en")
    assert (await summarise()).volumes[0].label == "complaint"
    assert (await figure(label="complaint")).running == 1


# --- conversations


async def test_opened_escalated_and_resolved_belong_to_the_period_of_their_instant(log, summarise) -> None:
    log.message(0, decision="escalate")
    log.write("opened", 0, channel="web")
    log.write("escalated", 1, reason="complaint", channel="web")
    log.write("resolved", 50, by="agent", agent="ann")
    log.write("reopened", 60, channel="web")
    log.write("resolved", 4000, by="silence", agent=None)
    summary = await summarise(since=at(0), until=at(3600))
    assert summary.opened == 1
    assert dict(summary.escalations) == {"complaint": 1}
    assert dict(summary.resolved_by) == {"agent": 1}


async def test_what_happens_to_a_conversation_carries_its_channel_and_latest_label(log, summarise) -> None:
    log.message(0, channel="telegram", label="complaint", decision="escalate")
    log.write("resolved", 50, by="agent", agent="ann")
    assert dict((await summarise(channel="telegram", label="complaint")).resolved_by) == {"agent": 1}
    assert not (await summarise(label="question")).resolved_by


# --- what cannot be read


async def test_kinds_of_a_later_version_are_skipped_and_counted(log, summarise) -> None:
    log.write("teleported", 0, where="mars")
    log.case("c1", 0, 10)
    log.write("paused", 5, conversation="")  # known, and no figure depends on it
    summary = await summarise()
    assert (summary.unknown_events, summary.cursor) == (1, 4)
    assert summary.metrics[1].ended == 1


async def test_records_that_make_no_sense_are_counted_and_change_nothing(log, summarise) -> None:
    log.clock("fulfill", 0, by="agent", elapsed=1)  # never started
    log.clock("activate", 0, "patience_time")
    log.clock("activate", 0)
    log.clock("activate", 9)  # started before
    log.clock("apply_sla", 0, policy="p", target="soon")
    log.clock("breach", 0, lateness=float("inf"))
    log.clock("resume", 0, since="yesterday")
    log.write("message_edited", 0, message="unseen", channel="web", label="question", decision="answer")
    log.message(0, decision="dance")
    log.write("message_received", 0)
    summary = await summarise()
    assert summary.unknown_events == 9
    assert [clock.started_at for clock in summary.running] == [NOON]

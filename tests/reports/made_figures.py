"""A summary made by hand, as a busy week with people still waiting gives it: what the outputs are tested on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.messages import ConversationId
from bot.domain.sla import Metric
from bot.figures import (
    Counting,
    Dimension,
    Group,
    HourVolume,
    Lateness,
    MetricFigure,
    Outcomes,
    Question,
    RunningClock,
    Spread,
    Sum,
    Summary,
    Volume,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def spread(p50: float | None, p90: float | None, p95: float | None, p99: float | None) -> Spread:
    return Spread(p50=p50, p90=p90, p95=p95, p99=p99)


FIRST_REPLY = MetricFigure(
    metric=Metric.FIRST_REPLY,
    ended=310,
    running=24,
    by_resolution=3,
    corrected=spread(540, 4_300, 9_100, None),
    naive=spread(480, 3_100, 5_200, 14_000),
    mean=1_207.5,
    share_within=0.871,
    warnings=52,
    breaches=41,
    low=spread(470, 3_500, 5_900, 11_000),
    high=spread(620, 6_900, 21_000, None),
    business=spread(510, 2_900, 4_700, 9_400),
    business_naive=spread(460, 2_400, 4_000, 8_000),
    share_low=0.829,
    share_high=0.904,
    share_undecided=7,
)

FIRST_RESPONSE = MetricFigure(
    metric=Metric.FIRST_RESPONSE,
    ended=905,
    running=9,
    by_resolution=1,
    corrected=spread(0.4, 310, 1_900, 7_800),
    naive=spread(0.4, 280, 1_700, 6_100),
    mean=122.5,
    share_within=None,
    warnings=0,
    breaches=0,
    low=spread(0.3, 240, 1_300, 5_000),
    high=spread(0.5, 400, 2_600, 14_400),
    business=spread(0.4, 310, 1_900, 7_800),
)

HANDLE = MetricFigure(
    metric=Sum.HANDLE,
    ended=288,
    running=12,
    by_resolution=0,
    corrected=spread(260, 900, 1_300, 2_400),
    naive=spread(250, 870, 1_250, 2_300),
    mean=371,
    share_within=None,
    warnings=0,
    breaches=0,
)


def empty(metric: Metric | Sum) -> MetricFigure:
    """Return the figure of a metric of which there was no case."""
    nothing = spread(None, None, None, None)
    return MetricFigure(
        metric=metric,
        ended=0,
        running=0,
        by_resolution=0,
        corrected=nothing,
        naive=nothing,
        mean=None,
        share_within=None,
        warnings=0,
        breaches=0,
    )


OUTCOMES = Outcomes(
    by_bot=595,
    by_human=310,
    abandoned=12,
    waiting=9,
    automatic=702,
    checked=64,
    corrected=3,
    precision=61 / 64,
    precision_low=0.871,
    precision_high=0.984,
)


def busy_week(*, by: Dimension | None = Dimension.CHANNEL, **where: str) -> Summary:
    """Return a week with groups, dashes, open ends and undecided cases."""
    question = Question(
        since=MONDAY,
        until=MONDAY + WEEK,
        by=by,
        where={Dimension(name): value for name, value in where.items()},
        counting=Counting.STARTED,
    )
    groups = (
        Group(value="webchat", metrics=(FIRST_RESPONSE, FIRST_REPLY), outcomes=OUTCOMES),
        Group(value="<b>=cmd</b>", metrics=(FIRST_REPLY, empty(Metric.RESOLUTION)), outcomes=Outcomes(by_human=4)),
        Group(value="", metrics=(FIRST_REPLY,), outcomes=Outcomes(waiting=2)),
    )
    return Summary(
        since=question.since,
        until=question.until,
        cursor=48_211,
        metrics=(
            FIRST_RESPONSE,
            FIRST_REPLY,
            empty(Metric.NEXT_REPLY),
            empty(Metric.HANDOFF_WAIT),
            empty(Metric.RESOLUTION),
            HANDLE,
        ),
        volumes=(
            Volume(
                channel="webchat",
                label="question",
                received=820,
                answered=560,
                escalated=200,
                greeted=12,
                silent=48,
            ),
            Volume(
                channel="telegram",
                label="complaint",
                received=190,
                answered=0,
                escalated=184,
                greeted=0,
                silent=6,
            ),
        ),
        hours=tuple(
            HourVolume(hour=MONDAY + HOUR * n, received=n % 24, answered=n % 24 // 2, escalated=n % 24 // 4)
            for n in range(168)
        ),
        waiting_now=9,
        oldest_waiting_seconds=18_300,
        running=(
            RunningClock(
                conversation=ConversationId("c-1"),
                metric=Metric.FIRST_REPLY,
                instance=1,
                channel="webchat",
                label="complaint",
                started_at=MONDAY,
                seconds=18_300,
                due_at=MONDAY + HOUR,
                breached=True,
                target_seconds=3600,
                calendar_seconds=18_300,
            ),
        ),
        opened=930,
        resolved_by={"agent": 280, "bot": 90, "silence": 500},
        escalations={"complaint": 184, "no_template": 131},
        lateness=Lateness(
            noticed=93,
            p50=0.05,
            p99=7200,
            worst=10_800,
            after_downtime=2,
            after_downtime_worst=10_800,
            running_p50=0.05,
            running_p99=0.4,
            running_worst=0.7,
        ),
        unknown_events=0,
        question=question,
        outcomes=OUTCOMES,
        groups=groups if by else (),
        scanned=("clocks were read one by one: tier are in no roll-up",) if where else (),
    )

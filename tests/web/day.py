"""The figures of a day, for tests and for the preview."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.messages import ConversationId
from bot.domain.sla import Metric
from bot.figures import (
    Group,
    HourVolume,
    Lateness,
    MetricFigure,
    Outcomes,
    RunningClock,
    Spread,
    Sum,
    Summary,
    Volume,
)


def _times(spread: Spread, factor: float) -> Spread:
    p50, p90, p95, p99 = (
        None if value is None else value * factor for value in (spread.p50, spread.p90, spread.p95, spread.p99)
    )
    return Spread(p50=p50, p90=p90, p95=p95, p99=p99)


def figures(since: datetime, until: datetime, *, busy: bool = False) -> Summary:
    """Return the figures of a day."""
    scale = 6 if busy else 1

    def metric(
        name: Metric, p50: float, *, ended: int, running: int, within: float | None, breaches: int
    ) -> MetricFigure:
        naive = Spread(p50=p50, p90=p50 * 3.1, p95=p50 * 4.4, p99=p50 * 9)
        drift = 1 + running / max(1, ended)
        corrected = Spread(
            p50=p50 * drift,
            p90=p50 * 3.1 * drift,
            p95=p50 * 4.4 * drift,
            p99=None if running > 8 else p50 * 9 * drift,
        )
        return MetricFigure(
            metric=name,
            ended=ended,
            running=running,
            by_resolution=ended // 30,
            corrected=corrected,
            naive=naive,
            mean=p50 * 1.6,
            share_within=within,
            share_low=None if within is None else round(within - 0.04, 2),
            share_high=None if within is None else round(min(1.0, within + 0.03), 2),
            share_undecided=0 if within is None else running,
            warnings=breaches * 2,
            breaches=breaches,
            low=_times(corrected, 0.8),
            high=replace(_times(corrected, 1.4), p99=None),
            business=_times(corrected, 0.6 if p50 > 600 else 1),
            business_naive=_times(naive, 0.6 if p50 > 600 else 1),
        )

    hours = max(1, int((until - since).total_seconds() // 3600))
    start = until.replace(minute=0, second=0, microsecond=0)
    rows = []
    for back in range(hours):
        at = start - timedelta(hours=back)
        load = (3 + 14 * max(0, 1 - abs(at.hour - 14) / 8)) * (scale if back < 2 else 1)
        rows.append(
            HourVolume(hour=at, received=int(load * 1.25), answered=int(load * 0.8), escalated=int(load * 0.3))
        )
    volumes = tuple(
        Volume(
            channel=channel,
            label=label,
            received=n,
            answered=int(n * share),
            escalated=int(n * (0.92 - share)),
            greeted=int(n * 0.03),
            silent=int(n * 0.05),
        )
        for channel, size in (("webchat", 120), ("telegram", 74), ("discord", 31))
        for label, part, share in (
            ("question", 0.6, 0.78),
            ("complaint", 0.22, 0.0),
            ("praise", 0.1, 0.7),
            ("other", 0.08, 0.2),
        )
        for n in [int(size * part)]
    )
    running = tuple(
        RunningClock(
            conversation=ConversationId(f"c{n}"),
            metric=Metric.FIRST_REPLY,
            instance=1,
            channel="webchat",
            label="complaint",
            started_at=until - timedelta(minutes=n),
            seconds=60.0 * n,
            due_at=until,
            breached=n > 10,
            target_seconds=600.0,
            calendar_seconds=60.0 * n,
        )
        for n in ((34, 29, 22, 16, 12, 8, 4) if busy else (8, 5, 2))
    )
    metrics = (
        metric(Metric.FIRST_RESPONSE, 1.4, ended=201 * scale, running=3 * scale, within=0.97, breaches=2 * scale),
        metric(
            Metric.FIRST_REPLY,
            212,
            ended=61 * scale,
            running=3 * scale,
            within=0.91 if not busy else 0.52,
            breaches=5 * scale,
        ),
        metric(Metric.NEXT_REPLY, 148, ended=44 * scale, running=1, within=0.95, breaches=0),
        metric(Metric.HANDOFF_WAIT, 198, ended=61 * scale, running=3 * scale, within=None, breaches=0),
        metric(Metric.RESOLUTION, 2310, ended=52 * scale, running=9, within=0.88, breaches=4),
        metric(Sum.REQUESTER_WAIT, 260, ended=52 * scale, running=9, within=None, breaches=0),
        metric(Sum.AGENT_WORK, 840, ended=44 * scale, running=6, within=None, breaches=0),
        metric(Sum.HANDLE, 410, ended=44 * scale, running=2, within=None, breaches=0),
    )
    outcomes = Outcomes(
        by_bot=164,
        by_human=37,
        abandoned=6,
        waiting=3 * scale,
        automatic=181,
        checked=48,
        corrected=2,
        precision=0.96,
        precision_low=0.89,
        precision_high=0.99,
    )
    groups = tuple(Group(value=value, metrics=metrics, outcomes=outcomes) for value in ("support", "press", ""))
    return Summary(
        since=since,
        until=until,
        cursor=4711,
        metrics=metrics,
        outcomes=outcomes,
        groups=groups,
        volumes=volumes,
        hours=tuple(reversed(rows)),
        waiting_now=len(running),
        oldest_waiting_seconds=max(one.seconds for one in running),
        running=running,
        opened=142 * scale,
        resolved_by={"bot": 88, "agent": 41, "silence": 13},
        escalations={"complaint": 34, "no_template": 19, "human_wanted": 9, "unsure": 7, "language": 3},
        lateness=Lateness(
            noticed=14 * scale,
            p50=0.012,
            p99=754,
            worst=754,
            after_downtime=1,
            after_downtime_worst=754,
            running_p50=0.012,
            running_p99=0.044,
            running_worst=0.061,
        ),
        unknown_events=0,
    )

"""Every figure, once: from the read database to ``bot.figures.Summary``.

Percentiles are nearest-rank (naive) and Kaplan-Meier (corrected), see ``kaplan_meier``. A clock belongs to the
period in which it started, a message to that of its own time, an escalation or resolve to that of its instant.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.messages import ConversationId
from bot.domain.sla import REPLY_METRICS, Metric
from bot.figures import HourVolume, Lateness, MetricFigure, RunningClock, Spread, Summary, Volume
from bot.reports.instants import HOUR, instant, seconds
from bot.reports.kaplan_meier import corrected, nearest_rank
from bot.reports.storage import read_progress

PERCENTILES = (50, 90, 95, 99)

#: More running clocks than this are counted, not listed; the most urgent come first.
RUNNING_SHOWN = 500

_FILTER = "(:channel IS NULL OR channel = :channel) AND (:label IS NULL OR label = :label)"
_STARTED = f"started_at >= :since AND started_at < :until AND {_FILTER}"
_HAPPENED = f"at >= :since AND at < :until AND {_FILTER}"
_VALUE = "elapsed + CASE WHEN running_since IS NULL THEN 0 ELSE max(0, :now - running_since) END"
_REPLY = ", ".join(f"'{metric.value}'" for metric in REPLY_METRICS)

# The pieces above are constants; what varies is bound.
_METRIC = f"""
SELECT count(*) FILTER (WHERE state = 'ended'),
  count(*) FILTER (WHERE state = 'running'),
  count(*) FILTER (WHERE state = 'by_resolution'),
  count(*) FILTER (WHERE warned),
  count(*) FILTER (WHERE breached),
  avg(elapsed) FILTER (WHERE state = 'ended'),
  avg(elapsed <= target) FILTER (WHERE state = 'ended' AND target IS NOT NULL)
FROM clocks WHERE metric = :metric AND {_STARTED}
"""  # noqa: S608
_ENDED = f"""
SELECT elapsed FROM clocks WHERE metric = :metric AND state = 'ended' AND {_STARTED} ORDER BY elapsed
"""  # noqa: S608
_CENSORED = f"""
SELECT {_VALUE} AS value FROM clocks
WHERE metric = :metric AND state IN ('running', 'paused', 'suspended') AND {_STARTED} ORDER BY value
"""  # noqa: S608
#: Whole hours come from the roll-up, the two broken ones at the ends from the messages themselves.
_VOLUMES = f"""
WITH counted AS (
  SELECT hour, channel, label, received, answered, escalated, greeted, silent, recorded FROM volumes
  WHERE hour >= :first_whole AND hour < :last_whole AND {_FILTER}
  UNION ALL
  SELECT at - at % :hour, channel, label, 1, decision = 'answer', decision = 'escalate',
    decision = 'greet', decision = 'silence', decision = 'record' FROM messages
  WHERE at >= :since AND at < min(:first_whole, :until) AND {_FILTER}
  UNION ALL
  SELECT at - at % :hour, channel, label, 1, decision = 'answer', decision = 'escalate',
    decision = 'greet', decision = 'silence', decision = 'record' FROM messages
  WHERE at >= max(:last_whole, :first_whole) AND at < :until AND {_FILTER}
)
"""  # noqa: S608
_BY_KIND = f"""{_VOLUMES}
SELECT channel, label, sum(received), sum(answered), sum(escalated), sum(greeted), sum(silent),
  sum(recorded)
FROM counted GROUP BY channel, label HAVING sum(received) > 0 ORDER BY channel, label
"""  # noqa: S608
_BY_HOUR = f"""{_VOLUMES}
SELECT hour, sum(received), sum(answered), sum(escalated)
FROM counted GROUP BY hour HAVING sum(received) > 0 ORDER BY hour
"""  # noqa: S608
_WAITING = f"""
SELECT count(DISTINCT conversation), max({_VALUE}) FROM clocks
WHERE state = 'running' AND metric IN ({_REPLY}) AND {_FILTER}
"""  # noqa: S608
_RUNNING = f"""
SELECT conversation, metric, instance, channel, label, started_at, {_VALUE}, due_at, breached FROM clocks
WHERE state = 'running' AND {_FILTER}
ORDER BY due_at IS NULL, due_at, started_at, conversation, metric LIMIT :shown
"""  # noqa: S608
_HAPPENINGS = f"""
SELECT kind, detail, count(*) FROM happenings WHERE {_HAPPENED} GROUP BY kind, detail ORDER BY kind, detail
"""  # noqa: S608
_LATENESS = f"SELECT lateness FROM notices WHERE {_HAPPENED} ORDER BY lateness"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a summary is asked for, in microseconds since 1970. Open clocks count up to ``now``."""

    since: int
    until: int
    now: int
    channel: str | None = None
    label: str | None = None

    def bound(self, **more: object) -> dict[str, object]:
        """Return the values that the queries name."""
        return {
            "since": self.since,
            "until": self.until,
            "now": self.now,
            "channel": self.channel,
            "label": self.label,
            "hour": HOUR,
            "first_whole": -(-self.since // HOUR) * HOUR,
            "last_whole": self.until - self.until % HOUR,
            "shown": RUNNING_SHOWN,
            **more,
        }


def summarise(connection: sqlite3.Connection, period: Period) -> Summary:
    """Return the figures of a period, all from one moment of the database."""
    progress = read_progress(connection)
    waiting, oldest = connection.execute(_WAITING, period.bound()).fetchone()
    happened = _happened(connection, period)
    return Summary(
        since=instant(period.since),
        until=instant(period.until),
        cursor=progress.cursor,
        metrics=tuple(_metric(connection, period, metric) for metric in Metric),
        volumes=_volumes(connection, period),
        hours=_hours(connection, period),
        waiting_now=waiting,
        oldest_waiting_seconds=None if oldest is None else seconds(oldest),
        running=_running(connection, period),
        opened=sum(happened.get("opened", {}).values()),
        resolved_by=happened.get("resolved", {}),
        escalations=happened.get("escalated", {}),
        lateness=_lateness(connection, period),
        unknown_events=progress.unknown,
    )


def _metric(connection: sqlite3.Connection, period: Period, metric: Metric) -> MetricFigure:
    bound = period.bound(metric=metric.value)
    counts = connection.execute(_METRIC, bound).fetchone()
    ended, censored = _column(connection, _ENDED, bound), _column(connection, _CENSORED, bound)
    return MetricFigure(
        metric=metric,
        ended=counts[0],
        running=counts[1],
        by_resolution=counts[2],
        corrected=_spread(corrected(ended, censored, PERCENTILES)),
        naive=_spread([nearest_rank(ended, percentile) for percentile in PERCENTILES]),
        mean=None if counts[5] is None else seconds(counts[5]),
        share_within=counts[6],
        warnings=counts[3],
        breaches=counts[4],
    )


def _spread(durations: Sequence[float | None]) -> Spread:
    p50, p90, p95, p99 = (None if duration is None else seconds(duration) for duration in durations)
    return Spread(p50=p50, p90=p90, p95=p95, p99=p99)


def _volumes(connection: sqlite3.Connection, period: Period) -> tuple[Volume, ...]:
    return tuple(
        Volume(
            channel=row[0],
            label=row[1],
            received=row[2],
            answered=row[3],
            escalated=row[4],
            greeted=row[5],
            silent=row[6],
            recorded=row[7],
        )
        for row in connection.execute(_BY_KIND, period.bound())
    )


def _hours(connection: sqlite3.Connection, period: Period) -> tuple[HourVolume, ...]:
    """Return the hours from the first with a message to the last, the empty ones between them too."""
    rows = {row[0]: row[1:] for row in connection.execute(_BY_HOUR, period.bound())}
    if not rows:
        return ()
    return tuple(
        HourVolume(hour=instant(hour), received=received, answered=answered, escalated=escalated)
        for hour in range(min(rows), max(rows) + HOUR, HOUR)
        for received, answered, escalated in (rows.get(hour, (0, 0, 0)),)
    )


def _running(connection: sqlite3.Connection, period: Period) -> tuple[RunningClock, ...]:
    return tuple(
        RunningClock(
            conversation=ConversationId(row[0]),
            metric=Metric(row[1]),
            instance=row[2],
            channel=row[3],
            label=row[4],
            started_at=instant(row[5]),
            seconds=seconds(row[6]),
            due_at=None if row[7] is None else instant(row[7]),
            breached=bool(row[8]),
        )
        for row in connection.execute(_RUNNING, period.bound())
    )


def _happened(connection: sqlite3.Connection, period: Period) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for kind, detail, count in connection.execute(_HAPPENINGS, period.bound()):
        counts.setdefault(kind, {})[detail] = count
    return counts


def _lateness(connection: sqlite3.Connection, period: Period) -> Lateness:
    late = [seconds(value) for value in _column(connection, _LATENESS, period.bound())]
    return Lateness(
        noticed=len(late),
        p50=nearest_rank(late, 50),
        p99=nearest_rank(late, 99),
        worst=late[-1] if late else None,
    )


def _column(connection: sqlite3.Connection, query: str, bound: dict[str, object]) -> list[int]:
    return [row[0] for row in connection.execute(query, bound)]

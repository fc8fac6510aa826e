"""Every figure, once: from the read database to ``bot.figures.Summary``.

A clock belongs to the period in which it started (or, asked for so, ended), a message to that of its own time, an
escalation or resolve to that of its instant. What is open now does not depend on the period.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.domain.messages import ConversationId
from bot.domain.sla import REPLY_METRICS, Metric
from bot.figures import Group, MetricFigure, Question, RunningClock, Sum, Summary
from bot.reports.asked import OF_MESSAGES, ROLLED_UP, VOLUMES_BY, Asked
from bot.reports.business import Calendars
from bot.reports.instants import instant, seconds
from bot.reports.metric_figures import figure_of, outcomes_of
from bot.reports.storage import read_progress
from bot.reports.tallies import Tallies, Tally, merged, tally
from bot.reports.volumes import Automatic, automatic, by_hour, by_kind, happened, lateness

#: Everything that is measured, in the order in which it is shown.
MEASURED: tuple[Metric | Sum, ...] = (*Metric, *Sum)

#: More running clocks than this are counted, not listed; the most urgent come first.
RUNNING_SHOWN = 500

_REPLY = ", ".join(f"'{metric.value}'" for metric in REPLY_METRICS)
_CLOCKS = ", ".join(f"'{metric.value}'" for metric in Metric)
_VALUE = "wall + max(0, :now - running_since)"

# The pieces above are constants; what varies is bound.
_WAITING = f"""
SELECT count(DISTINCT conversation), max({_VALUE}) FROM clocks
WHERE state = 'running' AND metric IN ({_REPLY})
"""  # noqa: S608
_RUNNING = f"""
SELECT conversation, metric, instance, channel, label, started_at, {_VALUE}, due_at, breached, target, calendar,
  elapsed, running_since FROM clocks
WHERE state = 'running' AND metric IN ({_CLOCKS})
"""  # noqa: S608
_URGENT_FIRST = f" ORDER BY due_at IS NULL, due_at, started_at, conversation, metric LIMIT {RUNNING_SHOWN}"


def summarise(
    connection: sqlite3.Connection, calendars: Calendars, asked: Asked, question: Question | None = None
) -> Summary:
    """Return the figures of a period, all from one moment of the database."""
    progress = read_progress(connection)
    waiting, oldest = connection.execute(_WAITING + asked.filters, asked.bound()).fetchone()
    events = happened(connection, asked)
    tallies = tally(connection, calendars, asked)
    total = _total(connection, calendars, asked, tallies)
    alone = automatic(connection, asked) if asked.by else {}
    names = {name for name, _ in tallies} | set(alone)
    return Summary(
        since=instant(asked.since),
        until=instant(asked.until),
        cursor=progress.cursor,
        metrics=total.metrics,
        volumes=by_kind(connection, asked),
        hours=by_hour(connection, asked),
        waiting_now=waiting,
        oldest_waiting_seconds=None if oldest is None else seconds(oldest),
        running=tuple(_running(connection, calendars, asked)),
        opened=sum(events.get("opened", {}).values()),
        resolved_by=events.get("resolved", {}),
        escalations=events.get("escalated", {}),
        lateness=lateness(connection, asked),
        unknown_events=progress.unknown,
        question=question,
        outcomes=total.outcomes,
        groups=_groups(names, tallies, alone) if asked.by else (),
        scanned=tuple(_scanned(asked)),
    )


def _groups(names: Iterable[str], tallies: Tallies, alone: Mapping[str, Automatic]) -> tuple[Group, ...]:
    """Return the figures of each group."""
    return tuple(_group(name, tallies, alone.get(name, Automatic())) for name in sorted(names))


def _total(connection: sqlite3.Connection, calendars: Calendars, asked: Asked, tallies: Tallies) -> Group:
    """Return the figures of all cases together: a percentile of all is none of the groups' percentiles.

    A clock that teams share is a case for each of them, and one altogether: that is counted apart.
    """
    together = replace(asked, by=None)
    if asked.by_team is not together.by_team:
        tallies = tally(connection, calendars, together)
    return _group("", merged(tallies), automatic(connection, together).get("", Automatic()))


def _group(name: str, tallies: Tallies, alone: Automatic) -> Group:
    return Group(
        value=name,
        metrics=tuple(_figures(name, tallies)),
        outcomes=outcomes_of(tallies.get((name, Metric.FIRST_RESPONSE.value), Tally()), alone),
    )


def _figures(name: str, tallies: Tallies) -> Iterator[MetricFigure]:
    for metric in MEASURED:
        yield figure_of(metric, tallies.get((name, metric.value), Tally()))


def _scanned(asked: Asked) -> Iterator[str]:
    """Say what could not come from what is counted already, and what was left out."""
    slow = sorted(dimension.value for dimension in asked.dimensions - ROLLED_UP)
    if slow:
        verb = "is" if len(slow) == 1 else "are"
        yield f"clocks were read one by one: {' and '.join(slow)} {verb} in no roll-up"
    if asked.dimensions <= OF_MESSAGES and not asked.dimensions <= VOLUMES_BY:
        yield "messages were read one by one, for the same reason"
    if not frozenset(asked.where) <= OF_MESSAGES:
        named = sorted(dimension.value for dimension in frozenset(asked.where) - OF_MESSAGES)
        yield f"messages and what happened to conversations are left out: they have no {' and no '.join(named)}"


def _running(connection: sqlite3.Connection, calendars: Calendars, asked: Asked) -> Iterator[RunningClock]:
    for row in connection.execute(_RUNNING + asked.filters + _URGENT_FIRST, asked.bound()):
        calendar, elapsed, since = row[10:]
        yield RunningClock(
            conversation=ConversationId(row[0]),
            metric=Metric(row[1]),
            instance=row[2],
            channel=row[3],
            label=row[4],
            started_at=instant(row[5]),
            seconds=seconds(elapsed + calendars.between(calendar, since, asked.now)),
            due_at=None if row[7] is None else instant(row[7]),
            breached=bool(row[8]),
            target_seconds=None if row[9] is None else seconds(row[9]),
            calendar_seconds=seconds(row[6]),
        )

"""What is counted by time: messages and what was done about them, openings, escalations, resolves, notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from bot.figures import HourVolume, Lateness, Volume
from bot.reports.asked import OF_MESSAGES, VOLUMES_BY, Asked, named, whole
from bot.reports.instants import HOUR, instant, seconds
from bot.reports.kaplan_meier import nearest_rank

_FROM_HOURS = """
SELECT {group} AS value, begins, channel, label, received, answered, escalated, greeted, silent, recorded,
  automatic, checked, wrong FROM volumes WHERE begins >= :since{n} AND begins < :until{n}{filters}
"""
_ALONE = "decision IN ('answer', 'greet', 'silence')"
_FROM_MESSAGES = f"""
SELECT {{group}} AS value, at - at % :hours AS begins, channel, label, 1 AS received,
  decision = 'answer' AS answered,
  decision = 'escalate' AS escalated, decision = 'greet' AS greeted, decision = 'silence' AS silent,
  decision = 'record' AS recorded, {_ALONE} AS automatic,
  {_ALONE} AND (checked OR rejected OR relabelled) AS checked, {_ALONE} AND (rejected OR relabelled) AS wrong
FROM messages WHERE at >= :since{{n}} AND at < :until{{n}}{{filters}}
"""  # noqa: S608 — the constant above
_HAPPENINGS = """
SELECT kind, detail, count(*) FROM happenings WHERE at >= :since AND at < :until{filters}
GROUP BY kind, detail ORDER BY kind, detail
"""
_LATENESS = """
SELECT lateness, after_downtime FROM notices AS n {clocks} WHERE n.at >= :since AND n.at < :until{filters}
ORDER BY lateness
"""


class Automatic(NamedTuple):
    """How many messages the bot dealt with by itself, how many of them were looked at, how many were wrong."""

    done: int = 0
    checked: int = 0
    wrong: int = 0


def by_kind(connection: sqlite3.Connection, asked: Asked) -> tuple[Volume, ...]:
    """Return the messages of the period by channel and label."""
    found = _read(
        connection,
        replace(asked, by=None),
        "SELECT channel, label, sum(received), sum(answered), sum(escalated), sum(greeted), sum(silent),"
        " sum(recorded) FROM ({counted}) GROUP BY channel, label HAVING sum(received) > 0 ORDER BY channel, label",
    )
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
        for row in found
    )


def by_hour(connection: sqlite3.Connection, asked: Asked) -> tuple[HourVolume, ...]:
    """Return the hours from the first with a message to the last, the empty ones between them too."""
    found = _read(
        connection,
        replace(asked, by=None),
        "SELECT begins, sum(received), sum(answered), sum(escalated) FROM ({counted})"
        " GROUP BY begins HAVING sum(received) > 0",
    )
    rows = {row[0]: row[1:] for row in found}
    if not rows:
        return ()
    return tuple(
        HourVolume(hour=instant(hour), received=received, answered=answered, escalated=escalated)
        for hour in range(min(rows), max(rows) + HOUR, HOUR)
        for received, answered, escalated in (rows.get(hour, (0, 0, 0)),)
    )


def automatic(connection: sqlite3.Connection, asked: Asked) -> dict[str, Automatic]:
    """Return what the bot did by itself, by group."""
    found = _read(
        connection,
        asked,
        "SELECT value, sum(automatic), sum(checked), sum(wrong) FROM ({counted}) GROUP BY value"
        " HAVING sum(received) > 0",
    )
    return {named(row[0]): Automatic(*row[1:]) for row in found}


def happened(connection: sqlite3.Connection, asked: Asked) -> dict[str, dict[str, int]]:
    """Return how often what happened to conversations, by kind and detail."""
    counts: dict[str, dict[str, int]] = {}
    if frozenset(asked.where) <= OF_MESSAGES:
        for kind, detail, count in connection.execute(_HAPPENINGS.format(filters=asked.filters), asked.bound()):
            counts.setdefault(kind, {})[detail] = count
    return counts


def lateness(connection: sqlite3.Connection, asked: Asked) -> Lateness:
    """Return how late warnings and breaches of the period were noticed: all, and while Heed ran."""
    clocks = "JOIN clocks USING (conversation, metric, instance)" if asked.where else ""
    filters = asked.filters.replace(" team =", " n.team =")
    found = connection.execute(_LATENESS.format(clocks=clocks, filters=filters), asked.bound()).fetchall()
    late = [seconds(lateness) for lateness, _ in found]
    running = [seconds(lateness) for lateness, after_downtime in found if not after_downtime]
    down = [seconds(lateness) for lateness, after_downtime in found if after_downtime]
    return Lateness(
        noticed=len(late),
        p50=nearest_rank(late, 50),
        p99=nearest_rank(late, 99),
        worst=max(late, default=None),
        after_downtime=len(down),
        after_downtime_worst=max(down, default=None),
        running_p50=nearest_rank(running, 50),
        running_p99=nearest_rank(running, 99),
        running_worst=max(running, default=None),
    )


def _read(connection: sqlite3.Connection, asked: Asked, query: str) -> Iterator[Any]:
    """Run a query on the messages of the period; nothing where the question is not about messages."""
    if not asked.dimensions <= OF_MESSAGES:
        return iter(())
    arms, bound = [], dict(asked.bound(hours=HOUR))
    for number, (table, since, until) in enumerate(_stretches(asked)):
        bound |= {f"since{number}": since, f"until{number}": until}
        arms.append(table.format(group=asked.group, filters=asked.filters, n=number))
    return connection.execute(query.format(counted=" UNION ALL ".join(arms)), bound)


def _stretches(asked: Asked) -> Iterator[tuple[str, int, int]]:
    """Yield where to read which part of the period: whole hours are counted already."""
    if asked.one_by_one or not asked.dimensions <= VOLUMES_BY:
        yield _FROM_MESSAGES, asked.since, asked.until
        return
    first, last = whole(asked.since, asked.until, HOUR)
    yield _FROM_MESSAGES, asked.since, first
    yield _FROM_HOURS, first, last
    yield _FROM_MESSAGES, last, asked.until

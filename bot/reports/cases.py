"""From clocks to cases: what figures count. A clock is one case; one that changed teams is also one for each team.

Told apart by team, every team answers for the part of the clock that it had (decision 9): the team that had it at
the end has the ended case, the others one that was handed on, of which only "longer than that" is known. Warnings
and the breach belong to the team that had the clock when they fell due. Told apart by anything else, the clock
counts as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from bot.reports.business import Calendars
from bot.reports.rows import ClockRow, ClockState


class Part(IntEnum):
    """What a case is: a clock that one team had all along, the whole of a divided one, or a team's part of it."""

    UNDIVIDED = 0
    WHOLE = 1
    OF_TEAM = 2


#: The parts that make up the figures, when teams are told apart and when they are not.
BY_TEAM = (Part.UNDIVIDED, Part.OF_TEAM)
NOT_BY_TEAM = (Part.UNDIVIDED, Part.WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as it stands. ``judged``: its target counts here; of a divided clock only for the last team."""

    part: Part
    team: str
    state: str
    elapsed: int
    wall: int
    running_since: int | None
    warned: bool
    breached: bool
    judged: bool


def part_of(row: ClockRow) -> Part:
    """Tell whether teams share this clock."""
    return Part.WHOLE if len(_teams(row)) > 1 else Part.UNDIVIDED


def whole(row: ClockRow) -> Case:
    """Return a clock as one case."""
    part = part_of(row)
    return Case(
        part=part,
        team=row.owner if part is Part.UNDIVIDED else "",
        state=row.state,
        elapsed=row.elapsed,
        wall=row.wall,
        running_since=row.running_since,
        warned=row.warnings > 0,
        breached=row.breached,
        judged=row.target is not None,
    )


def of_teams(row: ClockRow, calendars: Calendars) -> Iterator[Case]:
    """Yield the part of each team; nothing for a clock that one team had all along."""
    teams = _teams(row)
    if len(teams) < 2:
        return
    warned = None if row.warned_at is None else row.team_at(row.warned_at)
    breached = None if row.breached_at is None else row.team_at(row.breached_at)
    for team in teams:
        has_it = team == row.owner
        elapsed, wall = _held(row, team, calendars)
        late = row.breached and team == breached
        yield Case(
            part=Part.OF_TEAM,
            team=team,
            state=row.state if has_it else ClockState.HANDED_ON.value,
            elapsed=elapsed,
            wall=wall,
            running_since=_since(row) if has_it else None,
            warned=row.warnings > 0 and team == warned,
            breached=late,
            judged=row.target is not None and (late if row.breached else has_it),
        )


def _teams(row: ClockRow) -> list[str]:
    """Return the teams that had the clock, in order, each once."""
    if not row.handovers:
        return [row.owner]
    end = row.ended_at
    had = [(since, team) for since, team in _holds(row) if end is None or since < end]
    return list(dict.fromkeys([*(team for _, team in had), row.owner]))


def _holds(row: ClockRow) -> Iterator[tuple[int, str]]:
    """Yield who had the clock since when, the first since it began."""
    since = 0
    for until, team in row.handovers:
        yield since, team
        since = until
    yield since, row.team


def _held(row: ClockRow, team: str, calendars: Calendars) -> tuple[int, int]:
    """Return how much of what the clock had counted it counted with this team: its own time, calendar time.

    Spans that are not kept any more count for the first team.
    """
    first = row.handovers[0][1] == team
    elapsed, wall = (row.summed, row.walled) if first else (0, 0)
    for start, end in _while_with(row, team):
        elapsed += calendars.between(row.calendar, start, end)
        wall += end - start
    return elapsed, wall


def _while_with(row: ClockRow, team: str) -> Iterator[tuple[int, int]]:
    """Yield the finished times in which the clock ran while this team had it."""
    last = row.handovers[-1][0]
    holds = list(_holds(row))
    ends = [since for since, _ in holds[1:]] + [max([last, *(end for _, end in row.spans)])]
    spans = [(start, last if end is None else end) for start, end in row.ran()]
    for (since, who), until in zip(holds, ends, strict=True):
        for start, end in spans if who == team else ():
            if max(start, since) < min(end, until):
                yield max(start, since), min(end, until)


def _since(row: ClockRow) -> int | None:
    """Return since when the clock runs with the team that has it now."""
    return None if row.running_since is None else max(row.running_since, row.handovers[-1][0])

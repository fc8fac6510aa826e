"""The three times that are sums: how long the customer was the one waiting, staff had it, somebody held it.

Each instance belongs to one resolution clock, from its start to its end, and counts in that clock's calendar. It
is computed anew from the conversation's states and the times in which a human's reply was owed, whenever one of
them changes: so a fact learned late moves the sums as it moves the clocks. One that never counted is no case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.domain.states import State
from bot.figures import Sum
from bot.reports.business import Calendars
from bot.reports.rows import ClockRow, ClockState, Stretch

#: Later than every instant: what still lasts ends here.
_EVER = 1 << 62

#: In these states a sum counts always; in those of ``_UNANSWERED`` while a human's reply is owed.
_ALWAYS = {
    Sum.REQUESTER_WAIT: frozenset({State.ESCALATED}),
    Sum.AGENT_WORK: frozenset({State.ESCALATED, State.CLAIMED}),
    Sum.HANDLE: frozenset({State.CLAIMED}),
}
_UNANSWERED = {Sum.REQUESTER_WAIT: frozenset({State.OPEN, State.CLAIMED, State.SNOOZED})}


def sums_of(resolution: ClockRow, replies: Iterable[ClockRow], calendars: Calendars) -> Iterator[ClockRow]:
    """Yield the sums of one resolution that have counted at all. ``replies``: its human-reply clocks."""
    end = _EVER if resolution.ended_at is None else resolution.ended_at
    states = list(_stays(resolution, end))
    owed = _joined((start, _EVER if until is None else until) for row in replies for start, until in row.ran())
    for name in Sum:
        always = [stay for state, stay in states if state in _ALWAYS[name]]
        sometimes = [stay for state, stay in states if state in _UNANSWERED.get(name, ())]
        counted = _joined((*always, *_common(sometimes, owed)))
        if counted:
            yield _row(name, resolution, counted, calendars)


def _stays(resolution: ClockRow, end: int) -> Iterator[tuple[str, Stretch]]:
    """Yield each state with the time that the conversation was in it."""
    until = [since for since, _ in resolution.states[1:]] + [end]
    for (since, state), left in zip(resolution.states, until, strict=True):
        start, stop = max(since, resolution.started_at), min(left, end)
        if start < stop:
            yield state, (start, stop)


def _common(some: Iterable[Stretch], others: list[Stretch]) -> Iterator[Stretch]:
    for start, end in some:
        for since, until in others:
            if max(start, since) < min(end, until):
                yield max(start, since), min(end, until)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same time in stretches that neither touch nor overlap, in order."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _row(name: Sum, resolution: ClockRow, counted: list[Stretch], calendars: Calendars) -> ClockRow:
    running = counted.pop()[0] if counted[-1][1] == _EVER else None
    row = replace(
        resolution,
        metric=name.value,
        spans=counted,
        summed=0,
        walled=0,
        running_since=running,
        state=_state(resolution, running=running is not None),
        handovers=list(resolution.handovers),
        states=[],
        policy=resolution.policy,
        target=None,
        due_at=None,
        warnings=0,
        warned_at=None,
        breached=False,
        breached_at=None,
    )
    row.recount(calendars)
    return row


def _state(resolution: ClockRow, *, running: bool) -> str:
    if resolution.over:
        return resolution.state
    return ClockState.RUNNING.value if running else ClockState.PAUSED.value

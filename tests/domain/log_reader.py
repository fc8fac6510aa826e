"""A small reader of the event log: clocks and sums in whole minutes, corrections included."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.log import LogEvent
from tests.domain.builders import MIN, T0


def when(minute: int) -> datetime:
    return T0 + minute * MIN


def minute_of(at: datetime) -> int:
    minutes, rest = divmod(at - T0, MIN)
    assert rest == timedelta(0)
    return minutes


def read(log: list[LogEvent], until: int) -> list[dict]:
    """Read the clocks from a log, corrections included, as any reader would."""
    found: dict[tuple, dict] = {}
    for event in log:
        if "metric" not in event.fields:
            continue
        key, at = (event.fields["metric"], event.fields["instance"]), minute_of(event.at)
        if event.kind == "activate":
            found[key] = {"metric": key[0], "instance": key[1], "start": at, "spans": [], "since": at}
            found[key] |= {"end": None, "by": "", "breached": False, "elapsed": None, "warnings": 0}
            continue
        _READ[event.kind](found[key], event, at)
    for clock in found.values():
        if clock["end"] is None:
            _close(clock, until)
        clock["ran"] = [minute for since, end in clock["spans"] for minute in range(since, end)]
    return list(found.values())


def _close(clock: dict, at: int) -> None:
    if clock["since"] is not None and clock["since"] < at:
        clock["spans"].append((clock["since"], at))
    clock["since"] = None


def _clip(clock: dict, end: int) -> None:
    """Forget what lies behind the end: it may have been learned of late."""
    clock["spans"] = [(since, min(until, end)) for since, until in clock["spans"] if since < end]


def _instant(event: LogEvent, name: str) -> int:
    return minute_of(datetime.fromisoformat(event.fields[name]))


def _stop(clock: dict, event: LogEvent, at: int) -> None:
    _close(clock, at)


def _resume(clock: dict, event: LogEvent, at: int) -> None:
    clock["since"] = _instant(event, "since")


def _end(clock: dict, event: LogEvent, at: int) -> None:
    _close(clock, at)
    _clip(clock, at)
    clock |= {"end": at, "by": event.fields["by"], "elapsed": event.fields.get("elapsed")}
    clock["how"] = "fulfilled" if event.kind == "fulfill" else "cancelled"


def _aimed(clock: dict, event: LogEvent, at: int) -> None:
    clock |= {"breached": False, "warnings": 0, "aimed": True}


def _warned(clock: dict, event: LogEvent, at: int) -> None:
    clock["warnings"] += 1


def _breached(clock: dict, event: LogEvent, at: int) -> None:
    clock["breached"] = True


def _correct(clock: dict, event: LogEvent, at: int) -> None:
    fields = event.fields
    clock["breached"] = fields.get("breached", clock["breached"])
    if "started" in fields:
        clock |= {"start": _instant(event, "started"), "since": _instant(event, "since")}
    if "ended" in fields:
        end = _instant(event, "ended")
        _clip(clock, end)
        clock |= {"end": end, "by": fields["by"], "elapsed": fields["elapsed"]}
        clock["how"] = "cancelled" if fields.get("cancelled") else "fulfilled"


_READ = {
    "pause": _stop,
    "suspend": _stop,
    "resume": _resume,
    "fulfill": _end,
    "cancel": _end,
    "apply_sla": _aimed,
    "warn": _warned,
    "breach": _breached,
    "correct": _correct,
}


def sums(log: list[LogEvent], clocks: list[dict], until: int) -> dict[str, int]:
    """Read the three sums of states from a log."""
    waited = {minute for clock in clocks if "reply" in clock["metric"] for minute in clock["ran"]}
    changes = [(minute_of(event.at), event.fields["to"]) for event in log if event.kind == "state_changed"]
    found = dict.fromkeys(("requester_wait_time", "agent_work_time", "handle_time"), 0)
    for (since, state), (end, _) in pairwise([*changes, (until, "")]):
        spent = range(since, end)
        found["agent_work_time"] += len(spent) * (state in {"escalated", "claimed"})
        found["handle_time"] += len(spent) * (state == "claimed")
        if state in {"open", "claimed", "snoozed"}:
            found["requester_wait_time"] += len(waited.intersection(spent))
        elif state == "escalated":
            found["requester_wait_time"] += len(spent)
    return found

"""The definitions written a second time, by brute force: minute by minute, over plain dictionaries and lists.

Nothing here comes from ``bot``. ``oracle_moves`` says what became of a conversation; here its marks are put in the
order of the platform's times, and every minute is walked through.
"""

from __future__ import annotations

from tests.domain.oracle_moves import Moves

HUMAN = ("escalated", "claimed", "snoozed")


def clocks(moves: Moves, until: int) -> list[dict]:
    """Walk through every minute and return all clocks, each with the minutes in which it ran."""
    by_platform = sorted(moves.marks, key=lambda mark: mark["at"])  # equal times: as they were learned
    walk = _Walk()
    for minute in range(until + 1):
        while by_platform and by_platform[0]["at"] <= minute:
            mark = by_platform.pop(0)
            getattr(walk, "on_" + mark["kind"])(mark, minute)
        for clock in walk.open:
            if clock["running"] and minute < until:
                clock["ran"].append(minute)
    return walk.all + _resolutions(moves, until)


class _Walk:
    """The reply clocks, minute after minute."""

    def __init__(self) -> None:
        self.all: list[dict] = []
        self.open: list[dict] = []
        self.waiting: dict[str, int] = {}
        self.human_before = self.responded = self.humans = False
        self.count = {"reply": 0, "first_response_time": 0, "handoff_wait_time": 0}

    def start(self, metric: str, at: int, minute: int) -> None:
        family = "reply" if metric in {"first_reply_time", "next_reply_time"} else metric
        self.count[family] += 1
        clock = {"metric": metric, "instance": self.count[family], "start": at, "ran": list(range(at, minute))}
        clock |= {"running": True, "end": None, "by": "", "aimed": self.humans or family != "reply", "stood": None}
        clock["covers"] = set(self.waiting)
        self.all.append(clock)
        self.open.append(clock)

    def stop(self, clock: dict, at: int, by: str, how: str = "fulfilled") -> None:
        clock |= {"running": False, "end": at, "by": by, "how": how}
        self.open.remove(clock)

    def of(self, *metrics: str) -> dict | None:
        return next((clock for clock in self.open if clock["metric"] in metrics), None)

    def on_state(self, mark: dict, _: int) -> None:
        self.humans = mark["state"] in HUMAN
        if self.humans:
            for clock in self.open:
                clock["aimed"] = True

    def on_ask(self, mark: dict, minute: int) -> None:
        if mark["name"] not in self.waiting:
            self.waiting[mark["name"]] = mark["at"]
            for clock in self.open:
                if clock["metric"] != "handoff_wait_time":
                    clock["covers"].add(mark["name"])
        if not self.responded and self.of("first_response_time") is None:
            self.start("first_response_time", mark["at"], minute)
            self.open[-1]["covers"] = {mark["name"]}
        clock = self.of("first_reply_time", "next_reply_time")
        if clock is None:
            metric = "next_reply_time" if self.human_before else "first_reply_time"
            self.start(metric, mark["at"], minute)
        elif not clock["running"]:
            clock["running"] = True
            if mark["rejected"]:
                clock["ran"] += range(clock["stood"], minute)

    def on_human(self, mark: dict, minute: int) -> None:
        if mark["before"] and not self.open:
            return
        self.waiting = {name: at for name, at in self.waiting.items() if name not in mark["answers"]}
        self.human_before = self.responded = True
        for clock in list(self.open):
            if clock["covers"] - set(self.waiting):
                self.stop(clock, mark["at"], "agent")
        if self.waiting and self.of("first_reply_time", "next_reply_time") is None:
            self.start("next_reply_time", min(self.waiting.values()), minute)

    def on_bot(self, mark: dict, _: int) -> None:
        response = self.of("first_response_time")
        hit = response is None or bool(response["covers"] - (set(self.waiting) - mark["heard"]))
        self.responded = self.responded or hit
        if response is not None and hit:
            self.stop(response, mark["at"], "bot")
        self.waiting = {name: at for name, at in self.waiting.items() if name not in mark["answers"]}
        clock = self.of("first_reply_time", "next_reply_time")
        if clock is not None and mark["last"] and clock["running"]:
            clock |= {"running": False, "stood": mark["at"]}

    def on_handoff(self, mark: dict, minute: int) -> None:
        if mark["covers"] & set(self.waiting):  # else a human had answered before, as was learned later
            self.start("handoff_wait_time", mark["at"], minute)
            self.open[-1]["covers"] = mark["covers"]

    def on_gone(self, mark: dict, _: int) -> None:
        self.waiting.pop(mark["name"], None)

    def on_cancel(self, mark: dict, _: int) -> None:
        self.waiting = {}
        for clock in list(self.open):
            self.stop(clock, mark["at"], mark["by"], "cancelled")

    def on_resolution(self, mark: dict, _: int) -> None:
        self.waiting = {}
        for clock in list(self.open):
            self.stop(clock, mark["at"], "resolution")

    def on_open(self, mark: dict, _: int) -> None:
        self.responded = False

    def on_end(self, mark: dict, _: int) -> None:
        """The matter ends; what that does to reply clocks says the mark beside it."""


def _resolutions(moves: Moves, until: int) -> list[dict]:
    """Return the resolution clocks: they follow the states, in the order in which these came about."""
    found: list[dict] = []
    current: dict | None = None
    since: int | None = None
    for mark in moves.marks:
        at = mark["at"]
        if mark["kind"] == "open":
            at = mark["start"]
            current = {"metric": "resolution_time", "instance": len(found) + 1, "start": at, "ran": []}
            current |= {"running": True, "end": None, "by": "", "aimed": True}
            found.append(current)
            since = at
        elif current is None:
            continue
        elif mark["kind"] == "ask" and since == current["start"] and not current["ran"]:
            current["start"] = since = min(since, at)
        elif mark["kind"] == "state" and mark["state"] == "waiting" and since is not None:
            current["ran"] += range(since, at)
            since = None
        elif mark["kind"] == "state" and mark["state"] not in {"waiting", "resolved"} and since is None:
            since = at
        elif mark["kind"] == "end":
            current["ran"] += range(since, at) if since is not None else ()
            cancelled = mark["by"] == "deleted"
            current |= {"end": at, "by": mark["by"], "how": "cancelled" if cancelled else "fulfilled"}
            current, since = None, None
    if current is not None and since is not None:
        current["ran"] += range(since, until)
    return found


def breached(clock: dict, target: int | None, is_open: object) -> bool:
    """Tell whether it ran in a minute before which its whole target had been counted."""
    if target is None or not clock["aimed"]:
        return False
    counted = 0
    for minute in sorted(clock["ran"]):
        if counted == target:
            return True
        counted += is_open(minute)
    return False


def sums(moves: Moves, all_clocks: list[dict], until: int) -> dict[str, int]:
    """Return the minutes of the three sums of states."""
    unanswered = {
        minute
        for clock in all_clocks
        if clock["metric"] in {"first_reply_time", "next_reply_time"}
        for minute in clock["ran"]
    }
    found = {"requester_wait_time": 0, "agent_work_time": 0, "handle_time": 0}
    left, state = list(moves.states), ""
    for minute in range(until):
        while left and left[0][0] <= minute:
            state = left.pop(0)[1]
        waits = state in {"open", "claimed", "snoozed"} and minute in unanswered
        found["requester_wait_time"] += state == "escalated" or waits
        found["agent_work_time"] += state in {"escalated", "claimed"}
        found["handle_time"] += state == "claimed"
    return found

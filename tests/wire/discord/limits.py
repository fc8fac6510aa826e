"""Discord's rate limits: buckets by route and place, one limit over all, and a count of what was asked."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import web

from tests.wire.discord.answers import answer


@dataclass(frozen=True, slots=True)
class Rule:
    """So many requests in so many seconds."""

    count: int
    per: float


#: What bots meet in practice. Discord publishes no numbers but the one over all: it says them in headers.
#: ``change`` (a thread's state) and ``rename`` (its name: twice in ten minutes, in no header) are as bots have
#: reported them to Discord; ``thread``, ``delete`` and ``follow_up`` are assumptions, on the careful side.
REAL_RULES = {
    "send": Rule(5, 5.0),
    "edit": Rule(5, 5.0),
    "delete": Rule(5, 1.0),
    "history": Rule(5, 1.0),
    "typing": Rule(5, 5.0),
    "open_dm": Rule(5, 1.0),
    "thread": Rule(5, 5.0),
    "change": Rule(5, 15.0),
    "rename": Rule(2, 600.0),
    "follow_up": Rule(5, 2.0),
}
#: Routes that the limit over all leaves out: answers to interactions, as the reference says.
OUTSIDE = frozenset({"callback", "follow_up", "original"})
REAL_GLOBAL = Rule(50, 1.0)


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


@dataclass(slots=True)
class Limits:
    """Which rules hold now. None at first; ``enforce`` sets the real ones, ``scale`` makes their times shorter."""

    rules: dict[str, Rule] = field(default_factory=dict)
    overall: Rule | None = None
    asked: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    invalid: int = 0  # 401, 403 and 429: 10,000 of these in ten minutes, and Discord bans the address
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)

    def enforce(self, *, scale: float = 1.0) -> None:
        """Hold everyone to the real limits from now on, with times multiplied by ``scale``."""
        self.rules = {name: Rule(rule.count, rule.per * scale) for name, rule in REAL_RULES.items()}
        self.overall = Rule(REAL_GLOBAL.count, REAL_GLOBAL.per * scale)

    def check(self, route: str, place: str) -> tuple[dict[str, str], web.Response | None]:
        """Count a request; return the headers that it is answered with, and the refusal where it is one."""
        self.asked[route] += 1
        now = time.monotonic()
        if route not in OUTSIDE and (pause := self._over_all(now)) > 0:
            return {}, self.refusal(pause, everywhere=True)
        return self._count(route, place, now)

    def check_within(self, route: str, place: str) -> web.Response | None:
        """Count what a request does beside its route's own limit; return the refusal, which no header foretold."""
        self.asked[route] += 1
        return self._count(route, place, time.monotonic())[1]

    def _count(self, route: str, place: str, now: float) -> tuple[dict[str, str], web.Response | None]:
        rule = self.rules.get(route)
        if rule is None:
            return {}, None
        window = self._windows.get((route, place))
        if window is None or window.ends <= now:
            window = self._windows[route, place] = _Window(ends=now + rule.per)
        window.used += 1
        headers = _headers(route, rule, window, now)
        if window.used > rule.count:
            return headers, self.refusal(window.ends - now, headers=headers)
        return headers, None

    def refusal(
        self, pause: float, *, everywhere: bool = False, headers: dict[str, str] | None = None
    ) -> web.Response:
        """Return a 429 as Discord's own servers (not those in front of them) give it."""
        self.refused += 1
        scope = "global" if everywhere else "user"
        more = {"X-RateLimit-Global": "true"} if everywhere else {}
        return answer(
            {"message": "You are being rate limited.", "retry_after": pause, "global": everywhere},
            status=429,
            headers={
                **(headers or {}),
                **more,
                "Retry-After": str(math.ceil(pause)),
                "X-RateLimit-Scope": scope,
                "Via": "1.1 local",
            },
        )

    def _over_all(self, now: float) -> float:
        """Return how long to wait for the limit over all, 0 for not at all."""
        if self.overall is None:
            return 0.0
        while self._recent and self._recent[0] <= now - self.overall.per:
            self._recent.popleft()
        if len(self._recent) >= self.overall.count:
            return self._recent[0] + self.overall.per - now
        self._recent.append(now)
        return 0.0


def _headers(route: str, rule: Rule, window: _Window, now: float) -> dict[str, str]:
    left = max(window.ends - now, 0.0)
    return {
        "X-RateLimit-Limit": str(rule.count),
        "X-RateLimit-Remaining": str(max(rule.count - window.used, 0)),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": sha256(route.encode()).hexdigest()[:32],
    }

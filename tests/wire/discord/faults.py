"""What goes wrong on demand: the next requests of a route meet what a test has put here."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum

from tests.wire.discord.payloads import Problem


class Cut(Enum):
    """Where the connection breaks, without a word."""

    BEFORE = "before the request is read: nothing is done"
    AFTER = "after the request was done and before it is answered"


@dataclass(frozen=True, slots=True)
class TooMany:
    """A 429 out of nowhere, as a limit on the address gives it."""

    retry_after: float
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A server's failure: no JSON, as the machines in front of Discord answer. ``done``: the work was done."""

    status: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer takes so many seconds."""

    seconds: float


#: A request that meets nothing, before one that does.
WELL = Slow(0)

Fault = Cut | TooMany | Broken | Slow | Problem


@dataclass(slots=True)
class Faults:
    """Faults by the name of the route, each met once, in order."""

    _waiting: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))

    def next(self, route: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next ``times`` requests of a route meet this."""
        self._waiting[route].extend([fault] * times)

    def take(self, route: str) -> Fault | None:
        """Return what the next request of this route meets."""
        waiting = self._waiting[route]
        return waiting.popleft() if waiting else None

    def left(self, route: str) -> int:
        """Return how many faults wait on a route still."""
        return len(self._waiting[route])

    def clear(self) -> None:
        """Let everything go well again."""
        self._waiting.clear()

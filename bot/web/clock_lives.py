"""The page that tells how the clocks of one conversation came to their values, for desk and operations alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from aiohttp import web

from bot.domain.messages import ConversationId
from bot.domain.roles import Right
from bot.domain.sla import Metric
from bot.errors import NotFound
from bot.figures import ClockLife, Line, Sum
from bot.web.pages import Pages
from bot.web.parts import WebParts
from bot.web.security import Guard, Staff

TITLES: dict[Metric | Sum, str] = {
    Metric.FIRST_RESPONSE: "First response",
    Metric.FIRST_REPLY: "First reply",
    Metric.NEXT_REPLY: "Next reply",
    Metric.HANDOFF_WAIT: "Hand-off wait",
    Metric.RESOLUTION: "Resolution",
    Sum.REQUESTER_WAIT: "Requester wait",
    Sum.AGENT_WORK: "Agent work",
    Sum.HANDLE: "Handle",
}

STATES = {
    "running": "running",
    "paused": "paused",
    "suspended": "suspended",
    "ended": "ended",
    "by_resolution": "ended by resolving",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a clock's life as the page shows it. ``value``: what the clock had counted by then."""

    kind: str
    at: str
    says: str
    value: str
    instant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One clock as the page shows it. ``reached``: the share of its target that has passed, in per cent."""

    key: str
    title: str
    instance: int
    state: str
    level: str
    value: str
    standing: str
    reached: float | None
    events: tuple[Event, ...]


class ClockPages:
    """Where staff and operations read why a clock says what it says. Needs no script."""

    def __init__(self, *, pages: Pages, parts: WebParts, guard: Guard) -> None:
        self._pages = pages
        self._parts = parts
        self._guard = guard

    def routes(self) -> list[web.RouteDef]:
        """Return the page's two addresses: one for whoever handles conversations, one for whoever watches."""
        page = self._guard.page
        return [
            web.get("/desk/conversations/{id}/clocks", page(Right.HANDLE, self.page)),
            web.get("/ops/conversations/{id}/clocks", page(Right.WATCH, self.page)),
        ]

    async def page(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Show every clock of a conversation, or the one that ``clock`` names; 404 for an unknown one."""
        conversation = ConversationId(request.match_info["id"])
        lives = await self._parts.lives(conversation)
        if not lives and await self._parts.store.view(conversation) is None:
            raise NotFound(f"There is no conversation {conversation!r}.")
        return self._pages.render(
            "clock_lives.html",
            me=staff.agent.id,
            csrf=staff.csrf,
            watches=staff.agent.may(Right.WATCH),
            handles=staff.agent.may(Right.HANDLE),
            audits=staff.agent.may(Right.AUDIT),
            at_desk=request.path.startswith("/desk"),
            conversation=conversation,
            clocks=[_shown(life, self._parts.zone) for life in lives],
            zone=str(getattr(self._parts.zone, "key", self._parts.zone)),
            as_of=_time(self._parts.time.now(), self._parts.zone),
        )


def _shown(life: ClockLife, zone: tzinfo) -> Shown:
    target = life.target_seconds
    return Shown(
        key=f"{life.metric.value}-{life.instance}",
        title=TITLES[life.metric],
        instance=life.instance,
        state=STATES.get(life.state, life.state.replace("_", " ")),
        level=_level(life),
        value=span(life.business_seconds),
        standing=_standing(life),
        reached=min(100.0, round(100 * life.business_seconds / target, 1)) if target else None,
        events=_events(life.lines, zone),
    )


def _level(life: ClockLife) -> str:
    """Return how it stands: missed, on its way to a target, or neither."""
    if life.breached:
        return "breached"
    return "ok" if life.target_seconds is not None else "none"


def _standing(life: ClockLife) -> str:
    parts = []
    if life.calendar:
        parts.append(f"in the hours of {life.calendar}; {span(life.calendar_seconds)} of calendar time")
    if life.target_seconds is not None:
        parts.append(f"target {span(life.target_seconds)} by policy {life.policy}")
    return " · ".join(parts) or "counts all hours, has no target"


def _events(lines: Sequence[Line], zone: tzinfo) -> tuple[Event, ...]:
    return tuple(
        Event(
            kind=line.kind,
            at=_time(line.at, zone),
            says=line.says,
            value=span(line.business_seconds),
            instant=line.at.isoformat(),
        )
        for line in lines
    )


def _time(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %Y, %H:%M:%S}"


def span(seconds: float) -> str:
    """Return a duration as the desk's clocks show it: ``0:42``, ``9:05``, ``1 h 03 min``, ``2 d 4 h``."""
    whole = int(max(0.0, seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes}:{whole % 60:02}"

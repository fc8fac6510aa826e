"""The operations page: response times, volumes, what is wrong, and the switch that stops the bot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from bot.domain.roles import Right
from bot.domain.sla import Metric
from bot.errors import BadMessage
from bot.figures import Dimension, Question, Sum
from bot.web.assets import Assets
from bot.web.live import Live
from bot.web.pages import Pages
from bot.web.parts import Json, WebParts, answer, iso
from bot.web.security import Guard, Staff

PERIODS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
PERIOD_TITLES = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}

#: Each metric as operations reads it: title, and what it counts.
METRICS: dict[Metric | Sum, tuple[str, str]] = {
    Metric.FIRST_RESPONSE: (
        "First response",
        "First unanswered message to the first real answer, by bot or human. What the customer feels.",
    ),
    Metric.FIRST_REPLY: (
        "First reply",
        "The same start to the first reply by a human. Has a target once the conversation is escalated.",
    ),
    Metric.NEXT_REPLY: (
        "Next reply",
        "The customer's next message to the next reply by a human.",
    ),
    Metric.HANDOFF_WAIT: (
        "Hand-off wait",
        "Escalation to the first reply by a human. What staffing controls.",
    ),
    Metric.RESOLUTION: (
        "Resolution",
        "First message to resolved. Stands still while the customer has to act.",
    ),
    Sum.REQUESTER_WAIT: (
        "Customer waited",
        "All the time in which it was the customer who waited, first message to resolved.",
    ),
    Sum.AGENT_WORK: (
        "With staff",
        "All the time in which it lay with staff, held by somebody or not.",
    ),
    Sum.HANDLE: (
        "Held by an agent",
        "All the time in which an agent held it.",
    ),
}

#: By what the figures can be told apart on the page, and what their values are called.
GROUPINGS = {
    Dimension.CHANNEL: "Channel",
    Dimension.TEAM: "Team",
    Dimension.AGENT: "Agent",
    Dimension.LABEL: "Kind of message",
    Dimension.POLICY: "Policy",
    Dimension.HOUR: "Hour of the day",
    Dimension.LANGUAGE: "Language",
    Dimension.PRIORITY: "Priority",
    Dimension.TIER: "Customer tier",
}


class OpsPages:
    """Where operations watches."""

    def __init__(self, *, pages: Pages, assets: Assets, parts: WebParts, guard: Guard, live: Live) -> None:
        self._pages = pages
        self._assets = assets
        self._parts = parts
        self._guard = guard
        self._live = live

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of operations."""
        page, data = self._guard.page, self._guard.data
        return [
            web.get("/ops", page(Right.WATCH, self.page)),
            web.get("/ops/figures", data(Right.WATCH, self.figures)),
            web.get("/ops/events", data(Right.WATCH, self._live.stream), allow_head=False),
            web.post("/ops/pause", data(Right.PAUSE, self.pause)),
            web.post("/ops/resume", data(Right.PAUSE, self.resume)),
        ]

    async def page(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Show the page; the figures come by JSON."""
        return self._pages.render(
            "ops.html",
            me=staff.agent.id,
            csrf=staff.csrf,
            may_pause=staff.agent.may(Right.PAUSE),
            handles=staff.agent.may(Right.HANDLE),
            audits=staff.agent.may(Right.AUDIT),
            periods=PERIOD_TITLES,
            metrics=METRICS,
            groupings=GROUPINGS,
            chart_styles=await self._assets.chart_styles(),
        )

    async def figures(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Return all figures of a period that ends now; ``by`` tells groups apart, a dimension's name filters."""
        period = request.query.get("period", "24h")
        if period not in PERIODS:
            raise BadMessage(f"Period {period!r} is not one of {', '.join(PERIODS)}.")
        return answer(await self._figures(period, _question(request.query, period, self._parts.time.now())))

    async def pause(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Stop all automatic answers."""
        await self._parts.commands.pause(by=staff.agent.id)
        return answer({"paused": True})

    async def resume(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Let the bot answer again."""
        await self._parts.commands.resume(by=staff.agent.id)
        return answer({"paused": False})

    async def _figures(self, period: str, question: Question) -> Json:
        parts, now = self._parts, question.until
        ready, states = await parts.health.ready()
        return {
            "now": iso(now),
            "period": period,
            "summary": await parts.reports.summary(question),
            "facts": await parts.store.facts(),
            "ready": ready,
            "parts": dict(states),
            "problems": list(await parts.health.problems()),
            "paused": await parts.commands.paused(),
        }


def _question(query: Mapping[str, str], period: str, now: datetime) -> Question:
    """Return what a request asks for. Raises BadMessage for what is no dimension, and for an hour that is none."""
    by = query.get("by", "")
    if by and by not in list(Dimension):
        raise BadMessage(f"by {by!r} is not one of {', '.join(Dimension)}.")
    where = {dimension: query[dimension.value] for dimension in Dimension if dimension.value in query}
    hour = where.get(Dimension.HOUR, "0")
    if not (hour.isdecimal() and len(hour) <= 2 and int(hour) < 24):
        raise BadMessage(f"hour {hour[:20]!r} is not one of 0 to 23.")
    return Question(since=now - PERIODS[period], until=now, where=where, by=Dimension(by) if by else None)

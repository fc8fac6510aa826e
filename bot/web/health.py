"""For those who watch from outside: alive, ready, and the metrics."""

from __future__ import annotations

import ipaddress

from aiohttp import web

from bot.figures import Question
from bot.web.metrics import Snapshot, exposition
from bot.web.ops import PERIODS
from bot.web.parts import WebParts, answer
from bot.web.security import same

MEASURED = ("1h", "24h")
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class HealthPages:
    """Health and metrics, without signing in."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        """Return the routes for probes and for Prometheus."""
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        """Say that the process runs."""
        return answer({"status": "alive"})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """Say whether messages can be taken and understood; 503 if not."""
        ready, parts = await self._parts.health.ready()
        return answer({"ready": ready, "parts": dict(parts)}, status=200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Return the figures of the last hour and day for Prometheus."""
        if not _allowed(request, self._parts.metrics_token):
            raise web.HTTPUnauthorized(
                text="Metrics from elsewhere need Authorization: Bearer with the metrics token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        text = exposition(await self._snapshot())
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _snapshot(self) -> Snapshot:
        parts, now = self._parts, self._parts.time.now()
        reports = parts.reports
        return Snapshot(
            summaries={
                period: await reports.summary(Question(since=now - PERIODS[period], until=now))
                for period in MEASURED
            },
            facts=await parts.store.facts(),
            ready=(await parts.health.ready())[0],
            problems=len(await parts.health.problems()),
            paused=await parts.commands.paused(),
        )


def _allowed(request: web.Request, token: str | None) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is not None and same(given, token):
        return True
    return _on_loopback(request)


def _on_loopback(request: web.Request) -> bool:
    """Tell whether the asker sits on this machine. What a proxy passes on comes from elsewhere."""
    if request.remote is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote).is_loopback
    except ValueError:
        return False

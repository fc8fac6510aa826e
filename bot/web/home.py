"""What is running here."""

from __future__ import annotations

from aiohttp import web

from bot.ports import Health
from bot.web.pages import Pages
from bot.web.security import Guard


class HomePage:
    """The front door: links to what is there, and how it is doing."""

    def __init__(self, *, pages: Pages, guard: Guard, health: Health) -> None:
        self._pages = pages
        self._guard = guard
        self._health = health

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the front door."""
        return [web.get("/", self.page)]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Show what is running; links only to what this process serves."""
        ready, states = await self._health.ready()
        served = {resource.canonical for resource in request.app.router.resources()}
        me = await self._guard.signed_in(request)
        return self._pages.render("home.html", ready=ready, parts=dict(states), served=served, me=me)

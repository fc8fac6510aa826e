"""Who of the staff is there: each says so of themselves, and everybody sees who is."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bot.domain.roles import Agent, Right
from bot.errors import BadMessage
from bot.web.parts import Json, Roster, answer
from bot.web.security import Guard, Staff


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says of themselves."""

    away: bool


class PresencePages:
    """Where the desk's switch for "available" and "away" goes."""

    def __init__(self, *, roster: Roster, guard: Guard) -> None:
        self._roster = roster
        self._guard = guard

    def routes(self) -> list[web.RouteDef]:
        """Return the two routes of one address."""
        data = self._guard.data
        return [
            web.get("/desk/presence", data(Right.HANDLE, self.shown)),
            web.post("/desk/presence", data(Right.HANDLE, self.change)),
        ]

    async def shown(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Say whether I am away, and who of my team is there; without a team, who of everybody."""
        return answer(await self._standing(staff.agent))

    async def change(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Go away, or come back."""
        try:
            wish = msgspec.json.decode(await request.read(), type=Wish)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadMessage('Say {"away": true} or {"away": false}.') from None
        await (self._roster.away(staff.agent) if wish.away else self._roster.back(staff.agent))
        return answer(await self._standing(staff.agent))

    async def _standing(self, agent: Agent) -> Json:
        there = await self._roster.present_for(agent.team)
        return {"away": await self._roster.is_away(agent.id), "team": agent.team, "present": sorted(there)}

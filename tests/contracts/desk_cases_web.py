"""The desk on a web page, driven as its page drives it: by HTTP, with a session, over a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.domain.roles import Role
from tests.scenarios.world import World
from tests.web.real import Member, RealDesk, real_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a desk answered to somebody's act: whether it was done, and in words what was said."""

    accepted: bool
    text: str = ""


class WebDeskCase:
    """One desk of the contract suite. Agents are named; whoever acts first is signed in with the role given."""

    name = "web"

    def __init__(self, desk: RealDesk) -> None:
        self.desk = desk
        self.world: World = desk.world

    async def member(self, agent: str, role: Role = Role.AGENT) -> None:
        """Let somebody sit down at the desk, with a role."""
        await self.desk.member(agent, role)

    async def act(self, agent: str, conversation: str, action: str, **fields: object) -> Outcome:
        """Do what a button and its form do."""
        _, said = await (await self._of(agent)).act(conversation, action, **fields)
        return _outcome(said)

    async def say(self, agent: str, conversation: str, text: str) -> Outcome:
        """Write without saying what it is: on a page that is the box for notes."""
        return await self.act(agent, conversation, "note", text=text)

    async def many(
        self, agent: str, conversations: Sequence[str], action: str, **fields: object
    ) -> dict[str, Outcome]:
        """Do the same with all that are chosen."""
        body = {"command": action, "conversations": list(conversations), **fields}
        status, said = await (await self._of(agent)).post("/desk/commands", body)
        if status != 200:
            return {each: _outcome(said) for each in conversations}
        return {one["id"]: _outcome(one) for one in said["results"]}

    async def shown(self, conversation: str) -> list[str]:
        """Return the texts of a conversation as staff read them."""
        said = await (await self._of("alex")).shown(conversation)
        return [entry["text"] for entry in said["timeline"] if entry["text"]]

    async def offers(self, agent: str, conversation: str, search: str) -> list[str]:
        """Return the texts of the templates that a search finds."""
        said = await (await self._of(agent)).get(f"/desk/conversations/{conversation}/templates", q=search)
        return [offer["text"] for offer in said["templates"]]

    async def suggested(self, agent: str, conversation: str) -> list[str]:
        """Return the texts that the desk suggests."""
        said = await (await self._of(agent)).get(f"/desk/conversations/{conversation}/suggestions")
        return [offer["text"] for offer in said["templates"]]

    async def _of(self, agent: str) -> Member:
        return await self.desk.member(agent)


def _outcome(said: dict[str, Any]) -> Outcome:
    """Return what stands in an answer: a refusal, or why the request made no sense."""
    text = str(said.get("refusal") or said.get("detail") or "")
    return Outcome(accepted=bool(said.get("accepted", False)), text=text)


@asynccontextmanager
async def web_desk() -> AsyncIterator[WebDeskCase]:
    """Open the desk on a web page for the contract suite."""
    async with real_desk() as desk:
        yield WebDeskCase(desk)

"""The desks of the contract suite under one set of words. Each is driven as a person drives it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.desk.counter import Offer
from bot.desk.discord.answers import DRAFT
from bot.domain.messages import ConversationId
from bot.domain.roles import Role
from bot.records import ConversationView, StaffAccount
from tests.contracts.desk_cases_web import WebDeskCase
from tests.scenarios.world import World
from tests.web.real import real_desk
from tests.wire.discord.desk_case import DiscordCase, discord_case
from tests.wire.discord.desk_hands import STRANGER_ID

TEAMS = {"support": {"members": ["alex", "sam"]}, "PR": {"members": []}}
MAY = {"edits_sends": True, "deletes_sends": True, "largest_file": 6 << 20}


class OneAnswer:
    """A brand that has one template."""

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        del view
        offer = Offer(template="delivery-time", topic="delivery", text="It takes three days.")
        return [offer][:limit] if all(word in "delivery-time" for word in text.split()) else []

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        return self.search("", view, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody was told after an act; ``raw`` is what the desk's own driver knows of it."""

    accepted: bool
    text: str
    raw: Any = None


class DeskCase(Protocol):
    """What the suite does at a desk, and what it sees."""

    world: World

    async def member(self, agent: str, role: Role) -> None:
        """Let somebody be on staff with this role from now on."""
        ...

    async def writes(self, text: str, *, who: str = "v1") -> ConversationId:
        """Let a customer write, and staff see it."""
        ...

    async def act(self, agent: str, conversation: ConversationId, action: str, **fields: object) -> Said:
        """Do one thing."""
        ...

    async def replies_with(
        self, agent: str, conversation: ConversationId, text: str, name: str, file: bytes
    ) -> Said:
        """Reply with a file."""
        ...

    async def stranger_acts(self, conversation: ConversationId, action: str, **fields: object) -> Said:
        """Let somebody try who is not on staff."""
        ...

    async def many(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> dict[ConversationId, Said]:
        """Do one thing with a selection."""
        ...

    async def lists(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> Callable[[], Awaitable[dict[ConversationId, Said]]]:
        """Look at the list as it stands now; what is returned does one thing with the selection from it."""
        ...

    async def say(self, agent: str, conversation: ConversationId, text: str) -> None:
        """Write without saying what it is."""
        ...

    async def told_meanwhile(self, said: Said) -> list[str]:
        """Return what the customer had written, as whoever was held back is told it."""
        ...

    async def sends_anyway(self, said: Said) -> Said:
        """Send what was held back all the same."""
        ...

    async def shown(self, conversation: ConversationId) -> list[str]:
        """Return the texts of a conversation as staff read them."""
        ...

    async def offers(self, agent: str, conversation: ConversationId, search: str) -> list[str]:
        """Return the templates that a search finds, filled."""
        ...

    async def suggested(self, agent: str, conversation: ConversationId) -> list[str]:
        """Return what the desk suggests."""
        ...

    async def delivered(self) -> None:
        """Return once all that was to be sent is sent, and shown."""
        ...

    async def sent(self) -> list[tuple[str, str]]:
        """Return which replies reached which customer."""
        ...


def replies(world: World) -> list[tuple[str, str]]:
    """Return which of staff's words have reached which customer."""
    taken = [each for each in world.platform.taken if each.send.wording == "reply"]
    return [(each.address.place, each.send.text) for each in taken]


class OnTheWeb:
    """The page at ``/desk``."""

    def __init__(self, case: WebDeskCase) -> None:
        self._case = case
        self.world = case.world

    async def member(self, agent: str, role: Role) -> None:
        await self._case.member(agent, role)
        known = await self.world.store.staff(agent)
        assert known is not None
        await self.world.store.put_staff(StaffAccount(name=agent, role=role, password_hash=known.password_hash))

    async def writes(self, text: str, *, who: str = "v1") -> ConversationId:
        return await self.world.writes(text, who=who)

    async def act(self, agent: str, conversation: ConversationId, action: str, **fields: object) -> Said:
        somebody = await self._case.desk.member(agent)
        _, raw = await somebody.act(conversation, action, **fields)
        return _on_page(raw, (agent, conversation, action, fields))

    async def replies_with(
        self, agent: str, conversation: ConversationId, text: str, name: str, file: bytes
    ) -> Said:
        somebody = await self._case.desk.member(agent)
        _, raw = await somebody.send(conversation, (name, "application/pdf", file), command="reply", text=text)
        return _on_page(raw)

    async def stranger_acts(self, conversation: ConversationId, action: str, **fields: object) -> Said:
        stranger = await self._case.desk.stranger()
        status, raw = await stranger.act(conversation, action, **fields)
        assert status == 401
        return _on_page(raw)

    async def many(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> dict[ConversationId, Said]:
        done = await self._case.many(agent, conversations, action, **fields)
        return {ConversationId(each): Said(accepted=one.accepted, text=one.text) for each, one in done.items()}

    async def lists(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> Callable[[], Awaitable[dict[ConversationId, Said]]]:
        found = await (await self._case.desk.member(agent)).get("/desk/conversations", filter="needs")
        read = {row["id"]: row["received"] for row in found["rows"]}
        return lambda: self.many(agent, conversations, action, seen=read, **fields)

    async def say(self, agent: str, conversation: ConversationId, text: str) -> None:
        assert (await self._case.say(agent, conversation, text)).accepted

    async def told_meanwhile(self, said: Said) -> list[str]:
        return [line["text"] for line in said.raw[0]["meanwhile"]]

    async def sends_anyway(self, said: Said) -> Said:
        agent, conversation, action, fields = said.raw[1]
        return await self.act(agent, conversation, action, **{k: v for k, v in fields.items() if k != "seen"})

    async def shown(self, conversation: ConversationId) -> list[str]:
        return await self._case.shown(conversation)

    async def offers(self, agent: str, conversation: ConversationId, search: str) -> list[str]:
        return await self._case.offers(agent, conversation, search)

    async def suggested(self, agent: str, conversation: ConversationId) -> list[str]:
        return await self._case.suggested(agent, conversation)

    async def delivered(self) -> None:
        await self.world.heed.delivery.drain()

    async def sent(self) -> list[tuple[str, str]]:
        return replies(self.world)


def _on_page(raw: dict[str, Any], again: object = None) -> Said:
    text = str(raw.get("refusal") or raw.get("detail") or "")
    return Said(accepted=bool(raw.get("accepted", False)), text=text, raw=(raw, again))


class OnDiscord:
    """A thread of its own for each conversation, over the wire."""

    def __init__(self, case: DiscordCase) -> None:
        self._case = case
        self.world = case.world

    async def member(self, agent: str, role: Role) -> None:
        await self._case.member(agent, role)

    async def writes(self, text: str, *, who: str = "v1") -> ConversationId:
        return await self._case.writes(text, who=who)

    async def act(self, agent: str, conversation: ConversationId, action: str, **fields: object) -> Said:
        done = await self._case.act(agent, conversation, action, **fields)
        return Said(accepted=done.accepted, text=done.text, raw=(agent, done))

    async def replies_with(
        self, agent: str, conversation: ConversationId, text: str, name: str, file: bytes
    ) -> Said:
        return await self.act(agent, conversation, "reply", text=text, file=(name, file))

    async def stranger_acts(self, conversation: ConversationId, action: str, **fields: object) -> Said:
        done = await self._case.act_as(STRANGER_ID, conversation, action, **fields)
        return Said(accepted=done.accepted, text=done.text)

    async def many(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> dict[ConversationId, Said]:
        try:
            done = await self._case.many(agent, conversations, action, **fields)
        except ValueError as refused:  # Discord offers only the choices that the command was registered with
            return {each: Said(accepted=False, text=str(refused)) for each in conversations}
        return {each: Said(accepted=one.accepted, text=one.text) for each, one in done.items()}

    async def lists(
        self, agent: str, conversations: Sequence[ConversationId], action: str, **fields: object
    ) -> Callable[[], Awaitable[dict[ConversationId, Said]]]:
        shown = await self._case.menu(agent, action, **fields)

        async def chosen() -> dict[ConversationId, Said]:
            done = await self._case.chooses(agent, shown, conversations)
            return {ConversationId(each): Said(accepted=one.accepted, text=one.text) for each, one in done.items()}

        return chosen

    async def say(self, agent: str, conversation: ConversationId, text: str) -> None:
        await self._case.say(agent, conversation, text)

    async def told_meanwhile(self, said: Said) -> list[str]:
        embeds = said.raw[1].answer.embeds
        return [each["description"] for each in embeds if each.get("title") != DRAFT]

    async def sends_anyway(self, said: Said) -> Said:
        agent, done = said.raw
        sent = await self._case.press(agent, done, "Send anyway")
        return Said(accepted=sent.accepted, text=sent.text)

    async def shown(self, conversation: ConversationId) -> list[str]:
        return await self._case.shown(conversation)

    async def offers(self, agent: str, conversation: ConversationId, search: str) -> list[str]:
        return await self._case.offers(agent, conversation, search)

    async def suggested(self, agent: str, conversation: ConversationId) -> list[str]:
        return await self._case.suggested(agent, conversation)

    async def delivered(self) -> None:
        await self.world.heed.delivery.drain()
        await self._case.read()

    async def sent(self) -> list[tuple[str, str]]:
        return replies(self.world)


@asynccontextmanager
async def _on_the_web() -> AsyncIterator[DeskCase]:
    async with real_desk(settings={"teams": TEAMS}, answers=OneAnswer()) as desk:
        yield OnTheWeb(WebDeskCase(desk))


@asynccontextmanager
async def _on_discord() -> AsyncIterator[DeskCase]:
    async with discord_case(answers=OneAnswer(), teams=tuple(TEAMS), may=MAY) as case:
        yield OnDiscord(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A desk by its name, and how it is opened."""

    name: str
    open: Callable[[], AbstractAsyncContextManager[DeskCase]]


CASES = (Place(name="web", open=_on_the_web), Place(name="discord", open=_on_discord))

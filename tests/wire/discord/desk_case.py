"""The desk on Discord for the contract suite of desks: what a person does there, over the wire, and what they see.

A whole Heed on virtual time with a real store; discord.py speaks to the local Discord; threads are shown for real.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.channels.discord.channel import DiscordChannel
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.permissions import allowed
from bot.desk.counter import Answers, Counter, NoTemplates
from bot.desk.discord.answers import DONE
from bot.desk.discord.commands import dashed
from bot.desk.discord.desk import ACKNOWLEDGE_WITHIN, DiscordDesk, HearingParts
from bot.desk.discord.display import Display
from bot.desk.discord.line import Refused, Unreached
from bot.domain.messages import AgentId, ConversationId
from bot.domain.roles import Agent, Role
from bot.domain.rooms import RoomRules
from tests.scenarios.world import World, world
from tests.wire.discord.desk_hands import ALEX_ID, GUILD, ROOM, SAM_ID, FakePeople
from tests.wire.discord.fakes import FakeBoard, FakeIntake, FakeMarks, HurriedTime, until
from tests.wire.discord.interaction import COMPONENT, Answer, Interaction
from tests.wire.discord.message_forms import BUTTON
from tests.wire.discord.payloads import FORUM, Payload
from tests.wire.discord.server import DiscordServer, discord_server

IDS = {"alex": ALEX_ID, "sam": SAM_ID}

#: What has stood in a thread for so long counts as read.
LONG_ENOUGH = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What somebody is told after an act."""

    accepted: bool
    text: str
    answer: Answer | None = None


class DiscordCase:
    """What people on staff do on Discord. Agents are known by their names and ids: see ``IDS``."""

    name = "discord"

    def __init__(self, heed: World, server: DiscordServer, desk: DiscordDesk, display: Display) -> None:
        self.world = heed
        self.server = server
        self.desk = desk
        self.display = display
        self.people = FakePeople()

    # --- acting ---------------------------------------------------------------------------------------------

    async def member(self, agent: str, role: Role = Role.AGENT) -> None:
        """Let somebody be on staff, with a role."""
        self.people.known[IDS[agent]] = Agent(id=AgentId(agent), role=role)

    async def act(self, agent: Agent | str, conversation: ConversationId, action: str, **fields: Any) -> Outcome:
        """Do one thing by its slash command; with ``seen``, by the form of a button that was drawn then."""
        user, thread = self._known(agent), await self.thread(conversation)
        if "seen" in fields:
            return await self._in_form(user, thread, conversation, action, fields)
        options = {name: _typed(value) for name, value in fields.items()}
        return await self._told(self.server.command(user, thread, dashed(action), **options))

    async def act_as(self, user: str, conversation: ConversationId, action: str, **fields: Any) -> Outcome:
        """Give a slash command as somebody with this id, whoever that is."""
        options = {name: _typed(value) for name, value in fields.items()}
        return await self._told(
            self.server.command(user, await self.thread(conversation), dashed(action), **options)
        )

    async def _in_form(
        self, user: str, thread: str, conversation: ConversationId, action: str, fields: Mapping[str, Any]
    ) -> Outcome:
        custom = f"heed:{action}:{conversation}:{fields['seen']}"
        data = {"component_type": BUTTON, "custom_id": custom, "id": 1}
        opened = self.server.interactions.begin(COMPONENT, user, thread, data)
        await opened.answered()
        typed = {name: value for name, value in fields.items() if name != "seen"}
        return await self._told(self.server.submit(user, opened, typed))

    async def press(self, agent: Agent | str, outcome: Outcome, label: str) -> Outcome:
        """Press a button of an answer."""
        message = self._message(outcome)
        custom = self.server.buttons_of(message)[label]
        return await self._told(self.server.press(self._known(agent), message, custom))

    async def many(
        self, agent: Agent | str, conversations: Sequence[ConversationId], action: str, **fields: Any
    ) -> dict[str, Outcome]:
        """Do one thing with several conversations, chosen in the menu that the command shows."""
        return await self.chooses(agent, await self.menu(agent, action, **fields), conversations)

    async def menu(self, agent: Agent | str, action: str, **fields: Any) -> Outcome:
        """Let the command show the menu of conversations."""
        options = {name: _typed(value) for name, value in fields.items()}
        return await self._told(self.server.command(self._known(agent), ROOM, "many", action=action, **options))

    async def chooses(
        self, agent: Agent | str, shown: Outcome, conversations: Sequence[ConversationId]
    ) -> dict[str, Outcome]:
        """Choose in a menu as it was shown."""
        user, message = self._known(agent), self._message(shown)
        if not message["components"]:
            return dict.fromkeys(conversations, shown)
        (custom,) = self.server.buttons_of(message).values()
        options = message["components"][0]["components"][0]["options"]
        chosen = [each["value"] for each in options if each["value"].partition(":")[0] in conversations]
        told = await self._told(self.server.choose(user, message, custom, chosen))
        kept = {each: line for each in conversations for line in told.text.splitlines() if f"`{each}`" in line}
        return {each: Outcome(accepted=each not in kept, text=kept.get(each, "")) for each in conversations}

    async def offers(self, agent: Agent | str, conversation: ConversationId, search: str) -> list[str]:
        """Return the texts of the templates that are offered while somebody types, as their forms propose them."""
        user, thread = self._known(agent), await self.thread(conversation)
        typed = await self.server.autocomplete(user, thread, "template", "search", search).answered()
        opened = [self.server.command(user, thread, "template", search=value) for _, value in typed.choices]
        return [_proposed((await each.answered()).modal) for each in opened]

    async def suggested(self, agent: Agent | str, conversation: ConversationId) -> list[str]:
        """Return the texts that are suggested."""
        asked = self.server.command(self._known(agent), await self.thread(conversation), "suggest")
        told = await self._told(asked)
        return [embed["description"] for embed in told.answer.embeds] if told.answer else []

    async def say(self, agent: Agent | str, conversation: ConversationId, text: str, **more: Any) -> Payload:
        """Write plain words in a conversation's thread, and wait until they were heard."""
        said = self.server.say(self._known(agent), await self.thread(conversation), text, **more)
        await self._heard(said)
        return said

    # --- looking --------------------------------------------------------------------------------------------

    async def shown(self, conversation: ConversationId) -> list[str]:
        """Return what stands in a conversation's thread, oldest first."""
        await self.settle()
        messages = self.server.messages_in(await self.thread(conversation))
        return ["\n".join([each["content"], *_described(each)]) for each in messages]

    async def sent(self) -> list[str]:
        """Return what has reached customers from staff."""
        await self.world.heed.delivery.drain()
        return [each.send.text for each in self.world.platform.taken if each.send.wording == "reply"]

    async def writes(self, text: str, *, who: str = "v1", read: bool = True) -> ConversationId:
        """Let a customer write; ``read``: it has stood in the thread for a while since."""
        conversation = await self.world.writes(text, who=who)
        if read:
            await self.read()
        return conversation

    async def read(self) -> None:
        """Let all that was written be shown, and staff read it."""
        await self.settle()
        self.server.world.clock_off += LONG_ENOUGH

    async def thread(self, conversation: ConversationId) -> str:
        """Return a conversation's thread."""
        if (found := await self._thread(conversation)) is None:
            await self.settle()
            found = await self._thread(conversation)
        assert found is not None, f"{conversation} is shown nowhere"
        return found

    async def settle(self) -> None:
        """Wait until all that changed is shown; the clock of Heed goes on by seconds meanwhile."""
        last = await self.world.store.last()
        for _ in range(4000):
            self.world.time.move(timedelta(seconds=0.5))
            await asyncio.sleep(0.005)
            if self.display.following.idle and self.display.following._cursor >= last:
                return
        raise AssertionError("what changed was not shown")

    # --- within ---------------------------------------------------------------------------------------------

    async def _thread(self, conversation: ConversationId) -> str | None:
        post = (await self.world.store.posts("discord", conversation)).get("thread")
        return None if post is None else post.external_id

    def _known(self, agent: Agent | str) -> str:
        """Return an agent's id; who they are, and with which role, is as the case says."""
        if isinstance(agent, str):
            return IDS[agent]
        self.people.known[IDS[agent.id]] = agent
        return IDS[agent.id]

    async def _told(self, interaction: Interaction) -> Outcome:
        answer = await interaction.answered()
        done = answer.text in DONE.values() or ": done with" in answer.text
        return Outcome(accepted=done, text=answer.text, answer=answer)

    async def _heard(self, said: Payload) -> None:
        mark = f"desk:discord:heard:{said['channel_id']}"
        store = self.world.store
        for _ in range(4000):
            if int((await store.bookmarks(mark)).get(mark, "0")) >= int(said["id"]):
                return
            await asyncio.sleep(0.005)
        raise AssertionError("what was written was not heard")

    def _message(self, outcome: Outcome) -> Payload:
        assert outcome.answer is not None
        assert outcome.answer.message is not None, outcome.text
        return outcome.answer.message


def _typed(value: Any) -> Any:
    """Return a field as an option of a command: labels are one choice of several, a file is name and content."""
    if isinstance(value, tuple) and any(isinstance(each, bytes) for each in value):
        return value
    return ("+".join(value) or "other") if isinstance(value, list | tuple) else str(value)


def _proposed(form: Payload) -> str:
    return str(form["components"][0]["component"].get("value", ""))


def _described(message: Payload) -> list[str]:
    return [str(embed.get("description") or embed.get("title") or "") for embed in message["embeds"]]


@asynccontextmanager
async def discord_case(
    *,
    answers: Answers | None = None,
    teams: tuple[str, ...] = ("support", "PR"),
    reply_by_replying: bool = False,
    may: Mapping[str, object] | None = None,
    acknowledge_within: float = ACKNOWLEDGE_WITHIN,
) -> AsyncIterator[DiscordCase]:
    """Run all of it. ``may``: what the customers' platform can do."""
    async with discord_server() as server, world(may=may) as heed:
        server.add_guild(GUILD)
        server.add_channel(ROOM, GUILD, kind=FORUM)
        board, marks, intake = FakeBoard(), FakeMarks(), FakeIntake()
        line = ChannelLine(desks={ROOM}, refused=Refused, unreached=Unreached)
        channel = DiscordChannel(
            token=server.token,
            rules=RoomRules(),
            time=HurriedTime(),
            marks=marks,
            board=board,
            api=server.api,
            gateway=server.gateway_url,
            line=line,
        )
        display = Display(
            line=line,
            store=heed.store,
            time=heed.time,
            board=board,
            desks={ROOM},
            room_of=lambda _team: ROOM,
            present=_nobody,
            mention=lambda agent: IDS.get(agent, ""),
            allowed=allowed,
        )
        people = FakePeople()
        heed.heed.commands._revises = lambda _channel: heed.platform.capabilities
        counter = Counter(
            store=heed.store,
            commands=heed.heed.commands,
            time=heed.time,
            answers=answers or NoTemplates(),
            teams=teams,
        )
        desk = DiscordDesk(
            HearingParts(
                line=line,
                store=heed.store,
                counter=counter,
                people=people,
                board=board,
                time=heed.time,
                rooms=frozenset({ROOM}),
                reply_by_replying=reply_by_replying,
                beside=[display],
                acknowledge_within=acknowledge_within,
                may=lambda _channel: heed.platform.capabilities,
            )
        )
        running = [asyncio.create_task(channel.listen(intake)), asyncio.create_task(desk.run())]
        case = DiscordCase(heed, server, desk, display)
        case.people = people
        try:
            await until(lambda: server.commands.of.get(GUILD) or any(task.done() for task in running))
            yield case
        finally:
            for task in running:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*running, return_exceptions=True)
            assert intake.taken == [], "what staff said was taken for a customer's"


async def _nobody(_team: str) -> list[AgentId]:
    return []

"""A reply that is changed or taken back, from the command to what the customer sees, over the real store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.channels.api.answers import answer_of
from bot.channels.webchat.channel import WebChat
from bot.channels.webchat.hub import Room
from bot.channels.webchat.visitors import Visitor
from bot.domain.conversation import Conversation, Rules
from bot.domain.events import Reply, Revise
from bot.domain.messages import AgentId
from bot.domain.roles import Agent
from bot.domain.states import State
from bot.engine.commands import StaffCommands
from bot.engine.delivery import AnswerFeed, Delivery, DeliveryLimits
from bot.engine.road import Road
from bot.engine.time import VirtualTime
from bot.errors import SendFailed, SendUnknown
from bot.ports import Capabilities, Channel
from bot.records import TranscriptEntry
from bot.stores.sqlite import SqliteStore
from tests.contracts.stores import NOW, PULLED, advance, begun, unanswered
from tests.scenarios.world import ScriptedPlatform

KIM = Agent(id=AgentId("kim"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One member of staff at work on the only conversation."""

    store: SqliteStore
    time: VirtualTime
    road: Road
    delivery: Delivery
    commands: StaffCommands
    conversation: Conversation

    async def reply(self, text: str) -> None:
        reply = Reply(at=self.time.now(), agent=KIM, text=text)
        assert (await self.commands.perform(self.conversation.id, reply)).refusal == ""
        await self.delivery.drain()

    async def revise(self, text: str) -> None:
        """Ask for a change of the newest reply."""
        revise = Revise(at=self.time.now(), agent=KIM, message=(await self.line()).message, text=text)
        assert (await self.commands.perform(self.conversation.id, revise)).refusal == ""
        await self.delivery.drain()

    async def line(self) -> TranscriptEntry:
        view = await self.store.view(self.conversation.id)
        assert view is not None
        return view.transcript[-1]


async def staff(store: SqliteStore, time: VirtualTime, channel: str, *channels: Channel) -> Staff:
    found = await begun(store, channel=channel)
    waiting = {"state": State.ESCALATED, "unanswered": unanswered(NOW), "received": 1, "opened_at": NOW}
    conversation = await advance(store, found, after=waiting)
    road = Road(store=store, rules=Rules, time=time)
    may = Capabilities(name="any", edits_sends=True, deletes_sends=True)
    return Staff(
        store=store,
        time=time,
        road=road,
        delivery=Delivery(store=store, road=road, channels=channels, time=time, limits=DeliveryLimits()),
        commands=StaffCommands(store=store, road=road, time=time, revises=lambda _: may),
        conversation=conversation,
    )


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(NOW)


@pytest.fixture
async def store(time: VirtualTime) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(memory=True, present=time.now, pulled=PULLED.__eq__)
    yield opened
    await opened.close()


async def test_the_visitors_page_shows_the_changed_text_and_then_that_it_was_taken_back(
    store: SqliteStore, time: VirtualTime
) -> None:
    kim = await staff(store, time, "webchat", WebChat(time=time))
    frames: list[str] = []
    room = Room(Visitor(external_id="ann"), store, at=NOW)
    await kim.reply("On Monday.")
    await room.enter(frames.append, after=0)
    for text in ("On Tuesday.", ""):
        frames.clear()
        await kim.revise(text)
        await room.refresh()
        [frame] = map(json.loads, frames)
        [shown] = frame["entries"]
        assert shown["text"] == text
        assert shown["message"] == (await kim.line()).message
        assert (shown["edited"], shown.get("deleted", False)) == (True, not text)
        assert "On Monday." not in frames[0]


async def test_whoever_fetches_answers_is_told_which_one_is_changed_and_which_taken_back(
    store: SqliteStore, time: VirtualTime
) -> None:
    kim = await staff(store, time, PULLED)
    feed = AnswerFeed(store=store, road=kim.road, time=time)
    await kim.reply("On Monday.")
    [first] = map(answer_of, await feed.fetch(PULLED, after=0, limit=10))
    assert (first.kind, first.revises) == ("reply", None)
    for text in ("On Tuesday.", ""):
        await kim.revise(text)
        [*_, told] = map(answer_of, await feed.fetch(PULLED, after=0, limit=10))
        assert (told.kind, told.author, told.agent, told.text) == ("revision", "agent", "kim", text)
        assert (told.revises, told.id == first.id) == (first.id, False)
    line = await kim.line()
    assert (line.text, line.earlier_texts, line.deleted_at) == ("On Tuesday.", ("On Monday.",), NOW)


async def test_a_channel_is_asked_to_change_the_messages_that_it_named(
    store: SqliteStore, time: VirtualTime
) -> None:
    platform = ScriptedPlatform(time, may={"edits_sends": True, "deletes_sends": True})
    kim = await staff(store, time, "room", platform)
    await kim.reply("On Monday.")
    await kim.revise("On Tuesday.")
    reply, change = platform.taken
    assert change.revised_ids == (f"p-{reply.send.id}",)
    assert change.send.revises == reply.send.message
    assert (await kim.line()).text == "On Tuesday."


async def test_a_change_in_doubt_is_asked_for_again_even_where_there_is_no_key_for_sends(
    store: SqliteStore, time: VirtualTime
) -> None:
    platform = ScriptedPlatform(time, may={"edits_sends": True})
    kim = await staff(store, time, "room", platform)
    await kim.reply("On Monday.")
    platform.failures = [SendUnknown("cut off")]
    await kim.revise("On Tuesday.")
    assert len(platform.taken) == 1
    time.move_to(NOW + timedelta(seconds=2))
    await kim.delivery.drain()
    assert [sending.doubtful for sending in platform.taken] == [False, True]
    assert (await kim.line()).text == "On Tuesday."


async def test_a_change_that_was_refused_leaves_the_reply_as_it_was(store: SqliteStore, time: VirtualTime) -> None:
    platform = ScriptedPlatform(time, may={"edits_sends": True})
    kim = await staff(store, time, "room", platform)
    await kim.reply("On Monday.")
    platform.failures = [SendFailed("gone")]
    await kim.revise("On Tuesday.")
    assert ((await kim.line()).text, (await kim.line()).edited_at) == ("On Monday.", None)


async def test_a_platform_that_cannot_take_back_is_never_asked_to(store: SqliteStore, time: VirtualTime) -> None:
    platform = ScriptedPlatform(time, may={"edits_sends": True})
    kim = await staff(store, time, "room", platform)
    await kim.reply("On Monday.")
    await kim.revise("")
    assert len(platform.taken) == 1
    assert (await kim.line()).deleted_at is None
    assert (await store.facts()).outbox == 0

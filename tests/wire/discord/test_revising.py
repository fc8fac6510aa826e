"""Changing and taking back what was sent, with the real library against the local Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.discord.channel import DiscordChannel
from bot.domain.messages import MessageId
from bot.errors import SendFailed, SendUnknown
from bot.records import Sending
from tests.wire.discord import payloads
from tests.wire.discord.fakes import Heed, sending
from tests.wire.discord.faults import WELL, Cut
from tests.wire.discord.server import DiscordServer

LONG = " ".join(f"Sentence number {number} tells about plants." for number in range(120))


@pytest.fixture
async def channel(server: DiscordServer) -> AsyncIterator[DiscordChannel]:
    server.add_guild()
    server.add_channel("4001")
    server.dm()
    async with Heed(server).listening() as connected:
        yield connected


def shown(server: DiscordServer, room: str = "1001") -> list[str]:
    """Return what stands in a channel now."""
    return [str(message["content"]) for message in server.world.messages.get(room, [])]


def revised(text: str, ids: tuple[str, ...], **more: object) -> Sending:
    """Return a change of what was sent as these messages; without a text it is taken back."""
    made = sending(text, **more)
    return replace(made, send=replace(made.send, revises=MessageId("s1")), revised_ids=ids)


async def test_the_customer_sees_the_new_text_in_the_place_of_the_old(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(sending("On Monday."))).external_ids
    changed = await channel.send(revised("On Tuesday.", ids))
    assert shown(server) == ["On Tuesday."]
    assert changed.external_ids == ids
    assert abs(changed.at - datetime.now(UTC)) < timedelta(seconds=5)
    assert len(server.sent) == 1


async def test_a_text_that_is_taken_back_is_gone(channel: DiscordChannel, server: DiscordServer) -> None:
    ids = (await channel.send(sending())).external_ids
    taken_back = await channel.send(revised("", ids))
    assert shown(server) == []
    assert taken_back.external_ids == ()
    assert abs(taken_back.at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_change_pings_nobody(channel: DiscordChannel, server: DiscordServer) -> None:
    ids = (await channel.send(sending("Hello", place="4001", thread="u:2001"))).external_ids
    await channel.send(revised("@everyone <@2002> we are open", ids, place="4001", thread="u:2001"))
    assert shown(server, "4001") == ["@everyone <@2002> we are open"]


@pytest.mark.parametrize(("route", "text"), [("edit", "On Tuesday."), ("delete", "")])
async def test_doing_it_again_after_a_cut_leaves_what_once_would_have_left(
    channel: DiscordChannel, server: DiscordServer, route: str, text: str
) -> None:
    ids = (await channel.send(sending())).external_ids
    server.faults.next(route, Cut.AFTER)
    with suppress(SendUnknown):  # the HTTP client repeats a deletion by itself
        await channel.send(revised(text, ids))
    assert shown(server) == ([text] if text else [])
    await channel.send(revised(text, ids, attempts=1))
    assert shown(server) == ([text] if text else [])
    assert len(server.sent) == 1


async def test_a_shorter_text_leaves_no_part_of_the_longer_one(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(sending(LONG))).external_ids
    assert len(ids) == len(shown(server)) > 2
    changed = await channel.send(revised("In short: no.", ids))
    assert shown(server) == ["In short: no."]
    assert changed.external_ids == ids[:1]
    changed = await channel.send(revised("In short: yes.", changed.external_ids))
    assert shown(server) == ["In short: yes."]


async def test_a_text_that_needs_more_messages_is_refused_in_words_and_changes_nothing(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(sending("In short."))).external_ids
    with pytest.raises(SendFailed, match="needs 3 messages and was sent as 1: shorten it"):
        await channel.send(revised(LONG, ids))
    assert shown(server) == ["In short."]


async def test_what_is_gone_cannot_be_edited_and_counts_as_deleted(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    [gone] = (await channel.send(sending())).external_ids
    server.world.messages["1001"].clear()
    with pytest.raises(SendFailed, match="the message is not there any more"):
        await channel.send(revised("On Tuesday.", (gone,)))
    await channel.send(revised("", (gone,)))


async def test_what_somebody_else_wrote_is_not_touched(channel: DiscordChannel, server: DiscordServer) -> None:
    said = server.says("2001", "4001", "Mine.")
    for text in ("Changed.", ""):
        with pytest.raises(SendFailed):
            await channel.send(revised(text, (said["id"],), place="4001", thread="u:2001"))
    assert shown(server, "4001") == ["Mine."]


@pytest.mark.parametrize("ids", [(), ("x",), ("1001/7",)], ids=str)
async def test_what_is_not_known_by_its_ids_is_refused(channel: DiscordChannel, ids: tuple[str, ...]) -> None:
    with pytest.raises(SendFailed, match="not known as which messages"):
        await channel.send(revised("On Tuesday.", ids))


async def test_in_a_room_that_the_bot_may_not_see_any_more_nothing_is_called_done(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(sending("Hello", place="4001", thread="u:2001"))).external_ids
    server.delete_channel("4001")
    for text in ("Changed.", ""):
        with pytest.raises(SendFailed, match="10003"):
            await channel.send(revised(text, ids, place="4001", thread="u:2001"))


async def test_a_change_that_got_stuck_half_way_is_never_called_undone(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(sending(LONG))).external_ids
    server.faults.next("delete", WELL)
    server.faults.next("delete", payloads.missing_permissions())
    with pytest.raises(SendUnknown, match="2 of 3 parts"):
        await channel.send(revised("In short: no.", ids))
    await channel.send(revised("In short: no.", ids, attempts=1))
    assert shown(server) == ["In short: no."]

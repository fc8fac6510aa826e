"""Replies with files, with the real library against the local Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.channels.discord.channel import DiscordChannel
from bot.domain.messages import MessageId
from bot.errors import SendFailed, SendUnknown
from bot.records import Enclosure, Sending
from tests.wire.discord import payloads
from tests.wire.discord.fakes import Heed, sending
from tests.wire.discord.faults import Cut
from tests.wire.discord.server import EVERYTHING_NEEDED, DiscordServer

LABEL = Enclosure(name="label.pdf", media_type="application/pdf", content=bytes(range(256)) * 4000)
PHOTO = Enclosure(name="box.png", media_type="image/png", content=b"PNG" + bytes(100))
LONG = " ".join(f"Sentence number {number} tells about plants." for number in range(120))


@pytest.fixture
async def channel(server: DiscordServer) -> AsyncIterator[DiscordChannel]:
    server.add_guild(permissions=EVERYTHING_NEEDED | payloads.ATTACH_FILES)
    server.add_channel("4001")
    server.dm()
    async with Heed(server).listening() as connected:
        yield connected


def with_files(*files: Enclosure, text: str = "Here it is.", **more: object) -> Sending:
    return replace(sending(text, **more), enclosures=files)


def revised(text: str, ids: tuple[str, ...]) -> Sending:
    made = sending(text)
    return replace(made, send=replace(made.send, revises=MessageId("s1")), revised_ids=ids)


def came(server: DiscordServer, room: str = "1001") -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Return what stands in a channel now: texts, each with its files."""
    contents = server.posts.files.contents
    return [
        (each["content"], [(file["filename"], contents[file["id"]]) for file in each["attachments"]])
        for each in server.world.messages[room]
    ]


BOTH = [(LABEL.name, LABEL.content), (PHOTO.name, PHOTO.content)]


async def test_files_come_with_the_text_byte_by_byte_in_one_message(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    sent = await channel.send(with_files(LABEL, PHOTO))
    assert came(server) == [("Here it is.", BOTH)]
    assert len(sent.external_ids) == 1


async def test_files_come_with_the_first_part_of_a_long_text(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    await channel.send(with_files(LABEL, text=LONG))
    assert [len(files) for _, files in came(server)] == [1, 0, 0]


async def test_files_may_come_alone(channel: DiscordChannel, server: DiscordServer) -> None:
    for _ in range(2):
        await channel.send(with_files(PHOTO, text=""))
    assert came(server) == [("", BOTH[1:])]
    assert server.sent[0].nonce


async def test_after_a_cut_the_message_that_came_is_found_by_its_files_even_when_its_key_is_forgotten(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    server.posts.nonce_lifetime = 0.0
    server.faults.next("send", Cut.AFTER)
    with pytest.raises(SendUnknown):
        await channel.send(with_files(LABEL, PHOTO, text=""))
    again = await channel.send(with_files(LABEL, PHOTO, text="", attempts=1))
    assert came(server) == [("", BOTH)]
    assert again.external_ids == (server.sent[0].message["id"],)


async def test_another_reply_with_the_same_text_and_other_files_is_not_taken_for_it(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    await channel.send(with_files(LABEL, key="a0"))
    channel._sender._sent.clear()  # as after a restart
    await channel.send(with_files(PHOTO, attempts=1))
    assert came(server) == [("Here it is.", BOTH[:1]), ("Here it is.", BOTH[1:])]


async def test_a_text_that_is_changed_keeps_its_files_and_taking_back_takes_all(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    ids = (await channel.send(with_files(LABEL, PHOTO))).external_ids
    await channel.send(revised("This is it.", ids))
    assert came(server) == [("This is it.", BOTH)]
    await channel.send(revised("", ids))
    assert came(server) == []


async def test_a_room_where_the_bot_may_send_no_files_says_so(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    server.add_guild("3002", permissions=EVERYTHING_NEEDED & ~payloads.ATTACH_FILES)
    server.add_channel("4002", guild_id="3002")
    with pytest.raises(SendFailed, match="may not send messages, or files, there"):
        await channel.send(with_files(LABEL, place="4002"))

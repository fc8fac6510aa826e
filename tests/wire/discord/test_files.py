"""What customers sent along, fetched for staff: Discord's own links end after about a day."""

from __future__ import annotations

import pytest

from bot.channels.discord import files
from bot.channels.discord.channel import DiscordChannel
from bot.errors import NotFound
from tests.wire.discord.fakes import Heed, until
from tests.wire.discord.payloads import attachment
from tests.wire.discord.server import DiscordServer


@pytest.fixture
def heed(server: DiscordServer) -> Heed:
    server.dm()
    return Heed(server)


async def sent(heed: Heed, channel: DiscordChannel, **fields: object) -> str:
    """Let a customer send a file; return by what it is fetched."""
    before = len(heed.intake.taken)
    heed.server.says("2001", "1001", "look", **fields)
    await until(lambda: len(heed.intake.taken) > before)
    found = heed.intake.taken[-1].attachments[-1]
    assert found.url == ""
    return found.reference


async def test_a_file_is_fetched_however_old_its_message_is(heed: Heed) -> None:
    async with heed.listening() as channel:
        reference = await sent(heed, channel, attachments=[heed.server.files.add("7005", "crack.png", b"\x89PNG")])
        for _ in range(2):  # each time by a link of its own
            assert await channel.fetch(reference) == b"\x89PNG"


async def test_a_file_that_was_passed_on_is_fetched_too(heed: Heed) -> None:
    passed_on = {"content": "", "attachments": [heed.server.files.add("7006", "bill.pdf", b"%PDF")]}
    forward = {
        "message_reference": {"type": 1, "channel_id": "4001", "message_id": "1"},
        "message_snapshots": [{"message": passed_on}],
    }
    async with heed.listening() as channel:
        assert await channel.fetch(await sent(heed, channel, **forward)) == b"%PDF"


async def test_what_is_gone_too_large_or_elsewhere_is_not_found_and_no_token_is_told(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    async with heed.listening() as channel:
        elsewhere = await sent(heed, channel, attachments=[attachment("elsewhere.png")])
        large = await sent(heed, channel, attachments=[heed.server.files.add("7007", "large.png", b"x" * 11)])
        where = large.rpartition("/")[0]
        for reference in (elsewhere, large, f"{where}/7999", "1001/1/7001", "1999/1/1", "x", ""):
            with pytest.raises(NotFound) as told:
                await channel.fetch(reference)
            assert heed.server.token not in repr(told.value)
            assert told.value.__cause__ is None
        del heed.server.files.contents["7007"]
        with pytest.raises(NotFound, match="does not give"):
            await channel.fetch(large)
    with pytest.raises(NotFound, match="not connected"):
        await channel.fetch(large)

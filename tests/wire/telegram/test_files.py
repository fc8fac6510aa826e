"""What customers sent along, fetched for staff."""

from __future__ import annotations

import pytest

from bot.errors import NotFound
from tests.wire.telegram.server import TOKEN, BotApiServer
from tests.wire.telegram.world import Side


async def test_a_file_is_fetched_by_the_id_that_its_message_brought(telegram: BotApiServer, heed: Side) -> None:
    telegram.files["photo-1"] = b"\x89PNG and more"
    assert await heed.channel.fetch("photo-1") == b"\x89PNG and more"


async def test_a_file_that_telegram_does_not_give_is_not_found_and_no_token_is_told(
    telegram: BotApiServer, heed: Side
) -> None:
    with pytest.raises(NotFound, match="does not give this file") as told:
        await heed.channel.fetch("gone")
    assert TOKEN not in repr(told.value)
    assert told.value.__cause__ is None

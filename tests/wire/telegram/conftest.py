"""What the wire tests of Telegram share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.wire.telegram.server import BotApiServer, bot_api_server
from tests.wire.telegram.world import Side


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with bot_api_server() as server:
        yield server


@pytest.fixture
async def heed(telegram: BotApiServer) -> Side:
    return Side(telegram)

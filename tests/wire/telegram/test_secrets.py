"""The token stands in every address of the Bot API, and nowhere else."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import traceback
from collections.abc import Iterator

import pytest
import structlog

from bot.channels.telegram.channel import TelegramChannel
from bot.domain.rooms import RoomRules
from bot.errors import HeedError, SettingsError
from bot.logs import set_up_logs
from tests.wire.telegram.faults import Cut, Garbage, Refuse
from tests.wire.telegram.server import TOKEN, BotApiServer
from tests.wire.telegram.world import HastyTime, Marks, Side, Words, sending, until

SECRET = TOKEN.partition(":")[2]
FAULTS = (Refuse(status=401), Refuse(status=404), Refuse(status=409), Refuse(status=429), Refuse(status=400))
ACCIDENTS = (Cut(after=False), Cut(after=True), Refuse(status=500), Garbage(), Garbage(body=b"[]"))


@pytest.fixture
def everything_logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Heed's own set-up of logs, with the root as talkative as it can be."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before, level, configured = logging.root.handlers[:], logging.root.level, structlog.get_config()
    set_up_logs("json", "debug")
    structlog.configure(cache_logger_on_first_use=False)  # other tests log elsewhere
    logging.root.setLevel(logging.DEBUG)
    yield stream
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    structlog.configure(**configured)


async def test_whatever_goes_wrong_the_token_is_in_no_log_no_board_and_no_error(
    telegram: BotApiServer, everything_logged: io.StringIO
) -> None:
    heed, told = Side(telegram), []
    telegram.fail("getUpdates", *FAULTS[1:], *ACCIDENTS)
    async with heed.listening():
        telegram.says("my secret words")
        await heed.stores("my secret words")
        telegram.push(message={"text": "my secret words", "chat": {}})
        await until(lambda: heed.channel.tally.unreadable)
    for fault in (*FAULTS, *ACCIDENTS):
        telegram.fail("sendMessage", fault)
        told.append(await failure(heed))
    told += [await failure(Side(telegram, api="http://127.0.0.1:9")), await failure(Side(telegram, api="bad://x"))]
    telegram.revoked = True
    async with heed.listening():
        await heed.tells("Telegram refuses the token")
    logged = everything_logged.getvalue()
    assert "telegram_call_failed" in logged
    for words in (logged, *told, *heed.board.told):
        assert SECRET not in words
        assert "my secret words" not in words


async def failure(heed: Side) -> str:
    """Return all that an error of a send says, with everything that it hangs on."""
    try:
        await heed.channel.send(sending("my secret words"))
    except HeedError as error:
        return repr(error) + "".join(traceback.format_exception_only(error))
    raise AssertionError("it was sent")


@pytest.mark.parametrize("token", ["nonsense", "4242", "4242:", "4242:a\nb", "../x:yyyy", "4242:Ünicode"])
async def test_what_is_no_token_is_refused_at_once_and_not_shown(token: str) -> None:
    with pytest.raises(SettingsError) as refused:
        TelegramChannel(token=token, rules=RoomRules(), time=HastyTime(), marks=Marks(), board=Words())
    assert token not in str(refused.value)


async def test_it_ends_wherever_it_is_cancelled(telegram: BotApiServer) -> None:
    heed = Side(telegram)
    for pauses in range(60):
        telegram.says("Hello")
        listening = asyncio.create_task(heed.channel.listen(heed.intake))
        for _ in range(pauses):
            await asyncio.sleep(0)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening

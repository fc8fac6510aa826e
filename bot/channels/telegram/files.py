"""Files that customers sent, fetched for staff: Telegram's own address of a file holds the token."""

from __future__ import annotations

from telegram.error import TelegramError

from bot.channels.telegram.api import BotApi
from bot.errors import NotFound

#: Telegram gives bots no file that is larger, in bytes.
LARGEST = 20 * 1024 * 1024


async def fetch(api: BotApi, reference: str) -> bytes:
    """Return a file by the id that its message brought. Raises NotFound where Telegram does not give it."""
    try:
        async with api.open() as bot:
            file = await bot.get_file(reference)
            return bytes(await file.download_as_bytearray())
    except TelegramError:
        size = f"{LARGEST // 1024**2} MB"
        raise NotFound(f"Telegram does not give this file now: it is older, or larger than {size}.") from None

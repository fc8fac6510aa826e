"""Files that customers sent, fetched for staff: Discord's own link to a file ends after about a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import discord
import yarl

from bot.channels.discord.places import is_id
from bot.errors import NotFound

#: Heed opens no file that is larger, in bytes.
LARGEST = 25 * 1024 * 1024
_PATIENCE = aiohttp.ClientTimeout(total=60)
_CHUNK = 1 << 16
#: Where Discord keeps files.
_HOSTS = frozenset({yarl.URL("https://cdn.discordapp.com"), yarl.URL("https://media.discordapp.net")})


async def fetch(client: discord.Client, reference: str, *, api: str) -> bytes:
    """Return a file by its channel, message and own id. Raises NotFound where Discord does not give it."""
    try:
        return await download(await _link(client, reference), api=api, largest=LARGEST)
    except (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError, ValueError):
        raise NotFound(
            f"Discord does not give this file now: it was deleted, or is larger than {LARGEST // 1024**2} MB."
        ) from None


async def _link(client: discord.Client, reference: str) -> str:
    """Return the link under which Discord gives a file today."""
    ids = reference.split("/")
    if len(ids) != 3 or not all(is_id(each) for each in ids):
        raise NotFound("This file has no address on Discord.")
    channel, message, file = ids
    found = await client.http.get_message(int(channel), int(message))
    for attachment in _attachments(found):
        if attachment.get("id") == file:
            return str(attachment.get("url"))
    raise NotFound("This file is no longer in its message on Discord.")


def _attachments(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the files of a message, those of what it passes on included."""
    passed_on = [each.get("message") or {} for each in message.get("message_snapshots") or ()]
    for said in (message, *passed_on):
        yield from said.get("attachments") or ()


async def download(link: str, *, api: str, largest: int) -> bytes:
    """Return what stands behind a link of Discord's own, or of the proxy before it; it leads nowhere else.

    Raises NotFound, or what the network raises.
    """
    url = yarl.URL(link)
    if not url.is_absolute() or url.origin() not in {*_HOSTS, yarl.URL(api).origin()}:
        raise NotFound("This file does not lie on Discord.")
    async with (
        aiohttp.ClientSession(timeout=_PATIENCE) as session,
        session.get(url, allow_redirects=False, raise_for_status=True) as response,
    ):
        if response.status != 200:
            raise NotFound("This file does not lie where Discord says.")
        content = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > largest:
                raise NotFound(f"This file is larger than {largest // 1024**2} MB.")
        return bytes(content)

"""Files that staff attach to a reply in Discord: fetched whole before anything is sent, or nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.desk.discord.inputs import File
from bot.desk.discord.line import Line, Refused, Unreached
from bot.desk.enclosing import LARGEST_FILE, LARGEST_TOGETHER, MOST_FILES, UNKNOWN
from bot.errors import BadMessage
from bot.records import Enclosure

_MB = 1024 * 1024

#: Replies whose files are fetched at a time: what is fetched lies in memory.
AT_ONCE = 4


class Files:
    """Brings files from Discord to the counter."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._room = asyncio.Semaphore(AT_ONCE)

    async def bring(self, files: Sequence[File]) -> tuple[Enclosure, ...]:
        """Return these files. Raises BadMessage, a sentence for whoever attached them, if one cannot be had."""
        _weigh(files)
        async with self._room:
            return tuple([await self._one(each) for each in files])

    async def _one(self, file: File) -> Enclosure:
        try:
            content = await self._line.download(file.url, largest=LARGEST_FILE)
        except Refused as refused:
            raise BadMessage(f"Discord does not give {file.name!r} ({refused.status}): attach it again.") from None
        except Unreached:
            raise BadMessage(f"{file.name!r} cannot be fetched from Discord now: try again in a minute.") from None
        return Enclosure(name=file.name, media_type=file.media_type or UNKNOWN, content=content)


def _weigh(files: Sequence[File]) -> None:
    """Refuse what is too much before any of it is fetched, as far as Discord tells."""
    if len(files) > MOST_FILES:
        raise BadMessage(f"{len(files)} files are too many: send at most {MOST_FILES} with one reply.")
    large = next((each for each in files if each.size > LARGEST_FILE), None)
    if large is not None:
        raise BadMessage(f"{large.name!r} has {large.size / _MB:.1f} MB; {LARGEST_FILE // _MB} MB is the most.")
    if sum(each.size for each in files) > LARGEST_TOGETHER:
        raise BadMessage(f"The files have more than {LARGEST_TOGETHER // _MB} MB together, which is the most.")

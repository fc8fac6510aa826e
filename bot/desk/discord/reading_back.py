"""What staff wrote in threads while nobody heard it, read back in its order. A text counts once, by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.desk.discord.asking import HearingStore
from bot.desk.discord.inputs import Heard, read
from bot.desk.discord.line import Line, Payload, Refused, Unreached
from bot.desk.discord.standing import DESK

log = structlog.get_logger(__name__)

#: How many messages a page has; Discord gives no more.
PAGE = 100

#: How many pages are read back at most: more than this is a talk that nobody wants as notes.
MOST_PAGES = 20

_MARK = "desk:discord:heard:"


class ReadingBack:
    """Knows how far each thread was heard. Its methods are called from the thread's own lane, but for ``miss``."""

    def __init__(
        self, *, line: Line, store: HearingStore, rooms: frozenset[str], act: Callable[[Heard], Awaitable[None]]
    ) -> None:
        self._line = line
        self._store = store
        self._rooms = rooms
        self._act = act
        self._behind: set[str] = set()

    def miss(self, place: str) -> None:
        """Note that something was not heard in a place."""
        self._behind.add(place)

    def behind(self, threads: object) -> list[str]:
        """Note which threads of staff's channels may hold something unheard, and return them."""
        found = [each for each in threads if isinstance(each, dict)] if isinstance(threads, list) else []
        here = [each for each in found if str(each.get("parent_id")) in self._rooms]
        ids = [str(each.get("id")) for each in here if each.get("last_message_id")]
        self._behind.update(ids)
        return ids

    def is_behind(self, place: str) -> bool:
        """Tell whether something may have been written in a place and not been heard."""
        return place in self._behind

    async def closed(self, room: str) -> list[str]:
        """Note which of a channel's closed threads may hold something unheard, and return them.

        Of the hundred that were closed last those in which something was written since they were last heard.
        """
        try:
            found = await self._line.request("GET", f"/channels/{room}/threads/archived/public?limit={PAGE}")
        except (Refused, Unreached) as error:
            log.warning("discord_closed_threads_not_looked_at", room=room, error=str(error))
            return []
        threads = found.get("threads") if isinstance(found, dict) else None
        marks = await self._store.bookmarks(_MARK)
        return self.behind([each for each in threads or () if _newer(each, marks)])

    async def catch_up(self, thread: str) -> None:
        """Act on what was written in a thread since it was last heard; what fails is tried at the next text."""
        if await self._store.posted(DESK, thread) is None:
            self._behind.add(thread)  # perhaps it has just been opened, and nobody knows yet for whom
            return
        if thread not in self._behind:
            return
        try:
            await self._read(thread)
        except (Refused, Unreached) as error:
            log.warning("discord_thread_not_read_back", error=str(error))
            if isinstance(error, Unreached):
                return
        self._behind.discard(thread)

    async def mark(self, thread: str, message: str) -> None:
        """Note that a thread was heard up to here, unless something before it is still missing."""
        if thread in self._behind or await self._store.posted(DESK, thread) is None:
            return
        await self._store.keep_bookmarks({_MARK + thread: message})

    async def _read(self, thread: str) -> None:
        marks = await self._store.bookmarks(_MARK + thread)
        after = marks.get(_MARK + thread, thread)
        for _ in range(MOST_PAGES):
            path = f"/channels/{thread}/messages?limit={PAGE}&after={after}"
            page = _sorted(await self._line.request("GET", path))
            for payload in page:
                heard = read("MESSAGE_CREATE", payload, me=self._line.me)
                if heard is not None and heard.place == thread:
                    await self._act(heard)
            if page:
                after = str(page[-1]["id"])
                await self._store.keep_bookmarks({_MARK + thread: after})
            if len(page) < PAGE:
                return


def _newer(thread: object, marks: Mapping[str, str]) -> bool:
    """Tell whether the last message of a thread came after it was last heard."""
    told = thread if isinstance(thread, dict) else {}
    last, heard = str(told.get("last_message_id")), marks.get(f"{_MARK}{told.get('id')}", str(told.get("id")))
    return last.isdigit() and heard.isdigit() and int(last) > int(heard)


def _sorted(page: object) -> list[Payload]:
    """Return a page's messages, oldest first; Discord gives the newest first."""
    found = (
        [each for each in page if isinstance(each, dict) and str(each.get("id")).isdigit()]
        if isinstance(page, list)
        else []
    )
    return sorted(found, key=lambda each: int(each["id"]))

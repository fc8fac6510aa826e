"""Groups that became supergroups: a conversation begun in one goes on under its new id."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.channels.telegram.parse import known_as
from bot.ports import Bookmarks

log = structlog.get_logger(__name__)


class Moves:
    """Remembers each move durably: addresses keep the id under which Heed has known a group first."""

    def __init__(self, *, marks: Bookmarks, account: str) -> None:
        self._marks = marks
        self._prefix = f"telegram:{account}:moved:"
        self._moved: dict[str, str] = {}

    @property
    def moved(self) -> Mapping[str, str]:
        """Return by each new id the old one."""
        return self._moved

    async def load(self) -> None:
        """Read what was kept. Raises StoreError."""
        kept = await self._marks.bookmarks(self._prefix)
        self._moved.update({name.removeprefix(self._prefix): old for name, old in kept.items()})

    async def keep(self, *, new: str, old: str) -> None:
        """Keep a move, durably before it returns. Raises StoreError."""
        if self._moved.get(new) == old or known_as(old, self._moved) == new:
            return
        await self._marks.keep_bookmarks({self._prefix + new: old})
        self._moved[new] = old
        log.info("telegram_group_moved", old=old, new=new)

    def now_at(self, place: str) -> str:
        """Return the id under which a group is reached now."""
        onwards = {old: new for new, old in self._moved.items()}
        seen = {place}
        while (later := onwards.get(place)) is not None and later not in seen:
            seen.add(later)
            place = later
        return place

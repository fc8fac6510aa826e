"""Fetching answers, with long polling. Being handed out confirms them; the same cursor gives them again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.api.answers import answer_of
from bot.channels.api.bodies import Answers
from bot.domain.log import LogKind
from bot.ports import EventLog, Feed, TimeSource
from bot.records import Sending

#: How many log records are looked through at a time while a request waits.
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFeed:
    """Answers of one channel behind a cursor, at once or as soon as there is one. ``ended``: nobody waits on."""

    feed: Feed
    log: EventLog
    time: TimeSource
    ended: asyncio.Event

    async def fetch(self, channel: str, *, after: int, limit: int, wait: timedelta) -> Answers:
        """Return answers, waiting up to ``wait`` for the first; none is not an error."""
        until = self.time.now() + wait
        seen = await self.log.last() if wait else 0
        found = await self.feed.fetch(channel, after=after, limit=limit)
        while not found and self._may_wait(until):
            seen = await self._next_send(seen, until)
            found = await self.feed.fetch(channel, after=after, limit=limit)
        return _answers(found, after)

    async def _next_send(self, seen: int, until: datetime) -> int:
        """Return the cursor behind the next record that may mean a new answer, or when the wait is over."""
        while self._may_wait(until):
            await self._news(seen, until)
            records = await self.log.changes(seen, _PAGE)
            seen = records[-1].seq if records else seen
            if any(record.kind == LogKind.SEND_QUEUED for record in records):
                break
        return seen

    def _may_wait(self, until: datetime) -> bool:
        return self.time.now() < until and not self.ended.is_set()

    async def _news(self, seen: int, until: datetime) -> None:
        """Return once there is a record behind ``seen``, at ``until``, or when Heed ends."""
        news = asyncio.ensure_future(self.log.wait(seen, until))
        ended = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({news, ended}, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                news.result()
        finally:
            news.cancel()
            ended.cancel()
            await asyncio.gather(news, ended, return_exceptions=True)


def _answers(found: Sequence[Sending], after: int) -> Answers:
    last = found[-1].seq if found else after
    return Answers(answers=[answer_of(sending) for sending in found], cursor=str(last))

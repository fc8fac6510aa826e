"""One connection's life: events in, arrivals out, and what was missed fetched in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from bot.channels.clock_watch import sentence
from bot.channels.discord.backfill import BackFill
from bot.channels.discord.client import GatewayClient
from bot.channels.discord.hearing import Hearing
from bot.channels.discord.incoming import Event, Incoming
from bot.channels.discord.keys import written_at
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.parse import content_withheld, parse
from bot.channels.discord.places import Places
from bot.channels.discord.reading import Reading
from bot.channels.text import shortened
from bot.domain.rooms import RoomRules
from bot.errors import BadMessage, Overloaded, StoreError
from bot.ports import Board, Bookmarks, Intake, TimeSource
from bot.records import Arrival

log = structlog.get_logger(__name__)

#: Events handed to intake at a time.
_BATCH = 100
_AGAIN = timedelta(seconds=1)
_STORE_EVERY = timedelta(seconds=5)
_SERVERS_WITHIN = timedelta(seconds=10)


class Listener:
    """Listens on one client until it ends.

    ``ready`` is told once texts can be sent; ``unreadable`` goes on counting the messages that could not be read.
    """

    def __init__(
        self,
        *,
        gateway: str,
        rules: RoomRules,
        time: TimeSource,
        marks: Bookmarks,
        board: Board,
        intake: Intake,
        ready: Callable[[GatewayClient], None],
        desk: ChannelLine,
        unreadable: int = 0,
    ) -> None:
        self.places = Places(staff=desk.is_staffs)
        self.incoming = Incoming()
        self.hearing = Hearing(
            places=self.places, incoming=self.incoming, rules=rules, time=time, board=board, desk=desk
        )
        self.client = GatewayClient(heard=self.hearing.hear, lost=self.hearing.lose, gateway=gateway)
        self.unreadable = unreadable
        self._ready = ready
        self._rules = rules
        self._time = time
        self._marks = marks
        self._board = board
        self._intake = intake
        self._desk = desk

    async def run(self, token: str) -> None:
        """Log in, connect and hand on all that is written until the connection ends for good. Raises its error."""
        await self.client.login(token)
        self.places.me = str(self.client.user.id) if self.client.user is not None else ""
        self._reading = Reading(self._marks, self.places.me)
        self._ready(self.client)
        await self._load()
        self._back_fill = BackFill(
            client=self.client,
            places=self.places,
            reading=self._reading,
            rules=self._rules,
            take=self._take,
            hand_on=self._live,
            settled=self.hearing.look_for_rooms,
            time=self._time,
            board=self._board,
        )
        try:
            await self._connected()
        finally:
            await self._reading.store()

    async def _load(self) -> None:
        while True:
            try:
                return await self._reading.load(self._time.now())
            except StoreError as error:
                log.warning("bookmarks_not_read", channel="discord", why=str(error))
                await self._pause(_AGAIN)

    async def _connected(self) -> None:
        """Keep the connection, and all that goes on beside it; everything ends when the connection does."""
        async with asyncio.TaskGroup() as group:
            works = (self._pump(), self._keep_bookmarks(), self._look_around(), self._back_fill.keep_up())
            beside = [group.create_task(work) for work in works]
            try:
                await self.client.connect(reconnect=True)
            finally:
                for task in beside:
                    task.cancel()

    async def _keep_bookmarks(self) -> None:
        while True:
            await self._pause(_STORE_EVERY)
            await self._reading.store()
            self.hearing.look_for_outage()

    async def _look_around(self) -> None:
        """Look at the places of which a new session does not tell, once all its servers have told of theirs."""
        while True:
            await self.hearing.begun.wait()
            self.hearing.begun.clear()
            await self._time.wait(self.hearing.complete, self._time.now() + _SERVERS_WITHIN)
            self.hearing.complete.set()  # one that tells of itself later is looked at then
            self._back_fill.look_around()

    async def _pump(self) -> None:
        """Hand on what comes in live; what is said in a channel that is fetched first waits for that alone."""
        while True:
            batch = await self.incoming.take(_BATCH)
            if not batch:
                self._back_fill.missed()
            self._watch_clock(batch)
            await self._live([event for event in batch if not self._back_fill.waits(event)])
            if self._reading.has_begun:  # only its bookmark tells of a private chat: Discord does not
                await self._reading.store()

    async def _live(self, events: Sequence[Event]) -> None:
        await self._take(events)
        for event in events:
            if event.message and event.channel:
                self._reading.move(event.channel, event.message)

    async def _take(self, events: Sequence[Event]) -> None:
        """Hand events to intake as one list; return once it has them, or once no repetition would help."""
        arrivals = [arrival for event in events for arrival in self._parsed(event)]
        if not arrivals:
            return
        try:
            await self._until_taken(arrivals)
        except Exception:  # a defect: one of them may be at fault, and the others are not
            log.exception("discord_intake_defect", messages=len(arrivals))
            await self._one_by_one(arrivals)

    async def _until_taken(self, arrivals: Sequence[Arrival]) -> None:
        """Try again for as long as the store cannot take them: the gateway would not bring them twice."""
        while True:
            try:
                await self._intake(arrivals)
            except (Overloaded, StoreError) as error:
                log.warning("discord_waits", messages=len(arrivals), why=str(error))
                await self._pause(_AGAIN)
            else:
                return

    async def _one_by_one(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            try:
                await self._until_taken([arrival])
            except Exception:
                self._count(arrival.room, arrival.external_id, "intake refused it")
                log.exception("discord_intake_defect", message=arrival.external_id)

    def _parsed(self, event: Event) -> list[Arrival]:
        """Return what an event tells; one that cannot be read is counted and stops nothing.

        What was said in a thread that turned out to be staff's own, or was fetched there, is no customer's.
        """
        if self.places.is_staffs(event.channel):
            self._desk.tell(event.name, event.payload)
            return []
        try:
            self._watch_content(event)
            return parse(
                event.name,
                event.payload,
                me=self.places.me,
                places=self.places,
                rules=self._rules,
                arrived_at=event.arrived_at,
            )
        except BadMessage as problem:
            self._count(event.channel, event.payload.get("id"), str(problem))
        except Exception:
            self._count(event.channel, event.payload.get("id"), "a defect of Heed, see the log")
            log.exception("discord_parse_defect", name=event.name)
        return []

    def _count(self, place: str, message: object, why: str) -> None:
        self.unreadable += 1
        log.warning("message_unreadable", channel="discord", place=place, id=shortened(message), why=why[:300])
        self._board.tell(
            "discord unreadable",
            f"Discord: {self.unreadable} messages could not be read; the log tells which and why",
        )

    def _watch_content(self, event: Event) -> None:
        """Tell of the missing intent, which shows in messages without any content."""
        withheld = content_withheld(event.payload, self.places.me) if event.message else None
        if withheld:
            self._board.tell("discord content", NO_CONTENT)
        elif withheld is False:
            self._board.clear("discord content")

    def _watch_clock(self, batch: Sequence[Event]) -> None:
        """Compare when messages were written, by their ids, with when they came."""
        news = [event for event in batch if event.message and event.live]
        if not news:
            return
        late = min(event.arrived_at - written_at(event.message) for event in news)
        told = sentence("Discord", -late) or (_LATE.format(late.total_seconds()) if late > _LATEST else None)
        if told is None:
            self._board.clear("discord clock")
        else:
            self._board.tell("discord clock", told)

    async def _pause(self, duration: timedelta) -> None:
        await self._time.wait(asyncio.Event(), self._time.now() + duration)


#: What Discord brings as it happens comes within a second; this much later something is wrong.
_LATEST = timedelta(seconds=30)
_LATE = (
    "Discord's messages come {:.0f} s after they are dated: this machine's clock is fast, or Discord is slow now. "
    "Set the clock by a time server (NTP); until then response times are wrong by as much"
)

NO_CONTENT = (
    "Discord withholds what people write in rooms. Switch on 'Message Content Intent' on the application's page "
    "'Bot' at https://discord.com/developers/applications and start Heed again"
)

"""Fetches what was written while Heed was away or could not keep up, beside what comes in live."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import aiohttp
import discord
import structlog

from bot.channels.discord.gaps import Gaps, topic
from bot.channels.discord.history import PAGE, History
from bot.channels.discord.incoming import Event
from bot.channels.discord.places import Places
from bot.channels.discord.reading import Reading
from bot.channels.discord.waiting import Waiting
from bot.domain.rooms import RoomRules
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

#: Requests side by side; the library keeps Discord's own limits besides.
_AT_ONCE = 3
#: No live message waits longer than this for what was written before it.
_BUDGET = timedelta(minutes=1)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)

OUTAGES = (discord.DiscordServerError, OSError, aiohttp.ClientError, TimeoutError)
#: How ``/ops`` is told that nothing can be fetched at all.
_TOPIC = "discord back-fill"

Take = Callable[[Sequence[Event]], Awaitable[None]]
Work = Callable[[], Awaitable[None]]


class BackFill:
    """Reads on from the bookmarks, oldest first, in runs that end.

    Only what is said in a channel that is being fetched waits for it. An outage ends a run: all that was not
    fetched is held then, what is said there goes on at once, and the next run begins after a pause that grows.

    ``take`` returns once intake has a page, ``hand_on`` once it has what came in live; ``settled`` is called when
    nothing is left to look at in a session.
    """

    def __init__(
        self,
        *,
        client: discord.Client,
        places: Places,
        reading: Reading,
        rules: RoomRules,
        take: Take,
        hand_on: Take,
        settled: Callable[[], None],
        time: TimeSource,
        board: Board,
    ) -> None:
        self._places = places
        self._reading = reading
        self._rules = rules
        self._take = take
        self._hand_on = hand_on
        self._settled = settled
        self._time = time
        self._history = History(client=client, places=places, time=time)
        self._board = board
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._session = places.session
        self._wanted: dict[str, None] = {}
        self._gaps = Gaps(client=client, places=places, reading=reading, rules=rules, board=board)
        self._looks: deque[tuple[str, str]] = deque()
        self._looks_again: list[tuple[str, str]] = []
        self._looked: set[tuple[str, str]] = set()
        self._around = False
        self._failed: dict[str, None] = {}
        self._leaving: set[str] = set()
        self._over = False
        self._why = ""
        self._out = False
        self._pause = _FIRST_PAUSE

    # --- what the pump asks -----------------------------------------------------------------------------------

    def missed(self) -> None:
        """Look at what Discord has told of since the last time: what is not read yet is fetched now."""
        if self._places.session != self._session:
            self._begin_session()
        due = [channel for channel in self._places.take_news() if self._gaps.is_due(channel)]
        for channel in due:
            self._want(channel)
        log.info("discord_back_fill", channels=len(due))

    def waits(self, event: Event) -> bool:
        """Keep a live event whose channel is fetched first; False: it may go on at once.

        Of a place of which Discord has not told in this session, nobody knows what was written there before.
        """
        channel = event.channel
        known = channel in self._places.told or channel in self._reading.held or channel in self._waiting
        if event.message and channel and not known:
            self._gaps.meet(channel, event.message)
            self._want(channel)
        return self._waiting.keep(event)

    def look_around(self) -> None:
        """Look at the places of which Discord does not tell by itself: private chats and archived threads.

        The latest first, whenever nothing else is to be fetched.
        """
        if self._places.session != self._session:
            self._begin_session()
        for room in self._rules.rooms:
            self._gaps.may_read(room)
        chats = sorted(self._reading.channels(), key=lambda each: self._reading.get(each) or 0, reverse=True)
        looks = [("place", each) for each in (*self._rules.rooms, *chats) if each not in self._places.told]
        if self._reading.floor:
            looks += [("threads", each) for each in self._places.with_threads() if self._gaps.may_read(each)]
        self._looks += [look for look in dict.fromkeys(looks) if look not in self._looked]
        self._looked.update(looks)
        self._around = True
        self._wake.set()

    async def keep_up(self) -> None:
        """Fetch whatever is to be fetched, until cancelled."""
        while True:
            more = self._wanted or self._looks or self._looks_again or self._reading.held
            await self._time.wait(self._wake, self._time.now() + self._pause if more else None)
            self._wake.clear()
            try:
                await self._run()
            except Exception:  # a defect of ours: what comes in live is heard all the same
                log.exception("discord_back_fill_defect")
                await self._give_up(self._waiting.channels())
                self._pause = self._longer
            await self._reading.store()  # however soon Heed is killed: it knows from where to read on

    # --- what is to be fetched --------------------------------------------------------------------------------

    def _begin_session(self) -> None:
        self._session = self._places.session
        self._looks.clear()
        self._looks_again.clear()
        self._looked.clear()
        self._around = False
        self._reading.settled = False
        self._out = False
        self._pause = _FIRST_PAUSE
        self._wake.set()

    def _want(self, channel: str) -> None:
        if self._out:  # tried again with all others, once the pause is over
            self._hold(channel)
            return
        self._wanted[channel] = None
        self._waiting.begin(channel)
        self._wake.set()

    def _hold(self, channel: str) -> None:
        """Leave a channel for a later run: its bookmark stays before the gap."""
        self._gaps.start(channel)
        self._reading.held.add(channel)

    # --- one run ----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        self._over, self._why, self._out = False, "", False
        held = self._reading.held - self._failed.keys()
        again = deque([*held, *(each for each in self._failed if each in self._reading.held)])
        self._failed = dict.fromkeys(each for each in self._failed if each in self._reading.held)
        self._looks += self._looks_again
        self._looks_again.clear()
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._within_budget(done))
            async with asyncio.TaskGroup() as workers:
                for _ in range(_AT_ONCE):
                    workers.create_task(self._work(again))
            done.set()
        await self._end()

    async def _within_budget(self, done: asyncio.Event) -> None:
        """End a run that takes too long: no live message waits for it any longer.

        What is asked for already is awaited: interrupted while it keeps a limit on all requests, the library would
        keep it for ever.
        """
        await self._time.wait(done, self._time.now() + _BUDGET)
        if not done.is_set():
            self._over = True
            await self._give_up(self._waiting.channels())

    async def _work(self, again: deque[str]) -> None:
        while (work := self._next(again)) is not None:
            await work()

    def _next(self, again: deque[str]) -> Work | None:
        """Return what comes first: what live messages wait for, then looking around, then what failed before."""
        if self._over:
            return None
        if self._wanted:
            channel = next(iter(self._wanted))
            del self._wanted[channel]
            return partial(self._fetch, channel)
        if self._looks:
            return partial(self._look, self._looks.popleft())
        while again:
            channel = again.popleft()
            if channel in self._reading.held and channel not in self._waiting:
                self._waiting.begin(channel)
                return partial(self._fetch, channel)
        return None

    async def _end(self) -> None:
        """See how a run went, and when the next one is due."""
        self._out = bool(self._why)
        if self._over:
            await self._give_up(self._waiting.channels())
        if self._out:
            self._board.tell(
                _TOPIC,
                f"Discord: what was missed cannot be fetched now ({self._why}). What comes in is heard all the "
                "same, and Heed tries again by itself",
            )
        else:
            self._board.clear(_TOPIC)
        self._pause = self._longer if self._failed or self._looks_again else _FIRST_PAUSE
        if self._around and not (self._looks or self._looks_again or self._reading.settled):
            self._reading.settled = True
            self._settled()

    @property
    def _longer(self) -> timedelta:
        return min(self._pause * 2, _LONGEST_PAUSE)

    async def _give_up(self, channels: Sequence[str]) -> None:
        """Leave channels for a later run, and let go on what was said there meanwhile."""
        for channel in channels:
            self._wanted.pop(channel, None)
            self._hold(channel)
            await self._let_go(channel)

    # --- one channel ------------------------------------------------------------------------------------------

    async def _fetch(self, channel: str) -> None:
        """Read a page of one channel; the rest comes after the others.

        Whatever goes wrong concerns this channel alone, but for an outage, which ends the run.
        """
        session = self._places.session
        try:
            last = await self._page(channel)
        except discord.NotFound:
            self._reading.forget(channel)
            self._places.forget(channel)
        except discord.Forbidden:
            self._refused(channel)
        except Exception as error:  # noqa: BLE001 - the bookmark stays where it is, so nothing is lost
            self._fail(channel, error)
        else:
            self._board.clear(topic(channel))
            if last:
                self._caught_up(channel, session)
            elif self._over:
                self._hold(channel)
            else:
                self._wanted[channel] = None
                return
        await self._let_go(channel)

    async def _page(self, channel: str) -> bool:
        """Hand on a page of what is missing; return whether it was the last one."""
        if self._places.get(channel) is None:
            await self._history.learn(channel)
        page = await self._history.page(channel, after=self._gaps.start(channel))
        if page:
            await self._take(page)
            self._reading.move(channel, page[-1].message, fetched=True)
        return len(page) < PAGE

    def _caught_up(self, channel: str, session: int) -> None:
        self._failed.pop(channel, None)
        self._reading.held.discard(channel)
        if session == self._places.session:
            self._places.told.add(channel)

    def _refused(self, channel: str) -> None:
        self._caught_up(channel, self._places.session)
        self._board.tell(
            topic(channel),
            f"Discord does not let the bot read {self._places.name(channel)}: what was written there "
            "meanwhile is not known. Give its role 'View Channel' and 'Read Message History' there",
        )

    def _fail(self, channel: str, error: Exception) -> None:
        """Hold a channel that cannot be read now. It comes last in the next run, so that it stops no other."""
        self._hold(channel)
        self._failed.pop(channel, None)
        self._failed[channel] = None
        log.warning("discord_not_fetched", place=channel, error=type(error).__name__)
        if self._is_outage(error):
            return
        if not isinstance(error, discord.DiscordException):
            log.exception("discord_back_fill_defect", place=channel)
        self._board.tell(
            topic(channel),
            f"Discord: what was missed in {self._places.name(channel)} cannot be fetched now "
            f"({type(error).__name__}); Heed tries again",
        )

    def _is_outage(self, error: Exception) -> bool:
        """Tell whether all channels are concerned; then the run is over."""
        barred = isinstance(error, discord.HTTPException) and error.status == 429
        if not barred and not isinstance(error, OUTAGES):
            return False
        self._over, self._why = True, type(error).__name__
        return True

    async def _let_go(self, channel: str) -> None:
        """Hand on what was said in a channel meanwhile, in order, and all that comes from now on at once."""
        if channel in self._leaving:
            return
        self._leaving.add(channel)
        try:
            while events := self._waiting.take(channel, PAGE):
                await self._hand_on(events)
            if not self._waiting.end(channel):
                self._want_the_rest(channel)
        finally:
            self._leaving.discard(channel)

    def _want_the_rest(self, channel: str) -> None:
        """Fetch what did not find room while it waited."""
        if channel in self._reading.held:
            self._waiting.end(channel)
        else:
            self._want(channel)

    # --- places of which Discord does not tell ----------------------------------------------------------------

    async def _look(self, look: tuple[str, str]) -> None:
        kind, channel = look
        try:
            await (self._look_at(channel) if kind == "place" else self._find_archived(channel))
        except (*OUTAGES, discord.DiscordException) as error:
            log.warning("discord_not_looked_at", place=channel, error=type(error).__name__)
            self._looks_again.append(look)
            self._is_outage(error)
        except Exception:  # an answer that is not as documented: it would not be another time
            log.exception("discord_back_fill_defect", place=channel)

    async def _look_at(self, channel: str) -> None:
        """Ask how far a place has come; one that is gone is let go."""
        if channel in self._places.told:
            return
        session = self._places.session
        try:
            await self._history.see(channel)
        except (discord.NotFound, discord.Forbidden):
            self._reading.forget(channel)
            return
        if self._gaps.is_due(channel):
            self._want(channel)
        elif session == self._places.session:
            self._places.told.add(channel)

    async def _find_archived(self, channel: str) -> None:
        """Find threads in which something was written meanwhile and which were archived before Heed came back."""
        for thread in await self._history.archived(channel, after=self._reading.floor):
            if thread not in self._places.told and self._gaps.is_due(thread):
                self._want(thread)

"""Discord and Telegram at their limits and beyond: what leaves, what waits, who is held up, and what is lost.

The real engine, store, channels and model in this process, against the local servers of the wire tests, which hold
Heed to the platforms' limits. Every message comes from another customer, so that each one wants an answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from bot.engine.board import NoticeBoard
from bot.engine.time import SystemTime
from bot.platforms import discord_channel, telegram_channel
from bot.ports import Channel
from bot.settings import Environment, Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import join, load_assessor
from tests.channels.telegram.payloads import BOT, mark, supergroup, user
from tests.wire.discord.limits import REAL_GLOBAL, REAL_RULES
from tests.wire.discord.server import NAMED, DiscordServer, discord_server
from tests.wire.telegram.server import ONE_GROUP, OVERALL, TOKEN, BotApiServer, bot_api_server

#: Covered word for word by a sample template, so that one message means one answer.
QUESTION = "How much is delivery?"

#: A text that has waited for longer brings a human in; short here, so that a run of seconds shows it.
SEND_WITHIN_SECONDS = 10.0

#: How long the end may take: a room's backlog goes on leaving at the room's own pace.
DRAIN_SECONDS = 45.0

SAMPLE_EVERY = 0.25
ROOM = -1001234567890

T = TypeVar("T")


class Arrived(list[T]):
    """What has reached the platform, each with the moment at which it did."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def append(self, item: T, /) -> None:
        """Take one and note when."""
        self.at.append(time.perf_counter())
        super().append(item)


class Place(Protocol):
    """One platform. ``overall`` and ``in_room`` are the texts a second that it takes from a bot."""

    name: str
    overall: float
    in_room: float

    def settings(self) -> dict[str, Any]:
        """Return what config.yaml says of it."""
        ...

    def ask(self, who: int, *, in_room: bool) -> str:
        """Let somebody ask, and return a name by which the answer is known."""
        ...

    def answers(self) -> list[tuple[str, float]]:
        """Return which question each text answers and when it came."""
        ...

    def refused(self) -> int:
        """Return how many requests met a 429."""
        ...

    async def connected(self) -> None:
        """Return once the bot listens."""
        ...


class OnDiscord:
    """The local Discord with its real limits."""

    name = "Discord"
    overall = REAL_GLOBAL.count / REAL_GLOBAL.per
    in_room = REAL_RULES["send"].count / REAL_RULES["send"].per

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._arrived: Arrived[Any] = Arrived()
        server.posts.sent = self._arrived
        server.add_guild()
        server.add_channel("4001")
        server.limits.enforce()

    def settings(self) -> dict[str, Any]:
        """Return where it is."""
        return {"api": self._server.api, "gateway": self._server.gateway_url}

    def ask(self, who: int, *, in_room: bool) -> str:
        """Write in the room, naming the bot, or in a private chat of one's own."""
        if in_room:
            return str(self._server.says(str(who), "4001", f"{NAMED} {QUESTION}")["id"])
        return str(self._server.says(str(who), self._server.dm(str(who), f"1{who}")["id"], QUESTION)["channel_id"])

    def answers(self) -> list[tuple[str, float]]:
        """Return replies by their question, private texts by their chat."""
        both = zip(self._arrived, self._arrived.at, strict=True)
        return [(posted.replies_to or posted.channel, at) for posted, at in both]

    def refused(self) -> int:
        """Return how many requests of any kind were one too many."""
        return self._server.limits.refused

    async def connected(self) -> None:
        """Wait for the session."""
        while not self._server.gateway.connected:  # noqa: ASYNC110 - the server's side has no event for it
            await asyncio.sleep(0.05)


class OnTelegram:
    """The local Bot API server with its real limits."""

    name = "Telegram"
    overall = OVERALL[0] / OVERALL[1]
    in_room = ONE_GROUP[0] / ONE_GROUP[1]

    def __init__(self, server: BotApiServer) -> None:
        self._server = server
        self._arrived: Arrived[Any] = Arrived()
        server.sent = self._arrived
        server.limited = True

    def settings(self) -> dict[str, Any]:
        """Return where it is."""
        return {"api": self._server.url}

    def ask(self, who: int, *, in_room: bool) -> str:
        """Write in the group, naming the bot, or in a private chat of one's own."""
        if not in_room:
            return str(self._server.says(QUESTION, by=user(who))["chat"]["id"])
        name = f"@{BOT['username']}"
        text = f"{name} {QUESTION}"
        entities = [mark("mention", name, text)]
        said = self._server.says(text, by=user(who), chat=supergroup(ROOM), entities=entities)
        return f"{ROOM}/{said['message_id']}"

    def answers(self) -> list[tuple[str, float]]:
        """Return replies by their question, private texts by their chat."""
        return [(_answered(sent), at) for sent, at in zip(self._arrived, self._arrived.at, strict=True)]

    def refused(self) -> int:
        """Return how many sends were one too many."""
        return self._server.calls["sendMessage"] - len(self._arrived)

    async def connected(self) -> None:
        """Telegram keeps what is said before."""


def _answered(sent: Any) -> str:  # noqa: ANN401 - the server's own record of a text
    reply = json.loads(sent.parameters.get("reply_parameters", "{}"))
    return f"{sent.chat}/{reply['message_id']}" if reply else str(sent.chat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is offered, as shares of what the platform takes in private overall and in one room."""

    title: str
    private: float
    room: float


LOADS = (
    Load(title="below the limits", private=0.5, room=0.5),
    Load(title="one room overcrowded, private chats as before", private=0.5, room=3.0),
    Load(title="everything beyond the limits", private=1.5, room=3.0),
)


@dataclass(slots=True, kw_only=True)
class Found:
    """What one load came to. ``depths``: texts that wait to leave, by seconds since the start."""

    place: Place
    load: Load
    seconds: float
    asked: dict[str, float] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    accepted: int = 0
    answers: list[tuple[str, float]] = field(default_factory=list)
    depths: list[tuple[float, int]] = field(default_factory=list)
    still_waiting: int = 0
    overdue: int = 0
    refused: int = 0
    cpu: float = 0.0
    begun: float = 0.0

    def waits(self, *, private: bool) -> list[float]:
        """Return how many seconds after the question each answer came."""
        return sorted(at - self.asked[name] for name, at in self.answers if (name in self.private) is private)

    def rate(self, *, private: bool | None = None) -> float:
        """Return the texts a second that arrived while customers wrote."""
        until = self.begun + self.seconds
        chosen = (at for name, at in self.answers if private is None or (name in self.private) is private)
        return sum(at <= until for at in chosen) / self.seconds

    def doubled(self) -> int:
        """Return how many questions were answered more than once."""
        return sum(count > 1 for count in Counter(name for name, _ in self.answers).values())

    def lost(self) -> int:
        """Return how many questions have neither an answer nor one that waits to leave.

        A text that was under way at the very end counts as waiting though it may have arrived.
        """
        return max(len(self.asked.keys() - {name for name, _ in self.answers}) - self.still_waiting, 0)


async def measure(folder: Path, *, seconds: float) -> AsyncIterator[Found]:
    """Offer each load to each platform for so many seconds, on a Heed and a platform of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("discord").setLevel(logging.ERROR)
    for number, load in enumerate(LOADS):
        async with discord_server() as server:
            yield await _one(folder / f"discord{number}.sqlite", OnDiscord(server), load, seconds, server.token)
        async with bot_api_server() as telegram:
            yield await _one(folder / f"telegram{number}.sqlite", OnTelegram(telegram), load, seconds, TOKEN)


async def _one(path: Path, place: Place, load: Load, seconds: float, token: str) -> Found:
    found = Found(place=place, load=load, seconds=seconds)
    async with _heed(path, place, token):
        await place.connected()
        found.begun, cpu = time.perf_counter(), time.process_time()
        sampling = asyncio.create_task(_sample(path, found))
        async with asyncio.TaskGroup() as group:
            group.create_task(_write(found, load.private * place.overall, in_room=False))
            group.create_task(_write(found, load.room * place.in_room, in_room=True))
        found.cpu = (time.process_time() - cpu) / seconds
        await _drain(path, found)
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
    found.still_waiting = _count(path, _WAITING)
    found.accepted = _count(path, "SELECT count(*) FROM messages WHERE author = 'customer'")
    found.overdue = _count(path, "SELECT count(*) FROM log WHERE kind = 'send_overdue'")
    found.refused = place.refused()
    found.answers = place.answers()
    return found


@asynccontextmanager
async def _heed(path: Path, place: Place, token: str) -> AsyncIterator[None]:
    """Run everything that ``heed run`` runs but the pages."""
    settings = Settings.model_validate(
        {
            "store": {"path": str(path)},
            "model": {"threads": 1},
            "channels": {place.name.lower(): place.settings()},
            "limits": {"most_queued": 100_000},
            "conversation": {"send_within": f"{SEND_WITHIN_SECONDS}s"},
        }
    )
    clock, board = SystemTime(), NoticeBoard()
    environment = Environment.model_validate({f"{place.name.upper()}_TOKEN": token})
    store = await SqliteStore.open(path)
    assessor = await load_assessor(settings)
    try:
        discord = discord_channel(settings, environment, time=clock, marks=store, board=board)
        telegram = telegram_channel(settings, environment, time=clock, marks=store, board=board, secret=b"-" * 32)
        channels: list[Channel] = [each for each in (discord, telegram) if each is not None]
        heed = join(settings, store=store, assessor=assessor, channels=channels, time=clock, board=board)
        await heed.brands.adopt()
        running = asyncio.create_task(heed.engine.run())
        try:
            yield
        finally:
            await heed.engine.stop(timedelta(seconds=2))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    finally:
        await assessor.close()
        await store.close()


async def _write(found: Found, rate: float, *, in_room: bool) -> None:
    """Let a new customer ask, ``rate`` times a second."""
    first = 5_000_000 if in_room else 2_000_000
    for number in range(int(rate * found.seconds)):
        await asyncio.sleep(max(found.begun + number / rate - time.perf_counter(), 0))
        name = found.place.ask(first + number, in_room=in_room)
        found.asked[name] = time.perf_counter()
        if not in_room:
            found.private.add(name)


_WAITING = "SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')"


async def _sample(path: Path, found: Found) -> None:
    while True:
        found.depths.append((time.perf_counter() - found.begun, _count(path, _WAITING)))
        await asyncio.sleep(SAMPLE_EVERY)


async def _drain(path: Path, found: Found) -> None:
    """Wait until all has left, or for as long as a crowded room may take here."""
    until = time.perf_counter() + DRAIN_SECONDS
    expected = len(found.asked)
    while time.perf_counter() < until:
        known = _count(path, "SELECT count(*) FROM messages WHERE author = 'customer'")
        undone = _count(path, "SELECT count(*) FROM inbox") + _count(path, _WAITING)
        if known >= expected and not undone:
            return
        await asyncio.sleep(SAMPLE_EVERY)


def _count(path: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute(query).fetchone()[0])


def report(found: Found) -> str:
    """Return the figures in words, each rate beside the platform's own limit."""
    place, load = found.place, found.load
    offered = sum(name in found.private for name in found.asked) / found.seconds
    in_room = len(found.asked) / found.seconds - offered
    sent, sent_in_room = found.rate(), found.rate(private=False)
    return (
        f"{place.name}, {load.title}: offered {offered:.1f}/s in private ({load.private:.1f} of the limit) and "
        f"{in_room:.2f}/s in one room ({load.room:.1f} of its limit) for {found.seconds:.0f} s\n"
        f"  accepted {found.accepted} of {len(found.asked)}; sent {sent:.1f}/s of {place.overall:.0f}/s allowed "
        f"({sent / place.overall:.2f}), in the room {sent_in_room:.2f}/s of {place.in_room:.2f} "
        f"({sent_in_room / place.in_room:.2f}); 429 met: {found.refused}\n"
        f"  from question to answer: private {_spread(found.waits(private=True))}; "
        f"room {_spread(found.waits(private=False))}\n"
        f"  texts that wait to leave: {_depths(found)}\n"
        f"  at the end: lost {found.lost()}, doubled {found.doubled()}, still waiting {found.still_waiting}; "
        f"waited longer than {SEND_WITHIN_SECONDS:.0f} s and brought a human in: {found.overdue}\n"
        f"  CPU of Heed and platform together: {found.cpu:.2f} of one core"
    )


def _spread(waits: Sequence[float]) -> str:
    if not waits:
        return "none"
    p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
    return f"p50 {statistics.median(waits):.2f} s, p99 {p99:.2f} s ({len(waits)})"


def _depths(found: Found) -> str:
    """Return the depth at some moments: while customers write, and after."""
    if not found.depths:
        return "not looked at"
    moments = [*(found.seconds * share for share in (0.25, 0.5, 0.75, 1.0)), found.depths[-1][0]]
    nearest = [min(found.depths, key=lambda sample: abs(sample[0] - moment)) for moment in moments]
    return ", ".join(f"{depth} after {at:.0f} s" for at, depth in nearest)

"""One open page: its frames in, the answers out. A message is acknowledged only after intake has stored it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.webchat import frames
from bot.channels.webchat.hub import Hub, Room
from bot.channels.webchat.limits import Bucket
from bot.channels.webchat.parse import (
    CatchUp,
    Frame,
    Hello,
    Typing,
    Written,
    arrival_of,
    parse_frame,
)
from bot.channels.webchat.visitors import Visitor, Visitors
from bot.errors import BadMessage, Overloaded, StoreError
from bot.ports import Intake, TimeSource
from bot.records import Arrival, Outcome, Receipt

log = structlog.get_logger(__name__)

#: A page may lag this many frames behind before it is sent away to come back and catch up.
_BACKLOG = 256
_HELLO_WITHIN = 10.0
_BUSY = timedelta(seconds=2)
#: Frames of any kind, far above what a page sends: beyond it the connection ends.
_BURST = 60
_PER_SECOND = 10.0

#: Why a page was sent away, in the range that is ours to use.
CLOSE_BAD_TOKEN = 4401
CLOSE_TOO_MANY = 4429


@dataclass(slots=True, kw_only=True)
class Counts:
    """What operations may want to see."""

    open: int = 0
    refused_origins: int = 0
    refused_tokens: int = 0
    bad_frames: int = 0
    too_fast: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What every page needs."""

    hub: Hub
    intake: Intake
    visitors: Visitors
    time: TimeSource
    counts: Counts
    longest_text: int


class Page:
    """A connection from hello to goodbye."""

    def __init__(self, socket: web.WebSocketResponse, doorway: Doorway) -> None:
        self._socket = socket
        self._door = doorway
        self._out: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        self._behind = asyncio.Event()
        self._frames = Bucket(burst=_BURST, per_second=_PER_SECOND, at=doorway.time.now())

    async def live(self) -> None:
        """Serve the page until it goes or is sent away."""
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._write()), group.create_task(self._send_away_when_behind())]
            try:
                await self._converse()
                await self._flush()
            finally:
                for helper in helpers:
                    helper.cancel()

    def push(self, frame: str) -> None:
        """Queue a frame. A page that does not keep up is closed; it comes back and catches up."""
        try:
            self._out.put_nowait(frame)
        except asyncio.QueueFull:
            self._behind.set()

    async def _converse(self) -> None:
        visitor = await self._greet()
        if visitor is None:
            return
        hello, who = visitor
        self.push(
            frames.welcome(
                token=self._door.visitors.token(who, now=self._door.time.now()), identified=who.identified
            )
        )
        room = await self._enter(who, hello.after)
        if room is None:
            return
        try:
            await self._listen(room)
        finally:
            self._door.hub.leave(room, self.push)

    async def _greet(self) -> tuple[Hello, Visitor] | None:
        """Return who is there, or None after telling why not."""
        frame = await self._next_frame(within=_HELLO_WITHIN)
        if frame is None:
            return None
        if not isinstance(frame, Hello):
            await self._refuse("hello", "say hello first", CLOSE_BAD_TOKEN)
            return None
        try:
            return frame, self._who(frame)
        except BadMessage as problem:
            self._door.counts.refused_tokens += 1
            code = "token" if frame.identity is None else "identity"
            await self._refuse(code, str(problem), CLOSE_BAD_TOKEN)
            return None

    def _who(self, hello: Hello) -> Visitor:
        now = self._door.time.now()
        if hello.identity is not None:
            return self._door.visitors.identified(hello.identity, now=now)
        if hello.token is not None:
            return self._door.visitors.known(hello.token, now=now)
        return self._door.visitors.new()

    async def _enter(self, who: Visitor, after: int) -> Room | None:
        try:
            return await self._door.hub.enter(who, self.push, after=after)
        except (Overloaded, StoreError):
            await self._refuse("busy", "not available for the moment", WSCloseCode.TRY_AGAIN_LATER, retry=_BUSY)
            return None

    async def _listen(self, room: Room) -> None:
        while (frame := await self._next_frame()) is not None:
            match frame:
                case Hello():
                    self._bad_frame("hello was said already")
                case Typing():
                    pass
                case CatchUp():
                    await self._catch_up(room)
                case _:
                    await self._take(frame, room)

    async def _take(self, frame: Written, room: Room) -> None:
        """Hand one message, edit or deletion to intake and answer what became of it."""
        now = self._door.time.now()
        wait = room.bucket.take(now)
        if wait:
            self._door.counts.too_fast += 1
            self.push(frames.error("slow_down", "too many messages", client_id=frame.id, retry_after=wait))
            return
        try:
            arrival = arrival_of(frame, visitor=room.visitor, arrived_at=now, longest=self._door.longest_text)
        except BadMessage as problem:
            self.push(frames.error("refused", str(problem), client_id=frame.id[:64]))
            return
        await self._hand_in(arrival, frame.id, room)

    async def _hand_in(self, arrival: Arrival, client_id: str, room: Room) -> None:
        try:
            [receipt] = await self._door.intake([arrival])
        except (Overloaded, StoreError):
            self.push(frames.error("busy", "full for the moment", client_id=client_id, retry_after=_BUSY))
            return
        self.push(_answer(receipt, client_id))
        if receipt.outcome in {Outcome.ACCEPTED, Outcome.DUPLICATE}:
            await self._door.hub.learn(room, receipt.conversation)

    async def _catch_up(self, room: Room) -> None:
        wait = room.bucket.take(self._door.time.now())
        if wait:
            self.push(frames.error("slow_down", "too many requests", retry_after=wait))
            return
        try:
            await room.refresh()
        except (Overloaded, StoreError):
            self.push(frames.error("busy", "not available for the moment", retry_after=_BUSY))

    # --- the wire ------------------------------------------------------------------------------------------

    async def _next_frame(self, within: float | None = None) -> Frame | None:
        """Return the next frame that can be read, None when the page has gone or must go."""
        while True:
            try:
                got = await self._socket.receive(within)
            except TimeoutError:
                await self._refuse("hello", "say hello first", CLOSE_BAD_TOKEN)
                return None
            if got.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return None
            if self._frames.take(self._door.time.now()):
                await self._refuse("slow_down", "too many frames", CLOSE_TOO_MANY)
                return None
            try:
                return parse_frame(got.data)
            except BadMessage as problem:
                self._bad_frame(str(problem))

    def _bad_frame(self, problem: str) -> None:
        self._door.counts.bad_frames += 1
        log.info("chat_frame_refused", refused=self._door.counts.bad_frames)
        self.push(frames.error("frame", problem))

    async def _refuse(self, code: str, text: str, close: int, *, retry: timedelta | None = None) -> None:
        self.push(frames.error(code, text, retry_after=retry))
        await self._flush()
        await self._socket.close(code=close, message=code.encode())

    async def _flush(self) -> None:
        """Wait until all that is queued has left, as far as the page still listens."""
        while not self._out.empty() and not self._socket.closed:
            await self._socket.send_str(self._out.get_nowait())

    async def _write(self) -> None:
        try:
            while True:
                await self._socket.send_str(await self._out.get())
        except ConnectionError:  # the reader notices that the page has gone
            pass

    async def _send_away_when_behind(self) -> None:
        await self._behind.wait()
        await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"behind")


def _answer(receipt: Receipt, client_id: str) -> str:
    match receipt.outcome:
        case Outcome.ACCEPTED | Outcome.DUPLICATE:
            return frames.ack(client_id, message=receipt.message)
        case Outcome.CONFLICT:
            return frames.error("conflict", "known with another text", client_id=client_id)
        case Outcome.NOT_FOUND | Outcome.OVERHEARD:
            return frames.error("not_found", "no such message of yours", client_id=client_id)

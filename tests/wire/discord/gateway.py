"""The gateway: sessions, heartbeats, and events in their order, replayed to whoever resumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire.discord.payloads import APPLICATION_ID, DIRECT, Payload, myself
from tests.wire.discord.world import CONTENT_ALLOWED, MEMBERS_ALLOWED, PRESENCES_ALLOWED, World, told

GUILDS, MEMBERS, PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = (1 << bit for bit in (0, 1, 8, 9, 12, 15))
PRIVILEGED = {CONTENT: CONTENT_ALLOWED, MEMBERS: MEMBERS_ALLOWED, PRESENCES: PRESENCES_ALLOWED}


@dataclass(slots=True)
class Session:
    """What a client is told, kept so that it can be told again."""

    id: str
    intents: int
    events: list[Payload] = field(default_factory=list)
    wire: Wire | None = None

    def tell(self, event: str, data: Payload) -> None:
        payload = {"op": 0, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(payload)
        if self.wire is not None:
            self.wire.put(payload)

    def wants(self, event: str, *, private: bool) -> bool:
        """Tell whether the intents ask for an event."""
        if event.startswith("MESSAGE_"):
            return bool(self.intents & (DIRECT_MESSAGES if private else GUILD_MESSAGES))
        return bool(self.intents & GUILDS) or not event.startswith(("GUILD_", "CHANNEL_", "THREAD_"))


class Wire:
    """One connection: what is put goes out in order, compressed as a stream if that was asked for."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.ws = ws
        self._request = request
        self._waiting: asyncio.Queue[Payload] = asyncio.Queue()
        asked = request.query.get("compress") == "zlib-stream"  # other streams are not spoken: plain text then
        self._compressor = zlib.compressobj() if asked else None

    def put(self, payload: Payload) -> None:
        self._waiting.put_nowait(payload)

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write(self) -> None:
        """Carry out what is put, until cancelled or cut."""
        with contextlib.suppress(ConnectionError):
            while True:
                text = json.dumps(await self._waiting.get())
                if self._compressor is None:
                    await self.ws.send_str(text)
                    continue
                packed = self._compressor.compress(text.encode())
                await self.ws.send_bytes(packed + self._compressor.flush(zlib.Z_SYNC_FLUSH))


class Gateway:
    """All sessions and connections. Counts what was asked; ``acks`` False makes connections zombies.

    Guilds in ``out_of_order`` are announced by READY as unavailable and not told of.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.address = ""
        self.heartbeat = 41.25
        self.acks = True
        self.answers_hello = True
        self.connections = 0
        self.heartbeats = 0
        self.identified: list[Payload] = []
        self.resumed: list[Payload] = []
        self.refused: list[int] = []
        self.out_of_order: set[str] = set()
        self._sessions: dict[str, Session] = {}
        self._wires: set[Wire] = set()
        self._invalid: list[bool] = []

    # --- what tests do ----------------------------------------------------------------------------------------

    @property
    def connected(self) -> int:
        """Return how many clients are connected with a session."""
        return sum(session.wire is not None for session in self._sessions.values())

    def cut(self, *, forget: bool = False) -> None:
        """Break all connections without a close frame. Sessions can be resumed, unless they are forgotten."""
        for wire in list(self._wires):
            wire.cut()
            self._leave(wire)
        if forget:
            self.forget()

    def forget(self) -> None:
        """Forget all sessions: whoever resumes is told that the session is invalid."""
        self._sessions.clear()

    def invalidate(self, *, resumable: bool) -> None:
        """Say INVALID_SESSION to everybody now."""
        if not resumable:
            self.forget()
        self._say({"op": 9, "d": resumable, "s": None, "t": None})

    def ask_to_reconnect(self) -> None:
        """Say RECONNECT to everybody, as before a restart of the gateway."""
        self._say({"op": 7, "d": None, "s": None, "t": None})

    def refuse_next(self, *, resumable: bool) -> None:
        """Answer the next IDENTIFY or RESUME with INVALID_SESSION."""
        self._invalid.append(resumable)

    async def close(self, code: int, reason: str = "") -> None:
        """Close all connections with a code, as Discord does."""
        for wire in list(self._wires):
            self._leave(wire)
            await wire.ws.close(code=code, message=reason.encode())

    def tell(self, event: str, data: Payload, *, channel: str = "") -> None:
        """Dispatch an event to every session that wants it and may see the channel, connected or not."""
        for session in self._sessions.values():
            for seen in self._seen(session, event, data, channel):
                session.tell(event, seen)

    def _say(self, payload: Payload) -> None:
        for wire in self._wires:
            wire.put(payload)

    def _leave(self, wire: Wire) -> None:
        self._wires.discard(wire)
        for session in self._sessions.values():
            if session.wire is wire:
                session.wire = None

    def _seen(self, session: Session, event: str, data: Payload, channel: str) -> Iterator[Payload]:
        private = bool(channel) and self.world.channels.get(channel, {}).get("type") == DIRECT
        if not session.wants(event, private=private) or (channel and not self.world.visible(channel)):
            return
        if "content" in data:
            yield told(data, to_all_readers=bool(session.intents & CONTENT), private=private)
        else:
            yield data

    # --- the protocol -----------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Speak with one client until it leaves."""
        ws = web.WebSocketResponse(max_msg_size=4096)
        await ws.prepare(request)
        self.connections += 1
        wire = Wire(ws, request)
        self._wires.add(wire)
        writing = asyncio.create_task(wire.write())
        try:
            if self.answers_hello:
                wire.put({"op": 10, "d": {"heartbeat_interval": self.heartbeat * 1000}, "s": None, "t": None})
            await self._listen(wire)
        finally:
            self._leave(wire)
            writing.cancel()
            await asyncio.wait([writing])
        return ws

    async def _listen(self, wire: Wire) -> None:
        async for frame in wire.ws:
            if frame.type is not WSMsgType.TEXT:
                break
            asked = json.loads(frame.data)
            if (code := self._answer(wire, asked["op"], asked.get("d"))) is not None:
                self.refused.append(code)
                await wire.ws.close(code=code)
        if wire.ws.close_code in {1000, 1001}:  # a client that says goodbye gives its session up
            self._sessions = {key: each for key, each in self._sessions.items() if each.wire is not wire}

    def _answer(self, wire: Wire, op: int, data: Any) -> int | None:
        """Do what a client asks, or return the code that closes the connection."""
        match op:
            case 1:
                self.heartbeats += 1
                if self.acks:
                    wire.put({"op": 11, "d": None, "s": None, "t": None})
            case 2 | 6 if data["token"] != self.world.token:
                return 4004
            case 2 | 6 if self._invalid:
                wire.put({"op": 9, "d": self._invalid.pop(0), "s": None, "t": None})
            case 2:
                return self._identify(wire, data)
            case 6:
                self._resume(wire, data)
            case 3 | 4 | 8:
                pass  # presence, voice, members: nothing here needs them
            case _:
                return 4001
        return None

    def _identify(self, wire: Wire, data: Payload) -> int | None:
        self.identified.append(data)
        intents = int(data["intents"])
        if any(intents & bit and not self.world.application_flags & need for bit, need in PRIVILEGED.items()):
            return 4014
        session = Session(id=f"session-{len(self.identified)}", intents=intents, wire=wire)
        self._sessions[session.id] = session
        session.tell("READY", self._ready(session))
        if intents & GUILDS:
            for guild_id in self.world.guilds.keys() - self.out_of_order:
                session.tell("GUILD_CREATE", self.world.guild_created(guild_id))
        return None

    def _ready(self, session: Session) -> Payload:
        return {
            "v": 10,
            "user": myself(self.world.bot),
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in self.world.guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.address,
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "shard": [0, 1],
            "application": {"id": APPLICATION_ID, "flags": self.world.application_flags},
            "_trace": ["local"],
        }

    def _resume(self, wire: Wire, data: Payload) -> None:
        self.resumed.append(data)
        session = self._sessions.get(data["session_id"])
        if session is None:
            wire.put({"op": 9, "d": False, "s": None, "t": None})
            return
        session.wire = wire
        for event in session.events[int(data["seq"] or 0) :]:
            wire.put(event)
        session.tell("RESUMED", {"_trace": ["local"]})

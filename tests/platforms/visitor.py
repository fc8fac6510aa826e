"""A visitor of the web chat beside a Heed that may die at any time: it comes back, and says it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

Json = dict[str, Any]

#: How long it waits until it comes back, in seconds: another process starts meanwhile.
AGAIN = 0.1


@dataclass(slots=True, eq=False)
class Visitor:
    """One page in a browser. ``said`` are the ids of its messages; ``lines`` what it shows now, by message.

    ``ever``: every text that each of staff's messages has had.
    """

    name: str
    session: aiohttp.ClientSession
    token: str | None = None
    said: dict[str, str] = field(default_factory=dict)
    lines: dict[str, Json] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _unheard: dict[tuple[str, str], Json] = field(default_factory=dict)
    _news: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    _ids: count[int] = field(default_factory=lambda: count(1))

    # --- what the person does ---------------------------------------------------------------------------------

    def says(self, text: str) -> str:
        """Write; return the page's own id of the message."""
        id_ = f"{self.name}-{next(self._ids):08}"
        self.said[id_] = text
        self._put({"type": "message", "id": id_, "text": text})
        return id_

    def edits(self, id_: str, text: str) -> None:
        self._put({"type": "edit", "id": id_, "text": text, "revision": f"r{next(self._ids):08}"})

    def deletes(self, id_: str) -> None:
        self._put({"type": "delete", "id": id_})

    @property
    def heard(self) -> bool:
        """Tell whether Heed has confirmed all that was said."""
        return not self._unheard

    def received(self) -> list[str]:
        """Return what others wrote here and what stands now, oldest first."""
        lines = sorted(self.lines.values(), key=lambda line: line["number"])
        return [line["text"] for line in lines if line["author"] != "you" and not line.get("deleted")]

    # --- what the page does -----------------------------------------------------------------------------------

    async def live(self) -> None:
        """Keep the page connected until cancelled."""
        while True:
            try:
                async with self.session.ws_connect("/chat/ws") as socket:
                    await self._converse(socket)
            except (aiohttp.ClientError, ConnectionError):
                pass
            await asyncio.sleep(AGAIN)  # Heed is another process: it is down, and comes back

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"type": "hello", "token": self.token, "after": 0})
        speaking: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                frame = json.loads(message.data)
                self._hear(frame)
                if frame["type"] == "welcome":
                    speaking = asyncio.create_task(self._speak(socket))
        finally:
            if speaking is not None:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)

    async def _speak(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Say again what nobody has confirmed, and then whatever comes."""
        self._news = asyncio.Queue()
        for unheard in self._unheard.values():
            self._news.put_nowait(unheard)
        while True:
            await socket.send_json(await self._news.get())

    def _hear(self, frame: Json) -> None:
        match frame["type"]:
            case "welcome":
                self.token = frame["token"]
            case "entries":
                for line in frame["entries"]:
                    self.lines[line["message"]] = line
                    if line["author"] != "you":
                        self.ever.setdefault(line["message"], set()).add(line["text"])
            case "ack":
                self._forget(frame["id"])
            case "error":
                self.refused.append(f"{self.name}: {frame['code']}: {frame['message']}")

    def _forget(self, id_: str) -> None:
        """Take the oldest frame about a message as heard: they are confirmed in their order."""
        for key in [key for key in self._unheard if key[1] == id_][:1]:
            del self._unheard[key]

    def _put(self, frame: Json) -> None:
        self._unheard[frame["type"], frame["id"]] = frame
        self._news.put_nowait(frame)


@asynccontextmanager
async def visitors(address: str, *names: str) -> AsyncIterator[list[Visitor]]:
    """Let some people have the chat open until the end of the block."""
    async with asyncio.TaskGroup() as group:
        sessions = [aiohttp.ClientSession(address) for _ in names]
        there = [Visitor(name, session) for name, session in zip(names, sessions, strict=True)]
        pages = [group.create_task(each.live()) for each in there]
        try:
            yield there
        finally:
            for page in pages:
                page.cancel()
            await asyncio.gather(*pages, return_exceptions=True)
            for session in sessions:
                await session.close()

"""Both platforms under one set of words: who says what where, and what the bot brought them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from tests.channels.telegram.payloads import BOT, mark, supergroup, user
from tests.platforms.waiting import until
from tests.wire.discord.faults import Slow
from tests.wire.discord.server import NAMED, DiscordServer
from tests.wire.telegram.faults import Delay
from tests.wire.telegram.server import BotApiServer

#: Long enough that a kill comes first, short enough that the platform has done it before Heed is back.
IN_THE_MIDDLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a customer's. ``id`` is the platform's as Heed keeps it."""

    id: str
    text: str
    payload: dict[str, Any]


class Side(Protocol):
    """What a test does on a platform, and sees there. ``said`` is all that customers wrote to the bot."""

    name: str
    said: list[Said]
    lounge: str

    def says(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        """Write to the bot in private."""
        ...

    def asks_in_room(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        """Write in a room and name the bot."""
        ...

    def talks(self, who: int, text: str, *, to: Said | None = None) -> Said:
        """Write in the lounge, to nobody or as a reply to somebody: there the bot has patience."""
        ...

    def edits(self, said: Said, text: str) -> None:
        """Change a message."""
        ...

    def received(self, who: int) -> list[str]:
        """Return what the bot wrote to somebody in private."""
        ...

    def replies(self, said: Said) -> list[str]:
        """Return what the bot wrote as a reply to a message."""
        ...

    def slow_send(self) -> None:
        """Let the next send be carried out, and answered so late that Heed is dead by then."""
        ...

    def sends_begun(self) -> int:
        """Return how many sends have reached the platform, done or not."""
        ...

    async def connected(self) -> None:
        """Return once the bot hears what is said."""
        ...


@dataclass(slots=True, eq=False)
class OnDiscord:
    """Customers there; rooms are channels of one server."""

    server: DiscordServer
    name: str = "discord"
    room: str = "4001"
    lounge: str = "4002"
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.add_guild()
        for room in (self.room, self.lounge):
            self.server.add_channel(room)

    def says(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        return self._say(who, self._chat(who), text, at=at)

    def asks_in_room(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        return self._say(who, self.room, f"{NAMED} {text}", at=at)

    def talks(self, who: int, text: str, *, to: Said | None = None) -> Said:
        payload = self.server.says(str(who), self.lounge, text, reply_to=to.payload if to else None)
        return Said(id=payload["id"], text=text, payload=payload)

    def edits(self, said: Said, text: str) -> None:
        self.server.edits(said.payload, text)

    def received(self, who: int) -> list[str]:
        return [posted.text for posted in self.server.sent if posted.channel == self._chat(who)]

    def replies(self, said: Said) -> list[str]:
        return [posted.text for posted in self.server.sent if posted.replies_to == said.id]

    def slow_send(self) -> None:
        self.server.faults.next("send", Slow(IN_THE_MIDDLE))

    def sends_begun(self) -> int:
        return self.server.limits.asked["send"]

    async def connected(self) -> None:
        await until(lambda: self.server.gateway.connected, "Heed connects to Discord")

    def _chat(self, who: int) -> str:
        return str(self.server.dm(str(who), f"1{who}")["id"])

    def _say(self, who: int, channel: str, text: str, *, at: datetime | None) -> Said:
        payload = self.server.says(str(who), channel, text, at=at)
        self.said.append(Said(id=payload["id"], text=text, payload=payload))
        return self.said[-1]


@dataclass(slots=True, eq=False)
class OnTelegram:
    """Customers there; rooms are groups."""

    server: BotApiServer
    name: str = "telegram"
    room: int = -1001234567890
    lounge: str = "-1009876543210"
    said: list[Said] = field(default_factory=list)

    def says(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        payload = self.server.says(text, by=user(who), **_dated(at))
        return self._keep(payload, text)

    def asks_in_room(self, who: int, text: str, *, at: datetime | None = None) -> Said:
        name = f"@{BOT['username']}"
        text = f"{name} {text}"
        entities = [mark("mention", name, text)]
        payload = self.server.says(text, by=user(who), chat=supergroup(self.room), entities=entities, **_dated(at))
        return self._keep(payload, text)

    def talks(self, who: int, text: str, *, to: Said | None = None) -> Said:
        reply = {} if to is None else {"reply_to_message": to.payload}
        payload = self.server.says(text, by=user(who), chat=supergroup(int(self.lounge)), **reply)
        return _told(payload, text)

    def edits(self, said: Said, text: str) -> None:
        self.server.edits(said.payload, text)

    def received(self, who: int) -> list[str]:
        return [sent.text for sent in self.server.sent if sent.chat == who]

    def replies(self, said: Said) -> list[str]:
        chat, number = said.id.split("/")
        sent = [each for each in self.server.sent if str(each.chat) == chat]
        return [each.text for each in sent if _answers(each.parameters) == number]

    def slow_send(self) -> None:
        self.server.fail("sendMessage", Delay(seconds=IN_THE_MIDDLE * 60))  # the kill ends it

    def sends_begun(self) -> int:
        return len(self.server.sent)

    async def connected(self) -> None:
        """What is said before it asks is kept."""

    def _keep(self, payload: dict[str, Any], text: str) -> Said:
        self.said.append(_told(payload, text))
        return self.said[-1]


def _told(payload: dict[str, Any], text: str) -> Said:
    return Said(id=f"{payload['chat']['id']}/{payload['message_id']}", text=text, payload=payload)


def _answers(parameters: dict[str, Any]) -> str:
    """Return the number of the message that a text expressly answers, "" for none."""
    return str(json.loads(parameters.get("reply_parameters", "{}")).get("message_id", ""))


def _dated(at: datetime | None) -> dict[str, int]:
    return {} if at is None else {"date": int(at.astimezone(UTC).timestamp())}

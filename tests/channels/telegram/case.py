"""The pieces of Telegram's case in the contract suite."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.parse import parse as parse_update
from bot.domain.messages import AgentId
from bot.domain.rooms import RoomRules
from bot.records import Arrival
from tests.channels.telegram.payloads import ME, SENT, message, supergroup, update, user
from tests.wire.telegram.server import TOKEN, bot_api_server
from tests.wire.telegram.world import HastyTime, Marks, Words

RULES = RoomRules(agents={"7007": AgentId("anna")})
ROOM = supergroup()

MESSAGE = update(message())
EDIT = update(message(text="Where is it?", edit_date=int(SENT.timestamp()) + 30), kind="edited_message")
REPLY = update(message(ROOM, user(7007, "Anna"), text="On its way.", reply_to_message=message(ROOM)))


def parse(payload: Any, arrived_at: datetime) -> Sequence[Arrival]:
    return parse_update(payload, me=ME, rules=RULES, moved={}, arrived_at=arrived_at)


def text_message(text: str, at: datetime | None) -> dict[str, Any]:
    """Return a private message with this text and time."""
    return update(message(text=text, date=None if at is None else int(at.timestamp())))


def like_ours(
    spoiled: Callable[[dict[str, Any]], st.SearchStrategy[Any]], any_json: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Draw payloads that are nearly right, by the suite's own way of spoiling."""
    inner = [MESSAGE["message"], REPLY["message"], EDIT["edited_message"]]
    kinds = st.sampled_from(["message", "edited_message", "my_chat_member", "hologram"])
    return st.one_of(
        any_json,
        *[spoiled(each) for each in (MESSAGE, EDIT, REPLY)],
        *[st.builds(lambda kind, said: {"update_id": 1, kind: said}, kinds, spoiled(each)) for each in inner],
    )


def channel(api: str = "http://127.0.0.1:9") -> TelegramChannel:
    return TelegramChannel(token=TOKEN, rules=RULES, time=HastyTime(), marks=Marks(), board=Words(), api=api)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A channel before a Bot API server, and what the customer 1001 has received and sees now."""

    channel: TelegramChannel
    received: Callable[[], Sequence[str]]
    shown: Callable[[], Sequence[str]]
    files: Callable[[], Sequence[bytes]]


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Connected]:
    async with bot_api_server() as server:
        yield Connected(
            channel=channel(server.url),
            received=lambda: [sent.text for sent in server.sent if sent.chat == 1001],
            shown=lambda: server.shown.texts(1001),
            files=lambda: [sent.file.content for sent in server.sent if sent.file],
        )

"""A room with its rules and its people, and what becomes there of what is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.telegram.parse import parse
from bot.domain.messages import AgentId
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import Arrival
from tests.channels.telegram.payloads import ME, supergroup, update, user

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROOM = supergroup()
ROOM_ID = str(ROOM["id"])
ANNA = AgentId("anna")
UNANSWERED = RoomRules(
    rooms={ROOM_ID: Room(patience=timedelta(minutes=3), attention=Attention.UNANSWERED)}, agents={"7007": ANNA}
)
EVERYTHING = RoomRules(rooms={ROOM_ID: Room(attention=Attention.EVERYTHING)}, agents={"7007": ANNA})
BO = user(1002, "Bo")
AGENT = user(7007, "Anna")


def arrivals(
    said: Any, *, rules: RoomRules = UNANSWERED, moved: dict[str, str] | None = None, kind: str = "message"
) -> list[Arrival]:
    return parse(update(said, kind=kind), me=ME, rules=rules, moved=moved or {}, arrived_at=NOW)


def one(said: Any, **more: Any) -> Arrival:
    [arrival] = arrivals(said, **more)
    return arrival

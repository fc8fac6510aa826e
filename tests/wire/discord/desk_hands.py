"""Gateway events as Discord tells them of people on staff, and a line that takes what the desk asks of Discord."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from bot.desk.discord.line import Hear, Refused, Upload
from bot.domain.roles import Agent
from tests.scenarios.world import ALEX, SAM

BOT, APPLICATION, ROOM, GUILD = "9001", "9002", "500", "300"
ALEX_ID, SAM_ID, STRANGER_ID = "701", "702", "799"
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)

Payload = dict[str, Any]


def snowflake(at: datetime, number: int) -> str:
    """Return the id of something made at this instant."""
    return str((int((at - _EPOCH) / timedelta(milliseconds=1)) << 22) + number)


@dataclass
class Asked:
    """One request that the desk made."""

    method: str
    path: str
    json: Any
    urgent: bool

    @property
    def data(self) -> Payload:
        """Return what an interaction is answered with, or a message's body."""
        return (self.json.get("data") or {}) if "type" in self.json and "data" in self.json else self.json


@dataclass
class FakeLine:
    """Takes requests; ``answers`` by method and path, each a value or an error."""

    me: str = BOT
    application: str = APPLICATION
    asked: list[Asked] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    lying: dict[str, bytes | Exception] = field(default_factory=dict)
    rooms: Callable[[str], bool] = lambda room: False
    hear: Hear = lambda event, payload: None

    async def request(
        self, method: str, path: str, *, json: object = None, uploads: Sequence[Upload] = (), urgent: bool = False
    ) -> Any:
        self.asked.append(Asked(method=method, path=path, json=json, urgent=urgent))
        found = self.answers.get((method, path))
        if isinstance(found, Exception):
            raise found
        return found

    async def download(self, link: str, *, largest: int) -> bytes:
        found = self.lying.get(link, Refused("gone", status=404, code=0))
        if isinstance(found, Exception):
            raise found
        if len(found) > largest:
            raise Refused("too large", status=404, code=0)
        return found

    def watch(self, rooms: Callable[[str], bool], hear: Hear) -> None:
        self.rooms, self.hear = rooms, hear

    @property
    def callbacks(self) -> list[Payload]:
        return [each.json for each in self.asked if each.path.endswith("/callback")]

    @property
    def last(self) -> Payload:
        """Return what the last interaction was answered with."""
        return self.callbacks[-1]["data"]  # type: ignore[no-any-return]

    @property
    def posted(self) -> list[Payload]:
        return [each.json for each in self.asked if each.method == "POST" and each.path.endswith("/messages")]


@dataclass
class FakePeople:
    """Who is on staff, by Discord id; who is away."""

    known: dict[str, Agent] = field(default_factory=lambda: {ALEX_ID: ALEX, SAM_ID: SAM})
    gone: set[str] = field(default_factory=set)

    async def on_platform(self, platform: str, external_id: str, /) -> Agent | None:
        return self.known.get(external_id)

    async def away(self, agent: Agent, /) -> bool:
        before = agent.id in self.gone
        self.gone.add(agent.id)
        return not before

    async def back(self, agent: Agent, /) -> bool:
        before = agent.id in self.gone
        self.gone.discard(agent.id)
        return before


class Hands:
    """Makes the events of what people do, each with an id of its own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._numbers = count(1)

    def new_id(self) -> str:
        return snowflake(self._now(), next(self._numbers))

    def command(
        self, user: str, place: str, name: str, *, files: Sequence[Payload] = (), **options: str
    ) -> Payload:
        told: list[Payload] = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        lying = {self.new_id(): file for file in files}
        told += [{"name": f"file{n}", "type": 11, "value": one} for n, one in enumerate(lying)]
        resolved = {"resolved": {"attachments": lying}} if lying else {}
        return self.interaction(2, user, place, {"type": 1, "name": name, "options": told, **resolved})

    def typing(self, user: str, place: str, name: str, focused: str, typed: str) -> Payload:
        option = {"name": focused, "type": 3, "value": typed, "focused": True}
        return self.interaction(4, user, place, {"type": 1, "name": name, "options": [option]})

    def press(self, user: str, place: str, custom: str, message: Payload | None = None) -> Payload:
        data = {"component_type": 2, "custom_id": custom}
        return self.interaction(3, user, place, data) | {"message": message or {"id": "1", "flags": 0}}

    def choose(
        self, user: str, place: str, custom: str, values: Sequence[str], message: Payload | None = None
    ) -> Payload:
        data = {"component_type": 3, "custom_id": custom, "values": list(values)}
        return self.interaction(3, user, place, data) | {"message": message or {"id": "1", "flags": 0}}

    def submit(
        self, user: str, place: str, custom: str, message: Payload | None = None, **values: str | list[str]
    ) -> Payload:
        rows = [
            {
                "type": 18,
                "component": {
                    "custom_id": name,
                    **({"type": 4, "value": value} if isinstance(value, str) else {"type": 3, "values": value}),
                },
            }
            for name, value in values.items()
        ]
        made = self.interaction(5, user, place, {"custom_id": custom, "components": rows})
        return made if message is None else made | {"message": message}

    def interaction(self, kind: int, user: str, place: str, data: Payload) -> Payload:
        one = self.new_id()
        return {
            "id": one,
            "application_id": APPLICATION,
            "type": kind,
            "token": f"token-{one}",
            "guild_id": GUILD,
            "channel_id": place,
            "member": {"user": {"id": user, "username": "somebody"}},
            "data": data,
        }

    def say(self, user: str, place: str, text: str, *, reply_to: str = "", **fields: Any) -> Payload:
        made: Payload = {
            "id": self.new_id(),
            "type": 19 if reply_to else 0,
            "channel_id": place,
            "guild_id": GUILD,
            "author": {"id": user, "username": "somebody"},
            "content": text,
            "attachments": [],
        }
        if reply_to:
            made["message_reference"] = {"type": 0, "message_id": reply_to, "channel_id": place}
        return made | fields

    def edit(self, said: Mapping[str, Any], text: str) -> Payload:
        return {**said, "content": text, "edited_timestamp": self._now().isoformat()}


def whispered(answer: Payload) -> Payload:
    """Return the message that an answer became, as Discord hands it back when its buttons are pressed."""
    return {"id": "2", "flags": 64, **{key: answer.get(key, []) for key in ("content", "embeds", "components")}}


def labels(answer: Payload) -> dict[str, str]:
    """Return the custom ids of an answer's buttons and menus, by label."""
    parts = [part for row in answer.get("components", []) for part in row["components"]]
    return {part.get("label") or part.get("placeholder") or "": part["custom_id"] for part in parts}

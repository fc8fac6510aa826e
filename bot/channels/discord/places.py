"""What kind of place a channel id is, as Discord told: data that ``parse`` reads and the connection keeps up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeGuard

from bot.channels.text import clean_name

#: Discord's numbers for kinds of channels: private chats, threads, and those that hold no messages themselves.
_PRIVATE = 1
_THREADS = frozenset({10, 11, 12})
_WITHOUT_MESSAGES = frozenset({4, 14, 15, 16})
_WITH_THREADS = frozenset({0, 5, 15, 16})


class PlaceKind(StrEnum):
    """Where something is said."""

    PRIVATE = "private"
    ROOM = "room"
    THREAD = "thread"
    SHELF = "shelf"  # a category, a forum: it holds rooms or threads, no messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One channel. ``parent`` is a thread's channel, else the category; ``threaded``: it can have threads."""

    kind: PlaceKind
    name: str = ""
    parent: str = ""
    server: str = ""
    threaded: bool = False


def _nobodys(_channel: str) -> bool:
    return False


@dataclass(slots=True, kw_only=True)
class Places:
    """All places that are known. ``own_roles`` are the roles that stand for the bot itself.

    ``newest`` is the last message of each channel as far as Discord has told, ``joined`` when the bot joined a
    server, ``awaited`` the servers of which nothing has been heard since the connection began.

    ``session`` counts the connections that began anew. ``told`` are the channels of which is known in this one how
    far they have come, so that nothing is missing there but what is fetched; ``news`` those to look at for that.

    ``staff`` tells which channels are staff's own: of those nothing is ever fetched for customers.
    """

    me: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    own_roles: set[str] = field(default_factory=set)
    newest: dict[str, int] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    session: int = 0
    told: set[str] = field(default_factory=set)
    news: dict[str, None] = field(default_factory=dict)
    staff: Callable[[str], bool] = _nobodys

    def get(self, channel: str) -> Place | None:
        """Return a channel's place, None for one that Discord has not told of."""
        return self.places.get(channel)

    def name(self, channel: str) -> str:
        """Return what people call a channel, or its id."""
        place = self.places.get(channel)
        return f"#{place.name}" if place is not None and place.name else channel

    def rooms(self, channel: str) -> tuple[str, ...]:
        """Return the ids under which a place may be configured, nearest first."""
        ids = [channel]
        while (place := self.places.get(ids[-1])) is not None and place.parent and place.parent not in ids:
            ids.append(place.parent)
        return tuple(ids)

    def is_staffs(self, channel: str) -> bool:
        """Tell whether a channel, or what it belongs to, is staff's own: nobody there is a customer."""
        return bool(channel) and any(self.staff(each) for each in self.rooms(channel))

    def with_threads(self) -> Iterator[str]:
        """Return the channels and forums that customers' threads belong to."""
        threaded = [channel for channel, place in self.places.items() if place.threaded]
        yield from [channel for channel in threaded if not self.is_staffs(channel)]

    def begin(self, payload: Mapping[str, Any]) -> None:
        """Take READY: a new session, in which each server tells of itself again."""
        self.awaited = {_text(server, "id") for server in _list(payload, "guilds")} - {""}
        self.session += 1
        self.told.clear()

    def see_server(self, payload: Mapping[str, Any]) -> None:
        """Take GUILD_CREATE: all channels and threads of a server that the bot is in."""
        server = _text(payload, "id")
        self.awaited.discard(server)
        if payload.get("unavailable") or not is_id(server):
            return
        self.servers[server] = _text(payload, "name") or server
        self.joined[server] = _text(payload, "joined_at")
        own = {_text(role, "id") for role in _list(payload, "roles") if self._stands_for_me(role)}
        self.own_roles |= own
        for channel in (*_list(payload, "channels"), *_list(payload, "threads")):
            self.see(channel, server=server, told=True)

    def see(self, payload: Mapping[str, Any], *, server: str = "", told: bool = False) -> None:
        """Take one channel or thread. ``told``: from here on everything that is written there is heard."""
        channel = _text(payload, "id")
        if not is_id(channel):
            return
        kind = _kind(payload.get("type"))
        self.places[channel] = Place(
            kind=kind,
            name=clean_name(_text(payload, "name")),
            parent=_text(payload, "parent_id"),
            server=server or _text(payload, "guild_id"),
            threaded=payload.get("type") in tuple(_WITH_THREADS),
        )
        self.hear(channel, payload.get("last_message_id"))
        if told:
            self.told.add(channel)
            if not self.is_staffs(channel):
                self.news[channel] = None

    def take_news(self) -> list[str]:
        """Return the channels to look at for something missing, each once."""
        news, self.news = self.news, {}
        return list(news)

    def take_for_room(self, channel: str) -> None:
        """Take a channel of which Discord does not tell for a room: there the bot speaks only when addressed."""
        self.places.setdefault(channel, Place(kind=PlaceKind.ROOM))

    def see_threads(self, payload: Mapping[str, Any]) -> None:
        """Take THREAD_LIST_SYNC: threads that the bot may see from now on."""
        for thread in _list(payload, "threads"):
            self.see(thread, server=_text(payload, "guild_id"), told=True)

    def hear(self, channel: str, message: object, *, private: bool = False) -> None:
        """Take that a message stands in a channel."""
        if private and is_id(channel) and channel not in self.places:
            self.places[channel] = Place(kind=PlaceKind.PRIVATE)
        if is_id(message):
            self.newest[channel] = max(self.newest.get(channel, 0), int(message))

    def forget(self, channel: str) -> None:
        """Take that a channel is gone."""
        self.places.pop(channel, None)
        self.newest.pop(channel, None)
        self.told.discard(channel)
        self.news.pop(channel, None)

    def forget_server(self, server: str) -> str:
        """Take that the bot is no longer in a server; return its name."""
        for channel in [channel for channel, place in self.places.items() if place.server == server]:
            self.forget(channel)
        self.joined.pop(server, None)
        self.awaited.discard(server)
        return self.servers.pop(server, server)

    def _stands_for_me(self, role: Mapping[str, Any]) -> bool:
        tags = role.get("tags")
        return isinstance(tags, Mapping) and bool(self.me) and tags.get("bot_id") == self.me


def is_id(value: object) -> TypeGuard[str]:
    """Tell whether this is one of Discord's ids."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def _kind(number: object) -> PlaceKind:
    """Return the kind of a channel; one that Heed does not know yet is a room, in which it must be addressed."""
    if not isinstance(number, int):
        return PlaceKind.ROOM
    if number == _PRIVATE:
        return PlaceKind.PRIVATE
    if number in _THREADS:
        return PlaceKind.THREAD
    return PlaceKind.SHELF if number in _WITHOUT_MESSAGES else PlaceKind.ROOM


def _text(payload: Mapping[str, Any], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""


def _list(payload: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    value = payload.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []

"""Sorts what the gateway brings: places are kept up at once, messages wait for the pump."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.discord.incoming import Event, Incoming
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.places import Places
from bot.channels.text import lenient_json
from bot.domain.rooms import RoomRules
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

_MESSAGES = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK")
_SEEN = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE")
_GONE = ("CHANNEL_DELETE", "THREAD_DELETE")
_PRESSED = "INTERACTION_CREATE"
_SYNCED = "THREAD_LIST_SYNC"
_WATCHED = (*_MESSAGES, *_SEEN, *_GONE, "READY", "RESUMED", "GUILD_CREATE", "GUILD_DELETE", _SYNCED, _PRESSED)
#: What the desk is told of wherever it happens; of all else, what happens in staff's own channels and threads.
_FOR_THE_DESK = frozenset({"READY", "GUILD_CREATE", _PRESSED})
#: The first word of each connection; until RESUMED Discord repeats what was missed.
_HELLO = 10
#: Messages about the connection itself are no longer than this, in characters.
_SHORT = 500
_QUOTED = tuple(f'"{name}"' for name in _WATCHED)

#: A change of Discord's servers is over sooner.
_SHORT_OUTAGE = timedelta(seconds=15)
#: How ``/ops`` is told that the gateway cannot be reached; taken down when it is.
OUTAGE = "discord connection"


class Hearing:
    """Takes each message of the gateway in order, never waits and never raises.

    ``begun`` is set by each new session, ``complete`` while all its servers have told of themselves.
    """

    def __init__(
        self,
        *,
        places: Places,
        incoming: Incoming,
        rules: RoomRules,
        time: TimeSource,
        board: Board,
        desk: ChannelLine,
    ) -> None:
        self.begun = asyncio.Event()
        self.complete = asyncio.Event()
        self.connected = False
        self._lost_at: datetime | None = None
        self._repeating = False
        self._places = places
        self._incoming = incoming
        self._rules = rules
        self._time = time
        self._board = board
        self._desk = desk

    def hear(self, frame: str) -> None:
        """Take one message of the gateway. What Heed does not know is passed over."""
        if not (any(name in frame for name in _QUOTED) or len(frame) <= _SHORT):
            return
        try:
            envelope = lenient_json(frame)
        except (ValueError, RecursionError) as error:
            log.warning("discord_frame_unreadable", error=type(error).__name__)
            return
        if not isinstance(envelope, dict):
            return
        self._repeating = self._repeating or envelope.get("op") == _HELLO
        name, payload = envelope.get("t"), envelope.get("d")
        if isinstance(name, str) and isinstance(payload, dict):
            try:
                self._sort(name, payload)
            except Exception:  # a defect of ours: the next event is heard all the same
                log.exception("discord_hearing_defect", name=name)

    def lose(self) -> None:
        """Take that the connection is gone."""
        if self._lost_at is None:
            self._lost_at = self._time.now()
            log.info("discord_disconnected")

    def look_for_outage(self) -> None:
        """Tell of a connection that has been gone for longer than a change of servers takes."""
        if self._lost_at is not None and self._time.now() - self._lost_at >= _SHORT_OUTAGE:
            self._board.tell(
                OUTAGE,
                f"Discord has not been reached since {self._lost_at:%H:%M} UTC: nobody there is heard. Heed tries "
                "again by itself, and fetches then what was missed",
            )

    def _found_again(self) -> None:
        self._lost_at = None
        self._repeating = False
        self._board.clear(OUTAGE)

    def look_for_rooms(self) -> None:
        """Tell of configured rooms that the bot does not see."""
        for room in self._rules.rooms:
            topic = f"discord configured {room}"
            if room in self._places.places:
                self._board.clear(topic)
            else:
                self._board.tell(
                    topic,
                    f"Discord: the configured room {room} is in no server that the bot is in. Invite the bot "
                    "('heed check' gives the link), or correct channels.discord.rooms",
                )

    def _sort(self, name: str, payload: Mapping[str, Any]) -> None:
        before = self._is_for_the_desk(name, payload)  # a channel that goes is known until then
        self._keep_up(name, payload)
        if before or self._is_for_the_desk(name, payload):
            self._desk.tell(name, payload)

    def _is_for_the_desk(self, name: str, payload: Mapping[str, Any]) -> bool:
        if name in _FOR_THE_DESK:
            return True
        ids = (payload.get("channel_id"),) if name in _MESSAGES else (payload.get("id"), payload.get("parent_id"))
        return any(self._places.is_staffs(each) for each in ids if isinstance(each, str))

    def _keep_up(self, name: str, payload: Mapping[str, Any]) -> None:
        if name in _MESSAGES:
            self._message(Event(name=name, payload=payload, arrived_at=self._time.now(), live=not self._repeating))
        elif name in _SEEN:
            # A thread that is not new may have been archived: what was written there before is not known.
            self._places.see(payload, told=name == "CHANNEL_CREATE" or bool(payload.get("newly_created")))
        elif name in _GONE:
            self._gone(str(payload.get("id")))
        elif name == "READY":
            self._begin(payload)
        elif name == "RESUMED":
            self._found_again()
        elif name == "GUILD_CREATE":
            self._server(payload)
        elif name == "GUILD_DELETE":
            self._server_gone(payload)
        elif name == _SYNCED:
            self._places.see_threads(payload)

    def _message(self, event: Event) -> None:
        if event.message:
            self._places.hear(event.channel, event.payload.get("id"), private=event.private)
        if self._places.is_staffs(event.channel):
            return  # staff's own words: the desk hears them, no customer said them
        left_out = self._incoming.put(event)
        if left_out and event.channel:
            self._places.news[event.channel] = None
        if left_out == 1:
            log.warning("discord_queue_full", note="what comes now is fetched once there is room again")

    def _begin(self, payload: Mapping[str, Any]) -> None:
        """Take a new session: what was written since the last one, nobody brings."""
        self._places.begin(payload)
        self._found_again()
        self.connected = True
        self.complete.clear()
        self._see_whether_complete()
        self.begun.set()
        self._incoming.catch_up()

    def _server(self, payload: Mapping[str, Any]) -> None:
        """Take a server: one of those awaited, one that was out of order, or one that the bot has joined."""
        late = self.complete.is_set()
        self._places.see_server(payload)
        self._board.clear(_topic(payload))
        self._see_whether_complete()
        self._incoming.catch_up()  # before what is said there from now on
        if late and not payload.get("unavailable"):
            self.begun.set()

    def _see_whether_complete(self) -> None:
        if not self._places.awaited:
            self.complete.set()

    def _server_gone(self, payload: Mapping[str, Any]) -> None:
        if payload.get("unavailable"):
            log.warning("discord_server_out_of_order", server=str(payload.get("id")))
            return
        name = self._places.forget_server(str(payload.get("id")))
        self._board.tell(
            _topic(payload),
            f"Discord: the bot was removed from the server {name}: nobody there is heard or answered. Invite it "
            "again ('heed check' gives the link), or take its rooms out of the configuration",
        )
        self._see_whether_complete()

    def _gone(self, channel: str) -> None:
        name = self._places.name(channel)
        log.info("discord_channel_deleted", place=channel)
        if channel in self._rules.rooms:
            self._board.tell(
                f"discord configured {channel}",
                f"Discord: the configured room {name} was deleted. Take {channel} out of channels.discord.rooms",
            )
        self._places.forget(channel)


def _topic(server: Mapping[str, Any]) -> str:
    return f"discord server {server.get('id')}"

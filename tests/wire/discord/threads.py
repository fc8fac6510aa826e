"""Threads: opened by the bot in a channel, at a message or in a forum; changed and deleted by it or by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.wire.discord import payloads
from tests.wire.discord.answers import answer
from tests.wire.discord.bodies import Form, read
from tests.wire.discord.forms import one_of, text, wrong
from tests.wire.discord.gateway import Gateway
from tests.wire.discord.limits import Limits
from tests.wire.discord.message_forms import check_message
from tests.wire.discord.payloads import ANNOUNCEMENT, BOT_ID, FORUM, TEXT, THREADS, Payload, Problem
from tests.wire.discord.posting import Posts
from tests.wire.discord.world import World

DURATIONS = frozenset({60, 1440, 4320, 10080})
HAS_THREAD, REQUIRES_TAG = 1 << 5, 1 << 4
RENAMED, CREATED, STARTED = 4, 18, 21  # kinds of messages that Discord writes itself
_STATE = ("archived", "locked", "auto_archive_duration")
_OF_CREATOR = frozenset({"name", "archived", "auto_archive_duration", "applied_tags"})


@dataclass(slots=True)
class Threads:
    """What can be done with threads. Whatever changes is told at the gateway."""

    world: World
    posts: Posts
    gateway: Gateway
    limits: Limits

    def routes(self) -> Iterable[tuple[str, str, str, Any]]:
        return (
            ("POST", "/channels/{channel}/threads", "thread", self._open),
            ("POST", "/channels/{channel}/messages/{message}/threads", "thread", self._open_at),
            ("PATCH", "/channels/{channel}", "change", self._modify),
            ("DELETE", "/channels/{channel}", "remove", self._delete),
        )

    # --- what happens to a thread, whoever does it ------------------------------------------------------------

    def change(self, thread: Payload, changes: Mapping[str, Any], by: str) -> None:
        """Change a thread's name, tags or state."""
        now = self.world.now()
        state = dict(thread["thread_metadata"])
        state |= {name: changes[name] for name in _STATE if name in changes}
        if state["archived"] != thread["thread_metadata"]["archived"]:
            state["archive_timestamp"] = payloads.stamp(now)
        renamed = "name" in changes and changes["name"] != thread["name"]
        thread |= {name: changes[name] for name in ("name", "applied_tags") if name in changes}
        thread["thread_metadata"] = state
        self.gateway.tell("THREAD_UPDATE", dict(thread), channel=thread["id"])
        if renamed:
            self._notice(thread["id"], by, RENAMED, text=thread["name"])

    def reopen(self, channel_id: str) -> None:
        """Open an archived thread again: whoever writes there does."""
        channel = self.world.channels[channel_id]
        if channel.get("thread_metadata", {}).get("archived"):
            self.change(channel, {"archived": False}, BOT_ID)

    def remove(self, thread_id: str) -> Payload:
        """Delete a thread with all that was said there."""
        seen = self.world.visible(thread_id)
        thread = self.world.channels.pop(thread_id)
        self.world.messages.pop(thread_id, None)
        if seen:
            told = {name: thread[name] for name in ("id", "guild_id", "parent_id", "type")}
            self.gateway.tell("THREAD_DELETE", told)
        return thread

    def _notice(self, channel_id: str, by: str, kind: int, *, text: str = "", **fields: Any) -> None:
        """Let Discord itself write a message, in the name of whoever caused it."""
        now = self.world.now()
        message = payloads.message(self.world.new_id(now), channel_id, self.world.person(by), text, now)
        message |= {"type": kind, **fields}
        self.world.keep(message)
        self.gateway.tell("MESSAGE_CREATE", self.world.in_event(message), channel=channel_id)

    # --- opening ----------------------------------------------------------------------------------------------

    async def _open(self, request: web.Request) -> web.Response:
        form = await read(request)
        parent = self._parent(request)
        if parent["type"] == FORUM:
            return answer(self._post_in_forum(parent, form), status=201)
        kind = form.fields.get("type", payloads.PRIVATE_THREAD)
        public = one_of({"type": kind}, "type", "", {payloads.PUBLIC_THREAD, payloads.PRIVATE_THREAD})
        self._need(parent["id"], _right_to_open(public))
        thread = self._new(parent, form.fields, self.world.new_id(), kind)
        self._announce(thread)
        if kind == payloads.PUBLIC_THREAD:
            pointer = self.world.pointer(thread["id"])
            self._notice(parent["id"], BOT_ID, CREATED, text=thread["name"], message_reference=pointer)
        return answer(thread, status=201)

    async def _open_at(self, request: web.Request) -> web.Response:
        form = await read(request)
        parent = self._parent(request)
        if parent["type"] == FORUM:
            raise payloads.malformed("Cannot execute action on this channel type", 50024)
        start = self.world.message(parent["id"], request.match_info["message"])
        self._need(parent["id"], payloads.CREATE_PUBLIC_THREADS)
        if start["id"] in self.world.channels or start["flags"] & HAS_THREAD:
            raise payloads.malformed("A thread has already been created for this message", 160004)
        thread = self._new(parent, form.fields, start["id"], payloads.PUBLIC_THREAD)
        self._announce(thread)
        start |= {"flags": start["flags"] | HAS_THREAD, "thread": dict(thread)}
        self.gateway.tell("MESSAGE_UPDATE", self.world.in_event(start), channel=parent["id"])
        pointer = self.world.pointer(parent["id"], message_id=start["id"])
        bare = {key: each for key, each in start.items() if key != "thread"}
        self._notice(thread["id"], BOT_ID, STARTED, message_reference=pointer, referenced_message=bare)
        return answer(thread, status=201)

    def _post_in_forum(self, parent: Payload, form: Form) -> Payload:
        """Open a thread whose first message bears its id. A nonce there is not documented, and so not heeded."""
        self._need(parent["id"], payloads.SEND_MESSAGES)
        body = form.fields.get("message")
        if not isinstance(body, dict):
            raise wrong("message", "This field is required", "BASE_TYPE_REQUIRED")
        self.posts.check_rights(parent["id"], body, form.uploads)
        check_message(body, form.uploads)
        now = self.world.now()
        thread = self._new(parent, form.fields, self.world.new_id(now), payloads.PUBLIC_THREAD)
        message = self.posts.compose(thread["id"], body, form.uploads, id=thread["id"], position=0)
        self._announce(thread)
        self.posts.keep(message, body)
        self.gateway.tell("MESSAGE_CREATE", self.world.in_event(message), channel=thread["id"])
        return {**thread, "message": message}

    def _parent(self, request: web.Request) -> Payload:
        parent = self.world.seen(request.match_info["channel"])
        if parent["type"] not in {TEXT, ANNOUNCEMENT, FORUM}:
            raise payloads.malformed("Cannot execute action on this channel type", 50024)
        return parent

    def _need(self, channel_id: str, right: int) -> None:
        if not self.world.allowed(channel_id) & right:
            raise payloads.missing_permissions()

    def _new(self, parent: Payload, fields: Payload, thread_id: str, kind: int) -> Payload:
        _check(fields, named=True)
        name, now = str(fields["name"]).strip(), payloads.stamp(self.world.now())
        thread = payloads.thread(thread_id, kind, parent["guild_id"], name, parent["id"], BOT_ID)
        thread["thread_metadata"] |= {"create_timestamp": now, "archive_timestamp": now}
        if "auto_archive_duration" in fields:
            thread["thread_metadata"]["auto_archive_duration"] = fields["auto_archive_duration"]
        if parent["type"] == FORUM:
            thread["applied_tags"] = _tags(parent, fields)
        return thread

    def _announce(self, thread: Payload) -> None:
        self.world.channels[thread["id"]] = thread
        self.gateway.tell("THREAD_CREATE", {**thread, "newly_created": True}, channel=thread["id"])

    # --- changing and deleting --------------------------------------------------------------------------------

    async def _modify(self, request: web.Request) -> web.Response:
        form = await read(request)
        thread = self._thread(request)
        changes = form.fields
        self._may_change(thread, changes)
        _check(changes, named="name" in changes)
        if "applied_tags" in changes:
            _tags(self.world.channels[thread["parent_id"]], changes)
        if changes.get("name", thread["name"]) != thread["name"]:
            refusal = self.limits.check_within("rename", thread["id"])
            if refusal is not None:
                return refusal
        self.change(thread, changes, BOT_ID)
        return answer(thread)

    def _may_change(self, thread: Payload, changes: Payload) -> None:
        """Refuse what the rights or the thread's state do not let happen."""
        state = thread["thread_metadata"]
        if not self.world.allowed(thread["id"]) & payloads.MANAGE_THREADS:
            opens = changes.keys() == {"archived"} and not changes["archived"] and not state["locked"]
            own = thread["owner_id"] == BOT_ID and changes.keys() <= _OF_CREATOR and not state["locked"]
            if not opens and not own:
                raise payloads.missing_permissions()
        if state["archived"] and changes.get("archived", True) and changes.keys() - {"archived", "locked"}:
            raise payloads.archived()

    async def _delete(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        self._need(thread["id"], payloads.MANAGE_THREADS)
        return answer(self.remove(thread["id"]))

    def _thread(self, request: web.Request) -> Payload:
        """Return the thread that is meant. Other rooms are not the bot's to change here."""
        found = self.world.seen(request.match_info["channel"])
        if found["type"] not in THREADS:
            raise payloads.missing_permissions()
        return found


def _right_to_open(kind: int) -> int:
    public = kind == payloads.PUBLIC_THREAD
    return payloads.CREATE_PUBLIC_THREADS if public else payloads.CREATE_PRIVATE_THREADS


def _check(fields: Payload, *, named: bool) -> None:
    text(fields, "name", "", 100, required=named)
    one_of(fields, "auto_archive_duration", "", DURATIONS, otherwise=1440)
    for name in ("archived", "locked"):
        one_of(fields, name, "", {True, False}, otherwise=False)


def _tags(forum: Payload, fields: Payload) -> list[str]:
    """Return a post's tags, which must be the forum's."""
    tags = [str(each) for each in fields.get("applied_tags") or []]
    known = {str(each["id"]) for each in forum.get("available_tags", [])}
    if len(tags) > 5:
        raise wrong("applied_tags", "Must be 5 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if unknown := set(tags) - known:
        raise wrong("applied_tags", f"Unknown tags {sorted(unknown)}", "INVALID_FORUM_TAG")
    if not tags and forum.get("flags", 0) & REQUIRES_TAG:
        raise Problem(400, 40067, "A tag is required to create a forum post in this channel")
    return tags

"""Interactions: told to the bot at the gateway, answered once and in time, and followed up under their token."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.wire.discord import payloads
from tests.wire.discord.answers import answer
from tests.wire.discord.bodies import Form, read
from tests.wire.discord.command_forms import STRING, check_choices
from tests.wire.discord.forms import listed, one_of
from tests.wire.discord.gateway import Gateway
from tests.wire.discord.interaction import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFERRED,
    DEFERRED_UPDATE,
    FOLLOW_UP,
    MESSAGE,
    MODAL,
    SUBMIT,
    UPDATE,
    Answer,
    Interaction,
)
from tests.wire.discord.message_forms import EPHEMERAL, LOADING, SILENT, SUPPRESS_EMBEDS, check_message
from tests.wire.discord.modals import check_modal
from tests.wire.discord.payloads import APPLICATION_ID, DIRECT, Payload, Problem
from tests.wire.discord.posting import Posts
from tests.wire.discord.world import World

#: With what each kind of interaction may be answered.
_KINDS = {
    COMMAND: {MESSAGE, DEFERRED, MODAL},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, DEFERRED},
}


@dataclass(slots=True)
class Interactions:
    """All that was begun. ``window``: seconds for the first answer; ``lifetime``: seconds that a token holds."""

    world: World
    posts: Posts
    gateway: Gateway
    window: float = 3.0
    lifetime: float = 900.0
    all: list[Interaction] = field(default_factory=list)
    whispers: list[tuple[str, Payload]] = field(default_factory=list)  # who alone sees it, and what

    def routes(self) -> Iterable[tuple[str, str, str, Any]]:
        one = "/webhooks/{application}/{token}/messages/{message}"
        return (
            ("POST", "/interactions/{interaction}/{token}/callback", "callback", self._callback),
            ("POST", "/webhooks/{application}/{token}", "follow_up", self._follow_up),
            ("GET", one, "original", self._read),
            ("PATCH", one, "original", self._edit),
            ("DELETE", one, "original", self._delete),
        )

    # --- beginning --------------------------------------------------------------------------------------------

    def begin(
        self, kind: int, user_id: str, channel_id: str, data: Payload, source: Payload | None = None
    ) -> Interaction:
        """Tell the bot of an interaction, wherever it happens: no intent and no right to see is needed."""
        interaction_id = self.world.new_id()
        token = f"interaction-token-{interaction_id}"
        named = {"id": interaction_id, "token": token, "type": kind}
        told = {**named, **self._about(user_id, channel_id), "data": data}
        if source is not None:
            told["message"] = dict(source)
        found = Interaction(
            id=interaction_id, token=token, kind=kind, user=user_id, channel=channel_id, told=told, source=source
        )
        self.all.append(found)
        self.gateway.tell("INTERACTION_CREATE", told)
        return found

    def _about(self, user_id: str, channel_id: str) -> Payload:
        channel = self.world.channel(channel_id)
        who = self.world.person(user_id)
        about: Payload = {
            "application_id": APPLICATION_ID,
            "version": 1,
            "channel_id": channel_id,
            "channel": {**channel, "permissions": str(payloads.EVERYTHING_NEEDED)},
            "app_permissions": str(payloads.EVERYTHING_NEEDED),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if channel["type"] == DIRECT:
            return {**about, "user": who, "context": 1, "authorizing_integration_owners": {"1": user_id}}
        guild_id = channel["guild_id"]
        everyone = self.world.guilds[guild_id]["roles"][0]["permissions"]
        return {
            **about,
            "guild_id": guild_id,
            "guild": {"id": guild_id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": {**payloads.member(who), "permissions": everyone, "pending": False},
            "context": 0,
            "authorizing_integration_owners": {"0": guild_id},
        }

    # --- the first answer -------------------------------------------------------------------------------------

    async def _callback(self, request: web.Request) -> web.Response:
        form = await read(request)
        found = self._waiting(request)
        allowed = _KINDS[found.kind]
        if found.kind == SUBMIT and found.source is not None:
            allowed = allowed | {DEFERRED_UPDATE, UPDATE}
        kind = one_of(form.fields, "type", "", allowed)
        self._answer(found, kind, form.fields.get("data") or {}, form)
        found.tell()
        if request.query.get("with_response") in {"1", "true"}:
            return answer(_told(found))
        return web.Response(status=204)

    def _waiting(self, request: web.Request) -> Interaction:
        """Return the interaction that is answered. Raises Problem."""
        named = (request.match_info["interaction"], request.match_info["token"])
        found = next((each for each in self.all if (each.id, each.token) == named), None)
        if found is None:
            raise Problem(404, 10062, "Unknown interaction")
        if found.answer is not None:
            raise Problem(400, 40060, "Interaction has already been acknowledged.")
        if time.monotonic() - found.begun > self.window:
            raise Problem(404, 10062, "Unknown interaction")
        return found

    def _answer(self, found: Interaction, kind: int, body: Payload, form: Form) -> None:
        if kind == MODAL:
            check_modal(body)
        elif kind == CHOICES:
            check_choices(listed(body, "choices", "data", 25), self._focused(found), "data.choices")
        elif kind in {UPDATE, DEFERRED_UPDATE}:
            found.original = self._standing(found.source)
            if kind == UPDATE:
                self._change(found.original, body, form)
        elif kind == DEFERRED:
            found.original = self._show(found, {"flags": _flags(body) | LOADING}, Form(content={}))
            found.loading = True
        else:
            check_message(body, form.uploads)
            found.original = self._show(found, {**body, "flags": _flags(body)}, form)
        found.answer = Answer(kind=kind, body=body, message=found.original)

    def _focused(self, found: Interaction) -> int:
        options = found.told["data"]["options"]
        return next((int(each["type"]) for each in options if each.get("focused")), STRING)

    def _standing(self, message: Payload | None) -> Payload:
        """Return a message if it still stands. Raises Problem."""
        if message is None or self.find(message) is None:
            raise payloads.unknown_message()
        return message

    def find(self, message: Mapping[str, Any]) -> Payload | None:
        """Return the message of this id as it is now, one that a single person sees included."""
        for _, whisper in self.whispers:
            if whisper["id"] == message["id"]:
                return whisper
        try:
            return self.world.message(message["channel_id"], message["id"])
        except Problem:
            return None

    # --- messages ---------------------------------------------------------------------------------------------

    def _show(self, found: Interaction, body: Payload, form: Form) -> Payload:
        """Let a message appear: to one person, or in the room."""
        fields = {
            "application_id": APPLICATION_ID,
            "webhook_id": APPLICATION_ID,
            "interaction_metadata": _of(found),
        }
        message = self.posts.compose(found.channel, body, form.uploads, **fields)
        if found.kind == COMMAND:
            message["type"] = 20
        elif found.source is not None and self.find(found.source) is not None:
            message |= self.world.reply_to(found.source)
        if message["flags"] & EPHEMERAL:
            self.whispers.append((found.user, message))
            return message
        self.posts.keep(message, body)
        self.gateway.tell("MESSAGE_CREATE", self.world.in_event(message), channel=found.channel)
        return message

    def _change(self, message: Payload, body: Payload, form: Form, *, edited: bool = True) -> None:
        self.posts.change(message, body, form.uploads, edited=edited)
        if not message["flags"] & EPHEMERAL:
            self.gateway.tell("MESSAGE_UPDATE", self.world.in_event(message), channel=message["channel_id"])

    def _fill(self, found: Interaction, body: Payload, form: Form) -> Payload:
        """Show what a deferred answer promised."""
        message = self._standing(found.original)
        before = message["flags"]
        message["flags"] = before & ~LOADING
        try:
            self._change(message, body, form, edited=False)
        except Problem:
            message["flags"] = before
            raise
        found.loading = False
        return message

    # --- under the token --------------------------------------------------------------------------------------

    def _held(self, request: web.Request) -> Interaction:
        """Return the interaction of a token that holds, and that was answered. Raises Problem."""
        info = request.match_info
        found = next((each for each in self.all if each.token == info["token"]), None)
        if found is None or found.answer is None or info["application"] != APPLICATION_ID:
            raise Problem(404, 10015, "Unknown Webhook")
        if time.monotonic() - found.begun > self.lifetime:
            raise Problem(401, 50027, "Invalid Webhook Token")
        return found

    def _named(self, found: Interaction, request: web.Request) -> Payload:
        name = request.match_info["message"]
        if name == "@original":
            return self._standing(found.original)
        own = (each.message for each in found.followups)
        return self._standing(next((each for each in (found.original, *own) if each and each["id"] == name), None))

    async def _follow_up(self, request: web.Request) -> web.Response:
        form = await read(request)
        found = self._held(request)
        body = {**form.fields, "flags": _flags(form.fields)}
        check_message(body, form.uploads)
        if found.loading:  # the first one fills what was deferred, and is as public as that was said to be
            message = self._fill(found, body, form)
        else:
            message = self._show(found, body, form)
            found.followups.append(Answer(kind=FOLLOW_UP, body=body, message=message))
        found.tell()
        return answer(message)

    async def _read(self, request: web.Request) -> web.Response:
        return answer(self._named(self._held(request), request))

    async def _edit(self, request: web.Request) -> web.Response:
        form = await read(request)
        found = self._held(request)
        message = self._named(found, request)
        if found.loading and message is found.original:
            self._fill(found, form.fields, form)
        else:
            self._change(message, form.fields, form)
        found.edits += message is found.original
        found.tell()
        return answer(message)

    async def _delete(self, request: web.Request) -> web.Response:
        found = self._held(request)
        message = self._named(found, request)
        if message["flags"] & EPHEMERAL:
            self.whispers = [each for each in self.whispers if each[1] is not message]
        else:
            self.world.messages[message["channel_id"]].remove(message)
            self.gateway.tell("MESSAGE_DELETE", self.world.gone(message), channel=message["channel_id"])
        found.loading = found.loading and message is not found.original
        found.removed = found.removed or message is found.original
        found.tell()
        return web.Response(status=204)


def _flags(body: Mapping[str, Any]) -> int:
    return int(body.get("flags") or 0) & (EPHEMERAL | SUPPRESS_EMBEDS | SILENT)


def _of(found: Interaction) -> Payload:
    """Return what a message tells of the interaction that it answers."""
    user = (found.told.get("member") or found.told)["user"]
    owners = found.told["authorizing_integration_owners"]
    about: Payload = {
        "id": found.id,
        "type": found.kind,
        "user": user,
        "authorizing_integration_owners": owners,
    }
    return about if found.source is None else {**about, "interacted_message_id": found.source["id"]}


def _told(found: Interaction) -> Payload:
    """Return what the bot is told of its answer where it asked for that."""
    assert found.answer is not None
    about: Payload = {"id": found.id, "type": found.kind}
    if found.original is None:
        return {"interaction": about, "resource": {"type": found.answer.kind}}
    about |= {
        "response_message_id": found.original["id"],
        "response_message_loading": found.loading,
        "response_message_ephemeral": bool(found.original["flags"] & EPHEMERAL),
    }
    return {"interaction": about, "resource": {"type": found.answer.kind, "message": found.original}}

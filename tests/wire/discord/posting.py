"""What the bot posts: checked as Discord checks it, stored once under its nonce, with whom it pings."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.wire.discord import payloads
from tests.wire.discord.bodies import Upload
from tests.wire.discord.files import Files
from tests.wire.discord.message_forms import SILENT, check_message, numbered
from tests.wire.discord.payloads import BOT_ID, DIRECT, THREADS, Payload
from tests.wire.discord.world import World

_NONE: Mapping[str, Upload] = {}
_ROLE = re.compile(r"<@&(\d+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One message of the bot's, with all that was asked for. ``pinged``: who gets a notice of it."""

    message: Payload
    body: Mapping[str, Any]
    pinged: frozenset[str]

    @property
    def text(self) -> str:
        return str(self.message["content"])

    @property
    def channel(self) -> str:
        return str(self.message["channel_id"])

    @property
    def nonce(self) -> str:
        return str(self.body.get("nonce") or "")

    @property
    def replies_to(self) -> str:
        return str(self.message.get("message_reference", {}).get("message_id", ""))

    @property
    def silent(self) -> bool:
        """Tell whether nobody's telephone rings for it, whoever is named."""
        return bool(self.message["flags"] & SILENT)


@dataclass(slots=True)
class Posts:
    """Takes what is posted. ``nonce_lifetime``: how long a nonce is known, in seconds; Discord says "minutes"."""

    world: World
    files: Files = field(default_factory=Files)
    nonce_lifetime: float = 180.0
    sent: list[Posted] = field(default_factory=list)
    repeated: int = 0
    _nonces: dict[str, tuple[float, Payload]] = field(default_factory=dict)

    def post(
        self, channel_id: str, body: Mapping[str, Any], uploads: Mapping[str, Upload] = _NONE
    ) -> tuple[Payload, bool]:
        """Return the message that stands there now, and whether it is a new one. Raises Problem."""
        self._check_place(channel_id)
        self.check_rights(channel_id, body, uploads)
        check_message(body, uploads)
        nonce = str(body.get("nonce") or "")
        earlier = self._earlier(nonce) if body.get("enforce_nonce") else None
        if earlier is not None:
            self.repeated += 1
            return earlier, False
        message = self.compose(channel_id, body, uploads)
        if (reference := body.get("message_reference")) is not None:
            message |= self._reference(channel_id, reference)
        if nonce:
            message["nonce"] = nonce
            self._nonces[nonce] = (time.monotonic(), message)
        self.keep(message, body)
        return message, True

    def _earlier(self, nonce: str) -> Payload | None:
        at, message = self._nonces.get(nonce, (float("-inf"), None))
        return message if time.monotonic() - at < self.nonce_lifetime else None

    def _check_place(self, channel_id: str) -> None:
        """Refuse to post where the bot may not, or where nobody can."""
        channel = self.world.seen(channel_id)
        if channel["type"] == payloads.FORUM:
            raise payloads.malformed("Cannot send messages in a non-text channel", 50008)
        granted = self.world.allowed(channel_id)
        needed = payloads.SEND_MESSAGES_IN_THREADS if channel["type"] in THREADS else payloads.SEND_MESSAGES
        if not granted & needed:
            raise payloads.missing_permissions()
        state = channel.get("thread_metadata", {})
        if state.get("locked") and state["archived"]:  # that no right helps here is an assumption
            raise payloads.archived()
        if state.get("locked") and not granted & payloads.MANAGE_THREADS:
            raise payloads.locked()
        if channel["type"] == DIRECT and channel["recipients"][0]["id"] in self.world.closed_to_bot:
            raise payloads.blocked()

    def check_rights(self, channel_id: str, body: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        """Refuse files and embeds where the bot may not post these."""
        granted = self.world.allowed(channel_id)
        if uploads and not granted & payloads.ATTACH_FILES:
            raise payloads.missing_permissions()
        if body.get("embeds") and not granted & payloads.EMBED_LINKS:
            raise payloads.missing_permissions()

    def compose(
        self, channel_id: str, body: Mapping[str, Any], uploads: Mapping[str, Upload] = _NONE, **fields: Any
    ) -> Payload:
        """Return the message that a checked form asks for; it stands nowhere yet."""
        now = self.world.now()
        message = payloads.message(self.world.new_id(now), channel_id, self.world.bot, "", now)
        self._fill(message, body, uploads)
        return {**message, "flags": int(body.get("flags") or 0), **fields}

    def keep(self, message: Payload, body: Mapping[str, Any]) -> None:
        """Let a message stand in its room, for everybody to see."""
        self.world.keep(message)
        self.sent.append(Posted(message=message, body=dict(body), pinged=_pinged(message, body)))

    def change(
        self,
        message: Payload,
        body: Mapping[str, Any],
        uploads: Mapping[str, Upload] = _NONE,
        *,
        edited: bool = True,
    ) -> None:
        """Change what a message says, in its place: the fields that are given, and no others. Raises Problem."""
        check_message(body, uploads, empty=True)
        self._refuse_nothing(message, body, uploads)
        self._fill(message, body, uploads)
        if edited:
            message["edited_timestamp"] = payloads.stamp(self.world.now())

    def _refuse_nothing(self, message: Payload, body: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        left = {**message, **body}
        if not (str(left["content"] or "").strip() or left["embeds"] or left["attachments"] or uploads):
            raise payloads.malformed("Cannot send an empty message", 50006)

    def _fill(self, message: Payload, body: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        """Put a form's fields into a message."""
        if "content" in body:
            message["content"] = str(body["content"] or "").strip()
            message["mentions"] = list(self.world.mentioned(message["content"]))
        if "embeds" in body:
            message["embeds"] = [{"type": "rich", **embed} for embed in body["embeds"] or []]
        if "components" in body:
            message["components"] = numbered(body["components"] or [])
        if uploads or "attachments" in body:
            message["attachments"] = self._attached(message["attachments"], body, uploads)

    def _attached(
        self, before: list[Payload], body: Mapping[str, Any], uploads: Mapping[str, Upload]
    ) -> list[Payload]:
        """Return the files of a message: what stood there and is named still, and what came along."""
        told = {str(each["id"]): each for each in body.get("attachments") or []}
        kept = before if "attachments" not in body else [each for each in before if each["id"] in told]
        return [*kept, *(self._upload(each, told.get(key, {})) for key, each in uploads.items())]

    def _upload(self, upload: Upload, told: Mapping[str, Any]) -> Payload:
        name = str(told.get("filename") or upload.name)
        found = self.files.add(self.world.new_id(), name, upload.content)
        return {**found, "content_type": upload.kind, "description": told.get("description")}

    def _reference(self, channel_id: str, reference: Mapping[str, Any]) -> Payload:
        """Return the fields of a reply; none where the message is gone and that was allowed."""
        if not self.world.allowed(channel_id) & payloads.READ_MESSAGE_HISTORY:
            raise payloads.malformed("You cannot reply without permission to read message history", 160002)
        try:
            found = self.world.message(channel_id, str(reference["message_id"]))
        except payloads.Problem:
            if reference.get("fail_if_not_exists", True):
                raise payloads.malformed() from None
            return {}
        return self.world.reply_to(found)


def _pinged(message: Payload, body: Mapping[str, Any]) -> frozenset[str]:
    """Return who gets a notice, by the rules of allowed mentions; without these everybody who is named."""
    text = str(message["content"])
    named = {str(user["id"]) for user in message["mentions"]} - {BOT_ID}
    everyone = {"everyone"} & set(re.findall(r"@(everyone|here)", text.replace("@here", "@everyone")))
    roles = {f"role {each}" for each in _ROLE.findall(text)}
    answered = {str(message["referenced_message"]["author"]["id"])} if "referenced_message" in message else set()
    allowed = body.get("allowed_mentions")
    if allowed is None:
        return frozenset(named | everyone | roles | answered)
    parse = set(allowed.get("parse", []))
    pinged = answered if allowed.get("replied_user") else set()
    pinged |= named if "users" in parse else named & set(map(str, allowed.get("users", [])))
    pinged |= everyone if "everyone" in parse else set()
    pinged |= roles if "roles" in parse else roles & {f"role {each}" for each in allowed.get("roles", [])}
    return frozenset(pinged)

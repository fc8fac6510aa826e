"""What the bot posts: checked as Discord checks it, stored once under its nonce, with whom it pings."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.wire.discord import payloads
from tests.wire.discord.payloads import BOT_ID, DIRECT, THREADS, Payload
from tests.wire.discord.world import World

LONGEST = 2000
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


@dataclass(slots=True)
class Posts:
    """Takes what is posted. ``nonce_lifetime``: how long a nonce is known, in seconds; Discord says "minutes"."""

    world: World
    nonce_lifetime: float = 180.0
    sent: list[Posted] = field(default_factory=list)
    repeated: int = 0
    _nonces: dict[str, tuple[float, Payload]] = field(default_factory=dict)

    def post(self, channel_id: str, body: Mapping[str, Any]) -> tuple[Payload, bool]:
        """Return the message that stands there now, and whether it is a new one. Raises Problem."""
        self._check(channel_id, body)
        nonce = str(body.get("nonce") or "")
        earlier = self._earlier(nonce) if body.get("enforce_nonce") else None
        if earlier is not None:
            self.repeated += 1
            return earlier, False
        message = self._message(channel_id, body)
        if nonce:
            message["nonce"] = nonce
            self._nonces[nonce] = (time.monotonic(), message)
        self.world.keep(message)
        self.sent.append(Posted(message=message, body=dict(body), pinged=_pinged(message, body)))
        return message, True

    def _earlier(self, nonce: str) -> Payload | None:
        at, message = self._nonces.get(nonce, (float("-inf"), None))
        return message if time.monotonic() - at < self.nonce_lifetime else None

    def _check(self, channel_id: str, body: Mapping[str, Any]) -> None:
        """Refuse what Discord refuses."""
        channel = self.world.seen(channel_id)
        needed = payloads.SEND_MESSAGES_IN_THREADS if channel["type"] in THREADS else payloads.SEND_MESSAGES
        if not self.world.allowed(channel_id) & needed:
            raise payloads.missing_permissions()
        if channel["type"] == DIRECT and channel["recipients"][0]["id"] in self.world.closed_to_bot:
            raise payloads.blocked()
        text = body.get("content")
        if not isinstance(text, str) or not text.strip():
            raise payloads.malformed("Cannot send an empty message", 50006)
        if len(text) > LONGEST or len(str(body.get("nonce") or "")) > 25:
            raise payloads.malformed()

    def _message(self, channel_id: str, body: Mapping[str, Any]) -> Payload:
        now = self.world.now()
        message = payloads.message(
            self.world.new_id(now), channel_id, self.world.bot, str(body["content"]).strip(), now
        )
        message["mentions"] = list(self.world.mentioned(message["content"]))
        message["flags"] = int(body.get("flags") or 0)
        if (reference := body.get("message_reference")) is not None:
            message |= self._reference(channel_id, reference)
        return message

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
        guild_id = self.world.channels[channel_id].get("guild_id")
        where = {"type": 0, "message_id": found["id"], "channel_id": channel_id}
        return {
            "type": 19,
            "message_reference": {**where, "guild_id": guild_id} if guild_id else where,
            "referenced_message": found,
        }


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

"""Who opens the chat page: an unguessable signed token, or a user whom the host page vouches for.

The token travels in the first frame of the WebSocket, never in an address, and no cookie is set.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from bot.channels.text import clean_id, clean_name
from bot.errors import BadMessage, SettingsError

_SALT = "heed.webchat.visitor.1"
#: How long a visitor who does not come back keeps their conversation on this device.
TOKEN_LIFETIME = timedelta(days=365)
#: The token of an identified user only bridges reconnections: the next page is opened with a new signature.
USER_TOKEN_LIFETIME = timedelta(days=1)
#: A host page signs who its user is each time it is opened; an older signature was copied.
IDENTITY_LIFETIME = timedelta(hours=1)
_CLOCKS_APART = timedelta(minutes=5)
_LONGEST_USER_ID = 100
_LEAST_SECRET = 16


class IdentityIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the host page's user is, with its signature in hexadecimal."""

    id: str
    issued_at: int
    signature: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody in front of the page. ``external_id`` is how intake knows them."""

    external_id: str
    name: str = ""

    @property
    def identified(self) -> bool:
        """Tell whether a host page has vouched for who this is."""
        return self.external_id.startswith("user:")


class _Claims(msgspec.Struct, array_like=True, frozen=True):
    external_id: str
    name: str
    issued_at: int


class Visitors:
    """Issues and reads tokens, and checks what host pages say. Secrets never show."""

    def __init__(self, *, secret: str, identity_secret: str | None = None) -> None:
        if len(secret) < _LEAST_SECRET:
            raise SettingsError(f"the chat's secret has {len(secret)} characters; take at least {_LEAST_SECRET}")
        self._serializer = URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
        self._identity_secret = identity_secret.encode() if identity_secret else None

    def new(self) -> Visitor:
        """Return somebody never seen before, with 128 random bits for a name."""
        return Visitor(external_id=f"visitor:{secrets.token_hex(16)}")

    def token(self, visitor: Visitor, *, now: datetime) -> str:
        """Return the token with which this visitor is known again."""
        return self._dumps([visitor.external_id, visitor.name, int(now.timestamp())])

    def known(self, token: str, *, now: datetime) -> Visitor:
        """Return whom a token was given to. Raises BadMessage for a forged, damaged or expired one."""
        try:
            claims = msgspec.convert(self._serializer.loads(token), _Claims)
        except (BadData, msgspec.ValidationError, ValueError):
            raise BadMessage("token: not one of ours; say hello without it to begin anew") from None
        visitor = Visitor(external_id=claims.external_id, name=claims.name)
        lifetime = USER_TOKEN_LIFETIME if visitor.identified else TOKEN_LIFETIME
        if now.timestamp() - claims.issued_at > lifetime.total_seconds():
            raise BadMessage("token: expired; say hello without it to begin anew")
        return visitor

    def identified(self, identity: IdentityIn, *, now: datetime) -> Visitor:
        """Return the user whom a host page vouches for. Raises BadMessage if the signature is not right."""
        if self._identity_secret is None:
            raise BadMessage("identity: not accepted; set HEED_CHAT_IDENTITY_SECRET")
        expected = sign_identity(
            self._identity_secret, user=identity.id, name=identity.name, issued_at=identity.issued_at
        )
        if not hmac.compare_digest(expected.encode(), identity.signature.encode("utf-8", "replace")):
            raise BadMessage("identity: the signature is not right")
        if (
            not -_CLOCKS_APART.total_seconds()
            <= now.timestamp() - identity.issued_at
            <= IDENTITY_LIFETIME.total_seconds()
        ):
            raise BadMessage(f"identity: issued_at is not within the last {IDENTITY_LIFETIME}; sign it anew")
        user = clean_id(identity.id, field="identity.id", longest=_LONGEST_USER_ID)
        return Visitor(external_id=f"user:{user}", name=clean_name(identity.name))

    def _dumps(self, claims: list[str | int]) -> str:
        text = self._serializer.dumps(claims)
        return text if isinstance(text, str) else text.decode()


def sign_identity(secret: bytes, *, user: str, name: str, issued_at: int) -> str:
    """Return what a host page signs: HMAC-SHA256 over id, name and time, one a line, in hexadecimal."""
    signed = "\n".join((user, name, str(issued_at))).encode("utf-8", "replace")
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()

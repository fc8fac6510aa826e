"""Who is asking, whether they may, and the headers that keep a browser from harm."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler
from itsdangerous import BadSignature, URLSafeSerializer

from bot.domain.roles import Agent, Right
from bot.ports import Accounts, TimeSource
from bot.records import StaffAccount

SESSION_LASTS = timedelta(hours=12)
RENEWED_AFTER = timedelta(hours=1)
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Charts, too, live with this: their styles come from a file (``static/plotly.css``), not from the page.
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

#: A handler that sets one of these itself keeps its own: so the embeddable chat opts out of ``frame-ancestors``.
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers of safety on every response that does not carry its own."""
    if "Content-Security-Policy" not in response.headers:
        response.headers["X-Frame-Options"] = "DENY"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "Heed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the signed cookie says. ``name`` is empty before sign-in. ``seal`` breaks when a password changes."""

    name: str
    nonce: str
    issued_at: datetime
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody who is signed in, with the token that their unsafe requests must carry."""

    agent: Agent
    csrf: str


StaffHandler = Callable[[web.Request, Staff], Awaitable[web.StreamResponse]]


class Sessions:
    """Signed cookies: who somebody is, without a table of sessions."""

    def __init__(self, *, secret: bytes, time: TimeSource, public_url: str) -> None:
        self._secret = secret
        self._time = time
        self._secure = public_url.startswith("https:")
        self._cookie = "__Host-heed" if self._secure else "heed"
        self._signer = URLSafeSerializer(
            secret, salt="heed.session", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def read(self, request: web.Request) -> Session | None:
        """Return the session of a request; None if there is none, or it is forged or too old."""
        try:
            name, nonce, issued, seal = self._signer.loads(request.cookies.get(self._cookie, ""))
            session = Session(name=name, nonce=nonce, issued_at=datetime.fromtimestamp(issued, UTC), seal=seal)
        except (BadSignature, TypeError, ValueError):
            return None
        return session if self._age(session) < SESSION_LASTS else None

    def begin(self, account: StaffAccount | None = None) -> Session:
        """Return a new session: of somebody, or of a visitor on the way to sign in."""
        return Session(
            name=account.name if account else "",
            nonce=secrets.token_urlsafe(16),
            issued_at=self._time.now(),
            seal=self.seal(account) if account else "",
        )

    def write(self, response: web.StreamResponse, session: Session) -> None:
        """Give the browser this session."""
        value = self._signer.dumps([session.name, session.nonce, session.issued_at.timestamp(), session.seal])
        response.set_cookie(
            self._cookie,
            str(value),
            max_age=int(SESSION_LASTS.total_seconds()),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )

    def renew(self, response: web.StreamResponse, session: Session) -> None:
        """Let a session in use go on: a working day never ends in the middle of a reply."""
        if not response.prepared and self._age(session) > RENEWED_AFTER:
            self.write(response, replace(session, issued_at=self._time.now()))

    def end(self, response: web.StreamResponse) -> None:
        """Take the session from the browser."""
        response.del_cookie(self._cookie, path="/", httponly=True, samesite="Lax", secure=self._secure)

    def csrf(self, session: Session) -> str:
        """Return the token that proves that an unsafe request comes from our own page."""
        return self._mac("csrf", session.name, session.nonce)

    def genuine(self, session: Session, token: str) -> bool:
        """Tell whether ``token`` is this session's."""
        return same(token, self.csrf(session))

    def seal(self, account: StaffAccount) -> str:
        """Return a mark of the account's password, without telling anything about it."""
        return self._mac("seal", account.name, account.password_hash)[:16]

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._secret, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()

    def _age(self, session: Session) -> timedelta:
        return self._time.now() - session.issued_at


def same(given: str, secret: str) -> bool:
    """Tell whether somebody gave the secret, in the same time whatever they gave: also bytes that are no text."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


class Guard:
    """Lets only staff with the right in. The role is the one held at the moment of the request."""

    def __init__(
        self, *, sessions: Sessions, accounts: Accounts, agent_of: Callable[[StaffAccount], Agent]
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._agent_of = agent_of

    def page(self, right: Right, handler: StaffHandler) -> Handler:
        """Return a handler that sends visitors to sign in first."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            known = await self._known(request)
            if known is None:
                raise web.HTTPSeeOther(f"/signin?next={quote(request.path_qs, safe='')}")
            return await self._admitted(request, known, right, handler)

        return guarded

    def data(self, right: Right, handler: StaffHandler) -> Handler:
        """Return a handler that answers visitors with 401."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            known = await self._known(request)
            if known is None:
                raise web.HTTPUnauthorized(text="You are not signed in any more. Sign in at /signin.")
            return await self._admitted(request, known, right, handler)

        return guarded

    async def is_signed_in(self, request: web.Request) -> bool:
        """Tell whether whoever asked is still on staff, and signed in as they were."""
        return await self._known(request) is not None

    async def signed_in(self, request: web.Request) -> str | None:
        """Return the name of whoever is signed in."""
        known = await self._known(request)
        return known[1].name if known else None

    async def _known(self, request: web.Request) -> tuple[Session, StaffAccount] | None:
        session = self._sessions.read(request)
        if session is None or not session.name:
            return None
        account = await self._accounts.staff(session.name)
        if account is None or not same(session.seal, self._sessions.seal(account)):
            return None
        return session, account

    async def _admitted(
        self, request: web.Request, known: tuple[Session, StaffAccount], right: Right, handler: StaffHandler
    ) -> web.StreamResponse:
        session, account = known
        agent = self._agent_of(account)
        if request.method not in SAFE_METHODS:
            self._check_token(request, session)
        if not agent.may(right):
            raise web.HTTPForbidden(text=f"Your role ({agent.role}) does not include this ({right}).")
        response = await handler(request, Staff(agent=agent, csrf=self._sessions.csrf(session)))
        self._sessions.renew(response, session)
        return response

    def _check_token(self, request: web.Request, session: Session) -> None:
        if not self._sessions.genuine(session, request.headers.get(CSRF_HEADER, "")):
            raise web.HTTPForbidden(text=f"The header {CSRF_HEADER} is missing or wrong. Reload the page.")

"""Signing in by name and password or by a link that works once, and signing out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from aiohttp import web
from itsdangerous import BadSignature, URLSafeSerializer

from bot.domain.roles import Role
from bot.errors import BadMessage, Overloaded
from bot.ports import Accounts, TimeSource
from bot.records import StaffAccount
from bot.web.pages import Pages
from bot.web.passwords import PasswordCheck
from bot.web.security import Sessions
from bot.web.throttle import Throttle

LINK_LASTS = timedelta(hours=24)
WINDOW = timedelta(minutes=5)
TRIES_BY_NAME_HERE, TRIES_FROM_HERE, TRIES_BY_NAME = 5, 20, 50
LONGEST_NAME = 100  # far above what an account may be called
WRONG = "This name and password do not fit together."
STALE = "The page had been open for too long. Please try again."

_log = structlog.get_logger(__name__)


def one_time_link(secret: bytes, base_url: str, name: str, role: Role, *, now: datetime) -> str:
    """Return a link that signs ``name`` in once within 24 hours, with ``role`` if they have no account yet."""
    expires = (now + LINK_LASTS).timestamp()
    token = _signer(secret).dumps([name, role.value, expires, secrets.token_urlsafe(12)])
    return f"{base_url.rstrip('/')}/signin/{token}"


class SignIn:
    """The pages of signing in and out."""

    def __init__(
        self, *, pages: Pages, sessions: Sessions, accounts: Accounts, time: TimeSource, secret: bytes
    ) -> None:
        self._pages = pages
        self._sessions = sessions
        self._accounts = accounts
        self._time = time
        self._links = _signer(secret)
        self._check = PasswordCheck()
        self._throttle = Throttle(time=time, window=WINDOW)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of signing in and out."""
        return [
            web.get("/signin", self.form),
            web.post("/signin", self.by_password),
            web.get("/signin/{token}", self.by_link, allow_head=False),
            web.post("/signout", self.sign_out),
        ]

    async def form(self, request: web.Request) -> web.StreamResponse:
        """Show the form."""
        return self._form(request)

    async def by_password(self, request: web.Request) -> web.StreamResponse:
        """Sign somebody in who knows their password."""
        fields = await _fields(request)
        name, password = fields.get("name", "").strip()[:LONGEST_NAME], fields.get("password", "")
        target = fields.get("next", "")
        if not self._from_our_page(request, fields.get("csrf", "")):
            return self._form(request, status=403, problem=STALE, name=name, target=target)
        account = await self._accounts.staff(name)
        if (wait := self._wait(request, name)) > timedelta(0):
            return self._throttled(request, name, wait)
        if not await self._fits(request, name, password, account) or account is None:
            _log.warning("sign_in_failed")
            return self._form(request, status=401, problem=WRONG, name=name, target=target)
        return self._welcome(account, local_path(target))

    async def by_link(self, request: web.Request) -> web.StreamResponse:
        """Sign somebody in who holds a link that has not been used."""
        if "prefetch" in request.headers.get("Sec-Purpose", ""):
            raise web.HTTPForbidden(text="This link works once, so it is not fetched ahead.")
        token = request.match_info["token"]
        try:
            name, role, expires, _ = self._links.loads(token)
        except (BadSignature, ValueError, TypeError):
            return self._form(request, status=403, problem="This link is not one of ours, or it is incomplete.")
        if self._time.now().timestamp() > expires:
            return self._form(request, status=403, problem="This link has expired: it was good for 24 hours.")
        if not await self._accounts.redeem(hashlib.sha256(token.encode()).hexdigest(), now=self._time.now()):
            return self._form(request, status=403, problem="This link has been used: each one works once.")
        return self._welcome(await self._account(name, Role(role)), "/desk")

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """Take the session away."""
        fields = await _fields(request)
        session = self._sessions.read(request)
        if session is not None and not self._sessions.genuine(session, fields.get("csrf", "")):
            raise web.HTTPForbidden(text="Sign out from the page itself, please.")
        response = web.Response(status=303, headers={"Location": "/signin"})
        self._sessions.end(response)
        return response

    async def _fits(self, request: web.Request, name: str, password: str, account: StaffAccount | None) -> bool:
        """Check a password. The try counts from before the check: guessing many at once gains nothing."""
        here, others = _here(request, name), (_place(request), f"name {name}")
        for key in (here, *others):
            self._throttle.count(key)
        try:
            right = await self._check.right(password, account.password_hash if account else "")
        except Overloaded:
            for key in (here, *others):
                self._throttle.take_back(key)
            raise
        if right:
            self._throttle.forget(here)
            for key in others:
                self._throttle.take_back(key)
        return right

    async def _account(self, name: str, role: Role) -> StaffAccount:
        account = await self._accounts.staff(name)
        if account is None:
            account = StaffAccount(name=name, role=role)
            await self._accounts.put_staff(account)
        return account

    def _welcome(self, account: StaffAccount, target: str) -> web.Response:
        response = web.Response(status=303, headers={"Location": target})
        self._sessions.write(response, self._sessions.begin(account))
        return response

    def _form(
        self, request: web.Request, *, status: int = 200, problem: str = "", name: str = "", target: str = ""
    ) -> web.Response:
        session = self._sessions.read(request)
        fresh = session is None or bool(session.name)
        session = self._sessions.begin() if session is None or fresh else session
        target = local_path(target or request.query.get("next", ""))
        values = {"problem": problem, "name": name, "next": target, "csrf": self._sessions.csrf(session)}
        response = self._pages.render("signin.html", status=status, **values)
        if fresh:
            self._sessions.write(response, session)
        return response

    def _from_our_page(self, request: web.Request, token: str) -> bool:
        session = self._sessions.read(request)
        return session is not None and self._sessions.genuine(session, token)

    def _wait(self, request: web.Request, name: str) -> timedelta:
        return max(
            self._throttle.wait(_here(request, name), limit=TRIES_BY_NAME_HERE),
            self._throttle.wait(_place(request), limit=TRIES_FROM_HERE),
            self._throttle.wait(f"name {name}", limit=TRIES_BY_NAME),
        )

    def _throttled(self, request: web.Request, name: str, wait: timedelta) -> web.Response:
        minutes = int(wait.total_seconds() // 60) + 1
        text = f"Too many wrong tries. Please wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
        response = self._form(request, status=429, problem=text, name=name)
        response.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return response


def local_path(target: str) -> str:
    """Return where to go after signing in: a page of ours, never another site."""
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if inside and target.isprintable() else "/desk"


async def _fields(request: web.Request) -> Mapping[str, str]:
    """Return what a form of ours sends; nothing of any other kind of body. Raises BadMessage if it is no text."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        return {name: str(value) for name, value in (await request.post()).items()}
    except (UnicodeDecodeError, LookupError) as error:
        raise BadMessage("The form is not text in UTF-8.") from error


def _here(request: web.Request, name: str) -> str:
    return f"name {name} at {request.remote}"


def _place(request: web.Request) -> str:
    return f"at {request.remote}"


def _signer(secret: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="heed.link", signer_kwargs={"digest_method": hashlib.sha256})

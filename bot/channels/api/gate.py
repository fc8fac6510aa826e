"""Who may call the API, what a request may weigh, and how a problem is told."""

from __future__ import annotations

import difflib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web

from bot.channels.api.bodies import Problem
from bot.channels.text import shortened
from bot.errors import BadMessage, Conflict, NotFound

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: A list of 1,000 ordinary messages is far below; so is one message of the longest text.
LARGEST_BODY = 8 * 1024 * 1024


class Gate:
    """The bearer token. Its text never shows, and comparing takes the same time whatever is offered."""

    __slots__ = ("_token",)

    def __init__(self, token: str | None) -> None:
        self._token = token.encode() if token else None

    def check(self, request: web.Request) -> None:
        """Return for a request that carries the token; raise the response that says what is missing."""
        if self._token is None:
            raise web.HTTPForbidden(text="the API is closed: set HEED_API_TOKEN")
        scheme, _, offered = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not offered:
            raise _unauthorized('Bearer realm="heed"', "send the header 'Authorization: Bearer <token>'")
        if not hmac.compare_digest(offered.strip().encode("utf-8", "surrogateescape"), self._token):
            raise _unauthorized('Bearer realm="heed", error="invalid_token"', "the token is not the right one")


def guarded(gate: Gate, handler: Handler) -> Handler:
    """Return the handler behind the gate. What no repetition makes right becomes a problem in JSON (RFC 9457).

    What passes with time (Overloaded, StoreUnavailable) is left to the application: 503 with Retry-After.
    """

    async def endpoint(request: web.Request) -> web.StreamResponse:
        try:
            gate.check(request)
            return await handler(request)
        except BadMessage as refusal:
            return problem(status_of(refusal), str(refusal))
        except web.HTTPClientError as refusal:
            return problem(refusal.status, refusal.text or "", refusal.headers.get(hdrs.WWW_AUTHENTICATE))

    return endpoint


def problem(status: int, detail: str, challenge: str | None = None) -> web.Response:
    """Return a problem in JSON, whose detail names what was wrong and what would be right."""
    title = HTTPStatus(status).phrase
    body = Problem(type="about:blank", title=title, status=status, detail=detail)
    response = answer(body, status)
    response.content_type = "application/problem+json"
    if challenge is not None:
        response.headers[hdrs.WWW_AUTHENTICATE] = challenge
    return response


def status_of(refusal: BadMessage) -> int:
    """Return the HTTP status of something that no repetition makes right."""
    match refusal:
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case Conflict():
            return HTTPStatus.CONFLICT
        case _:
            return HTTPStatus.BAD_REQUEST


def answer(body: msgspec.Struct | Iterable[msgspec.Struct], status: int = 200) -> web.Response:
    """Return a JSON response. Answers carry customers' words, so no cache keeps them."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def read_json_body(request: web.Request) -> bytes:
    """Return the body of a JSON request. Raises 415 for another type, 413 for one too large."""
    if request.content_type != "application/json":
        shown = shortened(request.headers.get(hdrs.CONTENT_TYPE, ""))
        raise web.HTTPUnsupportedMediaType(text=f"content type {shown}; send application/json")
    if (request.content_length or 0) > LARGEST_BODY:
        raise _too_large()
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return bytes(body)


def query_of(request: web.Request, *, known: tuple[str, ...]) -> Mapping[str, str]:
    """Return the query. Raises BadMessage for a parameter that is not known."""
    for name in request.query:
        if name not in known:
            close = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
            raise BadMessage(f"{shortened(name)}: unknown parameter; {hint}")
    return request.query


def number_of(query: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """Return a whole number from the query. Raises BadMessage unless it lies within both bounds."""
    text = query.get(name, str(default))
    if text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most:
        return int(text)
    raise BadMessage(f"{name}: {shortened(text)}; send a whole number from {least} to {most}")


def _too_large() -> web.HTTPClientError:
    text = f"body: more than {LARGEST_BODY:,} bytes; send a shorter list"
    return web.HTTPRequestEntityTooLarge(LARGEST_BODY, LARGEST_BODY + 1, text=text)


def _unauthorized(challenge: str, detail: str) -> web.HTTPClientError:
    return web.HTTPUnauthorized(text=detail, headers={hdrs.WWW_AUTHENTICATE: challenge})

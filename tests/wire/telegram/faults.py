"""What may go wrong between the bot and the local Bot API server, and how a request is answered then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Answer with an error, doing nothing."""

    status: int
    description: str = "no"
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Cut the connection, before the request is carried out or after it."""

    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Carry the request out, and answer late."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Carry the request out, and answer with something that is no JSON."""

    body: bytes = b"<html>surprise</html>"


Fault = Refuse | Cut | Delay | Garbage


async def told(request: web.Request, result: Any, fault: Fault | None) -> web.StreamResponse:
    match fault:
        case Cut():
            return cut(request)
        case Delay():
            await asyncio.sleep(fault.seconds)
        case Garbage():
            return web.Response(body=fault.body)
    return web.json_response({"ok": True, "result": result})


def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def error(status: int, description: str, parameters: dict[str, Any]) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**body, "parameters": parameters} if parameters else body, status=status)

"""Errors as the outside sees them: a problem in JSON, or a page for people. Never a stack trace."""

from __future__ import annotations

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.errors import BadMessage, Conflict, HeedError, NotFound, Overloaded, StoreError
from bot.web.pages import Pages

#: The first kind that fits an error gives its status and title.
STATUS: tuple[tuple[type[HeedError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (BadMessage, 400, "This request cannot be understood"),
    (Overloaded, 503, "Too much at once"),
    (StoreError, 503, "Not possible right now"),
)
REPEATABLE = 503
UNFORESEEN = "Something went wrong on our side. It has been noted; please try again."

_log = structlog.get_logger(__name__)


def problem(status: int, title: str, detail: str) -> web.Response:
    """Return a problem as JSON (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"Retry-After": "1"} if status == REPEATABLE else {}
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/problem+json", headers=headers
    )


def middleware(pages: Pages) -> Middleware:
    """Return the last catch of the web: whatever a handler raises becomes an answer."""

    @web.middleware
    async def catch(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _shown(pages, request, error.status, error.reason, _detail(error), cause=error)
        except HeedError as error:
            return _known(pages, request, error)
        except Exception:  # noqa: BLE001 - the last catch: nobody outside ever sees an exception's text
            _log.exception("request_failed", method=request.method, route=_route(request))
            return _shown(pages, request, 500, "Internal error", UNFORESEEN)

    return catch


def _known(pages: Pages, request: web.Request, error: HeedError) -> web.Response:
    for kind, status, title in STATUS:
        if isinstance(error, kind):
            return _shown(pages, request, status, title, str(error))
    _log.error("request_failed", method=request.method, route=_route(request), kind=type(error).__name__)
    return _shown(pages, request, 500, "Internal error", UNFORESEEN)


def _shown(
    pages: Pages,
    request: web.Request,
    status: int,
    title: str,
    detail: str,
    *,
    cause: web.HTTPException | None = None,
) -> web.Response:
    if _wants_page(request):
        response = pages.render("error.html", status=status, title=title, detail=detail)
    else:
        response = problem(status, title, detail)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if cause is not None and name in cause.headers:
            response.headers[name] = cause.headers[name]
    return response


def _wants_page(request: web.Request) -> bool:
    return request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", "")


def _detail(error: web.HTTPException) -> str:
    text = error.text or ""
    return error.reason if text.startswith(f"{error.status}:") else text


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"

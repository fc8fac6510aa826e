"""Who on staff did what: a page for leads, and the same as a file. Acts, ids and times; never a text."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from bot.acts import COLUMNS, act_of
from bot.domain.log import LogRecord
from bot.domain.messages import AgentId, ConversationId
from bot.domain.roles import Right
from bot.errors import BadMessage
from bot.ports import Views
from bot.records import ActQuery
from bot.web.pages import Pages
from bot.web.parts import Json, WebParts
from bot.web.security import Guard, Staff

PAGE = 100
AT_ONCE = 500  # acts that an export reads in one go
LONGEST_NAME = 200


class AuditPages:
    """Where leads and admins read what their staff did. Needs no script."""

    def __init__(self, *, pages: Pages, parts: WebParts, guard: Guard) -> None:
        self._pages = pages
        self._views = parts.store
        self._zone = parts.zone
        self._guard = guard

    def routes(self) -> list[web.RouteDef]:
        """Return the page and its two files."""
        page, data = self._guard.page, self._guard.data
        return [
            web.get("/desk/audit", page(Right.AUDIT, self.page)),
            web.get("/desk/audit.csv", data(Right.AUDIT, self.csv), allow_head=False),
            web.get("/desk/audit.json", data(Right.AUDIT, self.json), allow_head=False),
        ]

    async def page(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Show a page of acts, newest first, with a link to the next."""
        query = _query(request.query)
        found = await self._views.acts(replace(query, limit=PAGE + 1))
        shown, more = found[:PAGE], len(found) > PAGE
        wanted = {"agent": query.agent or "", "conversation": query.conversation or ""}
        asked = {name: value for name, value in wanted.items() if value}
        return self._pages.render(
            "audit.html",
            me=staff.agent.id,
            csrf=staff.csrf,
            watches=staff.agent.may(Right.WATCH),
            acts=[self._shown(record) for record in shown],
            asked=wanted,
            newest=query.before == 0,
            first=f"/desk/audit?{urlencode(asked)}",
            older=f"/desk/audit?{urlencode(asked | {'before': shown[-1].seq})}" if more else "",
            file=urlencode(asked),
            zone=str(getattr(self._zone, "key", self._zone)),
        )

    async def csv(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Send all acts as a table for spreadsheets, while they are read."""
        query = _query(request.query)
        response = await _begun(request, "text/csv", "acts.csv")
        await response.write(_line(COLUMNS))
        async for record in _all(self._views, query):
            await response.write(_line(act_of(record).cells()))
        await response.write_eof()
        return response

    async def json(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Send all acts as one JSON list, while they are read."""
        query = _query(request.query)
        response = await _begun(request, "application/json", "acts.json")
        between = b"[\n"
        async for record in _all(self._views, query):
            await response.write(between + msgspec.json.encode(act_of(record).json()))
            between = b",\n"
        await response.write(b"[]\n" if between == b"[\n" else b"\n]\n")
        await response.write_eof()
        return response

    def _shown(self, record: LogRecord) -> Json:
        act = act_of(record)
        told = list(_told(act.details))
        when = f"{act.at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        return act.json() | {"when": when, "act": act.act.replace("_", " "), "told": " · ".join(told)}


def _told(details: Mapping[str, object]) -> Iterator[str]:
    """Yield what is worth reading of an act; the files for download have it all."""
    for name, value in details.items():
        if name == "by" or value in (None, False, ""):  # it was staff: that is what the page lists
            continue
        words = "on the platform itself" if name == "native" else name.replace("_", " ")
        yield words if value is True else f"{words}: {value}"


async def _all(views: Views, query: ActQuery) -> AsyncIterator[LogRecord]:
    """Yield all acts, newest first."""
    query = replace(query, limit=AT_ONCE)
    while found := await views.acts(query):
        for record in found:
            yield record
        query = replace(query, before=found[-1].seq)


async def _begun(request: web.Request, kind: str, name: str) -> web.StreamResponse:
    disposition = f'attachment; filename="{name}"'
    response = web.StreamResponse(headers={"Content-Type": kind, "Content-Disposition": disposition})
    await response.prepare(request)
    return response


def _line(cells: Sequence[object]) -> bytes:
    """Return one line of a table."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _query(asked: Mapping[str, str]) -> ActQuery:
    before, agent, conversation = (asked.get(name, "").strip() for name in ("before", "agent", "conversation"))
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BadMessage(f"'before' is {before[:20]!r}; it is the number of an act.")
    if len(agent) > LONGEST_NAME or len(conversation) > LONGEST_NAME:
        raise BadMessage(f"A name or an id has at most {LONGEST_NAME} characters.")
    return ActQuery(
        before=int(before or 0),
        agent=AgentId(agent) if agent else None,
        conversation=ConversationId(conversation) if conversation else None,
        limit=PAGE,
    )

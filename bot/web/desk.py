"""The desk's page and the JSON that it lives on."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.domain.roles import Right
from bot.errors import BadMessage
from bot.records import Enclosure
from bot.web.live import Live
from bot.web.pages import Pages
from bot.web.parts import DeskParts, Json, answer
from bot.web.security import Guard, Staff
from bot.web.uploads import FORM, decoded, read_form

REFUSED = 409
NARROWED_BY = ("team", "label", "channel", "priority")
MOST_PAGES = 10_000


class DeskPages:
    """Where staff takes escalated conversations."""

    def __init__(self, *, pages: Pages, desk: DeskParts, guard: Guard, live: Live) -> None:
        self._pages = pages
        self._desk = desk
        self._guard = guard
        self._live = live

    def routes(self) -> list[web.RouteDef]:
        """Return the desk's routes."""
        page, data = self._guard.page, self._guard.data
        return [
            web.get("/desk", page(Right.HANDLE, self.page)),
            web.get("/desk/conversations", data(Right.HANDLE, self.conversations)),
            web.get("/desk/conversations/{id}", data(Right.HANDLE, self.conversation)),
            web.post("/desk/conversations/{id}/commands", data(Right.HANDLE, self.command)),
            web.post("/desk/commands", data(Right.HANDLE, self.commands)),
            web.get("/desk/actions", data(Right.HANDLE, self.actions)),
            web.get("/desk/conversations/{id}/templates", data(Right.HANDLE, self.templates)),
            web.get("/desk/conversations/{id}/suggestions", data(Right.HANDLE, self.suggestions)),
            web.get("/desk/conversations/{id}/messages/{message}/words", data(Right.HANDLE, self.words)),
            web.get("/desk/events", data(Right.HANDLE, self._live.stream), allow_head=False),
            web.get("/desk/session", data(Right.HANDLE, self.session)),
        ]

    async def page(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Show the page; everything on it comes by JSON."""
        agent = staff.agent
        watches, audits = agent.may(Right.WATCH), agent.may(Right.AUDIT)
        return self._pages.render("desk.html", me=agent.id, csrf=staff.csrf, watches=watches, audits=audits)

    async def session(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Say who is signed in, so that a page can tell a lost line from an ended session."""
        return answer({"name": staff.agent.id, "role": staff.agent.role})

    async def conversations(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Return one page of a list."""
        query = request.query
        found = await self._desk.conversations(
            staff.agent,
            view=query.get("filter", "needs"),
            text=query.get("q", ""),
            page=_page(query.get("page", "1")),
            narrowed={name: [value for value in query.getall(name, []) if value] for name in NARROWED_BY},
        )
        return answer(found)

    async def conversation(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Return one conversation."""
        return answer(await self._desk.conversation(staff.agent, request.match_info["id"]))

    async def actions(self, _request: web.Request, staff: Staff) -> web.StreamResponse:
        """Return all that staff can do: the page's keys, forms and sheet."""
        return answer(self._desk.table(staff.agent))

    async def templates(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Return the templates that a search finds, filled for this customer."""
        return answer(await self._desk.templates(request.match_info["id"], request.query.get("q", "")))

    async def suggestions(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Return the templates nearest to what the customer wrote last, filled."""
        return answer(await self._desk.suggestions(request.match_info["id"]))

    async def words(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Return which words of a message mattered; read only when somebody asks."""
        where = request.match_info
        return answer(await self._desk.words(where["id"], where["message"]))

    async def command(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Carry out what staff wants, with files or without; 409 with the reason if it is refused."""
        asked, files = await self._asked(request)
        result = await self._desk.perform(staff.agent, request.match_info["id"], asked, files)
        return answer(result, status=200 if result["accepted"] else REFUSED)

    async def commands(self, request: web.Request, staff: Staff) -> web.StreamResponse:
        """Carry out what staff wants with a selection; what became of each stands in the answer."""
        return answer(await self._desk.perform_all(staff.agent, await _body(request)))

    async def _asked(self, request: web.Request) -> tuple[Json, Sequence[Enclosure]]:
        if request.content_type == FORM:
            return await read_form(request, largest=self._desk.largest_together)
        return await _body(request), ()


async def _body(request: web.Request) -> Json:
    if request.content_type != "application/json":
        raise BadMessage(f"The body is {request.content_type}; send application/json.")
    return decoded(await request.read())


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST_PAGES):
        raise BadMessage(f"Page {text[:20]!r} is not a number from 1 to {MOST_PAGES}.")
    return int(text)

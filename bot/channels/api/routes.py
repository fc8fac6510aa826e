"""The HTTP routes of the API, under /api/v1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import msgspec
from aiohttp import web
from aiohttp.helpers import content_disposition_header

from bot.channels.api import openapi
from bot.channels.api.answers import FILES
from bot.channels.api.bodies import Accepted, ConversationOut, FieldsIn, ItemStatus, ReplyIn
from bot.channels.api.channel import ApiChannel
from bot.channels.api.conversation import conversation_of
from bot.channels.api.feed import AnswerFeed
from bot.channels.api.gate import Gate, Handler, answer, guarded, number_of, query_of, read_json_body, status_of
from bot.channels.api.parse import Parsed, is_list, parse_deletion, parse_edit, parse_message, parse_messages
from bot.channels.api.reading import read_body
from bot.channels.api.replies import Replies
from bot.channels.text import clean_id, shortened
from bot.domain.calendar import ALWAYS_OPEN, Calendar
from bot.domain.events import FieldsSet
from bot.domain.messages import ConversationId
from bot.errors import BadMessage, Conflict, NotFound
from bot.ports import Accounts, Commands, DeliveryMode, Enclosures, EventLog, Feed, Intake, TimeSource, Views
from bot.records import Arrival, Outcome, Receipt

LONGEST_WAIT_SECONDS = 30
LARGEST_CURSOR = 2**63 - 1

#: A file is saved, never shown, whatever it says that it is.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What the routes need. ``token`` None: the API is closed. Without ``enclosures`` no file opens.

    ``teams`` are the brand's; where there are none, any name is one.
    """

    channel: ApiChannel
    intake: Intake
    commands: Commands
    feed: Feed
    views: Views
    log: EventLog
    accounts: Accounts
    time: TimeSource
    token: str | None
    calendar_of: Callable[[str], Calendar] = lambda _name: ALWAYS_OPEN
    enclosures: Enclosures | None = None
    teams: tuple[str, ...] = ()


def api_routes(parts: ApiParts) -> list[web.RouteDef]:
    """Return the routes, every one but the description behind the token."""
    api = _Api(parts)
    gate = Gate(parts.token)
    open_routes = [web.get("/api/v1/openapi.json", _description)]
    return [*(web.route(method, path, guarded(gate, do)) for method, path, do in api.table()), *open_routes]


async def _description(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - the framework's signature
    return web.Response(body=msgspec.json.encode(openapi.DOCUMENT), content_type="application/json")


class _Api:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._names = parts.channel.names
        self._answers = AnswerFeed(feed=parts.feed, log=parts.log, time=parts.time, ended=parts.channel.ended)
        self._replies = Replies(
            names=self._names,
            intake=parts.intake,
            commands=parts.commands,
            views=parts.views,
            accounts=parts.accounts,
            time=parts.time,
        )

    def table(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/api/v1/messages", self.messages),
            ("PATCH", "/api/v1/messages/{channel}/{id}", self.edit),
            ("DELETE", "/api/v1/messages/{channel}/{id}", self.deletion),
            ("POST", "/api/v1/conversations/{id}/replies", self.reply),
            ("GET", "/api/v1/answers", self.answers),
            ("GET", "/api/v1/conversations/{id}", self.conversation),
            ("PATCH", "/api/v1/conversations/{id}", self.set_fields),
            ("GET", FILES + "{id}", self.file),
        ]

    async def messages(self, request: web.Request) -> web.Response:
        body = await read_json_body(request)
        arrived_at = self._parts.time.now()
        if not is_list(body):
            return await self._accept(parse_message(body, names=self._names, arrived_at=arrived_at))
        parsed = parse_messages(body, names=self._names, arrived_at=arrived_at)
        arrivals = [item for item in parsed if isinstance(item, Arrival)]
        receipts = await self._parts.intake(arrivals) if arrivals else ()  # one call: all or none is stored
        return answer(list(_statuses(parsed, receipts)), HTTPStatus.MULTI_STATUS)

    async def edit(self, request: web.Request) -> web.Response:
        body = await read_json_body(request)
        return await self._accept(
            parse_edit(
                body,
                channel=request.match_info["channel"],
                external_id=request.match_info["id"],
                names=self._names,
                arrived_at=self._parts.time.now(),
            )
        )

    async def deletion(self, request: web.Request) -> web.Response:
        return await self._accept(
            parse_deletion(
                channel=request.match_info["channel"],
                external_id=request.match_info["id"],
                names=self._names,
                arrived_at=self._parts.time.now(),
            )
        )

    async def reply(self, request: web.Request) -> web.Response:
        reply = read_body(await read_json_body(request), ReplyIn)
        taken = await self._replies.take(ConversationId(request.match_info["id"]), reply)
        return answer(taken, HTTPStatus.ACCEPTED)

    async def answers(self, request: web.Request) -> web.Response:
        query = query_of(request, known=("channel", "after", "limit", "wait"))
        channel = self._names.check(query.get("channel", "api"))
        if self._parts.channel.capabilities.mode is not DeliveryMode.PULL:
            raise Conflict("answers are pushed to the webhook; remove it from the settings to fetch them")
        wait = number_of(query, "wait", default=0, least=0, most=LONGEST_WAIT_SECONDS)
        found = await self._answers.fetch(
            channel,
            after=number_of(query, "after", default=0, least=0, most=LARGEST_CURSOR),
            limit=number_of(query, "limit", default=100, least=1, most=1000),
            wait=timedelta(seconds=wait),
        )
        return answer(found)

    async def conversation(self, request: web.Request) -> web.Response:
        return answer(await self._shown(ConversationId(request.match_info["id"])))

    async def set_fields(self, request: web.Request) -> web.Response:
        id_ = ConversationId(request.match_info["id"])
        fields = read_body(await read_json_body(request), FieldsIn)
        await self._shown(id_)
        if fields.team and self._parts.teams and fields.team not in self._parts.teams:
            known = ", ".join(self._parts.teams)
            raise BadMessage(f"team: there is no {shortened(fields.team)}; known are {known}")
        event = FieldsSet(
            at=self._parts.time.now(),
            by="api",
            team=_field("team", fields.team),
            priority=_field("priority", fields.priority),
            tier=_field("tier", fields.tier),
        )
        result = await self._parts.commands.perform(id_, event)
        if not result.accepted:
            raise Conflict(f"conversation: {result.refusal}")
        return answer(await self._shown(id_))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Return a file that staff sent along, to be saved: nothing of it runs here."""
        id_, kept = request.match_info["id"], self._parts.enclosures
        found = None if kept is None else await kept.enclosure(id_)
        if found is None:
            raise NotFound(f"file: {shortened(id_)} is not known")
        how = content_disposition_header("attachment", filename=found.name)
        return web.Response(
            body=found.content,
            content_type=found.media_type,
            headers={**HARMLESS, "Content-Disposition": how},
        )

    async def _shown(self, id_: ConversationId) -> ConversationOut:
        view = await self._parts.views.view(id_)
        if view is None:
            raise NotFound(f"conversation: {shortened(id_)} is not known")
        return conversation_of(view, now=self._parts.time.now(), calendar_of=self._parts.calendar_of)

    async def _accept(self, arrival: Arrival) -> web.Response:
        [receipt] = await self._parts.intake([arrival])
        problem = _problem(arrival, receipt)
        if problem is not None:
            raise problem
        return answer(Accepted(conversation=receipt.conversation), HTTPStatus.ACCEPTED)


def _field(name: str, value: str | None) -> str | None:
    """Return a field as it is stored; "" takes it back. Raises BadMessage for one that cannot be shown."""
    return clean_id(value, field=name) if value else value


def _statuses(parsed: Sequence[Parsed], receipts: Sequence[Receipt]) -> Iterator[ItemStatus]:
    """Yield one status for each item of a list, in its order."""
    received = iter(receipts)
    for item in parsed:
        if isinstance(item, BadMessage):
            yield ItemStatus(status=status_of(item), error=str(item))
        else:
            yield _status(item, next(received))


def _status(arrival: Arrival, receipt: Receipt) -> ItemStatus:
    problem = _problem(arrival, receipt)
    if problem is None:
        return ItemStatus(status=HTTPStatus.ACCEPTED, conversation=receipt.conversation)
    return ItemStatus(status=status_of(problem), conversation=receipt.conversation, error=str(problem))


def _problem(arrival: Arrival, receipt: Receipt) -> BadMessage | None:
    match receipt.outcome:
        case Outcome.ACCEPTED | Outcome.DUPLICATE:
            return None
        case Outcome.CONFLICT:
            return Conflict(f"id: {shortened(arrival.external_id)} is known with another content")
        case Outcome.NOT_FOUND | Outcome.OVERHEARD:
            known = f"{arrival.channel}/{arrival.external_id}"
            return NotFound(f"message: {shortened(known)} is not known")

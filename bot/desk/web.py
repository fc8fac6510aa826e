"""The desk in the browser: what staff ask for goes to the counter, and what is stored becomes plain values."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from bot.desk.actions import ACTIONS, LONGEST_TEXT, Field, Fields
from bot.desk.counter import Counter, DeskStore, Offer, Result
from bot.desk.enclosing import LARGEST_TOGETHER, MOST_FILES
from bot.desk.fitting import asked_by, correctable, largest_file, refusals, revisable, why_no_files
from bot.desk.views import CalendarOf, Json, conversation_json, explanation_json, iso, message_json, queue_row
from bot.desk.weighing import Thresholds
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.events import ResolveReason
from bot.domain.explanation import Explanation
from bot.domain.messages import AgentId, Author, ConversationId
from bot.domain.prediction import SCORED_LABELS, Label
from bot.domain.roles import Agent
from bot.domain.states import State
from bot.errors import BadMessage, Conflict, ModelError, NotFound
from bot.ports import Capabilities, TimeSource
from bot.records import ConversationView, Enclosure, QueueQuery

PAGE_SIZE = 50
LONGEST_SEARCH = 200
LONGEST_REQUEST = 100
MOST_WISHES = 20
LONGEST_WISH = 100

#: Which conversations each list holds. ``mine`` are those that somebody holds, of the one who asks.
LISTS: dict[str, tuple[State, ...]] = {
    "needs": (State.ESCALATED, State.CLAIMED),
    "mine": (State.CLAIMED,),
    "waiting": (State.WAITING, State.SNOOZED),
    "resolved": (State.RESOLVED,),
    "all": tuple(state for state in State if state is not State.UNOPENED),
}

#: By what a list can be narrowed.
NARROWED_BY = ("team", "label", "channel", "priority")

#: What a request of the page says besides the fields of its action.
_ENVELOPE = frozenset({"command", "request", "conversations"})

Narrowed = Mapping[str, Sequence[str]]


class Explain(Protocol):
    """Reads a text again, word by word."""

    def __call__(self, text: str, *, usual: str, addressed: bool) -> Awaitable[Explanation]:
        """Explain a text of somebody who usually writes in the language ``usual``, to the brand or in a room."""
        ...


class WebDesk:
    """Hands in what the page asks for, and turns views into plain values.

    ``calendar_of`` finds the calendar that a clock follows. ``thresholds`` are the brand's, by their names in
    ``model.confidence``; with ``explain`` staff may ask which words of a message mattered. ``revises``
    tells what a channel can do about sent texts; ``channels`` are those that a list can be narrowed to.
    """

    def __init__(
        self,
        *,
        counter: Counter,
        store: DeskStore,
        paused: Callable[[], Awaitable[bool]],
        time: TimeSource,
        calendar_of: CalendarOf = lambda _id: ALWAYS_OPEN,
        thresholds: Thresholds | None = None,
        explain: Explain | None = None,
        revises: Callable[[str], Capabilities] = lambda channel: Capabilities(name=channel),
        channels: Sequence[str] = (),
    ) -> None:
        self._counter = counter
        self._store = store
        self._paused = paused
        self._time = time
        self._calendar_of = calendar_of
        self._thresholds = thresholds or {}
        self._explain = explain
        self._revises = revises
        self._channels = tuple(channels)

    @property
    def name(self) -> str:
        """Return what the desk is called."""
        return "web"

    async def run(self) -> None:
        """Wait until cancelled: pages follow the event log by themselves, and hand in by HTTP."""
        await asyncio.Event().wait()

    def table(self, agent: Agent) -> Json:
        """Return all that staff can do, and among what they choose: the page's keys and forms come from it."""
        return {
            "me": {"name": agent.id, "role": agent.role, "team": agent.team},
            "actions": [
                {
                    "name": action.name,
                    "title": action.title,
                    "what": action.what,
                    "key": action.key,
                    "fields": action.fields,
                    "optional": action.optional,
                    "bulk": action.bulk,
                    "sends": action.sends,
                    "allowed": agent.may(action.right),
                }
                for action in ACTIONS
            ],
            "reasons": [{"value": reason, "title": _spoken(reason)} for reason in ResolveReason],
            "labels": [label.value for label in (*SCORED_LABELS, Label.OTHER)],
            "teams": self._counter.teams,
            "channels": self._channels,
            "longest": LONGEST_TEXT,
            "most_files": MOST_FILES,
            "largest_together": LARGEST_TOGETHER,
        }

    @property
    def largest_together(self) -> int:
        """Return how many bytes the files of one reply may have together."""
        return LARGEST_TOGETHER

    async def conversations(self, agent: Agent, *, view: str, text: str, page: int, narrowed: Narrowed) -> Json:
        """Return one page of a list, most urgent first, with the counts of all lists."""
        if view not in LISTS:
            raise BadMessage(f"There is no list {view!r}; choose one of {', '.join(LISTS)}.")
        _check_narrowed(narrowed)
        query = _query(view, agent.id, text.strip()[:LONGEST_SEARCH], narrowed, page=page)
        found = await self._store.queue(query)
        now = self._time.now()
        return {
            "now": iso(now),
            "filter": view,
            "page": page,
            "pages": max(1, -(-found.total // PAGE_SIZE)),
            "total": found.total,
            "rows": [queue_row(row, now, self._calendar_of) for row in found.rows],
            "counts": await self._counts(agent.id, narrowed),
            "paused": await self._paused(),
        }

    async def conversation(self, agent: Agent, conversation: str) -> Json:
        """Return all that staff may see of a conversation, and what this agent may do with it. Raises NotFound."""
        view = await self._counter.view(ConversationId(conversation))
        log = await self._counter.life(view.conversation.id)
        now, may = self._time.now(), self._revises(view.conversation.address.channel)
        shown = conversation_json(
            view,
            log,
            now,
            calendar_of=self._calendar_of,
            thresholds=self._thresholds,
            explains=self._explain is not None,
        )
        return shown | {
            "may": refusals(view, agent, now, may=may),
            "revisable": revisable(view, agent, may=may),
            "correctable": correctable(view),
            "asked_by": asked_by(view, log),
            "largest_file": largest_file(may),
            "no_files": why_no_files(may),
        }

    async def perform(
        self, agent: Agent, conversation: str, asked: Mapping[str, object], files: Sequence[Enclosure] = ()
    ) -> Json:
        """Carry out an action and say what became of it. Raises BadMessage for one that makes no sense.

        ``files`` go to the customer along with a reply. The same ``request`` with others is another wish.
        """
        found = ConversationId(conversation)
        action, fields = _asked(asked)
        marks = await asyncio.to_thread(_marks, files) if files else []
        request = _request(asked, agent, action, fields, conversation, marks=marks)
        result = await self._counter.perform(agent, found, action, fields, request=request, files=files)
        return _result(result) | {"conversation": await self.conversation(agent, conversation)}

    async def perform_all(self, agent: Agent, asked: Mapping[str, object]) -> Json:
        """Carry out an action on a selection and say for each what became of it."""
        action, fields = _asked(asked)
        chosen = _chosen(asked)
        request = _request(asked, agent, action, fields, "")
        done = await self._counter.perform_all(agent, chosen, action, fields, request=request)
        return {
            "accepted": sum(result.accepted for result in done.values()),
            "results": [{"id": each, **_result(result)} for each, result in done.items()],
        }

    async def templates(self, conversation: str, search: str) -> Json:
        """Return the templates that a search finds, as this customer would read them."""
        found = await self._counter.templates(ConversationId(conversation), search)
        return {"templates": [offer_json(offer) for offer in found]}

    async def suggestions(self, conversation: str) -> Json:
        """Return the templates nearest to what the customer wrote last, best first."""
        found = await self._counter.suggest(ConversationId(conversation))
        return {"templates": [offer_json(offer) for offer in found]}

    async def words(self, conversation: str, message: str) -> Json:
        """Return which words of a customer's message mattered to the model, as it reads the text now.

        Raises NotFound for a message that nobody wrote, or that has no text any more.
        """
        view = await self._counter.view(ConversationId(conversation))
        said = next((line for line in view.transcript if line.message == message), None)
        if said is None or said.author is not Author.CUSTOMER or not said.text.strip() or self._explain is None:
            raise NotFound("There is no such message, or nothing of it is left to explain.")
        try:
            usual, addressed = view.conversation.language, _was_addressed(view, message)
            return explanation_json(await self._explain(said.text, usual=usual, addressed=addressed))
        except ModelError:
            raise Conflict("The model gives no usable numbers for this message.") from None

    async def _counts(self, me: AgentId, narrowed: Narrowed) -> dict[str, int]:
        """Return how many each list holds; what is not narrowed is counted without reading any."""
        states = (await self._store.facts()).conversations
        asked = LISTS if any(narrowed.values()) else ("mine",)
        counts = {view: sum(states.get(state, 0) for state in LISTS[view]) for view in LISTS}
        for view in asked:
            found = await self._store.queue(_query(view, me, "", narrowed, page=1, limit=1))
            counts[view] = found.total
        return counts


def offer_json(offer: Offer) -> Json:
    """Return a template's text as this customer would read it."""
    return {"template": offer.template, "topic": offer.topic, "text": offer.text, "score": offer.score}


def _result(result: Result) -> Json:
    return {
        "accepted": result.accepted,
        "refusal": result.refusal,
        "kind": result.kind,
        "holder": result.holder,
        "meanwhile": [message_json(entry, {}) for entry in result.meanwhile],
    }


def _asked(asked: Mapping[str, object]) -> tuple[str, Fields]:
    """Return which action is meant, and what is told with it. An empty remark is none."""
    action = asked.get("command")
    if not isinstance(action, str):
        raise BadMessage(f"The command is {action!r}; name an action as 'command'.")
    return action[:LONGEST_WISH], {name: value for name, value in asked.items() if name not in _ENVELOPE}


def _chosen(asked: Mapping[str, object]) -> list[ConversationId]:
    chosen = asked.get("conversations")
    if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
        raise BadMessage("Which conversations are meant? Give a list of their ids as 'conversations'.")
    return [ConversationId(each) for each in chosen]


def _marks(files: Sequence[Enclosure]) -> list[str]:
    """Return a mark of each file's content; of megabytes it takes a moment."""
    return [f"{each.name} {hashlib.sha256(each.content).hexdigest()}" for each in files]


def _request(
    asked: Mapping[str, object],
    agent: Agent,
    action: str,
    fields: Fields,
    conversation: str,
    *,
    marks: Sequence[str] = (),
) -> str:
    """Return a name for this very wish: the same key from somebody else, or for something else, is another wish.

    ``seen`` is no part of it: whoever tries again after a lost answer may have read more by then.
    """
    key = asked.get("request", "")
    if not isinstance(key, str) or len(key) > LONGEST_REQUEST:
        raise BadMessage(f"The key of a request is a text of at most {LONGEST_REQUEST} characters.")
    if not key:
        return ""
    told = sorted((name, value) for name, value in fields.items() if name != Field.SEEN)
    whole = msgspec.json.encode([agent.id, conversation, action, told, key, *marks])
    return f"web:{hashlib.sha256(whole).hexdigest()[:40]}"


def _check_narrowed(narrowed: Narrowed) -> None:
    for values in narrowed.values():
        if len(values) > MOST_WISHES or any(len(value) > LONGEST_WISH for value in values):
            raise BadMessage(f"A list is narrowed to at most {MOST_WISHES} names of {LONGEST_WISH} characters.")


def _query(
    view: str, me: AgentId, text: str, narrowed: Narrowed, *, page: int, limit: int = PAGE_SIZE
) -> QueueQuery:
    teams, labels, channels, priorities = (tuple(narrowed.get(name, ())) for name in NARROWED_BY)
    return QueueQuery(
        states=LISTS[view],
        teams=teams,
        labels=labels,
        channels=channels,
        priorities=priorities,
        text=text,
        holder=me if view == "mine" else None,
        limit=limit,
        offset=(page - 1) * limit,
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _was_addressed(view: ConversationView, message: str) -> bool:
    """Say whether a message was meant for the brand when it was decided about; talk in a room is not."""
    found = [record.situation for record in view.decisions if record.message == message and record.situation]
    return not found or found[-1].for_brand

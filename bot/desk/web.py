"""The desk in the browser: what staff asks for becomes a command, and what is stored becomes plain values."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Protocol

from bot.desk.views import CalendarOf, Json, conversation_json, explanation_json, iso, queue_row
from bot.desk.weighing import Thresholds
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.events import Claim, Command, CorrectLabel, Note, Release, Reply, Resolve
from bot.domain.explanation import Explanation
from bot.domain.messages import AgentId, Author, ConversationId, MessageId
from bot.domain.prediction import SCORED_LABELS, Label
from bot.domain.roles import Agent
from bot.domain.states import State
from bot.errors import BadMessage, Conflict, ModelError, NotFound
from bot.ports import Commands, EventLog, TimeSource, Views
from bot.records import ConversationView, QueuePage, QueueQuery

PAGE_SIZE = 50
LONGEST_TEXT = 4000
LONGEST_SEARCH = 200

#: Which conversations each list holds.
LISTS: dict[str, tuple[State, ...]] = {
    "needs": (State.ESCALATED, State.CLAIMED, State.OPEN),
    "mine": (State.CLAIMED, State.SNOOZED),
    "waiting": (State.WAITING, State.SNOOZED),
    "resolved": (State.RESOLVED,),
    "all": tuple(state for state in State if state is not State.UNOPENED),
}


class DeskStore(Views, EventLog, Protocol):
    """What this desk reads."""


class Explain(Protocol):
    """Reads a text again, word by word."""

    def __call__(self, text: str, *, usual: str) -> Awaitable[Explanation]:
        """Explain a text of somebody who usually writes in the language ``usual``."""
        ...


class WebDesk:
    """Turns requests of the page into commands, and views into plain values.

    ``calendar_of`` finds the calendar that a clock follows. ``thresholds`` are the brand's, by their names in
    ``model.confidence``; with ``explain`` staff may ask which words of a message mattered.
    """

    def __init__(
        self,
        *,
        store: DeskStore,
        commands: Commands,
        time: TimeSource,
        calendar_of: CalendarOf = lambda _id: ALWAYS_OPEN,
        thresholds: Thresholds | None = None,
        explain: Explain | None = None,
    ) -> None:
        self._store = store
        self._commands = commands
        self._time = time
        self._calendar_of = calendar_of
        self._thresholds = thresholds or {}
        self._explain = explain

    async def conversations(self, agent: Agent, *, view: str, text: str, page: int) -> Json:
        """Return one page of a list, most urgent first, with the counts of all lists."""
        if view not in LISTS:
            raise BadMessage(f"There is no list {view!r}; choose one of {', '.join(LISTS)}.")
        found = await self._store.queue(_query(view, agent.id, text.strip()[:LONGEST_SEARCH], page))
        now = self._time.now()
        return {
            "now": iso(now),
            "filter": view,
            "page": page,
            "pages": max(1, -(-found.total // PAGE_SIZE)),
            "total": found.total,
            "rows": [queue_row(row, now, self._calendar_of) for row in found.rows],
            "counts": await self._counts(agent.id),
            "paused": await self._commands.paused(),
        }

    async def conversation(self, agent: Agent, conversation: str) -> Json:  # noqa: ARG002 - teams will need it
        """Return all that staff may see of one conversation. Raises NotFound."""
        return await self._shown(await self._view(conversation))

    async def perform(self, agent: Agent, conversation: str, request: Mapping[str, object]) -> Json:
        """Carry out a command and say what became of it. Raises BadMessage for one that makes no sense."""
        view = await self._view(conversation)
        commands = commands_for(request, agent=agent, at=self._time.now())
        refusal = await self._carry_out(view.conversation.id, commands)
        return {
            "accepted": not refusal,
            "refusal": refusal,
            "conversation": await self._shown(await self._view(conversation)),
        }

    async def words(self, agent: Agent, conversation: str, message: str) -> Json:  # noqa: ARG002 - as above
        """Return which words of a customer's message mattered to the model, as it reads the text now.

        Raises NotFound for a message that nobody wrote, or that has no text any more.
        """
        view = await self._view(conversation)
        said = next((line for line in view.transcript if line.message == message), None)
        if said is None or said.author is not Author.CUSTOMER or not said.text.strip() or self._explain is None:
            raise NotFound("There is no such message, or nothing of it is left to explain.")
        try:
            return explanation_json(await self._explain(said.text, usual=view.conversation.language))
        except ModelError:
            raise Conflict("The model gives no usable numbers for this message.") from None

    async def _carry_out(self, conversation: ConversationId, commands: tuple[Command, ...]) -> str:
        for command in commands:
            result = await self._commands.perform(conversation, command)
            if not result.accepted:
                return result.refusal or "This is not possible now."
        return ""

    async def _view(self, conversation: str) -> ConversationView:
        view = await self._store.view(ConversationId(conversation))
        if view is None:
            raise NotFound(f"There is no conversation {conversation!r}.")
        return view

    async def _shown(self, view: ConversationView) -> Json:
        log = await self._store.of(view.conversation.id)
        return conversation_json(
            view,
            log,
            self._time.now(),
            calendar_of=self._calendar_of,
            thresholds=self._thresholds,
            explains=self._explain is not None,
        )

    async def _counts(self, me: AgentId) -> dict[str, int]:
        states = (await self._store.facts()).conversations
        counts = {view: sum(states.get(state, 0) for state in LISTS[view]) for view in LISTS}
        mine: QueuePage = await self._store.queue(QueueQuery(states=LISTS["mine"], holder=me, limit=1))
        return {**counts, "mine": mine.total}


def commands_for(request: Mapping[str, object], *, agent: Agent, at: datetime) -> tuple[Command, ...]:
    """Return what a request of the page asks for. Raises BadMessage with a sentence for whoever typed it."""
    match request.get("command"):
        case "claim":
            return (Claim(at=at, agent=agent),)
        case "release":
            return (Release(at=at, agent=agent),)
        case "reply":
            return (Reply(at=at, agent=agent, text=_text(request, "reply"), seen=_seen(request)),)
        case "note":
            return (Note(at=at, agent=agent, note=_text(request, "note")),)
        case "resolve":
            remark = _text(request, "remark") if request.get("text") else ""
            note = (Note(at=at, agent=agent, note=remark),) if remark else ()
            return (Resolve(at=at, agent=agent, seen=_seen(request)), *note)
        case "correct":
            return (CorrectLabel(at=at, agent=agent, message=_message(request), labels=_labels(request)),)
        case other:
            raise BadMessage(f"Command {other!r} is not one of claim, release, reply, note, resolve, correct.")


def _message(request: Mapping[str, object]) -> MessageId:
    message = request.get("message")
    if not isinstance(message, str) or not message:
        raise BadMessage("Which message is meant? Name it as 'message'.")
    return MessageId(message)


def _labels(request: Mapping[str, object]) -> tuple[Label, ...]:
    """Return the labels that hold; an empty list, which says other, must be there too."""
    given = request.get("labels")
    known = [label.value for label in SCORED_LABELS]
    if not isinstance(given, list) or not all(name in known for name in given):
        raise BadMessage(f"The labels are {given!r}; give a list of those that hold of {', '.join(known)}.")
    return tuple(label for label in SCORED_LABELS if label in given)


def _seen(request: Mapping[str, object]) -> int | None:
    """Return how many of the customer's messages the page had shown, where it says so."""
    seen = request.get("seen")
    return seen if isinstance(seen, int) and not isinstance(seen, bool) else None


def _query(view: str, me: AgentId, text: str, page: int) -> QueueQuery:
    return QueueQuery(
        states=LISTS[view],
        text=text,
        holder=me if view == "mine" else None,
        limit=PAGE_SIZE,
        offset=(page - 1) * PAGE_SIZE,
    )


def _text(request: Mapping[str, object], what: str) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadMessage(f"The {what} is empty: write something first.")
    if len(text.strip()) > LONGEST_TEXT:
        raise BadMessage(f"The {what} has {len(text.strip()):,} characters; {LONGEST_TEXT:,} is the most.")
    return text.strip()

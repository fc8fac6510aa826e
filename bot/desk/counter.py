"""The counter: where every desk hands in what staff want, and asks what a conversation looks like.

Nothing else makes a reply. A desk says who, which conversation, which action and its fields; the rest is the same
whichever desk it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.desk.actions import Action, Field, Fields, action_of, command_for
from bot.desk.enclosing import attachment_of, cleaned
from bot.domain.conversation import Conversation
from bot.domain.events import Command, Transfer
from bot.domain.log import LogRecord
from bot.domain.messages import Author, ConversationId
from bot.domain.roles import RIGHTS, Agent, Role
from bot.domain.staff_rules import Refusal
from bot.errors import BadMessage, ModelError, NotFound
from bot.ports import Commands, Enclosures, EventLog, TimeSource, Views
from bot.records import ConversationView, Enclosure, TranscriptEntry

#: Conversations that one act may concern.
MOST_AT_ONCE = 100

#: Templates offered at a time.
MOST_OFFERED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A template's text as this customer would read it, to be edited and sent. ``score``: None if searched for."""

    template: str
    topic: str
    text: str
    score: float | None = None


class Answers(Protocol):
    """The brand's templates, for staff."""

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return templates whose id, topic, words or examples have all words of ``text``; all for an empty one."""
        ...

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return the templates nearest to what the customer wrote last. Raises ModelError."""
        ...


class DeskStore(Views, EventLog, Enclosures, Protocol):
    """What desks read, and where files wait for the reply that takes them along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an act.

    A ``refusal`` is a sentence for whoever acted. ``holder`` holds the conversation, where that was in the way.
    ``meanwhile``: what the customer had written since the agent last looked, where that held a text back;
    ``received``: how many messages that makes, for whoever reads them now. ``repeated``: the same request was
    carried out before, as it stood then.
    """

    accepted: bool
    conversation: Conversation | None
    refusal: str = ""
    kind: Refusal | None = None
    holder: str = ""
    meanwhile: tuple[TranscriptEntry, ...] = ()
    received: int = 0
    repeated: bool = False


class Counter:
    """Takes what staff want from any desk. ``teams`` are the brand's; empty means that any name is one."""

    def __init__(
        self,
        *,
        store: DeskStore,
        commands: Commands,
        time: TimeSource,
        answers: Answers,
        teams: Collection[str] = (),
    ) -> None:
        self._store = store
        self._commands = commands
        self._time = time
        self._answers = answers
        self.teams = tuple(teams)

    async def perform(
        self,
        agent: Agent,
        conversation: ConversationId,
        action: str,
        fields: Fields,
        *,
        request: str = "",
        files: Sequence[Enclosure] = (),
    ) -> Result:
        """Carry out an action. The same ``request`` again does nothing again, and is accepted.

        ``files`` go to the customer along with a reply, whose text may then be empty.
        Raises BadMessage with a sentence for what makes no sense, NotFound for an unknown conversation.
        """
        known = action_of(action)
        if not agent.may(known.right):
            return Result(accepted=False, conversation=None, refusal=_not_allowed(known), kind=Refusal.NOT_ALLOWED)
        command = await self._command_for(agent, conversation, known, fields, files)
        self._check_team(command)
        return await self._carry_out(conversation, command, fields, request)

    async def perform_all(
        self,
        agent: Agent,
        conversations: Sequence[ConversationId],
        action: str,
        fields: Fields,
        *,
        request: str = "",
    ) -> Mapping[ConversationId, Result]:
        """Carry out an action on a selection, each by itself: one that is refused keeps none of the others.

        ``seen`` among the fields maps each conversation to how many of its messages had been read.
        Raises BadMessage for an action that makes no sense for a selection, or one that is too long.
        """
        known = action_of(action)
        if not known.bulk:
            raise BadMessage(f"{known.title} works on one conversation at a time.")
        chosen = list(dict.fromkeys(conversations))
        if not chosen or len(chosen) > MOST_AT_ONCE:
            raise BadMessage(f"{len(chosen)} conversations are chosen; choose 1 to {MOST_AT_ONCE}.")
        told = {each: _told_of(each, known, fields) for each in chosen}
        return {each: await self._alone(agent, each, action, told[each], request) for each in chosen}

    async def view(self, conversation: ConversationId) -> ConversationView:
        """Return all that staff may see of a conversation. Raises NotFound."""
        found = await self._store.view(conversation)
        if found is None:
            raise NotFound(f"There is no conversation {conversation!r}.")
        return found

    async def life(self, conversation: ConversationId) -> Sequence[LogRecord]:
        """Return all that happened to a conversation, oldest first."""
        return await self._store.of(conversation)

    async def templates(self, conversation: ConversationId, search: str = "") -> Sequence[Offer]:
        """Return the templates that a search finds, as this customer would read them."""
        return self._answers.search(search.strip()[:200], await self.view(conversation), limit=MOST_OFFERED)

    async def suggest(self, conversation: ConversationId) -> Sequence[Offer]:
        """Return the templates nearest to what the customer wrote last, best first; none if nothing is near."""
        view = await self.view(conversation)
        try:
            return await self._answers.nearest(view, limit=3)
        except ModelError:
            return ()

    async def _command_for(
        self,
        agent: Agent,
        conversation: ConversationId,
        action: Action,
        fields: Fields,
        files: Sequence[Enclosure],
    ) -> Command:
        """Return what an action stands for. Its files are kept once all that was typed makes sense."""
        now, enclosures = self._time.now(), cleaned(files)
        attached = tuple(attachment_of(each, "") for each in enclosures)
        command = command_for(action.name, fields, agent=agent, at=now, files=attached)
        if not enclosures:
            return command
        await self.view(conversation)
        kept = [await self._store.keep_enclosure(conversation, each) for each in enclosures]
        attached = tuple(attachment_of(each, id_) for each, id_ in zip(enclosures, kept, strict=True))
        return command_for(action.name, fields, agent=agent, at=now, files=attached)

    async def _alone(
        self, agent: Agent, conversation: ConversationId, action: str, fields: Fields, request: str
    ) -> Result:
        try:
            key = f"{request}/{conversation}" if request else ""
            return await self.perform(agent, conversation, action, fields, request=key)
        except NotFound as error:
            return Result(accepted=False, conversation=None, refusal=str(error), kind=Refusal.NOT_NOW)

    async def _carry_out(
        self, conversation: ConversationId, command: Command, fields: Fields, request: str
    ) -> Result:
        result = await self._commands.perform(conversation, command, request=request)
        after = result.conversation
        held = result.kind is Refusal.HELD and after is not None
        view = await self.view(conversation) if result.kind is Refusal.MOVED_ON else None
        return Result(
            accepted=result.accepted,
            conversation=after,
            refusal="" if result.accepted else result.refusal or "This is not possible now.",
            kind=result.kind,
            holder=str(after.holder or "") if held and after is not None else "",
            meanwhile=_meanwhile(view, fields) if view is not None else (),
            received=view.received if view is not None else after.received if after is not None else 0,
            repeated=result.repeated,
        )

    def _check_team(self, command: Command) -> None:
        if isinstance(command, Transfer) and self.teams and command.team not in self.teams:
            raise BadMessage(f"There is no team {command.team!r}; known are {', '.join(self.teams)}.")


def _meanwhile(view: ConversationView, fields: Fields) -> tuple[TranscriptEntry, ...]:
    """Return what the customer has written that the agent had not read."""
    seen = fields.get(Field.SEEN)
    written = [line for line in view.transcript if line.author is Author.CUSTOMER]
    unread = view.received - seen if isinstance(seen, int) else 0
    return tuple(written[-unread:]) if unread > 0 else ()


def _told_of(conversation: ConversationId, action: Action, fields: Fields) -> Fields:
    """Return the fields for one of a selection: what was read of it, where the action asks for that.

    Raises BadMessage where nobody says: what was not read must not be closed with the rest.
    """
    if Field.SEEN not in action.optional:
        return {name: value for name, value in fields.items() if name != Field.SEEN}
    read = fields.get(Field.SEEN)
    if not isinstance(read, Mapping) or conversation not in read:
        raise BadMessage("'seen' must say for each conversation how many of the customer's messages were read.")
    return {**fields, Field.SEEN: read[conversation]}


def _not_allowed(action: Action) -> str:
    """Say who may, to somebody who may not."""
    may = " or ".join(role.value for role in Role if action.right in RIGHTS[role])
    return f"{action.title} is not yours to do: it takes the role {may}."


class NoTemplates:
    """Stands where the brand's templates are not offered to staff."""

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return nothing."""
        del text, view, limit
        return ()

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return nothing."""
        del view, limit
        return ()

"""All that staff can do with a conversation: one table, read by every desk, by the docs and by the tests.

A desk turns what somebody typed or pressed into the name of an action and its fields; ``command_for`` makes the
command. A field that an action does not list is refused, so no desk can smuggle anything past another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.events import (
    AskFor,
    Block,
    Claim,
    Command,
    CorrectLabel,
    HandBack,
    Note,
    Release,
    Reopen,
    Reply,
    Resolve,
    ResolveReason,
    Revise,
    Snooze,
    TakeOver,
    Transfer,
    Unblock,
    Wait,
)
from bot.domain.messages import Attachment, MessageId
from bot.domain.prediction import SCORED_LABELS, Label
from bot.domain.roles import Agent, Right
from bot.errors import BadMessage

LONGEST_TEXT = 4000
LONGEST_TEAM = 100
LONGEST_SHOWN = 80
LONGEST_SNOOZE = timedelta(days=366)

Fields = Mapping[str, object]


class Field(StrEnum):
    """What an action may need to be told."""

    TEXT = "text"  # to the customer, or internal: the action says which
    UNTIL = "until"  # an instant, as ISO 8601 with a zone
    TEAM = "team"
    REASON = "reason"  # why it is done: one of ResolveReason
    MESSAGE = "message"  # the id of a message of the conversation
    LABELS = "labels"  # those that hold; an empty list says other
    FILES = "files"  # that go along; handed in beside the others, never among them
    SEEN = "seen"  # how many of the customer's messages were read; left out: send it all the same


Make = Callable[[Fields, Agent, datetime], Command]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that staff can do.

    ``what`` is a sentence for whoever looks for it, ``key`` the web desk's shortcut. ``fields`` are needed,
    ``optional`` may be given. ``bulk``: it makes sense for a selection of conversations. ``sends``: its text goes
    to the customer; of every other action no word ever does. ``files``: files may go along with it.
    """

    name: str
    title: str
    what: str
    right: Right
    make: Make
    key: str = ""
    fields: tuple[Field, ...] = ()
    optional: tuple[Field, ...] = ()
    bulk: bool = False
    sends: bool = False
    files: bool = False


def command_for(
    action: str, fields: Fields, *, agent: Agent, at: datetime, files: tuple[Attachment, ...] = ()
) -> Command:
    """Return the command that an action stands for. Raises BadMessage with a sentence for whoever typed it."""
    known = action_of(action)
    for name in fields:
        if name not in {*known.fields, *known.optional}:
            raise BadMessage(f"{known.title} takes no {name!r}.")
    if files and not known.files:
        raise BadMessage(f"{known.title} takes no files.")
    return known.make({**fields, Field.FILES: files} if files else fields, agent, at)


def action_of(name: str) -> Action:
    """Return an action by its name. Raises BadMessage naming those that there are."""
    found = BY_NAME.get(name)
    if found is None:
        raise BadMessage(f"There is no action {name!r}; choose one of {', '.join(BY_NAME)}.")
    return found


def _plain(command: type[Command]) -> Make:
    return lambda _fields, agent, at: command(at=at, agent=agent)


def _reply(fields: Fields, agent: Agent, at: datetime) -> Command:
    files = _files(fields)
    text = _text(fields, "reply") if fields.get(Field.TEXT) or not files else ""
    return Reply(at=at, agent=agent, text=text, seen=_seen(fields), enclosures=files)


def _files(fields: Fields) -> tuple[Attachment, ...]:
    """Return the files that ``command_for`` was given."""
    files = fields.get(Field.FILES, ())
    return files if isinstance(files, tuple) else ()


def _note(fields: Fields, agent: Agent, at: datetime) -> Command:
    return Note(at=at, agent=agent, note=_text(fields, "note"))


def _edit(fields: Fields, agent: Agent, at: datetime) -> Command:
    return Revise(at=at, agent=agent, message=_message(fields), text=_text(fields, "reply"))


def _delete(fields: Fields, agent: Agent, at: datetime) -> Command:
    return Revise(at=at, agent=agent, message=_message(fields))


def _transfer(fields: Fields, agent: Agent, at: datetime) -> Command:
    team = fields.get(Field.TEAM)
    if not isinstance(team, str) or not team.strip() or len(team.strip()) > LONGEST_TEAM:
        raise BadMessage("Which team is meant? Name it as 'team'.")
    return Transfer(at=at, agent=agent, team=team.strip(), remark=_remark(fields))


def _correct(fields: Fields, agent: Agent, at: datetime) -> Command:
    return CorrectLabel(at=at, agent=agent, message=_message(fields), labels=_labels(fields))


def _snooze(fields: Fields, agent: Agent, at: datetime) -> Command:
    until = _instant(fields.get(Field.UNTIL))
    if until - at > LONGEST_SNOOZE:
        raise BadMessage(f"{until:%Y-%m-%d} is more than a year away: choose an earlier day.")
    return Snooze(at=at, agent=agent, until=until, remark=_remark(fields))


def _resolve(fields: Fields, agent: Agent, at: datetime) -> Command:
    reason = fields.get(Field.REASON, ResolveReason.ANSWERED)
    if not isinstance(reason, str) or reason not in set(ResolveReason):
        raise BadMessage(f"{shown(reason)} is no reason; choose one of {', '.join(ResolveReason)}.")
    why, seen, remark = ResolveReason(reason), _seen(fields), _remark(fields)
    return Resolve(at=at, agent=agent, reason=why, seen=seen, remark=remark)


def _remark(fields: Fields) -> str:
    """Return the note that goes along, "" where none was written."""
    return _text(fields, "note") if fields.get(Field.TEXT) else ""


def _text(fields: Fields, what: str) -> str:
    text = fields.get(Field.TEXT)
    if not isinstance(text, str) or not text.strip():
        raise BadMessage(f"The {what} is empty: write something first.")
    if len(text.strip()) > LONGEST_TEXT:
        raise BadMessage(f"The {what} has {len(text.strip()):,} characters; {LONGEST_TEXT:,} is the most.")
    return text.strip()


def _message(fields: Fields) -> MessageId:
    message = fields.get(Field.MESSAGE)
    if not isinstance(message, str) or not message:
        raise BadMessage("Which message is meant? Name it as 'message'.")
    return MessageId(message)


def _labels(fields: Fields) -> tuple[Label, ...]:
    """Return the labels that hold; an empty list, which says other, must be there too."""
    given = fields.get(Field.LABELS)
    known = [label.value for label in SCORED_LABELS]
    if not isinstance(given, list | tuple) or not all(name in known for name in given):
        raise BadMessage(f"The labels are {shown(given)}; give a list of those that hold of {', '.join(known)}.")
    return tuple(label for label in SCORED_LABELS if label in given)


def _seen(fields: Fields) -> int | None:
    """Return how many of the customer's messages their writer had read, where the desk says so."""
    seen = fields.get(Field.SEEN)
    if seen is not None and (isinstance(seen, bool) or not isinstance(seen, int)):
        raise BadMessage(f"'seen' is {shown(seen)}; it is how many of the customer's messages were read.")
    return seen


def _instant(given: object) -> datetime:
    """Return an instant from ISO 8601. Raises BadMessage for what is none, or has no zone."""
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadMessage(f"{shown(given)} is no time; write one like 2026-11-23T09:00:00Z.")


def shown(given: object) -> str:
    """Return what somebody gave, short enough for a sentence."""
    text = repr(given)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


ACTIONS: tuple[Action, ...] = (
    Action(
        name="claim",
        title="Claim",
        what="Hold the conversation: nobody else answers it, the bot least of all.",
        right=Right.HANDLE,
        make=_plain(Claim),
        key="c",
        bulk=True,
    ),
    Action(
        name="release",
        title="Release",
        what="Let go of it, so that somebody else can take it.",
        right=Right.HANDLE,
        make=_plain(Release),
        key="u",
        bulk=True,
    ),
    Action(
        name="take_over",
        title="Take over",
        what="Hold what somebody else holds.",
        right=Right.TAKE_OVER,
        make=_plain(TakeOver),
        key="o",
        bulk=True,
    ),
    Action(
        name="ask_for",
        title="Ask for it",
        what="Ask whoever holds it to hand it over.",
        right=Right.HANDLE,
        make=_plain(AskFor),
        key="a",
    ),
    Action(
        name="transfer",
        title="Transfer",
        what="Give it to another team, with a note if you like.",
        right=Right.HANDLE,
        make=_transfer,
        key="t",
        fields=(Field.TEAM,),
        optional=(Field.TEXT,),
        bulk=True,
    ),
    Action(
        name="note",
        title="Note",
        what="Leave an internal remark. The customer never sees it.",
        right=Right.HANDLE,
        make=_note,
        key="n",
        fields=(Field.TEXT,),
        bulk=True,
    ),
    Action(
        name="reply",
        title="Reply",
        what="Send a text, with files if you like, to the customer; on a free conversation this claims it.",
        right=Right.HANDLE,
        make=_reply,
        key="r",
        fields=(Field.TEXT,),
        optional=(Field.SEEN,),
        sends=True,
        files=True,
    ),
    Action(
        name="edit",
        title="Edit reply",
        what="Change a reply that was sent, where the platform allows it.",
        right=Right.HANDLE,
        make=_edit,
        key="e",
        fields=(Field.MESSAGE, Field.TEXT),
        sends=True,
    ),
    Action(
        name="delete",
        title="Take back reply",
        what="Delete a reply that was sent, where the platform allows it.",
        right=Right.HANDLE,
        make=_delete,
        key="d",
        fields=(Field.MESSAGE,),
    ),
    Action(
        name="correct",
        title="Correct label",
        what="Say what a message is, where the model was wrong; the bot can be trained with it.",
        right=Right.HANDLE,
        make=_correct,
        key="l",
        fields=(Field.MESSAGE, Field.LABELS),
    ),
    Action(
        name="snooze",
        title="Snooze",
        what="Put it away until a stated time. Reply clocks go on.",
        right=Right.HANDLE,
        make=_snooze,
        key="z",
        fields=(Field.UNTIL,),
        optional=(Field.TEXT,),
        bulk=True,
    ),
    Action(
        name="wait",
        title="Wait for customer",
        what="The customer has to act: resolution stands still until they write.",
        right=Right.HANDLE,
        make=_plain(Wait),
        key="w",
        bulk=True,
    ),
    Action(
        name="resolve",
        title="Resolve",
        what="Call it done, and say why.",
        right=Right.HANDLE,
        make=_resolve,
        key="s",
        optional=(Field.REASON, Field.TEXT, Field.SEEN),
        bulk=True,
    ),
    Action(
        name="reopen",
        title="Reopen",
        what="Take up again what was resolved.",
        right=Right.HANDLE,
        make=_plain(Reopen),
        key="p",
        bulk=True,
    ),
    Action(
        name="hand_back",
        title="Hand back to the bot",
        what="Let the bot answer what the customer writes next.",
        right=Right.HANDLE,
        make=_plain(HandBack),
        key="b",
        bulk=True,
    ),
    Action(
        name="block",
        title="Block customer",
        what="Stop hearing a customer who floods: it is resolved, and what they write starts nothing.",
        right=Right.BLOCK,
        make=_plain(Block),
        key="x",
        bulk=True,
    ),
    Action(
        name="unblock",
        title="Unblock customer",
        what="Hear the customer again.",
        right=Right.BLOCK,
        make=_plain(Unblock),
        bulk=True,
    ),
)

BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}

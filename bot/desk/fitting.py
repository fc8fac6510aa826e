"""What fits a conversation as it stands: which actions are open to an agent, and why the others are not. Pure.

Nothing here decides: the rules that will carry an action out are asked beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.desk.actions import ACTIONS, Action, Field, command_for
from bot.desk.enclosing import LARGEST_FILE
from bot.domain.actions import SendState
from bot.domain.conversation import Conversation, Rules
from bot.domain.events import Command, Revise
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import Author, MessageId
from bot.domain.roles import RIGHTS, Agent, Right, Role
from bot.domain.states import State
from bot.domain.transitions import advance
from bot.ports import Capabilities
from bot.records import ConversationView, TranscriptEntry

#: No refusal hangs on what a brand sets.
_RULES = Rules()

#: What ends a claim, or begins one anew: whoever asked before that, asked for another claim.
_OTHER_CLAIM = frozenset({LogKind.RELEASED, LogKind.TAKEN_OVER, LogKind.STATE_CHANGED})


def refusals(view: ConversationView, agent: Agent, at: datetime, *, may: Capabilities) -> dict[str, str]:
    """Return for each action why it would be refused now; an empty text means that it fits."""
    return {action.name: why_not(action, view, agent, at, may=may) for action in ACTIONS}


def why_not(action: Action, view: ConversationView, agent: Agent, at: datetime, *, may: Capabilities) -> str:
    """Return why one action would be refused now, empty if it fits."""
    if not agent.may(action.right):
        allowed = " or ".join(role.value for role in Role if action.right in RIGHTS[role])
        return f"{action.title} takes the role {allowed}."
    match action.name:
        case "edit" | "delete":
            return _why_not_revised(action.name, view, agent, at, may=may)
        case "correct":
            return "" if correctable(view) else "There is no text of the customer that could be corrected."
        case "block" if view.blocked is not None:
            return f"{view.blocked.agent} has blocked this customer already."
        case "unblock" if view.blocked is None:
            return "This customer is not blocked."
    fields = _sample(action, view.conversation, at)
    return _refused(view.conversation, command_for(action.name, fields, agent=agent, at=at))


def revisable(view: ConversationView, agent: Agent, *, may: Capabilities) -> dict[MessageId, list[str]]:
    """Return the replies that this agent may change or take back, newest first, with what the channel lets."""
    offered = [name for name, can in (("edit", may.edits_sends), ("delete", may.deletes_sends)) if can]
    return {entry.message: offered for entry in reversed(view.transcript) if offered and _own(entry, agent)}


def correctable(view: ConversationView) -> tuple[MessageId, ...]:
    """Return the customer's messages that a label can be put to, newest first."""
    said = (entry for entry in reversed(view.transcript) if entry.author is Author.CUSTOMER)
    return tuple(entry.message for entry in said if entry.text and entry.deleted_at is None)


def largest_file(may: Capabilities) -> int:
    """Return how many bytes a file may have that goes along with a reply; 0 where none can."""
    return min(LARGEST_FILE, may.largest_file)


def why_no_files(may: Capabilities) -> str:
    """Return why no file can go along with a reply, empty if one can."""
    if may.largest_file:
        return ""
    return may.instead.get("largest_file") or f"On {may.name} no files can be sent: send the text alone."


def asked_by(view: ConversationView, log: Sequence[LogRecord]) -> tuple[str, ...]:
    """Return who has asked the present holder to hand the conversation over, since it was claimed."""
    asked: dict[str, None] = {}
    for record in log:
        if record.kind in _OTHER_CLAIM:
            asked.clear()
        elif record.kind == LogKind.ASKED_FOR and record.fields.get("holder") == view.conversation.holder:
            asked[str(record.fields.get("agent"))] = None
    return tuple(asked) if view.conversation.state is State.CLAIMED else ()


def _own(entry: TranscriptEntry, agent: Agent) -> bool:
    """Tell whether an entry is a reply that has arrived and that this agent may change."""
    there = entry.author is Author.AGENT and entry.send_state is SendState.SENT and entry.deleted_at is None
    return there and (entry.agent == agent.id or agent.may(Right.TAKE_OVER))


def _why_not_revised(what: str, view: ConversationView, agent: Agent, at: datetime, *, may: Capabilities) -> str:
    flag = {"edit": "edits_sends", "delete": "deletes_sends"}[what]
    if not getattr(may, flag):
        return may.instead.get(flag) or f"On {may.name} nothing can be changed once it was sent."
    found = next(iter(revisable(view, agent, may=may)), None)
    if found is None:
        return "There is no reply of yours that has reached the customer."
    return _refused(view.conversation, Revise(at=at, agent=agent, message=found, text="?", wrote=agent.id))


def _sample(action: Action, conversation: Conversation, at: datetime) -> dict[str, object]:
    """Return what an action could be told, so that nothing but the conversation speaks against it."""
    told: dict[str, object] = {
        Field.TEXT: "?",
        Field.UNTIL: (at + timedelta(hours=1)).isoformat(),
        Field.TEAM: f"not {conversation.team}"[:60],
    }
    return {field: told[field] for field in action.fields}


def _refused(conversation: Conversation, command: Command) -> str:
    return advance(conversation, command, _RULES).refusal

"""Public rooms: what waits until others had the chance to speak, what they said, and what is brought forward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.messages import ConversationId, CustomerId, MessageId
from bot.domain.rooms import goes_on
from bot.records import Arrival, ArrivalKind
from bot.stores.sqlite.codec import decode_conversation, message_id, micros, moment, span
from bot.stores.sqlite.origins import known_customer
from bot.stores.sqlite.records import decisions
from bot.stores.sqlite.transaction import Transaction

#: The least time that a message waits for others: a back-fill of the room is complete by then.
LEAST_WAIT = timedelta(seconds=30)

#: What comes in later than this after it was written has been fetched: what was answered to it may come behind.
AT_ONCE = timedelta(minutes=1)

_SECOND = span(timedelta(seconds=1))
_WORDS = (ArrivalKind.MESSAGE, ArrivalKind.REPLY, ArrivalKind.TALK)

_MATTER = "SELECT customer, snapshot FROM conversations WHERE id = ?"
_EXPECTED = """
SELECT 1 FROM inbox i JOIN messages m ON m.id = i.message
WHERE i.conversation = ? AND i.addressed = 1 AND i.kind IN ('message', 'edit') AND m.customer = ?
  AND (i.happened_at < ? OR i.message = ?) LIMIT 1"""
_TALK = "SELECT 1 FROM inbox WHERE conversation = ? AND message = ? AND addressed = 0"
_ANSWER_ROOM = """
UPDATE inbox SET answered = 1
WHERE channel = ? AND room = ? AND happened_at <= ? AND hold_until > 0 AND answered = 0 AND addressed = 0
  AND (SELECT customer FROM messages WHERE id = inbox.message) IS NOT ?"""
_ANSWER_ONE = """
UPDATE inbox SET answered = 1
WHERE conversation = (SELECT conversation FROM messages WHERE id = ?1) AND message = ?1 AND hold_until > 0
  AND addressed = 0 AND (SELECT customer FROM messages WHERE id = ?1) IS NOT ?2"""
_BRING_FORWARD = """
UPDATE inbox SET hold_until = min(hold_until, ?3), aside = 0, addressed = 1, head = min(head, 1 + (?3 > 0)),
                 assess_by = CASE WHEN escalated THEN NULL ELSE ?4 END
WHERE conversation = ?1 AND hold_until > 0 AND addressed = 0
  AND (SELECT customer FROM messages WHERE id = inbox.message) = ?2"""
_REWORD = """
UPDATE inbox SET revision = ?
WHERE conversation = ? AND message = ? AND hold_until > 0 AND lease_until = 0 AND escalated = 0
  AND kind <> 'deletion'"""
_SETTLE = """
UPDATE inbox SET hold_until = 0, aside = 0, addressed = 0, answered = 1, head = min(head, 1),
                 assess_by = CASE WHEN escalated THEN NULL ELSE ?3 END
WHERE conversation = ?1 AND message = ?2 AND hold_until > 0"""
_STEP_ASIDE = """
UPDATE inbox SET head = 0 WHERE conversation = ? AND head > 0 AND aside = 1 AND lease_until = 0"""
_AHEAD = "SELECT coalesce(max(hold_until), 0) FROM inbox WHERE conversation = ? AND hold_until > 0 AND aside = 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an item stands in its room. ``hold_until`` 0: it waits for nobody."""

    addressed: bool = True
    answered: bool = False
    hold_until: int = 0


def standing(tx: Transaction, arrival: Arrival, conversation: ConversationId | None) -> Standing | None:
    """Return how a new message stands; None: it is not kept at all."""
    if arrival.addressed:
        return turned_to_brand(arrival)
    if arrival.to_others:
        return None
    written = micros(arrival.happened_at)
    if conversation is not None and is_expected(tx, arrival, conversation, _writer(tx, arrival), written=written):
        return turned_to_brand(arrival)
    if arrival.patience is None:
        return None
    patient = micros(arrival.happened_at) + span(arrival.patience)
    return Standing(addressed=False, hold_until=max(patient, micros(arrival.arrived_at) + span(LEAST_WAIT)))


def turned_to_brand(arrival: Arrival) -> Standing:
    """Return how an addressed message or edit stands: at once, but where a back-fill of its room may go on."""
    if not arrival.room or arrival.arrived_at - arrival.happened_at <= AT_ONCE:
        return Standing()
    return Standing(hold_until=micros(arrival.arrived_at) + span(LEAST_WAIT))


def is_expected(
    tx: Transaction, arrival: Arrival, conversation: ConversationId, writer: CustomerId | None, *, written: int
) -> bool:
    """Tell whether this goes on with its writer's matter, or an addressed message of theirs waits there."""
    if writer is None:
        return False
    customer, snapshot = tx.execute(_MATTER, (conversation,)).fetchone()
    if customer == writer and goes_on(decode_conversation(snapshot), arrival.happened_at, written=moment(written)):
        return True
    known = message_id(arrival.channel, arrival.external_id)
    earlier = (conversation, writer, written - written % _SECOND + _SECOND, known)  # see ``rooms.goes_on``
    return tx.execute(_EXPECTED, earlier).fetchone() is not None


def was_talk(tx: Transaction, conversation: ConversationId, message: MessageId) -> bool:
    """Tell whether a message was not taken for addressed so far: where it waits, or was last decided."""
    if tx.execute(_TALK, (conversation, message)).fetchone():
        return True
    told = [each.situation for each in decisions(tx.connection, conversation) if each.message == message]
    return bool(told) and told[-1] is not None and not told[-1].addressed


def hear(tx: Transaction, arrival: Arrival) -> None:
    """Let a word in a room count as an answer: to the message that it names, else to all that wait there.

    Nobody answers their own message.
    """
    if not arrival.room or arrival.kind not in _WORDS:
        return
    speaker = _writer(tx, arrival)
    if arrival.in_reply_to:
        tx.execute(_ANSWER_ONE, (message_id(arrival.channel, arrival.in_reply_to), speaker))
    else:
        tx.execute(_ANSWER_ROOM, (arrival.channel, arrival.room, micros(arrival.happened_at), speaker))


def bring_forward(
    tx: Transaction, conversation: ConversationId, writer: CustomerId, *, hold_until: int, assess_by: int
) -> None:
    """Let what this customer has waiting go on as addressed: they have turned to the brand now.

    It waits no longer than what has turned there.
    """
    count = tx.execute(_BRING_FORWARD, (conversation, writer, hold_until, assess_by)).rowcount
    _released(tx, count, assess_by)


def reword(tx: Transaction, conversation: ConversationId, message: MessageId, revision: int) -> bool:
    """Let a message that waits, and that no worker has, be read as it is now; tell whether there is one."""
    return tx.execute(_REWORD, (revision, conversation, message)).rowcount > 0


def settle(tx: Transaction, conversation: ConversationId, message: MessageId, assess_by: int) -> None:
    """Let a message go on as answered that was taken back, or turned to others, while it waited."""
    _released(tx, tx.execute(_SETTLE, (conversation, message, assess_by)).rowcount, assess_by)


def steps_aside(tx: Transaction, conversation: ConversationId) -> bool:
    """Take what others than its customer have waiting from the head of a conversation, if it is there."""
    return tx.execute(_STEP_ASIDE, (conversation,)).rowcount > 0


def wait_ahead(tx: Transaction, conversation: ConversationId) -> int:
    """Return until when what its customer has waiting keeps the rest of a conversation back, 0 for not at all."""
    return int(tx.execute(_AHEAD, (conversation,)).fetchone()[0])


def _released(tx: Transaction, count: int, assess_by: int) -> None:
    if count:
        tx.inbox = True
        tx.falls_due(assess_by)


def _writer(tx: Transaction, arrival: Arrival) -> CustomerId | None:
    """Return the customer who wrote this, None for staff and for somebody of whom nothing is kept."""
    if arrival.kind is ArrivalKind.REPLY or arrival.customer is None:
        return None
    return known_customer(tx, arrival.customer)

"""Accepting what platforms tell: recognising repetitions, finding the conversation, queueing for a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from bot.domain.messages import Address, Author, ConversationId, Customer, CustomerId, MessageId
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind, Outcome, Receipt
from bot.stores.sqlite import inbox, origins, rooms
from bot.stores.sqlite.codec import (
    attachments_json,
    attachments_of,
    digest_of,
    encode,
    likeness,
    message_id,
    micros,
    span,
)
from bot.stores.sqlite.rooms import Standing
from bot.stores.sqlite.transaction import Transaction

_KNOWN = """
SELECT m.conversation, m.author, m.at, m.digest, m.revision, m.deleted_at, m.erased, m.customer, c.customer
FROM messages m JOIN conversations c ON c.id = m.conversation WHERE m.id = ?"""
_ADD_MESSAGE = """
INSERT INTO messages (id, conversation, customer, author, at, external_id, digest, agent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_BODY = "INSERT INTO bodies (message, revision, text, edit_key, attachments) VALUES (?, ?, ?, ?, ?)"
_ADD_ITEM = """
INSERT INTO inbox (kind, conversation, message, revision, channel, happened_at, arrived_at, agent, flooding,
                   assess_by, room, addressed, answered, hold_until, own, aside, head)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        CASE WHEN EXISTS (SELECT 1 FROM inbox WHERE conversation = ?2) THEN 0 ELSE 1 + (?14 > 0) END)"""

_EDITED = "SELECT 1 FROM bodies WHERE message = ? AND edit_key = ?"
_SAME_TEXT = "SELECT attachments FROM bodies WHERE message = ? AND revision = ? AND text = ?"
_MARK_EDITED = "UPDATE messages SET revision = ?, edited_at = ? WHERE id = ?"
_MARK_DELETED = "UPDATE messages SET deleted_at = ? WHERE id = ?"

_ASSESSED = (ArrivalKind.MESSAGE, ArrivalKind.EDIT)
_NOT_FOUND = Receipt(outcome=Outcome.NOT_FOUND)
_OVERHEARD = Receipt(outcome=Outcome.OVERHEARD)
_AT_ONCE = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRules:
    """How long an assessment may take, and how long a resolved conversation may be reopened."""

    assess_within: timedelta
    reopen_window: timedelta


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored under the platform's id already."""

    conversation: ConversationId
    author: str
    at: int
    digest: bytes | None
    revision: int
    deleted_at: int | None
    erased: int
    writer: CustomerId
    customer: CustomerId  # the conversation's: somebody else may have written in a thread


@dataclass(frozen=True, slots=True)
class _Case:
    """One arrival with all that its handling needs."""

    tx: Transaction
    arrival: Arrival
    message: MessageId
    rules: IntakeRules

    @property
    def assess_by(self) -> int:
        """Return until when this should be assessed, if it may be at once."""
        return self.assess_after(0)

    def assess_after(self, hold_until: int) -> int:
        """Return until when this should be assessed that may not be earlier than this."""
        return max(micros(self.arrival.arrived_at), hold_until) + span(self.rules.assess_within)

    @property
    def edit_key(self) -> str:
        """Return what tells this edit of a message from others."""
        arrival = self.arrival
        if arrival.revision:
            return f"r{arrival.revision}"
        brought = [encode(likeness(arrival.attachments)).decode()] if arrival.attachments else []
        return f"t{digest_of(arrival.text, *brought).hex()}"

    def receipt(self, outcome: Outcome, conversation: ConversationId) -> Receipt:
        return Receipt(outcome=outcome, conversation=conversation, message=self.message)


def check(arrivals: Sequence[Arrival]) -> None:
    """Raise BadMessage for a message that does not say where it comes from."""
    for arrival in arrivals:
        if arrival.kind is ArrivalKind.MESSAGE and (arrival.address is None or arrival.customer is None):
            raise BadMessage(
                f"message {arrival.external_id!r} of {arrival.channel} needs an address and a customer"
            )


def _origin(arrival: Arrival) -> tuple[Address, Customer]:
    if arrival.address is None or arrival.customer is None:
        raise BadMessage(f"message {arrival.external_id!r} of {arrival.channel} needs an address and a customer")
    return arrival.address, arrival.customer


def accept(tx: Transaction, arrivals: Sequence[Arrival], rules: IntakeRules) -> list[Receipt]:
    """Store these arrivals in their order and return what became of each."""
    cases = (_Case(tx, arrival, message_id(arrival.channel, arrival.external_id), rules) for arrival in arrivals)
    return [_accept_and_hear(case) for case in cases]


def _accept_and_hear(case: _Case) -> Receipt:
    receipt = _accept(case)
    rooms.hear(case.tx, case.arrival)
    return receipt


def _accept(case: _Case) -> Receipt:
    if case.arrival.kind is ArrivalKind.TALK:
        return _OVERHEARD
    row = case.tx.execute(_KNOWN, (case.message,)).fetchone()
    known = None if row is None else _Known(*row)
    match case.arrival.kind:
        case ArrivalKind.MESSAGE:
            return _new_message(case) if known is None else _again(case, known)
        case ArrivalKind.REPLY:
            return _new_reply(case) if known is None else _again(case, known)
        case ArrivalKind.EDIT:
            return _first_heard(case) if known is None else _NOT_FOUND if known.erased else _edit(case, known)
        case ArrivalKind.DELETION:
            return _NOT_FOUND if known is None or known.erased else _delete(case, known)
        case _:
            assert_never(case.arrival.kind)


# --- messages and replies, and their repetition -----------------------------------------------------------


def _new_message(case: _Case, edit_key: str | None = None) -> Receipt:
    address, writer = _origin(case.arrival)
    tx, arrival = case.tx, case.arrival
    origin = origins.joined(tx, arrival, address, case.rules.reopen_window)
    standing = rooms.standing(tx, arrival, origin and origin[0])
    if standing is None:
        return _OVERHEARD
    customer = origins.customer_of(tx, writer)
    conversation, whose = origin or origins.begin(tx, address, customer, private=arrival.private)
    _keep(case, conversation, customer, Author.CUSTOMER, edit_key)
    if standing.addressed and (arrival.room or not arrival.addressed):
        _bring_forward(case, conversation, customer, standing)
    _queue(case, conversation, 0, standing, own=whose == customer)
    return case.receipt(Outcome.ACCEPTED, conversation)


def _first_heard(case: _Case) -> Receipt:
    """Take an edit of something unknown for a message, if it turns to the brand and says whose it is and where."""
    arrival = case.arrival
    if not arrival.addressed or arrival.address is None or arrival.customer is None:
        return _NOT_FOUND
    as_message = replace(case, arrival=replace(arrival, kind=ArrivalKind.MESSAGE))
    return _new_message(as_message, case.edit_key)


def _new_reply(case: _Case) -> Receipt:
    origin = origins.answered_by(case.tx, case.arrival)
    if origin is None:
        return _OVERHEARD if case.arrival.room else _NOT_FOUND
    conversation, customer = origin
    _keep(case, conversation, customer, Author.AGENT)
    _queue(case, conversation, 0, _AT_ONCE, own=True)
    return case.receipt(Outcome.ACCEPTED, conversation)


def _again(case: _Case, known: _Known) -> Receipt:
    same = known.erased or known.digest == _digest(case.arrival, case.arrival.text) or _read_late(case, known)
    return case.receipt(Outcome.DUPLICATE if same else Outcome.CONFLICT, known.conversation)


def _read_late(case: _Case, known: _Known) -> bool:
    """Tell whether this is the known message with a later text, as a back-fill after an edit shows it."""
    rows = case.tx.execute("SELECT text FROM bodies WHERE message = ? ORDER BY revision", (case.message,))
    texts = [text for (text,) in rows]
    return case.arrival.text in texts and _digest(case.arrival, texts[0]) == known.digest


def _digest(arrival: Arrival, text: str) -> bytes:
    customer = "" if arrival.customer is None else arrival.customer.external_id
    place = (arrival.conversation or "") if arrival.address is None else arrival.address.key()
    return digest_of(arrival.kind, customer, place, text)


# --- edits and deletions ----------------------------------------------------------------------------------


def _edit(case: _Case, known: _Known) -> Receipt:
    arrival = case.arrival
    if _changes_nothing(case, known):
        return case.receipt(Outcome.DUPLICATE, known.conversation)
    if known.deleted_at is not None:  # taken back for good: a late edit brings nothing back
        return case.receipt(Outcome.NOT_FOUND, known.conversation)
    revision = known.revision + 1
    attachments = attachments_json(arrival.attachments)
    case.tx.execute(_ADD_BODY, (case.message, revision, arrival.text, case.edit_key, attachments))
    case.tx.execute(_MARK_EDITED, (revision, micros(arrival.happened_at), case.message))
    if known.author == Author.CUSTOMER:  # what an agent changes in their own words concerns no handler
        _hear_edit(case, known, revision)
    return case.receipt(Outcome.ACCEPTED, known.conversation)


def _changes_nothing(case: _Case, known: _Known) -> bool:
    """Tell whether an edit was told before, or leaves a message as it is, and as much the brand's as it was."""
    tx, arrival = case.tx, case.arrival
    if tx.execute(_EDITED, (case.message, case.edit_key)).fetchone():
        return True
    now = tx.execute(_SAME_TEXT, (case.message, known.revision, arrival.text)).fetchone()
    if now is None or likeness(attachments_of(now[0])) != likeness(arrival.attachments):
        return False
    # Channels leave the bot's name out of the text, so turning to the brand may be all that was changed.
    return not (arrival.room and arrival.addressed and rooms.was_talk(tx, known.conversation, case.message))


def _hear_edit(case: _Case, known: _Known, revision: int) -> None:
    """Let a message that waits be read as it is now, or hand out its edit behind it."""
    standing = _standing_of_edit(case, known)
    waits = rooms.reword(case.tx, known.conversation, case.message, revision)
    if standing.addressed:
        _bring_forward(case, known.conversation, known.writer, standing)
    elif case.arrival.to_others:
        rooms.settle(case.tx, known.conversation, case.message, case.assess_by)
    if not waits:
        _queue(case, known.conversation, revision, standing, own=known.writer == known.customer)


def _standing_of_edit(case: _Case, known: _Known) -> Standing:
    arrival = case.arrival
    addressed = arrival.addressed or (
        not arrival.to_others
        and rooms.is_expected(case.tx, arrival, known.conversation, known.writer, written=known.at)
    )
    return rooms.turned_to_brand(arrival) if addressed else Standing(addressed=False, answered=True)


def _delete(case: _Case, known: _Known) -> Receipt:
    if known.deleted_at is not None:
        return case.receipt(Outcome.DUPLICATE, known.conversation)
    case.tx.execute(_MARK_DELETED, (micros(case.arrival.happened_at), case.message))
    if known.author == Author.CUSTOMER:
        rooms.settle(case.tx, known.conversation, case.message, case.assess_by)
        _queue(case, known.conversation, known.revision, _AT_ONCE, own=known.writer == known.customer)
    return case.receipt(Outcome.ACCEPTED, known.conversation)


# --- what is kept -----------------------------------------------------------------------------------------


def _keep(
    case: _Case, conversation: ConversationId, customer: CustomerId, author: Author, edit_key: str | None = None
) -> None:
    arrival = case.arrival
    at, digest = micros(arrival.happened_at), _digest(arrival, arrival.text)
    values = (case.message, conversation, customer, author.value, at, arrival.external_id, digest, arrival.agent)
    case.tx.execute(_ADD_MESSAGE, values)
    attachments = attachments_json(arrival.attachments)
    case.tx.execute(_ADD_BODY, (case.message, 0, arrival.text, edit_key, attachments))


def _bring_forward(case: _Case, conversation: ConversationId, customer: CustomerId, standing: Standing) -> None:
    hold_until = standing.hold_until
    assess_by = case.assess_after(hold_until)
    rooms.bring_forward(case.tx, conversation, customer, hold_until=hold_until, assess_by=assess_by)


def _queue(case: _Case, conversation: ConversationId, revision: int, standing: Standing, *, own: bool) -> None:
    arrival, aside = case.arrival, standing.hold_until > 0 and not (own or standing.addressed)
    assess_by = _assess_by(case, conversation, standing) if arrival.kind in _ASSESSED else None
    where = (arrival.kind.value, conversation, case.message, revision, arrival.channel)
    when = (micros(arrival.happened_at), micros(arrival.arrived_at), arrival.agent, arrival.flooding, assess_by)
    how = (arrival.room, standing.addressed, standing.answered, standing.hold_until, own, aside)
    case.tx.execute(_ADD_ITEM, where + when + how)
    case.tx.inbox = True
    in_room = arrival.room or arrival.kind is not ArrivalKind.MESSAGE  # what concerns a message may not name it
    if in_room and not aside and rooms.steps_aside(case.tx, conversation):
        inbox.promote(case.tx, [conversation])


def _assess_by(case: _Case, conversation: ConversationId, standing: Standing) -> int:
    """Return until when this should be assessed: counted from when it may be, behind what waits for others."""
    ahead = rooms.wait_ahead(case.tx, conversation) if case.arrival.room else 0
    assess_by = case.assess_after(max(standing.hold_until, ahead))
    case.tx.falls_due(assess_by)
    return assess_by

"""Accepting what platforms tell: recognising repetitions, finding the conversation, queueing for a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

from bot.domain.messages import Address, Author, ConversationId, Customer, CustomerId, MessageId
from bot.domain.states import State
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind, Outcome, Receipt
from bot.stores.sqlite.codec import digest_of, message_id, micros, new_customer_id, span
from bot.stores.sqlite.conversations import create
from bot.stores.sqlite.transaction import Transaction

_KNOWN = "SELECT conversation, author, digest, revision, deleted_at, erased FROM messages WHERE id = ?"
_PLACE = """
SELECT c.id, c.customer, c.state, c.resolved_at FROM aliases a JOIN conversations c ON c.id = a.conversation
WHERE a.address = ?"""
_CUSTOMER = "SELECT id, name FROM customers WHERE channel = ? AND external_id = ?"
_ADD_MESSAGE = """
INSERT INTO messages (id, conversation, customer, author, at, external_id, digest, agent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_BODY = "INSERT INTO bodies (message, revision, text, edit_key) VALUES (?, ?, ?, ?)"
_ADD_ITEM = """
INSERT INTO inbox (kind, conversation, message, revision, channel, happened_at, arrived_at, agent, flooding,
                   assess_by, head)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NOT EXISTS (SELECT 1 FROM inbox WHERE conversation = ?2))"""

_ADD_CUSTOMER = "INSERT INTO customers (id, channel, external_id, name) VALUES (?, ?, ?, ?)"
_POINT = """
INSERT INTO aliases (address, conversation) VALUES (?, ?)
ON CONFLICT (address) DO UPDATE SET conversation = excluded.conversation"""
_SAME_EDIT = "SELECT 1 FROM bodies WHERE message = ? AND (edit_key = ? OR (revision = ? AND text = ?))"
_MARK_EDITED = "UPDATE messages SET revision = ?, edited_at = ? WHERE id = ?"
_MARK_DELETED = "UPDATE messages SET deleted_at = ? WHERE id = ?"

_ASSESSED = (ArrivalKind.MESSAGE, ArrivalKind.EDIT)
_NOT_FOUND = Receipt(outcome=Outcome.NOT_FOUND)


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
    digest: bytes | None
    revision: int
    deleted_at: int | None
    erased: int


@dataclass(frozen=True, slots=True)
class _Case:
    """One arrival with all that its handling needs."""

    tx: Transaction
    arrival: Arrival
    message: MessageId
    rules: IntakeRules

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
    return [_accept(case) for case in cases]


def _accept(case: _Case) -> Receipt:
    row = case.tx.execute(_KNOWN, (case.message,)).fetchone()
    known = None if row is None else _Known(*row)
    match case.arrival.kind:
        case ArrivalKind.MESSAGE:
            return _new_message(case) if known is None else _again(case, known)
        case ArrivalKind.REPLY:
            return _new_reply(case) if known is None else _again(case, known)
        case ArrivalKind.EDIT:
            return _NOT_FOUND if known is None or known.erased else _edit(case, known)
        case ArrivalKind.DELETION:
            return _NOT_FOUND if known is None or known.erased else _delete(case, known)
        case _:
            assert_never(case.arrival.kind)


# --- messages and replies, and their repetition -----------------------------------------------------------


def _new_message(case: _Case) -> Receipt:
    address, writer = _origin(case.arrival)
    customer = _customer(case.tx, writer)
    conversation = _conversation(case, address, customer)
    _keep(case, conversation, customer, Author.CUSTOMER)
    _queue(case, conversation, 0)
    return case.receipt(Outcome.ACCEPTED, conversation)


def _new_reply(case: _Case) -> Receipt:
    row = _replied_to(case)
    if row is None:
        return _NOT_FOUND
    conversation = ConversationId(row[0])
    _keep(case, conversation, CustomerId(row[1]), Author.AGENT)
    _queue(case, conversation, 0)
    return case.receipt(Outcome.ACCEPTED, conversation)


def _replied_to(case: _Case) -> Sequence[Any] | None:
    arrival = case.arrival
    if arrival.conversation is not None:
        query, key = "SELECT id, customer FROM conversations WHERE id = ?", str(arrival.conversation)
    elif arrival.address is not None:
        query, key = _PLACE, arrival.address.key()
    else:
        return None
    row: Sequence[Any] | None = case.tx.execute(query, (key,)).fetchone()
    return row


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
    key = f"r{arrival.revision}" if arrival.revision else f"t{digest_of(arrival.text).hex()}"
    if case.tx.execute(_SAME_EDIT, (case.message, key, known.revision, arrival.text)).fetchone():
        return case.receipt(Outcome.DUPLICATE, known.conversation)
    if known.deleted_at is not None:  # taken back for good: a late edit brings nothing back
        return case.receipt(Outcome.NOT_FOUND, known.conversation)
    revision = known.revision + 1
    case.tx.execute(_ADD_BODY, (case.message, revision, arrival.text, key))
    case.tx.execute(_MARK_EDITED, (revision, micros(arrival.happened_at), case.message))
    return _changed(case, known, revision)


def _delete(case: _Case, known: _Known) -> Receipt:
    if known.deleted_at is not None:
        return case.receipt(Outcome.DUPLICATE, known.conversation)
    case.tx.execute(_MARK_DELETED, (micros(case.arrival.happened_at), case.message))
    return _changed(case, known, known.revision)


def _changed(case: _Case, known: _Known, revision: int) -> Receipt:
    if known.author == Author.CUSTOMER:  # what an agent changes in their own words concerns no handler
        _queue(case, known.conversation, revision)
    return case.receipt(Outcome.ACCEPTED, known.conversation)


# --- whose it is ------------------------------------------------------------------------------------------


def _customer(tx: Transaction, customer: Customer) -> CustomerId:
    row = tx.execute(_CUSTOMER, (customer.channel, customer.external_id)).fetchone()
    if row is None:
        known = new_customer_id()
        tx.execute(_ADD_CUSTOMER, (known, customer.channel, customer.external_id, customer.name))
        return known
    known = CustomerId(row[0])
    if customer.name and customer.name != row[1]:
        tx.execute("UPDATE customers SET name = ? WHERE id = ?", (customer.name, known))
    return known


def _conversation(case: _Case, address: Address, customer: CustomerId) -> ConversationId:
    row = case.tx.execute(_PLACE, (address.key(),)).fetchone()
    if row is not None and not _over(row, case):
        return ConversationId(row[0])
    conversation = create(case.tx, address, customer, private=case.arrival.private)
    case.tx.execute(_POINT, (address.key(), conversation))
    return conversation


def _over(row: Sequence[Any], case: _Case) -> bool:
    """Tell whether the conversation at this place was resolved too long ago to be reopened."""
    state, resolved_at = row[2], row[3]
    if state != State.RESOLVED or resolved_at is None:
        return False
    return bool(micros(case.arrival.happened_at) - resolved_at > span(case.rules.reopen_window))


# --- what is kept -----------------------------------------------------------------------------------------


def _keep(case: _Case, conversation: ConversationId, customer: CustomerId, author: Author) -> None:
    arrival = case.arrival
    at, digest = micros(arrival.happened_at), _digest(arrival, arrival.text)
    values = (case.message, conversation, customer, author.value, at, arrival.external_id, digest, arrival.agent)
    case.tx.execute(_ADD_MESSAGE, values)
    case.tx.execute(_ADD_BODY, (case.message, 0, arrival.text, None))


def _queue(case: _Case, conversation: ConversationId, revision: int) -> None:
    arrival = case.arrival
    happened_at, arrived_at = micros(arrival.happened_at), micros(arrival.arrived_at)
    assess_by = None
    if arrival.kind in _ASSESSED:
        assess_by = arrived_at + span(case.rules.assess_within)
        case.tx.falls_due(assess_by)
    where = (arrival.kind.value, conversation, case.message, revision, arrival.channel)
    rest = (happened_at, arrived_at, arrival.agent, int(arrival.flooding), assess_by)
    case.tx.execute(_ADD_ITEM, where + rest)
    case.tx.inbox = True

"""Whose an arrival is: the customer who wrote it, and the conversation that it joins or begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.domain.messages import Address, ConversationId, Customer, CustomerId
from bot.domain.states import State
from bot.records import Arrival
from bot.stores.sqlite.codec import message_id, micros, new_customer_id, span
from bot.stores.sqlite.conversations import create
from bot.stores.sqlite.transaction import Transaction

#: A conversation, and the customer whose it is.
Origin = tuple[ConversationId, CustomerId]

_PLACE = """
SELECT c.id, c.customer, c.state, c.resolved_at FROM aliases a JOIN conversations c ON c.id = a.conversation
WHERE a.address = ?"""
_NAMED = "SELECT id, customer FROM conversations WHERE id = ?"
_OF_MESSAGE = """
SELECT c.id, c.customer FROM messages m JOIN conversations c ON c.id = m.conversation
WHERE m.id = ? AND m.erased = 0"""
_CUSTOMER = "SELECT id, name FROM customers WHERE channel = ? AND external_id = ?"
_ADD_CUSTOMER = "INSERT INTO customers (id, channel, external_id, name) VALUES (?, ?, ?, ?)"
_RENAME = "UPDATE customers SET name = ? WHERE id = ?"
_POINT = """
INSERT INTO aliases (address, conversation) VALUES (?, ?)
ON CONFLICT (address) DO UPDATE SET conversation = excluded.conversation"""


def known_customer(tx: Transaction, customer: Customer) -> CustomerId | None:
    """Return the id of somebody who has written before."""
    row = tx.execute(_CUSTOMER, (customer.channel, customer.external_id)).fetchone()
    return None if row is None else CustomerId(row[0])


def customer_of(tx: Transaction, customer: Customer) -> CustomerId:
    """Return the id of whoever writes, kept from now on, with their newest name."""
    row = tx.execute(_CUSTOMER, (customer.channel, customer.external_id)).fetchone()
    if row is None:
        known = new_customer_id()
        tx.execute(_ADD_CUSTOMER, (known, customer.channel, customer.external_id, customer.name))
        return known
    known = CustomerId(row[0])
    if customer.name and customer.name != row[1]:
        tx.execute(_RENAME, (customer.name, known))
    return known


def joined(tx: Transaction, arrival: Arrival, address: Address, reopen_window: timedelta) -> Origin | None:
    """Return the conversation at this place that a message joins; None: it begins a new one."""
    row = tx.execute(_PLACE, (address.key(),)).fetchone()
    return None if row is None or _over(row, arrival, reopen_window) else (row[0], row[1])


def begin(tx: Transaction, address: Address, customer: CustomerId, *, private: bool) -> Origin:
    """Begin a conversation at this place."""
    conversation = create(tx, address, customer, private=private)
    tx.execute(_POINT, (address.key(), conversation))
    return conversation, customer


def answered_by(tx: Transaction, reply: Arrival) -> Origin | None:
    """Return the conversation to which a reply belongs: by the message that it answers, by name, or by place."""
    row = None
    if reply.in_reply_to:
        row = tx.execute(_OF_MESSAGE, (message_id(reply.channel, reply.in_reply_to),)).fetchone()
    if row is None and reply.conversation is not None:
        row = tx.execute(_NAMED, (reply.conversation,)).fetchone()
    elif row is None and reply.address is not None:
        row = tx.execute(_PLACE, (reply.address.key(),)).fetchone()
    return None if row is None else (row[0], row[1])


def _over(row: Sequence[Any], arrival: Arrival, reopen_window: timedelta) -> bool:
    """Tell whether the conversation at this place was resolved too long ago to be reopened."""
    state, resolved_at = row[2], row[3]
    if state != State.RESOLVED or resolved_at is None:
        return False
    return bool(micros(arrival.happened_at) - resolved_at > span(reopen_window))

"""Customers whom staff have stopped hearing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.messages import AgentId, CustomerId
from bot.records import BlockRecord
from bot.stores.sqlite.codec import micros, moment
from bot.stores.sqlite.transaction import Transaction

_SET = "INSERT OR REPLACE INTO blocks (customer, agent, at) VALUES (?, ?, ?)"
_LIFT = "DELETE FROM blocks WHERE customer = ?"


def keep(tx: Transaction, records: Sequence[BlockRecord]) -> None:
    """Set or lift blocks; the last word on a customer counts."""
    last = {record.customer: record for record in records}
    tx.executemany(_LIFT, [(record.customer,) for record in last.values() if record.lifted])
    kept = [(each.customer, each.agent, micros(each.at)) for each in last.values() if not each.lifted]
    tx.executemany(_SET, kept)


def of(connection: sqlite3.Connection, customer: CustomerId) -> BlockRecord | None:
    """Return who has stopped hearing a customer, if anybody has."""
    row = connection.execute("SELECT agent, at FROM blocks WHERE customer = ?", (customer,)).fetchone()
    return None if row is None else BlockRecord(customer=customer, agent=AgentId(row[0]), at=moment(row[1]))


def erase(tx: Transaction, who: str) -> None:
    """Forget a block with the customer."""
    tx.execute(_LIFT, (who,))

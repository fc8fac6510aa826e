"""Where everything comes in: stored under the platform's own id before it is acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.engine.limits import FloodGate
from bot.errors import Overloaded
from bot.ports import Store, TimeSource
from bot.records import Arrival, ArrivalKind, Outcome, Receipt

log = structlog.get_logger(__name__)

#: How long a count of the queue is believed before it is counted again.
COUNT_AGAIN_AFTER = timedelta(milliseconds=250)


class Intake:
    """Takes arrivals of all channels. Raises Overloaded while the queue is full: the platform waits."""

    def __init__(
        self,
        *,
        store: Store,
        time: TimeSource,
        assess_within: timedelta,
        most_queued: int,
        flood: FloodGate,
    ) -> None:
        self._store = store
        self._time = time
        self._assess_within = assess_within
        self._most_queued = most_queued
        self._flood = flood
        self._queued = 0
        self._counted_at: datetime | None = None

    async def __call__(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        """Store these durably and say what became of each, in order."""
        await self._check_room(len(arrivals))
        gated = [self._gate(arrival) for arrival in arrivals]
        try:
            receipts = await self._store.accept(gated, assess_within=self._assess_within)
        except BaseException:
            self._forget(gated)
            raise
        new = [receipt.outcome is Outcome.ACCEPTED for receipt in receipts]
        self._queued += sum(new)
        self._forget([arrival for arrival, accepted in zip(gated, new, strict=True) if not accepted])
        return receipts

    def _forget(self, arrivals: Sequence[Arrival]) -> None:
        """Take back what these counted: repetitions, and what the sender has to send again, are no flood."""
        for arrival in arrivals:
            if customer := _counted(arrival):
                self._flood.forget(customer, arrival.happened_at)

    async def _check_room(self, wanted: int) -> None:
        now = self._time.now()
        since = now - self._counted_at if self._counted_at is not None else COUNT_AGAIN_AFTER
        if not timedelta(0) <= since < COUNT_AGAIN_AFTER:  # before now: the clock was set back
            self._queued = await self._store.depth()
            self._counted_at = now
        if self._queued and self._queued + wanted > self._most_queued:
            raise Overloaded(
                f"{self._queued} messages wait already, {self._most_queued} may: send these again in a moment"
            )

    def _gate(self, arrival: Arrival) -> Arrival:
        customer = _counted(arrival)
        if not customer or not self._flood.floods(customer, arrival.happened_at):
            return arrival
        log.debug("customer_floods", channel=arrival.channel)
        return replace(arrival, flooding=True)


def _counted(arrival: Arrival) -> str:
    """Return whom a message counts against; nobody for anything but a customer's message."""
    if arrival.kind is not ArrivalKind.MESSAGE or arrival.customer is None:
        return ""
    return f"{arrival.channel}\x1f{arrival.customer.external_id}"

"""What the contract tests of public rooms share: words of several kinds, and how they are handed out."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.messages import Address, Customer
from tests.contracts.stores import (
    MINUTE,
    NOW,
    SECOND,
    accept,
    advance,
    conversation_of,
    said,
    take,
)

HOLD = NOW + 5 * MINUTE  # until when ``said`` waits for others
CAME = NOW + 10 * MINUTE  # when what is back-filled comes in
COMPLETE = CAME + 30 * SECOND  # when a back-fill is complete
ANN = Customer(channel="api", external_id="ann", name="Ann Example")
INSTANT = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
LOBBY = Address(channel="api", account="shop", place="lobby", thread="u:ann")
THREAD = replace(LOBBY, thread="t:1")


def addressed(external_id="2", **parts):
    return said(external_id, **{"addressed": True, "patience": timedelta(0), **parts})


def unheard(external_id="1", **parts):
    return said(external_id, **{"patience": None, **parts})


def to_others(external_id="o", **parts):
    """Return words to another member, as each room's way of listening would have them otherwise."""
    return said(external_id, **{"to_others": True, "patience": None, **parts})


def back_filled(external_id="1", **parts):
    """Return words to the brand that come in ten minutes after they were written."""
    return addressed(external_id, **{"arrived_at": CAME, **parts})


def in_room(arrival, **parts):
    return replace(arrival, room="lobby", private=False, **parts)


async def held(store, now=HOLD):
    """Return the one item that has waited for others."""
    [item] = await take(store, now=now)
    return item


async def left(store, *arrivals, now=NOW, **after):
    """Return ann's conversation in the room, its messages taken off the inbox and its state set."""
    [receipt, *_] = await accept(store, *(arrivals or (addressed("first"),)))
    items = await take(store, now=now)
    done = tuple(item.seq for item in items)
    return await advance(store, await conversation_of(store, receipt), done=done, after=after)


async def finish(store, item):
    conversation = (await store.load([item.conversation]))[item.conversation]
    await advance(store, conversation, done=(item.seq,))


async def in_line(store, now=HOLD):
    """Return what a conversation hands out, one after the other."""
    told = []
    while items := await take(store, now=now):
        for item in items:
            told.append(item)
            await finish(store, item)
    return told

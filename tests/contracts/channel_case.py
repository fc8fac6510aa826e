"""What the contract suite needs to know of a channel, and the pieces that cases are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.domain.actions import Send, SendState
from bot.domain.decisions import Wording
from bot.domain.messages import (
    ActionId,
    Address,
    Attachment,
    AttachmentKind,
    Author,
    ConversationId,
    MessageId,
)
from bot.ports import Channel
from bot.records import Arrival, ArrivalKind, Enclosure, Sending, Sent

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

Parse = Callable[[Any, datetime], Sequence[Arrival]]


class StandingTime:
    """A time source that stands still."""

    def now(self) -> datetime:
        return NOW

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        await event.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A channel connected to a stand-in of its platform, and what the customer there has received.

    ``shown``: what they see of it now; None where the store itself is what they see. ``files``: the contents of
    those that they got; None where they open them at Heed.
    """

    channel: Channel
    received: Callable[[], Sequence[str]]
    shown: Callable[[], Sequence[str]] | None
    files: Callable[[], Sequence[bytes]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelCase:
    """What the suite needs to know of a channel.

    ``payloads``: one as the platform documents it for each kind that the channel can tell. ``message`` builds a
    payload around a text and a time. ``like_ours`` draws payloads that are nearly right. ``platform`` None: the
    other side fetches, nothing is ever sent.
    """

    name: str
    served: str
    channel: Callable[[], Channel]
    parse: Parse
    payloads: Mapping[ArrivalKind, Any]
    message: Callable[[str, datetime | None], Any]
    like_ours: st.SearchStrategy[Any]
    platform: Callable[[], AbstractAsyncContextManager[Platform]] | None

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


def sending(channel: str, key: str = "a1") -> Sending:
    """Return an answer on its way to a customer of a channel."""
    return Sending(
        seq=1,
        send=Send(
            id=ActionId(key),
            conversation=ConversationId("c1"),
            message=MessageId("s1"),
            author=Author.BOT,
            wording=Wording.ANSWER,
            text="On its way.",
            answers_to=1,
        ),
        address=Address(channel=channel, account="account", place="1001"),
        customer_external_id="1001",
        state=SendState.SENDING,
        created_at=NOW,
    )


#: Files of two kinds; the second is no text.
FILES = (
    Enclosure(name="label.pdf", media_type="application/pdf", content=b"%PDF " + bytes(5000)),
    Enclosure(name="box.png", media_type="image/png", content=bytes(range(256)) * 40),
)


def with_files(of: Sending, *, text: str) -> Sending:
    """Return an agent's reply that brings two files along."""
    attachments = tuple(
        Attachment(kind=AttachmentKind.FILE, name=each.name, size=len(each.content), reference=f"e{number}")
        for number, each in enumerate(FILES)
    )
    send = replace(of.send, author=Author.AGENT, wording=Wording.REPLY, text=text, attachments=attachments)
    return replace(of, send=send, enclosures=FILES)


def revision(of: Sending, sent: Sent, text: str) -> Sending:
    """Return a change of what was sent, as an agent's; without a text it is taken back."""
    send = replace(
        of.send,
        id=ActionId(f"{of.send.id}-changed"),
        author=Author.AGENT,
        wording=Wording.REVISION,
        text=text,
        revises=of.send.message,
    )
    return replace(of, send=send, revised_ids=sent.external_ids)


#: Any JSON at all, some of it hostile.
ANY_TEXT = st.one_of(
    st.text(alphabet=st.characters(), max_size=30), st.sampled_from(["\x00", "\ud800", "\u202e", "9" * 400])
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=3,
)


def spoiled(good: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a good payload with some fields replaced, left out or added."""
    changes = st.dictionaries(st.sampled_from([*good, "extra"]), ANY_JSON, max_size=3)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=2)
    return st.builds(
        lambda new, without: {key: value for key, value in {**good, **new}.items() if key not in without},
        changes,
        gone,
    )

"""What stands on Discord of one conversation, and what ought to: the working copy of one round of showing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.desk.discord import words
from bot.desk.discord.marks import Said, thread_name
from bot.desk.discord.words import Look
from bot.desk.thread import SHOWN_STATES, Begun, Piece, card, pieces
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ConversationId
from bot.domain.states import State
from bot.ports import EventLog, Posts, Views
from bot.records import ConversationView, Post

#: What the desk is called in the store.
DESK = "discord"

#: Keys of what is no piece: the thread itself, its card, where it began, the line about what is left out.
THREAD, CARD, BEGUN, EARLIER = "thread", "card", "begun", "earlier"
#: The mark of what somebody on staff wrote into the thread: it stands there by their own hand.
OWN = "own"
_LEFT = "left:"
_OPEN, _CLOSED = "open", "closed"


class ShownStore(Views, EventLog, Posts, Protocol):
    """What showing needs of the store."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """One conversation with what is shown of it. Whatever changes is stored before the next request is made."""

    view: ConversationView
    log: Sequence[LogRecord]
    posts: dict[str, Post]
    room: str
    look: Look
    store: ShownStore
    pieces: tuple[Piece, ...] = ()

    def __post_init__(self) -> None:
        self.pieces = pieces(self.view, self.log)

    @property
    def id(self) -> ConversationId:
        """Return whose standing it is."""
        return self.view.conversation.id

    @property
    def begins(self) -> bool:
        """Tell whether a thread is wanted where there is none."""
        return self.view.conversation.state in SHOWN_STATES

    @property
    def over(self) -> bool:
        """Tell whether the conversation is done."""
        return self.view.conversation.state is State.RESOLVED

    @property
    def erased(self) -> bool:
        """Tell whether the customer was removed for good."""
        return any(record.kind == LogKind.ERASED for record in self.log)

    @property
    def received(self) -> int:
        """Return how many messages the customer has written."""
        return self.view.received

    @property
    def name(self) -> str:
        """Return what the thread is called."""
        return thread_name(self.view.customer.name, self.view.customer.channel, self.id)

    @property
    def card(self) -> Said:
        """Return the card as it ought to be."""
        return words.card(card(self.view, self.log), self.look)

    @property
    def thread(self) -> str:
        """Return the thread's id, "" for none."""
        post = self.posts.get(THREAD)
        return post.external_id if post else ""

    @property
    def begun(self) -> Begun:
        """Return what is left out."""
        post = self.posts.get(BEGUN)
        return Begun.read(post.digest) if post else Begun()

    @property
    def closed(self) -> bool:
        """Tell whether the desk has closed the thread."""
        post = self.posts.get(THREAD)
        return post is not None and post.digest.startswith(_CLOSED)

    @property
    def renamed(self) -> bool:
        """Tell whether the thread ought to be called otherwise than when it was last named."""
        post = self.posts.get(THREAD)
        return post is not None and post.digest.partition(":")[2] != _hash(self.name)

    @property
    def moved(self) -> bool:
        """Tell whether the thread stands in another channel than the conversation's team works in."""
        post = self.posts.get(THREAD)
        return post is not None and post.place != self.room and not self.over

    def said(self, piece: Piece) -> Said:
        """Return the message that shows a piece."""
        return words.piece(piece, self.id, self.received)

    def missing(self) -> list[Piece]:
        """Return the pieces that are not shown yet, in their order."""
        begun = self.begun
        return [each for each in self.pieces if each.key not in self.posts and not begun.passes(each)]

    def changed(self) -> Iterator[tuple[Post, Said]]:
        """Yield what is shown otherwise than it ought to be; the card comes first."""
        wanted = {piece.key: piece for piece in self.pieces}
        shown = self.posts.get(CARD)
        if shown is not None and shown.digest != self.card.digest:
            yield shown, self.card
        for key, post in sorted(self.posts.items(), key=lambda each: each[1].external_id):
            if key in {THREAD, CARD, BEGUN, EARLIER} or key.startswith(_LEFT) or post.digest == OWN:
                continue
            said = self.said(wanted[key]) if key in wanted else words.GONE
            if said.digest != post.digest:
                yield post, said

    def left(self) -> Iterator[Post]:
        """Yield the threads that the conversation has left and that have not been told so yet."""
        yield from [post for key, post in self.posts.items() if key.startswith(_LEFT) and post.digest == _OPEN]

    def everywhere(self) -> Iterator[Post]:
        """Yield all threads in which the conversation stands, or has stood."""
        yield from [post for key, post in self.posts.items() if key == THREAD or key.startswith(_LEFT)]

    # --- what becomes of it -----------------------------------------------------------------------------------

    async def keep(self, *posts: Post, gone: Sequence[str] = ()) -> None:
        """Store what stands now."""
        await self.store.keep_posts(DESK, self.id, posts, gone=gone)
        for key in gone:
            self.posts.pop(key, None)
        self.posts |= {post.key: post for post in posts}

    async def keep_said(self, key: str, message: str, said: Said) -> None:
        """Store that a message shows a piece."""
        await self.keep(Post(key=key, place=self.thread, external_id=message, digest=said.digest))

    async def keep_thread(self, *, closed: bool, named: bool = False) -> None:
        """Store that the thread is open or closed; ``named``: that it has the name that it ought to have."""
        post = self.posts[THREAD]
        name = _hash(self.name) if named else post.digest.partition(":")[2]
        await self.keep(replace(post, digest=f"{_CLOSED if closed else _OPEN}:{name}"))

    async def keep_new(self, thread: str, card: str, begun: Begun) -> None:
        """Store a thread that has been opened, or found again."""
        posts = [
            Post(key=THREAD, place=self.room, external_id=thread, digest=f"{_OPEN}:{_hash(self.name)}"),
            Post(key=BEGUN, place=thread, external_id=thread, digest=begun.written()),
        ]
        if card:
            posts.append(Post(key=CARD, place=thread, external_id=card))
        await self.keep(*posts, gone=(f"{_LEFT}{thread}",))

    async def leave(self) -> None:
        """Store that the conversation has left its thread: all that stands there stays as it is."""
        old = self.posts[THREAD]
        gone = [key for key in self.posts if not key.startswith(_LEFT)]
        left = Post(key=_LEFT + old.external_id, place=old.place, external_id=old.external_id, digest=_OPEN)
        await self.keep(left, gone=gone)

    async def keep_left(self, post: Post) -> None:
        """Store that a thread was told where the conversation goes on."""
        await self.keep(replace(post, digest=_CLOSED))

    async def lose_all(self) -> None:
        """Store that nothing of the conversation stands anywhere any more."""
        await self.keep(gone=list(self.posts))

    async def lose(self) -> None:
        """Store that the thread is gone with all that stood there."""
        await self.keep(gone=[key for key in self.posts if not key.startswith(_LEFT)])


def _hash(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=6).hexdigest()

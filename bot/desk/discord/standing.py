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
from bot.domain.decisions import Reason
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import Author, ConversationId, MessageId
from bot.domain.states import State
from bot.ports import Bookmarks, EventLog, Posts, Views
from bot.records import ConversationView, Post

#: What the desk is called in the store.
DESK = "discord"

#: Keys of what is no piece: the thread itself, its card, where it began, the line about what is left out.
THREAD, CARD, BEGUN, EARLIER = "thread", "card", "begun", "earlier"
#: The key of the one line that stands for all that a blocked customer writes.
UNHEARD = "unheard"
#: The mark of what somebody on staff wrote into the thread: it stands there by their own hand.
OWN = "own"
#: Under this and a thread's id it is kept how far staff's own texts in it were heard.
HEARD = f"desk:{DESK}:heard:"
#: Begins the keys of threads that were left, and of channels in which one was to be opened: what became of it?
_LEFT, _OPENING = "left:", "opening:"
_OPEN, _CLOSED = "open", "closed"


class ShownStore(Views, EventLog, Posts, Bookmarks, Protocol):
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
    hidden: int = 0

    def __post_init__(self) -> None:
        """Leave out what a blocked customer writes: one line stands for all of it."""
        unheard = self._unheard()
        self.hidden = len(unheard)
        self.pieces = tuple(each for each in pieces(self.view, self.log) if each.message not in unheard)

    def _unheard(self) -> frozenset[MessageId]:
        """Return which messages came while the customer was blocked, and stand nowhere yet.

        Of a blocked customer also those of which nothing is decided yet.
        """
        read = {
            str(each.fields.get("message")): each for each in self.log if each.kind == LogKind.MESSAGE_RECEIVED
        }
        own = [each for each in self.view.transcript if each.author is Author.CUSTOMER]
        return frozenset(
            each.message
            for each in own
            if each.message not in self.posts
            and each.conversation == self.id
            and self._is_unheard(read.get(each.message))
        )

    def _is_unheard(self, record: LogRecord | None) -> bool:
        if record is None:
            return self.view.blocked is not None
        return record.fields.get("reason") == Reason.BLOCKED

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
        return any(record.kind == LogKind.ERASED and not record.fields.get("part") for record in self.log)

    @property
    def received(self) -> int:
        """Return how many messages the customer has written: of a blocked one those that stand in the thread.

        So the card of somebody who is not heard stays as it is, whatever they write.
        """
        return max(self.view.received - self.hidden, 0) if self.view.blocked else self.view.received

    @property
    def name(self) -> str:
        """Return what the thread is called."""
        return thread_name(self.view.customer.name, self.view.customer.channel, self.id)

    @property
    def card(self) -> Said:
        """Return the card as it ought to be."""
        return words.card(replace(card(self.view, self.log), received=self.received), self.look)

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

    @property
    def unheard(self) -> Said:
        """Return the line that stands for what came while the customer was blocked."""
        things = "One message" if self.hidden == 1 else f"{self.hidden} messages"
        page = f": <{self.look.page}{self.id}>" if self.look.page else ""
        return Said(content=f"-# {things} written while the customer was blocked, on the web desk alone{page}")

    @property
    def lacks_unheard(self) -> bool:
        """Tell whether that line is wanted and does not stand; no closed thread is opened for it."""
        return bool(self.hidden) and UNHEARD not in self.posts and not self._rests

    @property
    def _rests(self) -> bool:
        return self.over and self.closed and self.view.blocked is not None

    def said(self, piece: Piece) -> Said:
        """Return the message that shows a piece."""
        return words.piece(piece, self.id, self.received)

    def missing(self) -> list[Piece]:
        """Return the pieces that are not shown yet, in their order."""
        begun = self.begun
        return [each for each in self.pieces if not self._stands(each) and not begun.passes(each)]

    def _stands(self, piece: Piece) -> bool:
        """Tell whether a piece is shown: by the desk, or in this very thread by its writer's own hand."""
        own = self.posts.get(own_key(piece.key))
        return piece.key in self.posts or (own is not None and own.place == self.thread)

    def changed(self) -> Iterator[tuple[Post, Said]]:
        """Yield what is shown otherwise than it ought to be; the card comes first."""
        wanted = {piece.key: piece for piece in self.pieces}
        shown = self.posts.get(CARD)
        if shown is not None and shown.digest != self.card.digest:
            yield shown, self.card
        line = self.posts.get(UNHEARD)
        if line is not None and line.digest != self.unheard.digest and not self._rests:
            yield line, self.unheard
        for key, post in sorted(self.posts.items(), key=lambda each: each[1].external_id):
            if key in {THREAD, CARD, BEGUN, EARLIER, UNHEARD} or _stays(key, post):
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
        await self.keep(*posts, gone=(f"{_LEFT}{thread}", f"{_OPENING}{self.room}"))

    async def keep_opening(self) -> None:
        """Store that a thread is about to be opened: if nobody learns of it, it is looked for there."""
        await self.keep(Post(key=_OPENING + self.room, place=self.room, external_id="", digest=_OPEN))

    def opening(self) -> list[str]:
        """Return the channels in which a thread may have been opened that nobody has learnt of."""
        return [post.place for key, post in self.posts.items() if key.startswith(_OPENING)]

    def opening_elsewhere(self) -> list[str]:
        """Return those of them in which the conversation is not to be shown now."""
        return [room for room in self.opening() if room != self.room]

    async def keep_found(self, room: str, threads: Sequence[str]) -> None:
        """Store which threads were found in such a channel: they count as left."""
        left = [Post(key=_LEFT + each, place=room, external_id=each, digest=_OPEN) for each in threads]
        await self.keep(*left, gone=(_OPENING + room,))

    async def leave(self) -> None:
        """Store that the conversation has left its thread: all that stands there stays as it is."""
        old = self.posts[THREAD]
        gone = [key for key, post in self.posts.items() if not _stays(key, post)]
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
        await self.keep(gone=[key for key, post in self.posts.items() if not _stays(key, post)])


def _stays(key: str, post: Post) -> bool:
    """Tell whether this is so whatever becomes of the present thread."""
    return key.startswith((_LEFT, _OPENING)) or post.digest == OWN


def own_key(note: str) -> str:
    """Return under which key it is kept that a note stands where it was written, wherever it is shown besides."""
    return f"{OWN}:{note}"


def _hash(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=6).hexdigest()

"""Keeps each conversation's thread as the store says it is: whatever is killed when, nothing is lost or doubled.

A round compares what ought to stand in a thread with what is stored to stand there. What is missing is posted
under a key that Discord knows for some minutes, and stored before the next request; after a start, or a request of
which nobody knows what became, the bot's own messages are read back first. So a round may end anywhere and be
repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.desk.discord import words
from bot.desk.discord.line import Refused, Unreached, Upload
from bot.desk.discord.marks import Said, nonce
from bot.desk.discord.rooms import Rooms
from bot.desk.discord.standing import CARD, DESK, EARLIER, HEARD, OWN, THREAD, UNHEARD, ShownStore, Standing
from bot.desk.discord.threads import (
    ARCHIVED,
    INVALID_FORM,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    Own,
    Room,
    Thread,
    Threads,
)
from bot.desk.discord.uploads import Uploads
from bot.desk.discord.words import Look
from bot.desk.thread import Piece, begin
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, ConversationId
from bot.ports import Fetch, TimeSource
from bot.records import Post

log = structlog.get_logger(__name__)

#: Of a conversation that begins to be shown, so many pieces stand in its thread; older ones the web desk shows.
NEWEST = 20
#: A round posts and changes no more than this, so that a flood in one thread lets others come between.
MOST_A_ROUND = 10
#: So many changes have room in a round whatever is posted, the card's before all others.
_LEAST_CHANGES = 3
#: Of so many conversations it is remembered that their threads were read back.
_MOST_SURE = 10_000
#: Nobody is called for what happened longer ago.
_FRESH = timedelta(minutes=10)
#: Whom an event calls, by the field that names them; "" for whoever holds the conversation.
_CALLS: Mapping[str, str] = {
    LogKind.CLAIM_ENDING: "agent",
    LogKind.ASKED_FOR: "holder",
    LogKind.WARN: "",
    LogKind.BREACH: "",
}


class _Lost(Exception):
    """The thread is gone."""


class Showing:
    """Shows conversations one round at a time; never two rounds of one conversation at once.

    ``room_of`` names the channel in which a team works, None for none; ``mention`` an agent's id on Discord, ""
    for none. ``files`` fetch by channel what customers sent along. ``calls``: the kinds of events for which the
    holder is called.
    """

    def __init__(
        self,
        *,
        store: ShownStore,
        threads: Threads,
        rooms: Rooms,
        time: TimeSource,
        room_of: Callable[[str], str | None],
        mention: Callable[[AgentId], str] = lambda _agent: "",
        files: Mapping[str, Fetch] | None = None,
        look: Look | None = None,
        calls: Collection[str] = tuple(_CALLS),
    ) -> None:
        self._store = store
        self._threads = threads
        self._rooms = rooms
        self._time = time
        self._room_of = room_of
        self._mention = mention
        self._uploads = Uploads(files or {})
        self._look = look or Look()
        self._calls = frozenset(calls)
        self._sure: set[ConversationId] = set()

    async def show(self, conversation: ConversationId) -> bool:
        """Let a conversation's thread be as it ought to be; False where a round is too little for that.

        Raises Refused or Unreached: repeat it then.
        """
        standing = await self._standing(conversation)
        if standing is None:
            return True
        try:
            whole = await self._round(standing)
        except Refused as refused:
            self._sure.discard(conversation)
            await self._rooms.explain(standing.room, refused)
            raise
        except BaseException:
            self._sure.discard(conversation)
            raise
        self._rooms.works(standing.room)
        return whole

    def _be_sure(self, conversation: ConversationId) -> None:
        """Remember that nothing stands in a thread which is not kept; to forget it costs a request each."""
        if len(self._sure) >= _MOST_SURE:
            self._sure.clear()
        self._sure.add(conversation)

    async def _standing(self, conversation: ConversationId) -> Standing | None:
        """Return what is shown and what ought to be, None where nothing is to be shown."""
        view = await self._store.view(conversation)
        if view is None:
            return None
        posts = dict(await self._store.posts(DESK, conversation))
        known = posts.get(THREAD)
        room = self._room_of(view.conversation.team) or (known.place if known else "")
        standing = Standing(
            view=view,
            log=await self._store.of(conversation),
            posts=posts,
            room=room,
            look=self._look,
            store=self._store,
        )
        begun = known is not None or any(standing.left()) or standing.opening()  # whatever became of it
        return standing if room and (begun or standing.begins) else None

    async def _round(self, standing: Standing) -> bool:
        if standing.erased:
            await self._take_down(standing)
            return True
        try:
            return await self._once(standing)
        except _Lost:
            await self._forget(standing.thread)
            await standing.lose()
            return standing.over or await self._once(standing)  # made again, for the same conversation

    async def _take_down(self, standing: Standing) -> None:
        """Delete all threads of a customer who was erased, with what staff wrote there about them."""
        for room in standing.opening():
            await standing.keep_found(room, await self._opened_in(standing, room))
        for post in standing.everywhere():
            await self._threads.remove(post.external_id, room=post.place)
            await self._forget(post.external_id)
        await standing.lose_all()

    async def _forget(self, thread: str) -> None:
        """Keep nothing in mind of a thread that is gone, nor how far it was heard."""
        self._rooms.forget(thread)
        if thread:
            await self._store.keep_bookmarks({f"{HEARD}{thread}": ""})

    async def _once(self, standing: Standing) -> bool:
        """Do one round; tell whether all stands as it ought to."""
        if standing.moved:
            await standing.leave()
        if not standing.thread:
            await self._open(standing)
        elif not standing.over:
            await self._keep_open(standing)
        await self._read_back(standing)
        await self._begin(standing)
        if not await self._bring_up(standing):
            return False
        for left in standing.left():
            await self._say_where(standing, left)
        await self._close(standing)
        return True

    async def _bring_up(self, standing: Standing) -> bool:
        """Post what is missing and change what has changed, as much as a round takes; tell if that was all."""
        missing = standing.missing()
        for piece in missing[:MOST_A_ROUND]:
            await self._add(standing, piece)
        if standing.lacks_unheard:
            await self._post(standing, UNHEARD, standing.unheard)
        changed = list(standing.changed())
        room = max(MOST_A_ROUND - len(missing), _LEAST_CHANGES)
        for post, said in changed[:room]:
            await self._change(standing, post, said)
        return len(missing) <= MOST_A_ROUND and len(changed) <= room

    # --- the thread -------------------------------------------------------------------------------------------

    async def _open(self, standing: Standing) -> None:
        """Open a thread, or find the one that was opened and not kept."""
        room = await self._rooms.room(standing.room)
        for other in standing.opening_elsewhere():
            await standing.keep_found(other, await self._opened_in(standing, other))
        if await self._found(standing, room):
            return
        await standing.keep_opening()
        begun = begin(standing.pieces, NEWEST, self._time.now())
        try:
            thread, card = await self._threads.open(room, standing.name, standing.card)
        except Unreached:
            self._rooms.doubt_threads(standing.room)
            raise
        self._rooms.learn(_as_opened(thread, standing, self._threads.me))
        await standing.keep_new(thread, card, begun)
        if card:
            await standing.keep_said(CARD, card, standing.card)
        self._be_sure(standing.id)

    async def _opened_in(self, standing: Standing, room: str) -> list[str]:
        """Return threads that were opened in another channel before the conversation went on to this one."""
        try:
            candidates = await self._rooms.found(standing.id, room)
        except Refused:
            return []  # nobody sees them there
        return [each.id for each in candidates if f"left:{each.id}" not in standing.posts]

    async def _found(self, standing: Standing, room: Room) -> bool:
        for candidate in await self._rooms.found(standing.id, standing.room):
            own = await self._threads.own_since(candidate.id, str(int(candidate.id) - 1))
            cards = [each for each in own if each.mark == CARD]
            theirs = next((each.id for each in cards if each.conversation == standing.id), "")
            if theirs or (not cards and not room.forum):
                await standing.keep_new(candidate.id, theirs, begin(standing.pieces, NEWEST, self._time.now()))
                await self._adopt(standing, own)
                await self._keep_open(standing)
                return True
        return False

    async def _keep_open(self, standing: Standing) -> None:
        """Open and unlock again what was closed, whoever closed it."""
        thread = await self._rooms.thread(standing.thread, standing.room)
        if thread is None:
            raise _Lost
        if thread.archived or thread.locked:
            await self._awake(standing)
        elif standing.closed:
            await standing.keep_thread(closed=False)

    async def _awake(self, standing: Standing) -> None:
        await self._set(standing, standing.thread, archived=False, locked=False)
        await standing.keep_thread(closed=False)

    async def _set(self, standing: Standing, thread: str, **fields: object) -> None:
        try:
            await self._threads.change(thread, **fields)
        except Refused as refused:
            if refused.code == UNKNOWN_CHANNEL and thread == standing.thread:
                raise _Lost from refused
            raise
        self._rooms.forget(thread)

    async def _close(self, standing: Standing) -> None:
        """Give the thread its name, and close it where the conversation is done: whoever writes there opens it."""
        if standing.renamed:
            if standing.closed:
                await self._awake(standing)
            await self._set(standing, standing.thread, name=standing.name)
            await standing.keep_thread(closed=False, named=True)
        if standing.over and not standing.closed:
            await self._set(standing, standing.thread, archived=True)
            await standing.keep_thread(closed=True)

    async def _say_where(self, standing: Standing, left: Post) -> None:
        """Tell a thread where its conversation goes on, and lock it."""
        key = nonce(DESK, standing.id, left.external_id, standing.thread)
        try:
            await self._threads.post(left.external_id, words.gone_on(standing.thread), key)
            await self._threads.change(left.external_id, archived=True, locked=True)
        except Refused as refused:  # it is gone or not to be written in: nobody will look there
            log.info("desk_thread_not_left", thread=left.external_id, code=refused.code)
        self._rooms.forget(left.external_id)
        await standing.keep_left(left)

    # --- what stands in it ------------------------------------------------------------------------------------

    async def _read_back(self, standing: Standing) -> None:
        """Find what was posted and not kept, where that may be."""
        if standing.id in self._sure:
            return
        if standing.missing() or CARD not in standing.posts:
            newest = max(int(post.external_id) for post in self._in_thread(standing))
            await self._adopt(standing, await self._threads.own_since(standing.thread, str(newest)))
        self._be_sure(standing.id)

    def _in_thread(self, standing: Standing) -> list[Post]:
        return [
            post
            for post in standing.posts.values()
            if post.key == THREAD
            or (post.place == standing.thread and post.external_id.isdigit() and post.digest != OWN)
        ]

    async def _adopt(self, standing: Standing, own: Sequence[Own]) -> None:
        """Keep what the bot's own messages show. What they say is compared afterwards, as with all others."""
        keys = {piece.mark: piece.key for piece in standing.pieces} | {CARD: CARD}
        found = {keys[each.mark]: each.id for each in own if each.mark in keys}
        new = [
            Post(key=key, place=standing.thread, external_id=message)
            for key, message in found.items()
            if key not in standing.posts
        ]
        if new:
            await standing.keep(*new)

    async def _begin(self, standing: Standing) -> None:
        """Put down the card where the thread did not begin with it, and what is left out."""
        if CARD not in standing.posts:
            await self._post(standing, CARD, standing.card)
        left_out = standing.begun.left_out
        if left_out and EARLIER not in standing.posts:
            await self._post(standing, EARLIER, words.earlier_line(left_out, self._look, standing.id))

    async def _add(self, standing: Standing, piece: Piece) -> None:
        if standing.closed:  # the round does not end before it is closed again
            await self._awake(standing)
        uploads, too_large = await self._uploads.of(piece, standing.view.customer.channel)
        said = standing.said(piece)
        shown = replace(said, content="\n".join(filter(None, (said.content, too_large))))
        shown = replace(shown, pings=self._called(standing, piece))
        try:
            await self._post(standing, piece.key, shown, uploads=uploads, kept=said)
        except Refused as refused:
            if refused.code != INVALID_FORM:
                raise
            log.exception("desk_piece_not_taken", conversation=standing.id, piece=piece.mark)
            await self._post(standing, piece.key, words.instead(piece.mark), kept=said)

    async def _post(
        self,
        standing: Standing,
        key: str,
        said: Said,
        *,
        uploads: Sequence[Upload] = (),
        kept: Said | None = None,
    ) -> None:
        once = nonce(DESK, standing.id, standing.thread, key)
        try:
            message = await self._threads.post(standing.thread, said, once, uploads)
        except Refused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                raise _Lost from refused
            if refused.code != ARCHIVED:
                raise
            await self._awake(standing)  # locked by hand, and nobody has told
            message = await self._threads.post(standing.thread, said, once, uploads)
        await standing.keep_said(key, message, kept or said)

    async def _change(self, standing: Standing, post: Post, said: Said) -> None:
        if standing.closed:
            await self._awake(standing)
        try:
            await self._edit(standing, post, said)
        except Refused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                raise _Lost from refused
            if refused.code not in {UNKNOWN_MESSAGE, INVALID_FORM}:
                raise
            if refused.code == UNKNOWN_MESSAGE and post.key == CARD:  # deleted by hand: the card is needed
                await self._post(standing, f"{CARD} after {post.external_id}", said)
                again = standing.posts[f"{CARD} after {post.external_id}"]
                await standing.keep(replace(again, key=CARD), gone=(again.key,))
                return
        await standing.keep(replace(post, digest=said.digest))

    async def _edit(self, standing: Standing, post: Post, said: Said) -> None:
        try:
            await self._threads.edit(standing.thread, post.external_id, said)
        except Refused as refused:
            if refused.code != ARCHIVED:
                raise
            await self._awake(standing)
            await self._threads.edit(standing.thread, post.external_id, said)

    def _called(self, standing: Standing, piece: Piece) -> tuple[str, ...]:
        """Return whom a new event calls: whoever holds the conversation, or is asked for it."""
        record = piece.record
        if record is None or record.kind not in self._calls or self._time.now() - record.recorded_at > _FRESH:
            return ()
        field = _CALLS.get(record.kind, "")
        who = record.fields.get(field) if field else standing.view.conversation.holder
        found = self._mention(AgentId(str(who))) if who else ""
        return (found,) if found else ()


def _as_opened(thread: str, standing: Standing, me: str) -> Thread:
    return Thread(id=thread, name=standing.name, room=standing.room, owner=me, archived=False, locked=False)

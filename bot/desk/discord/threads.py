"""What the desk asks of Discord: channels, threads, and the bot's own messages in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.discord.line import Line, Refused, Upload
from bot.desk.discord.marks import Said, conversation_of, mark_of

#: Discord's numbers: a kind of channel, and why something is refused.
FORUM = 15
_PUBLIC_THREAD = 11
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013
INVALID_FORM = 50035
ARCHIVED = 50083
TOO_MANY_THREADS = 160006

#: Minutes without a word after which Discord closes a thread: a week, the longest that there is.
_OPEN_FOR = 10_080
#: What Discord itself writes into a text channel when a thread is opened there: next to the thread, by the ids.
_THREAD_OPENED = 18
_NEAR = 5
_PAGE = 100
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel of staff's: in a forum a thread begins with its first message."""

    id: str
    name: str
    server: str
    forum: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread as Discord tells of it."""

    id: str
    name: str
    room: str
    owner: str
    archived: bool
    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One of the bot's own messages: which piece it shows, and whose card it is."""

    id: str
    mark: str
    conversation: str


class Threads:
    """Asks in the desk's words. Every method may raise Refused or Unreached.

    ``counted`` is told of each request: for how many conversations the limits are enough.
    """

    def __init__(self, line: Line, *, counted: Callable[[str], None] = lambda _what: None) -> None:
        self._line = line
        self._counted = counted

    @property
    def me(self) -> str:
        """Return the bot's own id."""
        return self._line.me

    async def room(self, channel: str) -> Room:
        """Return what kind of channel this is."""
        found = await self._ask("GET", f"/channels/{channel}")
        return Room(
            id=channel,
            name=str(found.get("name") or channel),
            server=str(found.get("guild_id") or ""),
            forum=found.get("type") == FORUM,
        )

    async def open(self, room: Room, name: str, said: Said) -> tuple[str, str]:
        """Begin a thread; return its id and that of the message that it begins with, "" for none yet."""
        fields: dict[str, Any] = {"name": name, "auto_archive_duration": _OPEN_FOR}
        if room.forum:
            fields["message"] = said.body(new=True)
        else:
            fields["type"] = _PUBLIC_THREAD
        found = await self._ask("POST", f"/channels/{room.id}/threads", json=fields)
        return str(found["id"]), str(found["id"]) if room.forum else ""

    async def post(self, channel: str, said: Said, nonce: str, uploads: Sequence[Upload] = ()) -> str:
        """Post a message, once however often this is asked for within some minutes; return its id."""
        fields = {**said.body(new=True), "nonce": nonce, "enforce_nonce": True}
        if uploads:
            named = [{"id": number, "filename": each.name} for number, each in enumerate(uploads)]
            fields["attachments"] = named
        found = await self._ask("POST", f"/channels/{channel}/messages", json=fields, uploads=uploads)
        return str(found["id"])

    async def edit(self, channel: str, message: str, said: Said) -> None:
        """Give a message of the bot's own a new content."""
        await self._ask("PATCH", f"/channels/{channel}/messages/{message}", json=said.body(new=False))

    async def change(self, thread: str, **fields: object) -> None:
        """Change a thread's name, or close, open, lock or unlock it."""
        await self._ask("PATCH", f"/channels/{thread}", json=fields)

    async def remove(self, thread: str, *, room: str) -> None:
        """Delete a thread with all that stands in it, and what tells of it in a text channel.

        What is gone already is as good.
        """
        for told in await self._telling_of(thread, room):
            await self._gone("DELETE", f"/channels/{room}/messages/{told}")
        await self._gone("DELETE", f"/channels/{thread}")

    async def _telling_of(self, thread: str, room: str) -> list[str]:
        """Return Discord's own messages in a text channel that name a thread as it was opened.

        None where the channel is gone: they went with it.
        """
        try:
            if (await self.room(room)).forum:
                return []
            near = await self._ask("GET", f"/channels/{room}/messages?limit={_NEAR}&around={thread}")
        except Refused as refused:
            if refused.code != UNKNOWN_CHANNEL:
                raise
            return []
        named = [(each, each.get("message_reference") or {}) for each in near or ()]
        return [
            str(each["id"])
            for each, named_there in named
            if each.get("type") == _THREAD_OPENED and str(named_there.get("channel_id")) == thread
        ]

    async def _gone(self, method: str, path: str) -> None:
        try:
            await self._ask(method, path)
        except Refused as refused:
            if refused.code not in {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}:
                raise

    async def thread(self, thread: str) -> Thread | None:
        """Return a thread, None for one that is deleted or that nobody shows the bot any more."""
        try:
            return read_thread(await self._ask("GET", f"/channels/{thread}"))
        except Refused as refused:
            if refused.code in {UNKNOWN_CHANNEL, MISSING_ACCESS}:
                return None
            raise

    async def active(self, server: str) -> list[Thread]:
        """Return all open threads of a server."""
        found = await self._ask("GET", f"/guilds/{server}/threads/active")
        return [read_thread(each) for each in found["threads"]]

    async def archived(self, room: str) -> list[Thread]:
        """Return the threads of a channel that were closed last."""
        found = await self._ask("GET", f"/channels/{room}/threads/archived/public?limit={_PAGE}")
        return [read_thread(each) for each in found["threads"]]

    async def own_since(self, channel: str, message: str) -> list[Own]:
        """Return the bot's own messages behind one, oldest first; none where it may not read back."""
        after, found = message, list[Own]()
        for _ in range(_MOST_PAGES):
            page = await self._ask("GET", f"/channels/{channel}/messages?limit={_PAGE}&after={after}")
            page = sorted(page or (), key=lambda each: int(each["id"]))
            found += [_own(each) for each in page if each["author"]["id"] == self.me]
            if len(page) < _PAGE:
                break
            after = str(page[-1]["id"])
        return found

    async def latest_own(self, channel: str, *, ending: str) -> list[str]:
        """Return the bot's own messages of the latest that end so, newest first."""
        page = await self._ask("GET", f"/channels/{channel}/messages?limit={_PAGE}")
        own = [each for each in page or () if each["author"]["id"] == self.me]
        found = [str(each["id"]) for each in own if str(each.get("content") or "").endswith(ending)]
        return sorted(found, key=int, reverse=True)

    async def _ask(self, method: str, path: str, *, json: object = None, uploads: Sequence[Upload] = ()) -> Any:  # noqa: ANN401 - JSON is anything
        self._counted(f"{method} {path.rsplit('/', maxsplit=1)[-1].split('?', maxsplit=1)[0]}")
        return await self._line.request(method, path, json=json, uploads=uploads)


def read_thread(payload: Mapping[str, Any]) -> Thread:
    """Return a thread from Discord's own form."""
    state = payload.get("thread_metadata") or {}
    return Thread(
        id=str(payload.get("id")),
        name=str(payload.get("name") or ""),
        room=str(payload.get("parent_id") or ""),
        owner=str(payload.get("owner_id") or ""),
        archived=bool(state.get("archived")),
        locked=bool(state.get("locked")),
    )


def _own(message: Mapping[str, Any]) -> Own:
    content = str(message.get("content") or "")
    return Own(id=str(message["id"]), mark=mark_of(content), conversation=conversation_of(content))

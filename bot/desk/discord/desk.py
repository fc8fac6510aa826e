"""The desk in Discord: hears what staff do, has it carried out, and answers. What shows it all runs beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Protocol

import structlog

from bot.desk.actions import BY_NAME
from bot.desk.counter import Counter
from bot.desk.discord.acting import Acting, People
from bot.desk.discord.answers import Answer, draft_of, say
from bot.desk.discord.asking import Asking, HearingStore
from bot.desk.discord.commands import registration, same
from bot.desk.discord.files import Files
from bot.desk.discord.forms import IN_FORMS
from bot.desk.discord.hearing import Sort, Work
from bot.desk.discord.inputs import DRAFT, WHISPER, Heard, Way, read
from bot.desk.discord.lanes import Lanes
from bot.desk.discord.line import Line, Payload, Refused, Unreached
from bot.desk.discord.marks import length
from bot.desk.discord.reading_back import ReadingBack
from bot.desk.discord.standing import DESK
from bot.errors import BadMessage, HeedError
from bot.ports import Board, Capabilities, TimeSource

log = structlog.get_logger(__name__)

#: Discord forgets an interaction that is not answered within three seconds; this much of it is used at most.
ACKNOWLEDGE_WITHIN = 1.5

#: How long registering commands waits before it is tried again, in seconds.
PAUSES = (5.0, 30.0, 120.0, 600.0)

_MESSAGE, _LATER, _LATER_CHANGE, _CHANGE, _CHOICES, _FORM = 4, 5, 6, 7, 8, 9

#: A text that was not sent stands in parts of this length where Discord did not take the whole.
LONGEST_PART = 4000

#: Discord's status for an answer that it cannot show: whoever waits gets the plain sentence then.
MALFORMED = 400

TOPIC = "desk.discord.commands"
UNREGISTERED = (
    "Discord does not take the desk's slash commands: invite the bot again with the scope "
    "'applications.commands', then restart Heed."
)
BROKEN = "Something went wrong here. Look at the thread before you do it again."


class Beside(Protocol):
    """What runs with the desk on the same line, such as what shows conversations."""

    def hear(self, event: str, payload: Payload) -> None:
        """Take one event. Returns at once and never raises."""
        ...

    async def run(self) -> None:
        """Do its work until cancelled."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingParts:
    """What the desk needs. ``rooms`` are staff's channels, ``zone`` is where their times are meant.

    ``may`` tells what a channel can do about texts that were sent. ``beside`` hears every event and runs as well.
    """

    line: Line
    store: HearingStore
    counter: Counter
    people: People
    board: Board
    time: TimeSource
    rooms: frozenset[str]
    zone: tzinfo = UTC
    reply_by_replying: bool = False
    beside: Sequence[Beside] = ()
    may: Callable[[str], Capabilities] = lambda channel: Capabilities(name=channel)
    acknowledge_within: float = ACKNOWLEDGE_WITHIN


class DiscordDesk:
    """Staff's place in Discord."""

    def __init__(self, parts: HearingParts) -> None:
        self._parts = parts
        asking = Asking(store=parts.store, counter=parts.counter, rooms=sorted(parts.rooms), may=parts.may)
        self._acting = Acting(
            asking=asking,
            counter=parts.counter,
            files=Files(parts.line),
            people=parts.people,
            time=parts.time,
            zone=parts.zone,
            reply_by_replying=parts.reply_by_replying,
        )
        self._back = ReadingBack(line=parts.line, store=parts.store, rooms=parts.rooms, act=self._act_on_text)
        lanes = Lanes()
        self._texts, self._presses = Sort(lanes), Sort(lanes)
        parts.line.watch(lambda room: room in parts.rooms, self.hear)

    @property
    def name(self) -> str:
        """Return what the desk is called in the log and in the store."""
        return DESK

    async def run(self) -> None:
        """Hear and answer, and let run what runs beside, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self._parts.beside:
                group.create_task(each.run())
            group.create_task(self._texts.run())
            group.create_task(self._presses.run())

    async def settle(self) -> None:
        """Return when all that was heard so far has been worked on."""
        await self._texts.settle()
        await self._presses.settle()

    # --- hearing --------------------------------------------------------------------------------------------

    def hear(self, event: str, payload: Payload) -> None:
        """Take one event of the gateway; the work is done later."""
        presses = event == "INTERACTION_CREATE"
        try:
            for work in self._works(event, payload):
                (self._presses if presses else self._texts).put(work)
        except asyncio.QueueFull:  # Discord tells whoever pressed that nobody answers
            if not presses:
                self._back.miss(str(payload.get("channel_id")))
            log.warning("discord_desk_full", event_name=event)
        except Exception as error:  # noqa: BLE001 - what is not understood must not end the connection
            log.warning("discord_desk_not_understood", event_name=event, error=type(error).__name__)
        for each in self._parts.beside:
            each.hear(event, payload)

    def _works(self, event: str, payload: Payload) -> Iterator[Work]:
        """Yield what there is to do about an event."""
        if event == "GUILD_CREATE":
            yield from self._arrive(payload)
            return
        if event == "THREAD_UPDATE":
            yield from self._reopened(payload)
            return
        heard = read(event, payload, me=self._parts.line.me)
        if heard is None:
            yield from self._shown(event, str(payload.get("channel_id")))
            return
        if heard.way in {Way.TEXT, Way.CHANGE}:
            yield lambda: self._text(heard)
        else:
            yield lambda: self._interaction(heard)

    def _arrive(self, guild: Payload) -> Iterator[Work]:
        """Yield what a new session begins with: the commands, and what staff wrote meanwhile."""
        channels = guild.get("channels")
        ids = (
            {each.get("id") for each in channels if isinstance(each, dict)}
            if isinstance(channels, list)
            else set()
        )
        here = sorted(str(each) for each in ids & self._parts.rooms)
        if not here:
            return
        yield lambda: self._register(str(guild.get("id")))
        yield from self._behind(guild.get("threads"))
        for room in here:
            yield lambda room=room: self._catch_up_closed(room)  # type: ignore[misc]  # as below

    def _reopened(self, thread: Payload) -> Iterator[Work]:
        """Yield what was written in a thread that was closed when a session began: that names open ones alone."""
        state = thread.get("thread_metadata")
        if isinstance(state, dict) and not state.get("archived"):
            yield from self._behind([thread])

    def _shown(self, event: str, place: str) -> Iterator[Work]:
        """Yield what was written in a thread of which nobody knew yet whose it is: the bot writes there now."""
        if event == "MESSAGE_CREATE" and self._back.is_behind(place):
            yield lambda: self._catch_up(place)

    def _behind(self, threads: object) -> Iterator[Work]:
        for thread in self._back.behind(threads):
            yield lambda thread=thread: self._catch_up(thread)  # type: ignore[misc]  # mypy takes no default here

    # --- texts ----------------------------------------------------------------------------------------------

    async def _text(self, heard: Heard) -> None:
        async with self._texts.turn(heard.place):
            await self._back.catch_up(heard.place)
            try:
                await self._act_on_text(heard)
            except Unreached:  # what was to be told about it is told when it is read back
                self._back.miss(heard.place)
                raise
            if heard.way is Way.TEXT:
                await self._back.mark(heard.place, heard.id)

    async def _catch_up_closed(self, room: str) -> None:
        """Read back what was written in threads that were closed before Heed came."""
        for thread in await self._back.closed(room):
            await self._catch_up(thread)

    async def _catch_up(self, thread: str) -> None:
        async with self._texts.turn(thread):
            await self._back.catch_up(thread)

    async def _act_on_text(self, heard: Heard) -> None:
        """Keep a text as a note, or whatever it is; what was refused is told in the thread."""
        answer = await self._carefully(heard)
        if answer is not None:
            told = {
                **answer.message(whisper=False),
                "nonce": heard.id,
                "enforce_nonce": True,
                "message_reference": {"message_id": heard.id, "fail_if_not_exists": False},
            }
            await self._parts.line.request("POST", f"/channels/{heard.place}/messages", json=told)

    async def _carefully(self, heard: Heard) -> Answer | None:
        """Do what is wanted; whatever happens, there is a sentence about it."""
        try:
            return await self._acting.answer(heard)
        except BadMessage as error:
            return unsaved(str(error), heard)
        except HeedError as error:
            log.warning("discord_act_failed", error=type(error).__name__)
            return unsaved("This could not be stored just now. Try it again in a moment.", heard)
        except Exception as error:  # noqa: BLE001 - whoever acted is told, whatever it was
            log.warning("discord_act_failed", error=type(error).__name__)
            return unsaved(BROKEN, heard)

    # --- interactions ---------------------------------------------------------------------------------------

    async def _interaction(self, heard: Heard) -> None:
        """Answer in time: what takes longer is acknowledged first."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._in_lane(heard))
            await asyncio.wait({work}, timeout=self._parts.acknowledge_within)
            late = not work.done() and heard.way is not Way.TYPING
            if late:
                await self._acknowledge(heard)
        answer = work.result()
        try:
            await (self._fill if late else self._reply)(heard, answer)
        except Refused as refused:
            if refused.status != MALFORMED or heard.way is Way.TYPING:
                raise
            log.warning("discord_answer_refused", name=heard.name, code=refused.code)
            first, *others = plainly(answer)
            await (self._fill if late else self._reply)(heard, first)
            for each in others:
                await self._follow_up(heard, each)

    async def _acknowledge(self, heard: Heard) -> None:
        """Say that the answer comes later. What is being done goes on, whether that arrives or not."""
        try:
            await self._callback(heard, _LATER_CHANGE if replaces(heard) else _LATER, {"flags": WHISPER})
        except (Refused, Unreached) as error:
            log.warning("discord_desk_unreached", error=str(error))

    async def _in_lane(self, heard: Heard) -> Answer:
        if heard.way is Way.TYPING:
            return await self._carefully(heard) or Answer(choices=())
        if not changes(heard):
            return await self._carefully(heard) or say(BROKEN)
        async with self._presses.turn(heard.place):
            return await self._carefully(heard) or say(BROKEN)

    async def _reply(self, heard: Heard, answer: Answer) -> None:
        """Answer an interaction at once."""
        if heard.way is Way.TYPING:
            named = [{"name": name, "value": value} for name, value in answer.choices or ()]
            await self._callback(heard, _CHOICES, {"choices": named})
        elif answer.form is not None:
            await self._callback(heard, _FORM, answer.form)
        else:
            await self._callback(heard, _CHANGE if replaces(heard) else _MESSAGE, answer.message())

    async def _fill(self, heard: Heard, answer: Answer) -> None:
        """Put the answer where the acknowledgement stands; a form cannot open there any more."""
        shown = say("That took too long for a form to open. Do it again.") if answer.form is not None else answer
        path = f"/webhooks/{self._parts.line.application}/{heard.token}/messages/@original"
        await self._parts.line.request("PATCH", path, json=shown.message(), urgent=True)

    async def _follow_up(self, heard: Heard, answer: Answer) -> None:
        """Tell the same person more."""
        path = f"/webhooks/{self._parts.line.application}/{heard.token}"
        await self._parts.line.request("POST", path, json=answer.message(), urgent=True)

    async def _callback(self, heard: Heard, kind: int, data: dict[str, Any]) -> None:
        path = f"/interactions/{heard.id}/{heard.token}/callback"
        await self._parts.line.request("POST", path, json={"type": kind, "data": data}, urgent=True)

    # --- commands -------------------------------------------------------------------------------------------

    async def _register(self, guild: str) -> None:
        """Have the commands in a guild, unless they are there already. While Discord cannot be reached, again."""
        for pause in PAUSES:
            try:
                await self._put_commands(f"/applications/{self._parts.line.application}/guilds/{guild}/commands")
            except Unreached as error:
                log.warning("discord_commands_not_registered", error=str(error))
                await asyncio.sleep(pause)
            except Refused as error:
                log.warning("discord_commands_not_registered", error=str(error))
                self._parts.board.tell(TOPIC, UNREGISTERED)
                return
            else:
                self._parts.board.clear(TOPIC)
                return

    async def _put_commands(self, path: str) -> None:
        wanted = registration(self._parts.counter.teams)
        if not same(await self._parts.line.request("GET", path), wanted):
            await self._parts.line.request("PUT", path, json=wanted)


def changes(heard: Heard) -> bool:
    """Tell whether it may change something, and so keeps its place in the order; what only asks does not wait."""
    if heard.way in {Way.COMMAND, Way.FORM}:
        return heard.name in BY_NAME
    pressed = {heard.name, *heard.chosen}
    return bool(pressed & {"anyway", "many"} or pressed & BY_NAME.keys() - IN_FORMS)


def unsaved(sentence: str, heard: Heard) -> Answer:
    """Return a sentence, with what somebody had typed or wanted to be sent: it is lost nowhere else."""
    typed = heard.values.get("text", "") if heard.way in {Way.FORM, Way.COMMAND} else heard.draft
    return Answer(text=sentence, embeds=draft_of(typed))


def plainly(answer: Answer) -> list[Answer]:
    """Return an answer that Discord did not take with nothing but its words: a text that was not sent stays whole.

    What is too long for one message goes on in the next.
    """
    drafts = [str(each["description"]) for each in answer.embeds if each.get("title") == DRAFT]
    parts = [part for draft in drafts for part in in_parts(draft, LONGEST_PART)]
    more = [f"{DRAFT}, {number} of {len(parts)}" for number in range(1, len(parts) + 1)]
    named = more if len(parts) > 1 else [DRAFT for _ in parts]
    embeds = [{"title": name, "description": part} for name, part in zip(named, parts, strict=True)]
    text = answer.text or BROKEN
    return [Answer(text=text, embeds=tuple(embeds[:1])), *(Answer(embeds=(each,)) for each in embeds[1:])]


def in_parts(text: str, longest: int) -> list[str]:
    """Return a text in parts, none of which Discord takes to be longer than this."""
    parts, used = [""], 0
    for char in text:
        if used + length(char) > longest:
            parts, used = [*parts, ""], 0
        parts[-1] += char
        used += length(char)
    return parts


def replaces(heard: Heard) -> bool:
    """Tell whether the answer takes the place of what was pressed, so that it cannot be pressed twice."""
    own = heard.whispered or bool(heard.draft or heard.enclosed)
    return own and (heard.way in {Way.FORM, Way.MENU} or heard.name in {"anyway", "delete"})

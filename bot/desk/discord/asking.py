"""What staff ask in Discord and only they see: the queue, templates, what could be meant, and how it all works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.desk.actions import ACTIONS, action_of
from bot.desk.counter import Counter, Result
from bot.desk.discord.answers import LONGEST_MESSAGE, Answer, menu, plain, say, suggestions, templates_menu
from bot.desk.discord.commands import LONGEST_CHOICE, MOST_CHOICES, OTHERS, dashed, shorten, slashes
from bot.desk.discord.inputs import Heard, custom_id, made_at
from bot.desk.discord.marks import length
from bot.desk.discord.standing import BEGUN, DESK, OWN, THREAD, own_key
from bot.desk.fitting import refusals
from bot.desk.thread import Begun
from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.messages import Author, ConversationId
from bot.domain.roles import Agent
from bot.domain.states import State
from bot.errors import BadMessage
from bot.ports import Bookmarks, Capabilities, Posts, Views
from bot.records import ConversationView, Post, QueueQuery, QueueRow, TranscriptEntry

#: Which conversations wait for somebody.
WAITING = (State.ESCALATED.value, State.CLAIMED.value, State.OPEN.value)

#: A relayed message counts as read by whoever wrote no sooner than this after it stood there.
TO_READ = timedelta(seconds=3)

#: What everybody on staff should know first.
INTERNAL = (
    "**What you write in a thread is an internal note.** "
    "Only `/reply`, `/template`, `/edit` and Heed's reply form reach the customer."
)

#: What several conversations are told at once stands in a field of a message, which holds no more.
LONGEST_TOLD = 1024

#: How many conversations the queue shows.
SHOWN = 15


class HearingStore(Views, Posts, Bookmarks, Protocol):
    """What the hearing side of this desk reads and keeps."""


class Asking:
    """Answers questions and changes nothing. ``may`` tells what a channel can do about texts that were sent."""

    def __init__(
        self,
        *,
        store: HearingStore,
        counter: Counter,
        rooms: Sequence[str],
        may: Callable[[str], Capabilities] = lambda channel: Capabilities(name=channel),
    ) -> None:
        self._may = may
        self._store = store
        self._counter = counter
        self._rooms = tuple(rooms)

    async def thread(self, place: str) -> ConversationId | None:
        """Return the conversation whose thread this is."""
        found = await self._store.posted(DESK, place) if place else None
        return None if found is None else found[0]

    async def keep_own(self, conversation: ConversationId, note: str, heard: Heard) -> None:
        """Remember that this note stands in the thread already, as its writer wrote it: it is not shown again."""
        own = Post(key=own_key(note), place=heard.place, external_id=heard.id, digest=OWN)
        await self._store.keep_posts(DESK, conversation, [own])

    async def shows_customer(self, view: ConversationView, message: str) -> bool:
        """Tell whether this message of the desk shows what the conversation's customer wrote."""
        found = await self._store.posted(DESK, message)
        if found is None or found[0] != view.conversation.id:
            return False
        return any(_shows(found[1], entry) for entry in view.transcript if entry.author is Author.CUSTOMER)

    async def seen(self, view: ConversationView, heard: Heard) -> int:
        """Return how many of the customer's messages somebody had read who wrote this.

        They count as read once they have stood in the thread for some seconds; earlier ones that the thread does
        not show count with the first that it shows.
        """
        at, posts = made_at(heard.id), await self._store.posts(DESK, view.conversation.id)
        written = [entry for entry in view.transcript if entry.author is Author.CUSTOMER]
        unread = 0
        for entry in reversed(written):
            if at is not None and _stood(entry, posts, at - TO_READ):
                break
            unread += entry.deleted_at is None
        return max(view.received - unread, 0)

    def somewhere_else(self, heard: Heard) -> Answer:
        """Say where a command works that was given outside of a thread."""
        where = " or ".join(f"<#{room}>" for room in self._rooms)
        shown = f" under {where}" if where else ""
        return say(f"No conversation shows here. /{dashed(heard.name)} works in a conversation's thread{shown}.")

    # --- templates ------------------------------------------------------------------------------------------

    async def suggest(self, conversation: ConversationId, seen: int | None) -> Answer:
        """Return the nearest templates."""
        return suggestions(await self._counter.suggest(conversation), conversation=conversation, seen=seen)

    async def templates(self, conversation: ConversationId, seen: int | None) -> Answer:
        """Return all templates to choose from."""
        return templates_menu(await self._counter.templates(conversation), conversation=conversation, seen=seen)

    async def template(self, conversation: ConversationId, wanted: str) -> str | None:
        """Return the text of the template of this name, else of the first that the words find."""
        offers = await self._counter.templates(conversation, wanted)
        exact = next((offer for offer in offers if offer.template == wanted), None)
        return next((offer.text for offer in (exact, *offers) if offer is not None), None)

    # --- while a command is typed ---------------------------------------------------------------------------

    async def completions(self, heard: Heard) -> Answer:
        """Return what could be meant by what somebody is typing."""
        conversation = await self.thread(heard.place)
        if conversation is None:
            return Answer(choices=())
        typed = heard.values.get(heard.focused, "")
        if heard.name == "template":
            offers = await self._counter.templates(conversation, typed)
            named = [(f"{offer.template}: {offer.text}", offer.template) for offer in offers]
        else:
            view = await self._counter.view(conversation)
            named = [(entry.text, entry.message) for entry in concerned(heard.name, view)]
            named = [one for one in named if typed.lower() in one[0].lower()]
        fitting = [(shorten(name, LONGEST_CHOICE) or value, value) for name, value in named]
        return Answer(choices=tuple(one for one in fitting if len(one[1]) <= LONGEST_CHOICE)[:MOST_CHOICES])

    async def more(self, conversation: ConversationId, seen: int | None, agent: Agent, now: datetime) -> Answer:
        """Return all that this agent can do with a conversation now."""
        view = await self._counter.view(conversation)
        against = refusals(view, agent, now, may=self._may(view.conversation.address.channel))
        options = [(each.name, each.title, each.what) for each in ACTIONS if not against[each.name]]
        options.append(("template", "Template", OTHERS["template"]))
        rows = menu(custom_id("more", conversation, seen), options, hint="What do you want to do?")
        return Answer(text="All that you can do with this conversation now:", rows=rows)

    # --- several at once ------------------------------------------------------------------------------------

    async def queue(self, now: datetime) -> Answer:
        """Return what waits, most urgent first."""
        page = await self._store.queue(QueueQuery(states=WAITING, limit=SHOWN))
        lines = [await self._line(row, now) for row in page.rows]
        if not lines:
            return say("Nothing waits.")
        head = f"**{len(lines)} of {page.total}**, most urgent first:"
        while len("\n".join([head, *lines])) > LONGEST_MESSAGE:
            lines.pop()
        return say("\n".join([head, *lines]))

    async def many(self, name: str, fields: Mapping[str, str]) -> Answer:
        """Return the conversations to choose from; what is to be done with them stands in the message itself.

        Raises BadMessage for what does not fit there.
        """
        action = action_of(name)
        _check_lengths(fields)
        states = () if name in {"reopen", "unblock"} else (*WAITING, State.SNOOZED.value, State.WAITING.value)
        found = await self._store.queue(QueueQuery(states=states or (State.RESOLVED.value,), limit=MOST_CHOICES))
        options = [
            (_as_seen(row), row.customer_name or row.conversation.id, f"{_state(row)}: {row.preview}")
            for row in found.rows
        ]
        rows = menu(custom_id("many", action.name, None), options, hint="Which conversations?", most=MOST_CHOICES)
        if not rows:
            return say("There is no conversation to do that with.")
        told = [{"name": field, "value": value} for field, value in fields.items() if value]
        embed = {"title": action.title, "description": action.what, **({"fields": told} if told else {})}
        return Answer(text="Choose the conversations.", embeds=(embed,), rows=rows)

    async def _line(self, row: QueueRow, now: datetime) -> str:
        conversation = row.conversation
        posts = await self._store.posts(DESK, conversation.id)
        where = f"<#{posts[THREAD].external_id}>" if THREAD in posts else f"`{conversation.id}`"
        said = f"{plain(shorten(row.customer_name, 30))}: {plain(shorten(row.preview, 60))}"
        return f"- {where} {said} ({_state(row)}{_due(conversation, now)})"


def concerned(action: str, view: ConversationView, agent: Agent | None = None) -> list[TranscriptEntry]:
    """Return the messages that an action may concern, newest first: the customer's, or replies."""
    author = Author.CUSTOMER if action == "correct" else Author.AGENT
    there = [each for each in view.transcript if each.text and each.deleted_at is None]
    fitting = [each for each in there if each.author is author]
    if author is Author.AGENT:
        fitting = [each for each in fitting if each.send_state is SendState.SENT]
        fitting = [each for each in fitting if agent is None or each.agent == agent.id]
    return fitting[::-1]


def _check_lengths(fields: Mapping[str, str]) -> None:
    """Refuse words that a message with a menu does not hold whole."""
    for name, value in fields.items():
        if (long := length(value)) > LONGEST_TOLD:
            raise BadMessage(
                f"'{name}' has {long:,} characters; for several conversations at once it has {LONGEST_TOLD:,} at "
                "most. Nothing was done."
            )


def _as_seen(row: QueueRow) -> str:
    """Return how a conversation stands in a menu: with how many of its customer's messages had come by then."""
    return f"{row.conversation.id}:{row.conversation.received}"


def seen_in(chosen: str) -> tuple[ConversationId, int | None]:
    """Return a conversation that was chosen in such a menu, and how many messages had come by then."""
    conversation, _, seen = chosen.rpartition(":")
    if not conversation or not seen.isdecimal():
        return ConversationId(chosen), None
    return ConversationId(conversation), int(seen)


def results(done: Mapping[ConversationId, Result], title: str) -> Answer:
    """Return what became of an action on several conversations."""
    kept = [f"- `{each}`: {plain(result.refusal)}" for each, result in done.items() if not result.accepted]
    head = f"**{title}**: done with {len(done) - len(kept)} of {len(done)}."
    return say("\n".join([head, *kept])[:LONGEST_MESSAGE])


def help_page(teams: Sequence[str]) -> Answer:
    """Return all commands, from the table itself."""
    lines = [f"`/{one.name}` {_brief(one.what)}" for one in slashes(teams)]
    text = "\n".join([INTERNAL, *lines])
    return say(text[:LONGEST_MESSAGE])


def known_commands() -> frozenset[str]:
    """Return the names of all commands, as inputs know them."""
    return frozenset({*(action.name for action in ACTIONS), *OTHERS})


def _brief(what: str) -> str:
    return what.partition(": ")[0].rstrip(".") + "."


def _shows(key: str, entry: TranscriptEntry) -> bool:
    """Tell whether a piece shows a message, whole or in part; what it said before is another piece."""
    return key.startswith(entry.message) and "/" not in key


def _stood(entry: TranscriptEntry, posts: Mapping[str, Post], by: datetime) -> bool:
    """Tell whether a message stood in the thread by then, or was left out because the thread began later."""
    shown = [made_at(post.external_id) for post in posts.values() if _shows(post.key, entry)]
    if BEGUN in posts and entry.number <= Begun.read(posts[BEGUN].digest).messages:
        shown.append(made_at(posts[BEGUN].external_id))
    return any(at is not None and at <= by for at in shown)


def _state(row: QueueRow) -> str:
    holder = row.conversation.holder
    return f"{row.conversation.state.value} by {holder}" if holder else row.conversation.state.value


def _due(conversation: Conversation, now: datetime) -> str:
    """Return when the next target falls due, as a time that Discord counts by itself."""
    due = [clock.due_at for clock in conversation.clocks if clock.running_since is not None and clock.due_at]
    if not due:
        return ""
    first = min(due)
    return f", {'due' if first > now else 'was due'} <t:{int(first.timestamp())}:R>"

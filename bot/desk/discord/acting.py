"""What somebody did in Discord becomes an act at the counter, a note, a form that opens, or an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Literal, Protocol

from bot.desk.actions import BY_NAME, Action, Field, action_of
from bot.desk.counter import Counter, Result
from bot.desk.discord.answers import (
    DONE,
    Answer,
    Draft,
    ask_to_delete,
    held_back,
    mark_of,
    refused,
    say,
    unresolved,
)
from bot.desk.discord.asking import Asking, concerned, help_page, results, seen_in
from bot.desk.discord.commands import OTHERS, read_labels
from bot.desk.discord.files import Files
from bot.desk.discord.forms import IN_FORMS, form
from bot.desk.discord.inputs import Heard, Way, meant_for_customer
from bot.desk.discord.instants import read_until
from bot.domain.messages import ConversationId
from bot.domain.roles import Agent
from bot.domain.staff_rules import Refusal
from bot.errors import BadMessage
from bot.ports import TimeSource
from bot.records import note_of

#: What somebody reads who is not on staff.
STRANGER = "You are not on this brand's staff here. Ask an admin to add your Discord id under 'agents'."

#: What somebody reads whose press or form does not fit any more.
OUTDATED = "This button does not fit any more. Use the slash commands in the thread; see /help."

#: What somebody reads who hands in again what has been sent, perhaps with other words.
REPEATED = "This was sent before, as it stood then. To change it, use /edit."

#: What somebody reads whose reply by replying cannot go out as it is.
NOTED = "Nothing was sent; what you wrote is kept as a note."

#: What somebody reads who replies with what is no file, such as a sticker.
NO_FILES = f"Only texts and files can be sent to customers. {NOTED}"


class People(Protocol):
    """Who is on staff, and who of them is there."""

    async def on_platform(self, platform: Literal["discord"], external_id: str, /) -> Agent | None:
        """Return the agent with this id, with the role held now; None for anybody else."""
        ...

    async def away(self, agent: Agent, /) -> bool:
        """Note that an agent takes no conversations now. False if they were away already."""
        ...

    async def back(self, agent: Agent, /) -> bool:
        """Note that an agent is there again. False if they were not away."""
        ...


class Acting:
    """Carries out what was heard, through the counter alone. ``zone`` is the one in which staff name times."""

    def __init__(
        self,
        *,
        asking: Asking,
        counter: Counter,
        files: Files,
        people: People,
        time: TimeSource,
        zone: tzinfo,
        reply_by_replying: bool = False,
    ) -> None:
        self._asking = asking
        self._counter = counter
        self._files = files
        self._people = people
        self._time = time
        self._zone = zone
        self._by_replying = reply_by_replying

    async def answer(self, heard: Heard) -> Answer | None:
        """Do what somebody wants and return what they get to see, None for nothing. Raises BadMessage."""
        agent = await self._people.on_platform("discord", heard.who)
        silent = heard.way in {Way.TEXT, Way.CHANGE}
        if heard.way is Way.TYPING:
            return Answer(choices=()) if agent is None or heard.wrong else await self._asking.completions(heard)
        if agent is None:
            return None if silent else say(STRANGER)
        if heard.wrong:
            return say(heard.wrong)
        return await self._texts(heard, agent) if silent else await self._asked(heard, agent)

    # --- words in a thread ----------------------------------------------------------------------------------

    async def _texts(self, heard: Heard, agent: Agent) -> Answer | None:
        """Keep what is written in a conversation's thread as a note, unless it is meant for the customer."""
        conversation = await self._asking.thread(heard.place)
        if conversation is None or not (heard.text or heard.attached):
            return None
        answers = bool(self._by_replying and heard.answers) and await self._answers(conversation, heard)
        if meant_for_customer(heard, answers_customer=answers):
            try:
                done = await self._act("reply", conversation, {"text": heard.text}, heard, agent, answers=answers)
            except BadMessage as error:  # it cannot go out as it is: colleagues read it all the same
                await self._note(conversation, heard, agent)
                return say(f"{error} {NOTED}")
            return None if done.text in {DONE["reply"], REPEATED} else done
        noted = await self._note(conversation, heard, agent)
        if answers:
            return say(NO_FILES)
        return None if noted.text == DONE["note"] else noted

    async def _note(self, conversation: ConversationId, heard: Heard, agent: Agent) -> Answer:
        """Keep what somebody wrote as a note."""
        if heard.way is Way.TEXT:  # kept before the note, so that whoever shows it finds it standing there
            await self._asking.keep_own(conversation, note_of(heard.request), heard)
        return await self._act("note", conversation, {"text": _noted(heard)}, heard, agent)

    async def _answers(self, conversation: ConversationId, heard: Heard) -> bool:
        view = await self._counter.view(conversation)
        return heard.way is Way.TEXT and await self._asking.shows_customer(view, heard.answers)

    # --- commands, buttons, menus and forms -----------------------------------------------------------------

    async def _asked(self, heard: Heard, agent: Agent) -> Answer:
        answer = say(heard.wrong or OUTDATED)
        match heard.way:
            case _ if heard.wrong:
                pass
            case Way.COMMAND if heard.name in OTHERS:
                answer = await self._other(heard, agent)
            case Way.COMMAND:
                answer = await self._in_thread(heard, agent)
            case Way.FORM if heard.name in IN_FORMS:
                answer = await self._act(
                    heard.name, ConversationId(heard.conversation), heard.values, heard, agent
                )
            case Way.MENU if heard.name == "many":
                answer = await self._many(heard, agent)
            case Way.MENU if heard.name == "pick":
                answer = await self._use(replace(heard, about="".join(heard.chosen[:1])))
            case Way.MENU if heard.name == "more" and heard.chosen:
                answer = await self._press(heard.chosen[0], heard, agent)
            case Way.BUTTON:
                answer = await self._press(heard.name, heard, agent)
        return answer

    async def _in_thread(self, heard: Heard, agent: Agent) -> Answer:
        """Carry out a command on the conversation in whose thread it was given."""
        action_of(heard.name)
        conversation = await self._asking.thread(heard.place)
        if conversation is None:
            return self._asking.somewhere_else(heard)
        return await self._act(heard.name, conversation, heard.values, heard, agent)

    async def _other(self, heard: Heard, agent: Agent) -> Answer:
        """Answer a command that stands beside the table of actions."""
        match heard.name:
            case "help":
                answer = help_page(self._counter.teams)
            case "queue":
                answer = await self._asking.queue(self._time.now())
            case "many":
                answer = await self._choose(heard)
            case "away":
                done = await self._people.away(agent)
                answer = say("You are away now; /back ends that." if done else "You are away already.")
            case "back":
                answer = say("You are back." if await self._people.back(agent) else "You were not away.")
            case _:
                answer = await self._of_thread(heard)
        return answer

    async def _of_thread(self, heard: Heard) -> Answer:
        """Answer what is asked about the conversation in whose thread it was asked: /template or /suggest."""
        conversation = await self._asking.thread(heard.place)
        if conversation is None:
            return self._asking.somewhere_else(heard)
        seen = await self._seen(conversation, heard)
        if heard.name == "suggest":
            return await self._asking.suggest(conversation, seen)
        wanted = heard.values.get("search", "")
        return await self._open_template(conversation, wanted, replace(heard, seen=seen))

    async def _press(self, name: str, heard: Heard, agent: Agent) -> Answer:
        """Do what a button says; what needs words opens a form."""
        conversation = ConversationId(heard.conversation)
        match name:
            case "anyway":
                answer = await self._anyway(conversation, heard, agent)
            case "rewrite":
                answer = self._form("reply", conversation, heard, text=heard.draft)
            case "again":
                answer = await self._again(conversation, heard)
            case "use":
                answer = await self._use(heard)
            case "more":
                answer = await self._asking.more(conversation, heard.seen, agent, self._time.now())
            case "suggest":
                answer = await self._asking.suggest(conversation, heard.seen)
            case "template":
                answer = await self._asking.templates(conversation, heard.seen)
            case "delete" if heard.way is Way.MENU:
                answer = await self._ask_to_delete(conversation, heard, agent)
            case "edit" | "correct":
                answer = await self._about_message(name, conversation, heard, agent)
            case _ if name in IN_FORMS:
                answer = self._form(name, conversation, heard)
            case _ if name in BY_NAME:
                answer = await self._act(name, conversation, {}, heard, agent)
            case _:
                answer = say(OUTDATED)
        return answer

    async def _anyway(self, conversation: ConversationId, heard: Heard, agent: Agent) -> Answer:
        """Send a text that was held back; if it did not come back whole, let it be looked at first."""
        if not (heard.draft or heard.enclosed) or mark_of(heard.draft, heard.enclosed) != heard.about:
            return self._form("reply", conversation, heard, text=heard.draft)
        return await self._act("reply", conversation, {"text": heard.draft}, heard, agent)

    async def _again(self, conversation: ConversationId, heard: Heard) -> Answer:
        """Open a form with the text of a reply that has not arrived."""
        entries = (await self._counter.view(conversation)).transcript
        text = next((each.text for each in entries if f"m{each.number}" == heard.about), "")
        return self._form("reply", conversation, heard, text=text)

    async def _use(self, heard: Heard) -> Answer:
        return await self._open_template(ConversationId(heard.conversation), heard.about, heard)

    async def _open_template(self, conversation: ConversationId, wanted: str, heard: Heard) -> Answer:
        text = await self._asking.template(conversation, wanted)
        if text is None:
            return say("No answer of the brand has these words. Try fewer, or choose one while you type.")
        return self._form("reply", conversation, heard, text=text)

    async def _about_message(self, name: str, conversation: ConversationId, heard: Heard, agent: Agent) -> Answer:
        """Open the form of an action that concerns a message: the last that it can concern."""
        found = concerned(name, await self._counter.view(conversation), agent)
        if not found:
            return say("There is no message here with which that can be done.")
        text = found[0].text if name == "edit" else ""
        return self._form(name, conversation, heard, text=text, message=found[0].message)

    async def _ask_to_delete(self, conversation: ConversationId, heard: Heard, agent: Agent) -> Answer:
        """Show which reply would be taken back, and let it be said once more."""
        found = concerned("delete", await self._counter.view(conversation), agent)
        if not found:
            return say("There is no message here with which that can be done.")
        meant, origin = found[0], heard.origin or heard.id
        return ask_to_delete(
            meant.text, conversation=conversation, seen=heard.seen, message=meant.message, origin=origin
        )

    def _form(
        self, name: str, conversation: ConversationId, heard: Heard, *, text: str = "", message: str = ""
    ) -> Answer:
        return Answer(
            form=form(
                action_of(name),
                conversation,
                heard.seen,
                origin=heard.origin or heard.id,
                text=text,
                message=message,
                teams=self._counter.teams,
            )
        )

    # --- several at once ------------------------------------------------------------------------------------

    async def _choose(self, heard: Heard) -> Answer:
        """Let the conversations be chosen, once it is clear that the rest makes sense."""
        action = action_of(heard.values.get("action", ""))
        if not action.bulk:
            raise BadMessage(f"{action.title} works on one conversation at a time.")
        given = {name: value for name, value in heard.values.items() if name != "action" and value.strip()}
        if missing := [field.value for field in action.fields if field.value not in given]:
            raise BadMessage(f"{action.title} needs to be told '{missing[0]}'.")
        if "until" in given:  # what "in two hours" means does not change while conversations are chosen
            given["until"] = read_until(given["until"], now=self._time.now(), zone=self._zone)
        return await self._asking.many(action.name, given)

    async def _many(self, heard: Heard, agent: Agent) -> Answer:
        """Carry out one action on the chosen conversations. What it is told stands in the message itself."""
        action = action_of(heard.conversation)
        told = {name: value for name, value in heard.shown.items() if name in set(Field)}
        seen = dict(seen_in(each) for each in heard.chosen)
        if None in seen.values():
            return say(OUTDATED)
        fields = self._fields(action, told) | {Field.SEEN: seen}
        done = await self._counter.perform_all(agent, list(seen), action.name, fields, request=heard.request)
        return results(done, action.title)

    # --- one act --------------------------------------------------------------------------------------------

    async def _act(
        self,
        name: str,
        conversation: ConversationId,
        values: Mapping[str, str],
        heard: Heard,
        agent: Agent,
        *,
        answers: bool = False,
    ) -> Answer:
        """Carry out an action. No text of anybody's reaches a customer but past the guard that stands here."""
        action = action_of(name)
        if action.sends and not meant_for_customer(heard, answers_customer=answers):
            return say("Nothing was sent: this is no way to write to the customer. Use /reply.")
        fields = self._fields(action, values)
        if Field.MESSAGE in action.fields:
            fields.setdefault(Field.MESSAGE, heard.about or await self._last(action, conversation, agent))
        if Field.SEEN in action.optional:
            fields[Field.SEEN] = await self._seen(conversation, heard)
        files = await self._files.bring(heard.enclosed) if action.files else ()
        done = await self._counter.perform(agent, conversation, name, fields, request=heard.request, files=files)
        return _told(done, action, fields, heard, agent=agent, conversation=conversation)

    def _fields(self, action: Action, values: Mapping[str, str]) -> dict[str, object]:
        """Return what an action takes of what was typed or chosen."""
        fields: dict[str, object] = {}
        for field in (*action.fields, *action.optional):
            value = values.get(field.value, "")
            if field is Field.LABELS:
                fields[field] = read_labels(value)
            elif field is Field.UNTIL:
                fields[field] = read_until(value, now=self._time.now(), zone=self._zone)
            elif value.strip() and field is not Field.SEEN:
                fields[field] = value
        return fields

    async def _seen(self, conversation: ConversationId, heard: Heard) -> int:
        """Return how many of the customer's messages were read: as the button said, else as the thread showed."""
        if heard.seen is not None:
            return heard.seen
        return await self._asking.seen(await self._counter.view(conversation), heard)

    async def _last(self, action: Action, conversation: ConversationId, agent: Agent) -> str:
        found = concerned(action.name, await self._counter.view(conversation), agent)
        if not found:
            raise BadMessage("There is no message here with which that can be done.")
        return found[0].message


def _told(
    done: Result,
    action: Action,
    fields: Mapping[str, object],
    heard: Heard,
    *,
    agent: Agent,
    conversation: ConversationId,
) -> Answer:
    """Return what became of an act."""
    if done.accepted:
        return say(REPEATED if done.repeated and action.sends else DONE[action.name])
    draft, seen = _draft(action, fields, heard), fields.get(Field.SEEN)
    if done.kind is not Refusal.MOVED_ON or done.conversation is None:
        read = seen if isinstance(seen, int) else None
        return refused(done, agent=agent, conversation=conversation, seen=read, draft=draft)
    if not draft:
        return unresolved(done, conversation=conversation, seen=done.received)
    return held_back(done, conversation=conversation, seen=done.received, draft=draft)


def _draft(action: Action, fields: Mapping[str, object], heard: Heard) -> Draft:
    """Return the reply that was not sent, an empty one for every other action."""
    if action.name != "reply":
        return Draft()
    text = str(fields.get(Field.TEXT, "")).strip()
    return Draft(text=text, files=heard.enclosed, origin=heard.origin or heard.id)


def _noted(heard: Heard) -> str:
    """Return what goes into a note: what was written, and the names and links of files."""
    words = "\n".join([*([heard.text] if heard.text else []), *heard.attached])
    return f"Edited: {words}" if heard.way is Way.CHANGE else words

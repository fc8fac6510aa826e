"""What Heed answers whoever did something in Discord: sentences that only they see, with the next step as buttons.

Pure. A text that was not sent stands in full in the answer itself, so that it outlives a restart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.desk.counter import Offer, Result
from bot.desk.discord.commands import MOST_CHOICES, shorten
from bot.desk.discord.inputs import DRAFT, FILES, WHISPER, File, custom_id, shows_files
from bot.domain.roles import Agent, Right
from bot.domain.staff_rules import Refusal
from bot.records import TranscriptEntry

Json = dict[str, Any]

#: The longest text of a message, and how much of what customers wrote is quoted beside a draft.
LONGEST_MESSAGE = 2000
LONGEST_QUOTE = 1200
#: The longest list of files with their links, and all embeds of a message together; Discord's own is 6,000.
LONGEST_FILES = 3000
LONGEST_EMBEDS = 5800
LONGEST_OPTION = 100

_ROW, _BUTTON, _MENU = 1, 2, 3
_BLUE, _GREY, _RED = 1, 2, 4
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<@:-])")

#: What is said of an action that was carried out.
DONE: Mapping[str, str] = {
    "claim": "You hold this conversation now.",
    "release": "You have let go of it. Somebody else can take it.",
    "take_over": "You have taken it over and hold it now.",
    "ask_for": "The holder is asked to hand it over.",
    "transfer": "It is with the other team now.",
    "note": "Noted. The customer does not see it.",
    "reply": "Your reply is on its way to the customer. The thread shows when it has arrived.",
    "edit": "The reply is being changed. The thread shows when the customer has the new text.",
    "delete": "The reply is being taken back. The thread shows when it is gone.",
    "correct": "Corrected. The bot can be trained with it.",
    "snooze": "Snoozed. It comes back at that time; reply clocks go on.",
    "wait": "It waits for the customer.",
    "resolve": "Resolved.",
    "reopen": "Reopened, and you hold it.",
    "hand_back": "The bot answers what the customer writes next.",
    "block": "The customer is not heard any more; the conversation is resolved.",
    "unblock": "The customer is heard again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody gets to see: a text with buttons, a form that opens, or choices while they type."""

    text: str = ""
    embeds: tuple[Json, ...] = ()
    rows: tuple[Json, ...] = ()
    form: Json | None = None
    choices: tuple[tuple[str, str], ...] | None = None

    def message(self, *, whisper: bool = True) -> Json:
        """Return it as a message that mentions nobody; a ``whisper`` is for one person alone."""
        body: Json = {
            "content": self.text[:LONGEST_MESSAGE],
            "embeds": list(self.embeds),
            "components": list(self.rows),
            "allowed_mentions": {"parse": []},
        }
        return {**body, "flags": WHISPER} if whisper else body


def plain(text: str) -> str:
    """Return a text so that Discord shows it as it was written."""
    return _MARKDOWN.sub(r"\\\1", text)


def say(text: str) -> Answer:
    """Return a sentence alone."""
    return Answer(text=text)


def mark_of(draft: str, files: Sequence[File] = ()) -> str:
    """Return a short mark, by which a text that was read back is known to be whole, with its files."""
    whole = "\n".join([draft, *(each.name for each in files)])
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply that was not sent. ``origin``: by which wish it came about, so that it goes out once."""

    text: str = ""
    files: tuple[File, ...] = ()
    origin: str = ""

    @property
    def whole(self) -> bool:
        """Tell whether all of it fits into a message, so that it can be sent from there."""
        shown = shows_files(self.files)
        return len(shown) <= LONGEST_FILES and len(self.text) + len(shown) <= LONGEST_EMBEDS - 200

    @property
    def embeds(self) -> tuple[Json, ...]:
        """Return it as parts of a message."""
        named = shows_files(self.files) if self.whole else ""
        return (*draft_of(self.text), *(({"title": FILES, "description": named},) if named else ()))

    def __bool__(self) -> bool:
        """Tell whether there is anything to be sent."""
        return bool(self.text or self.files)


# --- refusals with a next step ----------------------------------------------------------------------------


def refused(result: Result, *, agent: Agent, conversation: str, seen: int | None, draft: Draft) -> Answer:
    """Return why something was not done, with what can be done next; ``draft`` is a reply that was not sent."""
    steps = _asking(agent, conversation, seen) if result.kind is Refusal.HELD else []
    again = "Send again"
    if draft.files and result.kind is Refusal.NOT_NOW:  # the platform may take no such files
        draft, again = replace(draft, files=()), "Send without files"
    steps += _sending(again, conversation, seen, draft) if draft else []
    return Answer(text=plain(result.refusal) + _unsent(draft), embeds=draft.embeds, rows=_row(steps))


def held_back(result: Result, *, conversation: str, seen: int, draft: Draft) -> Answer:
    """Return what the customer wrote meanwhile, beside the text that was held back because of it."""
    room = LONGEST_EMBEDS - sum(len(each["description"]) for each in draft.embeds) - 100
    return Answer(
        text="**The customer wrote this meanwhile. Nothing was sent.**" + _unsent(draft),
        embeds=(*_quotes(result.meanwhile, min(room, LONGEST_QUOTE)), *draft.embeds),
        rows=_row(_sending("Send anyway", conversation, seen, draft)),
    )


def unresolved(result: Result, *, conversation: str, seen: int) -> Answer:
    """Return what the customer wrote before it was to be resolved."""
    again = button("Resolve all the same", custom_id("resolve", conversation, seen))
    return Answer(
        text="**The customer wrote this meanwhile. Nothing was resolved.**",
        embeds=_quotes(result.meanwhile),
        rows=_row([again]),
    )


def ask_to_delete(text: str, *, conversation: str, seen: int | None, message: str, origin: str) -> Answer:
    """Ask whether a reply is to be taken back, before it is."""
    taken = custom_id("delete", conversation, seen, origin=origin, about=message)
    return Answer(
        text="**Take this reply back?** The customer has it and will not see it any more.",
        embeds=({"title": "Your reply", "description": plain(text)[:LONGEST_QUOTE] or "(files alone)"},),
        rows=_row([button("Take it back", taken, style=_RED)]),
    )


def _asking(agent: Agent, conversation: str, seen: int | None) -> list[Json]:
    asked = button("Ask for it", custom_id("ask_for", conversation, seen))
    taken = button("Take over", custom_id("take_over", conversation, seen), style=_RED)
    return [asked, taken] if agent.may(Right.TAKE_OVER) else [asked]


def _sending(label: str, conversation: str, seen: int | None, draft: Draft) -> list[Json]:
    """Return the buttons that send a held text: as it stands, or after a change."""
    if not draft.whole:
        return []
    mark = mark_of(draft.text, draft.files)
    anyway = custom_id("anyway", conversation, seen, origin=draft.origin, about=mark)
    return [
        button(label, anyway, style=_BLUE),
        button("Edit", custom_id("rewrite", conversation, seen, origin=draft.origin)),
    ]


def _unsent(draft: Draft) -> str:
    return "" if draft.whole else "\nIts files are too many to be kept here: write it again with them."


def draft_of(draft: str) -> tuple[Json, ...]:
    """Return a text that was not sent, in full, as a part of a message."""
    return ({"title": DRAFT, "description": draft},) if draft else ()


def _quotes(entries: Sequence[TranscriptEntry], longest: int = LONGEST_QUOTE) -> tuple[Json, ...]:
    """Return what the customer wrote, the newest of it where it is much."""
    words = "\n".join(plain(entry.text) or "(no text)" for entry in entries)
    shown = words if len(words) <= longest else f"…{words[-longest:]}"
    return ({"title": "The customer", "description": shown},) if shown else ()


# --- buttons and menus ------------------------------------------------------------------------------------


def button(label: str, custom: str, *, style: int = _GREY) -> Json:
    """Return a button."""
    return {"type": _BUTTON, "style": style, "label": label[:80], "custom_id": custom}


def menu(custom: str, options: Sequence[tuple[str, str, str]], *, hint: str, most: int = 1) -> tuple[Json, ...]:
    """Return a row with a menu of value, label and description each."""
    shown = [
        {
            "value": value,
            "label": shorten(label, LONGEST_OPTION) or value,
            **({"description": shorten(what, LONGEST_OPTION)} if what.strip() else {}),
        }
        for value, label, what in options[:MOST_CHOICES]
        if 0 < len(value) <= LONGEST_OPTION
    ]
    if not shown:
        return ()
    part = {
        "type": _MENU,
        "custom_id": custom,
        "placeholder": hint,
        "options": shown,
        "min_values": 1,
        "max_values": max(min(most, len(shown)), 1),
    }
    return ({"type": _ROW, "components": [part]},)


def _row(buttons: Sequence[Json]) -> tuple[Json, ...]:
    return ({"type": _ROW, "components": list(buttons)},) if buttons else ()


# --- templates --------------------------------------------------------------------------------------------

#: An embed that carries a template's text has this title, with its number.
SUGGESTION = "Suggestion"


def suggestions(offers: Sequence[Offer], *, conversation: str, seen: int | None) -> Answer:
    """Return the nearest templates in full, each to be opened in a form, changed and sent."""
    if not offers:
        return say("No answer of the brand is near to what the customer wrote. /template searches all of them.")
    embeds = [
        {
            "title": f"{SUGGESTION} {number}",
            "description": offer.text[:1700],
            "footer": {"text": _source(offer)},
        }
        for number, offer in enumerate(offers, start=1)
    ]
    buttons = [
        button(f"Use {number}", custom_id("use", conversation, seen, about=offer.template or str(number)))
        for number, offer in enumerate(offers, start=1)
    ]
    return Answer(
        text="Nothing is sent before you have seen and sent it.", embeds=tuple(embeds), rows=_row(buttons)
    )


def templates_menu(offers: Sequence[Offer], *, conversation: str, seen: int | None) -> Answer:
    """Return the templates to choose from."""
    options = [(offer.template, f"{offer.topic}: {offer.template}", offer.text) for offer in offers]
    rows = menu(custom_id("pick", conversation, seen), options, hint="Which answer?")
    return (
        Answer(text="Choose an answer. You can change it before it is sent.", rows=rows)
        if rows
        else say("The brand has no answers yet.")
    )


def _source(offer: Offer) -> str:
    score = f", nearness {offer.score:.2f}" if offer.score is not None else ""
    return f"{offer.template} ({offer.topic}){score}"[:200]

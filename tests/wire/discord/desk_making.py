"""What inputs of staff in Discord are made from, and what is said of each before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from bot.desk.discord.answers import mark_of
from tests.wire.discord.desk_hands import BOT, Hands, Payload


class Intent(Enum):
    MEANT = "meant"
    NEAR = "near"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation in its thread: its customer, its holder and their colleague, and posts that show it."""

    customer: str
    conversation: str
    thread: str
    holder: str
    colleague: str
    relayed: str
    own: str  # a message of the bot in the thread: a card, a note, a reply shown
    note: str  # a note that the holder wrote there


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One input. ``text`` is unique; ``how`` names the kind for whoever reads a failure."""

    intent: Intent
    how: str
    event: str
    payload: Any
    case: Case
    text: str


Make = Callable[["Making", Case, str], tuple[str, Any]]
INTERACTION, WRITTEN, CHANGED = "INTERACTION_CREATE", "MESSAGE_CREATE", "MESSAGE_UPDATE"

TYPED = (
    "/reply {0}",
    "/replyy {0}",
    "/ reply {0}",
    "\\/reply {0}",
    "//reply text:{0}",
    "/reply text:{0}",
    "reply: {0}",
    "Reply {0}",
    "!reply {0}",
    "/r {0}",
    "/send {0}",
    "/template {0}",
    "> their words\n{0}",
    ">>> {0}",
    "```{0}```",
    f"<@{BOT}> reply {{0}}",
    "to the customer: {0}",
    "[reply]({0})",
    "heed:reply {0}",
    "{0}",
)


#: A file that lies on Discord and can be fetched.
LYING: Payload = {"filename": "a.png", "url": "https://cdn.example/a.png", "size": 3, "content_type": "image/png"}


@dataclass
class Making:
    """Makes inputs. ``by_replying``: the brand lets staff reply by replying."""

    hands: Hands
    random: Random
    cases: list[Case]
    by_replying: bool

    def other(self, case: Case) -> Case:
        return self.random.choice([each for each in self.cases if each is not case])


def draft(text: str, **more: Any) -> Payload:
    return {"id": "2", "flags": 64, "embeds": [{"title": "Not sent", "description": text}], **more}


def anyway(case: Case, make: Making, text: str) -> str:
    return f"heed:anyway:{case.conversation}:1:{make.hands.new_id()}:{mark_of(text)}"

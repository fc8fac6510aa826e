"""Thousands of things that staff may do in Discord, each with what is meant by it, fixed before it is done.

``MEANT`` is for the customer; ``NEAR`` looks like it and is not; ``OTHER`` is everyday work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.wire.discord.desk_making import (
    INTERACTION,
    LYING,
    WRITTEN,
    Act,
    Case,
    Intent,
    Make,
    Making,
    anyway,
    draft,
)
from tests.wire.discord.desk_near_misses import NEAR

# --- meant for the customer -------------------------------------------------------------------------------


def commanded(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, case.thread, "reply", text=text)


def in_a_form(make: Making, case: Case, text: str) -> tuple[str, Any]:
    custom = f"heed:reply:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, text=text)


def in_a_form_after_a_draft(make: Making, case: Case, text: str) -> tuple[str, Any]:
    custom = f"heed:reply:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, draft("an older text"), text=text)


def sent_anyway(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.press(case.holder, case.thread, anyway(case, make, text), draft(text))


def in_a_form_from_another_thread(make: Making, case: Case, text: str) -> tuple[str, Any]:
    """The form's own conversation is meant, wherever it was opened."""
    custom = f"heed:reply:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, make.other(case).thread, custom, text=text)


def replied(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.relayed)


def commanded_with_a_file(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, case.thread, "reply", text=text, files=[LYING])


def replied_with_a_file(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.relayed, attachments=[LYING])


MEANT: list[Make] = [
    commanded,
    commanded_with_a_file,
    in_a_form,
    in_a_form_after_a_draft,
    sent_anyway,
    in_a_form_from_another_thread,
]


# --- other work -------------------------------------------------------------------------------------------


def noted(make: Making, case: Case, text: str) -> tuple[str, Any]:
    who = make.random.choice([case.holder, case.colleague])
    return WRITTEN, make.hands.say(who, case.thread, text)


def noted_by_command(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.colleague, case.thread, "note", text=text)


def noted_in_a_form(make: Making, case: Case, text: str) -> tuple[str, Any]:
    custom = f"heed:note:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, text=text)


def asked(make: Making, case: Case, text: str) -> tuple[str, Any]:
    name = make.random.choice(["queue", "help", "suggest", "away", "back"])
    return INTERACTION, make.hands.command(case.holder, case.thread, name)


def held(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.press(case.holder, case.thread, f"heed:claim:{case.conversation}:1")


def asked_for(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.colleague, case.thread, "ask-for")


def opened(make: Making, case: Case, text: str) -> tuple[str, Any]:
    name = make.random.choice(["reply", "note", "transfer", "snooze", "resolve"])
    return INTERACTION, make.hands.press(case.holder, case.thread, f"heed:{name}:{case.conversation}:1")


def corrected(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, case.thread, "correct", labels="question")


OTHER: list[Make] = [noted, noted, noted_by_command, noted_in_a_form, asked, held, asked_for, opened, corrected]


def acts_of(making: Making, count: int) -> Iterator[Act]:
    """Yield so many: a quarter meant for the customer, two in five near-misses, the rest other work."""
    by_replying = [replied, replied_with_a_file]
    meant = [*MEANT, *(by_replying if making.by_replying else [])]
    near = [*NEAR, *([] if making.by_replying else by_replying)]
    kinds = {Intent.MEANT: meant, Intent.NEAR: near, Intent.OTHER: OTHER}
    shares = (Intent.MEANT,) * 5 + (Intent.NEAR,) * 8 + (Intent.OTHER,) * 7
    for number in range(count):
        intent, case = shares[number % len(shares)], making.random.choice(making.cases)
        make = making.random.choice(kinds[intent])
        text = f"text {number} of {making.random.getrandbits(40):x}"
        event, payload = make(making, case, text)
        yield Act(intent=intent, how=make.__name__, event=event, payload=payload, case=case, text=text)

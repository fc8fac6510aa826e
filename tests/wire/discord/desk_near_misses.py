"""Inputs that look meant for the customer and are not: a typo, a wrong place, a wrong person or a wrong form."""

from __future__ import annotations

from typing import Any

from tests.wire.discord.desk_hands import ROOM, STRANGER_ID
from tests.wire.discord.desk_making import (
    CHANGED,
    INTERACTION,
    LYING,
    TYPED,
    WRITTEN,
    Case,
    Make,
    Making,
    anyway,
    draft,
)


def typed(make: Making, case: Case, text: str) -> tuple[str, Any]:
    words = make.random.choice(TYPED).format(text)
    return WRITTEN, make.hands.say(case.holder, case.thread, words)


def typed_in_the_channel(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, ROOM, make.random.choice(TYPED).format(text))


def typed_as_a_reply_to_the_bot(make: Making, case: Case, text: str) -> tuple[str, Any]:
    words = make.random.choice(TYPED).format(text)
    return WRITTEN, make.hands.say(case.holder, case.thread, words, reply_to=case.own)


def replied_to_a_note(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.note)


def replied_to_the_thread_itself(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.thread)


def replied_to_another_customer(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=make.other(case).relayed)


def replied_in_another_thread(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, make.other(case).thread, text, reply_to=case.relayed)


def replied_in_the_channel(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, ROOM, text, reply_to=case.relayed)


def replied_to_something_gone(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=make.hands.new_id())


def passed_on(make: Making, case: Case, text: str) -> tuple[str, Any]:
    reference = {"type": 1, "message_id": case.relayed, "channel_id": case.thread}
    snapshots = [{"message": {"content": text}}]
    said = make.hands.say(case.holder, case.thread, "", message_reference=reference, message_snapshots=snapshots)
    return WRITTEN, said


def replied_with_a_file_that_is_gone(make: Making, case: Case, text: str) -> tuple[str, Any]:
    files = [{"filename": f"{text}.png", "url": "https://cdn.example/gone.png"}]
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.relayed, attachments=files)


def commanded_with_a_file_that_is_gone(make: Making, case: Case, text: str) -> tuple[str, Any]:
    files = [LYING, {"filename": f"{text}.png", "url": "https://cdn.example/gone.png"}]
    return INTERACTION, make.hands.command(case.holder, case.thread, "reply", text=text, files=files)


def replied_with_a_sticker(make: Making, case: Case, text: str) -> tuple[str, Any]:
    stickers = [{"name": "wave"}]
    said = make.hands.say(case.holder, case.thread, text, reply_to=case.relayed, sticker_items=stickers)
    return WRITTEN, said


def replied_by_a_stranger(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return WRITTEN, make.hands.say(STRANGER_ID, case.thread, text, reply_to=case.relayed)


def replied_by_a_colleague(make: Making, case: Case, text: str) -> tuple[str, Any]:
    """Somebody else holds it: nothing of it may go out, switched on or not."""
    return WRITTEN, make.hands.say(case.colleague, case.thread, text, reply_to=case.relayed)


def said_by_a_bot(make: Making, case: Case, text: str) -> tuple[str, Any]:
    author = {"id": case.holder, "username": "x", "bot": True}
    return WRITTEN, make.hands.say(case.holder, case.thread, text, reply_to=case.relayed, author=author)


def changed_note(make: Making, case: Case, text: str) -> tuple[str, Any]:
    said = make.hands.say(case.holder, case.thread, "a note", reply_to=make.random.choice([case.relayed, ""]))
    return CHANGED, make.hands.edit(said, make.random.choice(TYPED).format(text))


def mistyped_command(make: Making, case: Case, text: str) -> tuple[str, Any]:
    name = make.random.choice(
        ["replyy", "repl", "reply-all", "re-ply", "Reply", "send", "anyway", "use", "", "many"]
    )
    return INTERACTION, make.hands.command(case.holder, case.thread, name, text=text)


def other_command_with_a_text(make: Making, case: Case, text: str) -> tuple[str, Any]:
    name = make.random.choice(["note", "claim", "suggest", "help", "edit", "template"])
    return INTERACTION, make.hands.command(case.holder, case.thread, name, text=text)


def command_in_the_channel(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, ROOM, "reply", text=text)


def command_in_an_unknown_thread(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, make.hands.new_id(), "reply", text=text)


def command_in_a_colleagues_thread(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.colleague, case.thread, "reply", text=text)


def command_of_a_stranger(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(STRANGER_ID, case.thread, "reply", text=text)


def command_still_typed(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.typing(case.holder, case.thread, "reply", "text", text)


def empty_command(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.command(case.holder, case.thread, "reply", text="  ", note=text)


def form_of_another_kind(make: Making, case: Case, text: str) -> tuple[str, Any]:
    names = ["note", "replyy", "anyway", "template", "many", "rewrite", "suggest", "delete", "more"]
    custom = f"heed:{make.random.choice(names)}:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, text=text)


def form_of_another_program(make: Making, case: Case, text: str) -> tuple[str, Any]:
    marks = ["reply", "head:reply", "heed2:reply", "HEED:reply", "heed::reply", "heed/reply", ""]
    custom = f"{make.random.choice(marks)}:{case.conversation}:1:5"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, text=text)


def form_of_no_conversation(make: Making, case: Case, text: str) -> tuple[str, Any]:
    where = make.random.choice(["", "c0", case.conversation[:-1], f"{case.conversation}0", case.thread])
    return INTERACTION, make.hands.submit(case.holder, case.thread, f"heed:reply:{where}:1:6", text=text)


def form_of_a_stranger(make: Making, case: Case, text: str) -> tuple[str, Any]:
    custom = f"heed:reply:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(STRANGER_ID, case.thread, custom, text=text)


def form_that_read_too_little(make: Making, case: Case, text: str) -> tuple[str, Any]:
    """The customer has written since the form was opened."""
    custom = f"heed:reply:{case.conversation}:0:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, text=text)


def form_with_another_field(make: Making, case: Case, text: str) -> tuple[str, Any]:
    custom = f"heed:reply:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.submit(case.holder, case.thread, custom, reply=text)


def pressed_beside(make: Making, case: Case, text: str) -> tuple[str, Any]:
    """A button that opens something, or does something else, under a draft."""
    name = make.random.choice(["reply", "rewrite", "claim", "suggest", "template", "replyy", "send", "many"])
    custom = f"heed:{name}:{case.conversation}:1:{make.hands.new_id()}"
    return INTERACTION, make.hands.press(case.holder, case.thread, custom, draft(text))


def pressed_by_a_stranger(make: Making, case: Case, text: str) -> tuple[str, Any]:
    return INTERACTION, make.hands.press(STRANGER_ID, case.thread, anyway(case, make, text), draft(text))


def pressed_with_another_draft(make: Making, case: Case, text: str) -> tuple[str, Any]:
    """What stands there is not what was held back: it is shown again before it is sent."""
    return INTERACTION, make.hands.press(case.holder, case.thread, anyway(case, make, "x"), draft(text))


def pressed_without_a_draft(make: Making, case: Case, text: str) -> tuple[str, Any]:
    shown = {"id": "2", "flags": 64, "content": text, "embeds": [{"title": "The customer", "description": text}]}
    return INTERACTION, make.hands.press(case.holder, case.thread, anyway(case, make, text), shown)


def chosen_in_a_menu(make: Making, case: Case, text: str) -> tuple[str, Any]:
    name = make.random.choice(["reply", "anyway", "more", "many", "pick"])
    custom = f"heed:{name}:{case.conversation}:1"
    values = [make.random.choice(["reply", "anyway", text, "note"])]
    return INTERACTION, make.hands.choose(case.holder, case.thread, custom, values, draft(text))


def several_at_once(make: Making, case: Case, text: str) -> tuple[str, Any]:
    fields = [{"name": "text", "value": text}]
    shown = {"id": "2", "flags": 64, "embeds": [{"title": "Reply", "fields": fields}]}
    chosen = [case.conversation, make.other(case).conversation]
    return INTERACTION, make.hands.choose(case.holder, ROOM, "heed:many:reply:", chosen, shown)


def malformed(make: Making, case: Case, text: str) -> tuple[str, Any]:
    good = make.hands.command(case.holder, case.thread, "reply", text=text)
    form = make.hands.submit(case.holder, case.thread, f"heed:reply:{case.conversation}:1:7", text=text)
    return INTERACTION, make.random.choice(
        [
            good | {"type": 9},
            good | {"type": "2"},
            good | {"id": None},
            good | {"token": None},
            good | {"member": None},
            good | {"member": {"user": {"id": int(case.holder)}}},
            good | {"channel_id": None},
            good | {"data": None},
            good | {"data": [text]},
            good | {"data": {"name": ["reply"], "options": text}},
            good | {"data": {"name": "reply", "options": [{"name": "text", "value": [text]}]}},
            good | {"data": {"name": "reply", "options": {"text": text}}},
            form | {"data": {"custom_id": 7, "components": text}},
            form | {"data": {"custom_id": f"heed:reply:{case.conversation}:x:7", "components": [text]}},
            form | {"type": 3},
            {},
        ]
    )


NEAR: list[Make] = [
    typed,
    typed,
    typed_in_the_channel,
    typed_as_a_reply_to_the_bot,
    replied_to_a_note,
    replied_to_the_thread_itself,
    replied_to_another_customer,
    replied_in_another_thread,
    replied_in_the_channel,
    replied_to_something_gone,
    passed_on,
    replied_with_a_file_that_is_gone,
    commanded_with_a_file_that_is_gone,
    replied_with_a_sticker,
    replied_by_a_stranger,
    replied_by_a_colleague,
    said_by_a_bot,
    changed_note,
    mistyped_command,
    other_command_with_a_text,
    command_in_the_channel,
    command_in_an_unknown_thread,
    command_in_a_colleagues_thread,
    command_of_a_stranger,
    command_still_typed,
    empty_command,
    form_of_another_kind,
    form_of_another_program,
    form_of_no_conversation,
    form_of_a_stranger,
    form_that_read_too_little,
    form_with_another_field,
    pressed_beside,
    pressed_by_a_stranger,
    pressed_with_another_draft,
    pressed_without_a_draft,
    chosen_in_a_menu,
    several_at_once,
    malformed,
]

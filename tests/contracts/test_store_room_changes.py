"""What every store promises about edits and deletions in public rooms, and about words to other members."""

import pytest

from bot.domain.messages import Attachment, AttachmentKind
from bot.domain.states import State
from bot.records import ArrivalKind, Outcome
from tests.contracts.rooms import (
    ANN,
    CAME,
    HOLD,
    INSTANT,
    LOBBY,
    THREAD,
    addressed,
    finish,
    held,
    in_line,
    in_room,
    left,
    to_others,
    unheard,
)
from tests.contracts.stores import (
    MINUTE,
    NOW,
    SECOND,
    accept,
    deletion,
    edit,
    place,
    said,
    store,
    take,
    talk,
)

__all__ = ["place", "store"]


# --- to other members ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [None, 5 * MINUTE])
async def test_what_goes_to_another_member_is_not_kept_where_a_matter_goes_on(store, patience):
    await left(store, state=State.OPEN)
    _, receipt = await accept(store, addressed("waits"), to_others(patience=patience))
    assert (receipt.outcome, receipt.conversation) == (Outcome.OVERHEARD, None)


async def test_what_goes_to_another_member_waits_for_nobody_and_leaves_nothing(store):
    [receipt] = await accept(store, to_others(patience=5 * MINUTE))
    assert receipt.outcome is Outcome.OVERHEARD
    facts = await store.facts()
    assert (facts.inbox, dict(facts.conversations)) == (0, {})


async def test_what_goes_to_another_member_is_a_word_in_the_room(store):
    await accept(store, said("1"), to_others(who="bob", happened_at=NOW + SECOND))
    assert (await held(store)).answered


async def test_what_goes_to_another_member_brings_nothing_forward(store):
    await accept(store, said("1"), to_others(happened_at=NOW + SECOND))
    item = await held(store)
    assert (item.addressed, item.answered) == (False, False)


async def test_an_edit_that_turns_to_another_member_is_not_the_brands_though_a_matter_goes_on(store):
    await left(store, state=State.OPEN)
    await accept(store, in_room(edit("first", text="Bob, you?"), addressed=False, to_others=True))
    [item] = await take(store, now=NOW + MINUTE)
    assert (item.kind, item.addressed, item.answered) == (ArrivalKind.EDIT, False, True)


@pytest.mark.parametrize("waits", [said(), addressed("1", arrived_at=CAME)], ids=["unaddressed", "back-filled"])
async def test_an_edit_that_turns_what_waits_to_another_member_leaves_it_to_them(store, waits):
    await accept(store, waits, in_room(edit(text="Bob, you?", at=CAME), addressed=False, to_others=True))
    [item] = await in_line(store, CAME)
    assert (item.kind, item.text) == (ArrivalKind.MESSAGE, "Bob, you?")
    assert (item.addressed, item.answered) == (False, True)


# --- edits and deletions ------------------------------------------------------------------------------------


async def test_what_is_deleted_while_it_waits_is_handed_out_at_once_as_answered_and_its_deletion_behind_it(store):
    await accept(store, said(), deletion())
    items = await in_line(store, NOW + MINUTE)
    assert [item.kind for item in items] == [ArrivalKind.MESSAGE, ArrivalKind.DELETION]
    assert (items[0].addressed, items[0].answered) == (False, True)


async def test_what_is_edited_while_it_waits_waits_on_and_is_read_in_its_newest_wording(store):
    for word in ((), (talk(),)):
        first = said(f"{len(word)}", who=f"p{len(word)}")
        edits = [in_room(edit(first.external_id, text=text), addressed=False) for text in ("two", "three")]
        receipts = await accept(store, first, edits[0], *word, edits[1])
        assert receipts[-1].outcome is Outcome.ACCEPTED
        assert await take(store, now=HOLD - INSTANT) == []
        [item] = await in_line(store)
        assert (item.kind, item.text, item.happened_at) == (ArrivalKind.MESSAGE, "three", NOW)
        assert (item.addressed, item.answered, item.held_until) == (False, bool(word), HOLD)


async def test_an_edit_while_it_waits_is_shown_and_brings_its_attachments(store):
    photo = (Attachment(kind=AttachmentKind.IMAGE),)
    [receipt, _] = await accept(store, said(), in_room(edit(text="two"), addressed=False, attachments=photo))
    assert (await held(store)).attachments == photo
    [entry] = (await store.view(receipt.conversation)).transcript
    assert (entry.text, entry.earlier_texts, entry.attachments) == ("two", ("Where is my parcel?",), photo)


async def test_an_edit_of_what_others_wait_with_in_a_thread_passes_nothing(store):
    await left(store, addressed("0", address=THREAD), state=State.OPEN)
    await accept(store, said("1", who="bob", address=THREAD), in_room(edit(text="two"), addressed=False))
    assert await take(store, now=HOLD - INSTANT) == []
    assert (await held(store)).text == "two"


async def test_an_edit_while_a_worker_has_what_has_waited_is_handed_out_behind_it(store):
    await accept(store, said())
    first = await held(store)
    await accept(store, in_room(edit(text="two"), addressed=False))
    [same] = await store.items([first.seq])
    assert (same.text, same.answered) == (first.text, False)
    await finish(store, first)
    assert [(item.kind, item.text) for item in await in_line(store)] == [(ArrivalKind.EDIT, "two")]


async def test_what_is_deleted_after_an_edit_while_it_waits_is_settled(store):
    await accept(store, said(), in_room(edit(text="two"), addressed=False), deletion())
    items = await in_line(store, NOW + MINUTE)
    assert [(item.kind, item.answered) for item in items] == [
        (ArrivalKind.MESSAGE, True),
        (ArrivalKind.DELETION, False),
    ]


async def test_an_edit_that_turns_to_the_brand_brings_the_message_forward_in_its_newest_wording(store):
    await accept(store, said("0"), said(), in_room(edit(text="@bot?")))
    items = await in_line(store, NOW + MINUTE)
    assert [(item.kind, item.addressed, item.answered) for item in items] == [
        (ArrivalKind.MESSAGE, True, False),
        (ArrivalKind.MESSAGE, True, False),
    ]
    assert items[1].text == "@bot?"


async def test_an_edit_that_only_names_the_bot_brings_the_message_forward(store):
    """Channels leave the bot's name out of the text."""
    await accept(store, said(text="one"), in_room(edit(text="one", revision="a")))
    [item] = await in_line(store, NOW + MINUTE)
    assert (item.kind, item.text, item.addressed) == (ArrivalKind.MESSAGE, "one", True)


async def test_what_is_brought_forward_by_a_change_is_assessed_in_time_from_then(store):
    await accept(store, said(), deletion())
    assert await store.next_due() == NOW + 3 * MINUTE


@pytest.mark.parametrize(("state", "expected"), [(State.OPEN, (True, False)), (State.RESOLVED, (False, True))])
async def test_an_edit_that_is_not_addressed_counts_as_addressed_where_the_matter_goes_on(store, state, expected):
    await left(store, state=state)
    await accept(store, in_room(edit("first", text="Where is my order?"), addressed=False))
    [item] = await take(store, now=NOW + MINUTE)
    assert (item.addressed, item.answered) == expected


async def test_an_edit_counts_as_addressed_while_its_message_waits_in_the_inbox_addressed(store):
    await accept(store, addressed("1"), in_room(edit(text="What?"), addressed=False))
    assert [(item.addressed, item.answered) for item in await in_line(store, NOW)] == [(True, False)] * 2


def unknown_edit(text="two", **parts):
    """Return an edit of something that Heed never kept, with all that its platform tells of it."""
    return in_room(edit("q", text=text, revision="r1"), **{"address": LOBBY, "customer": ANN, **parts})


async def test_an_addressed_edit_of_something_unknown_is_a_new_message(store):
    [overheard, receipt] = await accept(store, unheard("q"), unknown_edit())
    assert (overheard.outcome, receipt.outcome) == (Outcome.OVERHEARD, Outcome.ACCEPTED)
    [item] = await take(store, now=NOW + MINUTE)
    assert (item.kind, item.message, item.text) == (ArrivalKind.MESSAGE, receipt.message, "two")
    assert (item.happened_at, item.addressed, item.own) == (NOW + MINUTE, True, True)
    [entry] = (await store.view(receipt.conversation)).transcript
    assert (entry.text, entry.at, entry.edited_at, entry.external_id) == ("two", NOW + MINUTE, None, "q")


async def test_what_an_edit_has_made_known_is_told_again_as_a_repetition(store):
    [first] = await accept(store, unknown_edit())
    again, read, next_, read_again = await accept(
        store,
        unknown_edit(),
        addressed("q", text="two"),
        in_room(edit("q", text="three", revision="r2")),
        addressed("q", text="three"),
    )
    told = [again.outcome, read.outcome, next_.outcome, read_again.outcome]
    assert told == [Outcome.DUPLICATE, Outcome.DUPLICATE, Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert {again.conversation, read.conversation, next_.conversation} == {first.conversation}


async def test_an_unknown_edit_brings_forward_what_its_writer_has_waiting(store):
    await accept(store, said("1"), unknown_edit())
    assert [item.addressed for item in await in_line(store, NOW + MINUTE)] == [True, True]


@pytest.mark.parametrize(
    "parts",
    [
        {"addressed": False},
        {"addressed": False, "patience": None},
        {"addressed": False, "to_others": True},
        {"customer": None},
        {"address": None},
    ],
    ids=str,
)
async def test_an_edit_of_something_unknown_is_not_found_where_it_says_too_little(store, parts):
    [receipt] = await accept(store, unknown_edit(**parts))
    assert receipt.outcome is Outcome.NOT_FOUND


async def test_an_addressed_edit_of_what_was_erased_brings_nothing_back(store):
    await accept(store, addressed("q", text="one"))
    await store.erase("api", "ann")
    [receipt] = await accept(store, unknown_edit())
    assert receipt.outcome is Outcome.NOT_FOUND


async def test_an_edit_is_no_word(store):
    await left(store, addressed("b", who="bob"))
    await accept(store, said("1"), in_room(edit("b", text="And?")))
    assert [item.answered for item in await in_line(store) if item.kind is ArrivalKind.MESSAGE] == [False]

"""What every store promises about what messages bring along beside their text."""

from dataclasses import replace

import pytest

from bot.domain.messages import Attachment, AttachmentKind
from bot.records import Outcome
from tests.contracts.stores import (
    accept,
    advance,
    conversation_of,
    deletion,
    edit,
    message,
    place,
    reply,
    store,
    take,
)

__all__ = ["place", "store"]

PHOTO = Attachment(
    kind=AttachmentKind.IMAGE,
    name="box ü.png",
    media_type="image/png",
    size=12_345,
    url="https://example.com/box.png?sig=1",
)
VOICE = Attachment(kind=AttachmentKind.VOICE, reference="file-17")


async def told(store):
    """Return what ann brought along, as she sees it herself."""
    return [entry.attachments for entry in await store.history("api", "ann")]


async def test_a_message_keeps_what_it_brings_along(store):
    [receipt, _] = await accept(store, message("1", attachments=(PHOTO, VOICE)), message("2", who="bob"))
    assert [item.attachments for item in await take(store)] == [(PHOTO, VOICE), ()]
    [entry] = (await store.view(receipt.conversation)).transcript
    assert entry.attachments == (PHOTO, VOICE)
    assert await told(store) == [(PHOTO, VOICE)]


async def test_a_reply_keeps_what_it_brings_along(store):
    [receipt] = await accept(store, message())
    await accept(store, replace(reply(conversation=receipt.conversation), attachments=(PHOTO,)))
    assert await told(store) == [(), (PHOTO,)]


async def test_the_attachments_of_an_edit_are_the_edits(store):
    [receipt] = await accept(store, message(attachments=(PHOTO,)))
    await accept(store, replace(edit(text="two"), attachments=(VOICE,)), edit(text="three"))
    seen = []
    for _ in range(3):
        [item] = await take(store)
        seen.append(item.attachments)
        await advance(store, await conversation_of(store, receipt), done=(item.seq,))
    assert seen == [(PHOTO,), (VOICE,), ()]
    assert await told(store) == [()]


async def test_what_the_customer_deleted_shows_none_to_them_and_all_to_staff(store):
    [receipt] = await accept(store, message(attachments=(PHOTO,)))
    await accept(store, deletion())
    assert await told(store) == [()]
    [entry] = (await store.view(receipt.conversation)).transcript
    assert entry.attachments == (PHOTO,)


async def test_a_repetition_whose_attachments_have_moved_is_a_duplicate(store):
    moved = replace(PHOTO, url="https://example.com/box.png?sig=2")
    await accept(store, message(attachments=(PHOTO,)))
    [again] = await accept(store, message(attachments=(moved,)))
    assert again.outcome is Outcome.DUPLICATE
    assert await told(store) == [(PHOTO,)]


OTHERS = {
    "another kind": (replace(PHOTO, kind=AttachmentKind.FILE),),
    "another name": (replace(PHOTO, name="lid.png"),),
    "another size": (replace(PHOTO, size=1),),
    "another reference": (replace(PHOTO, reference="file-18"),),
    "one more": (PHOTO, VOICE),
    "none": (),
}


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("revision", ["", "r2"])
async def test_an_edit_with_the_same_text_and_other_attachments_is_an_edit(store, others, revision):
    await accept(store, message(text="one", attachments=(PHOTO,)))
    changed = replace(edit(text="one", revision=revision), attachments=others)
    [edited, again] = await accept(store, changed, changed)
    assert (edited.outcome, again.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
    assert await told(store) == [others]


async def test_an_edit_is_a_repetition_though_links_to_its_attachments_are_signed_anew(store):
    await accept(store, message(text="one", attachments=(PHOTO,)))
    moved = replace(PHOTO, url="https://example.com/box.png?sig=2")
    [same] = await accept(store, replace(edit(text="one", revision="r2"), attachments=(moved,)))
    assert same.outcome is Outcome.DUPLICATE


async def test_nothing_of_what_an_erased_customer_brought_along_is_left(store):
    [receipt] = await accept(store, message(attachments=(PHOTO,)))
    await store.erase("api", "ann")
    [entry] = (await store.view(receipt.conversation)).transcript
    assert entry.attachments == ()

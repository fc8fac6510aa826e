"""What every store promises about files that staff send along with replies."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.actions import SendState
from bot.domain.decisions import Wording
from bot.domain.messages import Attachment, AttachmentKind, MessageId
from bot.records import Enclosure
from bot.stores.sqlite import SqliteStore
from tests.contracts.stores import (
    DAY,
    MINUTE,
    SECOND,
    advance,
    agent_text,
    begun,
    outcome,
    place,
    step,
    store,
    take_sends,
)

__all__ = ["place", "store"]

LABEL = Enclosure(name="label \u00fc.pdf", media_type="application/pdf", content=bytes(range(256)) * 40)


async def kept(store, conversation, enclosure=LABEL):
    """Keep a file and return how a reply names it."""
    id_ = await store.keep_enclosure(conversation.id, enclosure)
    return Attachment(
        kind=AttachmentKind.FILE,
        name=enclosure.name,
        media_type=enclosure.media_type,
        size=len(enclosure.content),
        reference=id_,
    )


async def replied(store, who="ann"):
    """Send a reply with a file; return the conversation, the send and the file."""
    conversation = await begun(store, who)
    file = await kept(store, conversation)
    send = agent_text(conversation, attachments=(file,))
    return await advance(store, conversation, sends=(send,)), send, file


async def sent(store, who="ann"):
    conversation, send, file = await replied(store, who)
    await take_sends(store)
    return await outcome(store, conversation, send), send, file


async def test_a_file_is_kept_byte_by_byte_under_an_id_of_its_own(place):
    store = await place.open()
    conversation = await begun(store)
    one, two = [await store.keep_enclosure(conversation.id, LABEL) for _ in range(2)]
    assert one != two
    await store.close()
    again = await place.open()
    assert [await again.enclosure(each) for each in (one, two)] == [LABEL, LABEL]
    assert await again.enclosure("e0") is None


async def test_a_reply_names_its_files_in_the_transcript_and_on_its_way(store):
    conversation, _, file = await replied(store)
    [taken] = (await take_sends(store)).sendings
    assert taken.send.attachments == (file,)
    assert (await store.view(conversation.id)).transcript[-1].attachments == (file,)
    assert (await store.history("api", "ann"))[-1].attachments == (file,)


async def test_a_reply_of_files_alone_has_an_empty_text(store):
    conversation = await begun(store)
    file = await kept(store, conversation)
    await advance(store, conversation, sends=(agent_text(conversation, text="", attachments=(file,)),))
    [taken] = (await take_sends(store)).sendings
    assert (taken.send.text, taken.send.attachments) == ("", (file,))


async def test_only_the_customer_to_whom_it_was_sent_may_open_it_and_not_before_it_started_out(store):
    conversation, send, file = await replied(store)
    await begun(store, "bob")
    seen = []
    for happens in (None, take_sends(store), outcome(store, conversation, send)):
        if happens is not None:
            await happens
        seen.append(await store.enclosure_for("api", "ann", file.reference))
    assert seen == [None, LABEL, LABEL]
    assert await store.enclosure_for("api", "bob", file.reference) is None
    assert await store.enclosure_for("webchat", "ann", file.reference) is None


async def test_a_file_whose_reply_failed_or_waits_for_none_opens_for_no_customer(store):
    conversation, send, file = await replied(store)
    await take_sends(store)
    conversation = await outcome(store, conversation, send, SendState.FAILED)
    loose = await store.keep_enclosure(conversation.id, LABEL)
    assert [await store.enclosure_for("api", "ann", each) for each in (file.reference, loose)] == [None, None]
    assert await store.enclosure(file.reference) == LABEL


async def revised(store, conversation, send, text):
    change = agent_text(
        conversation,
        f"change-{len(text)}",
        text=text,
        wording=Wording.REVISION,
        revises=send.message,
        message=MessageId(f"r{len(text)}"),
    )
    conversation = await advance(store, conversation, sends=(change,))
    await take_sends(store)
    return await outcome(store, conversation, change)


async def test_a_reply_that_is_changed_keeps_its_files_and_one_that_is_taken_back_shows_none(store):
    conversation, send, file = await sent(store)
    conversation = await revised(store, conversation, send, "Another text.")
    [*_, line] = await store.history("api", "ann")
    assert (line.text, line.attachments) == ("Another text.", (file,))
    assert await store.enclosure_for("api", "ann", file.reference) == LABEL
    conversation = await revised(store, conversation, send, "")
    [*_, line] = await store.history("api", "ann")
    assert (line.text, line.attachments) == ("", ())
    assert await store.enclosure_for("api", "ann", file.reference) is None
    assert (await store.view(conversation.id)).transcript[-1].attachments == (file,)


async def test_a_file_goes_with_its_customer_and_nobody_elses_does(store):
    _, _, hers = await sent(store)
    _, _, his = await sent(store, "bob")
    loose = await store.keep_enclosure((await begun(store)).id, replace(LABEL, name="draft.pdf"))
    await store.erase("api", "ann")
    assert [await store.enclosure(each) for each in (hers.reference, loose)] == [None, None]
    assert await store.enclosure(his.reference) == LABEL
    assert "label" not in repr(await store.history("api", "ann"))


async def test_a_copy_of_the_store_holds_the_files(store, tmp_path):
    _, _, file = await sent(store)
    await store.backup(tmp_path / "copy.db")
    copy = await SqliteStore.open(tmp_path / "copy.db")
    assert await copy.enclosure(file.reference) == LABEL
    await copy.close()


async def test_a_file_that_no_reply_takes_along_is_gone_after_a_day_and_one_that_went_stays(store):
    start = datetime.now(UTC)
    conversation, _, file = await replied(store)
    left = await store.keep_enclosure(conversation.id, LABEL)
    for after, there in ((DAY - MINUTE, True), (DAY + MINUTE, False)):
        other = agent_text(conversation, f"later-{there}")
        commit = replace(step(conversation, sends=(other,)), recorded_at=start + after + SECOND)
        assert await store.commit([commit]) == [True]
        conversation = commit.conversation
        assert (await store.enclosure(left) is not None) == there
    assert await store.enclosure(file.reference) == LABEL

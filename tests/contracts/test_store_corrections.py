"""What every store promises about what staff said that messages are."""

from dataclasses import replace

from bot.domain.messages import AgentId
from bot.domain.prediction import Label
from bot.records import CorrectionRecord
from tests.contracts.stores import (
    MINUTE,
    NOW,
    accept,
    address,
    advance,
    conversation_of,
    deletion,
    edit,
    message,
    place,
    step,
    store,
)

__all__ = ["place", "store"]


def correction(of, *labels, at=NOW, agent="kim"):
    return CorrectionRecord(message=of, labels=labels, agent=AgentId(agent), at=at)


async def corrected(store):
    return [(each.text, each.labels) for each in await store.corrected(after="", limit=100)]


async def said(store, number="1", **parts):
    """Return a message's id and its conversation."""
    [receipt] = await accept(store, message(number, **parts))
    return receipt.message, await conversation_of(store, receipt)


async def test_a_correction_comes_with_the_text_and_in_the_view(store):
    of, conversation = await said(store, text="it broke")
    record = correction(of, Label.QUESTION, Label.COMPLAINT)
    conversation = await advance(store, conversation, corrections=(record,))
    assert await corrected(store) == [("it broke", (Label.QUESTION, Label.COMPLAINT))]
    assert (await store.view(conversation.id)).corrections == (record,)


async def test_the_newest_correction_of_a_message_counts(store):
    of, conversation = await said(store)
    conversation = await advance(store, conversation, corrections=(correction(of, Label.PRAISE),))
    last = correction(of, at=NOW + MINUTE, agent="lee")
    conversation = await advance(store, conversation, corrections=(last,))
    assert [labels for _, labels in await corrected(store)] == [()]
    assert (await store.view(conversation.id)).corrections == (last,)


async def test_a_correction_is_kept_with_its_commit_or_not_at_all(store):
    of, conversation = await said(store)
    await advance(store, conversation)
    assert await store.commit([step(conversation, corrections=(correction(of),))]) == [False]
    assert await corrected(store) == []


async def test_corrections_are_read_in_pages(store):
    for number in range(5):
        of, conversation = await said(store, str(number), who=f"c{number}", text=f"text {number}")
        await advance(store, conversation, corrections=(correction(of, Label.PRAISE),))
    first = await store.corrected(after="", limit=3)
    rest = await store.corrected(after=first[-1].message, limit=3)
    assert {each.text for each in [*first, *rest]} == {f"text {number}" for number in range(5)}
    assert (len(first), len(rest)) == (3, 2)
    assert await store.corrected(after=rest[-1].message, limit=3) == []


async def test_a_message_that_was_taken_back_is_no_example(store):
    of, conversation = await said(store)
    await advance(store, conversation, corrections=(correction(of, Label.PRAISE),))
    await accept(store, deletion())
    assert await corrected(store) == []


async def test_what_was_edited_after_the_correction_is_no_example_until_it_is_corrected_again(store):
    of, conversation = await said(store, text="it broke")
    conversation = await advance(store, conversation, corrections=(correction(of, Label.COMPLAINT),))
    await accept(store, edit(text="it broke? no, it is great", at=NOW + MINUTE))
    assert await corrected(store) == []
    conversation = await conversation_now(store, conversation)
    again = correction(of, Label.PRAISE, at=NOW + 2 * MINUTE)
    await advance(store, conversation, corrections=(again,))
    assert await corrected(store) == [("it broke? no, it is great", (Label.PRAISE,))]


async def conversation_now(store, conversation):
    return (await store.load([conversation.id]))[conversation.id]


async def test_a_message_without_words_is_no_example(store):
    of, conversation = await said(store, text=" ")
    await advance(store, conversation, corrections=(correction(of),))
    assert await corrected(store) == []


async def test_erasing_a_customer_forgets_what_was_said_of_their_messages(store):
    of, conversation = await said(store, text="my secret")
    conversation = await advance(store, conversation, corrections=(correction(of, Label.COMPLAINT),))
    other, elsewhere = await said(store, "2", who="bob", text="mine")
    await advance(store, elsewhere, corrections=(correction(other, Label.PRAISE),))
    await store.erase("api", "ann")
    assert await corrected(store) == [("mine", (Label.PRAISE,))]
    assert (await store.view(conversation.id)).corrections == ()


async def test_erasing_reaches_corrections_in_the_thread_of_another(store):
    shared = replace(address(), thread="t")
    hers, his = await accept(
        store,
        replace(message("a", text="hers"), address=shared),
        replace(message("b", who="bob", text="his"), address=shared),
    )
    conversation = await conversation_of(store, hers)
    records = tuple(correction(each.message, Label.PRAISE) for each in (hers, his))
    conversation = await advance(store, conversation, corrections=records)
    await store.erase("api", "bob")
    assert await corrected(store) == [("hers", (Label.PRAISE,))]
    assert (await store.view(conversation.id)).corrections == records[:1]


async def test_corrections_outlive_a_restart(place):
    store = await place.open()
    of, conversation = await said(store)
    await advance(store, conversation, corrections=(correction(of, Label.QUESTION),))
    await store.close()
    assert [labels for _, labels in await corrected(await place.open())] == [(Label.QUESTION,)]

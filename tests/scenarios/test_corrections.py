"""Staff say what a message is: kept with what the model had said, whoever holds the conversation."""

from __future__ import annotations

from bot.domain.events import CorrectLabel
from bot.domain.messages import Author, ConversationId, MessageId
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.engine.commands import NOTHING_TO_CORRECT
from tests.scenarios.world import ALEX, SAM, World, world


async def message_of(world: World, conversation: ConversationId, author: Author = Author.CUSTOMER) -> MessageId:
    view = await world.store.view(conversation)
    assert view is not None
    return next(entry.message for entry in view.transcript if entry.author is author)


async def corrects(
    world: World, conversation: ConversationId, message: MessageId, *labels: Label, agent: Agent = ALEX
) -> str:
    command = CorrectLabel(at=world.time.now(), agent=agent, message=message, labels=labels)
    return await world.commands(conversation, command)


async def test_a_correction_is_logged_with_what_the_model_said_and_what_was_done() -> None:
    async with world() as here:
        conversation = await here.writes("chatter about nothing")
        message = await message_of(here, conversation)
        assert await corrects(here, conversation, message, Label.COMPLAINT, Label.QUESTION) == ""
        [record] = await here.log(conversation, "label_corrected")
        assert dict(record.fields) == {
            "message": message,
            "agent": "alex",
            "role": "agent",
            "decision": "silence",
            "from": "other",
            "to": "question+complaint",
        }
        assert (await here.conversation(conversation)).label is Label.COMPLAINT


async def test_the_text_with_its_labels_is_there_to_train_on() -> None:
    async with world() as here:
        conversation = await here.writes("complaint that is none")
        message = await message_of(here, conversation)
        await corrects(here, conversation, message, Label.PRAISE)
        await corrects(here, conversation, message, agent=SAM)
        [made] = await here.store.corrected(after="", limit=10)
        assert (made.text, made.labels) == ("complaint that is none", ())
        froms = [record.fields["from"] for record in await here.log(conversation, "label_corrected")]
        assert froms == ["complaint", "complaint"], "the model's own labels, not those of the correction before"


async def test_who_does_not_hold_it_may_correct_and_the_holder_keeps_it() -> None:
    async with world() as here:
        conversation = await here.writes("complaint here")
        await here.claims(conversation, ALEX)
        message = await message_of(here, conversation)
        assert await corrects(here, conversation, message, Label.QUESTION, agent=SAM) == ""
        assert (await here.conversation(conversation)).holder == "alex"


async def test_what_no_customer_wrote_in_this_conversation_is_refused_in_words() -> None:
    async with world() as here:
        conversation = await here.writes("question order-status")
        other = await message_of(here, await here.writes("complaint elsewhere", who="v2"))
        answer = await message_of(here, conversation, Author.BOT)
        for message in (other, answer, MessageId("nothing")):
            assert await corrects(here, conversation, message, Label.PRAISE) == NOTHING_TO_CORRECT
        assert await here.log(conversation, "label_corrected") == []
        assert await here.store.corrected(after="", limit=10) == []

"""What people do on Telegram, as it arrives through the real library: groups, topics, edits, things, removals."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.messages import AgentId, AttachmentKind
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import ArrivalKind
from tests.channels.telegram.payloads import BOT, FILE, POLL, STICKER, mark, private, supergroup, user
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Side, until

ROOM = supergroup(-1001234567890, "Gardeners")
RULES = RoomRules(
    rooms={str(ROOM["id"]): Room(attention=Attention.UNANSWERED, patience=timedelta(minutes=5))},
    agents={"7007": AgentId("anna")},
)


async def test_an_edit_follows_its_message_and_a_repeated_one_is_the_same(
    telegram: BotApiServer, heed: Side
) -> None:
    async with heed.listening():
        said = telegram.says("Where is my oder?")
        telegram.edits(said, "Where is my order?")
        await heed.stores("Where is my oder?", "Where is my order?")
    message, edit = heed.intake.seen[:2]
    assert (edit.kind, edit.external_id) == (ArrivalKind.EDIT, message.external_id)
    assert edit.revision


async def test_in_a_topic_the_one_who_names_the_bot_is_answered_there(telegram: BotApiServer, heed: Side) -> None:
    begun = {"message_id": 44, "chat": ROOM, "date": 1, "forum_topic_created": {"name": "Pots", "icon_color": 1}}
    in_topic = {"is_topic_message": True, "message_thread_id": 44, "reply_to_message": begun}
    text = "@fernforgebot is clay frost-proof?"
    async with heed.listening():
        telegram.says(text, chat=ROOM, entities=[mark("mention", "@fernforgebot", text)], **in_topic)
        telegram.says("I think so", by=user(1002, "Bo"), chat=ROOM, **in_topic)
        await until(lambda: len(heed.intake.seen) == 2)
    asked, overheard = heed.intake.seen
    assert asked.address is not None
    assert (asked.text, asked.addressed, asked.address.thread) == ("is clay frost-proof?", True, "p:44/u:1001")
    assert (overheard.addressed, overheard.patience, overheard.room) == (False, None, "-1001234567890/44")


async def test_an_agents_reply_in_the_room_counts_for_the_customer(telegram: BotApiServer) -> None:
    heed = Side(telegram, rules=RULES)
    async with heed.listening():
        asked = telegram.says("Is clay frost-proof?", chat=ROOM)
        telegram.says("It is, if it was fired hot.", by=user(7007, "Anna"), chat=ROOM, reply_to_message=asked)
        await until(lambda: len(heed.intake.seen) == 2)
    question, answer = heed.intake.seen
    assert (question.addressed, question.patience) == (False, timedelta(minutes=5))
    assert (answer.kind, answer.agent, answer.in_reply_to) == (ArrivalKind.REPLY, "anna", question.external_id)
    assert answer.address == question.address


async def test_things_of_every_kind_arrive_as_what_they_are(telegram: BotApiServer, heed: Side) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Cy", "date": 1}
    async with heed.listening():
        telegram.says(None, sticker=STICKER)
        telegram.says(None, poll=POLL)
        telegram.says(None, voice={**FILE, "duration": 3, "mime_type": "audio/ogg"})
        telegram.says("They owe me a pot", forward_origin=origin)
        telegram.says(None, hologram={"shape": "cube"})
        telegram.says(None, new_chat_members=[user(1003, "Cy")], chat=ROOM)
        telegram.says(None, pinned_message=telegram.says("pinned"), chat=ROOM)
        await heed.stores("👍", "Which pot is best?", "[voice]", "They owe me a pot", "[other]", "pinned")
    kinds = [arrival.attachments[0].kind for arrival in heed.intake.seen if arrival.attachments]
    assert kinds == [
        AttachmentKind.STICKER,
        AttachmentKind.POLL,
        AttachmentKind.VOICE,
        AttachmentKind.FORWARDED,
        AttachmentKind.OTHER,
    ]
    assert heed.channel.tally.ignored == 2


async def test_bots_and_the_bot_itself_are_never_listened_to(telegram: BotApiServer) -> None:
    heed = Side(telegram, rules=RULES)
    async with heed.listening():
        telegram.says("@FernForgeBot hello", by=BOT, chat=ROOM)
        telegram.says("@FernForgeBot hello", by=user(99, "Other bot", is_bot=True), chat=ROOM)
        telegram.says("from a person", chat=ROOM)
        await heed.stores("from a person")
    assert heed.channel.tally.ignored == 2


async def test_a_group_that_removes_the_bot_is_told_until_it_is_added_again(
    telegram: BotApiServer, heed: Side
) -> None:
    topic = f"telegram.group:{ROOM['id']}"
    async with heed.listening():
        telegram.kicks(ROOM)
        await heed.tells("removed from the Telegram group 'Gardeners'", topic)
        telegram.kicks(ROOM, status="administrator")
        await heed.quiet(topic)
        telegram.kicks(private())  # a customer who blocks the bot is no news
        telegram.says("Hello")
        await heed.stores("Hello")
        assert len(heed.board.told) == 1

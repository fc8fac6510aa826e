"""Sending texts to a Bot API server, with the real library: what is known of each, and never a second copy."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.messages import Address
from bot.errors import SendFailed, SendRefused, SendUnknown, StoreUnavailable
from bot.records import Sent
from tests.channels.telegram.payloads import group, supergroup
from tests.wire.telegram.faults import Cut, Delay, Garbage, Refuse
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Marks, Side, sending, until

TOPIC = "p:44/u:1001"


async def test_a_text_arrives_as_it_is_and_with_telegrams_time(telegram: BotApiServer, heed: Side) -> None:
    telegram.date = lambda: 1795338000
    told = await heed.channel.send(sending("*Bold* <b>or not</b> https://fernandforge.example"))
    [sent] = telegram.sent
    assert told == Sent(at=datetime.fromtimestamp(1795338000, UTC), external_ids=(f"1001/{sent.number}",))
    assert (sent.chat, sent.text) == (1001, "*Bold* <b>or not</b> https://fernandforge.example")
    assert "parse_mode" not in sent.parameters
    assert json.loads(sent.parameters["link_preview_options"]) == {"is_disabled": True}


async def test_a_long_text_comes_in_parts_in_order_and_not_faster_than_telegram_takes_them(
    telegram: BotApiServer, heed: Side
) -> None:
    sentence = "Each pot is fired for a day. "
    text = (sentence * 350).strip()
    await heed.channel.send(sending(text, quick_replies=("Yes", "No")))
    assert len(telegram.sent) == 3
    assert " ".join(sent.text for sent in telegram.sent) == text
    assert all(sent.text.endswith(".") for sent in telegram.sent)
    assert heed.time.waited == [1.0, 1.0]
    assert ["reply_markup" in sent.parameters for sent in telegram.sent] == [False, False, True]


async def test_a_text_of_characters_that_count_twice_is_never_too_long(telegram: BotApiServer, heed: Side) -> None:
    await heed.channel.send(sending("🌿" * 4096))
    assert "".join(sent.text for sent in telegram.sent) == "🌿" * 4096


async def test_quick_replies_are_buttons_in_private_and_nowhere_else(telegram: BotApiServer, heed: Side) -> None:
    await heed.channel.send(sending(quick_replies=("Track it", "Something else")))
    await heed.channel.send(sending(place="-500", private=False, quick_replies=("Track it",)))
    alone, among_others = telegram.sent
    assert json.loads(alone.parameters["reply_markup"]) == {
        "keyboard": [[{"text": "Track it"}], [{"text": "Something else"}]],
        "one_time_keyboard": True,
        "resize_keyboard": True,
    }
    assert "reply_markup" not in among_others.parameters


async def test_in_a_room_it_replies_to_the_message_even_if_that_is_gone(
    telegram: BotApiServer, heed: Side
) -> None:
    await heed.channel.send(sending(place="-500", private=False, reply_to="-500/17"))
    reply = json.loads(telegram.sent[0].parameters["reply_parameters"])
    assert reply == {"message_id": 17, "allow_sending_without_reply": True}


async def test_in_private_it_does_not_quote(telegram: BotApiServer, heed: Side) -> None:
    await heed.channel.send(sending(reply_to="1001/17"))
    assert "reply_parameters" not in telegram.sent[0].parameters


async def test_an_answer_goes_to_the_topic_of_its_conversation(telegram: BotApiServer, heed: Side) -> None:
    await heed.channel.send(sending(place="-1001234567890", thread=TOPIC, private=False))
    await heed.channel.send(sending(place="-1001234567890", thread="u:1001", private=False))
    first, second = telegram.sent
    assert first.parameters["message_thread_id"] == "44"
    assert "message_thread_id" not in second.parameters


async def test_a_connection_cut_after_the_send_is_unknown_and_there_is_one_message(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.fail("sendMessage", Cut(after=True))
    with pytest.raises(SendUnknown):
        await heed.channel.send(sending())
    assert [sent.text for sent in telegram.sent] == ["On its way."]
    assert telegram.calls["sendMessage"] == 1


@pytest.mark.parametrize(
    "fault", [Cut(after=False), Refuse(status=500), Refuse(status=502), Refuse(status=504), Garbage()], ids=str
)
async def test_what_may_or_may_not_have_arrived_is_unknown(telegram: BotApiServer, heed: Side, fault) -> None:
    telegram.fail("sendMessage", fault)
    with pytest.raises(SendUnknown):
        await heed.channel.send(sending())
    assert telegram.calls["sendMessage"] == 1


async def test_an_answer_that_is_not_understood_is_unknown(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("sendMessage", Garbage(body=b'{"ok":true,"result":{"message_id":"x"}}'))
    with pytest.raises(SendUnknown):
        await heed.channel.send(sending())


async def test_without_a_connection_nothing_was_sent(telegram: BotApiServer) -> None:
    heed = Side(telegram, api="http://127.0.0.1:9")
    with pytest.raises(SendRefused) as refused:
        await heed.channel.send(sending())
    assert timedelta(seconds=1) <= refused.value.retry_after <= timedelta(seconds=30)


async def test_flood_control_says_how_long_to_wait(telegram: BotApiServer, heed: Side) -> None:
    telegram.limited = True
    await heed.channel.send(sending("one"))
    with pytest.raises(SendRefused) as refused:
        await heed.channel.send(sending("two"))
    assert refused.value.retry_after == timedelta(seconds=1)
    telegram.fail("sendMessage", Refuse(status=429, parameters={"retry_after": 41}))
    with pytest.raises(SendRefused) as refused:
        await heed.channel.send(sending("two", place="1002"))
    assert refused.value.retry_after == timedelta(seconds=41)
    assert [sent.text for sent in telegram.sent] == ["one"]


@pytest.mark.parametrize(
    "fault", [Refuse(status=429, parameters={"retry_after": 3}), Refuse(status=403), Cut(after=False)], ids=str
)
async def test_a_text_of_which_the_beginning_has_arrived_is_never_sent_again(
    telegram: BotApiServer, heed: Side, fault
) -> None:
    telegram.fail("sendMessage", Delay(seconds=0), fault)
    with pytest.raises(SendUnknown):
        await heed.channel.send(sending("word " * 1000))
    assert len(telegram.sent) == 1


async def test_a_customer_who_has_blocked_the_bot_gets_nothing_and_that_is_sure(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.blocks(1001)
    with pytest.raises(SendFailed, match="bot was blocked by the user"):
        await heed.channel.send(sending())


async def test_a_group_that_has_removed_the_bot_gets_nothing_and_that_is_sure(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.members[-500] = "kicked"
    with pytest.raises(SendFailed, match="kicked"):
        await heed.channel.send(sending(place="-500", private=False))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Bad Request: chat not found"),
        (400, "Bad Request: message is too long"),
        (413, "Too large"),
        (401, "x"),
    ],
)
async def test_what_telegram_refuses_for_good_has_failed(
    telegram: BotApiServer, heed: Side, status: int, said: str
) -> None:
    telegram.fail("sendMessage", Refuse(status=status, description=said))
    with pytest.raises(SendFailed):
        await heed.channel.send(sending())


async def test_a_send_that_is_given_up_leaves_nothing_behind(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("sendMessage", Delay(seconds=30))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await heed.channel.send(sending())


async def test_many_sends_at_once_each_arrive_once(telegram: BotApiServer, heed: Side) -> None:
    await asyncio.gather(*(heed.channel.send(sending(f"to {who}", place=str(who))) for who in range(1, 61)))
    assert sorted(sent.chat for sent in telegram.sent) == list(range(1, 61))


async def test_sends_go_on_while_it_stops_listening(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("sendMessage", Delay(seconds=0.2))
    async with heed.listening():
        sent = asyncio.create_task(heed.channel.send(sending()))
        await until(lambda: telegram.sent)
    assert (await sent).at.tzinfo is UTC


# --- groups that move


async def test_a_send_to_a_group_that_has_moved_follows_it_and_the_move_is_kept(
    telegram: BotApiServer, heed: Side
) -> None:
    new = telegram.moves_silently(-500)
    await heed.channel.send(sending(place="-500", thread="u:1001", private=False, reply_to="-500/3"))
    [sent] = telegram.sent
    assert sent.chat == new
    assert "reply_parameters" not in sent.parameters  # message 3 of the new group is another one
    assert heed.marks.kept == {f"telegram:4242:moved:{new}": "-500"}
    await heed.channel.send(sending(place="-500", thread="u:1001", private=False))
    assert telegram.calls["sendMessage"] == 3


async def test_a_move_that_cannot_be_kept_sends_nothing_yet(telegram: BotApiServer, heed: Side) -> None:
    telegram.moves_silently(-500)
    heed.marks.broken = StoreUnavailable("locked")
    with pytest.raises(SendRefused):
        await heed.channel.send(sending(place="-500", private=False))
    assert telegram.sent == []


async def test_a_conversation_goes_on_in_the_group_that_its_group_has_become(
    telegram: BotApiServer, heed: Side
) -> None:
    async with heed.listening():
        telegram.says("@FernForgeBot Where is it?", chat=group(-500), entities=[MENTION])
        await heed.stores("Where is it?")
        new = telegram.migrates(-500)
        telegram.says("@FernForgeBot Still nothing?", chat=supergroup(new), entities=[MENTION])
        await heed.stores("Where is it?", "Still nothing?")
        await until(lambda: not telegram.waiting)
    first, second = heed.intake.stored.values()
    assert first.address == second.address
    assert (first.external_id, second.external_id) == ("-500/1", f"{new}/2")
    await heed.channel.send(sending(place="-500", private=False, reply_to=second.external_id))
    assert telegram.sent[0].chat == new
    assert json.loads(telegram.sent[0].parameters["reply_parameters"])["message_id"] == 2


async def test_a_move_is_known_after_a_restart_and_kept_before_it_is_acknowledged(telegram: BotApiServer) -> None:
    marks = Marks()
    heed = Side(telegram, marks=marks)
    marks.broken = StoreUnavailable("full")
    new = telegram.migrates(-500)
    async with heed.listening():
        await heed.tells("Messages wait", "telegram.store")
    assert len(telegram.waiting) == 2
    marks.broken = None
    async with heed.listening():
        await until(lambda: not telegram.waiting)
    later = Side(telegram, marks=marks)
    telegram.says("@FernForgeBot Hello", chat=supergroup(new), entities=[MENTION])
    async with later.listening():
        await later.stores("Hello")
    [arrival] = later.intake.stored.values()
    assert arrival.address == Address(channel="telegram", account="4242", place="-500", thread="u:1001")


MENTION = {"type": "mention", "offset": 0, "length": 13}


# --- typing


async def test_typing_is_shown_where_the_answer_will_come(telegram: BotApiServer, heed: Side) -> None:
    await heed.channel.typing(Address(channel="telegram", account="4242", place="-1001234567890", thread=TOPIC))
    assert telegram.typing == [{"chat_id": "-1001234567890", "action": "typing", "message_thread_id": "44"}]


@pytest.mark.parametrize("fault", [Refuse(status=403), Refuse(status=429), Cut(after=False), Garbage()], ids=str)
async def test_typing_that_cannot_be_shown_harms_nothing(telegram: BotApiServer, heed: Side, fault) -> None:
    telegram.fail("sendChatAction", fault)
    await heed.channel.typing(Address(channel="telegram", account="4242", place="1001"))

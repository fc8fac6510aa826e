"""What customers write on Discord reaches the intake once, as what it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.messages import AgentId, Attachment, AttachmentKind
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import ArrivalKind
from tests.wire.discord.fakes import Heed, until
from tests.wire.discord.payloads import VIEW_CHANNEL, attachment, own_role
from tests.wire.discord.server import NAMED, DiscordServer

RULES = RoomRules(
    rooms={
        "4002": Room(attention=Attention.EVERYTHING),
        "4003": Room(attention=Attention.UNANSWERED, patience=timedelta(minutes=3)),
    },
    agents={"2100": AgentId("agent-1")},
)


@pytest.fixture
async def heed(server: DiscordServer) -> AsyncIterator[Heed]:
    server.add_guild()
    for room in ("4001", "4002", "4003"):
        server.add_channel(room)
    server.add_channel("4004", deny=VIEW_CHANNEL)
    server.add_thread("5001", "4001")
    server.dm()
    heed = Heed(server, rules=RULES)
    async with heed.listening():
        yield heed


async def test_a_private_message_is_an_addressed_arrival(heed: Heed) -> None:
    said = heed.server.says("2001", "1001", "Where is my order?")
    await heed.has("Where is my order?")
    [arrival] = heed.intake.taken
    assert arrival.external_id == said["id"]
    assert (arrival.channel, arrival.private, arrival.addressed, arrival.room) == ("discord", True, True, "")
    assert arrival.address is not None
    assert (arrival.address.account, arrival.address.place, arrival.address.thread) == ("9001", "1001", "")
    assert arrival.customer is not None
    assert (arrival.customer.external_id, arrival.customer.name) == ("2001", "visitor 2001")
    assert abs(arrival.arrived_at - arrival.happened_at) < timedelta(seconds=5)


async def test_a_mention_in_a_room_is_addressed_and_belongs_to_its_writer(heed: Heed) -> None:
    heed.server.says("2001", "4001", f"{NAMED} where is my order?")
    heed.server.says("2002", "4001", f"{NAMED} and mine?")
    await until(lambda: len(heed.intake.of()) == 2)
    first, second = heed.intake.of()
    assert first.addressed
    assert not first.private
    assert "where is my order?" in first.text
    assert first.address is not None
    assert second.address is not None
    assert (first.address.place, first.address.thread) == ("4001", "u:2001")
    assert (second.address.place, second.address.thread) == ("4001", "u:2002")


async def test_a_mention_of_the_bots_own_role_is_addressed_and_one_of_another_role_is_not(heed: Heed) -> None:
    heed.server.says("2001", "4002", "<@&3001> anybody?", mention_roles=["3001"])
    role = own_role("3001")
    heed.server.says("2001", "4001", f"<@&{role}> where is it?", mention_roles=[role])
    await until(lambda: len(heed.intake.of()) == 2)
    assert heed.intake.of()[1].addressed


async def test_a_reply_to_the_bot_is_addressed_and_tells_to_what_it_replies(heed: Heed) -> None:
    answer, _ = heed.server.posts.post("4001", {"content": "Which order?"})
    heed.server.says("2001", "4001", "The red one.", reply_to=answer)
    await heed.has("The red one.")
    [arrival] = heed.intake.of()
    assert arrival.addressed
    assert arrival.in_reply_to == answer["id"]


async def test_a_thread_is_one_conversation(heed: Heed) -> None:
    heed.server.says("2001", "5001", f"{NAMED} in a thread")
    await until(heed.intake.of)
    [arrival] = heed.intake.of()
    assert arrival.address is not None
    assert (arrival.address.place, arrival.address.thread) == ("4001", "t:5001")


async def test_a_thread_that_opens_while_heed_listens_is_heard_too(heed: Heed) -> None:
    heed.server.add_thread("5002", "4002")
    heed.server.says("2001", "5002", "in a new thread")
    await heed.has("in a new thread")
    [arrival] = heed.intake.of()
    assert arrival.addressed, "its room is listened to as a whole"
    assert arrival.address is not None
    assert (arrival.address.place, arrival.address.thread) == ("4002", "t:5002")


async def test_a_whole_room_is_heard_as_its_rule_says(heed: Heed) -> None:
    heed.server.says("2001", "4002", "everything counts here")
    heed.server.says("2001", "4003", "others first")
    heed.server.says("2001", "4001", "just talk")
    heed.server.says("2001", "1001", "the end")
    await until(lambda: "the end" in heed.intake.texts)
    heard = {arrival.text: (arrival.addressed, arrival.patience) for arrival in heed.intake.of()}
    assert heard["everything counts here"] == (True, timedelta(0))
    assert heard["others first"] == (False, timedelta(minutes=3))
    assert heard.get("just talk", (False, None)) == (False, None)


async def test_what_members_write_to_each_other_is_not_addressed(heed: Heed) -> None:
    asked = heed.server.says("2001", "4002", "has anybody a bike?")
    heed.server.says("2002", "4002", "yes, two", reply_to=asked)
    heed.server.says("2002", "4002", "<@2001> come at six")
    await until(lambda: len(heed.intake.of()) == 3)
    assert [arrival.addressed for arrival in heed.intake.of()] == [True, False, False]


async def test_an_agents_words_in_the_room_are_a_reply(heed: Heed) -> None:
    asked = heed.server.says("2001", "4001", f"{NAMED} help")
    heed.server.says("2100", "4001", "Here I am.", reply_to=asked)
    await until(lambda: heed.intake.of(ArrivalKind.REPLY))
    [reply] = heed.intake.of(ArrivalKind.REPLY)
    assert (reply.agent, reply.text, reply.in_reply_to) == ("agent-1", "Here I am.", asked["id"])


async def test_the_bot_itself_other_bots_and_webhooks_are_no_customers(heed: Heed) -> None:
    for room in ("4001", "4002", "1001"):
        message, _ = heed.server.posts.post(room, {"content": f"my own words {NAMED}"})
        heed.server.gateway.tell("MESSAGE_CREATE", heed.server.world.in_event(message), channel=room)
    heed.server.says("2900", "4002", f"{NAMED} beep", bot=True)
    heed.server.says("2901", "4002", f"{NAMED} hook", webhook_id="2901")
    heed.server.says("2001", "1001", "the end")
    await heed.has("the end")


async def test_an_edit_is_told_once_with_its_text(heed: Heed) -> None:
    said = heed.server.says("2001", "1001", "first")
    heed.server.edits(said, "second")
    await until(lambda: heed.intake.of(ArrivalKind.EDIT))
    heed.server.edits(said, "third")
    await until(lambda: len(heed.intake.of(ArrivalKind.EDIT)) == 2)
    edits = heed.intake.of(ArrivalKind.EDIT)
    assert [edit.text for edit in edits] == ["second", "third"]
    assert {edit.external_id for edit in edits} == {said["id"]}
    assert edits[0].revision != edits[1].revision


async def test_a_link_that_unfolds_is_no_edit(heed: Heed) -> None:
    said = heed.server.says("2001", "1001", "see https://shop.example")
    event = {**said, "embeds": [{"type": "link", "url": "https://shop.example"}]}
    heed.server.gateway.tell("MESSAGE_UPDATE", event, channel="1001")
    heed.server.says("2001", "1001", "the end")
    await heed.has("see https://shop.example", "the end")
    assert not heed.intake.of(ArrivalKind.EDIT)


async def test_a_deletion_is_told_and_so_are_many_at_once(heed: Heed) -> None:
    said = [heed.server.says("2001", "1001", str(number)) for number in range(4)]
    await until(lambda: len(heed.intake.of()) == 4)
    heed.server.deletes(said[0])
    heed.server.deletes(*said[1:])
    await until(lambda: len(heed.intake.of(ArrivalKind.DELETION)) == 4)
    assert [each.external_id for each in heed.intake.of(ArrivalKind.DELETION)] == [each["id"] for each in said]


async def test_attachments_are_told_with_type_size_and_what_they_are_fetched_by(heed: Heed) -> None:
    files = [attachment("crack.png"), attachment("bill.pdf", "application/pdf", 99), attachment("x.bin", None)]
    said = heed.server.says("2001", "1001", "it broke", attachments=files)
    heed.server.says("2001", "1001", "", attachments=files[:1])
    await until(lambda: len(heed.intake.of()) == 2)
    first, second = heed.intake.of()
    assert first.attachments[0] == Attachment(
        kind=AttachmentKind.IMAGE,
        name="crack.png",
        media_type="image/png",
        size=1234,
        reference=f"1001/{said['id']}/7001",
    )
    assert [each.kind for each in first.attachments[1:]] == [AttachmentKind.FILE, AttachmentKind.FILE]
    assert second.text == "[image]"


POLL = {"question": {"text": "Which?"}, "answers": [], "allow_multiselect": False, "layout_type": 1}
VOICE = {**attachment("voice-message.ogg", "audio/ogg"), "duration_secs": 2.0, "waveform": "AAAA"}
PASSED_ON = {
    "type": 0,
    "content": "passed on",
    "embeds": [],
    "attachments": [],
    "mentions": [],
    "timestamp": "2026-11-22T08:00:00+00:00",
    "edited_timestamp": None,
    "flags": 0,
}
FORWARD = {
    "message_reference": {"type": 1, "channel_id": "4001", "message_id": "1"},
    "message_snapshots": [{"message": PASSED_ON}],
}


@pytest.mark.parametrize(("fields", "kind"), [
    ({"sticker_items": [{"id": "1", "name": "wave", "format_type": 1}]}, AttachmentKind.STICKER),
    ({"poll": POLL}, AttachmentKind.POLL),
    ({"attachments": [VOICE], "flags": 1 << 13}, AttachmentKind.VOICE),
    (FORWARD, AttachmentKind.FORWARDED),
], ids=["sticker", "poll", "voice", "forwarded"])  # fmt: skip
async def test_what_is_no_text_arrives_as_what_it_is(
    heed: Heed, fields: dict[str, Any], kind: AttachmentKind
) -> None:
    heed.server.says("2001", "1001", "", **fields)
    await until(heed.intake.of)
    [arrival] = heed.intake.of()
    assert kind in {each.kind for each in arrival.attachments}
    assert arrival.text


@pytest.mark.parametrize("kind", [1, 3, 4, 5, 6, 7, 8, 18, 21, 46, 99])
async def test_a_service_message_is_nobodys_question(heed: Heed, kind: int) -> None:
    heed.server.says("2001", "4002", "service", type=kind)
    heed.server.says("2001", "4002", "the end")
    await until(lambda: "the end" in heed.intake.texts)
    if kind == 99:  # a type that does not exist yet may well be a customer's message: it is not lost
        return
    assert heed.intake.texts == ["the end"]


async def test_events_that_do_not_exist_yet_and_broken_ones_disturb_nothing(heed: Heed) -> None:
    tell = heed.server.gateway.tell
    tell("MESSAGE_TELEPORTED", {"id": "1", "channel_id": "1001"}, channel="1001")
    for broken in ({}, {"id": "1"}, {"id": [], "channel_id": "1001", "content": 7}, {"author": {"id": "2001"}}):
        for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "GUILD_CREATE"):
            tell(event, dict(broken))
    heed.server.says("2001", "1001", "the end")
    await heed.has("the end")
    assert len(heed.server.gateway.identified) == 1


async def test_a_room_that_the_bot_may_not_see_is_not_heard(heed: Heed) -> None:
    heed.server.says("2001", "4004", f"{NAMED} behind the door")
    heed.server.says("2001", "1001", "the end")
    await heed.has("the end")


async def test_messages_of_one_place_keep_their_order(heed: Heed) -> None:
    for number in range(100):
        heed.server.says("2001", "1001", str(number))
        if number % 10 == 0:
            await asyncio.sleep(0)
    await heed.has(*map(str, range(100)))

"""What Discord tells, as arrivals: whose they are, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.discord.parse import content_withheld
from bot.domain.messages import Address, AgentId
from bot.domain.rooms import Attention, Room, RoomRules
from bot.errors import BadMessage
from bot.records import ArrivalKind
from tests.channels.discord.payloads import (
    AGENT,
    ANN,
    BEN,
    DIRECT,
    FORUM,
    HELP,
    ME,
    MESSAGE,
    NOW,
    OTHER_BOT,
    OWN_ROLE,
    POST,
    QUIET,
    ROOM,
    SERVER,
    THREAD,
    Payload,
    arrival,
    arrivals,
    bot,
    direct,
    edited,
    file,
    message,
    reply,
    user,
)

# --- who and where ----------------------------------------------------------------------------------------


def test_a_private_message_is_addressed_and_lives_in_its_chat() -> None:
    found = arrival(direct())
    assert (found.kind, found.text, found.external_id) == (ArrivalKind.MESSAGE, "Where is my order?", MESSAGE)
    assert found.address == Address(channel="discord", account=ME, place=DIRECT)
    assert found.private
    assert found.addressed
    assert found.room == ""
    assert found.happened_at == datetime(2026, 11, 22, 8, 59, 30, 123000, tzinfo=UTC)


def test_in_a_room_each_customer_has_an_address_of_their_own() -> None:
    ann, ben = arrival(message(by=ANN)), arrival(message(by=BEN))
    assert ann.address == Address(channel="discord", account=ME, place=ROOM, thread=f"u:{ANN}")
    assert ben.address != ann.address
    assert not ann.private
    assert ann.room == ben.room == ROOM


@pytest.mark.parametrize(("thread", "parent"), [(THREAD, QUIET), (POST, FORUM)])
def test_a_thread_is_a_conversation_in_its_channel(thread: str, parent: str) -> None:
    found = arrival(message(channel=thread))
    assert found.address == Address(channel="discord", account=ME, place=parent, thread=f"t:{thread}")
    assert found.room == f"{parent}/{thread}"


def test_a_channel_that_nobody_has_told_of_is_a_room_and_never_private() -> None:
    found = arrival(message(channel="4999"))
    assert not found.private
    assert not found.addressed


def test_a_known_room_stays_one_even_if_a_message_does_not_name_its_server() -> None:
    assert not arrival(message(guild_id=None)).private


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"global_name": "Kim", "username": "kim_1"}, "Kim"),
        ({"username": "kim_1"}, "kim_1"),
    ],
)
def test_a_customer_is_called_as_they_call_themselves(author: Payload, name: str) -> None:
    found = arrival(message(author=user(ANN, **author)))
    assert found.customer is not None
    assert (found.customer.external_id, found.customer.name) == (ANN, name)


def test_a_customer_without_a_display_name_is_called_by_their_nick() -> None:
    found = arrival(message(member={"nick": "Captain"}))
    assert found.customer is not None
    assert found.customer.name == "Captain"


@pytest.mark.parametrize(
    "silent",
    [
        message(author=bot(ME)),
        message(author=user(ME)),
        message(author=bot(OTHER_BOT)),
        message(author=user("1", system=True)),
        message(webhook_id="8100"),
        direct(author=bot(ME)),
        *(message("", type=kind) for kind in (1, 3, 6, 7, 8, 12, 18, 20, 21, 23, 24, 46, 99)),
    ],
    ids=str,
)
def test_bots_webhooks_and_the_platforms_own_lines_are_no_messages(silent: Payload) -> None:
    assert arrivals(silent) == []
    assert arrivals(edited(silent, "changed"), "MESSAGE_UPDATE") == []


@pytest.mark.parametrize("event", ["READY", "TYPING_START", "MESSAGE_REACTION_ADD", "MESSAGE_TELEPORTED", ""])
def test_other_events_tell_nothing_of_customers(event: str) -> None:
    assert arrivals(message(), event) == []


# --- what is meant for the brand --------------------------------------------------------------------------


def test_in_a_room_only_what_names_the_bot_is_addressed() -> None:
    plain = arrival(message())
    assert (plain.addressed, plain.patience) == (False, None)
    assert arrival(message(f"<@{ME}> where is it?", mentions=[bot()])).addressed
    assert arrival(message(f"where is it <@!{ME}>", mentions=[bot()])).addressed
    assert arrival(message(f"<@&{OWN_ROLE}> where is it?", mention_roles=[OWN_ROLE])).addressed
    assert not arrival(message("<@&9999> where is it?", mention_roles=["9999"])).addressed
    assert not arrival(message("@everyone look", mention_everyone=True)).addressed


def test_a_reply_to_the_bot_is_addressed_and_names_what_it_answers() -> None:
    found = arrival(reply("and when?", to=bot(), to_id="6001"))
    assert found.addressed
    assert found.in_reply_to == "6001"


def test_a_reply_to_another_bot_is_not_addressed() -> None:
    assert not arrival(reply("and when?", to=bot(OTHER_BOT), channel=HELP)).addressed


def test_a_room_of_which_everything_is_heard_leaves_talk_between_members_alone() -> None:
    assert arrival(message(channel=HELP)).addressed
    assert arrival(reply("my own words", to=user(ANN), channel=HELP)).addressed
    for between in (
        message(f"<@{BEN}> thanks", mentions=[user(BEN)], channel=HELP),
        reply("thanks", to=user(BEN), channel=HELP),
        reply("thanks", to=None, channel=HELP),
    ):
        assert not arrival(between).addressed


def test_a_room_is_found_by_its_own_id_its_channels_and_its_categorys() -> None:
    assert arrival(message(channel=QUIET)).patience == timedelta(minutes=3)
    assert arrival(message(channel=THREAD)).patience == timedelta(minutes=3)
    nearest = RoomRules(rooms={THREAD: Room(attention=Attention.EVERYTHING), QUIET: Room()})
    assert arrival(message(channel=THREAD), rules=nearest).addressed
    assert arrival(message(channel=QUIET), rules=nearest).patience is None


def test_an_agents_reply_to_a_customer_is_a_humans_answer_to_them() -> None:
    for answer in (
        reply("It is on its way.", to=user(ANN), to_id="6001", by=AGENT),
        message(f"<@{ANN}> it is on its way", mentions=[user(ANN)], by=AGENT),
    ):
        found = arrival(answer)
        assert (found.kind, found.agent) == (ArrivalKind.REPLY, AgentId("anna"))
        assert found.address == Address(channel="discord", account=ME, place=ROOM, thread=f"u:{ANN}")


def test_what_a_customer_says_to_an_agent_is_said_to_the_brand() -> None:
    for said in (
        message(f"<@{AGENT}> where is my order?", mentions=[user(AGENT)], channel=HELP),
        reply("and when?", to=user(AGENT), channel=HELP),
    ):
        assert arrival(said).addressed
    both = message(f"<@{AGENT}> <@{BEN}> look", mentions=[user(AGENT), user(BEN)], channel=HELP)
    assert not arrival(both).addressed


def test_an_agent_who_replies_to_the_bots_answer_answers_the_customer_behind_it() -> None:
    answer = reply("It is on its way, I looked.", to=bot(), by=AGENT, to_id="6999")
    answer["referenced_message"]["message_reference"] = {"type": 0, "message_id": "6998", "channel_id": ROOM}
    unnamed = arrival(answer)
    assert (unnamed.kind, unnamed.in_reply_to) == (ArrivalKind.REPLY, "6998")
    assert unnamed.address == Address(channel="discord", account=ME, place=ROOM)
    answer["referenced_message"]["mentions"] = [user(ANN)]
    assert arrival(answer).address == Address(channel="discord", account=ME, place=ROOM, thread=f"u:{ANN}")


def test_an_agents_reply_is_never_to_the_agent_themselves() -> None:
    for answered in (None, bot()):
        found = arrival(reply("done", to=answered, by=AGENT))
        assert found.in_reply_to == "6999"
        assert found.address == Address(channel="discord", account=ME, place=ROOM)


def test_an_agent_in_a_thread_answers_its_customer() -> None:
    found = arrival(message("On its way.", channel=THREAD, by=AGENT))
    assert found.kind is ArrivalKind.REPLY
    assert found.address == Address(channel="discord", account=ME, place=QUIET, thread=f"t:{THREAD}")


def test_an_agent_who_names_two_people_just_talks() -> None:
    found = arrival(message(f"<@{ANN}> <@{BEN}> look", mentions=[user(ANN), user(BEN)], by=AGENT))
    assert found.kind is ArrivalKind.TALK


# --- edits and deletions ----------------------------------------------------------------------------------


def test_an_edit_carries_its_time_and_a_mark_of_its_own() -> None:
    first = arrival(edited(direct(), "Where is it?"), "MESSAGE_UPDATE")
    again = arrival(edited(direct(), "Where is it?"), "MESSAGE_UPDATE")
    second = arrival(edited(direct(), "Where is it?", "2026-11-22T08:59:55+00:00"), "MESSAGE_UPDATE")
    assert (first.kind, first.text, first.external_id) == (ArrivalKind.EDIT, "Where is it?", MESSAGE)
    assert first.happened_at == datetime(2026, 11, 22, 8, 59, 50, 500000, tzinfo=UTC)
    assert first.revision == again.revision != second.revision


@pytest.mark.parametrize(
    "update",
    [
        direct(embeds=[{"type": "link", "url": "https://example.com"}]),
        {"id": MESSAGE, "channel_id": DIRECT, "embeds": []},
        {"id": MESSAGE, "channel_id": DIRECT, "edited_timestamp": "2026-11-22T08:59:50+00:00"},
    ],
)
def test_an_unfolded_link_and_parts_of_a_message_are_no_edit(update: Payload) -> None:
    assert arrivals(update, "MESSAGE_UPDATE") == []


def test_a_message_fetched_later_counts_as_new_whatever_was_edited_in_it() -> None:
    found = arrival(edited(direct(), "Where is it?"))
    assert (found.kind, found.text) == (ArrivalKind.MESSAGE, "Where is it?")


def test_an_agent_who_mends_their_answer_changes_that_answer() -> None:
    answer = edited(reply("On its way", to=user(ANN), by=AGENT), "It is on its way")
    changed = arrival(answer, "MESSAGE_UPDATE")
    assert (changed.kind, changed.text, changed.agent) == (ArrivalKind.EDIT, "It is on its way", "anna")


def test_a_deletion_names_the_message_alone() -> None:
    found = arrival({"id": MESSAGE, "channel_id": ROOM, "guild_id": SERVER}, "MESSAGE_DELETE")
    assert (found.kind, found.external_id, found.address) == (ArrivalKind.DELETION, MESSAGE, None)
    assert found.happened_at == NOW


def test_many_deletions_at_once_are_told_one_by_one() -> None:
    found = arrivals({"ids": ["11", "12"], "channel_id": ROOM, "guild_id": SERVER}, "MESSAGE_DELETE_BULK")
    assert [each.external_id for each in found] == ["11", "12"]


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("MESSAGE_CREATE", {}),
        ("MESSAGE_CREATE", message(id=7)),
        ("MESSAGE_CREATE", message(author={"username": "nobody"})),
        ("MESSAGE_CREATE", message(author="nobody")),
        ("MESSAGE_CREATE", message(timestamp="yesterday")),
        ("MESSAGE_DELETE", {}),
        ("MESSAGE_DELETE_BULK", {"ids": [None]}),
        ("MESSAGE_DELETE_BULK", {"ids": "11"}),
    ],
)
def test_what_is_not_as_documented_is_refused(event: str, payload: Payload) -> None:
    with pytest.raises(BadMessage):
        arrivals(payload, event)


# --- the missing intent -----------------------------------------------------------------------------------


def test_a_room_message_without_any_content_shows_that_discord_withholds_it() -> None:
    assert content_withheld(message(""), ME) is True
    assert content_withheld(message("hi"), ME) is False
    assert content_withheld(message("", attachments=[file("a.png", "image/png")]), ME) is False


@pytest.mark.parametrize(
    "given",
    [direct(""), message("", mentions=[bot()]), message("", author=bot(OTHER_BOT)), message("", type=7), {}],
)
def test_messages_that_are_given_to_every_bot_show_nothing_of_the_intent(given: Payload) -> None:
    assert content_withheld(given, ME) is None

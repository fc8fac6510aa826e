"""What becomes of updates, as Telegram documents them: whose they are, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.telegram.naming import naming_of
from bot.channels.telegram.parse import known_as, membership_of, move_of, parse, written_at
from bot.domain.messages import Address, Customer
from bot.domain.rooms import Attention, Room, RoomRules
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind
from tests.channels.telegram.arrivals import (
    AGENT,
    ANNA,
    BO,
    EVERYTHING,
    NOW,
    ROOM,
    ROOM_ID,
    UNANSWERED,
    arrivals,
    one,
)
from tests.channels.telegram.payloads import BOT, ME, SENT, group, mark, message, naming, supergroup, update, user

# --- private chats


def test_a_private_message_is_addressed_with_its_customer_address_and_time() -> None:
    arrival = one(message(by=user(1001, "Ann", "Bee")))
    assert arrival == Arrival(
        kind=ArrivalKind.MESSAGE,
        channel="telegram",
        external_id="1001/17",
        text="Where is my order?",
        happened_at=SENT,
        arrived_at=NOW,
        address=Address(channel="telegram", account="4242", place="1001", thread=""),
        customer=Customer(channel="telegram", external_id="1001", name="Ann Bee"),
    )


def test_commands_stay_as_they_are_in_private() -> None:
    text = "/start order77"
    assert one(message(text=text, entities=[mark("bot_command", "/start", text)])).text == text


def test_an_agent_who_writes_in_private_is_a_customer_there() -> None:
    assert one(message({"id": 7007, "type": "private"}, AGENT)).kind is ArrivalKind.MESSAGE


def test_what_somebody_posts_by_another_bots_inline_mode_is_their_own() -> None:
    assert one(message(via_bot=user(8, "gif", is_bot=True))).customer.external_id == "1001"


def test_only_the_customers_own_words_count_not_what_they_quote() -> None:
    quoted = {"quote": {"text": "CALL NOW", "position": 0}, "external_reply": {"origin": {"type": "user"}}}
    assert one(message(text="Is this true?", **quoted)).text == "Is this true?"


def test_a_missing_time_and_one_in_the_future_become_the_arrival() -> None:
    for date in (None, 0, int(NOW.timestamp()) + 60):
        assert one(message(date=date)).happened_at == NOW


# --- rooms: who is meant


def test_who_names_the_bot_is_addressed_and_its_name_goes_from_the_text() -> None:
    for text, left in {
        "@FernForgeBot where is it?": "where is it?",
        "@fernforgebot, where is it?": "where is it?",
        "where is it @FernForgeBot?": "where is it?",
        "hey @FernForgeBot where is it?": "hey where is it?",
        "🌿🪴 @FernForgeBot où est-ce?": "🌿🪴 où est-ce?",
        "@FernForgeBot": "@FernForgeBot",
        "  @FernForgeBot  ": "@FernForgeBot",
    }.items():
        name = next(word.strip("?,") for word in text.split() if "@" in word)
        arrival = one(message(ROOM, text=text, entities=[mark("mention", name, text)]))
        assert (arrival.text, arrival.addressed, arrival.patience) == (left, True, timedelta(0))


def test_a_mention_without_a_username_counts_by_its_number() -> None:
    text = "Fern, hello"
    assert one(message(ROOM, text=text, entities=[mark("text_mention", "Fern", text, user=BOT)])).addressed
    arrival = one(
        message(ROOM, text=text, entities=[mark("text_mention", "Fern", text, user=BO)]), rules=EVERYTHING
    )
    assert not arrival.addressed


def test_a_command_is_the_bots_only_with_its_name() -> None:
    for command, addressed, left in (
        ("/order@FernForgeBot 77", True, "/order 77"),
        ("/order 77", False, "/order 77"),
        ("/order@OtherBot 77", False, "/order@OtherBot 77"),
    ):
        arrival = one(message(ROOM, text=command, entities=[mark("bot_command", command.split()[0], command)]))
        assert (arrival.addressed, arrival.text) == (addressed, left)


def test_a_reply_to_the_bot_is_addressed_and_says_to_what() -> None:
    arrival = one(message(ROOM, text="And in blue?", reply_to_message=message(ROOM, BOT, message_id=12)))
    assert (arrival.addressed, arrival.in_reply_to) == (True, f"{ROOM_ID}/12")


def test_in_a_room_two_customers_never_share_an_address_and_others_wait_their_turn() -> None:
    first, second = one(message(ROOM)), one(message(ROOM, BO))
    assert (first.address.thread, second.address.thread) == ("u:1001", "u:1002")
    assert (first.private, first.addressed, first.patience) == (False, False, timedelta(minutes=3))
    assert first.room == ROOM_ID


def test_a_room_that_is_not_configured_hears_only_what_names_the_bot() -> None:
    assert (one(message(group())).addressed, one(message(group())).patience) == (False, None)
    assert one(naming("@FernForgeBot hello", chat=group())).addressed


def test_where_everything_counts_members_talk_among_themselves_is_left_alone() -> None:
    assert one(message(ROOM), rules=EVERYTHING).addressed
    to_bo = message(ROOM, text="Try zinc", reply_to_message=message(ROOM, BO, message_id=12))
    assert not one(to_bo, rules=EVERYTHING).addressed
    by_name = "@bo_gardens try zinc"
    named = message(ROOM, text=by_name, entities=[mark("mention", "@bo_gardens", by_name)])
    assert not one(named, rules=EVERYTHING).addressed
    to_agent = message(ROOM, text="Thank you", reply_to_message=message(ROOM, AGENT, message_id=12))
    assert one(to_agent, rules=EVERYTHING).addressed


def test_a_topic_is_a_room_of_its_own_and_its_beginning_is_no_message_to_reply_to() -> None:
    begun = message(ROOM, BOT, message_id=44, forum_topic_created={"name": "Pots", "icon_color": 1})
    said = message(ROOM, message_thread_id=44, is_topic_message=True, reply_to_message=begun)
    arrival = one(said)
    assert (arrival.address.thread, arrival.room, arrival.in_reply_to) == ("p:44/u:1001", f"{ROOM_ID}/44", "")
    assert not arrival.addressed
    assert one(message(ROOM, message_thread_id=44)).address.thread == "u:1001"  # a thread of replies is no topic


# --- agents, bots, chats that speak


def test_an_agent_who_replies_to_a_customer_answers_them() -> None:
    arrival = one(message(ROOM, AGENT, text="By Friday", reply_to_message=message(ROOM, message_id=12)))
    assert (arrival.kind, arrival.agent, arrival.in_reply_to) == (ArrivalKind.REPLY, ANNA, f"{ROOM_ID}/12")
    assert arrival.address.thread == "u:1001"


def test_an_agent_who_answers_nobody_in_particular_only_talks() -> None:
    arrival = one(message(ROOM, AGENT, text="Good morning"))
    assert (arrival.kind, arrival.text, arrival.address) == (ArrivalKind.TALK, "", None)


@pytest.mark.parametrize("by", [BOT, user(99, "Other", is_bot=True)], ids=["itself", "another"])
def test_bots_are_never_listened_to(by: dict[str, Any]) -> None:
    assert (
        arrivals(
            message(
                ROOM, by, text="@FernForgeBot hi", entities=[mark("mention", "@FernForgeBot", "@FernForgeBot hi")]
            )
        )
        == []
    )


ANONYMOUS = user(1087968824, "Group", is_bot=True, username="GroupAnonymousBot")


def test_an_anonymous_administrator_is_somebody_who_has_spoken_and_no_customer() -> None:
    said = message(ROOM, ANONYMOUS, sender_chat=ROOM, reply_to_message=message(ROOM, message_id=12))
    arrival = one(said)
    assert (arrival.kind, arrival.text, arrival.room) == (ArrivalKind.TALK, "", ROOM_ID)
    assert arrival.in_reply_to == f"{ROOM_ID}/12"
    assert arrivals({**said, "edit_date": 5}, kind="edited_message") == []
    known = RoomRules(agents={ROOM_ID: ANNA})
    assert one(said, rules=known).kind is ArrivalKind.REPLY


def test_who_speaks_as_a_channel_is_a_member_named_by_it() -> None:
    channel = {"id": -1009, "title": "Pot Review", "type": "channel"}
    arrival = one(message(ROOM, user(136817688, "Channel", is_bot=True), sender_chat=channel))
    assert (arrival.customer.external_id, arrival.customer.name) == ("-1009", "Pot Review")


def test_a_post_of_the_linked_channel_is_nobodys_and_a_comment_on_it_is_to_nobody() -> None:
    channel = {"id": -1009, "title": "Fern & Forge", "type": "channel"}
    telegram = user(777000, "Telegram")
    post = message(ROOM, telegram, sender_chat=channel, is_automatic_forward=True, message_id=12)
    assert arrivals(post) == []
    assert one(
        message(ROOM, text="Lovely", reply_to_message=post, message_thread_id=12), rules=EVERYTHING
    ).addressed


# --- edits


def test_an_edit_is_of_its_message_at_its_own_time_and_two_are_told_apart() -> None:
    first = one(message(edit_date=int(SENT.timestamp()) + 9), kind="edited_message")
    assert (first.kind, first.external_id) == (ArrivalKind.EDIT, "1001/17")
    assert first.happened_at == SENT + timedelta(seconds=9)
    again = one(message(edit_date=int(SENT.timestamp()) + 9), kind="edited_message")
    other = one(message(edit_date=int(SENT.timestamp()) + 9, text="Cancel it"), kind="edited_message")
    assert first.revision == again.revision != other.revision


def test_an_edit_without_a_time_is_still_the_same_edit_when_it_comes_again() -> None:
    said = update(message(), kind="edited_message")
    [one_] = parse(said, me=ME, rules=UNANSWERED, moved={}, arrived_at=NOW)
    [again] = parse(said, me=ME, rules=UNANSWERED, moved={}, arrived_at=NOW + timedelta(hours=1))
    assert one_.revision == again.revision != ""


def test_a_shared_location_that_moves_says_nothing_new() -> None:
    assert arrivals(message(location={"latitude": 1.5, "longitude": 2.5}), kind="edited_message") == []


# --- what is nobody's message


@pytest.mark.parametrize(
    "said",
    [
        {"update_id": 1},
        {"update_id": 1, "hologram": {"shape": "cube"}},
        {"update_id": 1, "channel_post": message({"id": -1009, "title": "News", "type": "channel"})},
        {"update_id": 1, "business_message": message()},
        {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 1, "my_chat_member": {"chat": ROOM, "new_chat_member": {"status": "left"}}},
        update(message(ROOM, new_chat_members=[BO])),
        update(message(ROOM, left_chat_member=BO)),
        update(message(ROOM, pinned_message=message(ROOM))),
        update(message(ROOM, group_chat_created=True)),
        update(message(ROOM, new_chat_title="Pots")),
        update(message(ROOM, forum_topic_created={"name": "Pots"})),
        update(message(ROOM, video_chat_ended={"duration": 3})),
        update(message(group(), migrate_to_chat_id=-1001)),
    ],
    ids=lambda said: "/".join(said.get("message", said))[-40:],
)
def test_what_is_nobodys_message_gives_nothing(said: dict[str, Any]) -> None:
    assert parse(said, me=ME, rules=UNANSWERED, moved={}, arrived_at=NOW) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (message(message_id=None), "message_id"),
        (message(message_id=True), "message_id"),
        (message(chat=None) | {"chat": 7}, "chat"),
        (message({"id": 1, "type": "hive"}), "chat.type"),
        (message(**{"from": None}), "from"),
        (message(**{"from": {"is_bot": False}}), "id"),
        (message(date="yesterday"), "date"),
        (message(date=2**52), "date"),
        (message(date=12345), "sent_at"),
        (message(text=7), "text"),
        (message(text=" "), "text"),
        (message(photo="me"), "photo"),
        (message(reply_to_message=[]), "reply_to_message"),
        ([], "message"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(said: Any, field: str) -> None:
    with pytest.raises(BadMessage, match=f"^{field}: "):
        arrivals(said)


def test_marks_that_do_not_lie_in_the_text_count_for_nothing() -> None:
    for entity in (
        7, {}, {"type": ["mention"]}, {"type": "mention"}, {"type": "mention", "offset": -1, "length": 5},
        {"type": "mention", "offset": 0, "length": 99}, {"type": "mention", "offset": True, "length": 5},
        {"type": "text_mention", "offset": 0, "length": 2, "user": {"id": "4242"}},
    ):  # fmt: skip
        assert naming_of("Hello", [entity], ME).text == "Hello"
        assert not naming_of("Hello", [entity], ME).bot


# --- groups that move


def test_a_move_is_read_from_either_side() -> None:
    assert move_of(update(message(group(-500), migrate_to_chat_id=-1009))) == ("-1009", "-500")
    assert move_of(update(message(supergroup(-1009), migrate_from_chat_id=-500))) == ("-1009", "-500")
    assert move_of(update(message())) is None
    assert move_of({"update_id": 1}) is None


def test_a_group_that_has_moved_keeps_its_address_and_its_rules_by_either_id() -> None:
    said, moved = message(ROOM), {ROOM_ID: "-500"}
    old = RoomRules(rooms={"-500": Room(patience=timedelta(minutes=1), attention=Attention.UNANSWERED)})
    for rules, patience in ((old, 1), (UNANSWERED, 3)):
        arrival = one(said, rules=rules, moved=moved)
        assert (arrival.address.place, arrival.room, arrival.patience) == (
            "-500",
            "-500",
            timedelta(minutes=patience),
        )
        assert arrival.external_id == f"{ROOM_ID}/17"  # numbers begin anew there


def test_moves_that_go_in_a_circle_come_to_an_end() -> None:
    assert known_as("a", {"a": "b", "b": "a"}) == "b"
    assert known_as("a", {"a": "b", "b": "c"}) == "c"


def test_membership_and_time_are_read_for_themselves() -> None:
    change = {"chat": ROOM, "new_chat_member": {"status": "restricted", "is_member": False}}
    assert membership_of({"my_chat_member": change}).inside is False
    assert membership_of({"my_chat_member": {**change, "new_chat_member": {"status": "member"}}}).inside
    assert membership_of({}) is None
    assert written_at(update(message())) == SENT
    assert written_at(update(message(edit_date=1795338000), kind="edited_message")) == datetime.fromtimestamp(
        1795338000, UTC
    )
    assert written_at({}) is None

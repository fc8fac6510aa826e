"""What is read from Discord's events, and the one guard between staff's words and customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.desk.actions import ACTIONS
from bot.desk.discord.commands import OTHERS
from bot.desk.discord.inputs import Heard, Way, custom_id, made_at, meant_for_customer, read
from tests.wire.discord.desk_hands import ALEX_ID, BOT, Hands, snowflake

#: A busy machine fails nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN = [
    "id",
    "type",
    "token",
    "channel_id",
    "member",
    "user",
    "data",
    "author",
    "content",
    "message",
    "attachments",
]
EVENTS = st.sampled_from(["INTERACTION_CREATE", "MESSAGE_CREATE", "MESSAGE_UPDATE", "TYPING_START"])


@pytest.fixture
def hands() -> Hands:
    return Hands(lambda: AT)


def heard(event: str, payload: dict[str, Any]) -> Heard:
    found = read(event, payload, me=BOT)
    assert found is not None
    return found


@unhurried
@given(EVENTS, st.dictionaries(st.sampled_from(KNOWN), JSON))
def test_nothing_that_discord_may_send_raises(event: str, payload: dict[str, Any]) -> None:
    read(event, payload, me=BOT)


def test_of_all_ways_and_names_five_are_meant_for_the_customer() -> None:
    names = [*(action.name for action in ACTIONS), *OTHERS, "anyway", "rewrite", "use", "more", "pick", ""]
    ways = [way for way in Way if way is not Way.TEXT]
    meant = [
        (way.value, name)
        for way in ways
        for name in names
        if meant_for_customer(Heard(way=way, id="1", who="2", place="3", name=name), answers_customer=True)
    ]
    assert sorted(meant) == [
        ("button", "anyway"),
        ("command", "edit"),
        ("command", "reply"),
        ("form", "edit"),
        ("form", "reply"),
    ]


@unhurried
@given(st.text(), st.booleans())
def test_a_text_is_internal_whatever_it_says_unless_it_answers_the_customer(text: str, answers: bool) -> None:
    said = Heard(way=Way.TEXT, id="1", who="2", place="3", name="reply", text=text)
    assert meant_for_customer(said, answers_customer=answers) is answers


def test_a_custom_id_says_all_that_is_needed_after_a_restart(hands: Hands) -> None:
    custom = custom_id("reply", "c0123456789abcdef", 12, origin="123456789012345678", about="m0f")
    assert len(custom) <= 100
    found = heard("INTERACTION_CREATE", hands.submit(ALEX_ID, "5", custom, text="Hello."))
    assert (found.name, found.conversation, found.seen) == ("reply", "c0123456789abcdef", 12)
    assert (found.origin, found.about, found.values) == ("123456789012345678", "m0f", {"text": "Hello."})
    assert found.request == "discord:123456789012345678"


def test_a_custom_id_never_grows_too_long() -> None:
    assert custom_id("use", "c0123456789abcdef", 3, about="t" * 90) == "heed:use:c0123456789abcdef:3"


@pytest.mark.parametrize("custom", ["", "reply", "heed", "heed:Reply:c1:1", "head:reply:c1:1", "heed:reply:c1:x"])
def test_a_custom_id_of_somebody_else_is_told_and_does_nothing(hands: Hands, custom: str) -> None:
    found = heard("INTERACTION_CREATE", hands.press(ALEX_ID, "5", custom))
    assert found.wrong
    assert (found.name, found.conversation) == ("", "")


def test_a_commands_name_and_options_are_read(hands: Hands) -> None:
    found = heard("INTERACTION_CREATE", hands.command(ALEX_ID, "5", "take-over", text="x"))
    assert (found.way, found.name, found.values) == (Way.COMMAND, "take_over", {"text": "x"})


def test_several_choices_of_one_field_are_joined(hands: Hands) -> None:
    found = heard(
        "INTERACTION_CREATE", hands.submit(ALEX_ID, "5", "heed:correct:c1:1", labels=["question", "praise"])
    )
    assert found.values == {"labels": "question+praise"}


@pytest.mark.parametrize(
    "fields",
    [
        {"author": {"id": BOT, "username": "heed"}},
        {"author": {"id": "6", "bot": True}},
        {"webhook_id": "7"},
        {"type": 7},
        {"author": None},
    ],
)
def test_bots_webhooks_and_discord_itself_say_nothing(hands: Hands, fields: dict[str, Any]) -> None:
    assert read("MESSAGE_CREATE", hands.say(ALEX_ID, "5", "hello", **fields), me=BOT) is None


def test_a_reply_names_what_it_answers_and_a_forward_answers_nothing(hands: Hands) -> None:
    assert heard("MESSAGE_CREATE", hands.say(ALEX_ID, "5", "yes", reply_to="77")).answers == "77"
    forward = {"type": 1, "message_id": "77", "channel_id": "5"}
    passed_on = [{"message": {"content": "their words"}}]
    said = hands.say(ALEX_ID, "5", "", message_reference=forward, message_snapshots=passed_on)
    found = heard("MESSAGE_CREATE", said)
    assert (found.answers, found.text) == ("", "Forwarded: their words")


def test_a_reply_to_something_in_another_channel_answers_nothing_here(hands: Hands) -> None:
    elsewhere = {"type": 0, "message_id": "77", "channel_id": "6"}
    said = hands.say(ALEX_ID, "5", "yes", reply_to="77", message_reference=elsewhere)
    assert heard("MESSAGE_CREATE", said).answers == ""


def test_links_that_discord_unfolds_are_no_change(hands: Hands) -> None:
    said = hands.say(ALEX_ID, "5", "see https://shop.example")
    assert read("MESSAGE_UPDATE", said, me=BOT) is None
    changed = heard("MESSAGE_UPDATE", hands.edit(said, "see it"))
    assert (changed.way, changed.text) == (Way.CHANGE, "see it")
    assert changed.request != heard("MESSAGE_CREATE", said).request


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(snowflake(AT + timedelta(milliseconds=7), 3)) == AT + timedelta(milliseconds=7)
    assert made_at("none") is None

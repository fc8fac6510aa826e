"""Markdown of customers made inert, the keys of sends, and where texts go."""

from __future__ import annotations

import pytest

from bot.channels.discord.keys import channel_of, nonce
from bot.channels.discord.texts import inert
from bot.domain.messages import Address
from bot.errors import SendFailed


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** _it_ ~~no~~ ||secret|| `code`", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|secret\|\| \`code\`"),
        ("[click](https://example.com)", r"\[click\]\(https\://example.com\)"),
        ("<@1> @everyone # big\n- list\n> quote", "\\<\\@1\\> \\@everyone \\# big\n\\- list\n\\> quote"),
        ("back\\slash", r"back\\slash"),
        ("Where is it?", "Where is it?"),
    ],
)
def test_markup_of_a_customer_is_shown_and_does_nothing(written: str, shown: str) -> None:
    assert inert(written) == shown


def test_each_part_of_each_text_has_a_key_of_its_own_that_never_changes() -> None:
    keys = {nonce(action, part) for action in ("a1", "a2", "a" * 300) for part in range(5)}
    assert len(keys) == 15
    assert all(len(key) == 20 for key in keys)


@pytest.mark.parametrize(
    ("place", "thread", "channel"), [("1001", "", 1001), ("4001", "u:2001", 4001), ("4001", "t:5001", 5001)]
)
def test_a_text_goes_to_the_thread_if_there_is_one(place: str, thread: str, channel: int) -> None:
    assert channel_of(Address(channel="discord", account="9001", place=place, thread=thread)) == channel


@pytest.mark.parametrize(("place", "thread"), [("here", ""), ("", ""), ("1001", "t:there"), ("9" * 30, "")])
def test_an_address_that_is_no_channel_is_refused_for_good(place: str, thread: str) -> None:
    with pytest.raises(SendFailed, match="no channel"):
        channel_of(Address(channel="discord", account="9001", place=place, thread=thread))

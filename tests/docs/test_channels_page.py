"""The channels page says what the code declares: every capability of every channel, and what is done instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.api.channel import ApiChannel
from bot.channels.discord.channel import CAPABILITIES as DISCORD
from bot.channels.telegram.channel import CAPABILITIES as TELEGRAM
from bot.channels.webchat.channel import CAPABILITIES as WEBCHAT
from bot.checking import FLAGS, describe
from bot.ports import Capabilities

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
ALL = (WEBCHAT, ApiChannel().capabilities, DISCORD, TELEGRAM)


def table() -> list[str]:
    rows = [[words, *("yes" if getattr(may, flag) else "no" for may in ALL)] for flag, words in FLAGS.items()]
    rows += [
        ["longest text", *(f"{may.longest_text:,}" for may in ALL)],
        ["sends at once", *(str(may.sends_at_once) for may in ALL)],
        ["pause between two texts to one chat", *(seconds(may.per_place.total_seconds()) for may in ALL)],
        ["pause between two texts to one room", *(seconds(may.per_room.total_seconds()) for may in ALL)],
        ["pause between any two texts", *(seconds(may.per_account.total_seconds()) for may in ALL)],
    ]
    return [f"| {' | '.join(row)} |" for row in rows]


def seconds(value: float) -> str:
    return f"{value:g} s" if value else "none"


def instead() -> list[str]:
    return [f"- **{may.name}**, {FLAGS[flag]}: {told}." for may in ALL for flag, told in may.instead.items()]


def test_the_table_is_what_the_channels_declare() -> None:
    assert "\n".join(table()) in PAGE


def test_what_is_done_instead_is_what_the_channels_declare() -> None:
    assert "\n".join(instead()) in PAGE


@pytest.mark.parametrize("may", ALL, ids=lambda may: may.name)
def test_what_a_channel_cannot_do_is_replaced_in_a_stated_way(may: Capabilities) -> None:
    missing = {flag for flag in FLAGS if not getattr(may, flag)}
    assert set(may.instead) == missing
    assert all(told in describe(may) for told in may.instead.values())

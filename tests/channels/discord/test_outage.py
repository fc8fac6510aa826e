"""When operations learn that Discord cannot be reached, and that it is over."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.channels.discord.hearing import Hearing
from bot.channels.discord.incoming import Incoming
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.places import Places
from bot.domain.rooms import RoomRules
from bot.engine.board import NoticeBoard
from bot.engine.time import VirtualTime
from tests.contracts.channel_case import NOW


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(NOW)


@pytest.fixture
def board() -> NoticeBoard:
    return NoticeBoard()


@pytest.fixture
def hearing(time: VirtualTime, board: NoticeBoard) -> Hearing:
    line = ChannelLine()
    return Hearing(places=Places(), incoming=Incoming(), rules=RoomRules(), time=time, board=board, desk=line)


def test_a_change_of_servers_is_not_worth_a_word(hearing: Hearing, time: VirtualTime, board: NoticeBoard) -> None:
    hearing.lose()
    time.move(timedelta(seconds=14))
    hearing.look_for_outage()
    assert board.sentences() == []


def test_a_longer_outage_is_told_with_its_beginning_until_it_is_over(
    hearing: Hearing, time: VirtualTime, board: NoticeBoard
) -> None:
    hearing.lose()
    time.move(timedelta(seconds=10))
    hearing.lose()  # each attempt that fails
    time.move(timedelta(seconds=5))
    hearing.look_for_outage()
    [told] = board.sentences()
    assert f"since {NOW:%H:%M} UTC" in told
    hearing.hear(json.dumps({"op": 0, "t": "RESUMED", "s": 2, "d": {}}))
    assert board.sentences() == []
    time.move(timedelta(minutes=5))
    hearing.look_for_outage()
    assert board.sentences() == []

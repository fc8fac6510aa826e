"""The gateway's connection breaks in every way that Discord documents, and no message is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import structlog
from discord.gateway import KeepAliveHandler

from tests.wire.discord.fakes import Heed, until
from tests.wire.discord.faults import Broken, Slow
from tests.wire.discord.payloads import Problem
from tests.wire.discord.server import NAMED, DiscordServer


@pytest.fixture
async def heed(server: DiscordServer) -> Heed:
    server.add_guild()
    server.add_channel("4001")
    server.add_thread("5001", "4001")
    server.dm()
    return Heed(server)


@pytest.fixture
async def live(heed: Heed) -> AsyncIterator[Heed]:
    """Heed connected, with one message heard in each place."""
    async with heed.listening():
        for place in ("1001", "4001", "5001"):
            heed.server.says("2001", place, f"{NAMED} hello")
        await until(lambda: len(heed.intake.taken) == 3)
        heed.intake.taken.clear()
        yield heed


def say_in_all(heed: Heed, text: str) -> None:
    for place in ("1001", "4001", "5001"):
        heed.server.says("2001", place, f"{NAMED} {text}")


async def settled(heed: Heed, *texts: str) -> None:
    """Wait until each text has come in from each of the three places, and see that none came twice."""
    await until(lambda: len(heed.intake.taken) >= 3 * len(texts), told=lambda: heed.intake.texts)
    heed.server.says("2001", "1001", "the end")
    await until(lambda: "the end" in heed.intake.texts)
    for text in texts:
        assert sum(text in each for each in heed.intake.texts) == 3
    assert len(heed.intake.taken) == 3 * len(texts) + 1


async def test_a_resumed_session_replays_what_was_missed(live: Heed) -> None:
    live.server.gateway.cut()
    say_in_all(live, "while away")
    await until(lambda: live.server.gateway.resumed)
    say_in_all(live, "and after")
    await settled(live, "while away", "and after")
    assert len(live.server.gateway.identified) == 1


async def test_a_new_session_fetches_what_was_missed_private_chats_and_threads_included(live: Heed) -> None:
    live.server.gateway.cut(forget=True)
    say_in_all(live, "while away")
    await until(lambda: len(live.server.gateway.identified) == 2)
    say_in_all(live, "and after")
    await settled(live, "while away", "and after")
    for place in ("1001", "4001"):
        order = [text for text in live.intake.texts_in(place) if "the end" not in text]
        assert order.index(next(text for text in order if "while away" in text)) == 0


async def test_a_session_that_discord_calls_invalid_is_begun_anew(live: Heed) -> None:
    live.server.gateway.invalidate(resumable=False)
    say_in_all(live, "while away")
    await until(lambda: len(live.server.gateway.identified) == 2)
    await settled(live, "while away")


async def test_a_session_that_may_be_resumed_is_resumed(live: Heed) -> None:
    live.server.gateway.invalidate(resumable=True)
    await until(lambda: live.server.gateway.resumed)
    say_in_all(live, "and after")
    await settled(live, "and after")
    assert len(live.server.gateway.identified) == 1


@pytest.mark.parametrize("code", [4000, 4008, 4009, 1000, 1001])
async def test_a_closed_connection_is_opened_again(live: Heed, code: int) -> None:
    await live.server.gateway.close(code)
    say_in_all(live, "while away")
    await until(lambda: live.server.gateway.connected)
    await settled(live, "while away")


async def test_a_gateway_that_restarts_loses_nothing(live: Heed) -> None:
    live.server.gateway.ask_to_reconnect()
    say_in_all(live, "meanwhile")
    await until(lambda: live.server.gateway.resumed)
    await settled(live, "meanwhile")


async def test_a_connection_that_breaks_again_and_again_doubles_nothing(live: Heed) -> None:
    for number in range(6):
        live.server.gateway.cut(forget=number % 2 == 0)
        say_in_all(live, f"round-{number}")
        await until(lambda: live.server.gateway.connected)
    await settled(live, *(f"round-{number}" for number in range(6)))


async def test_a_connection_that_answers_no_heartbeat_is_left(heed: Heed, monkeypatch: pytest.MonkeyPatch) -> None:
    run = KeepAliveHandler.run

    def impatient(self: KeepAliveHandler) -> None:
        self.heartbeat_timeout = 0.3  # a minute, against the real Discord
        run(self)

    monkeypatch.setattr(KeepAliveHandler, "run", impatient)
    heed.server.gateway.heartbeat = 0.1
    async with heed.listening():
        heed.server.gateway.acks = False
        await until(lambda: heed.server.gateway.resumed)
        heed.server.gateway.acks = True
        heed.server.says("2001", "1001", "still there?")
        await heed.has("still there?")


# --- what a human has to mend -------------------------------------------------------------------------------


async def test_a_wrong_token_is_told_in_a_sentence_and_not_tried_again_and_again(heed: Heed) -> None:
    heed.token = "revoked"
    async with heed.listening(connected=False):
        await until(lambda: heed.board.shown)
        await asyncio.sleep(0.3)
        assert heed.server.limits.asked["me"] <= 2
        assert heed.server.gateway.connections == 0
        assert heed.board.says("token")
        assert "revoked-" not in str(heed.board.shown)
        assert len(set(heed.board.ever)) == len(heed.board.ever) == 1
    assert "revoked" not in "".join(heed.board.ever).replace("is revoked", "").replace("was revoked", "")


async def test_a_missing_intent_is_told_in_a_sentence_and_not_tried_again_and_again(heed: Heed) -> None:
    heed.server.world.application_flags = 0
    async with heed.listening(connected=False):
        await until(lambda: heed.board.shown)
        await asyncio.sleep(0.3)
        assert len(heed.server.gateway.identified) <= 2
        assert heed.board.says("intent")
        assert len(heed.board.ever) == 1


async def test_a_token_that_is_revoked_while_heed_listens_is_told(live: Heed) -> None:
    live.server.world.token = "another"
    live.server.gateway.cut()
    await until(lambda: live.board.says("token"))
    before = live.server.gateway.connections + live.server.limits.asked["me"]
    await asyncio.sleep(0.3)
    assert live.server.gateway.connections + live.server.limits.asked["me"] <= before + 2


async def test_a_platform_that_is_down_at_the_start_is_waited_for(heed: Heed) -> None:
    heed.server.faults.next("me", Broken(503))
    heed.server.faults.next("me", Problem(500, 0, "internal"))
    async with heed.listening(connected=False):
        await until(lambda: heed.server.gateway.connected, seconds=20)
        heed.server.says("2001", "1001", "hello")
        await heed.has("hello")
        assert not heed.board.shown


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_clock_that_is_off_is_told(heed: Heed, minutes: int) -> None:
    heed.server.world.clock_off = timedelta(minutes=minutes)
    async with heed.listening():
        heed.server.says("2001", "1001", "hello")
        await heed.has("hello")
        await until(lambda: heed.board.says("clock"), told=lambda: heed.board.shown)


async def test_a_clock_that_is_right_is_not_told(live: Heed) -> None:
    assert not live.board.shown


async def test_being_kicked_and_an_outage_end_nothing(live: Heed) -> None:
    live.server.outage()
    live.server.says("2001", "1001", "in private")
    await live.has("in private")
    assert not live.board.shown
    live.server.kick()
    live.server.says("2001", "1001", "and again")
    await live.has("in private", "and again")
    assert live.board.says("removed")
    live.server.add_guild()
    live.server.says("2001", "4001", f"{NAMED} back again")
    await until(lambda: any("back again" in text for text in live.intake.texts))
    assert not live.board.shown


async def test_a_guild_that_is_out_of_order_at_the_start_is_caught_up_with_once_it_is_back(heed: Heed) -> None:
    async with heed.listening():
        say_in_all(heed, "first")
        await until(lambda: len(heed.intake.taken) == 3)
    heed.intake.taken.clear()
    say_in_all(heed, "while away")
    heed.server.outage()
    async with heed.listening():
        await until(lambda: any(arrival.private for arrival in heed.intake.taken))
        heed.server.add_channel("4009")  # nobody tells of it: the guild is out of order
        heed.server.says("2001", "4009", f"{NAMED} while away")
        heed.server.recovery()
        await until(lambda: len(heed.intake.taken) >= 4, told=lambda: heed.intake.texts)
    assert len(heed.intake.taken) == 4


async def test_a_guild_and_a_room_that_are_new_are_heard(live: Heed) -> None:
    live.server.add_guild("3002")
    live.server.add_channel("4101", "3002")
    live.server.says("2001", "4101", f"{NAMED} a new place")
    await until(lambda: live.intake.taken)
    assert "a new place" in live.intake.texts[0]
    assert live.intake.taken[0].addressed


async def test_an_address_where_nobody_answers_is_told_and_tried_with_pauses(heed: Heed) -> None:
    heed.server.api = "http://127.0.0.1:9/api/v10"
    async with heed.listening(connected=False):
        await until(lambda: heed.board.says("cannot be reached"))


async def test_a_gateway_where_nobody_answers_is_told_and_tried_with_pauses(heed: Heed) -> None:
    heed.server.gateway.address = "ws://127.0.0.1:9/"
    async with heed.listening(connected=False):
        await until(lambda: heed.server.limits.asked["me"])
        await until(lambda: heed.board.shown)


async def test_no_token_and_no_text_stands_in_the_log(heed: Heed, caplog: pytest.LogCaptureFixture) -> None:
    with structlog.testing.capture_logs() as logged:
        await noisy(heed)
    told = f"{logged} {caplog.text}"
    assert logged
    assert "unspeakable " not in told
    assert heed.server.token not in told


async def noisy(heed: Heed) -> None:
    """Hear, lose and refuse messages that say something unspeakable."""
    async with heed.listening():
        say_in_all(heed, "unspeakable")
        await until(lambda: len(heed.intake.taken) == 3)
        heed.server.gateway.cut(forget=True)
        say_in_all(heed, "unspeakable")
        heed.server.gateway.tell("MESSAGE_CREATE", {"id": "unspeakable", "channel_id": "1001"}, channel="1001")
        heed.server.says("2001", "1001", "unspeakable " * 2000)
        await until(lambda: len(heed.intake.taken) >= 6)


# --- the end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["me", "application", "history", "guild", ""])
async def test_it_ends_wherever_it_is_and_leaves_nothing_behind(heed: Heed, route: str) -> None:
    async with heed.listening():
        say_in_all(heed, "first")
        await until(lambda: len(heed.intake.taken) == 3)
    heed.server.says("2001", "1001", "missed")
    if route:
        heed.server.faults.next(route, Slow(3), times=50)
    before = sum(heed.server.limits.asked.values())
    async with heed.listening(connected=False):
        await until(lambda: sum(heed.server.limits.asked.values()) > before)
        await asyncio.sleep(0.05)


async def test_two_listeners_one_after_the_other_on_one_channel(heed: Heed) -> None:
    channel = heed.channel()
    for number in range(2):
        running = asyncio.create_task(channel.listen(heed.intake))
        await until(lambda: heed.server.gateway.connected)
        heed.server.says("2001", "1001", f"hello {number}")
        await heed.has(*(f"hello {earlier}" for earlier in range(number + 1)))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_lost_connection_is_one_line_in_the_log_and_no_traceback(
    live: Heed, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as told:
        live.server.gateway.cut()
        say_in_all(live, "while away")
        await settled(live, "while away")
    assert [line["event"] for line in told if line["event"] == "discord_disconnected"] == ["discord_disconnected"]
    assert not [record for record in caplog.records if record.exc_info]

"""Fetching updates from a Bot API server, with the real library."""

from __future__ import annotations

import pytest

from bot.channels.telegram import reception
from bot.errors import Overloaded, StoreUnavailable
from tests.channels.telegram.payloads import user
from tests.wire.telegram.faults import Cut, Garbage, Refuse
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Side, until


async def test_what_customers_write_is_stored_in_its_order(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        telegram.says("Where is my order?")
        telegram.says("It is late", by=user(1002, "Bo"))
        await heed.stores("Where is my order?", "It is late")
    assert heed.channel.tally.arrivals == 2


async def test_a_message_is_stored_before_telegram_is_told_that_it_arrived(
    telegram: BotApiServer, heed: Side
) -> None:
    heed.intake.hung = True
    telegram.says("Where is my order?")
    async with heed.listening():  # ended while it stores
        await heed.intake.entered.wait()
    assert len(telegram.waiting) == 1
    heed.intake.hung = False
    async with heed.listening():
        await heed.stores("Where is my order?")
        await until(lambda: not telegram.waiting)
    first, second = heed.intake.seen
    assert first.external_id == second.external_id


async def test_a_restart_after_storing_brings_the_message_again_under_the_same_id(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.says("Where is my order?")
    telegram.fail("getUpdates", Cut(after=True), *[Refuse(status=502)] * 2)
    async with heed.listening():
        await heed.stores("Where is my order?")
        await until(lambda: not telegram.waiting)
    assert {arrival.external_id for arrival in heed.intake.seen} == {"1001/1"}


@pytest.mark.parametrize("why", [Overloaded("full"), StoreUnavailable("locked")])
async def test_what_cannot_be_stored_waits_at_telegram_and_comes_in_order(
    telegram: BotApiServer, heed: Side, why: Exception
) -> None:
    heed.intake.broken = why
    async with heed.listening():
        telegram.says("one")
        await heed.tells("Messages wait at Telegram", "telegram.store")
        asked = telegram.calls["getUpdates"]
        telegram.says("two")
        await until(lambda: len(heed.intake.seen) > 5)
        assert telegram.calls["getUpdates"] == asked
        assert set(heed.time.waited) == {1.0}
        heed.intake.broken = None
        await heed.stores("one", "two")
        await heed.quiet("telegram.store")


async def test_more_updates_than_one_answer_holds_all_arrive_once(telegram: BotApiServer, heed: Side) -> None:
    texts = [f"message {number}" for number in range(250)]
    for text in texts:
        telegram.says(text)
    async with heed.listening():
        await heed.stores(*texts)
        await until(lambda: not telegram.waiting)
    assert len(heed.intake.seen) == 250


async def test_after_an_outage_nothing_is_missing(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        telegram.says("before")
        await heed.stores("before")
        telegram.outage = True
        telegram.stir()
        telegram.says("meanwhile")
        await heed.tells("No connection to Telegram")
        telegram.outage = False
        telegram.says("after")
        await heed.stores("before", "meanwhile", "after")
        await heed.quiet()
    assert len(heed.intake.seen) == 3


async def test_one_accident_is_no_news_and_the_pauses_grow(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("getUpdates", Refuse(status=502), Refuse(status=500))
    async with heed.listening():
        telegram.says("Hello")
        await heed.stores("Hello")
        assert heed.board.told == []
        assert heed.time.waited[:2] == [1.0, 2.0]
        telegram.fail("getUpdates", *[Refuse(status=502)] * 9)
        await heed.tells("No connection to Telegram")
        await heed.quiet()
        assert max(heed.time.waited) == 60.0


async def test_a_second_poller_is_told_of_and_outlived(telegram: BotApiServer, heed: Side) -> None:
    other = Side(telegram)
    async with heed.listening(), other.listening():
        await until(lambda: heed.board.told or other.board.told)
        told = [*heed.board.told, *other.board.told]
        assert "Another program fetches this bot's messages" in told[0]
        assert {*heed.time.waited, *other.time.waited} <= {5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0}
    async with heed.listening():
        telegram.says("Hello")
        await until(lambda: "Hello" in heed.intake.texts)
        await heed.quiet()


async def test_a_webhook_that_was_left_is_removed_at_the_start_and_its_messages_come(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.webhook = {"url": "https://elsewhere.example/hook"}
    telegram.waiting.append({"update_id": 5, "message": telegram.says("waited")})
    telegram.waiting.popleft()
    async with heed.listening():
        await heed.stores("waited")
    assert telegram.webhook == {}


async def test_a_webhook_set_elsewhere_is_told_of_and_not_fought(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        telegram.says("one")
        await heed.stores("one")
        telegram.webhook = {"url": "http://127.0.0.1:9/hook"}
        telegram.stir()
        await heed.tells("Somebody has set a webhook")
        assert telegram.calls["deleteWebhook"] == 0
        telegram.webhook = {}
        await heed.quiet()


async def test_flood_control_is_obeyed_and_told(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("getUpdates", Refuse(status=429, parameters={"retry_after": 35}), Refuse(status=429))
    async with heed.listening():
        telegram.says("Hello")
        await heed.stores("Hello")
        await heed.quiet()
    assert "wait 35 s" in heed.board.told[0]
    assert heed.time.waited[:2] == [35.0, 5.0]


async def test_a_revoked_token_is_told_and_asked_for_no_more(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        telegram.says("one")
        await heed.stores("one")
        telegram.revoked = True
        telegram.says("two")
        await heed.tells("Telegram refuses the token")
        calls = telegram.calls.total()
        await until(lambda: True)
        assert telegram.calls.total() == calls
        assert heed.intake.texts == ["one", "two"] or heed.intake.texts == ["one"]


async def test_a_token_wrong_from_the_start_is_told(telegram: BotApiServer) -> None:
    heed = Side(telegram, token="4242:mistyped")
    async with heed.listening():
        await heed.tells("Telegram refuses the token")
    assert telegram.calls.total() == 1


async def test_a_token_that_telegram_does_not_know_is_told_and_tried_again_seldom(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.fail(
        "getMe", Refuse(status=404, description="Not Found")
    )  # or what stands between is not the Bot API
    async with heed.listening():
        telegram.says("Hello")
        await heed.stores("Hello")
    assert "Telegram refuses the token" in heed.board.told[0]
    assert heed.time.waited[0] == 300.0


async def test_an_answer_that_is_no_json_is_an_accident(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("getUpdates", *[Garbage()] * 3, Garbage(body=b"[]"), Garbage(body=b'{"ok":true}'))
    telegram.fail("getMe", Garbage(), Garbage(body=b'{"ok":true,"result":{"id":"x"}}'))
    async with heed.listening():
        telegram.says("Hello")
        await heed.stores("Hello")


async def test_what_nobody_knows_yet_stops_nothing(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        telegram.says("one")
        await heed.stores("one")
        telegram._allowed = []
        telegram.push(hologram={"from": user(), "shape": "cube"})
        telegram.push(message={"message_id": "seventeen"})
        telegram.push(message=[1, 2, 3])
        telegram.waiting.append("not even an object")
        telegram.says("two")
        await heed.stores("one", "two")
    assert (heed.channel.tally.arrivals, heed.channel.tally.ignored, heed.channel.tally.unreadable) == (2, 1, 3)


async def test_an_arrival_that_breaks_intake_takes_no_other_with_it(telegram: BotApiServer, heed: Side) -> None:
    store = heed.intake.__call__

    async def choke(arrivals):
        if any(arrival.text == "poison" for arrival in arrivals):
            raise ValueError("a defect")
        return await store(arrivals)

    for text in ("one", "poison", "two"):
        telegram.says(text)
    heed.intake = choke
    async with heed.listening():
        await until(lambda: not telegram.waiting)
    assert [arrival.text for arrival in store.__self__.stored.values()] == ["one", "two"]


async def test_an_intake_that_fails_for_all_is_given_a_minute_and_loses_nothing(
    telegram: BotApiServer, heed: Side
) -> None:
    heed.intake.broken = ValueError("a defect")
    telegram.says("one")
    telegram.says("two")
    async with heed.listening():
        await heed.tells("Messages wait at Telegram", "telegram.store")
        heed.intake.broken = None
        await heed.stores("one", "two")


async def test_what_always_breaks_intake_holds_others_up_for_a_minute_only(
    telegram: BotApiServer, heed: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "MOST_FAILURES", 5)
    heed.intake.broken = ValueError("a defect")
    telegram.says("poison")
    async with heed.listening():
        await until(lambda: not telegram.waiting)
        assert heed.time.waited.count(1.0) == 4
        heed.intake.broken = None
        telegram.says("two")
        await heed.stores("two")


async def test_a_slow_clock_is_told_until_it_is_right(telegram: BotApiServer, heed: Side) -> None:
    telegram.date = lambda: int(heed.time.now().timestamp()) + 90
    async with heed.listening():
        telegram.says("from tomorrow")
        await heed.tells("clock is slow", "telegram.clock")
        [arrival] = heed.intake.stored.values()
        assert arrival.happened_at == arrival.arrived_at
        telegram.date = lambda: int(heed.time.now().timestamp())
        telegram.says("from now")
        await heed.quiet("telegram.clock")


async def test_it_asks_only_for_the_kinds_of_updates_that_it_reads(telegram: BotApiServer, heed: Side) -> None:
    async with heed.listening():
        await until(lambda: telegram._allowed)
    assert telegram._allowed == ["message", "edited_message", "my_chat_member"]

"""The chat page's WebSocket: the way of a message to Heed, and of an answer to the page."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.errors import Overloaded
from bot.records import ArrivalKind
from tests.channels.chatting import chat, client, home, opened
from tests.channels.fakes import START, FakeHeed

__all__ = ["chat", "client"]


async def test_a_message_is_acknowledged_once_it_is_stored(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    assert await page.hello() == []
    ack = await page.write("message-1", "Where is my order?", sent_at="2026-11-22T08:59:30Z")
    [[arrival]] = heed.intake_calls
    assert ack == {"type": "ack", "id": "message-1", "message": f"webchat/{arrival.external_id}"}
    assert (arrival.channel, arrival.kind, arrival.text) == ("webchat", ArrivalKind.MESSAGE, "Where is my order?")
    assert arrival.address.place == arrival.customer.external_id
    assert arrival.external_id == f"{arrival.customer.external_id}:message-1"
    assert (START - arrival.happened_at) == timedelta(seconds=30)


async def test_the_same_message_again_is_acknowledged_again_and_stored_once(
    client: TestClient, heed: FakeHeed
) -> None:
    page = await opened(client)
    await page.hello()
    first = await page.write("message-1", "Hello?")
    assert await page.write("message-1", "Hello?") == first
    assert len(heed.entries) == 1


async def test_the_same_id_with_another_text_is_told(client: TestClient) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    await page.say("message", id="message-1", text="Something else")
    error = await page.hear_of("error")
    assert (error["code"], error["id"]) == ("conflict", "message-1")


async def test_a_time_far_back_is_not_believed(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Late!", sent_at="2026-11-01T00:00:00Z")
    assert START - heed.intake_calls[0][0].happened_at == timedelta(minutes=5)


async def test_an_answer_appears_on_all_pages_of_its_visitor(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    other = await opened(client)
    await other.hello(token=page.token)
    await page.write("message-1", "Where is my order?")
    assert (await other.hear_text("Where is my order?"))["author"] == "you"
    await heed.say(home(heed), "On its way.", quick_replies=("Thanks!",))
    for one in (page, other):
        entry = await one.hear_text("On its way.")
        assert (entry["author"], entry["quick_replies"], entry["substantive"]) == ("assistant", ["Thanks!"], True)


async def test_a_person_is_shown_as_support_and_never_by_name(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "A person, please")
    await heed.say(home(heed), "Anna here.", author=Author.AGENT, agent="anna-the-agent", name="Anna Secret")
    entry = await page.hear_text("Anna here.")
    assert entry["author"] == "support"
    assert "anna-the-agent" not in json.dumps(entry)
    assert "Secret" not in json.dumps(entry)


async def test_coming_back_shows_what_was_missed_and_nothing_twice(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Where is my order?")
    await page.socket.close()
    await heed.say(home(heed), "On its way.")
    back = await opened(client)
    shown = await back.hello(token=page.token, after=1)
    assert [(entry["number"], entry["text"]) for entry in shown] == [(2, "On its way.")]
    anew = await opened(client)
    assert [entry["client_id"] for entry in await anew.hello(token=page.token) if "client_id" in entry] == [
        "message-1"
    ]


async def test_a_long_conversation_is_shown_by_its_end_in_parts(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "first")
    for number in range(450):
        heed.write(home(heed), Author.BOT, f"line {number}")
    back = await opened(client)
    shown = await back.hello(token=page.token)
    assert (len(shown), shown[-1]["text"]) == (200, "line 449")


async def test_an_edit_and_a_deletion_reach_heed_and_every_page(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Where is my oder?")
    await page.say("edit", id="message-1", text="Where is my order?", revision="rev-0001")
    assert (await page.hear_of("ack"))["id"] == "message-1"
    await heed.log(home(heed), LogKind.MESSAGE_EDITED)
    assert (await page.hear_text("Where is my order?"))["edited"] is True
    await page.say("delete", id="message-1")
    await page.hear_of("ack")
    await heed.log(home(heed), LogKind.MESSAGE_DELETED)
    entry = await page.hear_text("")
    assert entry["deleted"] is True
    kinds = [call[0].kind for call in heed.intake_calls]
    assert kinds == [ArrivalKind.MESSAGE, ArrivalKind.EDIT, ArrivalKind.DELETION]
    assert heed.intake_calls[1][0].revision == "rev-0001"


async def test_a_full_heed_asks_the_page_to_repeat_and_then_takes_it(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    heed.full = True
    await page.say("message", id="message-1", text="Hello?")
    error = await page.hear_of("error")
    assert (error["code"], error["id"], error["retry_after"]) == ("busy", "message-1", 2.0)
    heed.full = False
    assert (await page.write("message-1", "Hello?"))["id"] == "message-1"


async def test_live_updates_survive_a_store_that_fails_for_a_while(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    heed.broken = True
    heed.time.waiting.clear()
    await heed.say(home(heed), "Back again.")
    await heed.time.waiting.wait()
    heed.broken = False
    await heed.time.advance(timedelta(seconds=2))
    assert (await page.hear_text("Back again."))["author"] == "assistant"


async def test_a_page_that_finds_the_store_overloaded_is_asked_to_come_back(
    client: TestClient, heed: FakeHeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history(*given: object, **more: object) -> None:
        raise Overloaded("10000 operations wait for the store")

    monkeypatch.setattr(heed, "history", history)
    page = await opened(client)
    await page.say("hello")
    assert (await page.hear())["type"] == "welcome"
    assert (await page.hear())["code"] == "busy"
    assert await page.closed() == 1013


async def test_a_change_looks_up_only_the_pages_whose_conversation_changed(
    client: TestClient, heed: FakeHeed
) -> None:
    ann, ben = await opened(client), await opened(client)
    for number, page in enumerate((ann, ben)):
        await page.hello()
        await page.write(f"message-{number}", f"Hello from {number}")
    conversation = home(heed)
    await heed.say(conversation, "settled")
    await ben.hear_text("settled")
    heed.looked_up.clear()
    await heed.log("somebody-else", LogKind.CLAIMED)
    await heed.say(conversation, "Only for Ben.")
    await ben.hear_text("Only for Ben.")
    assert set(heed.looked_up) == {heed.intake_calls[1][0].customer.external_id}


async def test_a_page_that_slept_asks_and_is_shown_what_it_missed(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    heed.write(home(heed), Author.BOT, "written without a trace in the log")
    await page.say("catch_up", after=1)
    assert await page.hear_text("written without a trace in the log")

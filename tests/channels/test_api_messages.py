"""The API over HTTP: who may call, what is taken, and how each problem is told."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.api.channel import ApiChannel
from bot.channels.api.gate import LARGEST_BODY
from bot.channels.api.routes import ApiParts, api_routes
from bot.records import ArrivalKind
from tests.channels.fakes import START, FakeHeed, errors

TOKEN = "a-long-token"
GOOD = {
    "id": "1",
    "conversation": "shop-77",
    "customer": {"id": "u1", "name": "Ann"},
    "text": "Where is my order?",
}


def application(
    heed: FakeHeed,
    *,
    token: str | None = TOKEN,
    channel: ApiChannel | None = None,
    teams: tuple[str, ...] = (),
) -> web.Application:
    app = web.Application(middlewares=[errors])
    parts = ApiParts(
        channel=channel or ApiChannel(),
        intake=heed.intake,
        commands=heed,
        feed=heed,
        views=heed,
        log=heed,
        accounts=heed,
        time=heed.time,
        token=token,
        teams=teams,
    )
    app.add_routes(api_routes(parts))
    return app


@pytest.fixture
async def api(heed: FakeHeed) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(application(heed)), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


async def detail(response) -> str:
    assert response.content_type == "application/problem+json"
    problem = await response.json()
    assert problem["status"] == response.status
    return problem["detail"]


async def test_a_message_is_stored_before_it_is_acknowledged(api: TestClient, heed: FakeHeed) -> None:
    response = await api.post("/api/v1/messages", json={**GOOD, "sent_at": "2026-11-22T08:59:00Z"})
    assert response.status == 202
    [[arrival]] = heed.intake_calls
    assert await response.json() == {"conversation": "c-api-api-shop-77-u1"}
    assert (arrival.kind, arrival.channel, arrival.external_id) == (ArrivalKind.MESSAGE, "api", "1")
    assert (arrival.happened_at.isoformat(), arrival.arrived_at) == ("2026-11-22T08:59:00+00:00", START)
    assert arrival.customer.name == "Ann"


async def test_the_same_message_again_gives_the_same_answer(api: TestClient) -> None:
    first = await api.post("/api/v1/messages", json=GOOD)
    again = await api.post("/api/v1/messages", json=GOOD)
    assert (again.status, await again.json()) == (202, await first.json())


async def test_the_same_id_with_another_body_is_a_conflict(api: TestClient) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    other = await api.post("/api/v1/messages", json={**GOOD, "text": "Cancel it!"})
    assert (other.status, await detail(other)) == (409, "id: '1' is known with another content")


async def test_two_customers_in_one_conversation_of_the_sender_stay_apart(api: TestClient) -> None:
    ann = await (await api.post("/api/v1/messages", json=GOOD)).json()
    ben = await (await api.post("/api/v1/messages", json={**GOOD, "id": "2", "customer": {"id": "u2"}})).json()
    assert ann != ben


async def test_without_a_customer_the_conversation_stands_for_one(api: TestClient, heed: FakeHeed) -> None:
    response = await api.post("/api/v1/messages", json={"id": "1", "conversation": "shop-77", "text": "Hi"})
    assert response.status == 202
    assert heed.intake_calls[0][0].customer.external_id == "shop-77"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({**GOOD, "txt": "x"}, "txt: unknown field; did you mean 'text'?"),
        ({**GOOD, "customer": {"id": "u", "nam": "x"}}, "customer.nam: unknown field; did you mean 'name'?"),
        (
            {**GOOD, "zzzzz": 1},
            "zzzzz: unknown field; known are id, conversation, text, channel, customer, sent_at",
        ),
        ({"conversation": "c", "text": "x"}, "id: missing; it is required"),
        ({**GOOD, "id": 7}, "id: 7 is of the wrong type; send text"),
        ({**GOOD, "customer": "Ann"}, "customer: 'Ann' is of the wrong type; send an object or null"),
        ({**GOOD, "text": " \n"}, r"text: ' \n' holds nothing to read; send at least one character"),
        ({**GOOD, "text": "x" * 16_001}, "text: 16,001 characters are too many; the limit is 16,000"),
        ({**GOOD, "id": ""}, "id: '' (0 characters) is not an id; send 1 to 200 printable characters"),
        ({**GOOD, "channel": "webchat"}, "channel: 'webchat' is served by Heed itself; choose another name"),
        (
            {**GOOD, "channel": "My Shop"},
            "channel: 'My Shop' is not a name; send a small letter and up to 31 of a-z, 0-9, _ and -",
        ),
        (
            {**GOOD, "sent_at": "yesterday"},
            "sent_at: 'yesterday' is not a time with its offset; send one like '2026-11-22T09:30:00Z'",
        ),
        ("x", "body: 'x' is of the wrong type; send an object"),
    ],
)
async def test_what_is_wrong_is_named_with_what_would_be_right(
    api: TestClient, heed: FakeHeed, body: object, said: str
) -> None:
    response = await api.post("/api/v1/messages", json=body)
    assert (response.status, await detail(response)) == (400, said)
    assert heed.intake_calls == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"id": ' + b"9" * 6000 + b"}"])
async def test_a_body_that_is_no_json_is_refused(api: TestClient, body: bytes) -> None:
    response = await api.post("/api/v1/messages", data=body, headers={"Content-Type": "application/json"})
    assert response.status == 400
    assert (await detail(response)).startswith("body: ")


async def test_broken_characters_are_repaired_rather_than_refused(api: TestClient, heed: FakeHeed) -> None:
    body = b'{"id": "1", "conversation": "c", "text": "caf\xe9 \\ud83d\x00 ok"}'
    response = await api.post("/api/v1/messages", data=body, headers={"Content-Type": "application/json"})
    assert response.status == 202
    assert heed.intake_calls[0][0].text == "caf\ufffd \ufffd ok"


async def test_another_content_type_is_refused(api: TestClient) -> None:
    response = await api.post("/api/v1/messages", data=json.dumps(GOOD), headers={"Content-Type": "text/plain"})
    assert (response.status, await detail(response)) == (415, "content type 'text/plain'; send application/json")


async def test_too_large_a_body_is_refused_whether_or_not_it_says_its_size(api: TestClient) -> None:
    large = b" " * (LARGEST_BODY + 1)
    said = await api.post("/api/v1/messages", data=io.BytesIO(large), headers={"Content-Type": "application/json"})
    assert (said.status, await detail(said)) == (413, "body: more than 8,388,608 bytes; send a shorter list")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    unsaid = await api.post("/api/v1/messages", data=chunks(), headers={"Content-Type": "application/json"})
    assert unsaid.status == 413


async def test_a_full_heed_says_when_to_come_again(api: TestClient, heed: FakeHeed) -> None:
    heed.full = True
    response = await api.post("/api/v1/messages", json=GOOD)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")


# --- lists ------------------------------------------------------------------------------------------------


async def test_a_list_gets_a_status_for_each_in_order_and_is_taken_in_with_one_call(
    api: TestClient, heed: FakeHeed
) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    items = [
        {**GOOD, "text": "another text"},
        {**GOOD, "id": "2"},
        {"id": "3"},
        {**GOOD, "id": "4", "channel": "webchat"},
        GOOD,
        7,
    ]
    response = await api.post("/api/v1/messages", json=items)
    statuses = await response.json()
    assert response.status == 207
    assert [item["status"] for item in statuses] == [409, 202, 400, 400, 202, 400]
    assert statuses[2] == {"status": 400, "error": "conversation: missing; it is required"}
    assert statuses[0]["conversation"] == statuses[1]["conversation"] == statuses[4]["conversation"]
    assert [len(call) for call in heed.intake_calls] == [1, 3]


async def test_a_thousand_messages_are_one_call_and_a_thousand_and_one_are_refused(
    api: TestClient, heed: FakeHeed
) -> None:
    items = [{**GOOD, "id": str(number)} for number in range(1_001)]
    response = await api.post("/api/v1/messages", json=items[:1000])
    assert {item["status"] for item in await response.json()} == {202}
    assert [len(call) for call in heed.intake_calls] == [1000]
    longer = await api.post("/api/v1/messages", json=items)
    assert (longer.status, await detail(longer)) == (
        400,
        "body: a list of 1,001 messages is too long; the limit is 1,000",
    )


async def test_a_list_is_not_half_taken_when_heed_is_full(api: TestClient, heed: FakeHeed) -> None:
    heed.full = True
    items = [{**GOOD, "id": str(number)} for number in range(3)]
    assert (await api.post("/api/v1/messages", json=items)).status == 503
    heed.full = False
    again = await api.post("/api/v1/messages", json=items)
    assert [item["status"] for item in await again.json()] == [202, 202, 202]


async def test_an_empty_list_is_no_mistake(api: TestClient, heed: FakeHeed) -> None:
    response = await api.post("/api/v1/messages", json=[])
    assert (response.status, await response.json(), heed.intake_calls) == (207, [], [])


# --- edits and deletions ----------------------------------------------------------------------------------


async def test_an_edit_and_a_deletion_find_their_message(api: TestClient, heed: FakeHeed) -> None:
    await api.post("/api/v1/messages", json={**GOOD, "channel": "shop", "id": "a/1"})
    edited = await api.patch("/api/v1/messages/shop/a%2F1", json={"text": "Where is it?"})
    again = await api.patch("/api/v1/messages/shop/a%2F1", json={"text": "Where is it?"})
    assert (edited.status, await edited.json()) == (again.status, await again.json())
    deleted = await api.delete("/api/v1/messages/shop/a%2F1")
    assert (deleted.status, await deleted.json()) == (202, await edited.json())
    kinds = [call[0].kind for call in heed.intake_calls]
    assert kinds == [ArrivalKind.MESSAGE, ArrivalKind.EDIT, ArrivalKind.EDIT, ArrivalKind.DELETION]


async def test_two_edits_with_their_times_are_two_revisions_and_a_repetition_is_one(
    api: TestClient, heed: FakeHeed
) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    for edited_at in ("2026-11-22T08:58:00Z", "2026-11-22T08:59:00Z", "2026-11-22T08:59:00Z"):
        await api.patch("/api/v1/messages/api/1", json={"text": "B", "edited_at": edited_at})
    first, second, repeated = [call[0].revision for call in heed.intake_calls[1:]]
    assert first != second == repeated


async def test_what_was_never_seen_cannot_be_changed(api: TestClient) -> None:
    patched = await api.patch("/api/v1/messages/api/9", json={"text": "x"})
    assert (patched.status, await detail(patched)) == (404, "message: 'api/9' is not known")
    assert (await api.delete("/api/v1/messages/api/9")).status == 404
    assert (await api.delete("/api/v1/messages/webchat/9")).status == 400


# --- who may call -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", TOKEN])
async def test_without_a_token_the_way_to_send_one_is_told(heed: FakeHeed, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with TestClient(TestServer(application(heed))) as client:
        response = await client.post("/api/v1/messages", json=GOOD, headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="heed"'
        assert "Authorization: Bearer" in await detail(response)


async def test_a_wrong_token_is_refused_without_showing_either(heed: FakeHeed) -> None:
    async with TestClient(TestServer(application(heed))) as client:
        response = await client.get("/api/v1/answers", headers={"Authorization": "Bearer a-long-tokeX"})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="heed", error="invalid_token"'
        assert "a-long" not in await response.text()


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_configured_token_the_api_is_closed(heed: FakeHeed, token: str | None) -> None:
    async with TestClient(TestServer(application(heed, token=token))) as client:
        response = await client.post("/api/v1/messages", json=GOOD, headers={"Authorization": "Bearer "})
        assert (response.status, await detail(response)) == (403, "the API is closed: set HEED_API_TOKEN")


async def test_every_route_but_the_description_is_behind_the_token(heed: FakeHeed) -> None:
    async with TestClient(TestServer(application(heed))) as client:
        for resource in client.app.router.resources():
            for route in resource:
                if route.method != "HEAD":
                    path = resource.canonical.replace("{channel}", "api").replace("{id}", "1")
                    response = await client.request(route.method, path)
                    assert response.status == (200 if path.endswith("openapi.json") else 401), path

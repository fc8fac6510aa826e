"""Fetching answers, replies of humans, and looking a conversation up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.api.channel import ApiChannel
from bot.channels.api.openapi import DOCUMENT
from bot.channels.api.webhook import Secret, Webhook
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Conversation
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Wording
from bot.domain.log import LogKind
from bot.domain.messages import Address, AgentId, Author, ConversationId, Customer, CustomerId, MessageId
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.roles import Role
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.records import ArrivalKind, ConversationView, DecisionRecord, NoteRecord, TranscriptEntry
from tests.channels.fakes import START, FakeHeed, sending
from tests.channels.test_api_messages import GOOD, TOKEN, application, detail

HOME = "c-api-api-shop-77-u1"
REPLIES = f"/api/v1/conversations/{HOME}/replies"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def api(heed: FakeHeed) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(application(heed)), headers=AUTHORISED) as client:
        yield client


async def test_an_answer_carries_the_senders_ids_and_an_idempotency_key(api: TestClient, heed: FakeHeed) -> None:
    await heed.queue(sending(3))
    response = await api.get("/api/v1/answers")
    assert await response.json() == {
        "answers": [
            {
                "cursor": "3",
                "id": "a3",
                "channel": "api",
                "conversation": "shop-77",
                "heed_conversation": "c1",
                "customer": "u1",
                "kind": "answer",
                "author": "bot",
                "agent": None,
                "text": "Your order is on its way.",
                "quick_replies": ["Talk to a person"],
                "template": "order-status",
                "revises": None,
                "attachments": [],
                "created_at": "2026-11-22T09:00:03.000Z",
            }
        ],
        "cursor": "3",
    }
    assert response.headers["Cache-Control"] == "no-store"


async def test_every_kind_of_text_to_a_customer_has_its_word(api: TestClient, heed: FakeHeed) -> None:
    for number, wording in enumerate(Wording, start=1):
        await heed.queue(sending(number, wording=wording))
    answers = (await (await api.get("/api/v1/answers")).json())["answers"]
    assert [answer["kind"] for answer in answers] == [str(wording) for wording in Wording]


async def test_the_cursor_leads_on_and_the_same_cursor_gives_the_same_again(
    api: TestClient, heed: FakeHeed
) -> None:
    for number in (1, 2, 3):
        await heed.queue(sending(number))
    first = await (await api.get("/api/v1/answers?limit=2")).json()
    assert ([one["id"] for one in first["answers"]], first["cursor"]) == (["a1", "a2"], "2")
    for _ in range(2):
        rest = await (await api.get(f"/api/v1/answers?after={first['cursor']}")).json()
        assert ([one["id"] for one in rest["answers"]], rest["cursor"]) == (["a3"], "3")
    none = await (await api.get("/api/v1/answers?after=3")).json()
    assert none == {"answers": [], "cursor": "3"}


async def test_channels_have_feeds_of_their_own(api: TestClient, heed: FakeHeed) -> None:
    await heed.queue(sending(1, channel="shop"))
    assert (await (await api.get("/api/v1/answers")).json())["answers"] == []
    assert len((await (await api.get("/api/v1/answers?channel=shop")).json())["answers"]) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("after=x", "after: 'x'; send a whole number from 0 to 9223372036854775807"),
        ("after=-1", "after: '-1'; send a whole number from 0 to 9223372036854775807"),
        ("limit=0", "limit: '0'; send a whole number from 1 to 1000"),
        ("wait=31", "wait: '31'; send a whole number from 0 to 30"),
        ("afer=1", "'afer': unknown parameter; did you mean 'after'?"),
        ("channel=discord", "channel: 'discord' is served by Heed itself; choose another name"),
    ],
)
async def test_a_wrong_query_is_told(api: TestClient, query: str, said: str) -> None:
    response = await api.get(f"/api/v1/answers?{query}")
    assert (response.status, await detail(response)) == (400, said)


async def test_a_waiting_request_returns_as_soon_as_there_is_an_answer(api: TestClient, heed: FakeHeed) -> None:
    async with asyncio.TaskGroup() as group:
        request = group.create_task(api.get("/api/v1/answers?wait=30"))
        await heed.tailed.wait()
        heed.tailed.clear()
        await heed.log("c9", LogKind.CLAIMED)  # not an answer: it waits on
        await heed.tailed.wait()
        assert not request.done()
        await heed.queue(sending(1))
    answers = await request.result().json()
    assert [answer["id"] for answer in answers["answers"]] == ["a1"]


async def test_a_waiting_request_returns_empty_when_its_time_is_up(api: TestClient, heed: FakeHeed) -> None:
    async with asyncio.TaskGroup() as group:
        request = group.create_task(api.get("/api/v1/answers?wait=30&after=5"))
        await heed.tailed.wait()
        await heed.time.advance(timedelta(seconds=30))
    assert await request.result().json() == {"answers": [], "cursor": "5"}


async def test_a_waiting_request_returns_empty_when_heed_ends(heed: FakeHeed) -> None:
    channel = ApiChannel()
    async with (
        asyncio.timeout(5),
        TestClient(TestServer(application(heed, channel=channel)), headers=AUTHORISED) as api,
        asyncio.TaskGroup() as group,
    ):
        request = group.create_task(api.get("/api/v1/answers?wait=30&after=5"))
        await heed.tailed.wait()
        await channel.close()
        response = await request
        assert await response.json() == {"answers": [], "cursor": "5"}
        late = await api.get("/api/v1/answers?wait=30&after=5")
        assert await late.json() == {"answers": [], "cursor": "5"}


async def test_answers_that_a_webhook_pushes_are_not_fetched_as_well(heed: FakeHeed) -> None:
    async with aiohttp.ClientSession() as session:
        hook = Webhook(url="http://127.0.0.1:9/", secret=Secret(SECRET), session=session, time=heed.time)
        app = application(heed, channel=ApiChannel(webhook=hook))
        async with TestClient(TestServer(app), headers=AUTHORISED) as client:
            response = await client.get("/api/v1/answers")
            assert (response.status, "webhook" in await detail(response)) == (409, True)


# --- replies ----------------------------------------------------------------------------------------------


async def test_a_reply_on_a_channel_of_the_api_is_recorded_as_delivered(api: TestClient, heed: FakeHeed) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    body = {"id": "r1", "agent": "anna", "text": "It is on its way.", "sent_at": "2026-11-22T08:59:30Z"}
    response = await api.post(REPLIES, json=body)
    assert (response.status, await response.json()) == (202, {"conversation": HOME, "delivered": True, "id": "r1"})
    [arrival] = heed.intake_calls[-1]
    assert (arrival.kind, arrival.agent, arrival.conversation) == (ArrivalKind.REPLY, "anna", HOME)
    assert (arrival.channel, arrival.external_id) == ("api", "reply:r1")
    assert heed.commands_given == []


async def test_a_delivered_reply_again_gives_the_same_answer_and_another_text_is_a_conflict(
    api: TestClient, heed: FakeHeed
) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    body = {"id": "r1", "agent": "anna", "text": "It is on its way."}
    assert (await api.post(REPLIES, json=body)).status == 202
    assert (await api.post(REPLIES, json=body)).status == 202
    other = await api.post(REPLIES, json={**body, "text": "No."})
    assert (other.status, await detail(other)) == (
        409,
        "id: 'r1' is known with another content; give a new reply a new id",
    )


async def test_a_reply_that_heed_is_to_send_goes_the_way_of_commands_once(api: TestClient, heed: FakeHeed) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    heed.add_lead("anna")
    body = {"id": "r1", "agent": "anna", "text": "It is on its way.", "delivered": False}
    answers = [await (await api.post(REPLIES, json=body)).json() for _ in range(3)]
    assert answers == [{"conversation": HOME, "delivered": False, "id": "r1"}] * 3
    [command] = heed.commands_given
    assert (command.text, command.agent.id, command.agent.role) == ("It is on its way.", "anna", Role.LEAD)
    other = await api.post(REPLIES, json={**body, "text": "No."})
    assert other.status == 409


async def test_two_deliveries_of_one_reply_at_the_same_time_send_it_once(api: TestClient, heed: FakeHeed) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    body = {"id": "r1", "agent": "anna", "text": "It is on its way.", "delivered": False}
    responses = await asyncio.gather(*(api.post(REPLIES, json=body) for _ in range(5)))
    assert [response.status for response in responses] == [202] * 5
    assert len(heed.commands_given) == 1


async def test_a_refused_reply_says_why_and_may_be_sent_again(api: TestClient, heed: FakeHeed) -> None:
    await api.post("/api/v1/messages", json=GOOD)
    body = {"id": "r1", "agent": "anna", "text": "It is on its way.", "delivered": False}
    heed.refusal = "Ben holds this conversation."
    refused = await api.post(REPLIES, json=body)
    assert (refused.status, await detail(refused)) == (409, "Ben holds this conversation.")
    heed.refusal = ""
    assert (await api.post(REPLIES, json=body)).status == 202
    assert len(heed.commands_given) == 1


async def test_where_heed_delivers_a_reply_is_sent_unless_it_says_otherwise(
    api: TestClient, heed: FakeHeed
) -> None:
    heed.owners["w1"] = ("webchat", "visitor:1")
    heed.views_of["w1"] = view_of("webchat", "w1")
    response = await api.post("/api/v1/conversations/w1/replies", json={"agent": "anna", "text": "Hi!"})
    assert await response.json() == {"conversation": "w1", "delivered": False, "id": None}
    assert len(heed.commands_given) == 1


async def test_a_reply_to_nothing_known_is_not_found(api: TestClient) -> None:
    response = await api.post("/api/v1/conversations/c9/replies", json={"agent": "anna", "text": "Hi"})
    assert (response.status, await detail(response)) == (404, "conversation: 'c9' is not known")


# --- looking up -------------------------------------------------------------------------------------------


def view_of(channel: str = "shop", id_: str = "c1") -> ConversationView:
    began = START - timedelta(minutes=5)
    clock = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=began, running_since=began)
    clock = clock.aimed_at(Aim(policy="standard", target=timedelta(hours=1)), ALWAYS_OPEN, at=began)
    prediction = Prediction(
        label=Label.COMPLAINT,
        probabilities={Label.QUESTION: 0.2, Label.COMPLAINT: 0.9, Label.PRAISE: 0.0},
        language="en",
    )
    record = DecisionRecord(
        message=MessageId("m1"),
        assessment=Assessment(
            prediction=prediction,
            candidates=(Candidate(template="late-order", score=0.7),),
            versions=Versions(model="v1", calibration="k1", templates="t1"),
        ),
        situation=None,
        decision=Decision(
            kind=DecisionKind.ESCALATE,
            reason=Reason.COMPLAINT,
            rendered=Rendered(text="We're on it.", template="ack", wording=Wording.ACKNOWLEDGEMENT),
        ),
        made_at=START,
    )
    return ConversationView(
        conversation=Conversation(
            id=ConversationId(id_),
            address=Address(channel=channel, account="api", place="shop-77", thread="u1"),
            customer=CustomerId("k1"),
            state=State.ESCALATED,
            label=Label.COMPLAINT,
            language="en",
            reason=Reason.COMPLAINT,
            clocks=(clock,),
        ),
        customer=Customer(channel=channel, external_id="u1", name="Ann"),
        transcript=(
            TranscriptEntry(
                message=MessageId("m1"),
                conversation=ConversationId(id_),
                author=Author.CUSTOMER,
                text="It is late!",
                at=START,
                number=1,
            ),
        ),
        notes=(NoteRecord(id="n1", agent=AgentId("anna"), text="difficult customer", at=START),),
        decisions=(record,),
    )


async def test_a_conversation_shows_state_messages_predictions_decisions_and_running_clocks(
    api: TestClient, heed: FakeHeed
) -> None:
    heed.views_of["c1"] = view_of()
    found = await (await api.get("/api/v1/conversations/c1")).json()
    assert (found["state"], found["channel"], found["conversation"]) == ("escalated", "shop", "shop-77")
    assert found["customer"] == {"id": "u1", "name": "Ann"}
    assert found["messages"][0]["text"] == "It is late!"
    assert found["predictions"][0]["probabilities"] == {"question": 0.2, "complaint": 0.9, "praise": 0.0}
    assert found["decisions"][0]["reason_text"] == "Every complaint goes to a human."
    assert found["clocks"][0]["seconds"] == 300
    assert found["clocks"][0]["due_at"] == "2026-11-22T09:55:00.000Z"


async def test_notes_of_staff_never_leave_by_the_api(api: TestClient, heed: FakeHeed) -> None:
    heed.views_of["c1"] = view_of()
    assert "difficult" not in await (await api.get("/api/v1/conversations/c1")).text()


async def test_an_unknown_conversation_is_not_found(api: TestClient) -> None:
    assert (await api.get("/api/v1/conversations/c9")).status == 404


# --- whose it is, and how urgent --------------------------------------------------------------------------


async def test_another_system_sets_team_priority_and_tier_and_what_it_leaves_out_stays(
    api: TestClient, heed: FakeHeed
) -> None:
    heed.views_of["c1"] = view_of()
    heed.owners["c1"] = "u1"
    response = await api.patch("/api/v1/conversations/c1", json={"team": "care", "tier": "gold"})
    assert response.status == 200
    [event] = heed.commands_given
    assert (event.team, event.priority, event.tier, event.by) == ("care", None, "gold", "api")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"team": 7}, "team"),
        ({"colour": "red"}, "colour"),
        ({"tier": "x" * 300}, "tier"),
        ({"priority": "hi\u0000gh"}, "priority"),
    ],
)
async def test_a_field_that_cannot_be_is_named(api: TestClient, heed: FakeHeed, body: dict, told: str) -> None:
    heed.views_of["c1"] = view_of()
    response = await api.patch("/api/v1/conversations/c1", json=body)
    assert response.status == 400
    assert told in await detail(response)
    assert heed.commands_given == []


async def test_a_team_that_the_brand_does_not_have_is_refused_with_those_that_it_has(heed: FakeHeed) -> None:
    heed.views_of["c1"] = view_of()
    heed.owners["c1"] = "u1"
    app = application(heed, teams=("care", "press"))
    async with TestClient(TestServer(app), headers=AUTHORISED) as api:
        response = await api.patch("/api/v1/conversations/c1", json={"team": "cares"})
        assert response.status == 400
        assert await detail(response) == "team: there is no 'cares'; known are care, press"
        assert heed.commands_given == []
        for team in ("press", ""):
            assert (await api.patch("/api/v1/conversations/c1", json={"team": team})).status == 200


async def test_fields_of_an_unknown_conversation_are_not_found(api: TestClient) -> None:
    assert (await api.patch("/api/v1/conversations/c9", json={"team": "care"})).status == 404


# --- the description --------------------------------------------------------------------------------------


async def test_the_description_names_every_route_and_no_other(api: TestClient) -> None:
    routes = {
        (route.method.lower(), resource.canonical)
        for resource in api.app.router.resources()
        for route in resource
        if route.method != "HEAD"
    }
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routes
    assert await (await api.get("/api/v1/openapi.json")).json() == DOCUMENT


def references(part: object) -> set[str]:
    match part:
        case {"$ref": str(reference)}:
            return {reference}
        case dict():
            return set().union(*map(references, part.values()))
        case list():
            return set().union(*map(references, part))
        case _:
            return set()


def test_the_description_refers_only_to_what_it_holds_and_explains_every_status() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert references(DOCUMENT) == {f"#/components/schemas/{name}" for name in schemas}
    operations = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert all(response["description"] for response in operation["responses"].values())


async def test_responses_hold_the_fields_that_the_description_promises(api: TestClient, heed: FakeHeed) -> None:
    heed.views_of["c1"] = view_of()
    await heed.queue(sending(1))
    schemas = DOCUMENT["components"]["schemas"]
    found = await (await api.get("/api/v1/conversations/c1")).json()
    assert set(found) == set(schemas["ConversationOut"]["required"])
    answers = await (await api.get("/api/v1/answers")).json()
    assert set(answers["answers"][0]) == set(schemas["Answer"]["required"])

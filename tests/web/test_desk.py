"""What the desk shows and does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.desk.actions import BY_NAME
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.events import Claim, CorrectLabel, Note, Reply, Resolve
from bot.domain.log import LogKind
from bot.domain.sla import Metric
from bot.domain.staff_rules import MOVED_ON
from bot.domain.states import State
from tests.web import scene_parts, scenes
from tests.web.conftest import Opener, Place
from tests.web.fake_staff import MemoryCommands, desk_of
from tests.web.fakes import ManualTime, MemoryStore

MINUTE = timedelta(minutes=1)
NO_KEY = "The key of a request is a text of at most 100 characters."


def waits(place: Place, name: str = "Pat", text: str = "Where is it?", **more) -> None:
    more = {"waited": MINUTE * 5} | more
    place.store.put(scene_parts.conversation(name, [text], now=place.time.now(), **more))


async def rows(place: Place, **query: str) -> list[dict]:
    response = await place.client.get("/desk/conversations", params=query)
    assert response.status == 200
    return (await response.json())["rows"]


async def test_an_empty_desk_has_no_rows_and_counts_nothing(mara: Place) -> None:
    body = await (await mara.client.get("/desk/conversations")).json()
    assert body["rows"] == []
    assert set(body["counts"].values()) == {0}
    assert body["paused"] is False
    assert body["now"] == "2026-03-04T09:00:00.000Z"


async def test_the_page_says_what_to_do_when_nothing_is_open(mara: Place) -> None:
    text = await (await mara.client.get("/desk")).text()
    assert "No conversation is open" in text


async def test_the_most_urgent_comes_first_with_its_clock(mara: Place) -> None:
    waits(mara, "Ann", waited=MINUTE * 2)
    waits(mara, "Bob", waited=MINUTE * 12)
    first, second = await rows(mara)
    assert (first["customer"], first["clock"]["breached"]) == ("Bob", True)
    assert (second["customer"], second["clock"]["breached"]) == ("Ann", False)
    assert second["clock"]["title"] == "First reply"
    assert second["clock"]["value"] == 120
    assert second["clock"]["due_at"] == "2026-03-04T09:08:00.000Z"
    assert second["clock"]["warn_at"] == "2026-03-04T09:06:00.000Z"


async def test_a_clock_without_a_target_still_counts(mara: Place) -> None:
    waits(mara, target=None)
    conversation = await (await mara.client.get("/desk/conversations/pat")).json()
    reply = conversation["clocks"][0]
    assert (reply["target"], reply["due_at"], reply["value"]) == (None, None, 300)


OFFICE = scenes.office()


@pytest.fixture
async def office(opened: Opener) -> Place:
    """Return a desk at which clocks count from nine to five, with Mara signed in; it is nine on a Wednesday."""
    time = ManualTime()
    store = MemoryStore(time)
    known = {OFFICE.id: OFFICE, "": ALWAYS_OPEN}
    desk = desk_of(store, MemoryCommands(store), calendar_of=known.__getitem__)
    place = await opened(time=time, store=store, desk=desk)
    place.time, place.store = time, store
    await place.sign_in()
    return place


async def clock_of(place: Place) -> dict:
    return (await (await place.client.get("/desk/conversations/pat")).json())["clocks"][0]


async def test_a_clock_shows_its_calendars_time_and_when_that_runs(office: Place) -> None:
    office.time.advance(MINUTE * 30)
    waits(office, waited=MINUTE * 60 * 17, calendar=OFFICE)  # since yesterday, half past four
    clock = await clock_of(office)
    assert (clock["value"], clock["calendar_value"]) == (60 * 60, 17 * 60 * 60)
    assert (clock["calendar"], clock["calendar_name"]) == (OFFICE.id, "office")
    assert clock["open"] is True
    assert clock["changes_at"] == [
        "2026-03-04T17:00:00.000Z",
        "2026-03-05T09:00:00.000Z",
        "2026-03-05T17:00:00.000Z",
        "2026-03-06T09:00:00.000Z",
    ]


async def test_a_clock_that_runs_while_it_is_closed_keeps_its_value_and_is_due_in_the_next_hours(
    office: Place,
) -> None:
    office.time.advance(MINUTE * 60 * 7 + MINUTE * 55)
    waits(office, waited=MINUTE, calendar=OFFICE)
    office.time.advance(MINUTE * 65)
    clock = await clock_of(office)
    assert (clock["value"], clock["calendar_value"], clock["target"]) == (360, 66 * 60, 600)
    assert (clock["running"], clock["open"], clock["changes_at"][0]) == (True, False, "2026-03-05T09:00:00.000Z")
    assert (clock["warn_at"], clock["due_at"]) == ("2026-03-05T09:02:00.000Z", "2026-03-05T09:04:00.000Z")


async def test_a_clock_that_counts_all_time_names_no_calendar_and_no_change(mara: Place) -> None:
    waits(mara)
    clock = await clock_of(mara)
    assert (clock["calendar"], clock["calendar_name"], clock["calendar_value"]) == (None, None, None)
    assert (clock["open"], clock["changes_at"]) == (True, [])
    assert clock["policy"] == "standard"


async def test_without_targets_the_clock_that_has_counted_most_is_shown_whatever_the_watch_says(
    office: Place,
) -> None:
    now = office.time.now() + MINUTE * 30
    office.time.advance(MINUTE * 30)
    waits(office)
    view = office.store.views["pat"]
    overnight = scene_parts.clock(Metric.FIRST_REPLY, now - MINUTE * 900, target=None, now=now, calendar=OFFICE)
    short = scene_parts.clock(Metric.HANDOFF_WAIT, now - MINUTE * 45, target=None, now=now)
    office.store.put(replace(view, conversation=replace(view.conversation, clocks=(overnight, short))))
    [row] = await rows(office)
    assert (row["clock"]["title"], row["clock"]["value"]) == ("Hand-off wait", 45 * 60)


async def test_each_list_holds_what_it_says(mara: Place) -> None:
    waits(mara, "Esc")
    waits(mara, "Held", state=State.CLAIMED, holder="Sam")
    waits(mara, "Own", state=State.CLAIMED, holder="Mara")
    waits(mara, "Wait", state=State.WAITING)
    waits(mara, "Done", state=State.RESOLVED)
    waits(mara, "Quiet", state=State.UNOPENED)
    found = {
        view: {row["customer"] for row in await rows(mara, filter=view)}
        for view in ("mine", "waiting", "resolved")
    }
    assert found == {"mine": {"Own"}, "waiting": {"Wait"}, "resolved": {"Done"}}
    assert {row["customer"] for row in await rows(mara)} == {"Esc", "Held", "Own"}
    assert "Quiet" not in {row["customer"] for row in await rows(mara, filter="all")}
    body = await (await mara.client.get("/desk/conversations")).json()
    assert body["counts"] == {"needs": 3, "mine": 1, "waiting": 1, "resolved": 1, "all": 5}


async def test_search_finds_names_and_words(mara: Place) -> None:
    waits(mara, "Ann", "My parcel is lost")
    waits(mara, "Bob", "Refund please")
    assert [row["customer"] for row in await rows(mara, q="PARCEL", filter="all")] == ["Ann"]
    assert [row["customer"] for row in await rows(mara, q="bob", filter="all")] == ["Bob"]


async def test_a_long_list_comes_in_pages(mara: Place) -> None:
    for number in range(60):
        waits(mara, f"c{number:02}")
    second = await (await mara.client.get("/desk/conversations?page=2")).json()
    assert (second["pages"], second["total"], len(second["rows"])) == (2, 60, 10)


#: Page numbers whose first digits make a page.
LONG = ["page=" + "000001" + "9" * 30, "page=" + "000001" + "9" * 5000]


@pytest.mark.parametrize("query", ["filter=nothing", "page=0", "page=x", "page=²", "page=99999999", *LONG])
async def test_a_list_that_does_not_exist_is_refused_in_words(mara: Place, query: str) -> None:
    response = await mara.client.get(f"/desk/conversations?{query}")
    assert response.status == 400
    assert (await response.json())["detail"]


async def test_a_conversation_shows_everything_in_order(mara: Place) -> None:
    mara.store.put(scene_parts.rich(mara.time.now()))
    mara.store.record("lena", LogKind.ESCALATED, reason="human_wanted")
    mara.store.record("lena", LogKind.ACTIVATE, metric="first_reply_time")
    body = await (await mara.client.get("/desk/conversations/lena")).json()
    assert body["reason_text"] == "The customer asks for a person."
    assert body["mood"]["label"] == "complaint"
    assert body["mood"]["certainty"] == "almost certain"
    kinds = [entry["kind"] for entry in body["timeline"]]
    assert kinds == ["message"] * 5 + ["note", "event"]
    assert body["timeline"][-1]["text"] == "Escalated. The customer asks for a person."
    edited = body["timeline"][2]
    assert edited["earlier_texts"] == ["That's not what I asked. The tracking page has said the same for days!"]
    assert edited["decision"]["reason_text"] == "The customer says that the answer missed."
    answer = body["timeline"][1]
    assert (answer["author"], answer["template"], answer["send_state"]) == ("bot", "where_is_my_order", "sent")


async def test_an_unknown_conversation_is_not_found(mara: Place) -> None:
    response = await mara.client.get("/desk/conversations/nobody")
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert (await mara.command("nobody", "claim")).status == 404


async def test_a_claim_is_carried_out_in_the_name_of_whoever_is_signed_in(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "claim")).json()
    assert (body["accepted"], body["refusal"]) == (True, "")
    assert (body["conversation"]["holder"], body["conversation"]["state"]) == ("Mara", "claimed")
    [claim] = mara.commands.performed
    assert isinstance(claim, Claim)
    assert (claim.agent.id, claim.at) == ("Mara", mara.time.now())


async def test_a_release_gives_it_back(mara: Place) -> None:
    waits(mara, state=State.CLAIMED, holder="Mara")
    body = await (await mara.command("pat", "release")).json()
    assert (body["accepted"], body["conversation"]["holder"]) == (True, None)


async def test_a_reply_joins_the_transcript(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "reply", text="  On its way.  ", seen=1)).json()
    assert body["conversation"]["timeline"][-1]["text"] == "On its way."
    assert isinstance(mara.commands.performed[0], Reply)


async def test_a_note_is_never_a_reply(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "note", text="Knows the boss.")).json()
    assert body["conversation"]["timeline"][-1]["kind"] == "note"
    [note] = mara.commands.performed
    assert isinstance(note, Note)
    assert not hasattr(note, "text")


async def test_a_remark_on_resolving_is_kept_as_a_note(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "resolve", text="Refunded.", seen=1)).json()
    assert body["conversation"]["state"] == "resolved"
    [resolve] = mara.commands.performed
    assert isinstance(resolve, Resolve)
    assert resolve.remark == "Refunded."
    assert [entry["text"] for entry in body["conversation"]["timeline"] if entry["kind"] == "note"] == [
        "Refunded."
    ]


async def test_a_corrected_label_stands_with_who_corrected_it(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "correct", message="pat-1", labels=["complaint", "question"])).json()
    [command] = mara.commands.performed
    assert isinstance(command, CorrectLabel)
    assert (command.message, command.labels) == ("pat-1", ("question", "complaint"))
    correction = body["conversation"]["timeline"][0]["correction"]
    assert correction == {"labels": ["question", "complaint"], "agent": "Mara", "at": "2026-03-04T09:00:00.000Z"}


async def test_other_is_a_correction_to_no_label_at_all(mara: Place) -> None:
    waits(mara)
    body = await (await mara.command("pat", "correct", message="pat-1", labels=[])).json()
    assert body["conversation"]["timeline"][0]["correction"]["labels"] == []


async def test_the_correction_of_an_earlier_text_is_not_shown_at_the_edited_one(mara: Place) -> None:
    waits(mara)
    await mara.command("pat", "correct", message="pat-1", labels=["praise"])
    view = mara.store.views["pat"]
    edited = replace(view.transcript[0], text="Nothing works!", edited_at=mara.time.now() + MINUTE)
    mara.store.put(replace(view, transcript=(edited,)))
    body = await (await mara.client.get("/desk/conversations/pat")).json()
    assert body["timeline"][0]["correction"] is None


async def test_a_corrected_label_is_told_in_the_timeline(mara: Place) -> None:
    waits(mara)
    mara.store.record("pat", LogKind.LABEL_CORRECTED, agent="Sam", **{"from": "other", "to": "question+complaint"})
    body = await (await mara.client.get("/desk/conversations/pat")).json()
    assert body["timeline"][-1]["text"] == "Sam corrected a label: question and complaint, not other."


async def test_resolving_needs_no_remark(mara: Place) -> None:
    waits(mara)
    assert (await mara.command("pat", "resolve", text="")).status == 200
    assert len(mara.commands.performed) == 1


@pytest.mark.parametrize("command", ["claim", "release", "reply", "resolve"])
async def test_what_somebody_else_holds_is_refused_with_the_reason(mara: Place, command: str) -> None:
    waits(mara, state=State.CLAIMED, holder="Sam")
    response = await mara.command("pat", command, **({"text": "Hello"} if command == "reply" else {}))
    assert response.status == 409
    body = await response.json()
    assert (body["accepted"], body["refusal"]) == (False, "Sam holds this conversation.")
    assert body["conversation"]["holder"] == "Sam"


async def test_a_note_may_be_left_on_what_somebody_else_holds(mara: Place) -> None:
    waits(mara, state=State.CLAIMED, holder="Sam")
    assert (await mara.command("pat", "note", text="He called, too.")).status == 200


@pytest.mark.parametrize("command", ["reply", "resolve"])
async def test_a_reply_to_what_has_moved_on_is_held_back(mara: Place, command: str) -> None:
    mara.store.put(scene_parts.conversation("Pat", ["One", "Two"], now=mara.time.now(), waited=MINUTE))
    response = await mara.command("pat", command, text="About one", seen=1)
    assert response.status == 409
    assert (await response.json())["refusal"] == MOVED_ON
    assert mara.commands.performed == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"command": "reply", "text": "   "}, "The reply is empty: write something first."),
        ({"command": "reply"}, "The reply is empty: write something first."),
        ({"command": "note", "text": "\n"}, "The note is empty: write something first."),
        ({"command": "reply", "text": "x" * 4001}, "The reply has 4,001 characters; 4,000 is the most."),
        (
            {"command": "dance"},
            f"There is no action 'dance'; choose one of {', '.join(BY_NAME)}.",
        ),
        ({"command": 7}, "The command is 7; name an action as 'command'."),
        ({"command": "claim", "text": "Hello"}, "Claim takes no 'text'."),
        (
            {"command": "note", "text": "Hm.", "request": 7},
            "The key of a request is a text of at most 100 characters.",
        ),
        ({"command": "correct", "labels": []}, "Which message is meant? Name it as 'message'."),
        (
            {"command": "correct", "message": "pat-1", "labels": ["other"]},
            "The labels are ['other']; give a list of those that hold of question, complaint, praise.",
        ),
        (
            {"command": "correct", "message": "pat-1"},
            "The labels are None; give a list of those that hold of question, complaint, praise.",
        ),
    ],
)
async def test_a_command_that_makes_no_sense_is_refused_in_words(mara: Place, body: dict, words: str) -> None:
    waits(mara)
    response = await mara.post("/desk/conversations/pat/commands", body)
    assert response.status == 400
    assert (await response.json())["detail"] == words


@pytest.mark.parametrize("body", ["[1]", "nonsense", "", '"claim"'])
async def test_a_body_that_is_no_object_is_refused(mara: Place, body: str) -> None:
    waits(mara)
    headers = {"X-CSRF-Token": mara.csrf, "Content-Type": "application/json"}
    response = await mara.client.post("/desk/conversations/pat/commands", data=body, headers=headers)
    assert response.status == 400


async def test_a_customers_markup_stays_text(mara: Place) -> None:
    waits(mara, "<b>Pat</b>", "<script>alert(1)</script>", key="pat")
    response = await mara.client.get("/desk/conversations/pat")
    assert response.content_type == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (await response.json())["timeline"][0]["text"] == "<script>alert(1)</script>"

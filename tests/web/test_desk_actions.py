"""Every action of the table by HTTP, over the real store: what it does, to whom it is refused, and once only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.desk.actions import ACTIONS
from bot.domain.events import ResolveReason
from bot.domain.log import LogKind
from bot.domain.roles import Role
from tests.contracts.desk_cases_web import web_desk
from tests.web.real import RealDesk, real_desk


@pytest.fixture
async def desk() -> AsyncIterator[RealDesk]:
    async with real_desk() as made:
        yield made


async def complains(desk: RealDesk, who: str = "v1") -> str:
    return await desk.world.writes("complaint about a can", who=who)


async def replied(desk: RealDesk, text: str = "A new one is on its way.") -> str:
    """Return a conversation in which alex has replied, and it has arrived."""
    conversation = await complains(desk)
    alex = await desk.member("alex")
    assert (await alex.act(conversation, "reply", text=text, seen=1))[0] == 200
    await desk.world.settle()
    return conversation


async def newest_reply(desk: RealDesk, conversation: str) -> str:
    return [line.message for line in (await desk.view(conversation)).transcript if line.agent == "alex"][-1]


async def test_the_table_reaches_the_page_whole_with_what_one_chooses_among(desk: RealDesk) -> None:
    told = await (await desk.member("alex")).get("/desk/actions")
    assert [action["name"] for action in told["actions"]] == [action.name for action in ACTIONS]
    assert [action["name"] for action in told["actions"] if not action["allowed"]] == [
        "take_over",
        "block",
        "unblock",
    ]
    assert [reason["value"] for reason in told["reasons"]] == list(ResolveReason)
    assert (told["teams"], told["me"]["team"]) == (["support", "press"], "support")


async def test_no_two_actions_and_no_key_of_the_page_share_a_shortcut() -> None:
    page = ["j", "k", "J", "K", "m", "*", "/", "?", "i", "g"]
    keys = [action.key for action in ACTIONS if action.key]
    assert len({*keys, *page}) == len(keys) + len(page)


async def test_a_conversation_tells_what_fits_and_why_the_rest_does_not(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex, sam = await desk.member("alex"), await desk.member("sam", Role.LEAD)
    may = (await alex.shown(conversation))["may"]
    fits = {name for name, why in may.items() if not why}
    assert fits == {"claim", "transfer", "note", "reply", "correct", "snooze", "resolve"}
    assert may["ask_for"] == "Nobody holds this conversation: claim it."
    assert may["take_over"] == "Take over takes the role lead or admin."
    assert may["edit"] == "There is no reply of yours that has reached the customer."
    await sam.act(conversation, "claim")
    may = (await alex.shown(conversation))["may"]
    assert {name for name, why in may.items() if not why} == {"ask_for", "note", "correct"}
    assert may["reply"] == "sam holds this conversation."


@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
async def test_what_the_page_says_of_an_action_is_what_happens(desk: RealDesk, action: str) -> None:
    conversation = await replied(desk)
    agent = await desk.member("sam")
    shown = await agent.shown(conversation)
    message = await newest_reply(desk, conversation)
    first = shown["timeline"][0]["id"]
    fields = {
        "transfer": {"team": "press"},
        "note": {"text": "Knows the boss."},
        "reply": {"text": "Hello."},
        "edit": {"message": message, "text": "Hello."},
        "delete": {"message": message},
        "correct": {"message": first, "labels": ["question"]},
        "snooze": {"until": (desk.world.time.now() + timedelta(hours=1)).isoformat()},
    }
    status, said = await agent.act(conversation, action, **fields.get(action, {}))
    assert (status == 200) is (shown["may"][action] == ""), (shown["may"][action], said)
    assert said["accepted"] is (status == 200)
    assert bool(said["refusal"]) is (status != 200)


async def test_somebody_who_holds_it_sees_who_asks_until_it_changes_hands(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex, sam = await desk.member("alex"), await desk.member("sam")
    await alex.act(conversation, "claim")
    assert (await sam.act(conversation, "ask_for"))[0] == 200
    assert (await alex.shown(conversation))["asked_by"] == ["sam"]
    await alex.act(conversation, "release")
    await sam.act(conversation, "claim")
    assert (await sam.shown(conversation))["asked_by"] == []


async def test_a_refusal_names_the_holder_and_its_kind(desk: RealDesk) -> None:
    conversation = await complains(desk)
    await (await desk.member("sam")).act(conversation, "claim")
    status, said = await (await desk.member("alex")).act(conversation, "reply", text="Hello.")
    assert (status, said["kind"], said["holder"]) == (409, "held", "sam")
    assert desk.sent() == []


async def test_a_reply_written_past_the_customer_is_held_back_with_what_they_wrote(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex = await desk.member("alex")
    seen = (await alex.shown(conversation))["received"]
    await desk.world.writes("complaint number two", who="v1")
    status, said = await alex.act(conversation, "reply", text="About the first.", seen=seen, request="r1")
    assert (status, said["kind"]) == (409, "moved_on")
    assert [entry["text"] for entry in said["meanwhile"]] == ["complaint number two"]
    await desk.world.settle()
    assert desk.sent() == []
    assert (await alex.act(conversation, "reply", text="About the first.", request="r1"))[0] == 200
    await desk.world.settle()
    assert desk.sent() == [("v1", "About the first.")]


async def test_the_same_wish_again_after_a_lost_answer_is_done_once(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex = await desk.member("alex")
    for seen in (1, 1, 2):  # the page may have read more by the time it tries again
        status, said = await alex.act(conversation, "reply", text="Once.", seen=seen, request="key")
        assert (status, said["accepted"]) == (200, True)
    await desk.world.settle()
    assert desk.sent() == [("v1", "Once.")]


async def test_one_key_for_two_texts_is_two_wishes_and_loses_neither(desk: RealDesk) -> None:
    conversation, other = await complains(desk), await complains(desk, "v2")
    alex = await desk.member("alex")
    await alex.act(conversation, "reply", text="One.", request="key")
    await alex.act(conversation, "reply", text="Two.", request="key")
    await alex.act(other, "reply", text="Two.", request="key")
    await desk.world.settle()
    assert sorted(desk.sent()) == [("v1", "One."), ("v1", "Two."), ("v2", "Two.")]


async def test_a_reply_is_changed_and_taken_back_by_whoever_sent_it(desk: RealDesk) -> None:
    conversation = await replied(desk)
    alex, sam = await desk.member("alex"), await desk.member("sam")
    message = await newest_reply(desk, conversation)
    assert (await alex.shown(conversation))["revisable"] == {message: ["edit", "delete"]}
    assert (await sam.shown(conversation))["revisable"] == {}
    assert (await alex.act(conversation, "edit", message=message, text="A better text."))[0] == 200
    await desk.world.settle()
    assert "A better text." in [entry["text"] for entry in (await alex.shown(conversation))["timeline"]]
    assert (await alex.act(conversation, "delete", message=message))[0] == 200


async def test_a_resolution_has_its_reason_and_may_have_a_remark(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex = await desk.member("alex")
    assert (await alex.act(conversation, "resolve", reason="spam", text="Sells pills.", seen=1))[0] == 200
    [record] = await desk.world.log(conversation, LogKind.RESOLVED)
    assert (record.fields["reason"], record.fields["agent"]) == ("spam", "alex")
    assert [note.text for note in (await desk.view(conversation)).notes] == ["Sells pills."]
    status, said = await alex.act(conversation, "resolve", reason="bored")
    assert (status, said["detail"][:22]) == (400, "'bored' is no reason; ")
    assert (await alex.act(conversation, "reopen"))[0] == 200


async def test_a_selection_is_done_one_by_one_and_tells_of_each(desk: RealDesk) -> None:
    first, second, third = [await complains(desk, who) for who in ("v1", "v2", "v3")]
    await (await desk.member("sam")).act(second, "claim")
    alex = await desk.member("alex")
    ids = [first, second, third, "c-nobody", first]
    body: dict[str, object] = {"command": "resolve", "reason": "spam", "conversations": ids}
    status, said = await alex.post("/desk/commands", body)
    assert (status, said["detail"][:6]) == (400, "'seen'")  # what was not read is not closed with the rest
    status, said = await alex.post("/desk/commands", {**body, "seen": dict.fromkeys(ids, 1)})
    assert (status, said["accepted"]) == (200, 2)
    assert [(one["id"], one["refusal"]) for one in said["results"] if not one["accepted"]] == [
        (second, "sam holds this conversation."),
        ("c-nobody", "there is no conversation c-nobody"),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"command": "reply", "text": "Hi", "conversations": ["a"]}, "Reply works on one conversation at a time."),
        ({"command": "claim"}, "Which conversations are meant?"),
        ({"command": "claim", "conversations": "a"}, "Which conversations are meant?"),
        ({"command": "claim", "conversations": []}, "0 conversations are chosen"),
        ({"command": "claim", "conversations": [f"c{n}" for n in range(101)]}, "101 conversations are chosen"),
        ({"command": "claim", "conversations": [7]}, "Which conversations are meant?"),
    ],
)
async def test_a_selection_that_makes_no_sense_is_refused_in_words(
    desk: RealDesk, body: dict[str, object], words: str
) -> None:
    status, said = await (await desk.member("alex")).post("/desk/commands", body)
    assert (status, said["detail"][: len(words)]) == (400, words)


async def test_lists_are_narrowed_and_their_counts_with_them(desk: RealDesk) -> None:
    first, _second = await complains(desk, "v1"), await complains(desk, "v2")
    alex = await desk.member("alex")
    await alex.act(first, "transfer", team="press")
    found = await alex.get("/desk/conversations", team="press")
    assert [row["id"] for row in found["rows"]] == [first]
    assert (found["counts"]["needs"], found["counts"]["all"]) == (1, 1)
    assert (await alex.get("/desk/conversations", team="support"))["rows"] == []
    assert len((await alex.get("/desk/conversations", label="complaint", channel="room"))["rows"]) == 2
    assert (await alex.get("/desk/conversations"))["counts"]["needs"] == 2


async def test_a_blocked_customer_and_their_earlier_matters_are_marked(desk: RealDesk) -> None:
    conversation = await complains(desk)
    sam = await desk.member("sam", Role.LEAD)
    assert (await sam.act(conversation, "block"))[0] == 200
    shown = await sam.shown(conversation)
    assert (shown["blocked"]["agent"], shown["may"]["block"]) == ("sam", "sam has blocked this customer already.")
    assert (await sam.act(conversation, "unblock"))[0] == 200
    assert (await sam.shown(conversation))["blocked"] is None


async def test_templates_are_filled_for_the_customer_and_nothing_of_them_is_sent(desk: RealDesk) -> None:
    conversation = await complains(desk)
    alex = await desk.member("alex")
    found = await alex.get(f"/desk/conversations/{conversation}/templates", q="parcel days")
    assert [offer["text"] for offer in found["templates"]] == [
        "Hi v1! Most parcels arrive within three working days."
    ]
    near = await alex.get(f"/desk/conversations/{conversation}/suggestions")
    assert near["templates"][0]["score"] == 0.71
    await desk.world.settle()
    assert desk.sent() == []


async def test_somebody_away_is_shown_so_to_their_team(desk: RealDesk) -> None:
    alex, sam = await desk.member("alex"), await desk.member("sam")
    assert (await alex.get("/desk/presence")) == {"away": False, "team": "support", "present": ["alex", "sam"]}
    assert (await alex.post("/desk/presence", {"away": True}))[1]["away"] is True
    assert (await sam.get("/desk/presence"))["present"] == ["sam"]
    await alex.post("/desk/presence", {"away": False})
    assert (await sam.get("/desk/presence"))["present"] == ["alex", "sam"]
    assert (await alex.post("/desk/presence", {"away": "yes"}))[0] == 400


async def test_the_driver_of_the_contract_suite_acts_as_the_page_does() -> None:
    async with web_desk() as case:
        first, second = [await case.world.writes("complaint about a can", who=who) for who in ("v1", "v2")]
        await case.member("sam", Role.LEAD)
        assert (await case.act("alex", first, "reply", text="Hello.")).accepted
        assert (await case.act("sam", first, "reply", text="Me, too.")).text == "alex holds this conversation."
        assert (await case.act("alex", first, "dance")).text.startswith("There is no action 'dance'")
        assert (await case.say("alex", first, "/reply not to the customer")).accepted
        done = await case.many("sam", [first, second], "resolve", reason="spam", seen={first: 1, second: 1})
        assert [outcome.accepted for outcome in done.values()] == [False, True]
        await case.world.settle()
        assert case.desk.sent() == [("v1", "Hello.")]
        assert {"Hello.", "/reply not to the customer"} <= set(await case.shown(first))

"""What every desk promises, whichever place staff work in: the same acts, the same refusals, and nothing leaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.desk.actions import ACTIONS, BY_NAME
from bot.domain.messages import ConversationId
from bot.domain.roles import RIGHTS, Role
from bot.domain.states import State
from tests.contracts.desk_cases import CASES, DeskCase

each_desk = pytest.mark.parametrize("desk", CASES, indirect=True, ids=lambda case: case.name)

COMPLAINT = "complaint it is broken"


@pytest.fixture
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[DeskCase]:
    opened: Callable[[], AbstractAsyncContextManager[DeskCase]] = request.param.open
    async with opened() as case:
        await case.member("alex", Role.AGENT)
        await case.member("sam", Role.LEAD)
        yield case


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One action as it is tried: what is done before, by whom, with which fields, and what the log says then."""

    name: str
    logged: str
    before: tuple[str, ...] = ()
    by: str = "alex"
    fields: dict[str, object] = field(default_factory=dict)
    state: State = State.CLAIMED

    def __str__(self) -> str:
        return self.name


TOMORROW = "2026-03-03T09:00:00+00:00"
ACTS = (
    Act(name="claim", logged="claimed"),
    Act(name="release", logged="released", before=("claim",), state=State.ESCALATED),
    Act(name="take_over", logged="taken_over", before=("claim",), by="sam"),
    Act(name="ask_for", logged="asked_for", before=("claim",), by="sam"),
    Act(name="transfer", logged="transferred", fields={"team": "PR"}, state=State.ESCALATED),
    Act(name="note", logged="noted", fields={"text": "ask the warehouse"}, state=State.ESCALATED),
    Act(name="reply", logged="replied", fields={"text": "A new one leaves today."}),
    Act(name="edit", logged="revised", before=("reply",), fields={"text": "It leaves tomorrow."}),
    Act(name="delete", logged="revised", before=("reply",)),
    Act(name="correct", logged="label_corrected", fields={"labels": ["question"]}, state=State.ESCALATED),
    Act(name="snooze", logged="snoozed", fields={"until": TOMORROW}, state=State.SNOOZED),
    Act(name="wait", logged="asked", before=("reply",), state=State.WAITING),
    Act(name="resolve", logged="resolved", fields={"reason": "duplicate"}, state=State.RESOLVED),
    Act(name="reopen", logged="reopened", before=("resolve",)),
    Act(name="hand_back", logged="handed_back", before=("reply",), state=State.OPEN),
    Act(name="block", logged="blocked", by="sam", state=State.RESOLVED),
    Act(name="unblock", logged="unblocked", before=("block",), by="sam", state=State.RESOLVED),
)
each_act = pytest.mark.parametrize("act", ACTS, ids=str)


def test_every_action_of_the_table_is_tried() -> None:
    assert [act.name for act in ACTS] == [action.name for action in ACTIONS]


async def prepared(desk: DeskCase, act: Act) -> tuple[ConversationId, dict[str, object]]:
    """Do what comes before an act, and return the conversation and the fields, with the message that is meant."""
    conversation = await desk.writes(COMPLAINT)
    for name in act.before:
        earlier = next(each for each in ACTS if each.name == name)
        said = await desk.act(earlier.by, conversation, name, **earlier.fields)
        assert said.accepted, said.text
        await desk.delivered()
    view = await desk.world.store.view(conversation)
    assert view is not None
    meant = {"edit": "agent", "delete": "agent", "correct": "customer"}.get(act.name)
    message = [line.message for line in view.transcript if line.author == meant]
    return conversation, {**act.fields, **({"message": message[-1]} if message else {})}


@each_desk
@each_act
async def test_each_action_does_the_same_on_every_desk_and_says_who_did_it(desk: DeskCase, act: Act) -> None:
    conversation, fields = await prepared(desk, act)
    said = await desk.act(act.by, conversation, act.name, **fields)
    assert said.accepted, said.text
    await desk.delivered()
    record = (await desk.world.log(conversation, act.logged))[-1]
    assert record.fields["agent"] == act.by
    assert record.fields["role"] == ("lead" if act.by == "sam" else "agent")
    assert (await desk.world.conversation(conversation)).state is act.state


@each_desk
async def test_a_role_is_refused_what_the_table_does_not_give_it(desk: DeskCase) -> None:
    forbidden = [(role, action) for role in Role for action in ACTIONS if action.right not in RIGHTS[role]]
    assert {action.name for _, action in forbidden} == {"take_over", "block", "unblock"}
    for role, action in forbidden:
        conversation = await desk.writes(COMPLAINT, who=f"{role}-{action.name}")
        await desk.member("alex", role)
        before = await desk.world.store.last()
        said = await desk.act("alex", conversation, action.name)
        assert not said.accepted, action.name
        assert "lead" in said.text
        assert [r for r in await desk.world.store.changes(before, 100) if r.conversation == conversation] == []


@each_desk
@each_act
async def test_nobody_else_on_the_platform_can_do_anything(desk: DeskCase, act: Act) -> None:
    conversation = await desk.writes(COMPLAINT)
    before = await desk.world.store.last()
    assert not (await desk.stranger_acts(conversation, act.name, **act.fields)).accepted
    assert [r for r in await desk.world.store.changes(before, 100) if r.conversation == conversation] == []
    await desk.delivered()
    assert await desk.sent() == []


@each_desk
async def test_a_reply_reaches_its_customer_once_and_is_shown_as_sent(desk: DeskCase) -> None:
    conversation, other = await desk.writes(COMPLAINT), await desk.writes(COMPLAINT, who="v2")
    assert (await desk.act("alex", conversation, "reply", text="A new one leaves today.")).accepted
    await desk.delivered()
    assert await desk.sent() == [("v1", "A new one leaves today.")]
    assert any("A new one leaves today." in text for text in await desk.shown(conversation))
    assert not any("A new one leaves today." in text for text in await desk.shown(other))


@each_desk
async def test_a_file_goes_along_with_its_reply_and_is_named_where_staff_read_it(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    said = await desk.replies_with("alex", conversation, "Your invoice.", "invoice.pdf", b"%PDF an invoice")
    assert said.accepted, said.text
    await desk.delivered()
    [taken] = [each for each in desk.world.platform.taken if each.send.wording == "reply"]
    assert taken.send.text == "Your invoice."
    assert [(each.name, each.content) for each in taken.enclosures] == [("invoice.pdf", b"%PDF an invoice")]
    too_large = await desk.replies_with("alex", conversation, "And more.", "video.pdf", b"x" * (7 << 20))
    assert not too_large.accepted
    assert "6 MB" in too_large.text
    await desk.delivered()
    assert await desk.sent() == [("v1", "Your invoice.")]


@each_desk
async def test_what_is_written_without_asking_for_a_reply_is_a_note(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    for text in ("/reply hello", "reply: hello", "@customer hello", "> quoted\nhello"):
        await desk.say("alex", conversation, text)
    await desk.delivered()
    assert await desk.sent() == []
    view = await desk.world.store.view(conversation)
    assert view is not None
    assert len(view.notes) == 4
    assert {note.agent for note in view.notes} == {"alex"}
    assert sum("hello" in text for text in await desk.shown(conversation)) == 4


@each_desk
async def test_whoever_comes_second_is_told_the_name_and_may_ask_and_a_lead_takes_over(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    await desk.act("sam", conversation, "claim")
    for action, fields in (("claim", {}), ("reply", {"text": "mine"}), ("resolve", {"reason": "answered"})):
        said = await desk.act("alex", conversation, action, **fields)
        assert not said.accepted
        assert "sam" in said.text
    assert (await desk.act("alex", conversation, "ask_for")).accepted
    await desk.act("sam", conversation, "release")
    assert (await desk.act("alex", conversation, "claim")).accepted
    assert (await desk.act("sam", conversation, "take_over")).accepted
    assert (await desk.world.conversation(conversation)).holder == "sam"
    await desk.delivered()
    assert await desk.sent() == []


@each_desk
async def test_a_reply_is_held_back_once_when_the_customer_wrote_meanwhile(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    seen = (await desk.world.conversation(conversation)).received
    await desk.writes("complaint and now it smokes")
    said = await desk.act("alex", conversation, "reply", text="Have you tried again?", seen=seen)
    assert not said.accepted
    assert await desk.told_meanwhile(said) == ["complaint and now it smokes"]
    await desk.delivered()
    assert await desk.sent() == []
    assert (await desk.sends_anyway(said)).accepted
    await desk.delivered()
    assert await desk.sent() == [("v1", "Have you tried again?")]


@each_desk
async def test_a_selection_is_worked_off_one_by_one_and_one_refusal_keeps_none_of_the_others(
    desk: DeskCase,
) -> None:
    first, second, third = [await desk.writes(COMPLAINT, who=who) for who in ("v1", "v2", "v3")]
    await desk.act("sam", second, "claim")
    done = await desk.many("alex", [first, second, third], "snooze", until=TOMORROW)
    assert [done[each].accepted for each in (first, second, third)] == [True, False, True]
    assert "sam" in done[second].text
    states = [(await desk.world.conversation(each)).state for each in (first, second, third)]
    assert states == [State.SNOOZED, State.CLAIMED, State.SNOOZED]


@each_desk
async def test_a_selection_is_resolved_but_for_what_went_on_since_it_was_listed(desk: DeskCase) -> None:
    first, second = [await desk.writes(COMPLAINT, who=who) for who in ("v1", "v2")]
    chosen = await desk.lists("alex", [first, second], "resolve", reason="duplicate")
    await desk.writes("complaint and now it smokes", who="v2")
    done = await chosen()
    assert [done[each].accepted for each in (first, second)] == [True, False]
    states = [(await desk.world.conversation(each)).state for each in (first, second)]
    assert states == [State.RESOLVED, State.ESCALATED]


@each_desk
async def test_what_makes_no_sense_for_a_selection_is_not_offered_for_one(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    assert not BY_NAME["reply"].bulk
    done = await desk.many("alex", [conversation], "reply", text="to all of you")
    assert not any(one.accepted for one in done.values())
    await desk.delivered()
    assert await desk.sent() == []


@each_desk
async def test_templates_are_found_and_suggested_as_the_customer_would_read_them(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    assert await desk.offers("alex", conversation, "delivery") == ["It takes three days."]
    assert await desk.offers("alex", conversation, "refund") == []
    assert await desk.suggested("alex", conversation) == ["It takes three days."]
    await desk.delivered()
    assert await desk.sent() == []


@each_desk
async def test_a_claim_made_on_a_desk_ends_with_a_notice_before_it(desk: DeskCase) -> None:
    conversation = await desk.writes(COMPLAINT)
    await desk.act("alex", conversation, "claim")
    await desk.world.pass_time(timedelta(minutes=26))
    [notice] = await desk.world.log(conversation, "claim_ending")
    assert notice.fields["agent"] == "alex"
    await desk.world.pass_time(timedelta(minutes=10))
    assert (await desk.world.conversation(conversation)).holder is None

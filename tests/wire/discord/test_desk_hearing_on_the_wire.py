"""What staff do on Discord, with discord.py against the local server: commands, forms, buttons and plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import pytest

from bot.domain.roles import Agent, Role
from bot.domain.states import State
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.desk_case import DiscordCase, discord_case
from tests.wire.discord.desk_hands import ALEX_ID, GUILD, ROOM, STRANGER_ID
from tests.wire.discord.desk_world import Templates
from tests.wire.discord.fakes import until
from tests.wire.discord.interaction import DEFERRED, DEFERRED_UPDATE


@pytest.fixture
async def case() -> AsyncIterator[DiscordCase]:
    async with discord_case(answers=Templates(), may={"edits_sends": True, "deletes_sends": True}) as running:
        yield running


async def state(case: DiscordCase, conversation: str) -> State:
    return (await case.world.conversation(conversation)).state  # type: ignore[arg-type]


async def test_every_command_of_the_table_is_registered_and_heed_again_asks_for_nothing(case: DiscordCase) -> None:
    names = set(case.server.commands.of[GUILD])
    assert {"reply", "take-over", "hand-back", "template", "suggest", "queue", "many", "away", "help"} <= names
    assert case.server.commands.puts == 1


async def test_a_reply_reaches_the_customer_and_stands_in_the_thread(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    told = await case.act(ALEX, conversation, "reply", text="We are on it.")
    assert told.accepted, told.text
    assert told.answer is not None
    assert told.answer.ephemeral
    assert await case.sent() == ["We are on it."]
    assert any("We are on it." in text for text in await case.shown(conversation))


async def test_plain_words_become_a_note(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.say(ALEX, conversation, "/reply nobody outside reads this")
    view = await case.world.store.view(conversation)
    assert view is not None
    assert [note.text for note in view.notes] == ["/reply nobody outside reads this"]
    assert await case.sent() == []


async def test_a_reply_is_held_back_and_sent_anyway_once(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.writes("complaint and more", read=False)
    held = await case.act(ALEX, conversation, "reply", text="An *older* thought: a_b <c>")
    assert not held.accepted
    done = await case.press(ALEX, held, "Send anyway")
    assert done.accepted
    assert await case.sent() == ["An *older* thought: a_b <c>"]
    assert held.answer is not None
    assert held.answer.components == []  # the answer took its place


async def test_a_form_is_handed_in_and_what_was_read_counts(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    assert (await case.act(ALEX, conversation, "reply", text="From a form.", seen=1)).accepted
    await case.writes("complaint more")
    assert not (await case.act(ALEX, conversation, "reply", text="Too old.", seen=1)).accepted
    assert await case.sent() == ["From a form."]


async def test_the_holder_is_named_and_a_lead_takes_over(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.act(SAM, conversation, "claim")
    lead = Agent(id=ALEX.id, role=Role.LEAD)
    refused = await case.act(lead, conversation, "reply", text="Mine.")
    assert "sam" in refused.text
    assert (await case.press(lead, refused, "Take over")).accepted
    assert (await case.press(lead, refused, "Send again")).accepted
    assert await case.sent() == ["Mine."]


async def test_the_cards_menu_offers_what_fits(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.settle()
    card = case.server.messages_in(await case.thread(conversation))[0]
    more = await case.server.press(ALEX_ID, card, case.server.buttons_of(card)["More …"]).answered()
    offered = {each["value"] for each in more.components[0]["components"][0]["options"]}
    assert {"claim", "transfer", "snooze", "template"} <= offered
    assert not offered & {"block", "unblock", "reopen", "take_over"}
    assert more.message is not None
    (custom,) = case.server.buttons_of(more.message).values()
    opened = case.server.choose(ALEX_ID, more.message, custom, ["snooze"])
    await opened.answered()
    answer = await case.server.submit(ALEX_ID, opened, {"until": "tomorrow 9:00"}).answered()
    assert "Snoozed" in answer.text
    assert await state(case, conversation) is State.SNOOZED


async def test_forms_with_menus_are_handed_in(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.settle()
    card = case.server.messages_in(await case.thread(conversation))[0]
    opened = case.server.press(ALEX_ID, card, case.server.buttons_of(card)["Resolve"])
    await opened.answered()
    await case.server.submit(ALEX_ID, opened, {"reason": ["spam"]}).answered()
    assert await state(case, conversation) is State.RESOLVED


async def test_templates_are_offered_while_typing_and_opened_before_they_are_sent(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    assert await case.offers("alex", conversation, "number 1") == ["Answer number 1."]
    assert len(await case.suggested("alex", conversation)) == 3
    opened = case.server.command(ALEX_ID, await case.thread(conversation), "template", search="t1")
    await opened.answered()
    assert await case.sent() == []
    await case.server.submit(ALEX_ID, opened, {}).answered()
    assert await case.sent() == ["Answer number 1."]


async def test_several_conversations_at_once(case: DiscordCase) -> None:
    conversations = [await case.writes("complaint it is broken", who=f"v{number}") for number in range(3)]
    await case.act("sam", conversations[2], "claim")
    told = await case.many(ALEX, conversations[1:], "transfer", team="PR")
    assert [told[each].accepted for each in conversations[1:]] == [True, False]
    assert "sam" in told[conversations[2]].text
    teams = [(await case.world.conversation(each)).team for each in conversations]
    assert teams == ["", "PR", ""]


async def test_a_sent_reply_is_changed_and_taken_back(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    await case.act(ALEX, conversation, "reply", text="Helo.")
    await case.sent()
    assert (await case.act(ALEX, conversation, "edit", text="Hello.")).accepted
    await case.sent()
    assert (await case.act(ALEX, conversation, "delete")).accepted
    await case.sent()
    assert [each.send.text for each in case.world.platform.taken[-3:]] == ["Helo.", "Hello.", ""]


async def test_a_command_in_the_channel_and_of_a_stranger_is_answered_with_what_to_do(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    outside = await case.server.command(ALEX_ID, ROOM, "claim").answered()
    assert f"<#{ROOM}>" in outside.text
    stranger = await case.server.command(STRANGER_ID, await case.thread(conversation), "claim").answered()
    assert "staff" in stranger.text


async def test_what_was_written_while_the_connection_was_gone_becomes_notes(case: DiscordCase) -> None:
    conversation = await case.writes("complaint it is broken")
    thread = await case.thread(conversation)
    await case.say(ALEX, conversation, "before")
    case.server.gateway.cut(forget=True)
    for text in ("while away", "and again"):
        said = case.server.say(ALEX_ID, thread, text)
    await case._heard(said)
    view = await case.world.store.view(conversation)
    assert view is not None
    assert [note.text for note in view.notes] == ["before", "while away", "and again"]


async def test_what_was_written_in_a_thread_that_was_closed_before_heed_came_back_becomes_a_note(
    case: DiscordCase,
) -> None:
    conversation = await case.writes("complaint it is broken")
    thread = await case.thread(conversation)
    assert (await case.act(ALEX, conversation, "resolve", reason="answered")).accepted
    await case.settle()
    case.server.gateway.cut(forget=True)
    said = case.server.say(ALEX_ID, thread, "look at this again")
    case.server.archive_thread(ALEX_ID, thread)
    await case._heard(said)
    view = await case.world.store.view(conversation)
    assert view is not None
    assert [note.text for note in view.notes] == ["look at this again"]
    asked = case.server.limits.asked["history"]
    case.server.gateway.cut(forget=True)  # what was heard already is not read once more
    await until(lambda: case.server.limits.asked["archived"] >= 3)
    await case.desk.settle()
    assert case.server.limits.asked["history"] == asked


async def test_what_takes_too_long_is_acknowledged_and_filled_in_later() -> None:
    async with discord_case(acknowledge_within=0.0) as case:
        conversation = await case.writes("complaint it is broken")
        await case.writes("complaint and more", read=False)
        held = await case.act(ALEX, conversation, "reply", text="Slow.")
        assert held.answer is not None
        assert held.answer.kind == DEFERRED
        assert "meanwhile" in held.text
        pressed = await case.press(ALEX, held, "Send anyway")
        assert pressed.answer is not None
        assert pressed.answer.kind == DEFERRED_UPDATE
        await until(lambda: "on its way" in held.answer.text)  # type: ignore[union-attr]  # looked at above
        assert await case.sent() == ["Slow."]


async def test_some_hundred_inputs_over_the_wire_send_exactly_what_is_meant(case: DiscordCase) -> None:
    random = Random(5)
    conversations = [await case.writes("complaint it is broken", who=f"v{number}") for number in range(4)]
    for conversation in conversations:
        await case.act(ALEX, conversation, "claim")
    meant: Counter[tuple[str, str]] = Counter()
    for number in range(300):
        index = random.randrange(len(conversations))
        conversation, text = conversations[index], f"text {number}"
        kind = random.choice(["reply", "form", "note", "words", "reply_typed", "stranger", "quote", "colleague"])
        thread = await case.thread(conversation)
        if kind == "reply":
            assert (await case.act(ALEX, conversation, "reply", text=text)).accepted
            meant[f"v{index}", text] += 1
        elif kind == "form":
            assert (await case.act(ALEX, conversation, "reply", text=text, seen=1)).accepted
            meant[f"v{index}", text] += 1
        elif kind == "note":
            await case.act(ALEX, conversation, "note", text=text)
        elif kind == "stranger":
            await case.server.command(STRANGER_ID, thread, "reply", text=text).answered()
        elif kind == "colleague":
            assert not (await case.act(SAM, conversation, "reply", text=text)).accepted
        else:
            words = {"words": text, "reply_typed": f"/reply {text}", "quote": f"> {text}"}[kind]
            case.server.say(ALEX_ID, thread, words)
    await case.say(ALEX, conversations[0], "the end")
    await case.sent()
    taken = [each for each in case.world.platform.taken if each.send.wording == "reply"]
    assert Counter((each.address.place, each.send.text) for each in taken) == meant

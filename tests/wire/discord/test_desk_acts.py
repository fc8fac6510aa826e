"""Each act of staff in Discord, by command, button and form, over a real store."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.states import State
from bot.errors import SendFailed
from tests.scenarios.world import SAM
from tests.wire.discord.desk_hands import ALEX_ID, ROOM, labels, whispered
from tests.wire.discord.desk_world import Templates, desk_world


async def test_snooze_resolve_and_transfer_by_command_and_by_form() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.does(desk.hands.command(ALEX_ID, thread, "snooze", until="2h", text="ask the carrier"))
        view = await desk.view(conversation)
        assert view.conversation.state is State.SNOOZED
        assert view.conversation.snoozed_until == desk.world.time.now() + timedelta(hours=2)
        form = await desk.does(desk.hands.choose(ALEX_ID, thread, f"heed:more:{conversation}:1", ["transfer"]))
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], team=["PR"], text="press asks"))
        assert (await desk.view(conversation)).conversation.team == "PR"
        await desk.does(desk.hands.command(ALEX_ID, thread, "resolve", reason="spam"))
        assert (await desk.view(conversation)).conversation.state is State.RESOLVED
        assert await desk.notes(conversation) == ["ask the carrier", "press asks"]
        assert await desk.sent() == []


async def test_a_time_that_is_none_is_answered_with_examples() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "snooze", until="soonish"))
        assert "'soonish' is no time" in answer["content"]


async def test_taking_a_reply_back_from_the_menu_asks_first_and_shows_which() -> None:
    async with desk_world(may={"deletes_sends": True}) as desk:
        conversation, thread = await desk.shown()
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Helo *there*."))
        await desk.sent()
        asked = await desk.does(desk.hands.choose(ALEX_ID, thread, f"heed:more:{conversation}:1", ["delete"]))
        assert [each["description"] for each in asked["embeds"]] == [r"Helo \*there\*."]
        assert await desk.sent() == [("v1", "Helo *there*.")]
        done = await desk.does(desk.hands.press(ALEX_ID, thread, labels(asked)["Take it back"], whispered(asked)))
        assert "taken back" in done["content"]
        assert desk.line.callbacks[-1]["type"] == 7  # so nobody presses it twice
        assert await desk.sent() == [("v1", "Helo *there*."), ("v1", "")]


async def test_the_menu_offers_no_taking_back_where_there_is_nothing() -> None:
    async with desk_world(may={"deletes_sends": True}) as desk:
        conversation, thread = await desk.shown()
        told = await desk.does(desk.hands.choose(ALEX_ID, thread, f"heed:more:{conversation}:1", ["delete"]))
        assert "no message here" in told["content"]


async def test_write_again_opens_a_form_with_the_text_that_did_not_arrive() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        desk.world.platform.failures = [SendFailed("the customer blocked the bot")]
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Are you there?"))
        assert await desk.sent() == []
        number = (await desk.view(conversation)).transcript[-1].number
        form = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:again:{conversation}:1::m{number}"))
        assert form["components"][0]["component"]["value"] == "Are you there?"
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="Are you there now?"))
        assert await desk.sent() == [("v1", "Are you there now?")]


async def test_who_left_staff_while_holding_a_conversation_can_do_nothing_with_it() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.does(desk.hands.command(ALEX_ID, thread, "claim"))
        del desk.people.known[ALEX_ID]
        refused = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Still me."))
        assert "not on this brand's staff" in refused["content"]
        pressed = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:resolve:{conversation}:1"))
        assert "not on this brand's staff" in pressed["content"]
        await desk.says(desk.hands.say(ALEX_ID, thread, "my last words"))
        assert await desk.sent() == []
        assert await desk.notes(conversation) == []


async def test_a_command_in_a_customers_room_or_another_thread_says_where_it_works() -> None:
    async with desk_world(reply_by_replying=True) as desk:
        conversation, _ = await desk.shown()
        for place in ("4001", desk.hands.new_id()):
            told = await desk.does(desk.hands.command(ALEX_ID, place, "reply", text="Here?"))
            assert f"works in a conversation's thread under <#{ROOM}>" in told["content"]
            await desk.says(desk.hands.say(ALEX_ID, place, "or so?"))
        assert await desk.sent() == []
        assert await desk.notes(conversation) == []


async def test_a_label_is_corrected_on_the_last_message_or_a_chosen_one() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        message = (await desk.view(conversation)).transcript[0].message
        await desk.does(desk.hands.command(ALEX_ID, thread, "correct", labels="question"))
        form = await desk.does(desk.hands.choose(ALEX_ID, thread, f"heed:more:{conversation}:1", ["correct"]))
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], labels=[]))
        corrected = (await desk.view(conversation)).corrections
        assert [(each.message, each.labels) for each in corrected] == [(message, ())]


async def test_a_sent_reply_is_changed_and_taken_back_where_the_platform_allows() -> None:
    async with desk_world(may={"edits_sends": True, "deletes_sends": True}) as desk:
        desk.world.heed.commands._revises = lambda channel: desk.world.platform.capabilities
        conversation, thread = await desk.shown()
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Helo."))
        await desk.sent()
        form = await desk.does(desk.hands.choose(ALEX_ID, thread, f"heed:more:{conversation}:1", ["edit"]))
        assert form["components"][0]["component"]["value"] == "Helo."
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="Hello."))
        await desk.sent()
        await desk.does(desk.hands.command(ALEX_ID, thread, "delete"))
        assert await desk.sent() == [("v1", "Helo."), ("v1", "Hello."), ("v1", "")]


async def test_a_template_is_found_opened_changed_and_sent() -> None:
    async with desk_world(answers=Templates()) as desk:
        _, thread = await desk.shown()
        offered = await desk.does(desk.hands.typing(ALEX_ID, thread, "template", "search", "number 2"))
        assert offered["choices"] == [{"name": "t2: Answer number 2.", "value": "t2"}]
        form = await desk.does(desk.hands.command(ALEX_ID, thread, "template", search="t2"))
        assert form["components"][0]["component"]["value"] == "Answer number 2."
        assert await desk.sent() == []
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="Answer number 2, changed."))
        assert await desk.sent() == [("v1", "Answer number 2, changed.")]


async def test_a_suggestion_is_shown_in_full_and_sent_only_from_its_form() -> None:
    async with desk_world(answers=Templates()) as desk:
        conversation, thread = await desk.shown()
        answer = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:suggest:{conversation}:1"))
        assert [embed["description"] for embed in answer["embeds"]] == [f"Answer number {n}." for n in range(3)]
        form = await desk.does(desk.hands.press(ALEX_ID, thread, labels(answer)["Use 2"], whispered(answer)))
        assert await desk.sent() == []
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], whispered(answer), text="Good."))
        assert await desk.sent() == [("v1", "Good.")]


async def test_one_action_on_several_conversations_keeps_what_was_refused_apart() -> None:
    async with desk_world() as desk:
        mine, _ = await desk.shown(who="v1")
        held, _ = await desk.shown(who="v2")
        await desk.world.claims(held, SAM)
        answer = await desk.does(
            desk.hands.command(ALEX_ID, ROOM, "many", action="snooze", until="1h", text="later")
        )
        menu = answer["components"][0]["components"][0]
        assert {each["value"] for each in menu["options"]} == {f"{mine}:1", f"{held}:1"}
        chosen = [each["value"] for each in menu["options"]]
        done = await desk.does(desk.hands.choose(ALEX_ID, ROOM, menu["custom_id"], chosen, whispered(answer)))
        assert "1 of 2" in done["content"]
        assert held in done["content"]
        assert (await desk.view(mine)).conversation.state is State.SNOOZED
        assert (await desk.view(held)).conversation.holder == "sam"
        assert await desk.notes(mine) == ["later"]


async def test_nothing_can_be_sent_to_several_customers_at_once() -> None:
    async with desk_world() as desk:
        await desk.shown()
        answer = await desk.does(desk.hands.command(ALEX_ID, ROOM, "many", action="reply", text="All of you."))
        assert "one conversation at a time" in answer["content"]
        custom = "heed:many:reply:"
        conversation, _ = await desk.shown(who="v2")
        whisper = {
            "id": "2",
            "flags": 64,
            "embeds": [{"title": "Reply", "fields": [{"name": "text", "value": "x"}]}],
        }
        await desk.does(desk.hands.choose(ALEX_ID, ROOM, custom, [f"{conversation}:1"], whisper))
        assert await desk.sent() == []


async def test_of_several_conversations_one_that_went_on_since_they_were_listed_is_not_resolved() -> None:
    async with desk_world() as desk:
        still, _ = await desk.shown(who="v1")
        moved, _ = await desk.shown(who="v2")
        answer = await desk.does(desk.hands.command(ALEX_ID, ROOM, "many", action="resolve"))
        await desk.world.writes("complaint and one more thing", who="v2")
        menu = answer["components"][0]["components"][0]
        chosen = [each["value"] for each in menu["options"]]
        done = await desk.does(desk.hands.choose(ALEX_ID, ROOM, menu["custom_id"], chosen, whispered(answer)))
        assert "done with 1 of 2" in done["content"]
        assert (await desk.view(still)).conversation.state is State.RESOLVED
        assert (await desk.view(moved)).conversation.state is not State.RESOLVED
        old = await desk.does(desk.hands.choose(ALEX_ID, ROOM, menu["custom_id"], [moved], whispered(answer)))
        assert "does not fit any more" in old["content"], "a menu that says nothing of what was read"


async def test_a_remark_that_is_too_long_for_several_conversations_is_refused_in_words_and_not_cut() -> None:
    async with desk_world() as desk:
        await desk.shown()
        remark = "x" * 1025
        answer = await desk.does(
            desk.hands.command(ALEX_ID, ROOM, "many", action="snooze", until="1h", text=remark)
        )
        assert "'text' has 1,025 characters" in answer["content"]
        assert "1,024 at most" in answer["content"]
        assert answer["components"] == []
        assert answer["embeds"][0]["description"] == remark


async def test_a_form_handed_in_again_with_other_words_says_that_it_was_sent_before() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        form = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:reply:{conversation}:1"))
        first = await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="First."))
        again = await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="Second."))
        assert "on its way" in first["content"]
        assert "sent before" in again["content"]
        assert "/edit" in again["content"]
        assert await desk.sent() == [("v1", "First.")]


async def test_what_came_in_while_nobody_had_understood_it_holds_a_text_back_but_once() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        await desk.world.arrives("complaint not understood yet")
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Hello."))
        assert "meanwhile" in answer["content"]
        anyway = desk.hands.press(ALEX_ID, thread, labels(answer)["Send anyway"], whispered(answer))
        assert "on its way" in (await desk.does(anyway))["content"]
        assert await desk.sent() == [("v1", "Hello.")]

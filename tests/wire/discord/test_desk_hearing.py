"""What staff do in Discord: commands, buttons, forms and plain words, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.desk.counter import Offer
from bot.desk.discord.line import Refused, Unreached
from bot.domain.roles import Role
from bot.domain.states import State
from bot.errors import SendFailed, StoreUnavailable
from bot.records import ConversationView
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.desk_hands import ALEX_ID, APPLICATION, GUILD, ROOM, SAM_ID, STRANGER_ID, labels, whispered
from tests.wire.discord.desk_world import desk_world
from tests.wire.discord.fakes import until


class Templates:
    """A few answers of the brand."""

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        offers = [Offer(template=f"t{n}", topic="orders", text=f"Answer number {n}.") for n in range(3)]
        return [each for each in offers if text in each.text or text in each.template][:limit]

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        return [replace(each, score=0.9) for each in self.search("", view, limit=limit)]


async def test_a_reply_by_command_reaches_the_customer_and_claims_the_conversation() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="We are on it."))
        assert "on its way" in answer["content"]
        assert answer["flags"] == 64
        assert await desk.sent() == [("v1", "We are on it.")]
        assert (await desk.view(conversation)).conversation.holder == "alex"


async def test_a_repeated_event_acts_once() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        event = desk.hands.command(ALEX_ID, thread, "reply", text="Once.")
        await desk.does(event)
        await desk.does(event)
        assert await desk.sent() == [("v1", "Once.")]


async def test_plain_words_in_a_thread_become_a_note_and_nothing_is_said_about_it() -> None:
    async with desk_world(reply_by_replying=True) as desk:
        conversation, thread = await desk.shown()
        await desk.says(desk.hands.say(ALEX_ID, thread, "/reply hello"))
        assert await desk.notes(conversation) == ["/reply hello"]
        assert await desk.sent() == []
        assert desk.line.asked == []


async def test_files_of_staff_go_into_the_note_by_name_and_link() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        files = [{"filename": "invoice.pdf", "url": "https://cdn.example/invoice.pdf"}]
        await desk.says(desk.hands.say(ALEX_ID, thread, "see", attachments=files))
        assert await desk.notes(conversation) == ["see\ninvoice.pdf: https://cdn.example/invoice.pdf"]


async def test_a_changed_note_leaves_another_note_once() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        said = desk.hands.say(ALEX_ID, thread, "first")
        await desk.says(said)
        changed = desk.hands.edit(said, "second")
        await desk.does(changed, "MESSAGE_UPDATE")
        await desk.does(changed, "MESSAGE_UPDATE")
        assert await desk.notes(conversation) == ["first", "Edited: second"]


async def test_replying_to_the_customers_message_is_a_reply_only_where_the_brand_says_so() -> None:
    for switched_on in (True, False):
        async with desk_world(reply_by_replying=switched_on) as desk:
            conversation, thread = await desk.shown()
            written = (await desk.view(conversation)).transcript[0].message
            relayed = await desk.post_of(conversation, written)
            await desk.says(desk.hands.say(ALEX_ID, thread, "Hello.", reply_to=relayed))
            assert await desk.sent() == ([("v1", "Hello.")] if switched_on else [])
            assert await desk.notes(conversation) == ([] if switched_on else ["Hello."])


async def test_what_the_customer_wrote_meanwhile_holds_a_reply_back_once_and_the_draft_stays() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        await desk.world.writes("complaint and one more thing")
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Done *now*."))
        assert await desk.sent() == []
        assert [embed["description"] for embed in answer["embeds"]] == [
            "complaint and one more thing",
            "Done *now*.",
        ]
        press = desk.hands.press(ALEX_ID, thread, labels(answer)["Send anyway"], whispered(answer))
        assert "on its way" in (await desk.does(press))["content"]
        again = desk.hands.press(ALEX_ID, thread, labels(answer)["Send anyway"], whispered(answer))
        await desk.does(again)
        assert await desk.sent() == [("v1", "Done *now*.")]
        assert desk.line.callbacks[-1]["type"] == 7


async def test_a_message_that_stood_too_short_in_the_thread_counts_as_unread() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.world.writes("complaint wait")
        await desk.relay(conversation)
        desk.world.time.move_to(desk.world.time.now() + timedelta(seconds=1))
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Quick."))
        assert await desk.sent() == []
        desk.world.time.move_to(desk.world.time.now() + timedelta(seconds=3))
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Read."))
        assert await desk.sent() == [("v1", "Read.")]


async def test_a_held_back_text_can_be_changed_before_it_is_sent_and_goes_once() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        await desk.world.writes("complaint meanwhile")
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Old."))
        form = await desk.does(desk.hands.press(ALEX_ID, thread, labels(answer)["Edit"], whispered(answer)))
        assert form["components"][0]["component"]["value"] == "Old."
        await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], whispered(answer), text="New."))
        await desk.does(desk.hands.press(ALEX_ID, thread, labels(answer)["Send anyway"], whispered(answer)))
        assert await desk.sent() == [("v1", "New.")]


async def test_a_draft_that_does_not_come_back_whole_is_looked_at_before_it_is_sent() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        await desk.world.writes("complaint meanwhile")
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Whole text."))
        broken = whispered(answer) | {"embeds": [{"title": "Not sent", "description": "Whole"}]}
        form = await desk.does(desk.hands.press(ALEX_ID, thread, labels(answer)["Send anyway"], broken))
        assert form["components"][0]["component"]["value"] == "Whole"
        assert await desk.sent() == []


async def test_a_form_opened_by_the_cards_button_is_sent_once_however_often_it_is_handed_in() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        form = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:reply:{conversation}:1"))
        assert form["title"] == "Reply"
        for _ in range(2):
            await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="From a form."))
        assert await desk.sent() == [("v1", "From a form.")]
        assert desk.line.callbacks[-1]["type"] == 4  # the card itself is never replaced


async def test_a_form_written_before_the_customers_last_message_is_held_back() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        form = await desk.does(desk.hands.press(ALEX_ID, thread, f"heed:reply:{conversation}:1"))
        await desk.world.writes("complaint more")
        answer = await desk.does(desk.hands.submit(ALEX_ID, thread, form["custom_id"], text="Late."))
        assert "meanwhile" in answer["content"]
        assert await desk.sent() == []


async def test_a_held_conversation_names_its_holder_and_offers_to_ask_and_for_leads_to_take_over() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.world.claims(conversation, SAM)
        refused = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Mine?"))
        assert "sam" in refused["content"]
        assert {"Ask for it", "Send again", "Edit"} == set(labels(refused))
        asked = await desk.does(
            desk.hands.press(ALEX_ID, thread, labels(refused)["Ask for it"], whispered(refused))
        )
        assert "asked" in asked["content"]
        desk.people.known[ALEX_ID] = replace(ALEX, role=Role.LEAD)
        refused = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Mine!"))
        await desk.does(desk.hands.press(ALEX_ID, thread, labels(refused)["Take over"], whispered(refused)))
        await desk.does(desk.hands.press(ALEX_ID, thread, labels(refused)["Send again"], whispered(refused)))
        assert await desk.sent() == [("v1", "Mine!")]
        assert (await desk.view(conversation)).conversation.holder == "alex"


async def test_a_stranger_is_refused_in_a_sentence_and_their_words_are_nothing() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        answer = await desk.does(desk.hands.command(STRANGER_ID, thread, "reply", text="Hi."))
        assert "agents" in answer["content"]
        await desk.says(desk.hands.say(STRANGER_ID, thread, "hello"))
        assert (await desk.sent(), await desk.notes(conversation)) == ([], [])


async def test_a_command_outside_of_a_thread_says_where_it_works() -> None:
    async with desk_world() as desk:
        await desk.shown()
        answer = await desk.does(desk.hands.command(ALEX_ID, ROOM, "reply", text="Hi."))
        assert f"<#{ROOM}>" in answer["content"]
        assert await desk.sent() == []


async def test_a_button_pressed_in_another_thread_concerns_its_own_conversation() -> None:
    async with desk_world() as desk:
        first, _ = await desk.shown(who="v1")
        second, other = await desk.shown(who="v2")
        await desk.does(desk.hands.press(ALEX_ID, other, f"heed:claim:{first}:1"))
        assert (await desk.view(first)).conversation.holder == "alex"
        assert (await desk.view(second)).conversation.holder is None


async def test_a_role_that_does_not_suffice_is_told_who_may() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        answer = await desk.does(desk.hands.command(ALEX_ID, thread, "block"))
        assert "lead" in answer["content"]
        assert (await desk.view(conversation)).blocked is None


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


async def test_the_queue_help_and_presence_are_answered_to_one_person_alone() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown(who="Cus*tomer*")
        queue = await desk.does(desk.hands.command(ALEX_ID, ROOM, "queue"))
        assert f"<#{thread}>" in queue["content"]
        assert "Cus\\*tomer\\*" in queue["content"]
        assert "/reply" in (await desk.does(desk.hands.command(ALEX_ID, ROOM, "help")))["content"]
        await desk.does(desk.hands.command(ALEX_ID, ROOM, "away"))
        assert desk.people.gone == {"alex"}
        await desk.does(desk.hands.command(ALEX_ID, ROOM, "back"))
        assert desk.people.gone == set()
        assert all(each["data"]["flags"] == 64 for each in desk.line.callbacks)


async def test_what_takes_long_is_acknowledged_first_and_answered_in_its_place() -> None:
    go_on = asyncio.Event()

    class Slow(Templates):
        async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
            await go_on.wait()
            return await super().nearest(view, limit=limit)

    async with desk_world(answers=Slow(), acknowledge_within=0.0) as desk:
        _, thread = await desk.shown()
        desk.desk.hear("INTERACTION_CREATE", event := desk.hands.command(ALEX_ID, thread, "suggest"))
        await until(lambda: desk.line.asked)
        assert desk.line.callbacks[0]["type"] == 5
        go_on.set()
        await desk.desk.settle()
        filled = desk.line.asked[-1]
        assert filled.path == f"/webhooks/{APPLICATION}/{event['token']}/messages/@original"
        assert len(filled.json["embeds"]) == 3


async def test_a_form_opens_at_once_while_something_slow_is_asked_in_the_same_thread() -> None:
    go_on = asyncio.Event()

    class Slow(Templates):
        async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
            await go_on.wait()
            return ()

    async with desk_world(answers=Slow()) as desk:
        conversation, thread = await desk.shown()
        desk.desk.hear("INTERACTION_CREATE", desk.hands.command(ALEX_ID, thread, "suggest"))
        desk.desk.hear("INTERACTION_CREATE", desk.hands.press(ALEX_ID, thread, f"heed:reply:{conversation}:1"))
        await until(lambda: desk.line.asked)
        assert desk.line.last["title"] == "Reply"
        go_on.set()
        await desk.desk.settle()


async def test_an_answer_that_discord_no_longer_takes_undoes_nothing() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        event = desk.hands.command(ALEX_ID, thread, "reply", text="Sent all the same.")
        gone = Refused("Unknown interaction", status=404, code=10062)
        desk.line.answers["POST", f"/interactions/{event['id']}/{event['token']}/callback"] = gone
        await desk.does(event)
        assert await desk.sent() == [("v1", "Sent all the same.")]


async def test_an_answer_that_discord_cannot_show_is_told_in_its_plain_words() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.world.claims(conversation, SAM)
        event = desk.hands.command(ALEX_ID, thread, "reply", text="Mine?")
        malformed = Refused("Invalid Form Body", status=400, code=50035)
        desk.line.answers["POST", f"/interactions/{event['id']}/{event['token']}/callback"] = malformed
        answer = await desk.does(event)
        assert "sam" in answer["content"]
        assert answer["components"] == []


async def test_a_store_that_cannot_be_written_loses_no_typed_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()

        async def full(*args: object, **more: object) -> None:
            raise StoreUnavailable("full")

        monkeypatch.setattr(desk.counter, "perform", full)
        form = desk.hands.submit(ALEX_ID, thread, f"heed:reply:{conversation}:1:77", text="Long work.")
        answer = await desk.does(form)
        assert answer["embeds"][0]["description"] == "Long work."


async def test_what_staff_wrote_while_heed_was_away_becomes_notes_in_order_and_once() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        said = [desk.hands.say(ALEX_ID, thread, text) for text in ("one", "two")]
        others = [desk.hands.say(STRANGER_ID, thread, "no"), desk.hands.say("9001", thread, "own", webhook_id="1")]
        path = f"/channels/{thread}/messages?limit=100&after={thread}"
        desk.line.answers["GET", path] = [*reversed([*said, *others])]
        guild = {
            "id": GUILD,
            "channels": [{"id": ROOM}],
            "threads": [{"id": thread, "parent_id": ROOM, "last_message_id": said[-1]["id"]}],
        }
        desk.desk.hear("GUILD_CREATE", guild)
        await desk.says(said[1])
        assert await desk.notes(conversation) == ["one", "two"]
        marks = await desk.world.store.bookmarks("desk:discord:heard:")
        assert marks == {f"desk:discord:heard:{thread}": said[1]["id"]}


async def test_a_thread_that_could_not_be_read_back_is_read_back_at_the_next_text() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        missed, live = (desk.hands.say(ALEX_ID, thread, text) for text in ("missed", "live"))
        path = f"/channels/{thread}/messages?limit=100&after={thread}"
        desk.line.answers["GET", path] = Unreached("gone")
        threads = [{"id": thread, "parent_id": ROOM, "last_message_id": missed["id"]}]
        desk.desk.hear("GUILD_CREATE", {"id": GUILD, "channels": [{"id": ROOM}], "threads": threads})
        await desk.desk.settle()
        desk.line.answers["GET", path] = [missed]
        await desk.says(live)
        assert await desk.notes(conversation) == ["missed", "live"]


async def test_commands_are_registered_only_where_they_differ_and_a_refusal_is_told() -> None:
    async with desk_world() as desk:
        path = f"/applications/{APPLICATION}/guilds/{GUILD}/commands"
        guild = {"id": GUILD, "channels": [{"id": ROOM}], "threads": []}
        desk.line.answers["GET", path] = []
        await desk.does(guild, "GUILD_CREATE")
        [wanted] = [each for each in desk.line.asked if each.method == "PUT"]
        assert wanted.path == path
        registered = [
            {**each, "id": "1", "version": "2", "options": each["options"] or None}
            for each in reversed(wanted.json)
        ]
        desk.line.answers["GET", path] = registered
        before = len(desk.line.asked)
        await desk.does(guild, "GUILD_CREATE")
        assert "PUT" not in [each.method for each in desk.line.asked[before:]]
        desk.line.answers["GET", path] = Refused("Missing Access", status=403, code=50001)
        await desk.does(guild, "GUILD_CREATE")
        assert desk.board.says("applications.commands")


async def test_a_guild_without_a_desk_gets_no_commands() -> None:
    async with desk_world() as desk:
        await desk.does({"id": "301", "channels": [{"id": "1"}], "threads": None}, "GUILD_CREATE")
        assert desk.line.asked == []


async def test_what_one_person_does_in_a_thread_keeps_its_order() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        for number in range(30):
            desk.desk.hear("MESSAGE_CREATE", desk.hands.say(SAM_ID, thread, f"note {number}"))
        await desk.desk.settle()
        assert await desk.notes(conversation) == [f"note {number}" for number in range(30)]


async def test_a_note_is_welcome_from_everybody_on_staff_whoever_holds_the_conversation() -> None:
    async with desk_world() as desk:
        conversation, thread = await desk.shown()
        await desk.world.claims(conversation, SAM)
        await desk.says(desk.hands.say(ALEX_ID, thread, "from alex"))
        assert await desk.notes(conversation) == ["from alex"]

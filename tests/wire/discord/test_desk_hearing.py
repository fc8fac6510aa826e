"""What staff do in Discord: commands, buttons, forms and plain words, over a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.roles import Role
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.desk_hands import ALEX_ID, ROOM, STRANGER_ID, labels, whispered
from tests.wire.discord.desk_world import desk_world


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

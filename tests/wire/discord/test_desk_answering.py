"""How the desk in Discord answers in time, what it hears again, and which commands it registers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.desk.counter import Offer
from bot.desk.discord.line import Refused, Unreached
from bot.errors import StoreUnavailable
from bot.records import ConversationView
from tests.scenarios.world import SAM
from tests.wire.discord.desk_hands import ALEX_ID, APPLICATION, GUILD, ROOM, SAM_ID, STRANGER_ID
from tests.wire.discord.desk_world import Templates, desk_world
from tests.wire.discord.fakes import until


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

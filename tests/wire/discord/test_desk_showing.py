"""What a conversation looks like on Discord: its thread has everything once, whatever happens in between."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.desk.discord.marks import mark_of
from bot.desk.thread import pieces
from bot.domain.events import Claim, Note, Reopen, Reply, Resolve, ResolveReason, Snooze, Transfer
from bot.domain.messages import Attachment, AttachmentKind
from bot.errors import NotFound, SendFailed
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.faults import Cut
from tests.wire.discord.server import DiscordServer
from tests.wire.discord.showing_world import FORUM, OTHER, TEXT_ROOM, Shown, shown_on_discord, texts_of


@pytest.fixture
async def shown(server: DiscordServer) -> AsyncIterator[Shown]:
    async with shown_on_discord(server) as found:
        yield found


# --- the thread opens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [FORUM, TEXT_ROOM], ids=["forum", "text channel"])
async def test_an_escalated_conversation_gets_a_thread_that_opens_with_its_card(
    server: DiscordServer, room: str
) -> None:
    async with shown_on_discord(server, room=room) as shown:
        conversation = await shown.writes("complaint the parcel is broken")
        card, *rest = shown.texts()
        assert "### v1" in card
        assert "Writes on room, in private" in card
        assert "Mood: **complaint**, almost certain (0.97)" in card
        assert "Why: Every complaint goes to a human." in card
        assert "Waits for somebody on staff" in card
        assert "<t:" in card
        assert ":R>" in card, "the clock counts by itself"
        assert "No earlier conversation" in card
        assert f"-# heed {conversation}" in card
        assert any("complaint the parcel is broken" in text for text in rest)
        assert any("Escalated" in text for text in rest)
        assert len(shown.threads()) == 1


async def test_the_card_has_buttons_that_name_conversation_and_what_was_read(
    shown: Shown, server: DiscordServer
) -> None:
    conversation = await shown.writes()
    buttons = server.buttons_of(shown.card())
    assert buttons["Reply"] == f"heed:reply:{conversation}:1"
    assert set(buttons) == {"Claim", "Reply", "Suggest", "Resolve", "More …"}
    await shown.does(conversation, Claim, ALEX)
    assert "Release" in server.buttons_of(shown.card())
    assert "Held by **alex**, until <t:" in shown.card()["content"]


async def test_what_the_bot_answers_alone_gets_no_thread(shown: Shown) -> None:
    await shown.writes("praise you are great")
    assert shown.threads() == []


async def test_a_nearest_template_and_earlier_conversations_stand_on_the_card(shown: Shown) -> None:
    first = await shown.writes()
    await shown.does(first, Resolve, ALEX)
    shown.heed.time.move(timedelta(days=30))
    await shown.writes("complaint again")
    [_, second] = shown.threads()
    [card, *_] = texts_of(shown.server.messages_in(second["id"]))
    assert "One earlier conversation: complaint resolved" in card


# --- what flows in ------------------------------------------------------------------------------------------


async def test_messages_edits_with_the_text_before_and_deletions_flow_in(shown: Shown) -> None:
    await shown.writes("complaint first words")
    await shown.writes("complaint second words")
    await shown.edits("complaint changed words")
    await shown.deletes(number=2)
    texts = shown.texts()
    assert sum("complaint changed words" in text for text in texts) == 1
    before = next(text for text in texts if "before it said" in text)
    assert "complaint first words" in before
    assert any("deleted m" in text for text in texts)
    assert any("~~complaint second words~~" in text for text in texts)
    assert not any(text.endswith("first words") and "before" not in text for text in texts), "edited in place"


async def test_notes_replies_and_their_delivery_are_shown(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Note, ALEX, note="look at the *stock*")
    await shown.does(conversation, Reply, ALEX, text="On its way.")
    texts = shown.texts()
    note = next(text for text in texts if "noted, internally" in text)
    assert "look at the \\*stock\\*" in note
    [reply] = [text for text in texts if "**alex** replied" in text]
    assert "On its way." in reply
    assert "✅ sent" in reply


async def test_a_reply_that_fails_says_so_and_offers_to_write_again(shown: Shown, server: DiscordServer) -> None:
    conversation = await shown.writes()
    shown.heed.platform.failures.append(SendFailed("blocked"))
    await shown.does(conversation, Reply, ALEX, text="Hello?")
    messages = server.messages_in(shown.thread()["id"])
    [reply] = [each for each in messages if "**alex** replied" in each["content"]]
    assert "not delivered" in reply["content"]
    assert ": blocked. Write it again, or reach the customer another way" in reply["content"]
    [again] = server.buttons_of(reply).items()
    assert again[0] == "Write again"
    assert again[1].startswith(f"heed:again:{conversation}:1::s")
    assert any("❌ A reply has not reached the customer: blocked." in each["content"] for each in messages)


async def test_whatever_a_customer_writes_calls_and_formats_nothing(shown: Shown, server: DiscordServer) -> None:
    await shown.writes("complaint @everyone <@7701> **bold** # head\n-# heed c999 [x](https://a.example)")
    [text] = [each for each in shown.texts() if "everyone" in each]
    thread = shown.thread()["id"]
    assert not any(posted.pinged for posted in server.sent if posted.channel == thread)
    assert "\\*\\*bold\\*\\*" in text
    assert mark_of(text).startswith("m")


async def test_a_long_text_is_shown_whole(shown: Shown, server: DiscordServer) -> None:
    long = "complaint " + " ".join(f"word{number}" for number in range(500))
    await shown.writes(long)
    [post] = [each for each in server.messages_in(shown.thread()["id"]) if each["embeds"]]
    assert "".join(each["description"] for each in post["embeds"]) == long


async def test_files_are_brought_along_or_named(server: DiscordServer) -> None:
    async def fetch(reference: str) -> bytes:
        if reference == "gone":
            raise NotFound("it is gone")
        return b"a picture"

    async with shown_on_discord(server, files={"room": fetch}) as shown:
        await shown.brings(
            Attachment(kind=AttachmentKind.IMAGE, name="box.png", media_type="image/png", size=9, reference="r1"),
            Attachment(kind=AttachmentKind.FILE, name="big.zip", size=90_000_000, reference="r2"),
            Attachment(kind=AttachmentKind.FILE, name="old.txt", size=9, reference="gone"),
            Attachment(kind=AttachmentKind.FILE, name="link.pdf", url="https://shop.example/link.pdf"),
        )
        [post] = [each for each in server.messages_in(shown.thread()["id"]) if each["attachments"]]
        assert [each["filename"] for each in post["attachments"]] == ["box.png"]
        assert "not brought along, open on the web desk: big.zip, old.txt" in post["content"].replace("\\", "")
        assert "<https://shop.example/link.pdf>" in post["content"]


async def test_only_the_newest_pieces_stand_in_a_thread_that_begins_late(server: DiscordServer) -> None:
    async with shown_on_discord(server, start=False, page="https://heed.example/desk?c=") as shown:
        for number in range(30):
            await shown.heed.writes(f"complaint number {number}.")
        shown.start()
        await shown.reaches(
            lambda: any("number 29." in text for text in shown.texts()) if shown.threads() else False
        )
        texts = shown.texts()
        assert not any("number 3." in text for text in texts)
        [line] = [text for text in texts if "older entries are on the web desk" in text]
        assert "<https://heed.example/desk?c=c" in line
        await shown.edits("complaint changed number 0.", number=1)
        assert any("changed number 0." in text for text in shown.texts()), "what changes later is seen"


# --- killed, deleted, archived ------------------------------------------------------------------------------


class Killed(Exception):
    """The process ended here."""


@pytest.mark.parametrize("room", [FORUM, TEXT_ROOM], ids=["forum", "text channel"])
@pytest.mark.parametrize("at", range(1, 9))
async def test_killed_between_discords_answer_and_the_store_nothing_is_lost_or_doubled(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, at: int, room: str
) -> None:
    server.posts.nonce_lifetime = 0.0  # Discord has forgotten the keys by the time that Heed is back
    async with shown_on_discord(server, room=room, start=False) as shown:
        await shown.heed.writes("complaint one")
        conversation = await shown.heed.writes("complaint two")
        keep, calls = shown.heed.store.keep_posts, 0
        dead = False

        async def keep_or_die(*args: object, **more: object) -> None:
            nonlocal calls, dead
            calls += 1
            dead = dead or calls == at
            if dead:
                raise Killed
            await keep(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(shown.heed.store, "keep_posts", keep_or_die)
        shown.start()
        await shown.reaches(lambda: dead or shown.display.following.idle)
        await shown.stop()
        monkeypatch.undo()
        shown.start()
        await shown.settle()
        marks = [mark_of(text) for text in shown.texts()]
        assert len(marks) == len(set(marks)), marks
        view = await shown.heed.store.view(conversation)
        assert view is not None
        assert {"card", *(piece.mark for piece in pieces(view, ()))} <= set(marks)


@pytest.mark.parametrize("room", [FORUM, TEXT_ROOM], ids=["forum", "text channel"])
async def test_a_thread_that_nobody_had_learnt_of_is_deleted_too_when_its_customer_is_erased(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    async with shown_on_discord(server, room=room, start=False) as shown:
        await shown.heed.writes("complaint one")
        keep, calls = shown.heed.store.keep_posts, 0

        async def keep_but_the_first(*args: object, **more: object) -> None:
            nonlocal calls
            calls += 1
            if calls > 1:  # what is kept first says that a thread is about to be opened
                raise Killed
            await keep(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(shown.heed.store, "keep_posts", keep_but_the_first)
        shown.start()
        await shown.reaches(lambda: calls > 1)
        await shown.stop()
        monkeypatch.undo()
        assert len([each for each in server.threads_in(room) if "v1" in each["name"]]) == 1
        await shown.heed.store.erase("room", "v1")
        shown.start()
        await shown.settle()
        assert [each for each in server.threads_in(room) if "v1" in each["name"]] == []


async def test_a_restart_posts_and_edits_nothing_that_stands_there(shown: Shown, server: DiscordServer) -> None:
    conversation = await shown.writes()
    thread = (await shown.heed.store.posts("discord", conversation))["thread"].external_id
    before = [(each["id"], each["edited_timestamp"]) for each in server.messages_in(thread)]
    await shown.restart()
    await shown.settle()
    assert [(each["id"], each["edited_timestamp"]) for each in server.messages_in(thread)] == before


async def test_a_thread_deleted_by_hand_is_made_again_for_the_same_conversation(
    shown: Shown, server: DiscordServer
) -> None:
    conversation = await shown.writes("complaint keep this")
    old = shown.thread()["id"]
    server.delete_thread("7701", old)
    await shown.reaches(lambda: shown.threads() and any("keep this" in text for text in shown.texts()))
    await shown.settle()
    assert shown.thread()["id"] != old
    assert await shown.thread_of(conversation) == shown.thread()["id"]


async def test_a_thread_deleted_while_heed_was_down_is_made_again(shown: Shown, server: DiscordServer) -> None:
    await shown.writes("complaint keep this")
    await shown.stop()
    server.delete_thread("7701", shown.thread()["id"])
    shown.start()
    await shown.settle()
    assert any("keep this" in text for text in shown.texts())


@pytest.mark.parametrize("locked", [False, True], ids=["archived", "archived and locked"])
async def test_a_thread_closed_by_hand_is_opened_again_while_the_conversation_is_open(
    shown: Shown, server: DiscordServer, *, locked: bool
) -> None:
    await shown.writes()
    server.archive_thread("7701", shown.thread()["id"], locked=locked)
    await shown.reaches(lambda: not shown.thread()["thread_metadata"]["archived"])
    await shown.settle()
    assert not shown.thread()["thread_metadata"]["locked"]


async def test_a_card_deleted_by_hand_comes_again(shown: Shown, server: DiscordServer) -> None:
    conversation = await shown.writes()
    server.delete("7701", shown.card())
    await shown.does(conversation, Claim, ALEX)
    assert "Held by **alex**" in shown.card()["content"]


async def test_resolving_closes_the_thread_and_a_new_message_opens_it_again(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Resolve, ALEX, reason=ResolveReason.SPAM)
    state = shown.thread()["thread_metadata"]
    assert (state["archived"], state["locked"]) == (True, False)
    assert "✅ **Resolved** by alex: spam." in shown.card()["content"]
    await shown.does(conversation, Reopen, SAM)
    assert not shown.thread()["thread_metadata"]["archived"]
    assert "Held by **sam**" in shown.card()["content"]


async def test_a_note_on_a_resolved_conversation_leaves_the_thread_closed(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Resolve, ALEX)
    await shown.does(conversation, Note, SAM, note="for later")
    assert any("for later" in text for text in shown.texts())
    assert shown.thread()["thread_metadata"]["archived"]


async def test_another_team_with_a_channel_of_its_own_gets_a_new_thread(server: DiscordServer) -> None:
    async with shown_on_discord(server, teams={"PR": OTHER}) as shown:
        conversation = await shown.writes("complaint about the news")
        old = shown.thread()
        await shown.does(conversation, Transfer, ALEX, team="PR")
        new = shown.thread(OTHER)
        assert any("about the news" in text for text in shown.texts(OTHER))
        assert f"it goes on in <#{new['id']}>" in texts_of(server.messages_in(old["id"]))[-1]
        assert old["thread_metadata"]["archived"]
        assert old["thread_metadata"]["locked"]
        await shown.does(conversation, Transfer, ALEX, team="support")
        assert shown.thread()["id"] == old["id"], "back where it began"
        assert not shown.thread()["thread_metadata"]["locked"]


@pytest.mark.parametrize("room", [FORUM, TEXT_ROOM], ids=["forum", "text channel"])
@pytest.mark.parametrize("done", [False, True], ids=["open", "resolved"])
async def test_erasing_a_customer_takes_down_what_stands_on_discord(
    server: DiscordServer, room: str, *, done: bool
) -> None:
    async with shown_on_discord(server, room=room) as shown:
        conversation = await shown.writes("complaint my secret words")
        await shown.does(conversation, Note, ALEX, note="the secret note")
        other = await shown.writes("complaint of another", who="v2")
        if done:
            await shown.does(conversation, Resolve, ALEX)
        thread = (await shown.heed.store.posts("discord", conversation))["thread"].external_id
        server.say("7701", thread, "a secret typed by hand")
        await shown.heed.store.erase("room", "v1")
        await shown.settle()
        left = [each for channel in server.world.channels for each in server.messages_in(channel)]
        assert not [each for each in left if "secret" in str(each) or "v1" in str(each["content"])]
        assert "v1" not in " ".join(each["name"] for each in server.threads_in(room))
        assert await shown.heed.store.posts("discord", conversation) == {}
        assert "thread" in await shown.heed.store.posts("discord", other)


async def test_a_long_snooze_is_told_as_a_time_that_counts(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Snooze, ALEX, until=shown.heed.time.now() + timedelta(hours=2))
    assert "Put away until <t:" in shown.card()["content"]
    assert any(re.search(r"alex put it away until <t:\d+:f> \(<t:\d+:R>\)", text) for text in shown.texts())


@pytest.mark.parametrize("room", [FORUM, TEXT_ROOM], ids=["forum", "text channel"])
@pytest.mark.parametrize("route", ["thread", "send", "edit", "change"])
async def test_a_connection_that_breaks_after_the_work_was_done_doubles_nothing(
    server: DiscordServer, room: str, route: str
) -> None:
    server.posts.nonce_lifetime = 0.0
    async with shown_on_discord(server, room=room) as shown:
        await shown.settle()
        server.faults.next(route, Cut.AFTER, times=2)
        conversation = await shown.writes("complaint one")
        await shown.does(conversation, Reply, ALEX, text="On its way.")
        await shown.does(conversation, Resolve, ALEX)
        marks = [mark_of(text) for text in shown.texts()]
        assert len(marks) == len(set(marks)), marks
        assert shown.thread()["thread_metadata"]["archived"]
        assert "✅ **Resolved**" in shown.card()["content"]

"""Files that staff send from Discord: they go along whole with their reply, or nothing goes."""

from __future__ import annotations

import pytest

from bot.desk.discord.answers import LONGEST_EMBEDS
from bot.desk.discord.line import Refused, Unreached
from bot.desk.enclosing import LARGEST_FILE
from bot.errors import SendFailed
from tests.scenarios.world import ALEX
from tests.wire.discord.desk_case import discord_case
from tests.wire.discord.desk_hands import ALEX_ID, Payload, labels, whispered
from tests.wire.discord.desk_world import DeskWorld, desk_world
from tests.wire.discord.fakes import Heed
from tests.wire.discord.server import DiscordServer

MAY = {"largest_file": LARGEST_FILE}
INVOICE = b"%PDF an invoice"


def lying(desk: DeskWorld, name: str = "invoice.pdf", content: bytes | Exception = INVOICE) -> Payload:
    """Let a file lie on Discord, and return how Discord tells of it."""
    url = f"https://cdn.discordapp.com/attachments/1/2/{name}?ex=6a&is=6b&hm=6c"
    desk.line.lying[url] = content
    size = len(content) if isinstance(content, bytes) else 10
    return {"id": "1", "filename": name, "url": url, "size": size, "content_type": "application/pdf"}


async def arrived(desk: DeskWorld) -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Return the replies that have reached customers, each with its files."""
    await desk.world.heed.delivery.drain()
    replies = [each for each in desk.world.platform.taken if each.send.wording == "reply"]
    return [(each.send.text, [(one.name, one.content) for one in each.enclosures]) for each in replies]


async def test_files_of_the_command_go_along_with_the_reply() -> None:
    async with desk_world(may=MAY) as desk:
        _, thread = await desk.shown()
        files = [lying(desk), lying(desk, "photo.png", b"png")]
        event = desk.hands.command(ALEX_ID, thread, "reply", text="As you asked.", files=files)
        assert "on its way" in (await desk.does(event))["content"]
        await desk.does(event)
        assert await arrived(desk) == [("As you asked.", [("invoice.pdf", INVOICE), ("photo.png", b"png")])]


@pytest.mark.parametrize(
    ("content", "word"),
    [(Refused("gone", status=404, code=0), "attach it again"), (Unreached("broken"), "try again")],
)
async def test_one_file_that_cannot_be_fetched_keeps_all_back_and_loses_no_text(
    content: Exception, word: str
) -> None:
    async with desk_world(may=MAY) as desk:
        _, thread = await desk.shown()
        files = [lying(desk), lying(desk, "photo.png", content)]
        told = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Both of them.", files=files))
        assert "photo.png" in told["content"]
        assert word in told["content"]
        assert [each["description"] for each in told["embeds"]] == ["Both of them."]
        assert await arrived(desk) == []


async def test_what_is_too_large_is_told_before_it_is_fetched() -> None:
    async with desk_world(may=MAY) as desk:
        _, thread = await desk.shown()
        huge = lying(desk) | {"size": LARGEST_FILE + 1, "url": "https://cdn.discordapp.com/never/asked"}
        told = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Huge.", files=[huge]))
        assert "8 MB is the most" in told["content"]
        three = [lying(desk, f"{n}.pdf") | {"size": LARGEST_FILE} for n in range(3)]
        told = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Much.", files=three))
        assert "20 MB together" in told["content"]
        assert await arrived(desk) == []


async def test_where_the_platform_takes_no_files_the_text_can_go_alone() -> None:
    async with desk_world() as desk:
        _, thread = await desk.shown()
        told = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Here.", files=[lying(desk)]))
        assert await arrived(desk) == []
        press = desk.hands.press(ALEX_ID, thread, labels(told)["Send without files"], whispered(told))
        assert "on its way" in (await desk.does(press))["content"]
        assert await arrived(desk) == [("Here.", [])]


@pytest.mark.parametrize("button", ["Send anyway", "Edit"])
async def test_a_reply_that_was_held_back_keeps_its_files(button: str) -> None:
    async with desk_world(may=MAY) as desk:
        _, thread = await desk.shown()
        await desk.world.writes("complaint and more")
        held = await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text="Here.", files=[lying(desk)]))
        assert await arrived(desk) == []
        assert sum(len(each["description"]) for each in held["embeds"]) <= LONGEST_EMBEDS
        done = await desk.does(desk.hands.press(ALEX_ID, thread, labels(held)[button], whispered(held)))
        if button == "Edit":
            done = await desk.does(
                desk.hands.submit(ALEX_ID, thread, done["custom_id"], whispered(held), text="Here.")
            )
        assert "on its way" in done["content"]
        assert await arrived(desk) == [("Here.", [("invoice.pdf", INVOICE)])]


async def replied(desk: DeskWorld, text: str, **more: object) -> tuple[str, str]:
    """Let somebody reply to what the customer wrote; return the conversation and its thread."""
    conversation, thread = await desk.shown()
    relayed = await desk.post_of(conversation, (await desk.view(conversation)).transcript[0].message)
    await desk.says(desk.hands.say(ALEX_ID, thread, text, reply_to=relayed, **more))
    return conversation, thread


async def test_a_reply_by_replying_takes_its_files_along_also_without_words() -> None:
    for text in ("Look.", ""):
        async with desk_world(may=MAY, reply_by_replying=True) as desk:
            await replied(desk, text, attachments=[lying(desk)])
            assert await arrived(desk) == [(text, [("invoice.pdf", INVOICE)])]
            assert desk.line.posted == []


async def test_a_reply_by_replying_whose_file_is_gone_stays_a_note_and_that_is_told() -> None:
    async with desk_world(may=MAY, reply_by_replying=True) as desk:
        file = lying(desk, content=Refused("gone", status=404, code=0))
        conversation, _ = await replied(desk, "Look.", attachments=[file])
        assert await arrived(desk) == []
        assert "Nothing was sent; what you wrote is kept as a note." in desk.line.posted[0]["content"]
        assert await desk.notes(conversation) == [f"Look.\ninvoice.pdf: {file['url']}"]  # type: ignore[arg-type]


async def test_a_sticker_cannot_go_along_so_nothing_goes() -> None:
    async with desk_world(may=MAY, reply_by_replying=True) as desk:
        await replied(desk, "Look.", sticker_items=[{"name": "wave"}], attachments=[lying(desk)])
        assert await arrived(desk) == []
        assert "Only texts and files" in desk.line.posted[0]["content"]


async def test_a_file_goes_from_discord_to_the_customer_and_stands_in_the_thread() -> None:
    async with discord_case(may=MAY) as case:
        conversation = await case.writes("complaint it is broken")
        file = ("invoice.pdf", INVOICE)
        told = await case.act(ALEX, conversation, "reply", text="Your invoice.", file=file)
        assert told.accepted, told.text
        await case.sent()
        [sent] = [each for each in case.world.platform.taken if each.send.wording == "reply"]
        assert [(each.name, each.content) for each in sent.enclosures] == [file]
        assert any("📎 invoice" in text for text in await case.shown(conversation))


async def test_no_link_but_discords_own_is_ever_opened(server: DiscordServer) -> None:
    async with Heed(server).listening() as channel:
        file = server.files.add("88", "a.txt", b"twelve bytes")
        fresh = file["url"]
        for link in (fresh.replace("127.0.0.1", "localhost"), f"{fresh}0", "file:///etc/hostname", "no link"):
            with pytest.raises(SendFailed):
                await channel.line.download(link, largest=100)
        assert await channel.line.download(fresh, largest=100) == b"twelve bytes"
        with pytest.raises(SendFailed, match="larger"):
            await channel.line.download(fresh, largest=5)

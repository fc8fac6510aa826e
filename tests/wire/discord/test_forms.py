"""What the local Discord refuses in commands, forms and messages, and how it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from io import BytesIO

import discord
import pytest

from tests.wire.discord import payloads
from tests.wire.discord.payloads import Payload
from tests.wire.discord.plain import Plain, plain, until
from tests.wire.discord.samples import CARD, COMMANDS, FORM, REPLY
from tests.wire.discord.server import DiscordServer


@pytest.fixture
def desk(server: DiscordServer) -> DiscordServer:
    server.add_guild()
    server.add_channel("4001")
    server.add_thread("5001", "4001")
    return server


@pytest.fixture
async def client(desk: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Plain]:
    async with plain(desk, monkeypatch) as running:
        await running.asks("PUT", COMMANDS, json=[REPLY])
        yield running


async def posted_card(client: Plain, channel: str = "5001") -> Payload:
    found: Payload = await client.asks("POST", f"/channels/{channel}/messages", json=CARD)
    return found


CHOICES = [{"name": "n", "value": "v"}]


def option(**fields: object) -> dict[str, object]:
    return {"name": "a", "description": "d", "type": 3, **fields}


@pytest.mark.parametrize("commands", [
    [{"name": "Reply", "description": "d"}],
    [{"name": "a b", "description": "d"}],
    [{"name": "x" * 33, "description": "d"}],
    [{"name": "a"}],
    [{"name": "a", "description": "x" * 101}],
    [{"name": "a", "description": "d"}] * 2,
    [{"name": f"a{number}", "description": "d"} for number in range(101)],
    [{"name": "a", "description": "d", "options": [option(name=f"a{number}") for number in range(26)]}],
    [{"name": "a", "description": "d", "options": [option(), option(name="b", required=True)]}],
    [{"name": "a", "description": "d", "options": [option(), option()]}],
    [{"name": "a", "description": "d", "options": [option(type=1)]}],
    [{"name": "a", "description": "d", "options": [option(choices=[{"name": "n", "value": 1}])]}],
    [{"name": "a", "description": "d", "options": [option(choices=CHOICES * 26)]}],
    [{"name": "a", "description": "d", "options": [option(choices=[{"name": "n", "value": ""}])]}],
    [{"name": "a", "description": "d", "options": [option(autocomplete=1, choices=CHOICES)]}],
    [{"name": "a", "description": "d", "options": [option(type=5, autocomplete=True)]}],
    [{"name": "a", "description": "d", "options": [option(max_length=6001)]}],
    [{"name": "a", "description": "d", "options": [
        option(name=f"a{number}", choices=[{"name": f"{n:0100}", "value": f"{n:0100}"} for n in range(25)])
        for number in range(2)
    ]}],
    {"name": "a", "description": "d"},
])  # fmt: skip
async def test_a_list_of_commands_that_is_not_as_documented_changes_nothing(
    client: Plain, commands: list[dict[str, object]]
) -> None:
    assert await client.is_refused("PUT", COMMANDS, json=commands) == (400, 50035)
    assert [each["name"] for each in await client.asks("GET", COMMANDS)] == ["reply"]


def field(**fields: object) -> dict[str, object]:
    return {"type": 1, "components": [{"type": 4, "style": 1, "label": "l", "custom_id": "c", **fields}]}


@pytest.mark.parametrize("change", [
    {"title": "x" * 46},
    {"title": ""},
    {"custom_id": "x" * 101},
    {"components": []},
    {"components": [field(custom_id=str(number)) for number in range(6)]},
    {"components": [field(), field()]},
    {"components": [field(label="x" * 46)]},
    {"components": [field(style=3)]},
    {"components": [field(max_length=4001)]},
    {"components": [field(min_length=5, max_length=4)]},
    {"components": [field(value="x" * 5, max_length=4)]},
    {"components": [field(placeholder="x" * 101)]},
    {"components": [field(type=2)]},
])  # fmt: skip
async def test_a_form_that_is_not_as_documented_does_not_open(
    client: Plain, desk: DiscordServer, change: dict[str, object]
) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    path = f"/interactions/{asked.id}/{asked.token}/callback"
    assert await client.is_refused("POST", path, json={"type": 9, "data": {**FORM, **change}}) == (400, 50035)
    assert asked.answer is None


# --- messages ------------------------------------------------------------------------------------------------


def button(**fields: object) -> dict[str, object]:
    return {"type": 2, "style": 1, "label": "l", "custom_id": "c", **fields}


def row(*parts: Mapping[str, object]) -> dict[str, object]:
    return {"type": 1, "components": list(parts)}


def select(count: int, **fields: object) -> dict[str, object]:
    options = [{"label": "l", "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "s", "options": options, **fields}


@pytest.mark.parametrize("body", [
    {"content": "x" * 2001},
    {"embeds": [{"title": "x" * 257}]},
    {"embeds": [{"description": "x" * 4097}]},
    {"embeds": [{"description": "x" * 3001}] * 2},
    {"embeds": [{"title": "x"}] * 11},
    {"embeds": [{}]},
    {"embeds": [{"title": "x", "color": 0x1000000}]},
    {"embeds": [{"title": "x", "timestamp": "yesterday"}]},
    {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
    {"embeds": [{"fields": [{"name": "n"}]}]},
    {"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]},
    {"embeds": [{"footer": {"text": "x" * 2049}}]},
    {"components": [row(button(custom_id=str(number))) for number in range(6)]},
    {"components": [row(*(button(custom_id=str(number)) for number in range(6)))]},
    {"components": [row()]},
    {"components": [row(button(label="x" * 81))]},
    {"components": [row(button(label=""))]},
    {"components": [row(button(custom_id="x" * 101))]},
    {"components": [row(button(), button())]},
    {"components": [row(button(style=5))]},
    {"components": [row(select(26))]},
    {"components": [row(select(0))]},
    {"components": [row(select(2), button())]},
    {"components": [row(select(2, max_values=3))]},
    {"components": [row(select(2, placeholder="x" * 151))]},
    {"components": [button()]},
    {"allowed_mentions": {"parse": ["users"], "users": ["2"]}},
])  # fmt: skip
async def test_a_message_beyond_what_is_documented_is_refused_whether_new_or_changed(
    client: Plain, desk: DiscordServer, body: dict[str, object]
) -> None:
    card = await posted_card(client)
    filled = body if "embeds" in body else {"content": "x", **body}
    assert await client.is_refused("POST", "/channels/5001/messages", json=filled) == (400, 50035)
    assert await client.is_refused("PATCH", f"/channels/5001/messages/{card['id']}", json=body) == (400, 50035)
    assert desk.texts == ["card"]


async def test_a_refusal_names_the_field(client: Plain) -> None:
    fields = [{"name": "n", "value": "v"}, {"name": "n"}]
    with pytest.raises(discord.HTTPException, match=r"In embeds\.0\.fields\.1\.value: This field is required"):
        await client.asks("POST", "/channels/5001/messages", json={"embeds": [{"fields": fields}]})


async def test_a_message_changes_only_in_what_is_given(client: Plain, desk: DiscordServer) -> None:
    room = client.get_channel(4001)
    assert isinstance(room, discord.TextChannel)
    files = [discord.File(BytesIO(name.encode()), name) for name in ("a.txt", "b.txt")]
    message = await room.send("card", embed=discord.Embed(title="t"), files=files, silent=True)
    assert desk.sent[0].silent
    await message.edit(embed=discord.Embed(title="u"))
    kept = await message.edit(attachments=[message.attachments[1], discord.File(BytesIO(b"c"), "c.txt")])
    assert [each.filename for each in kept.attachments] == ["b.txt", "c.txt"]
    assert await kept.attachments[1].read() == b"c"
    stands = desk.messages_in("4001")[0]
    assert (stands["content"], stands["embeds"][0]["title"]) == ("card", "u")
    with pytest.raises(discord.HTTPException, match="empty message"):
        await message.edit(content="", embed=None, attachments=[])
    await message.delete()
    await until(lambda: client.of("raw_message_delete"))


async def test_changes_of_old_messages_can_be_held_back(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    desk.faults.next("edit", payloads.too_many_old_edits())
    path = f"/channels/5001/messages/{card['id']}"
    assert await client.is_refused("PATCH", path, json={"content": "x"}) == (429, 30046)

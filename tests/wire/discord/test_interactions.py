"""Commands, buttons, selects and forms on the local Discord, met by discord.py."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import discord
import pytest

from tests.wire.discord.interaction import DEFERRED_UPDATE, UPDATE, Interaction
from tests.wire.discord.payloads import APPLICATION_ID, Payload
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


async def heard(client: Plain, interaction: Interaction) -> discord.Interaction[Any]:
    """Return what the library made of an interaction."""
    await until(lambda: [each for each in client.of("interaction") if str(each.id) == interaction.id])
    return next(each for each in client.of("interaction") if str(each.id) == interaction.id)


async def calls_back(client: Plain, interaction: Interaction, kind: int, data: Any = None) -> None:
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await client.asks("POST", path, json={"type": kind, "data": data})


def under(interaction: Interaction, rest: str = "") -> str:
    return f"/webhooks/{APPLICATION_ID}/{interaction.token}{rest}"


async def posted_card(client: Plain, channel: str = "5001") -> Payload:
    found: Payload = await client.asks("POST", f"/channels/{channel}/messages", json=CARD)
    return found


# --- commands ------------------------------------------------------------------------------------------------


async def test_a_command_arrives_with_its_options_and_is_answered_to_one_person(
    desk: DiscordServer, client: Plain
) -> None:
    sent = desk.command(
        "2", "5001", "reply", text="hi", minutes=5, silent=True, to="2001", file=("a.txt", b"abc"), label="angry"
    )
    met = await heard(client, sent)
    assert met.type is discord.InteractionType.application_command
    assert (met.user.id, met.channel_id, met.guild_id) == (2, 5001, 3001)
    data = json.loads(json.dumps(met.data))
    given = {each["name"]: each["value"] for each in data["options"]}
    file = data["resolved"]["attachments"][given.pop("file")]
    assert given == {"text": "hi", "minutes": 5, "silent": True, "to": "2001", "label": "angry"}
    assert data["resolved"]["users"]["2001"]["username"] == "visitor 2001"
    async with aiohttp.ClientSession() as session, session.get(file["url"]) as response:
        assert await response.read() == b"abc"
    await calls_back(client, sent, 4, {"content": "Sent.", "flags": 64})
    answer = await sent.answered()
    assert (answer.text, answer.ephemeral) == ("Sent.", True)
    assert desk.whispers_to("2") == [answer.message]
    assert desk.messages_in("5001") == []
    assert not client.of("message")


async def test_commands_are_replaced_as_a_whole_and_keep_their_ids(client: Plain, desk: DiscordServer) -> None:
    before = await client.asks("GET", COMMANDS)
    note = {"name": "note", "description": "Only staff read it"}
    after = await client.asks("PUT", COMMANDS, json=[note, REPLY])
    assert [each["name"] for each in after] == ["note", "reply"]
    assert after[1]["id"] == before[0]["id"]
    await client.asks("PUT", COMMANDS, json=[note])
    with pytest.raises(ValueError, match="nobody is offered /reply"):
        desk.command("2", "5001", "reply", text="hi")


@pytest.mark.parametrize(("options", "told"), [
    ({}, "without 'text'"),
    ({"text": "hi", "more": 1}, "no option"),
    ({"text": "x" * 51}, "51 characters"),
    ({"text": "hi", "minutes": 91}, "out of its bounds"),
    ({"text": "hi", "minutes": "5"}, "its type is 4"),
    ({"text": "hi", "minutes": True}, "its type is 4"),
    ({"text": "hi", "label": "glad"}, "chosen from"),
])  # fmt: skip
async def test_what_discord_lets_nobody_send_cannot_be_sent(
    client: Plain, desk: DiscordServer, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        desk.command("2", "5001", "reply", **options)


async def test_commands_of_another_application_or_guild_are_out_of_reach(client: Plain) -> None:
    assert await client.is_refused("GET", "/applications/1/guilds/3001/commands") == (403, 20012)
    assert await client.is_refused("GET", f"/applications/{APPLICATION_ID}/guilds/3/commands") == (403, 50001)


async def test_while_somebody_types_choices_are_offered(client: Plain, desk: DiscordServer) -> None:
    typing = desk.autocomplete("2", "5001", "reply", "template", "del")
    met = await heard(client, typing)
    assert met.type is discord.InteractionType.autocomplete
    assert json.loads(json.dumps(met.data))["options"] == [
        {"name": "template", "type": 3, "value": "del", "focused": True}
    ]
    path = f"/interactions/{typing.id}/{typing.token}/callback"
    many = [{"name": "n", "value": "v"}] * 26
    assert await client.is_refused("POST", path, json={"type": 8, "data": {"choices": many}}) == (400, 50035)
    assert await client.is_refused("POST", path, json={"type": 4, "data": {"content": "x"}}) == (400, 50035)
    await calls_back(client, typing, 8, {"choices": [{"name": "Delay", "value": "delay"}]})
    assert (await typing.answered()).choices == [("Delay", "delay")]
    with pytest.raises(ValueError, match="nothing is offered"):
        desk.autocomplete("2", "5001", "reply", "label", "x")


# --- buttons and selects -------------------------------------------------------------------------------------


async def test_a_button_changes_its_message(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    pressed = desk.press("2", card, "claim:1")
    met = await heard(client, pressed)
    assert met.message is not None
    assert (str(met.message.id), met.type) == (card["id"], discord.InteractionType.component)
    await calls_back(client, pressed, UPDATE, {"content": "claimed", "components": []})
    assert (await pressed.answered()).text == "claimed"
    await until(lambda: client.of("raw_message_edit"))
    assert (await client.asks("GET", f"/channels/5001/messages/{card['id']}"))["content"] == "claimed"
    with pytest.raises(ValueError, match="no 'claim:1' here"):
        desk.press("2", card, "claim:1")


async def test_a_choice_is_acknowledged_in_silence_and_followed(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    chosen = desk.choose("2", card, "label:1", ["glad"])
    met = await heard(client, chosen)
    assert json.loads(json.dumps(met.data))["values"] == ["glad"]
    await calls_back(client, chosen, DEFERRED_UPDATE)
    assert (await chosen.answered()).kind == DEFERRED_UPDATE
    await client.asks("POST", under(chosen), json={"content": "noted", "flags": 64})
    (follow_up,) = await chosen.followed()
    assert (follow_up.text, follow_up.ephemeral) == ("noted", True)
    await client.asks("PATCH", under(chosen, "/messages/@original"), json={"content": "glad"})
    assert (await chosen.edited()).text == "glad"


async def test_what_cannot_be_pressed_is_not(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    assert desk.buttons_of(card) == {"Claim": "claim:1", "label:1": "label:1"}
    for custom_id, told in (("off", "switched off"), ("label:1", "no button"), ("none", "there is no")):
        with pytest.raises(ValueError, match=told):
            desk.press("2", card, custom_id)
    with pytest.raises(ValueError, match="cannot be chosen"):
        desk.choose("2", card, "label:1", ["sad"])
    with pytest.raises(ValueError, match="1 to 1 are chosen"):
        desk.choose("2", card, "label:1", [])
    desk.delete("2", desk.messages_in("5001")[0])
    with pytest.raises(ValueError, match="gone"):
        desk.press("2", card, "claim:1")


async def test_a_whisper_has_buttons_for_its_reader_alone(client: Plain, desk: DiscordServer) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    await calls_back(client, asked, 4, {**CARD, "content": "send anyway?", "flags": 64})
    whisper = (await asked.answered()).message
    assert whisper is not None
    with pytest.raises(ValueError, match="seen by 2 alone"):
        desk.press("3", whisper, "claim:1")
    pressed = desk.press("2", whisper, "claim:1")
    await calls_back(client, pressed, UPDATE, {"content": "sent", "components": []})
    assert [each["content"] for each in desk.whispers_to("2")] == ["sent"]
    assert desk.texts == []


# --- forms ---------------------------------------------------------------------------------------------------


async def test_a_form_opens_is_filled_and_handed_in(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    pressed = desk.press("2", card, "claim:1")
    await calls_back(client, pressed, 9, FORM)
    assert (await pressed.answered()).modal["title"] == "Reply"
    handed_in = desk.submit("2", pressed, {"text": "Dear visitor", "why": ["done"]})
    met = await heard(client, handed_in)
    data = json.loads(json.dumps(met.data))
    assert (met.type, data["custom_id"]) == (discord.InteractionType.modal_submit, "form:1")
    assert data["components"][0]["components"][0]["value"] == "Dear visitor"
    assert data["components"][1]["component"]["values"] == ["done"]
    await calls_back(client, handed_in, UPDATE, {"content": "replied"})
    assert (await handed_in.answered()).text == "replied"


async def test_a_form_is_handed_in_only_as_it_asks_to_be(client: Plain, desk: DiscordServer) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    with pytest.raises(ValueError, match="no form has opened"):
        desk.submit("2", asked, {})
    await calls_back(client, asked, 9, FORM)
    for values, told in (({"text": ""}, "1 to 4000"), ({"other": "x"}, "no field"), ({}, "1 to 1 are chosen")):
        with pytest.raises(ValueError, match=told):
            desk.submit("2", asked, values)
    handed_in = desk.submit("2", asked, {"why": ["done"]})
    met = await heard(client, handed_in)
    assert json.loads(json.dumps(met.data))["components"][0]["components"][0]["value"] == "Dear"
    path = f"/interactions/{handed_in.id}/{handed_in.token}/callback"
    for kind in (UPDATE, DEFERRED_UPDATE, 9):  # no message was there before, and no form follows a form
        assert await client.is_refused("POST", path, json={"type": kind, "data": FORM}) == (400, 50035)


# --- once, and in time ---------------------------------------------------------------------------------------


async def test_an_interaction_is_answered_once_and_in_time(client: Plain, desk: DiscordServer) -> None:
    late, twice = (desk.command("2", "5001", "reply", text="hi") for _ in range(2))
    late.lapse()
    said = {"type": 4, "data": {"content": "x", "flags": 64}}
    path, again = (f"/interactions/{each.id}/{each.token}/callback" for each in (late, twice))
    assert await client.is_refused("POST", path, json=said) == (
        404,
        10062,
    )
    assert await client.is_refused("POST", under(late), json={"content": "x"}) == (404, 10015)
    await calls_back(client, twice, 4, said["data"])
    assert await client.is_refused("POST", again, json=said) == (
        400,
        40060,
    )
    assert await client.is_refused("POST", f"/interactions/{twice.id}/other/callback", json=said) == (404, 10062)
    desk.interactions.lifetime = 0
    assert await client.is_refused("POST", under(twice), json={"content": "x"}) == (401, 50027)
    with pytest.raises(AssertionError, match="was not answered"):
        await late.answered(seconds=0.01)


@pytest.mark.parametrize("flags", [0, 64])
async def test_a_deferred_answer_is_seen_once_it_is_filled(client: Plain, desk: DiscordServer, flags: int) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    await calls_back(client, asked, 5, {"flags": flags})
    assert (await asked.acknowledged()).text == ""
    assert asked.loading
    assert await client.is_refused("PATCH", under(asked, "/messages/@original"), json={"content": ""}) == (
        400,
        50006,
    )
    await client.asks("PATCH", under(asked, "/messages/@original"), json={"content": "done"})
    answer = await asked.answered()
    assert (answer.text, answer.ephemeral) == ("done", bool(flags))
    assert len(desk.messages_in("5001")) == (not flags)
    await client.asks("DELETE", under(asked, "/messages/@original"))
    assert asked.removed
    assert await client.is_refused("GET", under(asked, "/messages/@original")) == (404, 10008)
    assert desk.whispers_to("2") == desk.messages_in("5001") == []


async def test_the_first_message_after_a_deferral_fills_it(client: Plain, desk: DiscordServer) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    await calls_back(client, asked, 5, {"flags": 64})
    for text in ("done", "and more"):
        await client.asks("POST", under(asked), json={"content": text})
    assert (await asked.answered()).text == "done"
    (follow_up,) = asked.followups
    assert (follow_up.text, follow_up.ephemeral) == ("and more", False)
    assert [each["content"] for each in desk.messages_in("5001")] == ["and more"]


async def test_the_library_answers_by_its_own_means(client: Plain, desk: DiscordServer) -> None:
    asked = desk.command("2", "5001", "reply", text="hi")
    met = await heard(client, asked)
    told = await met.response.send_message("here", file=discord.File(BytesIO(b"x"), "x.txt"))
    await met.followup.send("more", ephemeral=True)
    await met.edit_original_response(content="there")
    answer = await asked.edited()
    assert answer.message is not None
    assert (answer.text, str(told.message_id), answer.message["attachments"][0]["filename"]) == (
        "there",
        answer.message["id"],
        "x.txt",
    )
    await until(lambda: client.of("message"))
    assert client.of("message")[0].interaction_metadata.id == met.id
    assert [each.text for each in await asked.followed()] == ["more"]


async def test_answers_need_no_token_of_the_bot_and_count_for_no_limit_over_all(desk: DiscordServer) -> None:
    desk.add_guild()
    desk.commands.of["3001"] = {"a": {**REPLY, "id": "1", "name": "a", "options": [], "guild_id": "3001"}}
    desk.limits.enforce()
    async with aiohttp.ClientSession() as session:
        for _ in range(60):
            asked = desk.command("2", "4001", "a")
            body = {"type": 4, "data": {"content": "x", "flags": 64}}
            path = f"{desk.api}/interactions/{asked.id}/{asked.token}/callback"
            async with session.post(path, json=body) as response:
                assert response.status == 204
    assert desk.limits.refused == 0


# --- what people say -----------------------------------------------------------------------------------------


async def test_staff_write_reply_change_and_delete(client: Plain, desk: DiscordServer) -> None:
    card = await posted_card(client)
    said = desk.say("2", "5001", "look", reply_to=card, attachments={"a.txt": b"abc"})
    await until(lambda: len(client.of("message")) == 2)
    message = client.of("message")[1]
    assert (message.content, str(message.reference.message_id)) == ("look", card["id"])
    assert await message.attachments[0].read() == b"abc"
    with pytest.raises(ValueError, match="did not write"):
        desk.edit("3", said, "hm")
    desk.edit("2", said, "look here")
    desk.delete("2", said)
    await until(lambda: client.of("raw_message_delete"))
    assert client.of("raw_message_edit")[0].data["content"] == "look here"

"""Replies with files on a Bot API server, with the real library."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.messages import MessageId
from bot.errors import SendFailed, SendRefused, SendUnknown
from bot.records import Enclosure, Sending
from tests.channels.telegram.payloads import group
from tests.wire.telegram.faults import Cut, Refuse
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Side, sending

LABEL = Enclosure(name="label \u00fc.pdf", media_type="application/pdf", content=bytes(range(256)) * 4000)
PHOTO = Enclosure(name="box.gif", media_type="image/gif", content=b"GIF89a" + bytes(100))


def with_files(*files: Enclosure, text: str = "Here it is.", **more: object) -> Sending:
    return replace(sending(text, **more), enclosures=files)


def revised(text: str, ids: tuple[str, ...]) -> Sending:
    made = sending(text)
    return replace(made, send=replace(made.send, revises=MessageId("s1")), revised_ids=ids)


def came(telegram: BotApiServer) -> list[str | tuple[str, bytes]]:
    return [(sent.file.name, sent.file.content) if sent.file else sent.text for sent in telegram.sent]


async def test_a_file_comes_behind_the_text_byte_by_byte_and_as_a_file(telegram: BotApiServer, heed: Side) -> None:
    sent = await heed.channel.send(with_files(LABEL))
    assert came(telegram) == ["Here it is.", (LABEL.name, LABEL.content)]
    assert sent.external_ids == ("1001/1", "1001/2/file")
    assert telegram.sent[1].parameters["disable_content_type_detection"] == "true"
    assert heed.time.waited == [1.0]


async def test_several_files_come_in_one_request(telegram: BotApiServer, heed: Side) -> None:
    sent = await heed.channel.send(with_files(LABEL, PHOTO))
    assert came(telegram) == ["Here it is.", (LABEL.name, LABEL.content), (PHOTO.name, PHOTO.content)]
    assert telegram.calls["sendMediaGroup"] == 1
    assert sent.external_ids == ("1001/1", "1001/2/file", "1001/3/file")


async def test_files_may_come_alone_and_answer_the_question_then(telegram: BotApiServer, heed: Side) -> None:
    room = {"place": str(group()["id"]), "private": False, "reply_to": f"{group()['id']}/5"}
    await heed.channel.send(with_files(PHOTO, text="", **room))
    assert came(telegram) == [(PHOTO.name, PHOTO.content)]
    assert '"message_id": 5' in telegram.sent[0].parameters["reply_parameters"].replace('":5', '": 5')


async def test_a_file_in_doubt_after_its_text_is_never_called_refused(telegram: BotApiServer, heed: Side) -> None:
    telegram.fail("sendDocument", Refuse(status=429, parameters={"retry_after": 5}))
    with pytest.raises(SendUnknown, match="only its beginning was sent"):
        await heed.channel.send(with_files(LABEL))
    assert came(telegram) == ["Here it is."]


@pytest.mark.parametrize("files", [(LABEL,), (LABEL, PHOTO)], ids=["one", "several"])
async def test_files_alone_that_are_cut_off_are_unknown_and_a_refusal_is_one(
    telegram: BotApiServer, heed: Side, files: tuple[Enclosure, ...]
) -> None:
    method = "sendDocument" if len(files) == 1 else "sendMediaGroup"
    telegram.fail(method, Cut(after=True), Refuse(status=429, parameters={"retry_after": 5}), Refuse(status=413))
    for error in (SendUnknown, SendRefused, SendFailed):
        with pytest.raises(error):
            await heed.channel.send(with_files(*files, text=""))
    assert len(telegram.sent) == len(files)


async def test_a_text_that_is_changed_keeps_its_files_and_taking_back_takes_all(
    telegram: BotApiServer, heed: Side
) -> None:
    ids = (await heed.channel.send(with_files(LABEL, PHOTO))).external_ids
    changed = await heed.channel.send(revised("This is it.", ids))
    assert (telegram.shown.texts(1001), telegram.shown.files(1001)) == (["This is it."], [LABEL.name, PHOTO.name])
    assert changed.external_ids == ids
    gone = await heed.channel.send(revised("", changed.external_ids))
    assert (telegram.shown.texts(1001), telegram.shown.files(1001), gone.external_ids) == ([], [], ())


async def test_files_without_a_text_get_none_later_but_can_be_taken_back(
    telegram: BotApiServer, heed: Side
) -> None:
    ids = (await heed.channel.send(with_files(LABEL, text=""))).external_ids
    with pytest.raises(SendFailed, match="only files were sent"):
        await heed.channel.send(revised("This is it.", ids))
    await heed.channel.send(revised("", ids))
    assert telegram.shown.files(1001) == []


async def test_files_follow_a_group_that_has_moved(telegram: BotApiServer, heed: Side) -> None:
    new = telegram.moves_silently(group()["id"])
    await heed.channel.send(with_files(LABEL, PHOTO, text="", place=str(group()["id"]), private=False))
    assert {sent.chat for sent in telegram.sent} == {new}
    assert len(telegram.sent) == 2

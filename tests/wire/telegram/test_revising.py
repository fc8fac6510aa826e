"""Changing and taking back what was sent, on a Bot API server, with the real library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.messages import MessageId
from bot.errors import SendFailed, SendRefused, SendUnknown
from bot.records import Sending, Sent
from tests.channels.telegram.payloads import group
from tests.wire.telegram.faults import Cut, Refuse
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Side, sending

SENTENCE = "Each pot is fired for a day. "
LONG = (SENTENCE * 350).strip()


def revised(text: str, ids: tuple[str, ...], **more: object) -> Sending:
    """Return a change of what was sent as these messages; without a text it is taken back."""
    made = sending(text, **more)
    return replace(made, send=replace(made.send, revises=MessageId("s1"), quick_replies=()), revised_ids=ids)


async def test_the_customer_sees_the_new_text_and_telegrams_time_comes_back(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.date = lambda: 1795338000
    ids = (await heed.channel.send(sending("On Monday."))).external_ids
    telegram.date = lambda: 1795338060
    changed = await heed.channel.send(revised("On Tuesday.", ids))
    assert telegram.shown.texts(1001) == ["On Tuesday."]
    assert changed == Sent(at=datetime.fromtimestamp(1795338060, UTC), external_ids=ids)
    assert len(telegram.sent) == 1


async def test_a_text_that_is_taken_back_is_gone(telegram: BotApiServer, heed: Side) -> None:
    ids = (await heed.channel.send(sending())).external_ids
    taken_back = await heed.channel.send(revised("", ids))
    assert telegram.shown.texts(1001) == []
    assert taken_back.external_ids == ()
    assert taken_back.at.tzinfo is not None


async def test_doing_it_again_after_a_cut_changes_nothing_more_and_is_done(
    telegram: BotApiServer, heed: Side
) -> None:
    ids = (await heed.channel.send(sending())).external_ids
    for method, text in (("editMessageText", "On Tuesday."), ("deleteMessage", "")):
        telegram.fail(method, Cut(after=True))
        with pytest.raises(SendUnknown):
            await heed.channel.send(revised(text, ids))
        await heed.channel.send(revised(text, ids))
        assert telegram.shown.texts(1001) == ([text] if text else [])


async def test_a_shorter_text_leaves_no_part_of_the_longer_one(telegram: BotApiServer, heed: Side) -> None:
    ids = (await heed.channel.send(sending(LONG))).external_ids
    assert len(ids) == 3
    changed = await heed.channel.send(revised("In short: a day.", ids))
    assert telegram.shown.texts(1001) == ["In short: a day."]
    assert changed.external_ids == ids[:1]
    assert heed.time.waited == [1.0] * 4  # two pauses between the parts, each time


async def test_a_text_that_needs_more_messages_is_refused_in_words_and_changes_nothing(
    telegram: BotApiServer, heed: Side
) -> None:
    ids = (await heed.channel.send(sending("In short."))).external_ids
    with pytest.raises(SendFailed, match="needs 3 messages and was sent as 1: shorten it"):
        await heed.channel.send(revised(LONG, ids))
    assert telegram.shown.texts(1001) == ["In short."]


async def test_what_is_gone_cannot_be_edited_and_counts_as_deleted(telegram: BotApiServer, heed: Side) -> None:
    with pytest.raises(SendFailed, match="Message to edit not found"):
        await heed.channel.send(revised("On Tuesday.", ("1001/77",)))
    await heed.channel.send(revised("", ("1001/77",)))


async def test_after_two_days_nothing_can_be_taken_back_and_the_reason_is_said(
    telegram: BotApiServer, heed: Side
) -> None:
    telegram.date = lambda: 1795338000
    ids = (await heed.channel.send(sending())).external_ids
    telegram.date = lambda: 1795338000 + 48 * 3600 + 1
    with pytest.raises(SendFailed, match="48 hours"):
        await heed.channel.send(revised("", ids))
    assert telegram.shown.texts(1001) == ["On its way."]


@pytest.mark.parametrize("ids", [(), ("1001/x",), ("17",)], ids=str)
async def test_what_is_not_known_by_its_numbers_is_refused(heed: Side, ids: tuple[str, ...]) -> None:
    with pytest.raises(SendFailed):
        await heed.channel.send(revised("On Tuesday.", ids))


async def test_messages_from_before_a_group_moved_are_out_of_reach(telegram: BotApiServer, heed: Side) -> None:
    ids = (await heed.channel.send(sending(place="-500", private=False))).external_ids
    telegram.moves_silently(-500)
    after = (await heed.channel.send(sending("After it.", place="-500", private=False))).external_ids
    with pytest.raises(SendFailed, match="another"):
        await heed.channel.send(revised("Changed.", ids, place="-500", private=False))
    await heed.channel.send(revised("Changed.", after, place="-500", private=False))
    assert telegram.shown.texts(group(-500)["id"]) == ["On its way."]


async def test_flood_control_says_how_long_to_wait_with_a_change(telegram: BotApiServer, heed: Side) -> None:
    ids = (await heed.channel.send(sending())).external_ids
    telegram.fail("editMessageText", Refuse(status=429, parameters={"retry_after": 9}))
    with pytest.raises(SendRefused) as refused:
        await heed.channel.send(revised("On Tuesday.", ids))
    assert refused.value.retry_after.total_seconds() == 9


async def test_a_change_that_got_stuck_half_way_is_never_called_undone(telegram: BotApiServer, heed: Side) -> None:
    ids = (await heed.channel.send(sending(LONG))).external_ids
    telegram.fail("deleteMessage", Refuse(status=400, description="Bad Request: no"))
    with pytest.raises(SendUnknown, match="only its beginning"):
        await heed.channel.send(revised("In short: a day.", ids))
    await heed.channel.send(revised("In short: a day.", ids))
    assert telegram.shown.texts(1001) == ["In short: a day."]

"""One process, Discord and Telegram at once, staff at the desk: answered, escalated, edited, killed in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.platforms.heed import Both, both
from tests.platforms.sides import Said, Side
from tests.platforms.waiting import until

#: Word for word among the examples of the sample templates.
COVERED = "How much is delivery?"
ALSO_COVERED = "Has my order shipped yet?"
COMPLAINT = "The pot arrived broken and nobody answers my mails, I am very disappointed"

ANN, BO, CY, DEE, EVE, FAY, GUS = range(2001, 2008)
#: Who asks just before a kill: in private, and others in a room.
ASKING, ASKING_IN_ROOM = (2101, 2102, 2103), (2201, 2202, 2203)

#: The store keeps what is said in a room to nobody for half a minute at least.
PATIENCE_AND_MORE = 50.0

T = TypeVar("T")

pytestmark = pytest.mark.faults


@pytest.fixture
async def heed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Both]:
    async with both(tmp_path, monkeypatch) as prepared:
        yield prepared


async def on_both(heed: Both, story: Callable[[Both, Side], Awaitable[T]]) -> list[T]:
    """Let the same happen on both platforms at once."""
    return list(await asyncio.gather(*(story(heed, side) for side in heed.sides)))


async def nothing_is_wrong(heed: Both) -> None:
    """Let Heed finish and end, and look: nothing lost, nothing handled twice, each text with one end."""
    await heed.idle()
    await heed.stop()
    assert heed.faults() == []


async def test_answered_escalated_edited_and_replied_to_on_both_platforms_at_once(heed: Both) -> None:
    await heed.start()
    await on_both(heed, everything)
    await nothing_is_wrong(heed)


async def everything(heed: Both, side: Side) -> None:
    asked, private, complaint = side.asks_in_room(ANN, COVERED), side.says(BO, COVERED), side.says(CY, COMPLAINT)
    await until(lambda: side.replies(asked), f"{side.name}: the room is answered by a reply")
    await until(lambda: side.received(BO), f"{side.name}: the private chat is answered")
    conversation = await heed.with_a_human(side, complaint, "complaint")
    await until(lambda: side.received(CY), f"{side.name}: the complaint is acknowledged")
    side.edits(complaint, f"{COMPLAINT}. It was the blue one")
    await until(lambda: shows_both_texts(heed, side, complaint), f"{side.name}: the desk shows both texts")
    await heed.desk.does(conversation, "claim")
    await heed.desk.does(conversation, "reply", text="A new pot leaves today.")
    await until(lambda: "A new pot leaves today." in side.received(CY), f"{side.name}: the reply arrives")
    assert [len(side.replies(asked)), len(side.received(BO)), len(side.received(CY))] == [1, 1, 2], side.name
    assert (await heed.shown(side, private))["state"] == "waiting"


async def shows_both_texts(heed: Both, side: Side, said: Said) -> bool:
    timeline = (await heed.shown(side, said))["timeline"]
    [shown] = [each for each in timeline if each["kind"] == "message" and each["author"] == "customer"]
    return bool(shown["earlier_texts"] == [said.text] and shown["text"].endswith("the blue one"))


async def test_killed_in_the_middle_of_sends_each_arrives_once_and_telegrams_come_before_a_human(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both(tmp_path, monkeypatch, updates="webhook") as heed:
        await heed.start()
        await until(lambda: heed.telegram.server.webhook, "Telegram is told where to bring updates")
        await killed_in_the_middle_of_answers(heed)
        heed.discord.server.posts.nonce_lifetime = 0  # it has forgotten its keys: only reading back is left
        await killed_in_the_middle_of_replies(heed)
        await on_both(heed, goes_on_as_ever)
        assert heed.telegram.server.calls["getUpdates"] == 0
        await nothing_is_wrong(heed)
        assert [len(side.received(ANN)) for side in heed.sides] == [1, 1]
        assert [side.received(BO)[1:] for side in heed.sides] == [["So sorry."], ["So sorry."]]


async def killed_in_the_middle_of_answers(heed: Both) -> None:
    for side in heed.sides:
        side.slow_send()
    asked = [side.says(ANN, COVERED) for side in heed.sides]
    await killed_once_sends_have_begun(heed, [0, 0])
    missed = {side: side.asks_in_room(DEE, COVERED) for side in heed.sides}
    await until(lambda: 0 in heed.telegram.server.webhook_statuses, "Telegram finds nobody")
    await heed.start()
    await arrived_once(heed, ANN, asked)
    await on_both(
        heed, lambda _heed, side: until(lambda: side.replies(missed[side]), "what it missed is answered")
    )


async def killed_in_the_middle_of_replies(heed: Both) -> None:
    complaints = await on_both(heed, claimed_complaint)
    begun = [side.sends_begun() for side in heed.sides]
    for side, (_, conversation) in zip(heed.sides, complaints, strict=True):
        side.slow_send()
        await heed.desk.does(conversation, "reply", text="So sorry.")
    await killed_once_sends_have_begun(heed, begun)
    await heed.start()
    await arrived_once(heed, BO, [said for said, _ in complaints])


async def killed_once_sends_have_begun(heed: Both, known: list[int]) -> None:
    await until(
        lambda: all(side.sends_begun() > before for side, before in zip(heed.sides, known, strict=True)),
        "both texts are on their way",
    )
    await heed.kill()


async def arrived_once(heed: Both, who: int, said: list[Said]) -> None:
    """Look that Discord confirmed the send in the end, and that a human sees which one on Telegram is in doubt."""
    on_discord, on_telegram = said
    await until(lambda: last_send(heed, heed.discord, on_discord, "sent"), "Discord's send is confirmed")
    await heed.with_a_human(heed.telegram, on_telegram, "send_unknown")
    assert await last_send(heed, heed.telegram, on_telegram, "unknown")
    assert all(side.received(who) for side in heed.sides)


async def last_send(heed: Both, side: Side, said: Said, state: str) -> bool:
    """Tell whether the last text to whoever wrote this stands so."""
    if heed.conversation_of(side, said) is None:
        return False
    timeline = (await heed.shown(side, said))["timeline"]
    sends = [each for each in timeline if each["kind"] == "message" and each["author"] != "customer"]
    return bool(sends and sends[-1]["send_state"] == state)


async def claimed_complaint(heed: Both, side: Side) -> tuple[Said, str]:
    said = side.says(BO, COMPLAINT)
    conversation = await heed.with_a_human(side, said, "complaint")
    await until(lambda: last_send(heed, side, said, "sent"), f"{side.name}: the complaint is acknowledged")
    await heed.desk.does(conversation, "claim")
    return said, conversation


async def goes_on_as_ever(heed: Both, side: Side) -> None:
    said = side.says(CY, COVERED)
    await until(lambda: last_send(heed, side, said, "sent"), f"{side.name}: the next customer is answered")


async def test_killed_at_any_moment_nothing_is_lost_and_what_came_meanwhile_is_seen_to(heed: Both) -> None:
    chance = random.Random(3)
    await heed.start()
    among_members = await on_both(heed, talk_in_the_lounge)
    await on_both(heed, first_words)
    asked: list[tuple[Side, Said]] = []
    for who, other in zip(ASKING, ASKING_IN_ROOM, strict=True):
        asked += [(side, side.says(who, COVERED)) for side in heed.sides]
        asked += [(side, side.asks_in_room(other, COVERED)) for side in heed.sides]
        await asyncio.sleep(chance.uniform(0, 0.3) * (who - ASKING[0]))  # the first is killed at once
        await heed.kill()
        if who != ASKING[-1]:
            await heed.start()
    written = {side: while_it_is_down(side) for side in heed.sides}
    await heed.start()
    await on_both(heed, lambda heed, side: seen_to(heed, side, written[side]))
    await heed.idle()  # until then the last text to somebody may be an older one
    for side, said in asked:
        await answered_once_or_in_doubt(heed, side, said)
    for side, (unasked, answered) in zip(heed.sides, among_members, strict=True):
        what = f"{side.name}: what nobody has answered is"
        await until(lambda: side.replies(unasked), what, seconds=PATIENCE_AND_MORE)  # noqa: B023 - at once
        assert not side.replies(answered), side.name
    await nothing_is_wrong(heed)


async def talk_in_the_lounge(_heed: Both, side: Side) -> tuple[Said, Said]:
    """Return a question that nobody answers, and one that a member answered at once."""
    answered = side.talks(EVE, ALSO_COVERED)
    side.talks(FAY, "you can see that on the site", to=answered)
    return side.talks(GUS, COVERED), answered


async def first_words(_heed: Both, side: Side) -> None:
    """Let Heed know some private chats, one of them since long ago."""
    side.says(BO, "hello", at=ago(minutes=30))
    for who in (ANN, *ASKING):
        side.says(who, "hello")
    for who in (ANN, *ASKING):
        await until(lambda who=who: side.received(who), f"{side.name}: a greeting is greeted")  # type: ignore[misc]


def while_it_is_down(side: Side) -> tuple[Said, Said, Said, Said]:
    return (
        side.says(ANN, COVERED),
        side.says(BO, COVERED, at=ago(minutes=11)),
        side.asks_in_room(CY, COMPLAINT),
        side.says(DEE, COVERED),  # in a chat of which no bot is told on Discord before more is said there
    )


async def seen_to(heed: Both, side: Side, written: tuple[Said, Said, Said, Said]) -> None:
    fresh, old, complaint, new = written
    side.says(DEE, "hello?")
    await heed.with_a_human(side, old, "late")
    await heed.with_a_human(side, complaint, "complaint")
    await until(lambda: len(side.received(ANN)) == 2, f"{side.name}: what came meanwhile is answered")
    await until(lambda: side.received(DEE), f"{side.name}: a new chat is answered")
    assert await last_send(heed, side, fresh, "sent")
    assert heed.conversation_of(side, new)
    assert not any("delivery" in text.lower() for text in side.received(BO)), side.name


async def answered_once_or_in_doubt(heed: Both, side: Side, said: Said) -> None:
    """Discord takes a key: once. Telegram takes none: at most once, and a human looks where nobody knows."""
    await until(lambda: settled(heed, side, said), f"{side.name}: {said.id} is seen to")
    shown = await heed.shown(side, said)
    who = int(shown["customer_id"])
    answers = side.replies(said) if who in ASKING_IN_ROOM else side.received(who)[1:]
    assert len(answers) == 1 or (side is heed.telegram and not answers), (side.name, who, answers)
    doubtful = await last_send(heed, side, said, "unknown")
    assert not doubtful or (side is heed.telegram and shown["state"] == "escalated"), (side.name, who)


async def settled(heed: Both, side: Side, said: Said) -> bool:
    return await last_send(heed, side, said, "sent") or await last_send(heed, side, said, "unknown")


def ago(*, minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)

"""Customers on Telegram and in the web chat, staff on Discord and at the web desk, Heed killed in between."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.platforms.busy import COMPLAINT, Busy
from tests.platforms.desks import IDS, PRESS, SUPPORT, Desks, desks
from tests.platforms.ledger import found_wrong
from tests.platforms.waiting import LONGEST, until
from tests.wire.discord.faults import Cut, Slow
from tests.wire.telegram.faults import Refuse

#: Word for word among the examples of the sample templates.
COVERED = "How much is delivery?"

ANN, BO, CY, DEE = range(2001, 2005)
CROWD = range(2101, 2109)

pytestmark = pytest.mark.faults


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desks]:
    async with desks(tmp_path, monkeypatch, "vera", "viktor", "vito") as prepared:
        yield prepared


async def nothing_is_wrong(day: Desks) -> None:
    """Let all be shown, look whether both desks agree, let Heed end, and look at everything."""
    await day.idle()
    with contextlib.suppress(AssertionError):  # what is missing then is told below
        await until(lambda: settled(day), "all that happened is shown")
    for conversation, holder, state in day.rows("SELECT id, holder, state FROM conversations"):
        shown = await day.web["sam"].sees(conversation)
        assert (shown["state"], shown["holder"]) == (state, holder), conversation
    await day.stop()
    assert found_wrong(day) == []


def settled(day: Desks) -> bool:
    """Tell whether the desk on Discord has come to the end of the log, and threads made again are filled."""
    ((last,),) = day.rows("SELECT max(seq) FROM log")
    there = day.rows("SELECT value FROM bookmarks WHERE name = 'desk:discord'") == [(str(last),)]
    return there and not any("are missing" in fault for fault in found_wrong(day))


# --- the morning: both desks at work -----------------------------------------------------------------------


async def test_a_morning_at_both_desks(day: Desks) -> None:
    await day.start()
    await what_is_covered_needs_nobody(day)
    ann, vera = await two_complain_and_change_what_they_said(day)
    await one_claims_and_the_other_asks_and_takes_over(day, *ann)
    await each_desk_replies_once(day, ann, vera)
    await held_back_and_sent_anyway(day, *ann)
    await changed_and_taken_back(day, ann, vera)
    await given_to_press_put_away_resolved_and_reopened(day, ann, vera)
    await nothing_is_wrong(day)


async def what_is_covered_needs_nobody(day: Desks) -> None:
    bo, viktor = day.telegram.says(BO, COVERED), day.visitors["viktor"].says(COVERED)
    await until(lambda: day.received(BO) and day.received("viktor"), "both are answered")
    assert not any(day.thread_of(day.conversation_of(said), SUPPORT) for said in (bo, viktor))


async def two_complain_and_change_what_they_said(day: Desks) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the conversations with their threads: Ann's on Telegram, Vera's in the chat."""
    said, chatted = day.telegram.says(ANN, COMPLAINT), day.visitors["vera"].says(COMPLAINT)
    ann, vera = await day.opened(said), await day.opened(chatted)
    for conversation, thread in (ann, vera):
        await day.shows(thread, "⏱️", "due **<t:", ":R>", f"-# heed {conversation}")
        await day.shows(thread, "Escalated.")
    day.telegram.edits(said, f"{COMPLAINT}. It was the blue one")
    await day.shows(ann[1], "changed m", "before it said", "very disappointed")
    more = day.visitors["vera"].says("My number is 0815")
    await day.shows(vera[1], "0815")
    day.visitors["vera"].deletes(more)
    await day.shows(vera[1], "deleted m")
    await day.shows(vera[1], "~~", "deleted by the customer")
    return ann, vera


async def one_claims_and_the_other_asks_and_takes_over(day: Desks, conversation: str, thread: str) -> None:
    day.types("alex", thread, "She is a regular, be generous")
    await day.noted(conversation, "She is a regular, be generous")
    shown = await day.web["sam"].sees(conversation)
    assert any(each.get("text") == "She is a regular, be generous" for each in shown["timeline"])
    assert (await day.command("alex", thread, "claim")).text == "You hold this conversation now."
    refused = await day.web["sam"].tries(conversation, "claim")
    assert (refused["accepted"], refused["kind"], refused["holder"]) == (False, "held", "alex")
    assert "alex" in refused["refusal"]
    await day.web["sam"].does(conversation, "ask_for")
    await day.shows(thread, "sam asks alex for", f"<@{IDS['alex']}>")
    await day.web["sam"].does(conversation, "take_over")
    await day.shows(thread, "Held by **sam**")
    told = await day.command("alex", thread, "reply", text="Two answers at once")
    assert "sam" in told.text
    await day.web["sam"].does(conversation, "release")


async def each_desk_replies_once(day: Desks, ann: tuple[str, str], vera: tuple[str, str]) -> None:
    day.read()
    told = await day.command("alex", ann[1], "reply", text="A new pot leaves today.")
    assert told.text.startswith("Your reply is on its way"), told.text
    await day.arrived(ANN, "A new pot leaves today.")
    await day.shows(ann[1], "**alex** replied", "A new pot leaves today.", "✅ sent")
    await day.web["sam"].does(vera[0], "reply", text="We send another one.")
    await day.arrived("vera", "We send another one.")
    await day.shows(vera[1], "**sam** replied", "We send another one.", "✅ sent")
    await day.shows(vera[1], "Held by **sam**")


async def held_back_and_sent_anyway(day: Desks, conversation: str, thread: str) -> None:
    card = day.message(thread, f"-# heed {conversation}")
    opened = day.discord.press(IDS["alex"], card, day.discord.buttons_of(card)["Reply"])
    await opened.answered(seconds=LONGEST)
    day.telegram.says(ANN, "And the lid is missing too")
    await day.shows(thread, "And the lid is missing too")
    held = await day.discord.submit(IDS["alex"], opened, {"text": "Anything else?"}).answered(seconds=LONGEST)
    assert "wrote this meanwhile" in held.text, held.text
    assert "Anything else?" not in day.received(ANN)
    assert held.message is not None
    anyway = day.discord.buttons_of(held.message)["Send anyway"]
    sent = await day.discord.press(IDS["alex"], held.message, anyway).answered(seconds=LONGEST)
    assert sent.text.startswith("Your reply")
    await day.arrived(ANN, "Anything else?")


async def changed_and_taken_back(day: Desks, ann: tuple[str, str], vera: tuple[str, str]) -> None:
    await day.shows(ann[1], "Anything else?", "✅ sent")
    await day.command("alex", ann[1], "edit", text="The lid comes along.")
    await until(lambda: "The lid comes along." in day.received(ANN), "Telegram shows the new text")
    await day.shows(ann[1], "The lid comes along.", "changed since")
    await day.command("alex", ann[1], "delete")
    await until(lambda: "The lid comes along." not in day.received(ANN), "Telegram shows it no more")
    await day.shows(ann[1], "The lid comes along.", "taken back")
    reply = await last_reply(day, vera[0])
    await day.web["sam"].does(vera[0], "edit", message=reply, text="We send two.")
    await until(lambda: "We send two." in day.received("vera"), "the chat shows the new text")
    assert "We send another one." not in day.received("vera")
    await day.web["sam"].does(vera[0], "delete", message=reply)
    await until(lambda: "We send two." not in day.received("vera"), "the chat shows it no more")


async def given_to_press_put_away_resolved_and_reopened(
    day: Desks, ann: tuple[str, str], vera: tuple[str, str]
) -> None:
    await day.command("alex", ann[1], "transfer", team="press", text="She writes for the paper")
    await until(lambda: day.thread_of(ann[0], PRESS), "the conversation stands with the press")
    await day.shows(ann[1], "it goes on in <#")
    there = day.thread_of(ann[0], PRESS)
    await day.web["sam"].does(vera[0], "snooze", until=in_hours(2))
    await day.shows(vera[1], "Put away until")
    day.read()
    assert (await day.command("sam", there, "resolve", reason="answered")).text == "Resolved."
    await until(lambda: archived(day, there), "the thread of what is resolved is closed")
    day.telegram.says(ANN, f"{COMPLAINT}, once more")
    await day.shows(there, "once more")
    await until(lambda: not archived(day, there), "the thread comes back")
    await day.shows(there, "Reopened by")
    day.visitors["vera"].says(f"{COMPLAINT}, and no parcel either")
    await day.shows(vera[1], "no parcel either")
    day.discord.delete_thread(IDS["sam"], there)
    await until(lambda: day.thread_of(ann[0], PRESS) not in {"", there}, "a thread deleted by hand is made again")


# --- killed in between -------------------------------------------------------------------------------------


async def test_killed_between_commands_and_what_they_bring_about(day: Desks) -> None:
    await day.start()
    said, chatted = day.telegram.says(ANN, COMPLAINT), day.visitors["vera"].says(COMPLAINT)
    await day.kill()  # right after they wrote: the one is fetched, the other said again
    await day.start()
    ann, vera = await day.opened(said), await day.opened(chatted)
    await killed_before_a_reply_was_delivered(day, ann, vera)
    await killed_before_a_thread_has_moved(day, *ann)
    await killed_before_a_reply_was_changed(day, *vera)
    await nothing_is_wrong(day)


async def killed_before_a_reply_was_delivered(day: Desks, ann: tuple[str, str], vera: tuple[str, str]) -> None:
    await day.idle()
    day.read()
    later = Refuse(status=429, description="Too Many Requests", parameters={"retry_after": 1})
    day.telegram.server.fail("sendMessage", *[later] * 3)
    told = await day.command("alex", ann[1], "reply", text="A new pot leaves today.")
    assert told.text.startswith("Your reply"), told.text
    await day.web["sam"].does(vera[0], "reply", text="We send another one.")
    await until(lambda: refused(day), "Heed knows that Telegram has refused")  # else it would be in doubt
    await day.kill()
    await day.start()
    await day.arrived(ANN, "A new pot leaves today.")
    await day.arrived("vera", "We send another one.")
    await day.shows(ann[1], "A new pot leaves today.", "✅ sent")
    await day.shows(vera[1], "We send another one.", "✅ sent")


def refused(day: Desks) -> bool:
    """Tell whether a text was tried in vain and none is under way: a kill leaves nobody in doubt."""
    tried = day.rows("SELECT 1 FROM outbox WHERE attempts > 0")
    return bool(tried) and not day.rows("SELECT 1 FROM outbox WHERE state = 'sending'")


async def killed_before_a_thread_has_moved(day: Desks, conversation: str, thread: str) -> None:
    day.discord.faults.next("thread", Slow(1.0))
    await day.command("alex", thread, "transfer", team="press")
    await until(lambda: day.thread_of(conversation, PRESS), "the new thread is there, and nobody knows of it yet")
    await day.kill()
    await day.start()
    await day.shows(thread, "it goes on in <#")
    assert (await day.web["sam"].sees(conversation))["team"] == "press"


async def killed_before_a_reply_was_changed(day: Desks, conversation: str, thread: str) -> None:
    reply = await last_reply(day, conversation)
    await day.web["sam"].does(conversation, "edit", message=reply, text="We send two.")
    await day.kill()
    await day.start()
    await until(lambda: "We send two." in day.received("vera"), "the chat shows the new text")
    await day.shows(thread, "We send two.", "changed since")


async def test_killed_while_threads_are_filled_and_discord_is_slow(day: Desks) -> None:
    chance = random.Random(5)
    await day.start()
    for route in ("send", "thread", "edit"):
        day.discord.faults.next(route, Slow(0.3), times=30)
    said = [day.telegram.says(who, COMPLAINT) for who in CROWD]
    chatted = [visitor.says(COMPLAINT) for visitor in day.visitors.values()]
    for number in range(1, 4):
        threads = 3 * number
        await until(lambda: len(threads_of(day)) >= threads, "some threads are there", seconds=60)  # noqa: B023 - at once
        await asyncio.sleep(chance.uniform(0, 0.4))  # anywhere in the midst of it
        await day.kill()
        day.discord.faults.next("thread", Cut.AFTER)
        day.discord.faults.next("send", Cut.AFTER)
        day.discord.faults.next("send", Cut.BEFORE)
        await day.start()
    for each in (*said, *chatted):
        await day.opened(each)
    await nothing_is_wrong(day)


async def test_what_is_written_while_heed_is_down_is_seen_to(day: Desks) -> None:
    await day.start()
    ann = await day.opened(day.telegram.says(ANN, COMPLAINT))
    vera = await day.opened(day.visitors["vera"].says(COMPLAINT))
    cy = await day.opened(day.telegram.says(CY, COMPLAINT))
    await day.idle()
    await day.kill()
    day.types("alex", ann[1], "Her sister works with us")
    day.types("sam", ann[1], "Then let her get two")
    day.types("alex", vera[1], "The parcel is at the post office")
    day.telegram.says(ANN, "Are you there at all?")
    day.telegram.says(DEE, COVERED)
    new = day.visitors["vito"].says(COMPLAINT)
    day.visitors["vera"].says("Hello?")
    day.discord.archive_thread(IDS["sam"], vera[1], locked=True)
    day.discord.delete_thread(IDS["sam"], cy[1])
    await day.start()
    await day.noted(ann[0], "Her sister works with us")
    await day.noted(ann[0], "Then let her get two")
    await day.noted(vera[0], "The parcel is at the post office")
    await day.shows(ann[1], "Are you there at all?")
    await day.shows(vera[1], "Hello?")
    await until(lambda: day.received(DEE), "what is covered is answered")
    await day.opened(new)
    await until(lambda: day.thread_of(cy[0], SUPPORT) not in {"", cy[1]}, "a deleted thread is made again")
    await until(lambda: not archived(day, vera[1]), "a closed thread is opened again")
    await nothing_is_wrong(day)


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_any_moment_of_a_busy_hour(day: Desks, seed: int) -> None:
    busy = Busy(day, random.Random(seed), (ANN, BO, CY))
    for _ in range(4):
        await day.start()
        for route in ("send", "thread", "edit", "change"):
            day.discord.faults.next(route, busy.chance.choice((Slow(0.4), Cut.AFTER, Cut.BEFORE)), times=2)
        await killed_at_work(day, busy, after=busy.chance.uniform(0.5, 3.0))
        busy.write()
        busy.type()
    day.discord.faults.clear()
    await day.start()
    await nothing_is_wrong(day)


async def killed_at_work(day: Desks, busy: Busy, *, after: float) -> None:
    working = asyncio.create_task(busy.go_on())
    done, _ = await asyncio.wait({working}, timeout=after)
    await day.kill()
    working.cancel()
    await asyncio.gather(*done)  # it has ended by itself only if something was wrong
    await asyncio.gather(working, return_exceptions=True)


async def last_reply(day: Desks, conversation: str) -> str:
    """Return the id of the last text of staff's, as the web desk has it."""
    timeline = (await day.web["sam"].sees(conversation))["timeline"]
    return str([each["id"] for each in timeline if each.get("author") == "agent"][-1])


def threads_of(day: Desks) -> list[str]:
    return [each["id"] for each in day.discord.threads_in(SUPPORT) if each["name"] != "Now"]


def archived(day: Desks, thread: str) -> bool:
    return bool(day.discord.world.channels[thread]["thread_metadata"]["archived"])


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

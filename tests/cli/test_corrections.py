"""What staff corrected, as rows for training."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels import arrivals
from bot.domain.events import CorrectLabel
from bot.domain.messages import Address, AgentId
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.engine.commands import StaffCommands
from bot.engine.road import Road
from bot.engine.time import SystemTime
from bot.rulebook import Rulebook
from bot.settings import Settings
from models.dataset import read_rows
from tests.cli.conftest import Command, opened

NOTHING = "Nobody has corrected a label yet: staff do it at the desk, under a message's label."


def corrected(texts: Mapping[str, Sequence[Label]]) -> None:
    """Make a store in which a customer wrote these texts and staff said what each is."""

    async def fill() -> None:
        time, agent = SystemTime(), Agent(id=AgentId("sam"))
        async with opened() as store:
            book = Rulebook(Settings(), named={})
            commands = StaffCommands(
                store=store, road=Road(store=store, rules=lambda: book.rules, time=time), time=time
            )
            for number, (text, labels) in enumerate(texts.items()):
                [receipt] = await store.accept([written(number, text)], assess_within=timedelta(minutes=2))
                assert receipt.conversation is not None
                assert receipt.message is not None
                command = CorrectLabel(at=time.now(), agent=agent, message=receipt.message, labels=tuple(labels))
                assert (await commands.perform(receipt.conversation, command)).accepted

    asyncio.run(fill())


def written(number: int, text: str):
    return arrivals.message(
        external_id=f"m{number}",
        text=text,
        address=Address(channel="api", account="", place=f"talk-{number}", thread=""),
        customer=arrivals.customer("api", f"customer-{number}", "Ines"),
        arrived_at=datetime.now(UTC),
    )


SAID: dict[str, list[Label]] = {
    "süß, but it broke 😡": [Label.COMPLAINT, Label.PRAISE],
    "two\nlines": [],
    "and where is it": [Label.QUESTION],
}


def test_what_was_corrected_is_written_a_line_each(heed: Command) -> None:
    corrected(SAID)
    done = heed("corrections")
    assert (done.code, done.err) == (0, "")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {row["text"]: row["labels"] for row in rows} == {
        "süß, but it broke 😡": ["complaint", "praise"],
        "two\nlines": [],
        "and where is it": ["question"],
    }


def test_more_than_one_page_is_written_whole(heed: Command, monkeypatch) -> None:
    monkeypatch.setattr("bot.cli.corrections.PAGE", 2)
    corrected(SAID)
    assert len(heed("corrections").out.splitlines()) == len(SAID)


def test_the_file_is_what_training_reads_with_every_label_decided(heed: Command) -> None:
    corrected(SAID)
    done = heed("corrections", "mine.jsonl")
    assert (done.code, done.out) == (0, "3 corrected messages stand in mine.jsonl.\n")
    rows = list(read_rows([Path("mine.jsonl")]))
    assert {row.text: row.labels for row in rows} == {text: frozenset(labels) for text, labels in SAID.items()}
    assert {row.known for row in rows} == {frozenset({"question", "complaint", "praise"})}


def test_with_nothing_corrected_it_says_so_and_leaves_files_alone(
    heed: Command, store_with_a_message: Path
) -> None:
    done = heed("corrections")
    assert (done.code, done.out, done.err) == (0, "", NOTHING + "\n")
    Path("mine.jsonl").write_text("kept")
    done = heed("corrections", "mine.jsonl")
    assert (done.code, done.err) == (0, f"{NOTHING} mine.jsonl is not written.\n")
    assert Path("mine.jsonl").read_text() == "kept"


def test_a_file_that_cannot_be_written_is_named(heed: Command) -> None:
    corrected(SAID)
    done = heed("corrections", "no/such/folder.jsonl")
    assert (done.code, done.err) == (
        1,
        "heed: no/such/folder.jsonl cannot be written: No such file or directory\n",
    )


def test_no_store_is_made_where_there_is_none(heed: Command) -> None:
    assert heed("corrections").code == 1
    assert list(Path.cwd().iterdir()) == []

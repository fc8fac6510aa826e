"""The operations page lists what the code has: every metric with its labels, every event of the log, no others."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer import Context
from typer.main import get_command

from bot.cli import app
from bot.records import StoreFacts
from bot.stores.sqlite import SqliteStore
from bot.web import metrics
from bot.web.health import MEASURED
from tests.web.day import figures

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
LOGGED = re.compile(r"\b_?log(?:ger)?\.(debug|info|warning|error|exception)\(\s*\"([a-z_]+)\"")


def rows(section: str) -> list[list[str]]:
    body = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in body.splitlines() if line.startswith("| `")
    ]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_metric_stands_on_the_page_with_its_meaning_and_no_other() -> None:
    told = [row[0].strip("`") for row in rows("Health and metrics") if row[0].startswith("`heed_")]
    known = {value for value in vars(metrics).values() if isinstance(value, str) and value.startswith("heed_")}
    assert sorted(told) == sorted(known)


def test_every_metric_has_the_labels_that_the_page_tells() -> None:
    told = {row[0].strip("`"): words(row[1]) for row in rows("Health and metrics") if row[0].startswith("`heed_")}
    assert {name: sorted(labels) for name, labels in told.items() if labels} == labels_of_the_exposition()


def labels_of_the_exposition() -> dict[str, list[str]]:
    lines = [line.partition("{") for line in exposition().splitlines() if not line.startswith("#")]
    return {name: sorted(re.findall(r"(\w+)=\"", rest)) for name, brace, rest in lines if brace}


def exposition() -> str:
    """Return the metrics of a busy day."""
    now = datetime(2026, 3, 4, 9, tzinfo=UTC)
    facts = StoreFacts(
        inbox=1,
        outbox=1,
        deadlines=1,
        dead_letters=1,
        conversations={"open": 1},
        schema_version=1,
        size_bytes=1,
    )
    snapshot = metrics.Snapshot(
        summaries={"1h": figures(now - timedelta(hours=1), now, busy=True)},
        facts=facts,
        ready=True,
        problems=0,
        paused=False,
    )
    return metrics.exposition(snapshot).decode()


async def test_the_question_for_dead_letters_can_be_asked(tmp_path: Path) -> None:
    [question] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    store = await SqliteStore.open(tmp_path / "heed.sqlite")
    await store.close()
    with closing(sqlite3.connect(tmp_path / "heed.sqlite")) as connection:
        assert connection.execute(question).fetchall() == []


def test_the_periods_are_those_of_the_page() -> None:
    assert "`period` is " + " or ".join(f"`{period}`" for period in MEASURED) in PAGE


def test_every_event_of_the_log_stands_on_the_page_with_its_level_and_no_other() -> None:
    known: dict[str, set[str]] = {}
    for path in (file for folder in ("bot", "handlers", "models") for file in (ROOT / folder).rglob("*.py")):
        for level, event in LOGGED.findall(path.read_text(encoding="utf-8")):
            known.setdefault(event, set()).add("error" if level == "exception" else level)
    told = {event: {row[1]} for row in rows("Logs") for event in words(row[0])}
    assert told == known


def test_every_command_that_the_page_gives_exists() -> None:
    command = get_command(app)
    known = set(command.list_commands(Context(command)))
    given = set(re.findall(r"(?:^|`)heed ([a-z]+)", PAGE, re.MULTILINE))
    assert {"run", "backup", "restore", "erase", "pause", "resume", "user", "check", "replay"} <= given
    assert given <= known

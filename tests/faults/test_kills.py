"""The short form of ``make faults``."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.kills import Outcome, kill_and_look
from tests.faults.reader import faults

KILLS = 5

COPY = """INSERT INTO log (conversation, kind, at, recorded_at, fields)
          SELECT conversation, kind, at, recorded_at, fields FROM log WHERE kind = '{}' LIMIT 1"""

#: What is done to a sound store, and what the reader must then say.
DAMAGES = {
    "DELETE FROM log WHERE seq = (SELECT min(seq) FROM log WHERE kind = 'message_received')": "lost",
    COPY.format("message_received"): "twice",
    "DELETE FROM log WHERE kind = 'breach'": "passed its target unnoticed",
    COPY.format("breach"): "was breached 2",
    "UPDATE outbox SET state = 'sending' WHERE seq = (SELECT min(seq) FROM outbox)": "is still sending",
    "DELETE FROM log WHERE kind = 'send_confirmed'": "0 ends in the log",
}


def damaged(store: Path, copy: Path, statement: str) -> Path:
    shutil.copyfile(store, copy)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute(statement).rowcount > 0
        db.commit()
    return copy


def found_in(store: Path, outcome: Outcome) -> str:
    driver = outcome.driver
    return "\n".join(faults(store, driver.accepted, driver.fetched, ended_at=outcome.ended_at))


@pytest.mark.faults
async def test_nothing_is_lost_doubled_or_forgotten_when_heed_is_killed(tmp_path: Path) -> None:
    outcome = await kill_and_look(tmp_path, kills=KILLS, seed=1)
    assert outcome.found == []
    assert outcome.in_flight == KILLS, str(outcome)
    for statement, complaint in DAMAGES.items():
        copy = damaged(tmp_path / "heed.sqlite", tmp_path / "damaged.sqlite", statement)
        assert complaint in found_in(copy, outcome), f"the reader did not see: {statement}"

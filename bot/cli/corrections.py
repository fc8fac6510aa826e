"""``heed corrections``: the labels that staff corrected at the desk, as rows that ``heed train`` takes."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Annotated

import typer

from bot.cli.words import aside, existing_store, out, run_async, settings_now
from bot.errors import BadMessage
from bot.ports import Corrections
from bot.records import CorrectedMessage

#: Messages read in one go.
PAGE = 500

NOTHING = "Nobody has corrected a label yet: staff do it at the desk, under a message's label."


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(corrections)


def corrections(
    file: Annotated[str, typer.Argument(help="Where to write; - is standard output.")] = "-",
) -> None:
    """Write the messages whose labels staff corrected, a JSON line each, for heed train --data."""
    written = run_async(_export(file))
    if not written:
        aside.print(NOTHING + ("" if file == "-" else f" {file} is not written."))
    elif file != "-":
        out.print(f"{written} corrected {'message stands' if written == 1 else 'messages stand'} in {file}.")


async def _export(file: str) -> int:
    """Write all rows and return how many. Without any, no file is made and none is changed."""
    store = await existing_store(settings_now())
    try:
        rows = _rows(store)
        first = await anext(rows, None)
        if first is None:
            return 0
        with _opened(file) as target:
            target.write(_as_json(first))
            written = 1
            async for row in rows:
                target.write(_as_json(row))
                written += 1
        return written
    finally:
        await store.close()


async def _rows(store: Corrections) -> AsyncIterator[CorrectedMessage]:
    after = ""
    while page := await store.corrected(after=after, limit=PAGE):
        for row in page:
            yield row
        after = page[-1].message


def _opened(file: str) -> IO[str] | nullcontext[IO[str]]:
    if file == "-":
        return nullcontext(sys.stdout)
    try:
        return Path(file).open("w", encoding="utf-8")
    except OSError as error:
        raise BadMessage(f"{file} cannot be written: {error.strerror}") from None


def _as_json(row: CorrectedMessage) -> str:
    labels = [label.value for label in row.labels]
    return json.dumps({"text": row.text, "labels": labels}, ensure_ascii=False) + "\n"

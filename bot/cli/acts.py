"""``heed audit``: who on staff did what, and when: as a table, or as a file for others to look through."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.acts import COLUMNS, Act, act_of
from bot.cli.asking import read_since
from bot.cli.clocks import no_conversation
from bot.cli.words import aside, existing_store, out, run_async, settings_now, show
from bot.domain.log import LogRecord
from bot.domain.messages import AgentId, ConversationId
from bot.engine.time import SystemTime
from bot.errors import BadMessage, NotFound
from bot.ports import Views
from bot.records import ActQuery
from bot.reports.wording import moment, zone_name
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import brand_zone

#: Acts read in one go.
PAGE = 500

NOTHING = "Nobody on staff did anything that was asked for."


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(audit)


def audit(
    *,
    agent: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only what was done with this one, by its id.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or time on, in the brand's time zone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write a file for spreadsheets; - is the screen.")
    ] = None,
) -> None:
    """Tell who on staff did what and when, oldest first: acts, ids and times, never a text."""
    if as_json and as_csv is not None:
        raise BadMessage("--json and --csv together say too much; leave one of them out")
    settings, time = settings_now(), SystemTime()
    zone = brand_zone(settings)
    query = ActQuery(
        agent=None if agent is None else AgentId(agent.strip()),
        conversation=None if conversation is None else ConversationId(conversation.strip()),
        limit=PAGE,
    )
    found = run_async(_found(settings, query, read_since(since, now=time.now(), zone=zone)))
    if not found:
        aside.print(NOTHING + (f" {as_csv} is not written." if as_csv not in {None, "-"} else ""))
    elif as_csv is not None:
        _write(_csv(found), as_csv, len(found))
    else:
        _tell(found, zone, as_json=as_json)


async def _found(settings: Settings, query: ActQuery, since: datetime | None) -> Sequence[Act]:
    """Return the acts, oldest first. Raises NotFound with the nearest ids for a conversation that is not known."""
    store = await existing_store(settings)
    try:
        await _check(store, query.conversation)
        newest_first = [act_of(record) async for record in _records(store, query, since)]
        return newest_first[::-1]
    finally:
        await store.close()


async def _check(store: SqliteStore, conversation: ConversationId | None) -> None:
    if conversation is not None and (not conversation or not await store.of(conversation)):
        raise NotFound(await no_conversation(store, conversation))


async def _records(views: Views, query: ActQuery, since: datetime | None) -> AsyncIterator[LogRecord]:
    """Yield records page by page, newest first. What was recorded before ``since`` cannot have happened later."""
    while page := await views.acts(query):
        for record in page:
            if since is not None and record.recorded_at < since:
                return
            if since is None or record.at >= since:
                yield record
        query = replace(query, before=page[-1].seq)


def _tell(found: Sequence[Act], zone: tzinfo, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.writelines(_json(act) for act in found)
        return
    out.print(f"Times are those of {zone_name(zone)}.")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("when", "who", "role", "what", "conversation"):
        table.add_column(title, no_wrap=True)
    table.add_column("details", ratio=1, overflow="fold")
    for act in found:
        when = f"{moment(act.at, zone)}:{act.at:%S}"
        table.add_row(when, act.agent, act.role, act.act.replace("_", " "), act.conversation, act.told())
    show(table)


def _json(act: Act) -> str:
    return json.dumps(act.json(), ensure_ascii=False) + "\n"


def _csv(found: Sequence[Act]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(act.cells() for act in found)
    return written.getvalue()


def _write(content: str, file: str, count: int) -> None:
    if file == "-":
        sys.stdout.write(content)
        return
    try:
        Path(file).write_text(content, encoding="utf-8")
    except OSError as error:
        raise BadMessage(f"--csv: {file} cannot be written: {error.strerror}") from None
    out.print(f"{count} {'act stands' if count == 1 else 'acts stand'} in {file}.")

"""``heed explain``: the life of every clock of one conversation, event by event, with the arithmetic."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.words import existing_store, out, run_async, settings_now, show
from bot.domain.messages import ConversationId
from bot.engine.time import SystemTime
from bot.errors import NotFound
from bot.figures import ClockLife, Line
from bot.records import QueueQuery
from bot.reports.explain import lives
from bot.reports.wording import duration, moment, title, zone_name
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import brand_zone

#: Among so many of the newest conversations an id with a slip in it is looked for.
_LOOKED_THROUGH = 1000

_NEAR = 3


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(explain)


def explain(
    conversation: Annotated[str, typer.Argument(help="Its id, as it stands at /desk under Details.")],
    *,
    clock: Annotated[
        str | None, typer.Option(help="Only this one: METRIC or METRIC:INSTANCE, as in first_reply_time:1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, durations in seconds.")] = False,
) -> None:
    """Tell how every clock of a conversation came to its value: each event, its arithmetic, and why."""
    settings = settings_now()
    found = _chosen(conversation, run_async(_lives(settings, conversation.strip())), clock)
    if as_json:
        sys.stdout.write(_json(conversation.strip(), found))
    elif found:
        _tell_all(found, brand_zone(settings))
    else:
        out.print("No clock has run in this conversation.")


async def _lives(settings: Settings, conversation: str) -> Sequence[ClockLife]:
    """Return the clocks. Raises NotFound with the nearest ids for a conversation that is not known."""
    store = await existing_store(settings)
    try:
        known = ConversationId(conversation)
        if not conversation or not await store.of(known):
            raise NotFound(await no_conversation(store, conversation))
        return await lives(store, known, now=SystemTime().now(), zone=brand_zone(settings))
    finally:
        await store.close()


async def no_conversation(store: SqliteStore, conversation: str) -> str:
    """Return that there is no such conversation, with the ids that were probably meant."""
    near = await _near(store, conversation) if conversation else []
    right = f"did you mean {' or '.join(near)}?" if near else "ids stand at /desk under Details"
    return f"there is no conversation {conversation!r}; {right}"


async def _near(store: SqliteStore, conversation: str) -> list[str]:
    """Return ids of conversations that look like this one, or in which it is found: a name, a part of an id."""
    holding = await store.queue(QueueQuery(text=conversation, limit=_NEAR))
    if holding.rows:
        return [row.conversation.id for row in holding.rows]
    newest = await store.queue(QueueQuery(limit=_LOOKED_THROUGH))
    return difflib.get_close_matches(conversation, [row.conversation.id for row in newest.rows], n=_NEAR)


def _chosen(conversation: str, found: Sequence[ClockLife], clock: str | None) -> Sequence[ClockLife]:
    """Keep the clocks that were asked for. Raises NotFound for one that never ran, naming those that did."""
    if clock is None:
        return found
    chosen = [life for life in found if clock in {life.metric.value, _key(life)}]
    if not chosen:
        there_are = ", ".join(_key(life) for life in found) or "none"
        raise NotFound(f"--clock: conversation {conversation} has no clock {clock!r}; there are {there_are}")
    return chosen


def _key(life: ClockLife) -> str:
    return f"{life.metric.value}:{life.instance}"


# --- for people


def _tell_all(found: Sequence[ClockLife], zone: tzinfo) -> None:
    out.print(f"Times are those of {zone_name(zone)}.")
    for life in found:
        out.print()
        _tell(life, zone)


def _tell(life: ClockLife, zone: tzinfo) -> None:
    out.print(f"{_key(life)}  {title(life.metric)}", style="bold")
    out.print(_standing(life))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("when", no_wrap=True)
    table.add_column("what happened, and the arithmetic", ratio=1, overflow="fold")
    table.add_column("counted", no_wrap=True, justify="right")
    for line in life.lines:
        table.add_row(_when(line, zone), line.says, duration(line.business_seconds))
    show(table)


def _when(line: Line, zone: tzinfo) -> str:
    return f"{moment(line.at, zone)}:{line.at:%S}"


def _standing(life: ClockLife) -> str:
    """Return where a clock stands in one line: state, value, target."""
    value = duration(life.business_seconds)
    if life.calendar:
        value += f" in the hours of {life.calendar} ({duration(life.calendar_seconds)} of calendar time)"
    target = "no target"
    if life.target_seconds is not None:
        target = f"target {duration(life.target_seconds)} by policy {life.policy}"
    return f"{life.state.replace('_', ' ')}: {value}; {target}{', breached' if life.breached else ''}"


# --- for programs


def _json(conversation: str, found: Sequence[ClockLife]) -> str:
    told = {"conversation": conversation, "durations_in": "seconds", "clocks": [asdict(life) for life in found]}
    return json.dumps(told, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an explanation")

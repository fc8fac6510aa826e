"""``heed report``: the figures of a period."""

from __future__ import annotations

import sys
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.words import existing_store, run_async, settings_now
from bot.engine.time import SystemTime
from bot.errors import SettingsError
from bot.figures import Summary
from bot.reports.outputs import as_csv, as_json, as_text
from bot.settings import Settings, parse_duration
from bot.wiring import open_reports


class Form(StrEnum):
    """How the figures are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


WRITE = {Form.TEXT: as_text, Form.JSON: as_json, Form.CSV: as_csv}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(report)


def report(
    period: Annotated[str, typer.Option(help="How far back: 1h, 24h, 7d, 30d …")] = "7d",
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    label: Annotated[str | None, typer.Option(help="Only this label.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How the figures are written.")] = Form.TEXT,
) -> None:
    """Print response times and volumes of a period, from the event log."""
    try:
        length = parse_duration(period)
    except ValueError as error:
        raise SettingsError(f"--period: {error}") from None
    summary = run_async(_summary(settings_now(), length, channel, label))
    sys.stdout.write(WRITE[form](summary).rstrip("\n") + "\n")


async def _summary(settings: Settings, length: timedelta, channel: str | None, label: str | None) -> Summary:
    time = SystemTime()
    store = await existing_store(settings)
    try:
        reports = await open_reports(store, settings, time)
        try:
            now = time.now()
            return await reports.summary(since=now - length, until=now, channel=channel, label=label)
        finally:
            await reports.close()
    finally:
        await store.close()

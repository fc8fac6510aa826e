"""``heed report``: the figures of a period, on the screen or as a file to mail or to load."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.asking import read_period, read_where
from bot.cli.reading import read_log
from bot.cli.words import aside, existing_store, run_async, settings_now
from bot.engine.time import SystemTime
from bot.errors import SettingsError
from bot.figures import Counting, Dimension, Question, Summary
from bot.reports.outputs import as_json, as_text
from bot.reports.page import as_page
from bot.reports.parquet import as_parquet, check_parquet
from bot.reports.tidy import as_csv
from bot.settings import Settings
from bot.wiring import brand_zone


class Form(StrEnum):
    """How the figures are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    HTML = "html"


#: Forms that nobody reads on a screen: without a name they go to a file named for the period.
FILES = {Form.PARQUET, Form.HTML}


#: The end of a period does not belong to it.
_LEAST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What every form needs to know beside the figures."""

    brand: str
    zone: tzinfo


WRITE: Mapping[Form, Callable[[Summary, Written], str | bytes]] = {
    Form.TEXT: lambda summary, how: as_text(summary, how.zone),
    Form.JSON: lambda summary, _: as_json(summary) + "\n",
    Form.CSV: lambda summary, _: as_csv(summary),
    Form.PARQUET: lambda summary, _: as_parquet(summary),
    Form.HTML: lambda summary, how: as_page(summary, brand=how.brand, zone=how.zone),
}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(report)


def report(
    *,
    period: Annotated[str | None, typer.Option(help="How long: 1h, 24h, 7d, 30d …  [default: 7d]")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or time on, in the brand's time zone.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this day, which belongs to it, or time.")] = None,
    by: Annotated[Dimension | None, typer.Option(help="Tell the values of this apart.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Keep cases with DIMENSION=VALUE; repeatable.")] = None,
    counting: Annotated[
        Counting, typer.Option(help="A case belongs to the period in which its clock started, or ended.")
    ] = Counting.STARTED,
    channel: Annotated[str | None, typer.Option(help="Short for --where channel=…")] = None,
    label: Annotated[str | None, typer.Option(help="Short for --where label=…")] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="How the figures are written; else as FILE ends, or text.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this FILE; one that exists is replaced.")] = None,
) -> None:
    """Print or write response times, outcomes and volumes of a period, from the event log."""
    settings, time = settings_now(), SystemTime()
    zone = brand_zone(settings)
    begin, end = read_period(now=time.now(), zone=zone, period=period, since=since, until=until)
    kept = read_where(where or (), channel=channel, label=label)
    question = Question(since=begin, until=end, where=kept, by=by, counting=counting)
    chosen = form or _form_of(out)
    target = out or (_usual_name(question, zone, chosen) if chosen in FILES else None)
    _check(chosen, target)
    summary = run_async(_summary(settings, question))
    _write(WRITE[chosen](summary, Written(brand=settings.brand.name, zone=zone)), target)


def _form_of(out: Path | None) -> Form:
    endings = {f".{form.value}": form for form in Form} | {".htm": Form.HTML}
    return Form.TEXT if out is None else endings.get(out.suffix.lower(), Form.TEXT)


def _usual_name(question: Question, zone: tzinfo, form: Form) -> Path:
    first, last = (at.astimezone(zone) for at in (question.since, question.until - _LEAST))
    return Path(f"heed-report-{first:%Y-%m-%d}-to-{last:%Y-%m-%d}.{form.value}")


def _check(form: Form, target: Path | None) -> None:
    """Refuse what could not be written before the figures are computed, which may take long."""
    if form is Form.PARQUET:
        check_parquet()
    if target is not None and not target.parent.is_dir():
        raise SettingsError(f"--out: there is no folder {target.parent}; make it, or name another file")
    if target is not None and target.is_dir():
        raise SettingsError(f"--out: {target} is a folder; name a file in it, as in {target / 'report.html'}")


def _write(content: str | bytes, target: Path | None) -> None:
    if target is None:
        sys.stdout.write(content if isinstance(content, str) else content.decode())
        return
    try:
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise SettingsError(f"--out: {target} cannot be written: {error.strerror}") from None
    aside.print(f"The report is written to {target}.")


async def _summary(settings: Settings, question: Question) -> Summary:
    store = await existing_store(settings)
    try:
        reports = await read_log(store, settings, SystemTime())
        try:
            return await reports.summary(question)
        finally:
            await reports.close()
    finally:
        await store.close()

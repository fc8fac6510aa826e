"""``heed classify`` and ``heed replay``: what Heed makes of messages, without sending anything anywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.table import Table

from bot.channels.transcript import Line, read_transcript
from bot.cli.explaining import as_json, as_text, tell
from bot.cli.words import out, progress, run_async, settings_now, show
from bot.domain.prediction import Assessment
from bot.domain.sla import Metric
from bot.errors import BadMessage, SettingsError
from bot.logs import set_up_logs
from bot.replay import PATIENCE, Decided, Replay, replay
from bot.reports.outputs import duration
from bot.settings import Settings, parse_duration
from bot.wiring import brand_of, load_assessor

#: Texts classified in one go.
CHUNK = 256

COLUMNS = ("answer", "greet", "escalate", "record", "silence")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(classify)
    app.command(name="replay")(replay_file)


def classify(
    texts: Annotated[list[str], typer.Argument(help="Messages; - reads one a line from standard input.")],
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell for each what your brand would do with it, by which threshold, and which words mattered.",
        ),
    ] = False,
    as_lines: Annotated[
        bool, typer.Option("--json", help="One JSON line each with --explain, too; without it, it is JSON anyway.")
    ] = False,
) -> None:
    """Print one JSON line for each text: its label, the probabilities and the language."""
    if explain:
        run_async(_explain(settings_now(), texts, as_lines=as_lines))
    else:
        run_async(_classify(settings_now(), texts))


async def _classify(settings: Settings, texts: list[str]) -> None:
    assessor = await load_assessor(settings)
    try:
        for chunk in _chunks(_texts(texts)):
            for text, assessment in zip(chunk, await assessor.assess(chunk), strict=True):
                sys.stdout.write(_as_json(text, assessment) + "\n")
            sys.stdout.flush()
    finally:
        await assessor.close()


async def _explain(settings: Settings, texts: list[str], *, as_lines: bool) -> None:
    """Explain one text after the other; people get an empty line between two."""
    brand = brand_of(settings)
    assessor = await load_assessor(settings)
    try:
        await assessor.index(brand.catalogue.examples(), version=brand.catalogue.version)
        for number, text in enumerate(_texts(texts)):
            told = tell(await assessor.explain(text), brand)
            said = as_json(told) if as_lines else ("\n" if number else "") + as_text(told)
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
    finally:
        await assessor.close()


def _texts(texts: list[str]) -> Iterator[str]:
    for text in texts:
        if text == "-":
            yield from (line.rstrip("\n") for line in sys.stdin)
        else:
            yield text


def _chunks(texts: Iterator[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for text in texts:
        chunk.append(text)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _as_json(text: str, assessment: Assessment) -> str:
    prediction = assessment.prediction
    return json.dumps(
        {
            "text": text,
            "label": prediction.label.value,
            "probabilities": {label.value: round(value, 4) for label, value in prediction.probabilities.items()},
            "language": prediction.language,
        },
        ensure_ascii=False,
    )


def replay_file(
    file: Annotated[Path, typer.Argument(help="A transcript: JSON lines, .gz accepted.")],
    decisions: Annotated[
        Path | None, typer.Option("--out", help="Write each decision to this file, a JSON line each.")
    ] = None,
    patience: Annotated[
        str, typer.Option(help="How long others have the first word in a room: 30s, 5m, 1h …")
    ] = f"{PATIENCE // timedelta(minutes=1)}m",
) -> None:
    """Send a transcript through the real pipeline on virtual time; print what would have happened."""
    set_up_logs("text", "error")
    waits, settings, lines = _length(patience), settings_now(), read_transcript(file)
    with ExitStack() as stack:
        target = stack.enter_context(_open_for_writing(decisions)) if decisions else None

        def record(decided: Decided) -> None:
            if target is not None:
                target.write(decided.as_json() + "\n")

        bar, task = stack.enter_context(progress("Replaying", len(lines)))
        told = lambda done: bar.update(task, completed=done)  # noqa: E731  # one line, used once
        result = run_async(_replay(settings, lines, waits, record, told))
    _print_replay(result, decisions)


def _length(patience: str) -> timedelta:
    try:
        return parse_duration(patience)
    except ValueError as error:
        raise SettingsError(f"--patience: {error}") from None


def _open_for_writing(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadMessage(f"--out {path}: cannot be written: {error.strerror}") from None


async def _replay(
    settings: Settings,
    lines: list[Line],
    patience: timedelta,
    record: Callable[[Decided], None],
    told: Callable[[int], None],
) -> Replay:
    assessor = await load_assessor(settings)
    try:
        return await replay(settings, lines, assessor=assessor, record=record, progress=told, patience=patience)
    finally:
        await assessor.close()


def _print_replay(result: Replay, decisions: Path | None) -> None:
    out.print(
        f"{result.lines} messages in {result.conversations} conversations, "
        f"{result.decided} of the messages from customers.\n"
    )
    if result.unreadable:
        out.print(f"{result.unreadable} messages hold nothing to read and were left out.\n")
    show(_decision_table(result))
    show(_reason_table(result))
    _print_rooms(result)
    _print_clocks(result)
    each = 1000 / max(result.decided, 1)
    out.print(
        f"This machine took {result.wall_seconds:.1f} s, {result.wall_seconds * each:.1f} ms and "
        f"{result.cpu_seconds * each:.1f} CPU ms a customer's message (measured, not virtual)."
    )
    if decisions is not None:
        out.print(f"Each decision stands in {decisions}.")


def _print_rooms(result: Replay) -> None:
    """Say how often the bot spoke, or called a human, where nobody had asked it."""
    if not result.members:
        return
    for what, count in (
        ("Answers that nobody asked for", result.unasked),
        ("Escalations without a word to the room", result.quiet),
        ("What went on with an open case", result.joined),
    ):
        out.print(f"{what}: {count} of {result.members} members' messages ({count / result.members:.2%}).")
    out.print()


def _decision_table(result: Replay) -> Table:
    table = Table("label", "answered", "greeted", "escalated", "recorded", "left alone", "all")
    for label in sorted(result.by_label):
        counts = result.by_label[label]
        table.add_row(label, *(str(counts[name]) for name in COLUMNS), str(counts.total()))
    totals = [sum(counts[name] for counts in result.by_label.values()) for name in COLUMNS]
    table.add_section()
    table.add_row("all", *map(str, totals), str(sum(totals)))
    return table


def _reason_table(result: Replay) -> Table:
    table = Table("decision and reason", "messages", "share")
    for reason, count in result.by_reason.most_common():
        table.add_row(reason, str(count), f"{count / result.decided:.1%}")
    return table


def _print_clocks(result: Replay) -> None:
    if result.summary is None:
        return
    table = Table("clock", "ended", "still running", "p50", "p90", "p50 of the ended", "p90 of the ended")
    for figure in result.summary.metrics:
        if figure.metric is Metric.FIRST_RESPONSE or figure.ended or figure.running:
            spreads = (figure.corrected.p50, figure.corrected.p90, figure.naive.p50, figure.naive.p90)
            table.add_row(figure.metric.value, str(figure.ended), str(figure.running), *map(duration, spreads))
    show(table)
    out.print("p50 and p90 count people still waiting (Kaplan-Meier); the last two columns leave them out.\n")

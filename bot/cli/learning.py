"""``heed train`` and ``heed evaluate``: how the classifier is made, and how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.words import aside, out, run_async, settings_now
from bot.errors import BadMessage
from bot.settings import Settings
from bot.wiring import load_assessor
from models.dataset import Row, read_rows
from models.evaluate import Evaluation, evaluate
from models.train import train


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="train")(train_model)
    app.command(name="evaluate")(evaluate_model)


def train_model(
    data: Annotated[list[Path], typer.Option(help="Files or folders of JSON lines with text and labels.")],
    target: Annotated[Path, typer.Option("--out", help="Folder for checkpoints and the finished weights.")],
    seed: Annotated[int, typer.Option(help="The same seed and data give the same weights.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="How often each message is seen.")] = 2,
    limit: Annotated[int | None, typer.Option(min=1, help="Use at most this many messages.")] = None,
) -> None:
    """Train the classifier and export it. Needs the extra "train"; goes on where it was interrupted."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=aside) as bar:
        task = bar.add_task("starting", total=1.0)
        folder = train(
            data=data,
            out=target,
            seed=seed,
            epochs=epochs,
            limit=limit,
            progress=lambda what, share: bar.update(task, description=what, completed=share),
        )
    out.print(f"The weights are in {folder}.")


def evaluate_model(
    data: Annotated[list[Path], typer.Argument(help="Files of JSON lines with text and labels.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Measure the configured model on labelled messages it was not trained on."""
    rows = list(read_rows(data))
    if not rows:
        raise BadMessage(f"there is no labelled message in {', '.join(map(str, data))}")
    result = run_async(_evaluate(settings_now(), rows))
    out.print(result.to_json() if as_json else result.to_text())


async def _evaluate(settings: Settings, rows: list[Row]) -> Evaluation:
    assessor = await load_assessor(settings)
    try:
        return await evaluate(assessor, rows)
    finally:
        await assessor.close()

"""``heed train``: how the classifier is made. What it is worth is measured by ``bot.cli.measuring``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli import measuring
from bot.cli.words import aside, out
from models.train import train


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="train")(train_model)
    measuring.register(app)


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

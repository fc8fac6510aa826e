"""How commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.errors import NotFound
from bot.settings import Settings, read_environment, read_settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import open_store

Result = TypeVar("Result")

#: Names and paths are printed as they are: nothing in them is markup or an emoji.
PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}

out = Console(soft_wrap=True, **PLAIN)

#: How wide tables may be where there is no terminal to ask.
TABLE_WIDTH = 120
aside = Console(stderr=True, soft_wrap=True, **PLAIN)

#: The settings that are read when nothing else is named: beside the caller, else the ones that ship.
DEFAULT_CONFIG = Path("config.yaml")
SHIPPED_CONFIG = Path(__file__).parents[1] / "config.yaml"
CHECKOUT_CONFIG = Path(__file__).parents[2] / "config.yaml"


def show(table: Table) -> None:
    """Print a table at its full width, on a terminal at the terminal's."""
    if out.is_terminal:
        out.print(table)
    else:
        Console(width=TABLE_WIDTH, **PLAIN).print(table)


def say_problem(text: str) -> None:
    """Say what is wrong, for a person."""
    aside.print(f"heed: {text}", style="bold red")


def settings_now() -> Settings:
    """Return the settings that the environment names, else ``config.yaml`` here, else the shipped ones."""
    named = read_environment().config
    if named is not None:
        return read_settings(named)
    for path in (DEFAULT_CONFIG, SHIPPED_CONFIG, CHECKOUT_CONFIG):
        if path.exists():
            return read_settings(path)
    return Settings()


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` to its end on a fresh, fast event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def existing_store(settings: Settings) -> SqliteStore:
    """Open the store beside a running Heed, or without one. Raises NotFound where there is none yet."""
    if not settings.store.path.exists():
        raise NotFound(f"there is no store at {settings.store.path}; it is made when Heed first runs")
    return await open_store(settings)


@contextmanager
def progress(what: str, total: int) -> Iterator[tuple[Progress, TaskID]]:
    """Show how far something long has come, on standard error, if somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=aside, transient=True, disable=not aside.is_terminal) as bar:
        yield bar, bar.add_task(what, total=total)

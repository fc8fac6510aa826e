"""The command ``heed``. Each file here holds the commands of one concern; this one joins them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer

from bot import __version__
from bot.cli import acts, clocks, corrections, figures, keeping, learning, messages, running
from bot.cli.words import say_problem
from bot.errors import HeedError
from bot.logs import set_up_logs

app = typer.Typer(
    name="heed",
    help="Heed understands every customer message, answers it from templates or hands it to a human "
    "with a response-time clock running.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (running, messages, figures, clocks, acts, learning, corrections, keeping):
    part.register(app)


@app.callback(invoke_without_command=True)
def _begin(version: bool = typer.Option(False, "--version", help="Print the version and end.")) -> None:
    set_up_logs("text", "warning")  # a command that wants it otherwise says so
    if version:
        typer.echo(f"heed {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line. A known error is one clear line and exit status 1, never a traceback."""
    try:
        app()
    except HeedError as error:
        say_problem(str(error))
        sys.exit(1)
    except BaseExceptionGroup as group:
        known, rest = group.split(HeedError)
        if known is None or rest is not None:
            raise
        say_problem("; ".join(str(error) for error in _leaves(known)))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _leaves(group: BaseExceptionGroup[HeedError]) -> Iterator[BaseException]:
    """Return the errors in a group of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error

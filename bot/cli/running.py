"""``heed run`` and ``heed check``."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.checking import check_everything
from bot.cli.words import aside, out, run_async, settings_now
from bot.errors import SettingsError
from bot.logs import set_up_logs
from bot.records import Severity
from bot.serving import Addresses, serve
from bot.settings import read_environment

ROLES = ("all", "web", "listener", "worker")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(check)


def run(
    roles: Annotated[
        list[str] | None, typer.Argument(help="What this process does: all (the default), web, listener, worker.")
    ] = None,
) -> None:
    """Start Heed on HOST (127.0.0.1) and PORT (8080) and print where it is."""
    wanted = roles or ["all"]
    for role in wanted:
        if role not in ROLES:
            raise SettingsError(f"there is no role {role!r}; choose of {', '.join(ROLES)}")
    if wanted != ["all"]:
        raise SettingsError(
            f"the embedded SQLite store is for one process, so {' '.join(wanted)!r} cannot run apart: "
            "use 'heed run all'"
        )
    settings, environment = settings_now(), read_environment()
    set_up_logs(settings.operations.log_format, settings.operations.log_level)
    run_async(serve(settings, environment, _announce))
    aside.print("Heed has stopped.")


def _announce(addresses: Addresses) -> None:
    out.print("Heed is running.\n")
    out.print(f"  Customers write at     {addresses.chat}")
    if addresses.platforms:
        out.print(f"  and on                 {', '.join(addresses.platforms)}")
    out.print(f"  Staff answer at        {addresses.desk}")
    out.print("                         (signs you in once, within 24 hours)", style="dim")
    out.print(f"  Operations watch at    {addresses.operations}")
    out.print("\nStop with Ctrl-C.", style="dim")


def check() -> None:
    """Check settings, templates, model, store and credentials; name each problem with its remedy."""
    findings = run_async(check_everything(read_environment(), settings_now))
    problems = 0
    for finding in findings:
        style = {Severity.OK: "green", Severity.NOTE: "yellow", Severity.PROBLEM: "bold red"}[finding.severity]
        out.print(f"{finding.severity.value:<8}", style=style, end="")
        out.print(finding.text)
        if finding.remedy:
            out.print(f"        {finding.remedy}", style="dim")
        problems += finding.severity is Severity.PROBLEM
    if problems:
        aside.print(f"{problems} problem{'s' if problems > 1 else ''} to mend.", style="bold red")
        raise typer.Exit(1)

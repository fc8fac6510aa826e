"""``heed backup restore erase pause resume user``: what operators do beside a running Heed."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from argon2 import PasswordHasher

from bot.cli.words import existing_store, out, run_async, settings_now
from bot.domain.conversation import Rules
from bot.domain.log import LogKind
from bot.domain.roles import Role
from bot.engine.board import NoticeBoard
from bot.engine.commands import PAUSED, StaffCommands
from bot.engine.road import Road
from bot.engine.time import SystemTime
from bot.errors import BadMessage, NotFound, StoreInUse
from bot.records import StaffAccount
from bot.rulebook import Hours
from bot.settings import Settings, read_environment
from bot.staff import Directory
from bot.stores.sqlite import SqliteStore, restore_file
from bot.stores.sqlite.files import RunLock
from bot.web.sign_in import one_time_link
from bot.wiring import read_secret

Result = TypeVar("Result")

SHORTEST_PASSWORD = 10

#: Who did it, in the log.
BY = "command line"

user_app = typer.Typer(help="Who may sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(backup)
    app.command()(restore)
    app.command()(erase)
    app.command()(pause)
    app.command()(resume)
    app.add_typer(user_app, name="user")
    user_app.command(name="add")(add_user)
    user_app.command(name="remove")(remove_user)
    user_app.callback()(_user)


def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes; must not exist yet.")]) -> None:
    """Write a consistent copy of the store, while Heed runs or not."""
    _with_store(lambda store: store.backup(file))
    out.print(f"The store is copied to {file}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A copy that 'heed backup' wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a copy in the store's place. Heed must not run; the present store is kept beside it."""
    settings = settings_now()
    if not yes:
        typer.confirm(f"Replace {settings.store.path} by {file}?", abort=True)
    kept = restore_file(file, settings.store.path)
    out.print(f"The store is restored from {file}.")
    if kept is not None:
        out.print(f"What was there before is kept in {kept}.")


def erase(
    customer: Annotated[str, typer.Argument(help="CHANNEL:ID, as in webchat:visitor:1f… or api:customer-17.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a customer's texts and identity for good. Figures stay: they hold neither."""
    channel, colon, external_id = customer.partition(":")
    if not (channel and colon and external_id):
        raise BadMessage(f"{customer!r} names no customer; write CHANNEL:ID, as in api:customer-17")
    if not yes:
        typer.confirm(f"Erase everything that {customer} wrote? This cannot be undone.", abort=True)
    gone = _with_store(lambda store: store.erase(channel, external_id))
    if not gone:
        raise NotFound(f"nothing is stored of {customer!r}: no such customer, or erased before")
    out.print(f"{gone} texts of {customer} are erased.")


def pause() -> None:
    """Stop all automatic answers within a second; those not yet sent are withdrawn and go to a human."""
    _with_store(_pause)
    out.print("Automatic answers are paused. 'heed resume' lets them go on.")


def resume() -> None:
    """Let the bot answer again."""
    _with_store(_resume)
    out.print("Automatic answers go on.")


def _user() -> None:
    """Who may sign in."""


def add_user(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password; else a one-time link is printed.")
    ] = False,
) -> None:
    """Add a member of staff, or change their role or password. Prints a one-time sign-in link."""
    if not name.strip() or len(name) > 60 or not name.isprintable():
        raise BadMessage(f"{name!r} is no name: 1 to 60 printable characters")
    hashed = PasswordHasher().hash(_ask_password()) if password else ""
    _with_store(lambda store: _put(store, name, role, hashed))
    settings = settings_now()
    out.print(_may_sign_in(settings, name, role))
    if not password:
        environment = read_environment()
        base = environment.public_url or f"http://127.0.0.1:{environment.port}"
        secret = read_secret(environment, settings)
        out.print(f"Once, within 24 hours: {one_time_link(secret, base, name, role, now=SystemTime().now())}")


def remove_user(name: Annotated[str, typer.Argument(help="The name that they sign in with.")]) -> None:
    """Let somebody sign in no more. Open sessions end at once; what they hold is free within half a minute."""
    if not _with_store(lambda store: store.remove_staff(name)):
        raise NotFound(f"nobody signs in as {name!r}")
    out.print(f"{name} may not sign in any more.")
    if Directory(settings_now()).named(name) is not None:
        out.print("The settings still name them under 'agents': take them out there too, and start Heed again.")


def _may_sign_in(settings: Settings, name: str, role: Role) -> str:
    holds = Directory(settings).of_account(StaffAccount(name=name, role=role)).role
    told = f"{name} may sign in as {holds.value}"
    return f"{told}." if holds is role else f"{told}: the settings say so under 'agents', and that role counts."


async def _put(store: SqliteStore, name: str, role: Role, hashed: str) -> None:
    """Store an account; without a new password it keeps the one it has."""
    known = await store.staff(name)
    kept = hashed or (known.password_hash if known else "")
    await store.put_staff(StaffAccount(name=name, role=role, password_hash=kept))


def _ask_password() -> str:
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if sys.stdin.isatty() else input()
    if len(given) < SHORTEST_PASSWORD:
        raise BadMessage(f"a password has at least {SHORTEST_PASSWORD} characters; this one has {len(given)}")
    return str(given)


async def _pause(store: SqliteStore) -> None:
    """Set the switch, and take back what waits: a Heed that runs does it by the rules that it runs on."""
    time = SystemTime()
    with _alone() as alone:
        if not alone:
            await _set_paused(store, time.now())
            return
        hours = await Hours.open(settings_now(), store=store, board=NoticeBoard(), time=time)
        await _commands(store, time, rules=lambda: hours.book.rules).pause(by=BY)


async def _set_paused(store: SqliteStore, now: datetime) -> None:
    await store.set_switch(PAUSED, f"{BY} {now.isoformat()}")
    await store.append(LogKind.PAUSED, at=now, fields={"agent": BY})


async def _resume(store: SqliteStore) -> None:
    """Clear the switch. No conversation goes on by it, so no rules are read."""
    await _commands(store, SystemTime(), rules=Rules).resume(by=BY)


def _commands(store: SqliteStore, time: SystemTime, *, rules: Callable[[], Rules]) -> StaffCommands:
    return StaffCommands(store=store, road=Road(store=store, rules=rules, time=time), time=time)


@contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether no Heed runs on the store; if so, none starts before the end."""
    lock = RunLock(settings_now().store.path)
    try:
        lock.acquire()
    except StoreInUse:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _with_store(work: Callable[[SqliteStore], Awaitable[Result]]) -> Result:
    return run_async(_opened(settings_now(), work))


async def _opened(settings: Settings, work: Callable[[SqliteStore], Awaitable[Result]]) -> Result:
    store = await existing_store(settings)
    try:
        return await work(store)
    finally:
        await store.close()

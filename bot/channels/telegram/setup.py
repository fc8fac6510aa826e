"""What is set up at Telegram, and what is missing: for ``heed check``. Changes nothing and never raises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from telegram import Bot, User, WebhookInfo
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.channels.telegram.api import OFFICIAL, BotApi
from bot.channels.telegram.trouble import said, trouble_of
from bot.channels.text import clean_name
from bot.domain.rooms import Attention, RoomRules
from bot.errors import SettingsError
from bot.records import Found, Severity

#: Where Telegram's own servers bring updates to.
PORTS = frozenset({None, 443, 80, 88, 8443})
RECENT = timedelta(hours=1)
OPEN_EARS = (
    "In @BotFather: /setprivacy, choose the bot, Disable. Then remove it from the group and add it again; or make "
    "it an administrator there."
)


async def inspect(*, token: str, rules: RoomRules, api: str, webhook_url: str | None) -> list[Found]:
    """Return what was found. ``webhook_url`` None: Heed fetches the updates."""
    found: list[Found] = []
    try:
        line = BotApi(token=token, api=api)
        async with line.open() as bot:
            async for each in _look(bot, rules, webhook_url, official=api.rstrip("/") == OFFICIAL):
                found.append(each)  # noqa: PERF401 - what was found before an error stays found
    except SettingsError as error:
        found.append(_problem(f"Telegram: {error}.", "Set TELEGRAM_TOKEN to it; docs/telegram.md shows how."))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was found
        remedy = "docs/telegram.md tells what each of Telegram's errors means."
        found.append(_problem(f"Telegram: {trouble_of(error).sentence}.", remedy))
    return found


async def _look(bot: Bot, rules: RoomRules, webhook_url: str | None, *, official: bool) -> AsyncIterator[Found]:
    me = await bot.get_me()
    yield _ok(f"Telegram knows the bot as @{me.username}: customers write to it at https://t.me/{me.username}.")
    for each in _groups(me, rules):
        yield each
    for each in _webhook(await bot.get_webhook_info(), webhook_url, official=official):
        yield each
    for room, listened in rules.rooms.items():
        yield await _room(bot, me, room, everything=listened.attention is not Attention.ADDRESSED)


def _groups(me: User, rules: RoomRules) -> Sequence[Found]:
    if me.can_join_groups is False:
        remedy = "In @BotFather: /setjoingroups, choose the bot, Enable."
        told = "Telegram lets nobody add the bot to groups."
        return [_problem(told, remedy) if rules.rooms else _note(told, remedy)]
    found = [_ok(f"The bot is added to a group by https://t.me/{me.username}?startgroup=heed.")]
    if _hears_all(me):
        found.append(_ok("Telegram's privacy mode is off: in groups the bot hears everything."))
    elif not rules.rooms:
        told = "Telegram's privacy mode is on: in groups the bot hears what names it or replies to it."
        found.append(_ok(told))
    return found


def _webhook(info: WebhookInfo, url: str | None, *, official: bool) -> Sequence[Found]:
    waiting = f"{info.pending_update_count} updates wait at Telegram" if info.pending_update_count else ""
    if url is None:
        return _polled(info, waiting)
    address = urlsplit(url)
    if official and (address.scheme != "https" or address.port not in PORTS):
        remedy = "Set HEED_PUBLIC_URL to an https address on port 443, 80, 88 or 8443, or use 'updates: poll'."
        return [_problem(f"Telegram brings no updates to {url}.", remedy)]
    if info.url != url:
        there = f"now they go to {urlsplit(info.url).hostname}" if info.url else "no webhook is set now"
        return [_note(f"Telegram will bring updates to {url}; {there}.", "Heed sets the webhook when it starts.")]
    if (failed := info.last_error_date) is not None and datetime.now(UTC) - failed < RECENT:
        told = (
            f"Telegram could not bring updates to {url}: {clean_name(info.last_error_message)}. {waiting}".rstrip()
        )
        return [
            _problem(told, "Heed has to run and be reached there from the internet, with a valid certificate.")
        ]
    return [_ok(f"Telegram brings updates to {url}. {waiting}".rstrip())]


def _polled(info: WebhookInfo, waiting: str) -> Sequence[Found]:
    if not info.url:
        return [_ok(f"Heed fetches the updates. {waiting}".rstrip())]
    told = (
        f"A webhook is set: Telegram brings updates to {urlsplit(info.url).hostname}, and Heed would fetch none."
    )
    remedy = "Heed removes it when it starts. If another program needs it, give each a bot of its own."
    return [_note(told, remedy)]


async def _room(bot: Bot, me: User, room: str, *, everything: bool) -> Found:
    """Look at one room of the settings: whether the bot is in it and hears there what it should."""
    try:
        chat = await bot.get_chat(int(room))
        own = await bot.get_chat_member(int(room), me.id)
    except ChatMigrated as moved:
        told = f"The Telegram group {room} is a supergroup now, with the id {moved.new_chat_id}."
        return _note(told, "Heed follows by itself; write the new id into config.yaml all the same.")
    except TelegramError as error:
        remedy = f"Add the bot by https://t.me/{me.username}?startgroup=heed, or mend the id in config.yaml."
        why = said(error) if isinstance(error, BadRequest | Forbidden) else trouble_of(error).sentence
        return _problem(f"The bot does not reach the Telegram room {room}: {why}.", remedy)
    name = f"the Telegram room {clean_name(chat.title)!r} ({room})"
    if own.status in {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}:
        return _problem(f"The bot is not in {name}.", f"Add it by https://t.me/{me.username}?startgroup=heed.")
    if everything and not _hears_all(me) and own.status != ChatMemberStatus.ADMINISTRATOR:
        return _problem(f"In {name} the bot hears only what names it: Telegram's privacy mode is on.", OPEN_EARS)
    return _ok(f"The bot is in {name} and hears what it should.")


def _hears_all(me: User) -> bool:
    return me.can_read_all_group_messages is True


def _ok(text: str) -> Found:
    return Found(severity=Severity.OK, text=text)


def _note(text: str, remedy: str) -> Found:
    return Found(severity=Severity.NOTE, text=text, remedy=remedy)


def _problem(text: str, remedy: str) -> Found:
    return Found(severity=Severity.PROBLEM, text=text, remedy=remedy)

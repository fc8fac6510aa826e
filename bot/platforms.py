"""The platforms on which customers write, built from what settings and environment say."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

from bot.channels.discord.channel import DiscordChannel
from bot.channels.discord.line import ChannelLine
from bot.channels.telegram.channel import TelegramChannel, Webhook
from bot.desk.discord.line import Refused, Unreached
from bot.domain.messages import AgentId
from bot.domain.rooms import Room, RoomRules
from bot.errors import SettingsError
from bot.ports import Board, Bookmarks, TimeSource
from bot.settings import Environment, Settings
from bot.staff import Directory

#: Where Telegram brings its updates, below the address under which people reach Heed.
TELEGRAM_PATH = "/webhooks/telegram"


def room_rules(settings: Settings, platform: Literal["discord", "telegram"]) -> RoomRules:
    """Return how rooms of a platform are listened to, and who on staff is who there."""
    sections = {"discord": settings.channels.discord.rooms, "telegram": settings.channels.telegram.rooms}
    ids = {agent.name: agent.discord if platform == "discord" else agent.telegram for agent in settings.agents}
    return RoomRules(
        rooms={room.id: Room(attention=room.attention, patience=room.patience) for room in sections[platform]},
        agents={known: AgentId(name) for name, known in ids.items() if known is not None},
    )


def discord_channel(
    settings: Settings, environment: Environment, *, time: TimeSource, marks: Bookmarks, board: Board
) -> DiscordChannel | None:
    """Return the channel, None without DISCORD_TOKEN."""
    if environment.discord_token is None:
        return None
    return DiscordChannel(
        token=environment.discord_token.get_secret_value().strip(),
        rules=room_rules(settings, "discord"),
        time=time,
        marks=marks,
        board=board,
        api=settings.channels.discord.api,
        gateway=settings.channels.discord.gateway,
        line=ChannelLine(desks=Directory(settings).discord_desks, refused=Refused, unreached=Unreached),
    )


def telegram_channel(
    settings: Settings,
    environment: Environment,
    *,
    time: TimeSource,
    marks: Bookmarks,
    board: Board,
    secret: bytes,
) -> TelegramChannel | None:
    """Return the channel, None without TELEGRAM_TOKEN. Raises SettingsError for a webhook without an address."""
    if environment.telegram_token is None:
        return None
    address = telegram_webhook(settings, environment)
    return TelegramChannel(
        token=environment.telegram_token.get_secret_value().strip(),
        rules=room_rules(settings, "telegram"),
        time=time,
        marks=marks,
        board=board,
        api=settings.channels.telegram.api,
        webhook=Webhook(url=address, secret=webhook_secret(secret)) if address is not None else None,
    )


def telegram_webhook(settings: Settings, environment: Environment) -> str | None:
    """Return the address to which Telegram brings updates, None where Heed fetches them."""
    if settings.channels.telegram.updates == "poll":
        return None
    if not environment.public_url:
        raise SettingsError(
            "channels.telegram.updates is 'webhook' but HEED_PUBLIC_URL is not set: name the https address "
            "under which Telegram reaches Heed, or let Heed fetch its updates with 'poll'"
        )
    return environment.public_url.rstrip("/") + TELEGRAM_PATH


def webhook_secret(secret: bytes) -> str:
    """Return what Telegram has to show with each update, made from the key that signs everything else."""
    return hmac.new(secret, b"telegram webhook", hashlib.sha256).hexdigest()

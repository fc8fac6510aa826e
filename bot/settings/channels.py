"""Where customers write."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.domain.rooms import Attention
from bot.settings.section import Section
from bot.settings.values import Address, PlatformId, Positive


class WebchatSettings(Section):
    """The chat page. ``origins``: sites that may embed it, as ``https://shop.example``.

    ``greeting`` and ``introduction`` stand on the empty page, ``suggestions`` are questions to begin with.
    """

    enabled: bool = True
    origins: tuple[str, ...] = ()
    greeting: str = Field(default="Hi! How can we help?", min_length=1)
    introduction: str = "We answer at once where we can. A person takes over where we can't."
    suggestions: tuple[str, ...] = ()


class ApiSettings(Section):
    """Other systems as channels. With a ``webhook`` answers are pushed there, else they are fetched."""

    enabled: bool = True
    webhook: str = ""


class RoomSettings(Section):
    """One room and what the bot takes there for meant for the brand; in all others that is what names the bot.

    ``patience``: how long others have the first word, under ``unanswered``.
    """

    id: PlatformId
    attention: Attention = Attention.UNANSWERED
    patience: Positive = timedelta(minutes=5)


def _once(rooms: tuple[RoomSettings, ...]) -> tuple[RoomSettings, ...]:
    known: set[str] = set()
    for room in rooms:
        if room.id in known:
            raise ValueError(f"room {room.id} stands here twice; keep one of them")
        known.add(room.id)
    return rooms


Rooms = Annotated[tuple[RoomSettings, ...], AfterValidator(_once)]


class DiscordSettings(Section):
    """Discord, with DISCORD_TOKEN in the environment. ``api`` and ``gateway``: where a proxy stands between."""

    rooms: Rooms = ()
    api: Address = "https://discord.com/api/v10"
    gateway: str = Field(default="wss://gateway.discord.gg/", pattern=r"^wss?://\S+$")


class TelegramSettings(Section):
    """Telegram, with TELEGRAM_TOKEN in the environment. ``api``: where a Bot API server of one's own runs."""

    rooms: Rooms = ()
    updates: Literal["poll", "webhook"] = "poll"
    api: Address = "https://api.telegram.org"


class ChannelSettings(Section):
    """Where customers write."""

    webchat: WebchatSettings = WebchatSettings()
    api: ApiSettings = ApiSettings()
    discord: DiscordSettings = DiscordSettings()
    telegram: TelegramSettings = TelegramSettings()

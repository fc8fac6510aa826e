"""The desks at which staff work: all over one counter, built from the joined parts and what the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bot.channels.discord.channel import DiscordChannel
from bot.channels.discord.permissions import allowed
from bot.desk.counter import Counter
from bot.desk.discord.desk import DiscordDesk, HearingParts
from bot.desk.discord.display import Display
from bot.desk.web import Explain, WebDesk
from bot.offers import TemplateOffers
from bot.ports import Assessor, Board, Fetch
from bot.settings import Environment
from bot.staff import Staff
from bot.wiring import Heed, brand_zone, confidence_of

#: Where the page of a conversation lies below the address under which people reach Heed; its id follows.
DESK_PAGE = "/desk?c="


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskParts:
    """What desks are built from. ``files`` fetch what customers and staff sent, by where it lies."""

    heed: Heed
    counter: Counter
    staff: Staff
    board: Board
    files: Mapping[str, Fetch]
    environment: Environment


def counter_of(heed: Heed, assessor: Assessor, staff: Staff) -> Counter:
    """Return the counter at which all desks of this Heed hand in what staff want."""
    return Counter(
        store=heed.store,
        commands=heed.commands,
        time=heed.time,
        answers=TemplateOffers(brand=lambda: heed.brands.brand, assessor=assessor, time=heed.time),
        teams=staff.directory.teams,
    )


def web_desk(heed: Heed, counter: Counter, *, explain: Explain) -> WebDesk:
    """Return the desk on the page."""
    return WebDesk(
        counter=counter,
        store=heed.store,
        paused=heed.commands.paused,
        time=heed.time,
        calendar_of=heed.calendar_of,
        thresholds=asdict(confidence_of(heed.settings)),
        explain=explain,
        revises=heed.capabilities_of,
        channels=heed.channel_names,
    )


def discord_desk(parts: DeskParts, channel: DiscordChannel) -> DiscordDesk | None:
    """Return the desk inside Discord, over the channel's own connection; None where no room is set for it."""
    heed, staff = parts.heed, parts.staff
    rooms = staff.directory.discord_desks
    if not rooms:
        return None
    return DiscordDesk(
        HearingParts(
            line=channel.line,
            store=heed.store,
            counter=parts.counter,
            people=staff,
            board=parts.board,
            time=heed.time,
            rooms=rooms,
            zone=brand_zone(heed.settings),
            reply_by_replying=heed.settings.desk.discord.reply_by_replying,
            beside=[_display(parts, channel)],
            may=heed.capabilities_of,
        )
    )


def _display(parts: DeskParts, channel: DiscordChannel) -> Display:
    heed, directory, url = parts.heed, parts.staff.directory, parts.environment.public_url
    return Display(
        line=channel.line,
        store=heed.store,
        time=heed.time,
        board=parts.board,
        desks=directory.discord_desks,
        room_of=directory.discord_desk,
        present=parts.staff.present_for,
        mention=lambda agent: directory.id_on("discord", agent) or "",
        allowed=allowed,
        notices=heed.settings.desk.discord.notices,
        teams=directory.teams,
        files=parts.files,
        page=f"{url.rstrip('/')}{DESK_PAGE}" if url else "",
    )

"""What waits, how far was read, and what places there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.channels.discord.incoming import Event, Incoming
from bot.channels.discord.keys import earlier, message_at, written_at
from bot.channels.discord.permissions import NEEDED, allowed, invitation, missing
from bot.channels.discord.places import PlaceKind, Places
from bot.channels.discord.reading import Reading
from bot.errors import StoreUnavailable
from tests.channels.discord.payloads import ME, NOW


def event(number: int) -> Event:
    payload = {"id": str(number), "channel_id": "4001", "guild_id": "3001"}
    return Event(name="MESSAGE_CREATE", payload=payload, arrived_at=NOW)


async def numbers(incoming: Incoming, most: int = 100) -> list[int]:
    return [each.message for each in await incoming.take(most)]


class Marks:
    """Bookmarks in memory, which can be out of order."""

    def __init__(self, **stored: str) -> None:
        self.stored = {f"discord:{ME}:{name.removeprefix('c')}": value for name, value in stored.items()}
        self.broken = False

    async def bookmarks(self, prefix: str) -> Mapping[str, str]:
        return {name: value for name, value in self.stored.items() if name.startswith(prefix)}

    async def keep_bookmarks(self, places: Mapping[str, str]) -> None:
        if self.broken:
            raise StoreUnavailable("the store is locked")
        self.stored |= places


def stored_by(marks: Marks) -> Mapping[str, str]:
    """Return what is stored of channels."""
    named = {name.removeprefix(f"discord:{ME}:"): value for name, value in marks.stored.items()}
    return {name: value for name, value in named.items() if name not in {"floor", "began"}}


async def reading(**stored: str) -> tuple[Reading, Marks]:
    marks = Marks(**stored)
    found = Reading(marks, ME)
    await found.load(NOW)
    return found, marks


# --- the queue --------------------------------------------------------------------------------------------


async def test_events_come_in_their_order_and_in_batches() -> None:
    incoming = Incoming()
    for number in range(1, 6):
        incoming.put(event(number))
    assert await numbers(incoming, 3) == [1, 2, 3]
    assert await numbers(incoming, 3) == [4, 5]


async def test_catching_up_waits_for_what_came_before_and_goes_before_what_comes_after() -> None:
    incoming = Incoming()
    incoming.put(event(1))
    incoming.catch_up()
    incoming.catch_up()
    incoming.put(event(2))
    assert [await numbers(incoming) for _ in range(3)] == [[1], [], [2]]


async def test_when_it_is_full_all_is_left_out_until_it_is_empty_and_then_fetched() -> None:
    incoming = Incoming(most=2)
    for number in (1, 2, 3):
        incoming.put(event(number))
    assert await numbers(incoming, 1) == [1]
    assert incoming.put(event(4)) == 2, "there is room again, but what was left out comes first"
    assert [await numbers(incoming) for _ in range(2)] == [[2], []]
    assert incoming.put(event(5)) == 0
    assert await numbers(incoming) == [5]


# --- bookmarks --------------------------------------------------------------------------------------------


async def test_a_bookmark_only_moves_on_and_is_stored_when_it_has_moved() -> None:
    found, marks = await reading(c4001="50")
    found.move("4001", 40)
    await found.store()
    assert stored_by(marks) == {"4001": "50"}
    found.move("4001", 60)
    found.move("4002", 7)
    await found.store()
    assert stored_by(marks) == {"4001": "60", "4002": "7"}


async def test_what_could_not_be_stored_is_stored_the_next_time() -> None:
    found, marks = await reading()
    found.move("4001", 60)
    marks.broken = True
    await found.store()
    marks.broken = False
    await found.store()
    assert stored_by(marks) == {"4001": "60"}


async def test_a_channel_with_a_gap_keeps_its_bookmark_before_it() -> None:
    found, _ = await reading(c4001="50")
    found.held.add("4001")
    found.move("4001", 90)
    assert found.get("4001") == 50
    found.move("4001", 70, fetched=True)
    assert found.get("4001") == 70


async def test_a_channel_that_is_gone_loses_its_bookmark() -> None:
    found, marks = await reading(c4001="50")
    found.forget("4001")
    await found.store()
    assert stored_by(marks) == {"4001": ""}


async def test_what_is_no_bookmark_is_passed_over() -> None:
    found, _ = await reading(c4001="", c4002="x", cx="5", c4003="9")
    assert list(found.channels()) == ["4003"]


async def test_the_floor_is_stored_and_rises_only_while_nothing_is_left_to_look_at() -> None:
    first, later = message_at(NOW), message_at(NOW + timedelta(hours=1))
    found, marks = await reading(c4001=str(first))
    found.move("4001", later)
    await found.store()
    assert written_at(found.floor) == NOW - timedelta(minutes=1)
    found.settled = True
    found.move("4001", later + 1)
    await found.store()
    assert int(marks.stored[f"discord:{ME}:floor"]) == found.floor == earlier(later + 1, timedelta(minutes=1))


async def test_when_heed_began_to_listen_is_kept_for_good_and_corrected_by_what_comes_live() -> None:
    found, marks = await reading()
    assert found.began == earlier(message_at(NOW), timedelta(minutes=1))
    before = message_at(NOW - timedelta(hours=1))
    found.move("4001", before)
    await found.store()
    again = Reading(marks, ME)
    await again.load(NOW + timedelta(days=1))
    assert found.began == again.began == before
    again.move("4001", 5)
    assert again.began == before


async def test_all_counts_as_read_up_to_a_little_before_the_newest_message() -> None:
    newest = message_at(NOW)
    found, _ = await reading(c4001=str(newest), c4002="5")
    assert written_at(found.floor) == NOW - timedelta(minutes=1)
    assert (await reading())[0].floor == 0


def test_ids_tell_times() -> None:
    moment = datetime(2026, 11, 22, 9, 0, 0, 123000, tzinfo=UTC)
    assert written_at(message_at(moment)) == moment
    assert written_at(175928847299117063) == datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)
    assert earlier(5, timedelta(seconds=1)) == 0


# --- places -----------------------------------------------------------------------------------------------

GUILD = {
    "id": "3001",
    "name": "The shop",
    "joined_at": "2026-01-01T00:00:00+00:00",
    "roles": [
        {"id": "3001", "permissions": "0"},
        {"id": "9100", "tags": {"bot_id": ME}},
        {"id": "9101", "tags": {}},
    ],
    "channels": [
        {"id": "4001", "type": 0, "name": "lobby", "parent_id": "4500", "last_message_id": "77"},
        {"id": "4004", "type": 15, "name": "questions"},
        {"id": "4500", "type": 4, "name": "shop"},
        {"id": "4006", "type": 99, "name": "new"},
        {"id": "no id", "type": 0},
    ],
    "threads": [{"id": "5001", "type": 11, "name": "parcel", "parent_id": "4001"}],
}


def test_a_server_tells_of_its_places_and_of_the_bots_own_role() -> None:
    found = Places(me=ME)
    found.begin({"guilds": [{"id": "3001", "unavailable": True}, {"id": "3002"}]})
    found.see_server(GUILD)
    assert found.awaited == {"3002"}
    assert found.own_roles == {"9100"}
    assert found.newest == {"4001": 77}
    assert found.rooms("5001") == ("5001", "4001", "4500")
    assert found.name("4001") == "#lobby"


def test_a_server_that_is_left_takes_its_places_along() -> None:
    found = Places(me=ME)
    found.see_server(GUILD)
    found.hear("1001", "5", private=True)
    assert found.forget_server("3001") == "The shop"
    assert {channel: place.kind for channel, place in found.places.items()} == {"1001": PlaceKind.PRIVATE}


# --- permissions ------------------------------------------------------------------------------------------

VIEW, SEND, HISTORY, IN_THREADS = NEEDED.values()


def guild(**more: object) -> dict[str, object]:
    roles = [{"id": "3001", "permissions": str(VIEW | HISTORY)}, {"id": "9100", "permissions": str(SEND)}]
    return {"id": "3001", "owner_id": "2001", "roles": roles, **more}


def rules(*overwrites: tuple[str, int, int]) -> dict[str, object]:
    written = [{"id": each, "allow": str(allow), "deny": str(deny)} for each, allow, deny in overwrites]
    return {"permission_overwrites": written}


def test_roles_add_up_and_the_channel_takes_away_and_gives() -> None:
    may = allowed(rules(), guild=guild(), roles_of_bot=["9100"], me=ME)
    assert may == VIEW | HISTORY | SEND
    hidden = rules(("3001", 0, VIEW | SEND), ("9100", VIEW, 0), (ME, 0, HISTORY), ("9999", SEND, VIEW))
    assert allowed(hidden, guild=guild(), roles_of_bot=["9100"], me=ME) == VIEW


def test_an_administrator_and_the_owner_may_everything() -> None:
    closed = rules(("3001", 0, VIEW))
    boss = guild(roles=[{"id": "3001", "permissions": "8"}])
    assert missing(allowed(closed, guild=boss, roles_of_bot=[], me=ME)) == []
    assert missing(allowed(closed, guild=guild(owner_id=ME), roles_of_bot=[], me=ME)) == []


def test_a_thread_needs_its_own_permission_to_speak() -> None:
    assert missing(VIEW | HISTORY | SEND) == ["Send Messages in Threads"]
    assert missing(VIEW | HISTORY | SEND, thread=True) == ["Send Messages in Threads"]
    assert missing(VIEW | HISTORY | IN_THREADS, thread=True) == []


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    assert invitation("9000").endswith("client_id=9000&scope=bot&permissions=274878008320")

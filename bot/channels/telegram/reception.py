"""What becomes of updates once they are here: stored first, and only then acknowledged by who brought them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.channels import clock_watch
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.naming import Me
from bot.channels.telegram.parse import membership_of, move_of, parse, written_at
from bot.channels.text import shortened
from bot.domain.rooms import RoomRules
from bot.errors import BadMessage, Overloaded, StoreError, StoreUnavailable
from bot.ports import Board, Intake
from bot.records import Arrival

log = structlog.get_logger(__name__)

#: How often intake may fail in a way that nobody foresaw, before messages are passed over: about a minute.
MOST_FAILURES = 60


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many updates were what: each is counted once, in one of these."""

    arrivals: int = 0
    ignored: int = 0
    unreadable: int = 0


class Reception:
    """Reads updates and hands what they say to intake. What cannot be read is counted and stops nothing."""

    def __init__(
        self, *, me: Me, rules: RoomRules, moves: Moves, board: Board, intake: Intake, tally: Tally
    ) -> None:
        self._me = me
        self._rules = rules
        self._moves = moves
        self._board = board
        self._intake = intake
        self._tally = tally
        self._failures = 0

    async def take(self, updates: Sequence[Any], *, arrived_at: datetime) -> None:
        """Store what these say. Raises Overloaded or StoreError: nothing is acknowledged, all come again."""
        for update in updates:
            await self._follow(update)
        read = [self._read(update, arrived_at) for update in updates]
        await self._store([arrival for arrivals in read for arrival in arrivals or ()])
        for update, arrivals in zip(updates, read, strict=True):
            self._count(update, arrivals)
        self._watch_the_clock(updates, arrived_at)

    async def _follow(self, update: Any) -> None:  # noqa: ANN401 - JSON is anything
        """Keep that a group has moved, before anything of its new id is read."""
        try:
            move = move_of(update)
        except BadMessage:
            return  # told when it is read
        if move is not None:
            await self._moves.keep(new=move[0], old=move[1])

    def _read(self, update: Any, arrived_at: datetime) -> list[Arrival] | None:  # noqa: ANN401 - JSON is anything
        """Return what an update says, None if it cannot be read."""
        try:
            self._show_membership(update)
            return parse(update, me=self._me, rules=self._rules, moved=self._moves.moved, arrived_at=arrived_at)
        except BadMessage as problem:
            log.warning("telegram_update_unreadable", update=_id_of(update), field=str(problem).partition(":")[0])
        except Exception:
            log.exception("telegram_parse_defect", update=_id_of(update))
        return None

    async def _store(self, arrivals: Sequence[Arrival]) -> None:
        """Hand these to intake together; if one of them is more than it can bear, one by one.

        What alone fails where others do not is passed over. Where all fail, intake is at fault and not they: it
        is given time before they are passed over too.
        """
        if not arrivals or await self._handed_in(arrivals):
            self._failures = 0
            return
        stored = [await self._handed_in([arrival]) for arrival in arrivals if len(arrivals) > 1]
        self._failures = 0 if any(stored) else self._failures + 1
        if 0 < self._failures < MOST_FAILURES:
            raise StoreUnavailable("intake fails for every message")
        self._failures = 0
        log.error("telegram_messages_passed_over", messages=len(arrivals) - sum(stored))

    async def _handed_in(self, arrivals: Sequence[Arrival]) -> bool:
        """Tell whether intake took these. Raises Overloaded and StoreError."""
        try:
            await self._intake(arrivals)
        except (Overloaded, StoreError):
            raise
        except Exception:
            if not self._failures:  # the first of a row shows where
                log.exception("telegram_intake_failed", arrivals=len(arrivals))
            return False
        return True

    def _count(self, update: Any, arrivals: list[Arrival] | None) -> None:  # noqa: ANN401 - JSON is anything
        if arrivals is None:
            self._tally.unreadable += 1
        elif arrivals:
            self._tally.arrivals += 1
        else:
            self._tally.ignored += 1
            log.debug("telegram_update_ignored", update=_id_of(update))

    def _show_membership(self, update: Any) -> None:  # noqa: ANN401 - JSON is anything
        """Tell operations that the bot was removed from a group; in private somebody has only blocked it."""
        membership = membership_of(update)
        if membership is None or membership.private:
            return
        topic = f"telegram.group:{membership.chat}"
        if membership.inside:
            log.info("telegram_group_joined", room=membership.chat)  # the id that config.yaml asks for
            self._board.clear(topic)
            return
        name = membership.title or membership.chat
        self._board.tell(
            topic,
            f"The bot was removed from the Telegram group {name!r}: nothing is heard there and no answer arrives. "
            "Add it again, or take the group out of config.yaml",
        )

    def _watch_the_clock(self, updates: Sequence[Any], arrived_at: datetime) -> None:
        ahead = clock_watch.ahead((_written(update) for update in updates), arrived_at)
        told = clock_watch.sentence("Telegram", ahead)
        if told is not None:
            self._board.tell("telegram.clock", told)
        elif any(_is_fresh(update, arrived_at) for update in updates):
            self._board.clear("telegram.clock")


def _written(update: Any) -> datetime | None:  # noqa: ANN401 - JSON is anything
    try:
        return written_at(update)
    except BadMessage:
        return None


def _is_fresh(update: Any, arrived_at: datetime) -> bool:  # noqa: ANN401 - JSON is anything
    """Tell whether this was written just now: only such a message shows that the clock is right again."""
    written = _written(update)
    return written is not None and arrived_at - written <= clock_watch.TOLERANCE


def _id_of(update: Any) -> str:  # noqa: ANN401 - JSON is anything
    return shortened(str(update.get("update_id"))) if isinstance(update, dict) else ""

"""The life of every clock of one conversation, event by event, with the arithmetic in words.

It is read by the very code that the figures are made of: each record goes through ``fold`` as a batch of its own,
and what it changed is told. So an explanation can be wrong only where the figures are, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from bot.domain.calendar import BusinessCalendar, read_calendar
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ConversationId
from bot.domain.sla import Metric
from bot.errors import SettingsError
from bot.figures import ClockLife, Line, Sum
from bot.ports import EventLog
from bot.reports.batch import ClockKey
from bot.reports.business import Calendars
from bot.reports.fold import Fold
from bot.reports.instants import instant, micros, seconds
from bot.reports.rows import ClockRow
from bot.reports.sentences import Change, sentence
from bot.reports.told import Telling, Wall, calendar_name

#: Records that concern the brand as a whole are kept under no conversation.
_BRAND = ConversationId("")

_ORDER = {name.value: place for place, name in enumerate((*Metric, *Sum))}
_METRICS: Mapping[str, Metric | Sum] = {name.value: name for name in (*Metric, *Sum)}


async def lives(
    log: EventLog, conversation: ConversationId, *, now: datetime, zone: tzinfo = UTC
) -> tuple[ClockLife, ...]:
    """Return the life of every clock of a conversation, from the log; empty for one that is not known."""
    records = await log.of(conversation)
    kept = (record for record in await log.of(_BRAND) if record.kind == LogKind.CALENDAR_KEPT)
    sources = {str(one.fields.get("calendar")): str(one.fields.get("source")) for one in kept} if records else {}
    return await asyncio.to_thread(explain, records, sources, now=now, zone=zone)


def explain(
    records: Sequence[LogRecord], calendars: Mapping[str, str], *, now: datetime, zone: tzinfo = UTC
) -> tuple[ClockLife, ...]:
    """Return the life of every clock that these records of one conversation tell of, the first that began first.

    ``calendars`` are the sources of the brand's calendars by id; a clock that names another one counts all time,
    as it does in the figures. Values are those at ``now``; times in sentences are on the wall clock of ``zone``.
    A record that this version cannot read changes nothing, and is told where it names a clock.
    """
    reader = _Reader(calendars, zone)
    for record in records:
        reader.read(record)
    return tuple(reader.lives(micros(now)))


class _Reader:
    """The clocks of one conversation as the figures know them, and what there is to tell of each."""

    def __init__(self, calendars: Mapping[str, str], zone: tzinfo) -> None:
        self._zone = zone
        self._calendars = Calendars()
        self._known = dict(_readable(calendars, self._calendars))
        self._batch = Fold(calendars=self._calendars)
        self._lines: dict[ClockKey, list[Line]] = {}
        self._before: dict[ClockKey, ClockRow] = {}  # as each was when it last changed: rows change in place

    def read(self, record: LogRecord) -> None:
        """Let one record take effect, and tell what it changed."""
        self._batch = self._next()
        self._batch.apply(record)
        self._batch.finish()
        if self._batch.unknown:
            self._unreadable(record)
        for row in self._batch.written():
            key = (row.conversation, row.metric, row.instance)
            says = self._says(record, self._before.get(key), row)
            self._before[key] = replace(
                row, spans=list(row.spans), handovers=list(row.handovers), states=list(row.states)
            )
            self._note(record, row, says)

    def _unreadable(self, record: LogRecord) -> None:
        """Tell of a record that this version cannot read, where it names a clock."""
        named = (record.conversation, record.fields.get("metric"), record.fields.get("instance"))
        for key, row in self._rows(record.conversation).items():
            if key == named:
                says = f"{record.kind}: this version cannot read the record; it changes nothing"
                self._note(record, row, says)

    def _note(self, record: LogRecord, row: ClockRow, says: str) -> None:
        if says:
            lines = self._lines.setdefault((row.conversation, row.metric, row.instance), [])
            lines.append(self._line(record, row, says))

    def _next(self) -> Fold:
        """Return a batch that goes on where the last one ended."""
        last = self._batch
        return Fold(
            calendars=self._calendars,
            calendar=last.calendar,
            clocks=[row for rows in last.clocks.values() for row in rows.values()],
            messages=[row for rows in last.messages.values() for row in rows.values()],
            conversations=last.conversations.values(),
        )

    def _rows(self, conversation: str) -> Mapping[ClockKey, ClockRow]:
        return self._batch.clocks.get(conversation, {})

    def _says(self, record: LogRecord, before: ClockRow | None, row: ClockRow) -> str:
        if before == row:
            return ""
        wall = Wall.on_the_day_of(row.started_at, self._zone)
        return sentence(
            Change(
                record=record,
                before=before,
                after=row,
                telling=Telling(wall=wall, calendar=row.calendar, known=self._known),
                notice=next(iter(self._batch.notices), None),
                doing=self._state(record.conversation),
            )
        )

    def _state(self, conversation: str) -> str:
        """Return the state that the conversation is in, as its resolution knows it."""
        resolutions = [row for row in self._rows(conversation).values() if row.metric == Metric.RESOLUTION]
        newest = max(resolutions, key=lambda row: row.instance, default=None)
        return newest.states[-1][1] if newest is not None and newest.states else ""

    def _line(self, record: LogRecord, row: ClockRow, says: str) -> Line:
        elapsed, wall = self._value(row, micros(record.at))
        return Line(
            seq=record.seq,
            at=record.at,
            recorded_at=record.recorded_at,
            kind=record.kind,
            says=says,
            business_seconds=seconds(elapsed),
            calendar_seconds=seconds(wall),
            due_at=None if row.due_at is None else instant(row.due_at),
        )

    def _value(self, row: ClockRow, at: int) -> tuple[int, int]:
        """Return what a clock has counted at an instant: in its calendar's time, and in calendar time."""
        if row.running_since is None:
            return row.elapsed, row.wall
        counted = self._calendars.between(row.calendar, row.running_since, at)
        return row.elapsed + counted, row.wall + max(0, at - row.running_since)

    def lives(self, now: int) -> Iterator[ClockLife]:
        """Yield the clocks, the first that began first."""
        rows = [row for rows in self._batch.clocks.values() for row in rows.values()]
        for row in sorted(rows, key=lambda row: (row.started_at, _ORDER[row.metric], row.instance)):
            elapsed, wall = self._value(row, now)
            yield ClockLife(
                metric=_METRICS[row.metric],
                instance=row.instance,
                state=row.state,
                policy=row.policy,
                calendar=calendar_name(row.calendar),
                target_seconds=None if row.target is None else seconds(row.target),
                business_seconds=seconds(elapsed),
                calendar_seconds=seconds(wall),
                breached=row.breached,
                lines=tuple(self._lines.get((row.conversation, row.metric, row.instance), ())),
            )


def _readable(sources: Mapping[str, str], calendars: Calendars) -> Iterator[tuple[str, BusinessCalendar]]:
    """Keep the calendars that can be read, and yield them by id."""
    for name, source in sources.items():
        with suppress(ValueError, SettingsError):
            calendars.keep(name, source)
            yield name, read_calendar(source)

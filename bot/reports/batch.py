"""The rows that a batch of records touches, as they change, and what is to be written when the batch is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain.log import LogRecord
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.figures import Sum
from bot.reports.business import Calendars
from bot.reports.instants import HOUR, micros
from bot.reports.rollups import Cells
from bot.reports.rows import ClockRow, ConversationRow, Happening, MessageRow, Notice, Stop
from bot.reports.sums import sums_of

ClockKey = tuple[str, str, int]
MessageKey = tuple[str, str]
VolumeKey = tuple[int, int, str, str, str]  # hour (microseconds), hour of the day, channel, label, team

#: The least that can be done about a message first: after an edit the greater of the two stands.
DECISIONS = ("silence", "greet", "answer", "record", "escalate")

#: What the bot does by itself.
AUTOMATIC = frozenset({"silence", "greet", "answer"})

METRICS = frozenset(metric.value for metric in Metric)
_MAKES_SUMS = frozenset({Metric.RESOLUTION.value, *(metric.value for metric in HUMAN_REPLY)})


class Batch:
    """Rows by what names them. ``volumes`` and ``cells`` hold differences to add.

    ``calendar`` is the brand's default as the newest clock named it: its zone tells the hour of the day.
    """

    def __init__(
        self,
        *,
        calendars: Calendars,
        clocks: Iterable[ClockRow] = (),
        messages: Iterable[MessageRow] = (),
        conversations: Iterable[ConversationRow] = (),
        calendar: str = "",
    ) -> None:
        self.calendars = calendars
        self.calendar = calendar
        self.clocks: dict[str, dict[ClockKey, ClockRow]] = {}
        for clock in clocks:
            self._put_clock(clock)
        self.messages: dict[str, dict[str, MessageRow]] = {}
        for message in messages:
            self._put_message(message)
        self.conversations = {row.conversation: row for row in conversations}
        self.changed_clocks: set[ClockKey] = set()
        self.changed_messages: set[MessageKey] = set()
        self.changed_conversations: set[str] = set()
        self.cells = Cells()
        self.volumes: dict[VolumeKey, list[int]] = {}
        self.happenings: list[Happening] = []
        self.notices: list[Notice] = []
        self.stops: list[Stop] = []
        self.kept: dict[str, str] = {}
        self.unknown = 0

    def finish(self) -> None:
        """Work out what follows from the changed clocks: the sums, and the cells of those that are over."""
        for key in self._resolutions():
            self._sum_up(self.clock(key))
        for row in self.written():
            self.cells.add(row, self.calendars)

    def written(self) -> list[ClockRow]:
        """Return the changed clocks that are there, in order."""
        return [self.clock(key) for key in sorted(self.changed_clocks) if key in self.clocks[key[0]]]

    def dropped(self) -> list[ClockKey]:
        """Return what was a sum before, and has not counted at all as is known now."""
        return [key for key in self.changed_clocks if key not in self.clocks[key[0]]]

    # --- clocks

    def clock(self, key: ClockKey) -> ClockRow:
        """Return a clock. Raises KeyError if it never started."""
        return self.clocks[key[0]][key]

    def open_clocks(self, conversation: str) -> Iterator[ClockRow]:
        """Yield the clocks of a conversation that have not ended, as about to change."""
        for key, row in self.clocks.get(conversation, {}).items():
            if not row.over and row.metric in METRICS:
                yield self.change_clock(key)

    def change_clock(self, key: ClockKey) -> ClockRow:
        """Return a clock as about to change: if it is over, its cells forget it until the batch is over."""
        row = self.clock(key)
        if key not in self.changed_clocks:
            self.cells.add(row, self.calendars, -1)
            self.changed_clocks.add(key)
        return row

    def start_clock(self, row: ClockRow) -> None:
        """Add a clock."""
        self._put_clock(row)
        self.changed_clocks.add((row.conversation, row.metric, row.instance))

    def _put_clock(self, row: ClockRow) -> None:
        key = (row.conversation, row.metric, row.instance)
        self.clocks.setdefault(row.conversation, {})[key] = row

    def _resolutions(self) -> set[ClockKey]:
        """Return the resolutions whose sums a changed clock may have a part in."""
        return {
            key
            for changed in self.changed_clocks
            if changed[1] in _MAKES_SUMS
            for key, row in self.clocks[changed[0]].items()
            if row.metric == Metric.RESOLUTION
            and (row.ended_at is None or row.ended_at >= self.clock(changed).started_at)
        }

    def _sum_up(self, resolution: ClockRow) -> None:
        """Compute the sums of a resolution anew."""
        clocks, start = self.clocks[resolution.conversation], resolution.started_at
        replies = (row for row in clocks.values() if row.metric in HUMAN_REPLY)
        owed = [row for row in replies if row.ended_at is None or row.ended_at > start]
        rows = {row.metric: row for row in sums_of(resolution, owed, self.calendars)}
        for name in Sum:
            key = (resolution.conversation, name.value, resolution.instance)
            if key in clocks:
                self.change_clock(key)
            if name in rows:
                self.start_clock(rows[name])
            elif key in clocks:
                del clocks[key]

    # --- messages

    def message(self, conversation: str, message: str) -> MessageRow:
        """Return a message. Raises KeyError if it was never received."""
        return self.messages[conversation][message]

    def start_message(self, row: MessageRow) -> None:
        """Add a message. Raises ValueError for one that is there."""
        if row.message in self.messages.get(row.conversation, ()):
            raise ValueError(f"message {row.message} was received before")
        self._put_message(row)
        self.changed_messages.add((row.conversation, row.message))
        self.count(row, 1)

    def change_message(self, row: MessageRow, **fields: object) -> None:
        """Set fields of a message, and move it to the volumes that it belongs to then."""
        self.count(row, -1)
        for name, value in fields.items():
            setattr(row, name, value)
        self.count(row, 1)
        self.changed_messages.add((row.conversation, row.message))

    def count(self, row: MessageRow, sign: int) -> None:
        """Add a message to its volumes, or take it out."""
        key = (row.at - row.at % HOUR, row.hour, row.channel, row.label, row.team)
        counts = self.volumes.setdefault(key, [0] * (4 + len(DECISIONS)))
        wrong = row.rejected or row.relabelled
        automatic = row.decision in AUTOMATIC
        counts[0] += sign
        counts[1 + DECISIONS.index(row.decision)] += sign
        counts[-3] += sign * automatic
        counts[-2] += sign * (automatic and (row.checked or wrong))
        counts[-1] += sign * (automatic and wrong)

    def _put_message(self, row: MessageRow) -> None:
        self.messages.setdefault(row.conversation, {})[row.message] = row

    # --- conversations

    def conversation(self, name: str) -> ConversationRow:
        """Return a conversation as about to change."""
        row = self.conversations.get(name)
        if row is None:
            row = self.conversations[name] = ConversationRow(conversation=name)
        self.changed_conversations.add(name)
        return row

    def happened(self, record: LogRecord, detail: str) -> None:
        """Note something to count by time."""
        row, at = self.conversation(record.conversation), micros(record.at)
        self.happenings.append(
            Happening(
                seq=record.seq,
                kind=record.kind,
                at=at,
                hour=self.hour(at),
                detail=detail,
                channel=row.channel,
                label=row.label,
                language=row.language,
                team=row.team,
                priority=row.priority,
                tier=row.tier,
            )
        )

    def hour(self, at: int) -> int:
        """Return the hour of the day where the brand is."""
        return self.calendars.hour(self.calendar, at)

"""A line of the conversation as the visitor's page shows it. Pure; who on staff wrote stays inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from bot.channels.webchat.parse import client_id_of
from bot.channels.webchat.visitors import Visitor
from bot.domain.messages import Author
from bot.records import TranscriptEntry


class File(msgspec.Struct, frozen=True):
    """A file that came with a text of staff's. ``id`` opens it for this visitor alone."""

    id: str
    name: str
    size: int


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. ``client_id`` is the page's own id of a message that it sent."""

    message: str
    number: int
    author: Literal["you", "assistant", "support"]
    text: str
    at: str
    client_id: str = ""
    quick_replies: tuple[str, ...] = ()
    substantive: bool = False
    edited: bool = False
    deleted: bool = False
    files: tuple[File, ...] = ()


_AUTHORS: dict[Author, Literal["you", "assistant", "support"]] = {
    Author.CUSTOMER: "you",
    Author.BOT: "assistant",
    Author.AGENT: "support",
}


def entry_of(line: TranscriptEntry, visitor: Visitor) -> Entry:
    """Return the line for the page. The text of a deleted message is gone."""
    deleted = line.deleted_at is not None
    return Entry(
        message=line.message,
        number=line.number,
        author=_AUTHORS[line.author],
        text="" if deleted else line.text,
        at=line.at.isoformat(),
        client_id=client_id_of(visitor, line.external_id),
        quick_replies=line.quick_replies,
        substantive=line.author is Author.AGENT or (line.wording is not None and line.wording.substantive),
        edited=line.edited_at is not None,
        deleted=deleted,
        files=() if deleted else _files(line),
    )


def _files(line: TranscriptEntry) -> tuple[File, ...]:
    """Return what staff sent along."""
    if not line.enclosed:
        return ()
    return tuple(File(id=each.reference, name=each.name, size=each.size or 0) for each in line.attachments)


def chunks(entries: Sequence[Entry], size: int = 50) -> Iterator[Sequence[Entry]]:
    """Yield the entries in frames of a fair size; at least one, so that the page knows that it is up to date."""
    for start in range(0, max(len(entries), 1), size):
        yield entries[start : start + size]


class Window:
    """The last entries as they were shown, to tell what has changed since.

    A text to the customer gets its number when it is decided and shows when it leaves, so what is new may stand
    before what is known: the window overlaps.
    """

    __slots__ = ("_shown",)

    LENGTH = 200
    OVERLAP = 50

    def __init__(self) -> None:
        self._shown: dict[str, Entry] = {}

    def floor(self) -> int:
        """Return the number behind which entries may be new or changed."""
        numbers = sorted(entry.number for entry in self._shown.values())
        return numbers[-self.OVERLAP] - 1 if len(numbers) > self.OVERLAP else 0

    def changed(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return those that are new or not as they were, and remember them."""
        found = [entry for entry in entries if self._shown.get(entry.message) != entry]
        self._shown.update((entry.message, entry) for entry in found)
        if len(self._shown) > self.LENGTH:
            newest = sorted(self._shown.values(), key=lambda entry: entry.number)[-self.LENGTH :]
            self._shown = {entry.message: entry for entry in newest}
        return found

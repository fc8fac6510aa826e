"""What the bot's messages in each chat say now: sent, edited and deleted as Telegram does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Bots may delete what they sent within so many seconds.
DELETABLE = 48 * 3600


class Refusal(Exception):
    """What Telegram answers in the place of a result."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass(slots=True, kw_only=True)
class _Message:
    text: str
    date: int
    keyboard: bool
    file: str = ""


@dataclass(slots=True)
class Shown:
    """The bot's messages by chat and number, in the order in which they came."""

    _messages: dict[tuple[int, int], _Message] = field(default_factory=dict)

    def keep(self, chat: int, number: int, text: str, *, date: int, keyboard: bool, file: str = "") -> None:
        self._messages[chat, number] = _Message(text=text, date=date, keyboard=keyboard, file=file)

    def texts(self, chat: int) -> list[str]:
        return [each.text for (where, _), each in self._messages.items() if where == chat and not each.file]

    def files(self, chat: int) -> list[str]:
        return [each.file for (where, _), each in self._messages.items() if where == chat and each.file]

    def edit(self, chat: int, number: int, text: str) -> int:
        """Give a message another text and return when it was sent."""
        found = self._messages.get((chat, number))
        if found is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        check(text)
        if found.file:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        if found.keyboard:
            raise Refusal(400, "Bad Request: message can't be edited")
        if found.text == text:
            raise Refusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        found.text = text
        return found.date

    def delete(self, chat: int, number: int, *, now: int) -> None:
        found = self._messages.get((chat, number))
        if found is None:
            raise Refusal(400, "Bad Request: message to delete not found")
        if now - found.date > DELETABLE:
            raise Refusal(400, "Bad Request: message can't be deleted for everyone")
        del self._messages[chat, number]


def check(text: str) -> None:
    """Refuse a text that Telegram does not take. Raises Refusal."""
    if not text or len(text.encode("utf-16-le")) // 2 > 4096:
        raise Refusal(400, "Bad Request: message is too long" if text else "Bad Request: message text is empty")

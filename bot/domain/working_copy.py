"""The conversation that one step works on, and what the step leaves behind."""

from __future__ import annotations

from dataclasses import fields as fields_of
from datetime import datetime

from bot.domain.actions import Send
from bot.domain.conversation import Conversation, Rules
from bot.domain.log import LogEvent, LogKind, Scalar

_FIELDS = tuple(field.name for field in fields_of(Conversation))


def copy(conversation: Conversation) -> Conversation:
    """Return a value equal to ``conversation`` that may be written to until the turn is over."""
    own = object.__new__(Conversation)
    for name in _FIELDS:
        object.__setattr__(own, name, getattr(conversation, name))
    return own


class WorkingCopy:
    """A conversation during one step, with the log events and sends that the step asks for."""

    def __init__(self, conversation: Conversation, rules: Rules, at: datetime) -> None:
        self.c = copy(conversation)
        self.changed = False
        self.rules = rules
        self.at = at
        self.logged: list[LogEvent] = []
        self.sends: list[Send] = []

    def change(self, **fields: object) -> None:
        """Set fields of the conversation.

        The frozen value is written to on purpose: it is this turn's own copy, and nobody else has seen it yet.
        A step makes some twenty changes, and building the value anew for each was half the cost of a step.
        """
        for name, value in fields.items():
            object.__setattr__(self.c, name, value)
        self.changed = True

    def log(self, kind: LogKind, at: datetime | None = None, /, **fields: Scalar) -> None:
        """Add to the event log."""
        self.logged.append(LogEvent(kind=kind, at=at or self.at, fields=fields))

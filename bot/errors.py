"""Every error that Heed raises on purpose.

HeedError
├── SettingsError        a setting is unknown, malformed or does not fit another
├── TemplateError        a template file is broken (names file and line)
├── ModelError           a model file is missing, damaged or of another kind
├── MissingTransition    the state machine has no rule for this state and event
├── BadMessage           a message or request that no repetition makes right
│   ├── Conflict         the id is known with another content
│   └── NotFound         nothing is stored under this id
├── StoreError           the store cannot do it now
│   ├── StoreUnavailable locked, full or read-only: repeat later
│   ├── StoreInUse       another process runs on this store
│   └── StoreTooNew      the store was written by a later version of Heed
├── Overloaded           a bounded queue is full: repeat later
└── SendError            a channel could not deliver
    ├── SendRefused      definitely not sent; may be repeated after ``retry_after``
    ├── SendFailed       definitely not sent; repeating is useless
    └── SendUnknown      nobody knows whether it was sent
"""

from __future__ import annotations

from datetime import timedelta


class HeedError(Exception):
    """The root of all errors raised on purpose. Its text names the wrong value and what would be right."""


class SettingsError(HeedError):
    """A setting is unknown, malformed or does not fit another."""


class TemplateError(HeedError):
    """A template file is broken. The text names file and line."""


class ModelError(HeedError):
    """A model file is missing, damaged or of another kind. The text names the remedy."""


class MissingTransition(HeedError):
    """The state machine has no rule for this state and event: a defect, escalated by the engine."""


class BadMessage(HeedError):
    """A message or request that no repetition makes right."""


class Conflict(BadMessage):
    """The id is already known with another content."""


class NotFound(BadMessage):
    """Nothing is stored under this id."""


class StoreError(HeedError):
    """The store cannot do it now."""


class StoreUnavailable(StoreError):
    """The store is locked, full or read-only. The sender repeats later."""


class StoreInUse(StoreError):
    """Another process runs on this store."""


class StoreTooNew(StoreError):
    """The store was written by a later version of Heed."""


class Overloaded(HeedError):
    """A bounded queue is full. The sender repeats later."""


class SendError(HeedError):
    """A channel could not deliver."""


class SendRefused(SendError):
    """Definitely not sent; may be repeated after ``retry_after``."""

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SendFailed(SendError):
    """Definitely not sent; repeating is useless."""


class SendUnknown(SendError):
    """Nobody knows whether it was sent."""

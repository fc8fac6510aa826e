"""How Heed writes its log: an event name plus fields, never a message's text, never a secret.

A traceback shows where something went wrong, not what was being worked on: no local variables, and an
exception's words only where it is of a kind that never quotes a message.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

import structlog

from bot.errors import ModelError, SendError, StoreError, TemplateError

#: Kinds of errors whose words name files, types and states. A ValueError or KeyError may quote what it choked on.
TELLING = (
    ArithmeticError,
    AttributeError,
    ImportError,
    ModelError,
    NameError,
    NotImplementedError,
    OSError,
    SendError,
    StoreError,
    TemplateError,
    TimeoutError,
    TypeError,
)

Failure = tuple[type[BaseException], BaseException, TracebackType | None]


def set_up_logs(form: str, level: str) -> None:
    """Write to standard error, as text for people or JSON for machines, from ``level`` up. A later call wins."""
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line("%(name)s: %(message)s") if form == "text" else _JsonLine())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(told),
            _renderer(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def told(exc_info: Failure) -> str:
    """Return where an error came from, with those before it, and no more of its words than is safe."""
    return "".join(_told(exc_info[1])).rstrip()


def _told(error: BaseException) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _told(earlier)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    words = f": {error}" if isinstance(error, TELLING) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{words}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "\nin this group:\n\n"
            yield from _told(each)


def _renderer(form: str) -> structlog.typing.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


class _Line(logging.Formatter):
    """What libraries log, as a line for people."""

    def formatException(self, ei: object) -> str:  # noqa: N802  # the library's name
        return told(ei)  # type: ignore[arg-type]  # logging hands over the triple of the error


class _JsonLine(_Line):
    """What libraries log, in the form of Heed's own lines."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)

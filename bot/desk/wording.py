"""How a desk says things: short titles for clocks, sentences for the log, words for probabilities."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.decisions import REASON_TEXT, Reason
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.sla import Metric

CLOCK_TITLES = {
    Metric.FIRST_RESPONSE: "First response",
    Metric.FIRST_REPLY: "First reply",
    Metric.NEXT_REPLY: "Next reply",
    Metric.HANDOFF_WAIT: "Hand-off wait",
    Metric.RESOLUTION: "Resolution",
}

#: From which probability on a word holds.
CERTAINTY = ((0.95, "almost certain"), (0.8, "likely"), (0.6, "rather likely"), (0.4, "unsure"), (0.0, "unlikely"))

#: What staff reads of a log record, by kind, and by the field that tells its variants apart. What the
#: transcript itself shows is not repeated.
SENTENCES: dict[str, tuple[str, dict[str, str]]] = {
    LogKind.ESCALATED: ("", {"": "Escalated. {reason}"}),
    LogKind.CLAIMED: ("", {"": "Claimed by {agent}."}),
    LogKind.RELEASED: ("by", {"": "Released by {agent}.", "expiry": "The claim has expired."}),
    LogKind.RESOLVED: (
        "by",
        {
            "": "Resolved.",
            "agent": "Resolved by {agent}.",
            "bot": "Resolved: the customer says that it is done.",
            "silence": "Resolved: the customer has not written again.",
            "deleted": "Resolved: the customer deleted the message.",
            "erased": "Resolved: the customer was erased.",
        },
    ),
    LogKind.LABEL_CORRECTED: ("", {"": "{agent} corrected a label: {after}, not {before}."}),
    LogKind.REOPENED: ("", {"": "Reopened by a new message."}),
    LogKind.WARN: ("", {"": "{metric}: the target is near."}),
    LogKind.BREACH: ("", {"": "{metric}: target missed."}),
    LogKind.SEND_FAILED: (
        "outcome",
        {
            "": "The platform refused what was sent.",
            "unknown": "Nobody knows whether the customer got what was sent.",
            "withdrawn": "An answer of the bot was taken back before it started out.",
        },
    ),
    LogKind.SEND_OVERDUE: ("", {"": "A text has been on its way for too long."}),
    LogKind.PAUSED: ("", {"": "Automatic answers were paused."}),
    LogKind.RESUMED: ("", {"": "Automatic answers were resumed."}),
}


def certainty(probability: float) -> str:
    """Return a probability in [0, 1] as words."""
    return next(words for least, words in CERTAINTY if probability >= least)


def clock_title(metric: str) -> str:
    """Return a metric's title, or its name if this version does not know it."""
    return CLOCK_TITLES[Metric(metric)] if metric in set(Metric) else metric


def reason_text(reason: str | None) -> str:
    """Return a reason as a sentence, or the word itself if this version does not know it."""
    if not reason:
        return ""
    return REASON_TEXT[Reason(reason)] if reason in set(Reason) else reason


def sentence(record: LogRecord) -> str:
    """Return what staff reads of a log record; empty for what the transcript itself shows."""
    field, variants = SENTENCES.get(record.kind, ("", {"": ""}))
    text = variants.get(_text(record.fields, field), variants[""])
    return text.format(
        agent=_text(record.fields, "agent") or "staff",
        reason=reason_text(_text(record.fields, "reason")),
        metric=clock_title(_text(record.fields, "metric")),
        before=_and(_text(record.fields, "from")),
        after=_and(_text(record.fields, "to")),
    ).strip()


def _and(labels: str) -> str:
    return labels.replace("+", " and ")


def _text(fields: Mapping[str, Scalar], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)

"""How a desk says things: short titles for clocks, sentences for the log, words for probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bot.domain.decisions import REASON_TEXT, Reason, Wording
from bot.domain.events import ResolveReason
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import Author
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
    LogKind.CLAIM_ENDING: ("", {"": "The claim of {agent} ends {until}, unless they do something with it."}),
    LogKind.ASKED_FOR: ("", {"": "{agent} asks {holder} for this conversation."}),
    LogKind.TAKEN_OVER: ("", {"": "{agent} took it over from {before}."}),
    LogKind.RELEASED: (
        "by",
        {
            "": "Released by {agent}.",
            "expiry": "The claim has expired.",
            "snooze": "The snooze is over.",
            "transfer": "",  # the line about the transfer, or the taking over, says so
            "take_over": "",
            "left": "{agent} may not hold it any more: it is free.",
        },
    ),
    LogKind.REVISED: ("takes_back", {"": "{agent} changed a reply.", "True": "{agent} took a reply back."}),
    LogKind.SNOOZED: ("", {"": "{agent} put it away until {until}."}),
    LogKind.ASKED: ("", {"": "{agent} waits for the customer."}),
    LogKind.TRANSFERRED: ("", {"": "{agent} gave it to the team {after}."}),
    LogKind.HANDED_BACK: ("", {"": "{agent} handed it back to the bot."}),
    LogKind.BLOCKED: ("", {"": "{agent} blocked this customer: what they write starts nothing."}),
    LogKind.UNBLOCKED: ("", {"": "{agent} unblocked this customer."}),
    LogKind.LINK_REQUESTED: ("", {"": "This matter goes on in conversation {into}."}),
    LogKind.LINKED: ("", {"": "What was said in conversation {other} belongs here."}),
    LogKind.RESOLVED: (
        "by",
        {
            "": "Resolved.",
            "agent": "Resolved by {agent}{why}.",
            "merge": "This matter goes on elsewhere.",
            "bot": "Resolved: the customer says that it is done.",
            "silence": "Resolved: the customer has not written again.",
            "deleted": "Resolved: the customer deleted the message.",
            "erased": "Resolved: the customer was erased.",
        },
    ),
    LogKind.LABEL_CORRECTED: ("", {"": "{agent} corrected a label: {after}, not {before}."}),
    LogKind.REOPENED: ("", {"": "Reopened by {opener}."}),
    LogKind.WARN: ("", {"": "{metric}: the target is near."}),
    LogKind.BREACH: ("", {"": "{metric}: target missed."}),
    LogKind.SEND_FAILED: (
        "outcome",
        {
            "": "{sent} has not reached the customer{detail}.",
            "unknown": "Nobody knows whether {sent} has reached the customer{detail}.",
            "withdrawn": "An answer of the bot was taken back before it started out.",
        },
    ),
    LogKind.SEND_OVERDUE: ("", {"": "A text has been on its way for too long."}),
    LogKind.PAUSED: ("", {"": "Automatic answers were paused."}),
    LogKind.RESUMED: ("", {"": "Automatic answers were resumed."}),
}


#: Why an agent called a conversation done, as the end of a sentence.
RESOLVED_BECAUSE: Mapping[str, str] = {
    ResolveReason.ANSWERED: "answered",
    ResolveReason.NO_REPLY_NEEDED: "no reply is needed",
    ResolveReason.GONE_QUIET: "the customer does not come back",
    ResolveReason.DUPLICATE: "the same matter goes on elsewhere",
    ResolveReason.SPAM: "spam",
    ResolveReason.OTHER: "for another reason",
    "blocked": "the customer is blocked",
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


def sentence(
    record: LogRecord,
    *,
    moment: Callable[[datetime], str] = lambda at: f"at {at:%Y-%m-%d %H:%M} UTC",
    plain: Callable[[str], str] = str,
) -> str:
    """Return what staff reads of a log record; empty for what the transcript itself shows.

    ``moment`` writes an instant the way the desk does, ``plain`` a name so that it is nothing but a name.
    """
    by_staff = _text(record.fields, "by") == Author.AGENT
    words = {name: plain(_text(record.fields, name)) for name in ("agent", "holder", "into", "other")}
    said = (
        _pattern(record)
        .format(
            sent="a reply" if by_staff else "a text of the bot",
            agent=words["agent"] or "staff",
            holder=words["holder"] or "whoever holds it",
            into=words["into"],
            other=words["other"],
            opener=words["agent"] or "a new message",
            reason=reason_text(_text(record.fields, "reason")) if record.kind == LogKind.ESCALATED else "",
            why=_why(_text(record.fields, "reason")),
            detail=_detail(plain(_text(record.fields, "reason"))),
            metric=clock_title(_text(record.fields, "metric")),
            before=plain(_and(_text(record.fields, "from"))) or "nobody",
            after=plain(_and(_text(record.fields, "to"))),
            until=_until(_text(record.fields, "until"), moment),
        )
        .strip()
    )
    return f"{said[:1].upper()}{said[1:]}" if record.kind == LogKind.SEND_FAILED else said


def _pattern(record: LogRecord) -> str:
    if record.kind == LogKind.SEND_FAILED and record.fields.get("wording") == Wording.REVISION:
        return "The change of a reply has not reached the customer{detail}."
    field, variants = SENTENCES.get(record.kind, ("", {"": ""}))
    return variants.get(_text(record.fields, field), variants[""])


def _until(instant: str, moment: Callable[[datetime], str]) -> str:
    try:
        return moment(datetime.fromisoformat(instant).astimezone(UTC))
    except ValueError:
        return "soon"


def _why(reason: str) -> str:
    known = RESOLVED_BECAUSE.get(reason, reason.replace("_", " "))
    return f": {known}" if known else ""


def _detail(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _and(labels: str) -> str:
    return labels.replace("+", " and ")


def _text(fields: Mapping[str, Scalar], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)

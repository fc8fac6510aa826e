"""Figures in words: durations, shares, instants in a brand's zone, and what each figure means in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.domain.sla import Metric
from bot.figures import Counting, Dimension, Sum, Summary

#: Stands where there is nothing to tell, which is not zero.
NOTHING = "–"

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What people call a figure, and what it says in a sentence."""

    title: str
    says: str


METRICS: dict[Metric | Sum, Meaning] = {
    Metric.FIRST_RESPONSE: Meaning(
        "First response",
        "From the customer's first unanswered message to the first real answer, by bot or human: what the "
        "customer feels. “We are on it” does not count.",
    ),
    Metric.FIRST_REPLY: Meaning(
        "First reply",
        "From the same start to the first words of a human. It has a target only once a human is wanted.",
    ),
    Metric.NEXT_REPLY: Meaning(
        "Next reply",
        "From the oldest unanswered message after an agent's reply to the next words of a human.",
    ),
    Metric.HANDOFF_WAIT: Meaning(
        "Hand-off wait",
        "From the moment the bot handed over to the first words of a human: what staffing controls.",
    ),
    Metric.RESOLUTION: Meaning(
        "Resolution",
        "From the first message to resolved; it stands still while the customer has to act.",
    ),
    Sum.REQUESTER_WAIT: Meaning(
        "Requester wait",
        "All the time in one case that the customer waited for words, and all of it that it waited for a human.",
    ),
    Sum.AGENT_WORK: Meaning(
        "Agent work",
        "All the time in one case that it was with the staff, waiting for an agent or held by one.",
    ),
    Sum.HANDLE: Meaning("Handle", "All the time in one case that an agent held it."),
}

#: What the numbers around a response time say, for whoever did not choose them.
FIGURES: dict[str, Meaning] = {
    "corrected": Meaning(
        "Corrected",
        "So many of a hundred cases took no longer than this. Whoever still waits counts as “longer than so far” "
        "(Kaplan–Meier). A dash: too many still wait to tell.",
    ),
    "band": Meaning(
        "95 % band",
        "How far chance reaches: made this way, the band contains the true figure on 95 of 100 occasions. "
        "“to –” means that its upper end cannot be told yet.",
    ),
    "naive": Meaning(
        "Naive",
        "The same of the answered cases alone, as most tools show it. It looks better the more people wait.",
    ),
    "business": Meaning(
        "Business time", "As corrected, counting only the opening hours of each clock's calendar."
    ),
    "mean": Meaning(
        "Mean", "The average of the answered cases. A few long ones move it; read the percentiles first."
    ),
    "within": Meaning(
        "Within target",
        "The share of the decided cases with a target that met it. A clock past its target has missed it, "
        "answered or not; one that may still go either way is undecided and only widens the band.",
    ),
    "ended": Meaning("Ended", "Cases that an answer (or, for resolution, the resolve) has ended."),
    "running": Meaning("Waiting", "Cases whose clock counts as this was made."),
    "standing": Meaning(
        "Standing still",
        "Open cases whose clock does not count as this was made: the customer has to act, or the bot answered.",
    ),
    "by_resolution": Meaning("By resolving", "Resolved without a reply: told apart, and in no percentile."),
    "warnings": Meaning("Warned", "Cases in which a share of the target passed and staff were warned."),
    "breaches": Meaning("Breached", "Cases whose target passed before an answer."),
    "precision": Meaning(
        "Precision of the bot",
        "Of what the bot did by itself and somebody checked, the share that was right. Checked: staff had the "
        "conversation before them afterwards, or corrected the label, or the customer turned the answer down.",
    ),
    "abandoned": Meaning("Abandoned", "Cases that ended without any answer to the customer."),
    "lateness": Meaning(
        "Lateness",
        "From the instant a warning or breach was due until it stood in the log. Time in which Heed did not run "
        "counts; what it held up is also shown apart.",
    ),
}

COUNTED = {
    Counting.STARTED: "A case belongs to the period in which its clock started.",
    Counting.ENDED: "A case belongs to the period in which its clock ended.",
}


def duration(seconds: float | None) -> str:
    """Return seconds in words, the two greatest units: ``2 m 10 s``, ``1 d 4 h``, ``0.4 s``."""
    if seconds is None:
        return NOTHING
    if abs(seconds) < 10:
        return f"{seconds:.1f} s"
    return " ".join(part for part in _units(round(seconds))[:2] if part)


def exactly(length: timedelta) -> str:
    """Return a duration to the second with all its units, so that sums can be followed: ``1 d 4 h 12 s``.

    Below ten seconds it has a tenth where there is one.
    """
    seconds = length.total_seconds()
    if abs(seconds) < 10 and round(seconds, 1) != round(seconds):
        return f"{seconds:.1f} s"
    sign = "-" if round(seconds) < 0 else ""
    return sign + (" ".join(part for part in _units(abs(round(seconds))) if part) or "0 s")


def _units(rest: int) -> list[str]:
    parts: list[str] = []
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return parts


def share(value: float | None) -> str:
    """Return a share in [0, 1] as a percentage."""
    return NOTHING if value is None else f"{value * 100:.1f} %"


def between(low: str, high: str) -> str:
    """Return a band in words; a dash for both ends is no band at all."""
    return NOTHING if low == high == NOTHING else f"{low} to {high}"


def zone_name(zone: tzinfo) -> str:
    """Return what a time zone is called: its IANA name, or UTC."""
    return str(getattr(zone, "key", zone))


def moment(at: datetime, zone: tzinfo) -> str:
    """Return an instant on the wall clock of a zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def period(summary: Summary, zone: tzinfo) -> str:
    """Return what time a summary covers."""
    return f"{moment(summary.since, zone)} to {moment(summary.until, zone)} {zone_name(zone)}"


def conditions(summary: Summary) -> list[str]:
    """Return, each in a sentence, which cases were kept, how they were counted, and what had to be read again."""
    question = summary.question
    if question is None:
        return [COUNTED[Counting.STARTED]]
    kept = ", ".join(f"{dimension.value} {value or 'none'}" for dimension, value in question.where.items())
    return [
        *([f"Only cases with {kept}."] if kept else []),
        COUNTED[question.counting],
        *(f"{part[:1].upper()}{part[1:]}." for part in summary.scanned),
    ]


def group_name(value: str, by: Dimension | None) -> str:
    """Return how a group is called where people read it."""
    if by is Dimension.HOUR and value:
        return f"{value}:00"
    return value or (f"no {by.value}" if by else "none")


def title(metric: Metric | Sum) -> str:
    """Return what people call a metric."""
    return METRICS[metric].title

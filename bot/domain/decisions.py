"""What the brand decides to do about one message, and all that the decision was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.messages import AttachmentKind, Author
from bot.domain.states import State


class DecisionKind(StrEnum):
    """What can be done about a message."""

    ANSWER = "answer"
    ESCALATE = "escalate"
    GREET = "greet"
    SILENCE = "silence"
    RECORD = "record"  # an agent's answer is here already: the clocks are kept, and nothing else happens


class Reason(StrEnum):
    """Why a decision was taken: one word for the log, the figures and the screens."""

    TEMPLATE = "template"  # a template covers the question
    PRAISE = "praise"  # praise opens the conversation and is thanked
    GREETING = "greeting"  # a bare greeting, in private or to the bot by name
    CHATTER = "chatter"  # nothing that needs an answer
    THANKS = "thanks"  # thanks inside a conversation
    COMPLAINT = "complaint"  # every complaint goes to a human
    HUMAN_WANTED = "human_wanted"  # the customer asks for a person
    REJECTED = "rejected"  # the customer says that the answer missed
    NO_TEMPLATE = "no_template"  # no template covers the question
    UNSURE = "unsure"  # the model is below the brand's confidence
    LANGUAGE = "language"  # a language that the model does not read
    BETWEEN_MEMBERS = "between_members"  # talk in a room that is not meant for the brand
    UNANSWERED = "unanswered"  # nobody in the room has answered a question or complaint for the set time
    ATTACHMENT = "attachment"  # it brings along what the model cannot read
    ANSWERED = "answered"  # back-filled together with an agent's answer
    HELD = "held"  # a human is on it already
    REPEATED = "repeated"  # the same answer was given just before
    EDITED = "edited"  # the customer changed what was answered
    PAUSED = "paused"  # automatic answers are switched off
    LATE = "late"  # back-filled, too old for an automatic answer
    FLOOD = "flood"  # the customer writes faster than the limit
    NOT_ASSESSED = "not_assessed"  # not assessed within its deadline
    POISON = "poison"  # has killed a worker three times
    DEFECT = "defect"  # an unforeseen error
    SEND_FAILED = "send_failed"
    SEND_UNKNOWN = "send_unknown"
    SEND_OVERDUE = "send_overdue"  # on its way for too long
    WITHDRAWN = "withdrawn"  # the answer was taken back before it started out
    TRANSFERRED = "transferred"  # staff gave it to a team
    LINKED = "linked"  # another conversation's matter came in
    BLOCKED = "blocked"  # staff have stopped hearing this customer
    REOPENED = "reopened"  # staff took it up again


#: Each reason as staff and operations read it.
REASON_TEXT: dict[Reason, str] = {
    Reason.TEMPLATE: "A template covers the question.",
    Reason.PRAISE: "Praise that opens a conversation is thanked.",
    Reason.GREETING: "A greeting is greeted.",
    Reason.CHATTER: "Nothing here needs an answer.",
    Reason.THANKS: "Thanks inside a conversation need no answer.",
    Reason.COMPLAINT: "Every complaint goes to a human.",
    Reason.HUMAN_WANTED: "The customer asks for a person.",
    Reason.REJECTED: "The customer says that the answer missed.",
    Reason.NO_TEMPLATE: "No template covers the question.",
    Reason.UNSURE: "The model is not sure enough.",
    Reason.LANGUAGE: "The message is in a language that the model does not read.",
    Reason.BETWEEN_MEMBERS: "Talk between members is left alone.",
    Reason.UNANSWERED: "Nobody in the room has answered.",
    Reason.ATTACHMENT: "It brings along what the model cannot read.",
    Reason.ANSWERED: "An agent has answered it already.",
    Reason.HELD: "A human is on it already.",
    Reason.REPEATED: "The same answer was given just before.",
    Reason.EDITED: "The customer changed a message after it was answered.",
    Reason.PAUSED: "Automatic answers are paused.",
    Reason.LATE: "The message is too old for an automatic answer.",
    Reason.FLOOD: "The customer writes faster than the limit.",
    Reason.NOT_ASSESSED: "The message was not assessed in time.",
    Reason.POISON: "The message stopped a worker three times.",
    Reason.DEFECT: "An unforeseen error: a human looks.",
    Reason.SEND_FAILED: "The platform refused what was sent.",
    Reason.SEND_UNKNOWN: "Nobody knows whether the customer got what was sent.",
    Reason.SEND_OVERDUE: "The answer has not left within its time.",
    Reason.WITHDRAWN: "The answer was taken back before it started out.",
    Reason.TRANSFERRED: "Staff gave it to a team.",
    Reason.LINKED: "Another conversation about the same matter was joined to it.",
    Reason.BLOCKED: "This customer is blocked.",
    Reason.REOPENED: "Staff took it up again.",
}


class Wording(StrEnum):
    """What a text to the customer is. Only ``ANSWER``, ``THANKS`` and ``REPLY`` are substantive.

    A ``REVISION`` changes a reply that was sent, or takes it back: it answers nothing anew.
    """

    ANSWER = "answer"
    THANKS = "thanks"
    ACKNOWLEDGEMENT = "acknowledgement"
    GREETING = "greeting"
    NOTICE = "notice"
    REPLY = "reply"
    REVISION = "revision"

    @property
    def substantive(self) -> bool:
        """Tell whether this text answers the customer, and so stops the response clock."""
        return self in {Wording.ANSWER, Wording.THANKS, Wording.REPLY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text ready to send, and the template that it came from."""

    text: str
    template: str
    wording: Wording
    quick_replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about one message.

    ``rendered`` is the text to send: always for ANSWER and GREET, an acknowledgement or None for ESCALATE,
    None for SILENCE and RECORD. ``rejected``: the customer turned the last answer down, so the time that the
    clock was suspended counts. ``settled``: the customer says that the matter is done. ``topic``: of the template
    that lies nearest to the message, "" where none is near.
    """

    kind: DecisionKind
    reason: Reason
    rendered: Rendered | None = None
    rejected: bool = False
    settled: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a handler may know of the conversation; stored with the decision, so it can be taken again.

    ``greeted``: a greeting went out only lately. ``addressed``: the message is meant for the brand: written in
    private, to the bot by name or by reply, or in a place where everything is. ``answered``: somebody else in the
    room has spoken since, or had no chance to. ``attachments``: kinds of what it brings along. ``replied``: an
    agent's later answer lies in the inbox already. ``expected_wait``: how long most wait for a human at present,
    None where nobody can tell. ``opens_at``: when the brand opens next, None while it is open; ``zone`` names the
    time zone in which the brand reads that.
    """

    state: State
    channel: str
    private: bool
    spoke_last: Author | None
    last_template: str | None
    acknowledged: bool
    usual_language: str
    customer_name: str
    paused: bool
    late: bool
    flooding: bool
    at: datetime
    greeted: bool = False
    addressed: bool = True
    answered: bool = False
    attachments: tuple[AttachmentKind, ...] = ()
    replied: bool = False
    expected_wait: timedelta | None = None
    opens_at: datetime | None = None
    zone: str = ""

    @property
    def for_brand(self) -> bool:
        """Tell whether the message is meant for the brand; in private everything is."""
        return self.private or self.addressed

"""Conversations that the engine's own rules lived through, with office hours, for what explains their clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.actions import SendState
from bot.domain.calendar import BusinessCalendar, parse_spans
from bot.domain.conversation import Rules
from bot.domain.events import AgentReplied, Claim, ClockBreached, ClockWarned, Event, Reply, Resolve, SendReported
from bot.domain.messages import MessageId
from bot.domain.policies import Policy
from bot.domain.sla import Metric
from bot.domain.transitions import advance
from tests.domain.builders import ALEX, MIN, SAM, T0, answer, escalate, fresh, wrote
from tests.reports.written_log import WrittenLog

#: Nine to six in Berlin with an hour's lunch, Monday to Friday. T0 is a Monday, 10:00 there.
OFFICE = BusinessCalendar(
    name="office",
    zone="Europe/Berlin",
    week=(*((parse_spans(["09:00-12:30", "13:30-18:00"]),) * 5), (), ()),
)
VIP = Policy(name="vip", targets={Metric.FIRST_REPLY: 60 * MIN, Metric.NEXT_REPLY: 15 * MIN})
RULES = Rules(policies=(VIP,), calendars={OFFICE.id: OFFICE}, calendar=OFFICE.id)


def at(minute: float) -> datetime:
    """Return that many minutes after ten in Berlin."""
    return T0 + minute * MIN


class Case:
    """A conversation and the log that it writes."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.c = fresh()
        self.log = WrittenLog()
        self.rules = rules
        if rules.calendar:
            calendar = rules.calendars[rules.calendar]
            assert isinstance(calendar, BusinessCalendar)
            self.log.write("calendar_kept", conversation="", calendar=calendar.id, source=calendar.source())

    def do(self, event: Event, *, committed: float = 0) -> None:
        """Let something happen; its records are committed ``committed`` seconds later."""
        step = advance(self.c, event, self.rules)
        self.c = step.conversation
        for logged in step.log:
            self.log.add(logged, self.c.id, recorded_at=event.at + timedelta(seconds=committed))

    def sent(self, minute: float) -> None:
        """Report what is on its way as sent."""
        self.do(
            SendReported(
                at=at(minute), action=self.c.pending[0].action, outcome=SendState.SENT, sent_at=at(minute)
            )
        )

    def noticed(self, kind: type[ClockWarned | ClockBreached], minute: float, *, late: float) -> None:
        """Let the timekeeper notice that a share of the first reply's target, or all of it, has passed."""
        [clock] = [clock for clock in self.c.clocks if clock.metric is Metric.FIRST_REPLY]
        due = clock.due_at if kind is ClockBreached else clock.warn_due[0]
        assert due == at(minute)
        self.do(kind(at=due + timedelta(seconds=late), key=clock.key, due_at=due))


def over_lunch() -> Case:
    """Return a case: asked at 10:00, answered by the bot, rejected at 10:30, and replied to at 14:21, too late."""
    case = Case()
    case.do(wrote(0, answer()))
    case.sent(0.5)
    case.do(wrote(30, escalate(rejected=True), "m2"))
    case.do(Claim(at=at(35), agent=ALEX))
    case.noticed(ClockWarned, 48, late=0.2)
    case.noticed(ClockBreached, 60, late=1.5)
    case.do(Reply(at=at(260), agent=ALEX, text="Here you are."))
    case.sent(261)
    return case


def learned_late() -> Case:
    """Return a case whose reply of 10:20 is learned of at 11:10, after its clock had breached and was stopped."""
    case = Case()
    case.do(wrote(0, escalate()))
    case.noticed(ClockWarned, 48, late=0.1)
    case.noticed(ClockBreached, 60, late=0.1)
    case.do(Reply(at=at(65), agent=ALEX, text="Sorry for the wait."))
    case.sent(65)
    case.do(AgentReplied(at=at(70), replied_at=at(20), message=MessageId("r1"), agent=SAM))
    return case


def resolved_without_a_reply() -> Case:
    """Return a case that an agent resolved in silence."""
    case = Case()
    case.do(wrote(0, escalate()))
    case.do(Resolve(at=at(10), agent=ALEX))
    return case

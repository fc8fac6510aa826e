"""Random histories of one conversation, told to the engine and to the oracle alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.domain.actions import Deadline, DeadlineKind, SendState
from bot.domain.calendar import BusinessCalendar, parse_spans
from bot.domain.conversation import Conversation, Rules, deadlines
from bot.domain.decisions import Decision, Reason
from bot.domain.events import (
    AgentReplied,
    Claim,
    ClaimExpired,
    ClaimNearsEnd,
    ClockBreached,
    ClockWarned,
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    EscalationForced,
    Event,
    HandBack,
    Release,
    Reply,
    Resolve,
    SendReported,
    SilencePassed,
    Snooze,
    SnoozeEnded,
    Transfer,
    Wait,
)
from bot.domain.log import LogEvent
from bot.domain.messages import MessageId
from bot.domain.policies import Policy
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.domain.sla import Metric
from bot.domain.transitions import advance
from tests.domain.builders import ALEX, MIN, SAM, answer, escalate, fresh, record, silence
from tests.domain.log_reader import when
from tests.domain.oracle_moves import Moves

FACT = 4  # bytes that one fact is made of


CLAIM = 45


SILENCE = 150


#: Opening hours by the wall clock in Kolkata, where the history begins at 14:30 on a Monday; Tuesday is closed.
HOURS = ("14:00-14:37", "14:40-15:10", "15:30-18:00", "18:20-18:21", "19:00-23:59")


CALENDAR = BusinessCalendar(
    name="kolkata",
    zone="Asia/Kolkata",
    week=((parse_spans(HOURS)),) * 7,
    days={date(2026, 3, 3): ()},
)


TARGETS = {
    Metric.FIRST_RESPONSE: 10,
    Metric.FIRST_REPLY: 15,
    Metric.NEXT_REPLY: 20,
    Metric.HANDOFF_WAIT: 10,
    Metric.RESOLUTION: 60,
}


def rules(*, business: bool, targets: bool) -> Rules:
    policy = Policy(name="p", targets={m: t * MIN for m, t in TARGETS.items()}, shares=(0.4, 0.8))
    return Rules(
        policies=(policy,) if targets else (),
        calendars={CALENDAR.id: CALENDAR} if business else {},
        calendar=CALENDAR.id if business else "",
        silence_resolves_after=SILENCE * MIN,
        claim_lifetime=CLAIM * MIN,
        send_within=timedelta(days=300),
    )


@dataclass
class Engine:
    """The real rules, fed with the same facts, and the log that they write."""

    rules: Rules
    punctual: bool
    c: Conversation = field(default_factory=fresh)
    log: list[LogEvent] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        step = advance(self.c, event, self.rules)
        self.c = step.conversation
        self.log.extend(step.log)

    def pass_until(self, t: int, *, last: bool = False) -> None:
        """Fire what falls due; warnings and breaches only at the very end if the timekeeper is not punctual."""
        while (due := self._due(t, last=last)) is not None:
            at = max(due.due_at, self.c.updated_at or due.due_at)
            self.apply(_FIRED[due.kind](due, at if self.punctual or due.kind in _STATE_KINDS else when(t)))

    def _due(self, t: int, *, last: bool) -> Deadline | None:
        asked = deadlines(self.c, self.rules).values()
        wanted = [d for d in asked if d.kind in _STATE_KINDS or self.punctual or last]
        due = [d for d in wanted if d.due_at < when(t) or (d.due_at == when(t) and not last)]
        held_up = {d: not self.punctual and d.kind not in _STATE_KINDS for d in due}
        return min(due, key=lambda deadline: (held_up[deadline], deadline.due_at), default=None)


_STATE_KINDS = {
    DeadlineKind.CLAIM_ENDING,
    DeadlineKind.CLAIM_EXPIRY,
    DeadlineKind.SNOOZE_END,
    DeadlineKind.SILENCE,
}


_FIRED = {
    DeadlineKind.WARN: lambda d, at: ClockWarned(at=at, key=d.key.partition(":")[2], due_at=d.due_at),
    DeadlineKind.BREACH: lambda d, at: ClockBreached(at=at, key=d.key.partition(":")[2], due_at=d.due_at),
    DeadlineKind.CLAIM_ENDING: lambda d, at: ClaimNearsEnd(at=at, due_at=d.due_at),
    DeadlineKind.CLAIM_EXPIRY: lambda d, at: ClaimExpired(at=at, due_at=d.due_at),
    DeadlineKind.SNOOZE_END: lambda d, at: SnoozeEnded(at=at, due_at=d.due_at),
    DeadlineKind.SILENCE: lambda d, at: SilencePassed(at=at, due_at=d.due_at),
}


@dataclass
class History:
    """One conversation's random life, told to the engine and to the oracle."""

    engine: Engine
    moves: Moves
    late: bool
    t: int = 0
    told: list[str] = field(default_factory=list)

    def tell(self, kind: int, gap: int, one: int, two: int) -> None:
        self._go(GAPS[gap % len(GAPS)])
        facts = LATE_FACTS if self.late else FACTS
        facts[kind % len(facts)](self, one, two)

    def _go(self, minutes: int) -> None:
        self.t += minutes
        self.engine.pass_until(self.t)
        self.moves.pass_until(self.t)

    def write(self, one: int, two: int, *, sent: int | None = None, decisions: str = "") -> None:
        decision = decisions or DECISIONS[one % len(DECISIONS)]
        if sent is None and self.t in self.moves.sent.values():
            self._go(1)
        name = f"m{len(self.moves.sent) + 1}"
        sent = self.t if sent is None else sent
        self._say(f"wrote {name} {decision} sent {sent}")
        self.engine.apply(
            CustomerWrote(
                at=when(self.t),
                sent_at=when(sent),
                message=MessageId(name),
                decision=_decision(decision),
                label=Label.QUESTION,
            )
        )
        self.moves.wrote(self.t, name, sent=sent, decision=decision)

    def edit(self, one: int, two: int) -> None:
        if not self.moves.sent:
            return
        name = f"m{one % len(self.moves.sent) + 1}"
        label = (Label.QUESTION, Label.COMPLAINT)[two % 2]
        decision = ("answer", "escalate", "silence")[two // 2 % 3]
        self._say(f"edited {name} {decision} {label.value}")
        self.engine.apply(
            CustomerEdited(at=when(self.t), message=MessageId(name), decision=_decision(decision), label=label)
        )
        self.moves.edited(self.t, name, decision=decision, label=label.value)

    def delete(self, one: int, two: int) -> None:
        waiting = self.moves.waiting or list(self.moves.sent)
        plain = len(waiting) == 1 and self.moves.state in {"open", "escalated"}
        if not waiting or (self.late and not plain):
            return
        name = waiting[one % len(waiting)].partition("/")[0]
        self._say(f"deleted {name}")
        self.engine.apply(CustomerDeleted(at=when(self.t), message=MessageId(name)))
        self.moves.deleted(self.t, name)

    def arrive(self, one: int, two: int) -> None:
        """A text is confirmed; in late histories the confirmation itself took a while."""
        if not self.moves.pending:
            return
        which = one % len(self.moves.pending)
        send = self.moves.pending[which]
        opened = max((mark["at"] for mark in self.moves.marks if mark["kind"] == "open"), default=0)
        crossed = not self.late or self._crossed(send)
        at = self.t if crossed else max(send["written"], opened, self.t - two % 8)
        self._say(f"arrived {which} ({send['by']}) at {at}")
        self._report(which, SendState.SENT, at)
        self.moves.arrived(self.t, which, at=at)

    def _crossed(self, send: dict) -> bool:
        """Tell whether a message was sent before the text was written, and received after it."""
        return any(at <= send["written"] and n > send["heard"] for at, n in self.moves.asked.values())

    def lose(self, one: int, two: int) -> None:
        if not self.moves.pending:
            return
        which = one % len(self.moves.pending)
        self._say(f"lost {which}")
        self._report(which, SendState.FAILED, self.t)
        self.moves.lost(self.t, which)

    def _report(self, which: int, outcome: SendState, at: int) -> None:
        action = self.engine.c.pending[which].action
        self.engine.apply(SendReported(at=when(self.t), action=action, outcome=outcome, sent_at=when(at)))

    def claim(self, one: int, two: int) -> None:
        self._command(Claim(at=when(self.t), agent=_agent(one)))
        self.moves.claim(self.t, _agent(one).id)

    def release(self, one: int, two: int) -> None:
        agent = Agent(id=self.engine.c.holder) if self.engine.c.holder else ALEX
        self._command(Release(at=when(self.t), agent=agent))
        self.moves.release(self.t, agent.id)

    def reply(self, one: int, two: int) -> None:
        self._command(Reply(at=when(self.t), agent=_agent(one), text="words"))
        self.moves.reply(self.t, _agent(one).id)

    def native(self, one: int, two: int) -> None:
        half = self.moves.state == "open" and self.moves.spoke_last == "bot"  # the bot answered a part of it
        at = max(0, self.t - two % 40) if self.late and not half else self.t
        self._say(f"native {_agent(one).id} at {at}")
        self.engine.apply(
            AgentReplied(at=when(self.t), agent=_agent(one), message=MessageId("r"), replied_at=when(at))
        )
        self.moves.native(self.t, _agent(one).id, at=at)

    def snooze(self, one: int, two: int) -> None:
        until = self.t + 1 + two % 60
        self._command(Snooze(at=when(self.t), agent=_agent(one), until=when(until)))
        self.moves.snooze(self.t, _agent(one).id, until)

    def wait(self, one: int, two: int) -> None:
        self._command(Wait(at=when(self.t), agent=_agent(one)))
        self.moves.wait(self.t, _agent(one).id)

    def transfer(self, one: int, two: int) -> None:
        team = ("support", "press")[two % 2]
        self._command(Transfer(at=when(self.t), agent=_agent(one), team=team))
        self.moves.transfer(self.t, _agent(one).id, team)

    def hand_back(self, one: int, two: int) -> None:
        self._command(HandBack(at=when(self.t), agent=_agent(one)))
        self.moves.hand_back(self.t, _agent(one).id)

    def resolve(self, one: int, two: int) -> None:
        if self.late and any(send["by"] == "agent" for send in self.moves.pending):
            return
        self._command(Resolve(at=when(self.t), agent=_agent(one)))
        self.moves.resolve(self.t, _agent(one).id)

    def force(self, one: int, two: int) -> None:
        self._say("forced")
        self.engine.apply(EscalationForced(at=when(self.t), reason=Reason.DEFECT))
        self.moves.escalate(self.t, by_bot=True)

    def write_late(self, one: int, two: int) -> None:
        """A message that a back-fill brought: sent a while ago, at the earliest when the conversation opened."""
        sent = max(0, self.t - two % 30)
        if sent in self.moves.sent.values() or sent <= self.moves.settled_at:
            return
        if _overtaken(self.moves, sent):
            return
        self.write(one, two, sent=sent, decisions=LATE_DECISIONS[one % len(LATE_DECISIONS)])

    def recorded(self, one: int, two: int) -> None:
        """A back-filled message, and the answer of an agent that lay behind it."""
        sent = max(0, self.t - 10 - two % 30)
        if sent in self.moves.sent.values() or sent <= self.moves.settled_at or _overtaken(self.moves, sent):
            return
        self.write(one, two, sent=sent, decisions="record")
        self.native(one, one % 10)

    def _command(self, command: Event) -> None:
        self._say(f"{type(command).__name__} {command.agent.id}")
        self.engine.apply(command)

    def _say(self, what: str) -> None:
        self.told.append(f"{self.t}: {what}")


GAPS = (0, 1, 2, 3, 5, 5, 8, 13, 21, 34, 50, 120)


DECISIONS = ("answer", "answer", "escalate", "escalate", "rejected", "silence", "settled")


LATE_DECISIONS = ("answer", "escalate")


FACTS = (
    *(History.write,) * 5,
    *(History.arrive,) * 4,
    *(History.reply,) * 2,
    *(History.native,) * 2,
    *(History.claim, History.release, History.snooze, History.wait, History.transfer, History.hand_back),
    *(History.resolve, History.resolve, History.edit, History.delete, History.lose, History.force),
)


LATE_FACTS = (
    *(History.write_late,) * 4,
    *(History.arrive,) * 4,
    *(History.native,) * 4,
    *(History.reply,) * 2,
    *(History.recorded, History.claim, History.release, History.resolve, History.snooze, History.delete),
)


def _overtaken(moves: Moves, sent: int) -> bool:
    on_their_way = [send["written"] for send in moves.pending if send["by"] == "agent"]
    words = [at for at in (moves.spoke_at, moves.heard_from_at, *on_their_way) if at is not None]
    return any(sent <= at for at in words)


def _agent(number: int) -> Agent:
    return (ALEX, SAM)[number % 4 == 3]


def _decision(name: str) -> Decision:
    known = {
        "answer": answer(),
        "escalate": escalate(),
        "rejected": escalate(Reason.HUMAN_WANTED, rejected=True),
        "silence": silence(),
        "settled": silence(settled=True),
        "record": record(),
    }
    return known[name]


def live(program: bytes, *, late: bool, engine: type[Engine] = Engine) -> tuple[History, int]:
    """Let a conversation live as the bytes say, and return it with its last minute."""
    kind = program[0]
    told = engine(rules=rules(business=bool(kind & 1), targets=bool(kind & 6)), punctual=not kind & 8)
    history = History(engine=told, moves=Moves(claim_lasts=CLAIM, silence_lasts=SILENCE), late=late)
    for start in range(1, len(program) - FACT + 1, FACT):
        history.tell(*program[start : start + FACT])
    until = history.t + 1 + program[-1] % 64
    history.engine.pass_until(until, last=True)
    history.moves.pass_until(until - 1)
    return history, until

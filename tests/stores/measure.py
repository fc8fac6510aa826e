"""What one message costs in the store. Run by hand: ``python -m tests.stores.measure [messages] [queued]``."""

import asyncio
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.actions import Deadline, DeadlineKind, Send, SendState
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Pending, Unanswered
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Situation, Wording
from bot.domain.log import LogEvent, LogKind
from bot.domain.messages import Address, Author, Customer
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.records import Arrival, ArrivalKind, Commit, DecisionRecord, SendOutcome
from bot.stores.sqlite import SqliteStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BATCH = 32


def arrival(number: int) -> Arrival:
    who = f"person-{number}"
    return Arrival(
        kind=ArrivalKind.MESSAGE,
        channel="api",
        external_id=f"message-{number}",
        happened_at=NOW,
        arrived_at=NOW,
        text="My parcel has not come yet, where is it? I ordered it two weeks ago and heard nothing since then.",
        address=Address(channel="api", account="shop", place=who),
        customer=Customer(channel="api", external_id=who, name="Ada Example"),
    )


def answered(conversation, item):
    """Return a commit of the size that a real answer makes."""
    began = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=NOW, running_since=NOW)
    clock = began.aimed_at(Aim(policy="standard", target=60 * MINUTE), ALWAYS_OPEN, at=NOW)
    action = f"a{item.seq}"
    after = replace(
        conversation,
        version=conversation.version + 1,
        state=State.OPEN,
        received=1,
        unanswered=(Unanswered(message=item.message, number=1, sent_at=NOW),),
        clocks=(clock, replace(clock, metric=Metric.RESOLUTION), replace(clock, metric=Metric.FIRST_RESPONSE)),
        instances={"reply": 1, "resolution": 1},
        pending=(Pending(action=action, author=Author.BOT, wording=Wording.ANSWER, answers_to=1, queued_at=NOW),),
        updated_at=NOW,
        opened_at=NOW,
    )
    scores = {Label.QUESTION: 0.93, Label.COMPLAINT: 0.2, Label.PRAISE: 0.01}
    record = DecisionRecord(
        message=item.message,
        assessment=Assessment(
            prediction=Prediction(label=Label.QUESTION, probabilities=scores, language="en"),
            candidates=tuple(Candidate(template=f"template-{n}", score=0.5) for n in range(5)),
            versions=Versions(model="m1", calibration="c1", templates="t1"),
        ),
        situation=Situation(
            state=State.UNOPENED,
            channel="api",
            private=True,
            spoke_last=None,
            last_template=None,
            acknowledged=False,
            usual_language="en",
            customer_name="Ada Example",
            paused=False,
            late=False,
            flooding=False,
            at=NOW,
        ),
        decision=Decision(
            kind=DecisionKind.ANSWER,
            reason=Reason.TEMPLATE,
            rendered=Rendered(text="It is on its way. " * 8, template="parcel", wording=Wording.ANSWER),
        ),
        made_at=NOW,
    )
    kinds = (LogKind.MESSAGE_RECEIVED, LogKind.OPENED, LogKind.STATE_CHANGED, LogKind.SEND_QUEUED) + (
        LogKind.ACTIVATE,
    ) * 3
    return Commit(
        conversation=after,
        expected_version=conversation.version,
        recorded_at=NOW,
        log=tuple(
            LogEvent(kind=kind, at=NOW, fields={"metric": "first_reply_time", "instance": 1}) for kind in kinds
        ),
        sends=(
            Send(
                id=action,
                conversation=conversation.id,
                message=f"s{item.seq}",
                author=Author.BOT,
                wording=Wording.ANSWER,
                text="It is on its way. " * 8,
                answers_to=1,
                hold_epoch=0,
                template="parcel",
            ),
        ),
        deadlines=tuple(
            Deadline(
                conversation=conversation.id, kind=DeadlineKind.BREACH, key=f"breach:{n}", due_at=NOW + n * MINUTE
            )
            for n in range(3)
        ),
        decisions=(record,),
        done=(item.seq,),
    )


def confirmed(conversation, sending):
    return Commit(
        conversation=replace(conversation, version=conversation.version + 1, state=State.WAITING, pending=()),
        expected_version=conversation.version,
        recorded_at=NOW,
        log=tuple(LogEvent(kind=kind, at=NOW, fields={"by": "bot"}) for kind in (LogKind.SEND_CONFIRMED,) * 4),
        outcomes=(SendOutcome(action=sending.send.id, state=SendState.SENT, at=NOW),),
        cancelled=("breach:0", "breach:1"),
    )


class Meter:
    """Adds up processor and wall time by name."""

    def __init__(self):
        self.spent = {}

    async def __call__(self, name, awaitable):
        cpu, wall = cpu_time(), time.perf_counter()
        result = await awaitable
        known = self.spent.setdefault(name, [0.0, 0.0])
        known[0] += cpu_time() - cpu
        known[1] += time.perf_counter() - wall
        return result


def cpu_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measure(store, messages, queued):
    meter = Meter()
    await store.accept([arrival(10**6 + n) for n in range(queued)], assess_within=MINUTE)
    if queued:  # leased elsewhere, so that they stay in the way
        await store.take(queued // 2, owner="other", now=NOW, lease=60 * MINUTE)
    for start in range(0, messages, BATCH):
        arrivals = [arrival(n) for n in range(start, start + BATCH)]
        await meter("accept", store.accept(arrivals, assess_within=MINUTE))
        items = await meter("take", store.take(BATCH, owner="me", now=NOW, lease=MINUTE))
        found = await meter("load", store.load([item.conversation for item in items]))
        commits = [answered(found[item.conversation], item) for item in items]
        assert all(await meter("commit", store.commit(commits)))
        taken = await meter("take_sends", store.take_sends(None, now=NOW, limit=BATCH, lease=MINUTE))
        found = await meter("load again", store.load([each.send.conversation for each in taken.sendings]))
        commits = [confirmed(found[each.send.conversation], each) for each in taken.sendings]
        assert all(await meter("outcome", store.commit(commits)))
        await meter("next_due", store.next_due())
    for name, (cpu, wall) in meter.spent.items():
        print(f"{name:12} {cpu / messages * 1e6:8.1f} us CPU {wall / messages * 1e6:8.1f} us wall a message")
    cpu, wall = (sum(spent[i] for spent in meter.spent.values()) for i in (0, 1))
    print(f"{'all':12} {cpu / messages * 1e6:8.1f} us CPU {wall / messages * 1e6:8.1f} us wall a message")


async def accept_together(store, messages):
    started, cpu = time.perf_counter(), cpu_time()
    await asyncio.gather(*(store.accept([arrival(2 * 10**6 + n)], assess_within=MINUTE) for n in range(messages)))
    wall = time.perf_counter() - started
    spent = (cpu_time() - cpu) / messages * 1e6
    print(f"{messages} callers at once: {messages / wall:.0f} accepted/s, {spent:.0f} us CPU each")


async def main(messages, queued):
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(Path(folder) / "heed.db")
        await measure(store, messages, queued)
        await accept_together(store, 2_000)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in [*sys.argv[1:], "3200", "0"][:2])))

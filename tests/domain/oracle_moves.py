"""The first half of the oracle: what became of a conversation, in the order in which its facts were learned.

Nothing here comes from ``bot``. All times are whole minutes since the history began. ``Moves`` keeps what Heed did
when it did it (states, the pauses of resolution, the bot's silence), and notes as marks what the customer waited
for, with the platform's times: of these ``oracle`` makes the clocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Moves:
    """What became of a conversation, fact by fact, and the marks that the clocks are made of."""

    claim_lasts: int
    silence_lasts: int
    state: str = "unopened"
    holder: str = ""
    claim_until: int = 0
    snoozed_until: int = 0
    handed_back_at: int | None = None
    opened_at: int = 0
    settled_at: int = -1
    spoke_last: str = ""
    spoke_at: int | None = None
    heard_from_at: int | None = None
    answered_before: bool = False
    label: str = ""
    team: str = ""
    handoff: set[str] | None = None
    sent: dict[str, int] = field(default_factory=dict)
    asked: dict[str, tuple[int, int]] = field(default_factory=dict)  # when, and after how many messages
    key: dict[str, str] = field(default_factory=dict)  # a message that was edited may ask again
    waiting: list[str] = field(default_factory=list)
    pending: list[dict] = field(default_factory=list)
    marks: list[dict] = field(default_factory=list)
    states: list[tuple[int, str]] = field(default_factory=lambda: [(0, "unopened")])

    # --- what the clocks are made of

    def mark(self, kind: str, at: int, **more: object) -> None:
        self.marks.append({"kind": kind, "at": at, **more})

    def move(self, state: str, t: int) -> None:
        if state != self.state:
            self.state = state
            self.states.append((t, state))
            self.mark("state", t, state=state)

    # --- the customer

    def wrote(self, t: int, name: str, *, sent: int, decision: str, label: str = "question") -> None:
        self.sent[name], self.label = sent, label
        if decision in {"silence", "settled"}:
            if decision == "settled" and self.state == "waiting" and self.spoke_last == "bot":
                self.close(t, "bot")
            return
        if self.state in {"unopened", "resolved"}:
            self.open(t, start=sent)
        elif self.state == "waiting" and self.spoke_last != "agent":
            self.move("open", t)
        elif self.state in {"waiting", "snoozed"}:
            self.handed_back_at = None
            self.move("escalated", t)
        self.ask(name, sent, rejected=decision == "rejected")
        if self.state == "open" and decision in {"escalate", "rejected"}:
            self.escalate(t, by_bot=True)
        elif self.state == "open" and decision == "answer":
            self.answer(t)

    def answer(self, t: int) -> None:
        self.answered_before = True
        self.queue(t, "bot")

    def ask(self, name: str, at: int, *, rejected: bool = False) -> None:
        if self.key.get(name) not in self.waiting:
            self.key[name] = f"{name}/{len(self.asked)}"
            self.asked[self.key[name]] = (at, len(self.sent))
            self.waiting.append(self.key[name])
        name = self.key[name]
        self.mark("ask", at, name=name, rejected=rejected)
        opening = next(mark for mark in reversed(self.marks) if mark["kind"] == "open")
        opening["at"] = min(opening["at"], at)

    def edited(self, t: int, name: str, *, decision: str, label: str) -> None:
        same, self.label = label == self.label, label
        if decision in {"silence", "settled"} or (self.state == "resolved" and same):
            return
        if self.state == "unopened":
            self.open(t, start=t)
            self.ask(name, t)
            if decision == "answer":
                self.answer(t)
            else:
                self.escalate(t, by_bot=True)
        elif self.state in {"open", "waiting"} and decision == "answer" and self.answered_before:
            return
        elif self.state in {"escalated", "claimed"}:
            self.ask(name, t)
        else:
            if self.state == "resolved":
                self.open(t, start=t)
            self.ask(name, t)
            self.escalate(t, by_bot=self.spoke_last != "agent")

    def deleted(self, t: int, message: str) -> None:
        name = self.key.get(message, "")
        if name not in self.waiting:
            return
        self.waiting.remove(name)
        self.mark("gone", t, name=name)
        if self.waiting:
            return
        self.mark("cancel", t, by="deleted")
        self.handoff, self.settled_at = None, t
        if self.state in {"open", "escalated"}:
            if self.spoke_last:
                self.move("waiting", t)
            else:
                self.close(t, "deleted")

    # --- opening and closing

    def open(self, t: int, *, start: int) -> None:
        self.spoke_last, self.spoke_at, self.heard_from_at, self.answered_before = "", None, None, False
        self.handed_back_at, self.opened_at = None, t
        self.mark("open", start, start=start)
        self.move("open", t)

    def escalate(self, t: int, *, by_bot: bool) -> None:
        if self.state in {"unopened", "resolved"}:
            self.open(t, start=t)
        if self.state in {"escalated", "claimed"}:
            return
        self.handed_back_at = None
        if by_bot and self.waiting and self.handoff is None:
            self.handoff = set(self.waiting)
            self.mark("handoff", t, covers=set(self.waiting))
        self.move("escalated", t)

    def close(self, t: int, by: str) -> None:
        """End it: by agent, bot or deleted. A reply that is on its way stops the reply clocks itself."""
        on_its_way = any(send["by"] == "agent" for send in self.pending)
        self.mark("end", t, by=by)
        if by != "agent":
            self.mark("cancel", t, by=by)
        elif not on_its_way:
            self.mark("resolution", t)
        if by != "agent" or not on_its_way:
            self.waiting, self.handoff = [], None
        self.holder = ""
        self.settled_at = t
        self.move("resolved", t)

    # --- staff

    def may(self, agent: str) -> bool:
        return self.state not in {"unopened", "resolved"} and self.holder in {"", agent}

    def hold(self, t: int, agent: str) -> None:
        self.holder, self.claim_until, self.handed_back_at = agent, t + self.claim_lasts, None
        self.move("claimed", t)

    def let_go(self, t: int) -> None:
        self.holder = ""
        self.move("escalated" if self.waiting else "waiting", t)

    def claim(self, t: int, agent: str) -> None:
        if self.may(agent):
            self.hold(t, agent)

    def release(self, t: int, agent: str) -> None:
        if self.state == "claimed" and self.holder == agent:
            self.let_go(t)

    def reply(self, t: int, agent: str) -> None:
        if self.may(agent):
            self.hold(t, agent)
            self.queue(t, "agent")

    def snooze(self, t: int, agent: str, until: int) -> None:
        if self.may(agent):
            self.holder, self.snoozed_until = "", until
            self.move("snoozed", t)

    def wait(self, t: int, agent: str) -> None:
        if self.may(agent) and not self.waiting:
            self.holder, self.handed_back_at, self.spoke_last = "", None, "agent"
            self.move("waiting", t)

    def transfer(self, t: int, agent: str, team: str) -> None:
        if not self.may(agent) or team == self.team:
            return
        self.team = team
        if self.state == "claimed":
            self.let_go(t)
        elif self.state == "open":
            self.escalate(t, by_bot=True)

    def hand_back(self, t: int, agent: str) -> None:
        if self.may(agent) and self.state != "open" and not self.waiting:
            self.holder, self.handed_back_at = "", t
            self.move("open", t)

    def resolve(self, t: int, agent: str) -> None:
        if self.may(agent):
            self.close(t, "agent")

    def native(self, t: int, agent: str, *, at: int) -> None:
        """Take in words that an agent wrote in the customer's place: they answer what was sent before them."""
        if self.state == "unopened":
            return
        self.human_words(at, {name for name, (sent, _) in self.asked.items() if sent <= at})
        if self.holder in {"", agent} and self.state != "resolved":
            self.hold(t, agent)

    def human_words(self, at: int, answers: set[str]) -> None:
        opening = next(mark for mark in reversed(self.marks) if mark["kind"] == "open")
        before = self.state != "resolved" and at < opening["at"]  # words from before the matter
        self.mark("human", at, answers=answers, before=before)
        left = [name for name in self.waiting if name not in answers]
        self.waiting = left
        if self.handoff is not None and self.handoff - set(self.waiting):
            self.handoff = None
        if not before and (self.spoke_at is None or at >= self.spoke_at):
            self.spoke_last, self.spoke_at = "agent", at

    # --- texts on their way

    def queue(self, t: int, by: str) -> None:
        self.pending.append({"by": by, "heard": len(self.sent), "written": t})

    def arrived(self, t: int, which: int, *, at: int) -> None:
        send = self.pending.pop(which)
        handed_back = self.state == "open" and self.handed_back_at is not None and not self.waiting
        answers = {name for name, (_, number) in self.asked.items() if number <= send["heard"]}
        if send["by"] == "agent":
            everything = set(self.asked) if self.state == "resolved" else set()
            self.human_words(at, answers | everything)
            if not self.waiting and self.state in {"open", "escalated"} and not handed_back:
                self.move("waiting", t)
            return
        opening = next(mark for mark in reversed(self.marks) if mark["kind"] == "open")
        heard = self.state in {"open", "waiting"} and at >= opening["at"]
        left = [name for name in self.waiting if name not in answers]
        self.mark("bot", at, heard=answers, answers=answers if heard else set())
        if any(self.asked[name][0] >= opening["at"] for name in answers):
            self.heard_from_at = max(at, self.heard_from_at or at)
        self.marks[-1]["last"] = self.state == "open" and not left
        if heard:
            self.waiting = left
            if self.spoke_at is None or at >= self.spoke_at:
                self.spoke_last, self.spoke_at = "bot", at
            if not left and not handed_back:
                self.move("waiting", t)

    def lost(self, t: int, which: int) -> None:
        self.pending.pop(which)
        self.escalate(t, by_bot=True)

    # --- time

    def timer(self) -> int | None:
        """Return when the next of claim, snooze and silence ends by itself."""
        if self.state == "claimed":
            return self.claim_until
        if self.state == "snoozed":
            return self.snoozed_until
        if self.state == "open" and self.handed_back_at is not None and not self.waiting and not self.pending:
            return self.handed_back_at + self.silence_lasts
        if self.state == "waiting" and self.spoke_last != "agent":
            return (self.opened_at if self.spoke_at is None else self.spoke_at) + self.silence_lasts
        return None

    def pass_until(self, t: int) -> None:
        while (due := self.timer()) is not None and due <= t:
            now = max(due, self.states[-1][0])
            if self.state == "claimed":
                self.let_go(now)
            elif self.state == "snoozed":
                self.move("escalated", now)
            else:
                self.close(now, "bot")

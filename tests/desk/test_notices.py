"""Whom a team is called for, how often, and in which order the board says what waits."""

from __future__ import annotations

from datetime import timedelta

from bot.desk.notices import APART, TOGETHER, Grouping, Notice, NoticeKind, is_anybodys, notice_of, waiting
from bot.domain.conversation import Unanswered
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, ConversationId, MessageId
from bot.domain.sla import Clock, Metric
from bot.domain.states import State
from tests.desk.desk_views import ID, T0, conversation, minutes, record, row

ALL = tuple(NoticeKind)


def notice(seq: int, where: str = "c1", kind: NoticeKind = NoticeKind.ESCALATION) -> Notice:
    return Notice(kind=kind, conversation=ConversationId(where), seq=seq, at=T0)


def clock(due: float, *, breached: bool = False) -> Clock:
    return Clock(
        metric=Metric.FIRST_REPLY,
        instance=1,
        started_at=T0,
        running_since=T0,
        due_at=minutes(due),
        breached=breached,
    )


def test_escalations_warnings_and_breaches_are_noticed_where_they_are_wanted() -> None:
    assert notice_of(record(1, LogKind.CLAIMED), ALL) is None
    found = notice_of(record(2, LogKind.BREACH, metric="first_reply_time"), ALL)
    assert found is not None
    assert (found.kind, found.metric, found.conversation) == (NoticeKind.BREACH, "First reply", ID)
    assert notice_of(record(2, LogKind.BREACH), ("escalation",)) is None


def test_what_comes_together_is_told_together_and_then_no_more_for_a_minute() -> None:
    grouping = Grouping()
    grouping.add("support", notice(1, "c1"))
    grouping.add("support", notice(2, "c2"))
    assert list(grouping.due(T0)) == []
    [(team, told)] = grouping.due(T0 + TOGETHER)
    assert (team, [each.seq for each in told]) == ("support", [1, 2])
    grouping.tell("support", T0 + TOGETHER)
    grouping.add("support", notice(3, "c3"))
    assert list(grouping.due(T0 + APART)) == []
    assert grouping.next_due() == T0 + TOGETHER + APART
    assert [team for team, _ in grouping.due(T0 + TOGETHER + APART)] == ["support"]


def test_teams_wait_for_nobody_but_themselves() -> None:
    grouping = Grouping()
    grouping.add("support", notice(1))
    grouping.tell("support", T0)
    grouping.add("PR", notice(2))
    assert [team for team, _ in grouping.due(T0 + TOGETHER)] == ["PR"]


def test_the_same_news_of_one_conversation_counts_once() -> None:
    grouping = Grouping()
    for seq in (1, 2):
        grouping.add("support", notice(seq))
    grouping.add("support", notice(3, kind=NoticeKind.BREACH))
    [(_, told)] = grouping.due(T0 + TOGETHER)
    assert [each.seq for each in told] == [1, 3]
    assert grouping.oldest == 1


def test_only_what_nobody_holds_is_everybodys() -> None:
    assert is_anybodys(conversation())
    assert not is_anybodys(conversation(state=State.CLAIMED, holder=AgentId("alex")))
    assert not is_anybodys(conversation(state=State.RESOLVED))


def test_the_board_has_what_is_missed_first_and_what_has_no_target_last() -> None:
    rows = [
        row(id=ConversationId("no target"), escalated_at=T0),
        row(id=ConversationId("later"), clocks=(clock(30),)),
        row(id=ConversationId("missed"), clocks=(clock(5, breached=True),)),
    ]
    assert [each.conversation for each in waiting(rows)] == ["missed", "later", "no target"]


def test_a_held_conversation_waits_only_while_its_customer_does() -> None:
    owed = (Unanswered(message=MessageId("m"), number=1, sent_at=T0 + timedelta(seconds=1)),)
    held = row(state=State.CLAIMED, holder=AgentId("alex"), unanswered=owed)
    [found] = waiting([held, row(state=State.CLAIMED, holder=AgentId("sam"))])
    assert found.holder == "alex"

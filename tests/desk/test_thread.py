"""A conversation as pieces: each has one key for ever, and what is left out is left out by what came in before."""

from __future__ import annotations

from bot.desk.thread import Begun, PieceKind, begin, card, pieces
from bot.domain.actions import SendState
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, Author
from bot.domain.states import State
from tests.desk.desk_views import T0, entry, minutes, note, record, view

LOG = (
    record(5, LogKind.ESCALATED, reason="complaint"),
    record(6, LogKind.STATE_CHANGED),
    record(9, LogKind.CLAIMED, agent="alex"),
)


def test_pieces_come_in_the_order_of_time_and_have_marks_of_their_own() -> None:
    found = pieces(view(entry(1), entry(8), notes=(note(7),)), LOG)
    assert [piece.mark for piece in found] == ["m1", "e5", "n1", "m8", "e9"]
    assert len({piece.key for piece in found}) == 5


def test_what_nobody_reads_of_the_log_is_no_piece() -> None:
    assert [piece.mark for piece in pieces(view(), LOG)] == ["e5", "e9"]


def test_each_edit_and_a_deletion_are_pieces_besides_the_message() -> None:
    changed = entry(1, "third", earlier_texts=("first", "second"), edited_at=minutes(3), deleted_at=minutes(4))
    found = pieces(view(changed), ())
    assert [(piece.mark, piece.kind, piece.text) for piece in found] == [
        ("m1", PieceKind.CUSTOMER, "third"),
        ("m1e1", PieceKind.EDIT, "first"),
        ("m1e2", PieceKind.EDIT, "second"),
        ("m1d", PieceKind.DELETION, ""),
    ]


def test_a_reply_that_is_changed_stays_one_piece() -> None:
    reply = entry(
        2, author=Author.AGENT, agent=AgentId("alex"), earlier_texts=("before",), send_state=SendState.SENT
    )
    [piece] = pieces(view(reply), ())
    assert (piece.kind, piece.who, piece.state) == (PieceKind.REPLY, "alex", SendState.SENT)


def test_erased_texts_are_told_from_messages_without_words() -> None:
    [erased, deleted] = pieces(view(entry(1, ""), entry(2, "", deleted_at=minutes(2), name="x")), ())[:2]
    assert erased.erased
    assert not deleted.erased


def test_a_late_thread_leaves_out_what_came_in_before_and_says_how_much() -> None:
    found = pieces(view(*(entry(number) for number in range(1, 31)), notes=(note(2),)), LOG)
    begun = begin(found, 20, minutes(60))
    left = [piece for piece in found if begun.passes(piece)]
    assert len(left) == begun.left_out == len(found) - 20
    assert Begun.read(begun.written()) == begun


def test_what_comes_in_late_is_shown_however_old_it_is() -> None:
    begun = begin(pieces(view(*(entry(number) for number in range(1, 31))), ()), 20, minutes(60))
    [late, *_] = pieces(view(entry(31, at=T0)), ())
    assert not begun.passes(late)


def test_what_is_left_out_and_changes_later_is_shown() -> None:
    begun = begin(pieces(view(*(entry(number) for number in range(1, 31))), ()), 20, minutes(60))
    changed = pieces(view(entry(1, "new", earlier_texts=("old",), edited_at=minutes(61))), ())
    assert not any(begun.passes(piece) for piece in changed)


def test_a_short_conversation_is_shown_whole() -> None:
    found = pieces(view(entry(1), notes=(note(2),)), LOG)
    assert begin(found, 20, T0) == Begun()
    assert not any(Begun().passes(piece) for piece in found)


def test_the_card_names_the_holder_only_while_somebody_holds_it() -> None:
    held = card(view(state=State.CLAIMED, holder=AgentId("alex"), claim_until=minutes(30)), ())
    assert (held.holder, held.claim_until) == ("alex", minutes(30))
    assert card(view(claim_until=minutes(30)), ()).claim_until is None


def test_a_resolved_card_knows_how_it_ended() -> None:
    log = (record(1, LogKind.RESOLVED, by="bot"), record(2, LogKind.RESOLVED, by="agent", agent="sam"))
    found = card(view(state=State.RESOLVED), log)
    assert found.resolved == log[1]
    assert card(view(), log).resolved is None

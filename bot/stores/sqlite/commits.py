"""The one commit: everything that a step changes, or nothing where somebody was faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.records import Commit
from bot.stores.sqlite import conversations, deadlines, inbox, log, outbox, records
from bot.stores.sqlite.codec import micros
from bot.stores.sqlite.transaction import Transaction


def commit(tx: Transaction, commits: Sequence[Commit], *, pulled: Callable[[str], bool]) -> list[bool]:
    """Apply each commit that still fits its conversation and its inbox items, in the order given."""
    applies = _applies(tx, commits)
    _apply(tx, [each for each, fits in zip(commits, applies, strict=True) if fits], pulled)
    return applies


def _applies(tx: Transaction, commits: Sequence[Commit]) -> list[bool]:
    """Tell which of these fit; one that fits raises the version for those behind it."""
    versions = conversations.versions(tx, [each.conversation.id for each in commits])
    gone = inbox.gone(tx, [seq for each in commits for seq in each.fresh])
    applies = []
    for each in commits:
        fits = versions.get(each.conversation.id) == each.expected_version and gone.isdisjoint(each.fresh)
        if fits:
            versions[each.conversation.id] = each.conversation.version
            gone.update(each.done, each.escalated)
        applies.append(fits)
    return applies


def _apply(tx: Transaction, commits: Sequence[Commit], pulled: Callable[[str], bool]) -> None:
    """Store the parts of all these commits, one kind of rows after the other: much faster than one by one.

    The inbox comes before the outbox, which asks what has been handled.
    """
    conversations.replace(tx, [each.conversation for each in commits])
    inbox.mark_escalated(tx, [seq for each in commits for seq in each.escalated])
    inbox.remove(tx, [seq for each in commits for seq in each.done])
    log.add(tx, [(each.conversation.id, event, each.recorded_at) for each in commits for event in each.log])
    if sends := [(each.conversation, send) for each in commits for send in each.sends]:
        outbox.queue(tx, sends, [micros(each.recorded_at) for each in commits for _ in each.sends], pulled)
    if outcomes := [outcome for each in commits for outcome in each.outcomes]:
        outbox.report(tx, outcomes)
    deadlines.store(tx, commits)
    records.add_decisions(tx, [(each.conversation.id, record) for each in commits for record in each.decisions])
    records.add_notes(tx, [(each.conversation.id, note) for each in commits for note in each.notes])

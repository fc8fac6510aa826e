"""The one commit: everything that a step changes, or nothing where somebody was faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.records import Commit
from bot.stores.sqlite import blocks, conversations, corrections, deadlines, inbox, log, outbox, records, requests
from bot.stores.sqlite.codec import micros
from bot.stores.sqlite.transaction import Transaction

Stamp = Callable[[], datetime]


def commit(
    tx: Transaction, commits: Sequence[Commit], *, pulled: Callable[[str], bool], stamp: Stamp | None = None
) -> list[bool]:
    """Apply each commit that still fits its conversation and its inbox items, in the order given.

    ``stamp`` tells the time of writing, for the log: a commit may have waited for the writer.
    """
    applies = _applies(tx, commits)
    fitting = [each for each, fits in zip(commits, applies, strict=True) if fits]
    _apply(tx, fitting if stamp is None else _stamped(fitting, stamp()), pulled)
    return applies


def _stamped(commits: Sequence[Commit], at: datetime) -> list[Commit]:
    return [each if each.recorded_at >= at else replace(each, recorded_at=at) for each in commits]


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
    corrections.keep(tx, [record for each in commits for record in each.corrections])
    requests.keep(tx, [(each.request, each.recorded_at) for each in commits if each.request])
    blocks.keep(tx, [record for each in commits for record in each.blocks])

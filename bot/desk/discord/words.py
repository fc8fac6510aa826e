"""What a conversation looks like on Discord: its card and its pieces in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.discord.marks import (
    LONGEST,
    LONGEST_EMBED,
    LONGEST_EMBEDS,
    Said,
    button,
    clock,
    counting,
    cut,
    day,
    length,
    line,
    link,
    plain,
    rows,
)
from bot.desk.thread import Card, Piece, PieceKind, Ticking
from bot.desk.wording import certainty, sentence
from bot.domain.actions import SendState
from bot.domain.decisions import Wording
from bot.domain.log import LogKind
from bot.domain.messages import Attachment, ConversationId
from bot.domain.states import HUMAN_STATES, State

#: Colours of long texts, by who said them.
_COLOURS = {
    PieceKind.CUSTOMER: 0x3B82F6,
    PieceKind.BOT: 0x6B7280,
    PieceKind.REPLY: 0x16A34A,
    PieceKind.NOTE: 0xCA8A04,
}
#: What happened and asks somebody to act is written as large as anything else; all other events are small.
_LOUD = frozenset(
    {
        LogKind.ESCALATED,
        LogKind.WARN,
        LogKind.BREACH,
        LogKind.CLAIM_ENDING,
        LogKind.ASKED_FOR,
        LogKind.SEND_FAILED,
        LogKind.SEND_OVERDUE,
    }
)
_DELIVERY = {
    SendState.NEW: "⏳ waits to be sent",
    SendState.SENDING: "⏳ on its way",
    SendState.SENT: "✅ sent",
    SendState.UNKNOWN: "⚠️ nobody knows whether it has arrived{why}. "
    "Look on the platform before you write it again",
    SendState.FAILED: "❌ not delivered{why}. Write it again, or reach the customer another way",
    SendState.WITHDRAWN: "↩️ taken back before it started out",
}
_WORDINGS = {
    Wording.ACKNOWLEDGEMENT: "acknowledged",
    Wording.GREETING: "greeted",
    Wording.THANKS: "thanked",
    Wording.NOTICE: "told",
}
_STATES = {
    State.UNOPENED: "Nothing to do yet",
    State.OPEN: "🤖 With the bot",
    State.ESCALATED: "🔔 **Waits for somebody on staff**",
    State.WAITING: "Waits for the customer",
    State.RESOLVED: "✅ **Resolved**",
}
_LARGEST_LABEL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the words need besides the conversation.

    ``page``: what stands before a conversation's id in its address on the web desk, "" where none is to be named.
    """

    page: str = ""


def card(found: Card, look: Look) -> Said:
    """Return the message on top of a thread."""
    return Said(content="\n".join(filter(None, _card_lines(found))), rows=rows(list(_buttons(found, look))))


def _card_lines(found: Card) -> Iterator[str]:
    where = f"{line(found.channel)}, {'in private' if found.private else 'in public'}"
    yield f"### {line(found.customer) or 'Customer'}"
    yield f"Writes on {where}" + (
        f" · language {line(found.language)}" if found.language not in {"", "und"} else ""
    )
    yield _mood(found)
    yield _standing(found)
    if found.state in HUMAN_STATES and found.reason:
        yield f"Why: {found.reason}"
    if found.nearest is not None:
        yield f"Nearest template: {line(found.nearest.template)} ({found.nearest.score:.2f})"
    yield from (_clock(each) for each in found.clocks)
    if found.waiting_since is not None:
        yield f"⌛ The customer waits since {clock(found.waiting_since)}, {counting(found.waiting_since)}"
    whose = [f"Team {line(found.team)}" if found.team else "", f"Priority {line(found.priority)}"]
    yield " · ".join(filter(None, whose if found.priority else whose[:1]))
    yield _earlier(found)
    if found.blocked is not None:
        yield f"⛔ Blocked by {line(found.blocked.agent)}, {counting(found.blocked.at)}"
    yield f"-# heed {found.conversation}"


def _mood(found: Card) -> str:
    if found.mood is None:
        return "Mood: not assessed"
    sure = found.mood.confidence()
    return f"Mood: **{found.mood.label}**, {certainty(sure)} ({sure:.2f})"


def _standing(found: Card) -> str:
    match found.state:
        case State.CLAIMED:
            until = f", until {counting(found.claim_until)}" if found.claim_until else ""
            return f"✋ Held by **{line(found.holder or 'staff')}**{until}"
        case State.SNOOZED if found.snoozed_until is not None:
            return f"💤 Put away until {day(found.snoozed_until)}, {counting(found.snoozed_until)}"
        case State.RESOLVED if found.merged_into is not None:
            return f"This matter goes on in conversation {line(found.merged_into)}"
        case State.RESOLVED if found.resolved is not None:
            why = sentence(found.resolved, plain=line).removeprefix("Resolved").strip()
            return f"✅ **Resolved** {why}"
        case _:
            return _STATES.get(found.state, str(found.state))


def _clock(ticking: Ticking) -> str:
    if ticking.due_at is None:
        return f"⏱️ {ticking.title}: runs since {counting(ticking.since)}"
    if ticking.breached:
        return f"🔴 {ticking.title}: **missed** {counting(ticking.due_at)}, at {clock(ticking.due_at)}"
    return f"⏱️ {ticking.title}: due **{counting(ticking.due_at)}**, at {clock(ticking.due_at)}"


def _earlier(found: Card) -> str:
    if not found.earlier:
        return "No earlier conversation"
    first, count = found.earlier[0], len(found.earlier)
    about = f" {first.label}" if first.label else ""
    when = f", {counting(first.opened_at)}" if first.opened_at else ""
    many = f"{count} earlier conversations; the last:" if count > 1 else "One earlier conversation:"
    return f"{many}{about} {first.state}{when}"


def _buttons(found: Card, look: Look) -> Iterator[Mapping[str, Any]]:
    shown = {
        State.CLAIMED: ("reply", "suggest", "release", "resolve"),
        State.RESOLVED: ("reopen",),
        State.WAITING: ("claim", "reply", "resolve"),
    }
    titles = {
        "claim": ("Claim", 1),
        "reply": ("Reply", 3),
        "suggest": ("Suggest", 2),
        "release": ("Release", 2),
        "resolve": ("Resolve", 2),
        "reopen": ("Reopen", 2),
    }
    for action in shown.get(found.state, ("claim", "reply", "suggest", "resolve")):
        title, style = titles[action]
        yield button(title, action, found.conversation, found.received, style=style)
    yield button("More …", "more", found.conversation, found.received)
    if look.page:
        yield link("Web desk", f"{look.page}{found.conversation}")


# --- pieces ---------------------------------------------------------------------------------------------------


def piece(found: Piece, conversation: ConversationId, received: int) -> Said:
    """Return the message that shows one piece. ``received``: how many of the customer's messages there are."""
    if found.record is not None:
        return _event(found)
    text, end = _text(found), _end(found)
    head = f"{_head(found)} · {clock(found.at)} · {found.mark}"
    again = button("Write again", "again", conversation, received, about=found.mark)
    buttons = rows([again]) if _needs_another(found) else ()
    whole = "\n".join(filter(None, (head, plain(text), end)))
    without = found.erased or found.deleted
    if found.deleted and text:
        whole = "\n".join(filter(None, (head, f"~~{plain(text)}~~", end)))
    if length(whole) <= LONGEST:
        return Said(content=whole, rows=buttons, without_files=without)
    colour = _COLOURS.get(found.kind, 0x6B7280)
    content = "\n".join(filter(None, (head, end)))
    return Said(content=content, embeds=tuple(_embeds(text, colour)), rows=buttons, without_files=without)


def _event(found: Piece) -> Said:
    assert found.record is not None  # who calls has looked
    ends = found.record.kind == LogKind.CLAIM_ENDING
    moment = counting if ends else lambda at: f"{day(at)} ({counting(at)})"
    text = sentence(found.record, moment=moment, plain=line)
    small = "" if found.record.kind in _LOUD else "-# "
    return Said(content=f"{small}{_SIGNS.get(found.record.kind, '')}{text} · {clock(found.at)} · {found.mark}")


_SIGNS: Mapping[str, str] = {
    LogKind.ESCALATED: "🔔 ",
    LogKind.WARN: "⏰ ",
    LogKind.BREACH: "🔴 ",
    LogKind.CLAIM_ENDING: "⏳ ",
    LogKind.ASKED_FOR: "🙋 ",
    LogKind.SEND_FAILED: "❌ ",
    LogKind.SEND_OVERDUE: "⚠️ ",
}


def _head(found: Piece) -> str:
    who = line(found.who) or "Customer"
    match found.kind:
        case PieceKind.CUSTOMER:
            return f"💬 **{who}**"
        case PieceKind.BOT:
            source = f" with the template {line(found.template)}" if found.template else ""
            did = _WORDINGS.get(found.wording, "answered") if found.wording else "answered"
            return f"🤖 **The bot** {did}{source}"
        case PieceKind.REPLY:
            return f"↩️ **{line(found.who) or 'Staff'}** replied"
        case PieceKind.NOTE:
            return f"📝 **{line(found.who)}** noted, internally"
        case PieceKind.EDIT:
            return f"✏️ **{who}** changed m{found.number}; before it said"
        case _:
            return f"🗑️ **{who}** deleted m{found.number}"


def _text(found: Piece) -> str:
    return "" if found.kind is PieceKind.DELETION else found.text


def _end(found: Piece) -> str:
    """Return what stands below a text: what came with it, and what became of it."""
    return "\n".join(filter(None, (*_files(found), _became(found))))


def _files(found: Piece) -> Iterator[str]:
    for each in found.attachments:
        yield f"📎 {attachment(each)}" + (f" <{each.url}>" if _opens(each.url) else "")


def attachment(found: Attachment) -> str:
    """Return what somebody sent along, in words."""
    name = line(found.name)[:_LARGEST_LABEL] or found.kind.value
    size = f", {found.size / 1024:,.0f} KB" if found.size else ""
    return f"{name} ({found.kind.value}{size})"


def _opens(url: str) -> bool:
    """Tell whether this is a link that may stand as one: nothing in it ends it early."""
    return url.startswith(("https://", "http://")) and len(url) <= 500 and not set(url) & set(" <>\n\t|`")


def _became(found: Piece) -> str:
    if found.erased and found.kind is not PieceKind.DELETION:
        return "-# the text was erased"
    notes = []
    if found.kind in {PieceKind.BOT, PieceKind.REPLY} and found.state is not None:
        why = line(found.why).rstrip(".")
        notes.append(_DELIVERY[found.state].format(why=f": {why}" if why else ""))
    if found.deleted:
        notes.append("taken back" if found.kind is PieceKind.REPLY else "deleted by the customer")
    elif found.edited:
        notes.append("changed since")
    return f"-# {' · '.join(notes)}" if notes else ""


def _needs_another(found: Piece) -> bool:
    failed = found.state in {SendState.FAILED, SendState.UNKNOWN}
    return found.kind is PieceKind.REPLY and failed and not found.erased


def _embeds(text: str, colour: int) -> Iterator[Mapping[str, Any]]:
    """Yield a long text in pieces, and say how much of it does not fit."""
    room = LONGEST_EMBEDS
    while text and room > 0:
        part = cut(text, min(LONGEST_EMBED, room))
        if not part:
            break
        text, room = text[len(part) :], room - length(plain(part))
        yield {"color": colour, "description": plain(part)}
    if text:
        yield {"color": colour, "description": f"… and {len(text):,} characters more: see the web desk."}


def earlier_line(left_out: int, look: Look, conversation: ConversationId) -> Said:
    """Return what stands where older pieces are left out."""
    things = "One older entry is" if left_out == 1 else f"{left_out} older entries are"
    where = f"on the web desk: <{look.page}{conversation}>" if look.page else "on the web desk"
    return Said(content=f"-# {things} {where}")


def gone_on(thread: str) -> Said:
    """Return the last word in a thread whose conversation goes on in another."""
    return Said(content=f"This conversation went to another team: it goes on in <#{thread}>.")


GONE = Said(content="-# what stood here is gone", without_files=True)
NOT_SHOWN = "This cannot be shown here; look at it on the web desk."


def instead(mark: str) -> Said:
    """Return what stands for a piece that Discord does not take."""
    return Said(content=f"-# {NOT_SHOWN} · {mark}")


def too_large(names: Sequence[str]) -> str:
    """Say which files could not be brought along."""
    return "-# not brought along, open on the web desk: " + ", ".join(line(name)[:80] for name in names)

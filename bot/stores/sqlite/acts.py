"""Which records of the log are acts of somebody on staff, and whose. Pure."""

from __future__ import annotations

from bot.domain.log import LogEvent, LogKind

_ALWAYS = frozenset(
    {
        LogKind.CLAIMED,
        LogKind.TAKEN_OVER,
        LogKind.ASKED_FOR,
        LogKind.REPLIED,
        LogKind.REVISED,
        LogKind.NOTED,
        LogKind.SNOOZED,
        LogKind.ASKED,
        LogKind.TRANSFERRED,
        LogKind.HANDED_BACK,
        LogKind.LABEL_CORRECTED,
        LogKind.BLOCKED,
        LogKind.UNBLOCKED,
        LogKind.REOPENED,
        LogKind.WENT_AWAY,
        LogKind.CAME_BACK,
        LogKind.PAUSED,
        LogKind.RESUMED,
    }
)
#: What comes about by itself too; an act where an agent did it.
_BY_AGENT = frozenset({LogKind.RELEASED, LogKind.RESOLVED})


def agent_of(event: LogEvent) -> str | None:
    """Return who did this, None for what nobody on staff did.

    What an act brings with it is none itself: the fields that a transfer sets, the release that it means.
    """
    if event.kind in _ALWAYS or (event.kind in _BY_AGENT and event.fields.get("by") == "agent"):
        agent = event.fields.get("agent")
        return None if agent is None else str(agent)
    return None

"""What the bot needs to be allowed on Discord, and what it is allowed in one channel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: What Heed does on Discord, as Discord's own pages call it, with the bits.
NEEDED: Mapping[str, int] = {
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Read Message History": 1 << 16,
    "Send Messages in Threads": 1 << 38,
}
#: What it is invited with besides: without it, a reply with files fails, and says so.
WITH_FILES = 1 << 15
INVITED_WITH = sum(NEEDED.values()) | WITH_FILES
#: What a desk of staff's needs besides.
NEEDED_AT_A_DESK: Mapping[str, int] = {
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Manage Threads": 1 << 34,
    "Create Public Threads": 1 << 35,
}
_ADMINISTRATOR = 1 << 3
_EVERYTHING = -1
_THREADS = frozenset({10, 11, 12})

Payload = Mapping[str, Any]


def invitation(application: str, *, desk: bool = False) -> str:
    """Return the link by which somebody who runs a server lets the bot in, with these permissions and no more.

    ``desk``: staff work there too, so it may have slash commands and open threads.
    """
    permissions = INVITED_WITH | sum(NEEDED_AT_A_DESK.values()) if desk else INVITED_WITH
    scope = "bot+applications.commands" if desk else "bot"
    return f"https://discord.com/oauth2/authorize?client_id={application}&scope={scope}&permissions={permissions}"


def missing(permissions: int, *, thread: bool | None = None) -> list[str]:
    """Return the names of what is not allowed. In a thread one speaks by another permission than elsewhere."""
    unneeded = {True: "Send Messages", False: "Send Messages in Threads", None: ""}[thread]
    return [name for name, bit in NEEDED.items() if not permissions & bit and name != unneeded]


def allowed(channel: Payload, *, guild: Payload, roles_of_bot: Iterable[str], me: str) -> int:
    """Return what the bot may do in a channel of a server, by Discord's order of rules.

    The roles together; an administrator may everything; then what the channel denies and allows to everybody, to
    the roles together, and to the bot itself.
    """
    everyone, roles = str(guild.get("id")), set(roles_of_bot)
    own = [role for role in guild.get("roles") or () if role.get("id") in {everyone, *roles}]
    base = 0
    for role in own:
        base |= int(role.get("permissions") or 0)
    if base & _ADMINISTRATOR or guild.get("owner_id") == me:
        return _EVERYTHING
    rules = channel.get("permission_overwrites") or []
    for ids in ({everyone}, roles - {everyone}, {me}):
        denied = allowed_here = 0
        for rule in rules:
            if rule.get("id") in ids:
                denied |= int(rule.get("deny") or 0)
                allowed_here |= int(rule.get("allow") or 0)
        base = base & ~denied | allowed_here
    return base


def is_thread(channel: Payload) -> bool:
    """Tell whether a channel is a thread, whose rules are its parent's."""
    return channel.get("type") in _THREADS

"""Live events of channels that are fetched first: kept in their order until that is done, and bounded."""

from __future__ import annotations

from collections import deque

from bot.channels.discord.incoming import MOST_WAITING, Event


class Waiting:
    """Events by channel. Of a channel for which there is no room the rest is left out, and fetched once more."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._kept: dict[str, deque[Event]] = {}
        self._short: set[str] = set()
        self._count = 0

    def __contains__(self, channel: str) -> bool:
        """Tell whether this channel's events wait."""
        return channel in self._kept

    def channels(self) -> list[str]:
        """Return the channels whose events wait."""
        return list(self._kept)

    def begin(self, channel: str) -> None:
        """Let what comes from this channel wait from now on."""
        self._kept.setdefault(channel, deque())

    def keep(self, event: Event) -> bool:
        """Keep an event if its channel's events wait; False: it may go on at once."""
        kept = self._kept.get(event.channel)
        if kept is None:
            return False
        if event.channel in self._short or self._count >= self._most:
            self._short.add(event.channel)
        else:
            kept.append(event)
            self._count += 1
        return True

    def take(self, channel: str, most: int) -> list[Event]:
        """Return what came first from this channel and takes no longer part in the waiting."""
        kept = self._kept.get(channel) or deque()
        taken = [kept.popleft() for _ in range(min(most, len(kept)))]
        self._count -= len(taken)
        return taken

    def end(self, channel: str) -> bool:
        """Let a channel's events wait no longer; False if some were left out, and it has to be fetched again."""
        if channel in self._short:
            self._short.discard(channel)
            return False
        self._kept.pop(channel, None)
        return True

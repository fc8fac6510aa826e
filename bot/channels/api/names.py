"""Which channel names belong to the API: all well-formed ones that no built-in channel has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.text import shortened
from bot.errors import BadMessage

#: Channels that Heed delivers itself. Nobody may post under their names.
BUILT_IN = frozenset({"discord", "telegram", "webchat"})

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class ChannelNames:
    """The rule for names, given those that are taken."""

    taken: frozenset[str] = BUILT_IN

    def serves(self, name: str) -> bool:
        """Tell whether a channel of this name is the API's."""
        return name not in self.taken and _NAME.fullmatch(name) is not None

    def check(self, name: str) -> str:
        """Return the name. Raises BadMessage if it is malformed or taken."""
        if name in self.taken:
            raise BadMessage(f"channel: {shortened(name)} is served by Heed itself; choose another name")
        if _NAME.fullmatch(name) is None:
            raise BadMessage(
                f"channel: {shortened(name)} is not a name; send a small letter and up to 31 of a-z, 0-9, _ and -"
            )
        return name

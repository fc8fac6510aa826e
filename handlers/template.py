"""What one template is, and which of its texts a customer gets."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.decisions import Wording
from handlers.places import Place
from handlers.texts import Text

#: The language of a text that names none, and the one that every other language falls back to.
DEFAULT_LANGUAGE = "en"


class Kind(StrEnum):
    """What a template is for."""

    ANSWER = "answer"
    ACKNOWLEDGEMENT = "acknowledgement"
    THANKS = "thanks"
    GREETING = "greeting"
    NOTICE = "notice"

    @property
    def wording(self) -> Wording:
        """Return what a text of this kind is to the customer, and so to the clocks."""
        return Wording(self.value)


ACK_COMPLAINT = "ack-complaint"
ACK_QUESTION = "ack-question"
ACK_UNSURE = "ack-unsure"
ACK_HUMAN = "ack-human"
THANKS = "thanks"
GREETING = "greeting"
NOTICE_FLOOD = "notice-flood"

#: The templates that Heed itself looks for. Staff write their words; their ids are fixed.
FIXED: dict[str, Kind] = {
    ACK_COMPLAINT: Kind.ACKNOWLEDGEMENT,
    ACK_QUESTION: Kind.ACKNOWLEDGEMENT,
    ACK_UNSURE: Kind.ACKNOWLEDGEMENT,
    ACK_HUMAN: Kind.ACKNOWLEDGEMENT,
    THANKS: Kind.THANKS,
    GREETING: Kind.GREETING,
    NOTICE_FLOOD: Kind.NOTICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to say it: in one language, for some channels (none named: for all)."""

    text: Text
    language: str = DEFAULT_LANGUAGE
    channels: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An answer (or acknowledgement, …) with all its variants, as the brand's staff wrote it."""

    id: str
    topic: str
    kind: Kind
    variants: tuple[Variant, ...]
    place: Place
    examples: tuple[str, ...] = ()
    expires: date | None = None

    def live(self, on: date) -> bool:
        """Tell whether the template may still be used; its last day is ``expires`` itself."""
        return self.expires is None or on <= self.expires

    def speaks(self, language: str) -> bool:
        """Tell whether a variant in exactly this language exists."""
        return any(variant.language == language for variant in self.variants)

    def variant(self, *, language: str, channel: str, seed: str) -> Variant:
        """Return the variant that fits best; among equals one chosen by ``seed``, always the same.

        The language counts before the channel: a short text in a foreign language helps nobody.
        """
        choices = self._fitting(language, channel) or self._fitting(DEFAULT_LANGUAGE, channel)
        choices = choices or tuple(variant for variant in self.variants if not variant.channels)
        return choices[zlib.crc32(seed.encode("utf-8", "replace")) % len(choices)]

    def _fitting(self, language: str, channel: str) -> tuple[Variant, ...]:
        spoken = tuple(variant for variant in self.variants if variant.language == language)
        made_for_it = tuple(variant for variant in spoken if channel in variant.channels)
        return made_for_it or tuple(variant for variant in spoken if not variant.channels)

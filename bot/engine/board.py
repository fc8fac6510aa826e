"""What parts of Heed tell operations, one sentence for each topic."""

from __future__ import annotations

import structlog

log = structlog.get_logger(__name__)


class NoticeBoard:
    """Keeps what was told until it is cleared. Each new sentence is logged once, however often it is told."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def tell(self, topic: str, sentence: str) -> None:
        """Show this sentence under its topic, in the place of an earlier one."""
        if self._told.get(topic) != sentence:
            self._told[topic] = sentence
            log.warning("notice", topic=topic, sentence=sentence)

    def clear(self, topic: str) -> None:
        """Take down what was told under this topic."""
        if self._told.pop(topic, None) is not None:
            log.info("notice_over", topic=topic)

    def sentences(self) -> list[str]:
        """Return all that stands there, by topic."""
        return [self._told[topic] for topic in sorted(self._told)]

"""The messages that are measured with: the project's own training messages, or a transcript of one's own."""

from __future__ import annotations

import json
import random
from pathlib import Path

from bot.channels.transcript import CUSTOMERS, read_transcript

CORPUS = Path(__file__).parents[1] / "models" / "corpus"

#: The parts of the corpus whose length is that of real messages to a brand (about 26 tokens on average).
LIKE_REAL = ("longer_messages", "social_posts", "services_and_devices", "airlines_travel")


def texts(count: int, *, transcript: Path | None, seed: int = 7) -> list[str]:
    """Return ``count`` texts in a mixed order, repeated with a number where there are not enough."""
    known = _from_transcript(transcript) if transcript else _from_corpus()
    random.Random(seed).shuffle(known)
    rounds = -(-count // len(known))
    return [text for _ in range(rounds) for text in known][:count]


def _from_transcript(path: Path) -> list[str]:
    return [line.text for line in read_transcript(path) if line.role in CUSTOMERS]


def _from_corpus() -> list[str]:
    files = [CORPUS / f"{name}.jsonl" for name in LIKE_REAL]
    return [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]

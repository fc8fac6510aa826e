"""Writes a public set of intents, as training and measuring read it."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path


def write(folder: Path, name: str, rows: Iterable[tuple[str, str, str]]) -> None:
    """Write ``rows`` of text, intent and split to ``folder``, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(
            json.dumps({"text": text, "orig": orig, "split": split}) + "\n" for text, orig, split in rows
        )

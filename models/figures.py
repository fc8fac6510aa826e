"""Measure the shipped model: ``python -m models.figures DATA``, where ``DATA`` holds ``train`` and ``validation``.

Prints the labels' figures on rows never trained on, how well templates are found (against the original
encoder, where the extra ``train`` is installed), and the computing time of a message. Where ``DATA/replay`` has
the transcripts, the messages read for Heed are measured too: see ``models.readings_figures``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from bot.domain.prediction import SCORED_LABELS
from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.dataset import MEASURING, Row, decided, is_held_out, read_rows
from models.encoder import Encoder, Vector
from models.evaluate import evaluate
from models.evaluation_text import as_text
from models.intents import Asked, examples_of, read_intents
from models.manifest import SHIPPED
from models.normalise import normalise
from models.readings_figures import readings_report
from models.tokens import Tokens
from models.train import CORPUS, base_folder, require_torch
from models.transcripts import reading_key, readings

#: Examples that a template (an intent) is given when retrieval is measured.
EXAMPLES = 8

Embed = Callable[[Sequence[str]], Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Share of ``queries`` whose own intent, of ``intents``, comes first, and among the first five."""

    intents: int
    queries: int
    first: float
    among_five: float


def retrieval(asked: Sequence[Asked], queries: Sequence[Asked], embed: Embed) -> Retrieval:
    """Return how well ``queries`` find their intent by the nearest of eight of the messages ``asked`` with each.

    Queries of no intent are left out.
    """
    examples = examples_of(asked, each=EXAMPLES, chance=Random(1))  # noqa: S311  # no secret is drawn
    queries = [one for one in queries if one.template is not None]
    names = sorted(examples)
    matrix = embed([text for name in names for text in examples[name]])
    owner = np.array([place for place, name in enumerate(names) for _ in examples[name]])
    similar = embed([one.text for one in queries]) @ matrix.T
    best = np.stack([similar[:, owner == place].max(axis=1) for place in range(len(names))], axis=1)
    ranks = np.argsort(-best, axis=1, kind="stable")[:, :5]
    wanted = np.array([names.index(str(one.template)) for one in queries])
    hits = ranks == wanted[:, None]
    return Retrieval(
        intents=len(names),
        queries=len(queries),
        first=float(hits[:, 0].mean()),
        among_five=float(hits.any(axis=1).mean()),
    )


def shipped(folder: Path = SHIPPED) -> Embed:
    """Return the embedding of the weights in ``folder``."""
    encoder = Encoder(folder)
    return lambda texts: np.stack([encoder.read(normalise(text)).embedding for text in texts])


def original() -> Embed | None:
    """Return the original encoder's embedding, or None where the extra ``train`` is not installed."""
    try:
        require_torch()
        base = base_folder()
    except ModelError:
        return None
    from models.finetune import original_vectors  # noqa: PLC0415  # needs torch

    tokens = Tokens(base)
    return lambda texts: original_vectors(
        [tokens.ids(text) for text in texts], base=base, progress=lambda _what, _share: None
    )


def read_elsewhere(rows: Sequence[Row]) -> list[Row]:
    """Return those of a set's messages that somebody read for Heed, with the labels read into them."""
    known = readings("elsewhere")
    keys = ((row, reading_key(row.text)) for row in rows)
    return [decided(row.text, known[key], source=row.source) for row, key in keys if key in known]


def reader_against(rows: Sequence[Row], read: Sequence[Row]) -> str:
    """Return how well a reader's labels agree with those that a set has for the same messages: F1, by label."""
    own = {row.text: row for row in rows}
    pairs = [(own[one.text], one) for one in read]
    told = []
    for label in SCORED_LABELS:
        both = [(label in row.labels | row.weak, label in one.labels) for row, one in pairs]
        if positive := sum(says + reads for says, reads in both) if any(says for says, _ in both) else 0:
            told.append(f"{label} {2 * sum(says and reads for says, reads in both) / positive:.3f}")
    return f"a reader against the set's own labels, F1: {', '.join(told) or 'nothing to compare'}\n"


async def labels_of(assessor: LocalAssessor, name: str, rows: Sequence[Row]) -> str:
    """Return the table of one set of rows."""
    return f"\n{name}: {len(rows)} rows\n{as_text(await evaluate(assessor, rows))}\n"


async def cpu_milliseconds(assessor: LocalAssessor, texts: Sequence[str]) -> float:
    """Return a message's computing time (CPU, not wall), finding templates among 280 examples included."""
    examples = {f"template {i}": [f"example {i} {j} of a question" for j in range(8)] for i in range(35)}
    await assessor.index(examples, version="timing")
    for text in texts[:50]:
        assessor.assess_one(text)
    start = time.process_time()
    for text in texts:
        assessor.assess_one(text)
    return (time.process_time() - start) / len(texts) * 1000.0


async def report(data: Path, *, folder: Path = SHIPPED, test: bool = False) -> None:
    """Print all figures; those on the test half of the readings only with ``test``."""
    start = time.perf_counter()
    assessor = await LocalAssessor.load(folder=folder)
    say = sys.stdout.write
    say(f"loaded in {time.perf_counter() - start:.2f} s, versions {assessor.versions}\n")
    held_out = [row for row in read_rows([CORPUS]) if is_held_out(row.text)]
    say(await labels_of(assessor, "messages written for Heed, held out", held_out))
    for file in sorted((data / "validation").iterdir()):
        rows = list(read_rows([file]))
        say(await labels_of(assessor, file.name, rows))
        if read := read_elsewhere(rows):
            say(await labels_of(assessor, f"{file.name}, read for Heed", read) + reader_against(rows, read))
    if (data / "replay").is_dir():
        say(await readings_report(assessor, data / "replay", folder=folder, test=test))
    airline = [row.text for row in read_rows([data / "validation" / "airline_tweets.jsonl.gz"])]
    say(f"\nCPU milliseconds a message: {await cpu_milliseconds(assessor, airline[::8]):.2f}\n")
    await assessor.close()
    for name in MEASURING:
        file = data / "train" / f"{name}.jsonl.gz"
        asked, queries = read_intents(file, test=False), read_intents(file, test=True)
        say(f"{name}, shipped:  {retrieval(asked, queries, shipped(folder))}\n")
        if (embed := original()) is not None:
            say(f"{name}, original: {retrieval(asked, queries, embed)}\n")


def main() -> None:
    """Print the figures that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m models.figures", description="All figures of docs/models.md.")
    parser.add_argument("data", type=Path, help="a folder with train, validation and replay")
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help="a folder of weights")
    parser.add_argument("--test", action="store_true", help="the test half of the readings too")
    wanted = parser.parse_args()
    asyncio.run(report(wanted.data, folder=wanted.folder, test=wanted.test))


if __name__ == "__main__":
    main()

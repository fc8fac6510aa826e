"""What a message costs the classifier, next to a float32 MiniLM-L6 in ``transformers.pipeline`` with torch.

All ways read the same texts, each on one thread, in turns and in an order that rotates, so that whatever else the
machine does falls on all of them. Costs depend on the machine and its load; ratios of one turn hold better.

The pipeline's classifier is the original all-MiniLM-L6-v2 with an untrained head of three labels: what its weights
say does not change what they cost. Where torch or that encoder is missing, only Heed is measured.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import resident
from bot.errors import ModelError
from bot.settings import Settings
from bot.wiring import brand_of
from models.assessor import LocalAssessor
from models.encoder import Encoder
from models.manifest import SHIPPED
from models.normalise import normalise
from models.tokens import MAX_TOKENS
from models.train import base_folder, require_torch

ONE = "float32 pipeline, one at a time"
SORTED = "float32 pipeline, 32 at a time, sorted by length"
WHOLE = "Heed's classifier, whole"
NETWORK = "Heed's network alone"

BATCH = 32
#: Texts that each way reads before anything is measured.
WARM_UP = 40

Way = Callable[[Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Milliseconds a message: computing time of the whole process, and time that passed."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Costs of each way, turn by turn; ``missing`` says why the pipeline was left out, if it was."""

    texts: int
    tokens: float
    costs: Mapping[str, Sequence[Cost]]
    memory: resident.Resident | None
    missing: str = ""

    def ratios(self, dearer: str, cheaper: str) -> list[float]:
        """Return how many times dearer one way was, in each turn, lowest first."""
        turns = zip(self.costs[dearer], self.costs[cheaper], strict=True)
        return sorted(one.cpu / other.cpu for one, other in turns)


async def measure(texts: Sequence[str], *, repeats: int) -> Found:
    """Let every way read ``texts`` once in each of ``repeats`` turns; then measure memory in a new process."""
    catalogue = brand_of(Settings()).catalogue
    encoder = Encoder(SHIPPED)
    async with AsyncExitStack() as stack:
        assessor = await LocalAssessor.load(threads=1)
        stack.push_async_callback(assessor.close)
        await assessor.index(catalogue.examples(), version=catalogue.version)
        missing, ways = "", {WHOLE: _whole(assessor), NETWORK: _network(encoder, texts)}
        try:
            ways = _pipeline() | ways
        except ModelError as error:
            missing = str(error)
        costs = await _turns(ways, texts, repeats=repeats)
    return Found(
        texts=len(texts),
        tokens=statistics.mean(encoder.ids(normalise(text)).size for text in texts),
        costs=costs,
        memory=resident.measure(resident.Load(examples=catalogue.examples(), texts=texts)),
        missing=missing,
    )


def versions() -> str:
    """Return a line about the machine and the programs that were measured."""
    found = [f"Python {platform.python_version()}"]
    for name in ("onnxruntime", "transformers", "tokenizers", "torch"):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return (
        f"{', '.join(found)}; {_processor()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}"
    )


def report(found: Found) -> str:
    """Return the figures in words, with their spread over the turns."""
    turns = len(next(iter(found.costs.values())))
    lines = [
        versions(),
        f"{found.texts} texts of {found.tokens:.0f} tokens on average, {turns} turns, one thread each",
        "milliseconds a message: median and range of the turns",
        f"{'':<50}{'CPU':>6}  {'range':<16}{'wall':>6}",
    ]
    lines += [_row(name, costs) for name, costs in found.costs.items()]
    if found.missing:
        lines.append(f"the pipeline was not measured: {found.missing}")
    else:
        lines += [f"{name} / {WHOLE}: {_spread(found.ratios(name, WHOLE), digits=1)}" for name in (ONE, SORTED)]
    return "\n".join([*lines, resident.report(found.memory)])


def _row(name: str, costs: Sequence[Cost]) -> str:
    middle, _, span = _spread([cost.cpu for cost in costs], digits=2).partition(" ")
    wall = statistics.median(cost.wall for cost in costs)
    return f"{name:<50}{middle:>6}  {span:<16}{wall:>6.2f}"


def _spread(values: Sequence[float], *, digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


async def _turns(ways: Mapping[str, Way], texts: Sequence[str], *, repeats: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for way in ways.values():
        await way(texts[:WARM_UP])
    order = list(ways)
    for _ in range(repeats):
        for name in order:
            costs[name].append(await _cost(ways[name], texts))
        order = [*order[1:], order[0]]
    return costs


async def _cost(way: Way, texts: Sequence[str]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    await way(texts)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu=1000 * cpu / len(texts), wall=1000 * wall / len(texts))


def _whole(assessor: LocalAssessor) -> Way:
    async def way(texts: Sequence[str]) -> None:
        await assessor.assess(texts)

    return way


def _network(encoder: Encoder, texts: Sequence[str]) -> Way:
    known = {text: encoder.ids(normalise(text)) for text in texts}

    async def way(texts: Sequence[str]) -> None:
        for text in texts:
            encoder.pass_over(known[text])

    return way


def _pipeline() -> dict[str, Way]:
    """Return both ways of the pipeline. Raises ModelError saying what is not installed."""
    require_torch()
    base = base_folder()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # one thread each
    import torch  # noqa: PLC0415  # an optional library
    from transformers import (  # noqa: PLC0415  # takes long to import, with torch in it
        AutoModelForSequenceClassification,
        AutoTokenizer,
        pipeline,
    )
    from transformers.utils import logging  # noqa: PLC0415

    torch.set_num_threads(1)
    logging.set_verbosity_error()  # that the head is untrained is meant so
    logging.disable_progress_bar()
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, dtype=torch.float32)
    reads = pipeline(
        "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(base), device="cpu"
    )
    limits = {"truncation": True, "max_length": MAX_TOKENS}

    async def one(texts: Sequence[str]) -> None:
        for text in texts:
            reads(text, **limits)

    async def in_batches(texts: Sequence[str]) -> None:
        reads(sorted(texts, key=len), batch_size=BATCH, **limits)

    return {ONE: one, SORTED: in_batches}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()

"""``make bench``: prints what was measured and how to repeat it. Nothing here is asserted: machines differ."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks import backlog, classifier, deadlines, efficiency, latency, platforms, reports
from benchmarks.messages import texts

PARTS = ("all", "classifier", "deadlines", "platforms", "program", "reports")


def main() -> None:
    """Measure everything, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("part", nargs="?", choices=PARTS, default="all")
    parser.add_argument("--messages", type=int, default=6000, help="messages for the CPU share")
    parser.add_argument("--texts", type=int, default=300, help="messages for the classifier's cost")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long half load lasts")
    parser.add_argument("--queued", type=int, default=14_000, help="messages that wait while staff work")
    parser.add_argument("--load-seconds", type=float, default=20.0, help="how long each load on a platform lasts")
    parser.add_argument("--records", type=int, default=1_000_000, help="length of the log that figures come from")
    parser.add_argument("--transcript", type=Path, help="measure with the customers' messages of this file")
    asyncio.run(_measure(parser.parse_args()))


async def _measure(chosen: argparse.Namespace) -> None:
    if chosen.part in ("all", "program"):
        await _program(chosen)
    if chosen.part in ("all", "platforms"):
        await _platforms(chosen)
    if chosen.part in ("all", "classifier"):
        await _classifier(chosen)
    if chosen.part in ("all", "deadlines"):
        await _deadlines()
    if chosen.part in ("all", "reports"):
        await _reports(chosen)


async def _classifier(chosen: argparse.Namespace) -> None:
    print("\nWhat a message costs the classifier. Repeat with: python -m benchmarks classifier\n", flush=True)
    messages = texts(chosen.texts, transcript=chosen.transcript)
    print(classifier.report(await classifier.measure(messages, repeats=chosen.repeats)) + "\n", flush=True)


async def _deadlines() -> None:
    print("\nDeadlines; takes a quarter of an hour. Repeat with: python -m benchmarks deadlines\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        async for found in deadlines.measure(Path(folder)):
            print(found + "\n", flush=True)


async def _reports(chosen: argparse.Namespace) -> None:
    print("\nFigures from a long log. Repeat with: python -m benchmarks reports\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(reports.report(await reports.measure(Path(folder), records=chosen.records)) + "\n", flush=True)


async def _platforms(chosen: argparse.Namespace) -> None:
    print("\nPlatforms under load. Repeat with: python -m benchmarks platforms\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        async for found in platforms.measure(Path(folder), seconds=chosen.load_seconds):
            print(platforms.report(found) + "\n", flush=True)


async def _program(chosen: argparse.Namespace) -> None:
    messages = texts(chosen.messages, transcript=chosen.transcript)
    words = statistics.mean(len(text.split()) for text in messages)
    print(f"Messages of {words:.0f} words on average. Repeat with: python -m benchmarks\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        turns = await efficiency.measure(Path(folder), messages, repeats=chosen.repeats)
    print(efficiency.report(turns) + "\n", flush=True)
    half = statistics.median(turn.messages / turn.wall for turn in turns) / 2
    with tempfile.TemporaryDirectory() as folder:
        waits, unanswered = await latency.measure(Path(folder), rate=half, seconds=chosen.seconds)
    print(latency.report(waits, unanswered, rate=half) + "\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        waiting = texts(chosen.queued, transcript=chosen.transcript)
        print(backlog.report(await backlog.measure(Path(folder), waiting)), flush=True)


if __name__ == "__main__":
    main()

"""``make faults``: the long form. Prints what was done and found; exits with 1 for any fault."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.kills import kill_and_look


def main() -> None:
    """Kill as often as asked and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    print(f"Killing Heed {chosen.kills} times (seed {chosen.seed}) …", flush=True)

    def told(done: int) -> None:
        if sys.stderr.isatty() or done % 20 == 0:
            print(f"\r  {done} of {chosen.kills}", end="", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(kill_and_look(Path(folder), kills=chosen.kills, seed=chosen.seed, told=told))
    print(f"\n{outcome}")
    sys.exit(bool(outcome.found) or outcome.in_flight < chosen.kills)


if __name__ == "__main__":
    main()

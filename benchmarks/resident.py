"""How much memory the classifier takes, in a process of its own: ``python -m benchmarks.resident < LOAD``.

Nothing of Heed but the classifier is loaded there. Linux only: elsewhere nothing tells memory that way.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.assessor import LocalAssessor

_STATUS = Path("/proc/self/status")
_BARE = f"print(open({str(_STATUS)!r}).read())"


class Load(msgspec.Struct, frozen=True):
    """What the classifier is given to read."""

    examples: Mapping[str, Sequence[str]]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident megabytes (10^6 bytes) of a process: all, the most there ever was, and what other processes share.

    ``shared`` are pages of files, such as libraries: the machine holds them once, however many processes use them.
    """

    resident: float
    peak: float
    shared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Memory of an interpreter that does nothing, and of the classifier when loaded and when all is read."""

    bare: Memory
    loaded: Memory
    read: Memory


def measure(load: Load) -> Resident | None:
    """Return what the classifier takes in a process of its own, or None where the system does not tell."""
    if not _STATUS.exists():
        return None
    bare = _output([sys.executable, "-c", _BARE])
    loaded, read = msgspec.json.decode(
        _output([sys.executable, "-m", "benchmarks.resident"], given=msgspec.json.encode(load)), type=list[Memory]
    )
    return Resident(bare=parse(bare.decode()), loaded=loaded, read=read)


def parse(status: str) -> Memory:
    """Return the memory that the text of ``/proc/PID/status`` tells, which counts in kibibytes."""
    fields = dict(line.split(":", maxsplit=1) for line in status.splitlines() if ":" in line)
    resident, peak, shared = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM", "RssFile"))
    return Memory(resident=resident, peak=peak, shared=shared)


def report(found: Resident | None) -> str:
    """Return the figures in words."""
    if found is None:
        return "resident memory: this system does not tell it (Linux does)"
    more = found.read.resident - found.bare.resident
    return (
        f"resident memory of a process with the classifier alone: {found.loaded.resident:.0f} MB when loaded, "
        f"{found.read.resident:.0f} MB when all is read (at most {found.read.peak:.0f}), "
        f"{found.read.shared:.0f} of them files that processes share\n"
        f"  an interpreter that does nothing has {found.bare.resident:.0f} MB: the classifier adds {more:.0f} MB"
    )


def _output(command: Sequence[str], *, given: bytes = b"") -> bytes:
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def _status() -> str:
    return _STATUS.read_text(encoding="utf-8")


async def _read(load: Load) -> list[Memory]:
    assessor = await LocalAssessor.load(threads=1)
    try:
        await assessor.index(load.examples, version="memory")
        loaded = parse(_status())
        await assessor.assess(load.texts)
        return [loaded, parse(_status())]
    finally:
        await assessor.close()


if __name__ == "__main__":
    found = asyncio.run(_read(msgspec.json.decode(sys.stdin.buffer.read(), type=Load)))
    sys.stdout.buffer.write(msgspec.json.encode(found))

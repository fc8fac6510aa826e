"""The chart library, out of plotly's wheel: nothing is fetched from elsewhere."""

from __future__ import annotations

import asyncio
import importlib.resources
import re
from dataclasses import dataclass

NAME = "plotly.js"

#: The library puts a style into the page unless an element with the style's id is there already.
_STYLE_ID = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLibrary:
    """The script, and the ids of the styles that it would put into the page against the security policy."""

    script: bytes
    style_ids: tuple[str, ...]


async def read() -> ChartLibrary:
    """Read the library from the installed package, off the event loop."""
    return await asyncio.to_thread(_read)


def _read() -> ChartLibrary:
    script = (importlib.resources.files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    ids = dict.fromkeys(found.decode() for found in _STYLE_ID.findall(script))
    return ChartLibrary(script=script, style_ids=tuple(ids))

"""How Heed runs: its store, its limits, and what watches it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import Address, NamedFile, Positive


class StoreSettings(Section):
    """Where everything is kept. ``full``: a commit survives a power cut; ``normal``: a killed process."""

    path: NamedFile = Path("var/heed.sqlite")
    durability: Literal["full", "normal"] = "full"


class LimitSettings(Section):
    """Bounds that keep Heed on its feet."""

    assess_within: Positive = timedelta(minutes=2)
    most_queued: int = Field(default=20_000, ge=100)
    messages_per_minute: int = Field(default=20, ge=1)
    workers: int = Field(default=2, ge=1, le=16)
    batch: int = Field(default=32, ge=1, le=500)


class OperationsSettings(Section):
    """What watches Heed itself. ``heartbeat`` is an address pinged after each clean audit."""

    heartbeat: Address = ""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

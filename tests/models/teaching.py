"""One network that is taught by itself, for tests. Needs torch where it is called."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.dataset import Example
from models.intents import Intents
from models.train import base_folder


def quiet(_what: str, _share: float) -> None:
    """Tell nobody about progress."""


def taught_by_itself(
    network: Any,  # torch is not there when types are checked
    examples: Sequence[Example],
    out: Path,
    *,
    trust: float,
    pace: float = 1.0,
    intents: Sequence[Intents] = (),
) -> Any:
    """Return what ``network`` becomes in two epochs, with itself for a teacher."""
    from models.imitation import teach  # noqa: PLC0415  # needs torch

    weights = network.state_dict()
    return teach(
        weights,
        [weights],
        examples,
        intents=intents,
        base=base_folder(),
        out=out,
        trust=trust,
        pace=pace,
        seed=1,
        epochs=2,
        progress=quiet,
    )

"""One network out of two that were trained from the same encoder: the weighted mean of their weights.

Networks that start from one pretrained encoder lie close enough together for that, and the mean is often better
than either (Wortsman et al., "Model soups", ICML 2022). ``python -m models.average FIRST SECOND --share 0.3 --data
FOLDER --out FOLDER`` takes the ``--out`` folders of two trainings; what it exports is calibrated like any other.
Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ModelError
from models.mixture import RECIPE
from models.train import CORPUS, base_folder, finish, mixture_of, require_torch

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "checkpoint.pt"


def average(first: Path, second: Path, *, share: float, data: list[Path], out: Path, seed: int = 1) -> Path:
    """Export ``share`` of the first network and the rest of the second; return the folder of weights.

    ``first`` and ``second``: folders in which a training has finished. ``data``: what calibrates, as for training.
    Raises ModelError for a share outside (0, 1), a folder without a finished training, or networks that differ.
    """
    require_torch()
    if not 0 < share < 1:
        raise ModelError(f"the share of the first network is {share}, wanted a number between 0 and 1")
    import torch  # noqa: PLC0415  # which a plain install lacks

    from models.network import network_of  # noqa: PLC0415  # needs torch

    mean = mean_of(weights_in(first), weights_in(second), share=share)
    network = network_of(base_folder(), mean)
    out.mkdir(parents=True, exist_ok=True)
    torch.save({"network": mean}, out / CHECKPOINT)
    mixture = mixture_of(data, corpus=CORPUS, seed=seed, limit=None, recipe=RECIPE)
    return finish(network, mixture, base=base_folder(), out=out)


def mean_of(first: Mapping[str, Tensor], second: Mapping[str, Tensor], *, share: float) -> dict[str, Tensor]:
    """Return ``share`` of the first weights and the rest of the second, by name; whole numbers are the first's.

    Raises ModelError where the two have other names or shapes.
    """
    shapes = [{name: tuple(tensor.shape) for name, tensor in weights.items()} for weights in (first, second)]
    if shapes[0] != shapes[1]:
        raise ModelError("the two trainings made networks of different shapes: only like can be averaged")
    return {
        name: share * tensor + (1.0 - share) * second[name] if tensor.is_floating_point() else tensor
        for name, tensor in first.items()
    }


def weights_in(folder: Path) -> Mapping[str, Tensor]:
    """Return the weights of a finished training. Raises ModelError where there is none."""
    import torch  # noqa: PLC0415  # as above

    file = folder / CHECKPOINT
    if not file.is_file():
        raise ModelError(f"{file} is missing: name the --out folder of a finished training")
    weights: Mapping[str, Tensor] = torch.load(file, weights_only=True)["network"]
    return weights


def main() -> None:
    """Read the command line and average."""
    parser = argparse.ArgumentParser(prog="python -m models.average", description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the first network, between 0 and 1")
    parser.add_argument("--data", type=Path, action="append", required=True, help="as for 'heed train'")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    print(average(given.first, given.second, share=given.share, data=given.data, out=given.out))  # noqa: T201


if __name__ == "__main__":
    main()

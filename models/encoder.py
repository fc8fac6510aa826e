"""The shipped encoder: one pass over one message gives its labels' logits and its embedding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from bot.errors import ModelError
from models.manifest import NETWORK, Manifest, read_manifest
from models.tokens import Tokens

Vector = npt.NDArray[np.float32]
#: Token ids of one message, ``[1, tokens]``.
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one pass gives: ``logits[3]`` (question, complaint, praise) and ``embedding[384]`` of length 1."""

    logits: Vector
    embedding: Vector


class Encoder:
    """Reads one message at a time on the thread that calls it. Thread-safe, and free of hidden threads.

    A message is never padded nor batched: what the encoder says about it depends on its text alone, although
    int8 takes its activations' scale from everything in a pass.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest: Manifest = read_manifest(folder)
        self._tokens = Tokens(folder, max_tokens=self.manifest.max_tokens)
        self._session = _session(folder / NETWORK)

    def read(self, normalised: str) -> Reading:
        """Return the reading of a text that was normalised."""
        return self.pass_over(self.ids(normalised))

    def ids(self, normalised: str) -> Ids:
        """Return what the network is given for a text that was normalised."""
        return np.array([self._tokens.ids_of_normalised(normalised)], dtype=np.int64)

    def pass_over(self, ids: Ids) -> Reading:
        """Return the network's reading of one message's token ids."""
        logits, embedding = self._session.run(None, {"ids": ids})
        return Reading(logits=logits, embedding=embedding)


#: A fusion that costs more than it saves for one message (onnxruntime 1.31: 15 % of a pass).
_SLOWER = ["SkipLayerNormFusion"]


def _session(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
    except Exception as error:  # onnxruntime raises its own family of RuntimeError and others
        raise ModelError(f"{file} cannot be loaded ({error}): train again with 'heed train'") from error

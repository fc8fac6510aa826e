"""Labels from any Hugging Face sequence-classification model named in the configuration.

Only the labels come from it: embedding, templates and language stay with the shipped encoder.
Needs the extra ``torch``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.prediction import SCORED_LABELS, Label
from bot.errors import ModelError

#: Tokens read of one message.
MAX_TOKENS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLabeller:
    """Gives question, complaint and praise a probability with a model of somebody else's.

    ``columns`` says which outputs of the model count for each scored label. Outputs that exclude each other
    (softmax) are added up; outputs that may hold together (sigmoid) count by their highest. A label without an
    output gets 0. Thread-safe; the probabilities are the model's own, not calibrated by Heed.
    """

    name: str
    model: Any
    tokenizer: Any
    columns: Mapping[Label, Sequence[int]]
    together: bool

    @classmethod
    def load(cls, name: str, *, labels: Mapping[str, str]) -> HubLabeller:
        """Return the model of that name or folder; ``labels`` maps its labels to Heed's (``other`` too).

        Blocks while it loads. Raises ModelError naming the remedy when torch is missing, the model cannot be
        loaded, or the map does not fit it.
        """
        if importlib.util.find_spec("torch") is None:
            raise ModelError(f"the model {name!r} needs torch, which is not installed: pip install 'heed[torch]'")
        model, tokenizer = _loaded(name)
        columns = columns_of(name, labels, model.config.label2id)
        together = model.config.problem_type == "multi_label_classification"
        return cls(name=name, model=model, tokenizer=tokenizer, columns=columns, together=together)

    @property
    def version(self) -> str:
        """Return the name, with the revision where the hub gave one."""
        revision = getattr(self.model.config, "_commit_hash", None)
        return f"{self.name}@{revision[:12]}" if revision else self.name

    def probabilities(self, text: str) -> list[float]:
        """Return one number in [0, 1] for each scored label of one message, on the thread that calls."""
        import torch  # noqa: PLC0415  # an optional library

        tokens = self.tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            logits = self.model(**tokens).logits[0].double()
        shares = (torch.sigmoid(logits) if self.together else torch.softmax(logits, dim=0)).tolist()
        return [self._of(self.columns.get(label, ()), shares) for label in SCORED_LABELS]

    def _of(self, columns: Sequence[int], shares: Sequence[float]) -> float:
        picked = [shares[column] for column in columns]
        return min(1.0, max(picked, default=0.0) if self.together else sum(picked))


def columns_of(name: str, labels: Mapping[str, str], places: Mapping[str, int]) -> dict[Label, list[int]]:
    """Return which outputs count for each label. ``places`` maps the model's labels to its outputs.

    Raises ModelError for a label that the model or Heed does not know, and for a map that scores nothing.
    """
    columns: dict[Label, list[int]] = {}
    for theirs, ours in labels.items():
        if theirs not in places:
            raise ModelError(f"the model {name!r} has no label {theirs!r}, only {sorted(places)}: correct the map")
        if ours not in [label.value for label in Label]:
            raise ModelError(f"{theirs!r} is mapped to {ours!r}, wanted one of {[label.value for label in Label]}")
        columns.setdefault(Label(ours), []).append(places[theirs])
    if not columns.keys() & set(SCORED_LABELS):
        raise ModelError(f"no label of {name!r} is mapped to question, complaint or praise: give a map of labels")
    return columns


def _loaded(name: str) -> tuple[Any, Any]:
    """Return model and tokenizer, ready to read."""
    import torch  # noqa: PLC0415  # an optional library
    from transformers import (  # noqa: PLC0415  # slow to import, and of use only with torch
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )
    from transformers.utils import logging  # noqa: PLC0415  # as above

    logging.disable_progress_bar()  # its monitor thread would stay
    torch.set_num_threads(1)  # messages run side by side on the assessor's threads instead
    try:
        model = AutoModelForSequenceClassification.from_pretrained(name).eval()
        return model, AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ModelError(f"the model {name!r} cannot be loaded ({error}): check its name or folder") from error

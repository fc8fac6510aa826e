"""Text to token ids, with the tokenizer of the shipped encoder, read by ``transformers``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bot.errors import ModelError
from models.normalise import normalise

#: Tokens read of one message, with the first and last special one. Longer messages keep their beginning.
MAX_TOKENS = 128


class Tokens:
    """Turns texts into ids, each for itself: no padding, so no id depends on another message. Thread-safe."""

    def __init__(self, folder: Path, *, max_tokens: int = MAX_TOKENS) -> None:
        backend = _read(folder)
        backend.no_padding()  # the published tokenizer.json pads every text to 128 tokens: four times the work
        backend.enable_truncation(max_tokens)
        self._backend = backend

    def ids(self, text: str) -> list[int]:
        """Return the ids of ``text`` after normalisation: at least the two special ones."""
        return self.ids_of_normalised(normalise(text))

    def ids_of_normalised(self, text: str) -> list[int]:
        """Return the ids of a text that was normalised already."""
        ids: list[int] = self._backend.encode(text).ids
        return ids


def _read(folder: Path) -> Any:  # noqa: ANN401  # the tokenizers library is compiled, without types
    """Return the fast tokenizer in ``folder``. Raises ModelError if there is none."""
    os.environ.setdefault(
        "TRANSFORMERS_NO_ADVISORY_WARNINGS", "1"
    )  # its advice to install torch is not meant here
    # Importing transformers takes most of the loading time, and only who tokenises should pay for it.
    from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast  # noqa: PLC0415

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise ModelError(f"{file} is missing: reinstall Heed, or train again with 'heed train'")
    try:
        return PreTrainedTokenizerFast(tokenizer_file=str(file)).backend_tokenizer
    except Exception as error:  # the tokenizers library raises bare Exception for a damaged file
        raise ModelError(f"{file} is damaged ({error}): reinstall Heed, or train again") from error

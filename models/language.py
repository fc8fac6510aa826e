"""Which language a message is in, as a BCP 47 code, or ``und`` where that is a guess.

py3langid (Lui & Baldwin 2012) was made for documents; on "ty bro" it answers at random. So rare languages,
which short messages are mistaken for, are left out, and a doubtful answer becomes ``und``.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from bot.domain.prediction import UNDETERMINED

#: The languages told apart.
LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id it ja ka kn ko lt lv mk ml mr ms nl no pa pl pt "
    "ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh"
)
#: Letters below which a text in Latin script is not judged.
MIN_LETTERS = 6
#: Certainty, in [0, 1], from which an answer counts. English is let through sooner: it is what most write here.
CERTAIN = 0.6
CERTAIN_ENGLISH = 0.3
#: Characters looked at.
HEAD = 120


class LanguageGuess:
    """Tells a text's language. Thread-safe: it only reads its tables."""

    def __init__(self) -> None:
        # Only who assesses pays for it: importing `models` stays quick.
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

        picked: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        picked.set_languages(LANGUAGES.split())
        # What picked the languages keeps the table of all (28 MB) and leaves theirs in columns, of which a text
        # reads rows: so another one is made. Numbers side by side are found sooner than a list's.
        self._identifier: Any = LanguageIdentifier(
            np.ascontiguousarray(picked.nb_ptc),
            picked.nb_pc,
            picked.nb_classes,
            picked.tk_nextmove,
            array("i", picked.tk_output),
            norm_probs=True,
            tk_row=picked.tk_row,
        )

    def of(self, cleaned: str) -> str:
        """Return the code for a text without masks' noise (see ``normalise.clean``), or ``und``."""
        head = cleaned[:HEAD].replace("@user", "").replace("http", "")
        letters = [char for char in head if char.isalpha()]
        if not letters or (len(letters) < MIN_LETTERS and max(letters) < "\u0370"):
            return UNDETERMINED
        language, certainty = self._identifier.classify(head)
        enough = CERTAIN_ENGLISH if language == "en" else CERTAIN
        return str(language) if certainty >= enough else UNDETERMINED

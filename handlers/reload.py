"""Notices that staff changed a template file while the bot runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.errors import TemplateError
from handlers.catalogue import Catalogue, parse_catalogue, read_files, template_paths, version_of
from handlers.texts import Scalar

_Fingerprint = tuple[tuple[str, int, int, int], ...]


class CatalogueWatcher:
    """Looks at a folder of templates whenever it is asked; cheap enough for once a second.

    A broken file never takes templates away: the last good catalogue stays, and ``problem`` says what is
    wrong (None when the folder is sound).
    """

    def __init__(self, folder: Path, *, current: Catalogue, variables: Mapping[str, Scalar] | None = None) -> None:
        self.problem: str | None = None
        self.current = current
        self._folder = folder
        self._variables = variables
        self._seen: _Fingerprint | None = None
        self._untold = False

    def check(self) -> Catalogue | None:
        """Return the new catalogue if the files changed and are sound, else None."""
        if self._untold:
            self._untold = False
            return self.current
        try:
            return self._check()
        except TemplateError as error:
            self.problem = str(error)
            return None

    def forget(self) -> None:
        """Tell the present catalogue again at the next check: whoever was told could not adopt it."""
        self._untold = True

    def _check(self) -> Catalogue | None:
        seen, self._seen = self._seen, None  # what cannot be read now is looked at again at the next check
        before = _fingerprint(self._folder)
        if before == seen:
            self._seen = seen
            return None
        files = read_files(self._folder)
        if _fingerprint(self._folder) != before:  # someone is saving just now
            return None
        self._seen = before
        return self._take(files)

    def _take(self, files: Mapping[str, str]) -> Catalogue | None:
        if version_of(files) == self.current.version:
            self.problem = None
            return None
        self.current = parse_catalogue(files, self._variables)
        self.problem = None
        return self.current


def _fingerprint(folder: Path) -> _Fingerprint:
    try:
        return tuple(
            (path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino)
            for path in template_paths(folder)
            for stat in (path.stat(),)
        )
    except OSError as error:
        raise TemplateError(f"{folder}: cannot be read: {error.strerror}") from error

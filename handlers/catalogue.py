"""All templates of a brand: read once, frozen, known by a version that is stored with each decision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bot.errors import TemplateError
from handlers.parsing import parse_file
from handlers.template import Kind, Template
from handlers.texts import Scalar

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The brand's templates. ``version`` is a hash of ``sources``, so equal files are the same version."""

    version: str
    templates: Mapping[str, Template]
    sources: Mapping[str, str] = field(repr=False)

    def get(self, template: str, kind: Kind) -> Template | None:
        """Return the template of this id, if it is of this kind."""
        found = self.templates.get(template)
        return found if found is not None and found.kind is kind else None

    def of_kind(self, kind: Kind) -> tuple[Template, ...]:
        """Return all templates of a kind, in the order of the files."""
        return tuple(template for template in self.templates.values() if template.kind is kind)

    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Return what customers write who need each answer: the ground of the retrieval index."""
        return {template.id: template.examples for template in self.of_kind(Kind.ANSWER)}

    def check(self, variables: Mapping[str, Scalar]) -> None:
        """Raise ``TemplateError`` for the first text that these variables of the brand do not fill."""
        for template in self.templates.values():
            for variant in template.variants:
                variant.text.check(variables)


def parse_catalogue(files: Mapping[str, str], variables: Mapping[str, Scalar] | None = None) -> Catalogue:
    """Return the catalogue of these files (name → text).

    Raises ``TemplateError`` as ``file:line: what is wrong and what would be right``. With ``variables`` the
    brand's own variables are checked too; without, ``Brand`` does it.
    """
    templates: dict[str, Template] = {}
    for file in sorted(files):
        for template in parse_file(file, files[file]):
            _refuse_second(template, templates)
            templates[template.id] = template
    if not templates:
        raise TemplateError("no template files; write at least one, such as orders.yaml")
    _refuse_shared_examples(templates.values())
    catalogue = Catalogue(
        version=version_of(files),
        templates=MappingProxyType(templates),
        sources=MappingProxyType(dict(files)),
    )
    if variables is not None:
        catalogue.check(variables)
    return catalogue


def read_catalogue(folder: Path, variables: Mapping[str, Scalar] | None = None) -> Catalogue:
    """Return the catalogue of all ``*.yaml`` files directly in ``folder``."""
    return parse_catalogue(read_files(folder), variables)


def read_files(folder: Path) -> Mapping[str, str]:
    """Return name → text of the template files in ``folder``; refuse a folder without any."""
    paths = template_paths(folder)
    if not paths:
        raise TemplateError(f"{folder}: no template files; put at least one there, such as orders.yaml")
    return {path.name: _read(path) for path in paths}


def template_paths(folder: Path) -> list[Path]:
    """Return the template files in ``folder``, sorted; an editor's hidden files are not among them."""
    if not folder.is_dir():
        raise TemplateError(f"{folder}: no such folder; templates are read from a folder of .yaml files")
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise TemplateError(f"{folder}: cannot be read: {error.strerror}") from error
    return [path for path in paths if path.suffix in _SUFFIXES and not path.name.startswith(".")]


def version_of(files: Mapping[str, str]) -> str:
    """Return a short hash over names and texts, the same for the same files in any order."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:12]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TemplateError(f"{path.name}:{line}: not UTF-8; save the file with the encoding UTF-8") from error
    except OSError as error:
        raise TemplateError(f"{path.name}:1: cannot be read: {error.strerror}") from error


def _refuse_second(template: Template, known: Mapping[str, Template]) -> None:
    first = known.get(template.id)
    if first is not None:
        raise template.place.problem(f"id {template.id!r} is taken by {first.place}; give one of them another id")


def _refuse_shared_examples(templates: Iterable[Template]) -> None:
    """Refuse an example that two templates claim: neither could ever be the nearest by a margin."""
    owners: dict[str, Template] = {}
    for template in templates:
        for example in template.examples:
            owner = owners.setdefault(" ".join(example.casefold().split()), template)
            if owner is not template:
                raise template.place.problem(
                    f"example {example!r} of {template.id!r} stands also in {owner.id!r} ({owner.place}); keep one"
                )

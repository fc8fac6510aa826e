"""What the brand does about each kind of message, as pure functions of their arguments.

``decide`` is the way in. The brand's words are the YAML files in ``templates/`` (``docs/templates.md``).
"""

from handlers.brand import Brand, Confidence, LanguageModel
from handlers.catalogue import Catalogue, parse_catalogue, read_catalogue
from handlers.dispatch import decide
from handlers.reload import CatalogueWatcher
from handlers.rendering import render
from handlers.template import Kind, Template, Variant
from handlers.texts import Scalar

__all__ = [
    "Brand",
    "Catalogue",
    "CatalogueWatcher",
    "Confidence",
    "Kind",
    "LanguageModel",
    "Scalar",
    "Template",
    "Variant",
    "decide",
    "parse_catalogue",
    "read_catalogue",
    "render",
]

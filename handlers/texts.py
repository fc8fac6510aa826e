"""One text with variables: what it may say is checked when it is loaded, so rendering it cannot go wrong.

Staff write Jinja, but only its harmless part: output, ``if``, equality, ``and``/``or``/``not`` and a few
filters. Nothing that can loop, call, compute or reach elsewhere passes the white list below, and each text
is rendered for every case that it tells apart before it is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import SimpleNamespace

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from handlers.names import inert
from handlers.places import Place, nearest
from handlers.waiting import NAMES, NOTHING_KNOWN, WORDS, Waiting

Scalar = str | int | float | bool

#: Characters of a text as staff write it.
MAX_SOURCE = 4_000
#: Characters of a text as customers read it.
MAX_OUTPUT = 4_000
#: Conditions inside conditions.
MAX_DEPTH = 20
#: Comparisons in one text: each one multiplies the cases that are tried at load.
MAX_COMPARISONS = 10

FILTERS = frozenset({"upper", "lower", "capitalize", "title", "trim", "default"})
VARIABLES = ("brand.…", "customer.name", "channel", *(f"waiting.{name}" for name in NAMES))

_PARTS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr,
    nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Filter, nodes.List, nodes.Tuple,
)  # fmt: skip
_COMPARISONS = frozenset({"eq", "ne", "in", "notin"})
_VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TRIAL_NAMES = ("", "Robin Fairweather-Okonkwo")
_TRIAL_CHANNEL = "chat"
_TRIAL_WAITS = (
    NOTHING_KNOWN,
    Waiting(about="alrededor de una hora"),
    Waiting(opens="el 31 de septiembre a las 09:00 (UTC+05:45)"),
)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # what is rendered is plain text; each page escapes what it shows
        cache_size=0,
    )
    environment.globals.clear()
    return environment


_JINJA = _environment()


#: What keeps a text from naming what is not known.
_GUARDS = (
    "put waiting.about inside `{% if waiting.known %}` … `{% endif %}`, and waiting.opens inside "
    "`{% if waiting.closed %}` … `{% endif %}`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A checked text. ``needs`` are the brand's variables without which it cannot be rendered.

    ``waits``: it says something of the wait for a person.
    """

    source: str
    place: Place
    needs: frozenset[str]
    uses: frozenset[str]
    compared: frozenset[str]
    waits: bool
    compiled: jinja2.Template = field(repr=False, compare=False)

    def render(
        self, *, brand: Mapping[str, Scalar], customer_name: str, channel: str, waiting: Waiting = NOTHING_KNOWN
    ) -> str:
        """Return what the customer reads. The name is made inert here, whatever it was."""
        text = self.compiled.render(
            brand=SimpleNamespace(**brand),
            customer=SimpleNamespace(name=inert(customer_name)),
            channel=channel,
            waiting=SimpleNamespace(**waiting.facts()),
        )
        return text.strip()[:MAX_OUTPUT]

    def check(self, brand: Mapping[str, Scalar]) -> None:
        """Raise ``TemplateError`` unless this text can be rendered, in every case, with these variables."""
        for name in sorted(self.needs - brand.keys()):
            raise self.place.problem(
                f"unknown variable brand.{name}; {nearest(name, brand)} "
                "(the brand's variables stand in the configuration)"
            )
        for customer_name, channel, waiting in self._cases():
            self._try(brand=brand, customer_name=customer_name, channel=channel, waiting=waiting)

    def _cases(self) -> Iterator[tuple[str, str, Waiting]]:
        literals = sorted(self.compared)
        waits = _TRIAL_WAITS if self.waits else _TRIAL_WAITS[:1]
        return product((*_TRIAL_NAMES, *literals), (_TRIAL_CHANNEL, *literals), waits)

    def _try(self, *, brand: Mapping[str, Scalar], customer_name: str, channel: str, waiting: Waiting) -> None:
        case = f"on channel {channel!r} with " + (f"name {customer_name!r}" if customer_name else "no name")
        case += _told(waiting) if self.waits else ""
        try:
            text = self.render(brand=brand, customer_name=customer_name, channel=channel, waiting=waiting)
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            hint = "; " + _GUARDS if self.waits and isinstance(error, jinja2.UndefinedError) else ""
            raise self.place.problem(f"cannot be rendered {case}: {error}{hint}") from error
        if not text:
            raise self.place.problem(f"says nothing {case}; add an `else` or words outside the `if`")
        if len(text) >= MAX_OUTPUT:
            raise self.place.problem(f"too long {case}; at most {MAX_OUTPUT} characters are sent")


def compile_text(source: str, place: Place) -> Text:
    """Return ``source`` checked and compiled. ``place`` is the line of its first word.

    Raises ``TemplateError`` for a syntax error, an unknown variable or a part of Jinja that is refused.
    The brand's own variables are not known here: ``Text.check`` looks at them.
    """
    if len(source) > MAX_SOURCE:
        raise place.problem(f"the text has {len(source)} characters; at most {MAX_SOURCE} are allowed")
    tree = _parse(source, place)
    _refuse(tree, place, depth=0)
    comparisons = list(tree.find_all(nodes.Compare))
    if len(comparisons) > MAX_COMPARISONS:
        raise place.problem(
            f"{len(comparisons)} comparisons in one text; at most {MAX_COMPARISONS}, write variants"
        )
    uses = frozenset(_brand_names(tree.find_all(nodes.Getattr)))
    text = Text(
        source=source,
        place=place,
        needs=uses - frozenset(_optional(tree)),
        uses=uses,
        compared=frozenset(_literals(comparisons)),
        waits=any(_waiting_name(node) for node in tree.find_all(nodes.Getattr)),
        compiled=_JINJA.from_string(source),
    )
    text.check(dict.fromkeys(uses, "something"))
    return text


def is_variable_name(name: str) -> bool:
    """Tell whether a text can name ``brand.<name>``: small letters, digits and underscores."""
    return _VARIABLE_NAME.fullmatch(name) is not None


def _parse(source: str, place: Place) -> nodes.Template:
    try:
        return _JINJA.parse(source)
    except jinja2.TemplateSyntaxError as error:
        at = place.down(error.lineno - 1)
        raise at.problem(f"{error.message}; variables are written {{{{ customer.name }}}}") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise place.problem("too complicated to read; write it plainly") from error


def _refuse(node: nodes.Node, place: Place, *, depth: int) -> None:
    """Raise unless ``node`` and all below it are on the white list."""
    here = place.down(max(node.lineno or 1, 1) - 1)
    if depth > MAX_DEPTH:
        raise here.problem(f"conditions are nested more than {MAX_DEPTH} deep; write variants instead")
    if not isinstance(node, _PARTS):
        raise here.problem(
            f"`{type(node).__name__.lower()}` is not allowed in a text; "
            "allowed are variables, if/else, ==, !=, in, and/or/not, and the filters " + ", ".join(sorted(FILTERS))
        )
    _refuse_details(node, here)
    if _variable(node) is None:
        for child in node.iter_child_nodes():
            _refuse(child, place, depth=depth + 1)


def _refuse_details(node: nodes.Node, here: Place) -> None:
    match node:
        case nodes.Filter():
            _refuse_filter(node, here)
        case nodes.Compare():
            _refuse_comparison(node, here)
        case nodes.Name() | nodes.Getattr():
            _refuse_variable(node, here)


def _refuse_filter(node: nodes.Filter, here: Place) -> None:
    if node.node is None or node.name not in FILTERS:
        raise here.problem(f"filter {node.name!r} is not allowed; {nearest(node.name, FILTERS)}")
    if node.kwargs or node.dyn_args or node.dyn_kwargs or (node.args and node.name != "default"):
        raise here.problem(f"filter {node.name!r} takes nothing in brackets here; write `| {node.name}`")
    if node.name == "default" and not all(isinstance(argument, nodes.Const) for argument in node.args):
        raise here.problem("`default` takes a text in quotes, such as `| default('our shop')`")


def _refuse_comparison(node: nodes.Compare, here: Place) -> None:
    if any(_waiting_name(part) in WORDS for part in node.find_all(nodes.Getattr)):
        raise here.problem("the words of a wait are not compared; ask `waiting.known` or `waiting.closed`")
    for operand in node.ops:
        if operand.op not in _COMPARISONS:
            raise here.problem("only ==, !=, in and not in may compare; there is nothing here to put in order")
        if operand.op in ("in", "notin") and not isinstance(operand.expr, nodes.List | nodes.Tuple):
            raise here.problem("`in` needs a list, such as `channel in ['discord', 'telegram']`")


def _refuse_variable(node: nodes.Name | nodes.Getattr, here: Place) -> None:
    variable = _variable(node)
    if variable is None:
        raise here.problem(f"unknown variable {_spelled(node)}; known are: {', '.join(VARIABLES)}")


def _variable(node: nodes.Node) -> str | None:
    """Return the full name of a variable that texts may use, or None."""
    match node:
        case nodes.Name(name="channel"):
            return "channel"
        case nodes.Getattr(node=nodes.Name(name="customer"), attr="name"):
            return "customer.name"
        case nodes.Getattr(node=nodes.Name(name="brand"), attr=attr) if is_variable_name(attr):
            return f"brand.{attr}"
        case nodes.Getattr(node=nodes.Name(name="waiting"), attr=attr) if attr in NAMES:
            return f"waiting.{attr}"
        case _:
            return None


def _spelled(node: nodes.Expr) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_spelled(node.node)}.{node.attr}"
        case _:
            return "…"


def _brand_names(found: Iterable[nodes.Node]) -> Iterator[str]:
    for node in found:
        variable = _variable(node)
        if variable and variable.startswith("brand."):
            yield variable.removeprefix("brand.")


def _optional(tree: nodes.Template) -> Iterator[str]:
    """Name the brand's variables that have a ``default`` wherever they stand."""
    guarded = [f.node for f in tree.find_all(nodes.Filter) if f.name == "default" and f.node is not None]
    everywhere = list(_brand_names(tree.find_all(nodes.Getattr)))
    names = list(_brand_names(guarded))
    return (name for name in set(names) if names.count(name) == everywhere.count(name))


def _literals(comparisons: Iterable[nodes.Compare]) -> Iterator[str]:
    for comparison in comparisons:
        for constant in comparison.find_all(nodes.Const):
            yield str(constant.value)


def _waiting_name(node: nodes.Node) -> str | None:
    """Return what a variable says of the wait, None for another one."""
    prefix, _, name = (_variable(node) or "").partition(".")
    return name if prefix == "waiting" else None


def _told(waiting: Waiting) -> str:
    if waiting.about:
        return " while the wait is known"
    return " while the brand is closed" if waiting.opens else " while nothing is known of the wait"

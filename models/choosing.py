"""Measure how templates are chosen: ``python -m models.choosing DATA``; ``DATA/train`` holds the public sets.

Intents stand for templates: each gets a few messages of the training split as examples, and the test split asks.
Prints how much is answered and how much of that is right (with intervals that draw messages anew), how much that
nothing covers is answered all the same, and the same for the sample brand with queries written and judged by hand
(``models/readings/sample_brand.jsonl``). ``--fit`` prints what ``models.odds.PRIOR`` should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import yaml

from bot.errors import ModelError
from bot.settings import ConfidenceSettings
from models.bootstrap import Bootstrap, Figure, Floats, Statistic
from models.dataset import MEASURING, bucket
from models.encoder import Encoder, Vector
from models.intents import (
    BRANDS_APART,
    PUBLIC,
    PUBLIC_APART,
    Asked,
    by_intent,
    examples_of,
    is_apart,
    read_brands,
    read_intents,
)
from models.manifest import SHIPPED
from models.normalise import normalise
from models.odds import Odds, first_of, fit_odds
from models.retrieval import TemplateIndex, build_index
from models.statistics import Bools, risk_at, share
from models.transcripts import READINGS

#: Where the sample brand's templates lie, and what was asked of them by hand.
TEMPLATES = Path(__file__).parent.parent / "handlers" / "templates"
QUERIES = READINGS / "sample_brand.jsonl"
#: Asked of them later: by these no threshold was chosen.
LATER = READINGS / "sample_brand_later.jsonl"
#: Shares of what is covered at which the risk is told.
COVERAGES = (0.25, 0.5, 0.75, 0.9)
#: Of what is answered so much must be right: that is asked of the sample brand.
WANTED = 0.97
#: Brands drawn from each public set for ``--fit``, and messages that each is asked at most.
BRANDS, MESSAGES = 24, 800
#: How often each brand written for Heed is drawn, of which nothing was learned.
AGAIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen for messages: the best template's score and lead, whether it is right, what is covered."""

    score: Floats
    lead: Floats
    right: Bools
    covered: Bools

    def answered(self, template: float, margin: float) -> Bools:
        """Say which messages are answered from this score and lead on."""
        found: Bools = (self.score >= template) & (self.lead >= margin)
        return found

    def only(self, rows: Bools) -> Chosen:
        """Return what was chosen for some of the messages."""
        return Chosen(
            score=self.score[rows], lead=self.lead[rows], right=self.right[rows], covered=self.covered[rows]
        )


class Embedder:
    """Embeds texts with one folder of weights, each once."""

    def __init__(self, folder: Path) -> None:
        self._encoder = Encoder(folder)
        self._known: dict[str, Vector] = {}

    def __call__(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        """Return each text's embedding."""
        fresh = sorted({text for text in texts if text not in self._known})
        with ThreadPoolExecutor(max_workers=2) as pool:
            self._known.update(zip(fresh, pool.map(self._one, fresh), strict=True))
        return {text: self._known[text] for text in texts}

    def _one(self, text: str) -> Vector:
        return self._encoder.read(normalise(text)).embedding


def choose(index: TemplateIndex, asked: Sequence[Asked], vectors: Mapping[str, Vector]) -> Chosen:
    """Return what the index chooses for each message."""
    found = [index.nearest(vectors[one.text], normalise(one.text), count=2) for one in asked]
    right = [best[0].template == one.template for best, one in zip(found, asked, strict=True)]
    return Chosen(
        score=np.array([best[0].score for best in found]),
        lead=np.array([best[0].score - best[1].score if len(best) > 1 else 1.0 for best in found]),
        right=np.array(right, dtype=np.bool_),
        covered=np.array([one.template is not None for one in asked], dtype=np.bool_),
    )


def sample_examples(folder: Path = TEMPLATES) -> dict[str, list[str]]:
    """Return the sample brand's examples by template, read without its variables and texts."""
    files = [yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader) for file in sorted(folder.glob("*.yaml"))]  # noqa: S506  # BaseLoader makes strings only
    templates = [template for file in files for template in file["templates"]]
    return {template["id"]: template["examples"] for template in templates if "examples" in template}


def sample_queries(file: Path = QUERIES) -> list[Asked]:
    """Return the queries of the sample brand. Raises ModelError if one names no template of it."""
    asked = msgspec.json.Decoder(Asked).decode_lines(file.read_bytes())
    known = sample_examples()
    for number, one in enumerate(asked, start=1):
        if one.template is not None and one.template not in known:
            raise ModelError(f"{file}:{number}: the sample brand has no template {one.template!r}")
    return asked


def chooses(text: str) -> bool:
    """Say whether a query of the sample brand helps to choose the threshold; all others only measure it."""
    return bucket(normalise(text).lower()) % 2 == 0


def lowest_threshold(chosen: Chosen, *, margin: float, wanted: float = WANTED) -> float | None:
    """Return the lowest score from which on, at every score above it too, so much of what is answered is right."""
    order = np.argsort(-chosen.score, kind="stable")
    order = order[chosen.lead[order] >= margin]
    precision = np.cumsum(chosen.right[order]) / np.arange(1, len(order) + 1)
    below = np.flatnonzero(precision < wanted)
    last = (int(below[0]) if len(below) else len(order)) - 1
    return float(chosen.score[order[last]]) if last >= 0 else None


def table(chosen: Chosen, *, template: float, margin: float) -> str:
    """Return the figures of one set at a threshold, and the risk at several coverages, with intervals."""
    draws = Bootstrap([str(number) for number in range(len(chosen.score))])
    answered = chosen.answered(template, margin)
    covered = chosen.covered
    lines = [
        f"  {len(answered)} messages, {covered.sum()} covered; {answered.sum()} answered at {template:g}",
        f"  right, of all that is answered   {_told(draws.figure(share(chosen.right, answered)))}",
        f"  right, of what is covered and answered {_told(draws.figure(share(chosen.right, answered & covered)))}",
        f"  answered, of what is covered     {_told(draws.figure(share(answered, covered)))}",
    ]
    if not covered.all():
        lines.append(f"  answered, of what nothing covers {_told(draws.figure(share(answered, ~covered)))}")
    return "\n".join([*lines, *_curve(chosen.only(covered))])


def _curve(chosen: Chosen) -> list[str]:
    """Return how much is wrong among the surest of the covered messages."""
    wrong = ~chosen.right
    draws = Bootstrap([str(number) for number in range(len(wrong))])
    figures = [draws.figure(_one_risk(chosen.score, wrong, coverage)) for coverage in COVERAGES]
    return [
        f"  wrong among the surest {coverage:.0%} of what is covered: {_told(figure)}"
        for coverage, figure in zip(COVERAGES, figures, strict=True)
    ]


def _one_risk(score: Floats, wrong: Bools, coverage: float) -> Statistic:
    risk = risk_at(score, wrong, np.array([coverage]))
    return lambda weights: risk(weights)[:, 0]


def _told(figure: Figure) -> str:
    if figure.value is None or figure.interval is None:
        return "nothing to tell"
    return f"{figure.value:.3f} ({figure.interval.low:.3f} to {figure.interval.high:.3f})"


def benchmark(data: Path, name: str, embed: Embedder, *, each: int) -> Chosen:
    """Return what is chosen for the test split of a public set, with ``each`` examples of every intent."""
    file = data / "train" / f"{name}.jsonl.gz"
    examples = examples_of(read_intents(file, test=False), each=each, chance=Random(1))  # noqa: S311  # no secret
    asked = read_intents(file, test=True)
    vectors = embed(_texts(examples, asked))
    return choose(build_index(examples, vectors, version=name), asked, vectors)


def _texts(examples: Mapping[str, Sequence[str]], asked: Sequence[Asked]) -> list[str]:
    return [*(text for texts in examples.values() for text in texts), *(one.text for one in asked)]


def sample_brand(embed: Embedder, file: Path = QUERIES) -> tuple[list[Asked], Chosen]:
    """Return the sample brand's queries in ``file`` and what is chosen for them."""
    examples, asked = sample_examples(), sample_queries(file)
    vectors = embed(_texts(examples, asked))
    return asked, choose(build_index(examples, vectors, version="sample"), asked, vectors)


def drawn_brand(asked: Sequence[Asked], chance: Random) -> tuple[dict[str, list[str]], list[Asked]]:
    """Return the examples of a brand made of some intents, and messages: half of other intents, so uncovered."""
    names = sorted(by_intent(asked))
    chance.shuffle(names)
    size = min(chance.choice((12, 24, 32)), len(names) // 2)
    inside, outside = set(names[:size]), set(names[size : 2 * size])
    each = chance.choice((6, 10, 18, 40))
    own = by_intent(one for one in asked if one.template in inside)
    examples = {name: chance.sample(texts, min(each, 1 + len(texts) // 2)) for name, texts in own.items()}
    used = {text for texts in examples.values() for text in texts}
    left = [one for one in asked if one.template in inside and one.text not in used]
    others = [Asked(one.text, None) for one in asked if one.template in outside]
    half = min(MESSAGES // 2, len(left), len(others))
    return examples, [*chance.sample(left, half), *chance.sample(others, half)]


def brands_apart(data: Path) -> list[tuple[list[Asked], int]]:
    """Return messages from which no embedding learned, of one brand or public set each, and how often to draw."""
    found = [(asked, AGAIN) for name, asked in read_brands().items() if is_apart(name, one_in=BRANDS_APART)]
    for name in PUBLIC:
        asked = read_intents(data / "train" / f"{name}.jsonl.gz", test=False)
        apart = [one for one in asked if one.template and is_apart(one.template, one_in=PUBLIC_APART)]
        found.append((apart, BRANDS))
    return found


def fitted_prior(data: Path, embed: Embedder) -> Odds:
    """Return the odds that fit brands of which nothing was learned; no test split takes part."""
    features, right = [], []
    for asked, often in brands_apart(data):
        chance = Random(1)  # noqa: S311  # no secret is drawn
        for _ in range(often):
            examples, messages = drawn_brand(asked, chance)
            vectors = embed(_texts(examples, messages))
            index = build_index(examples, vectors, version="drawn")
            near = np.stack([index.nearness(vectors[one.text], normalise(one.text)) for one in messages])
            found, best = first_of(near)
            features.append(found)
            right.append(np.array([index.names[i] == one.template for i, one in zip(best, messages, strict=True)]))
    return fit_odds(np.concatenate(features), np.concatenate(right))


def report(data: Path, embed: Embedder, *, examples: Sequence[int], template: float, margin: float) -> str:
    """Return all figures as text."""
    parts = []
    for name in MEASURING:
        for each in examples:
            chosen = benchmark(data, name, embed, each=each)
            parts.append(f"{name}, {each} examples an intent\n{table(chosen, template=template, margin=margin)}")
    asked, chosen = sample_brand(embed)
    measures = ~np.array([chooses(one.text) for one in asked])
    parts.append(f"sample brand, all queries\n{table(chosen, template=template, margin=margin)}")
    half = chosen.only(measures)
    parts.append(f"sample brand, half that measures\n{table(half, template=template, margin=margin)}")
    lowest = lowest_threshold(chosen.only(~measures), margin=margin)
    if lowest is None:
        parts.append(f"on the half that chooses, nowhere {WANTED:.0%} of what is answered is right")
    else:
        parts.append(f"the same half, at what the other chooses\n{table(half, template=lowest, margin=margin)}")
    _, later = sample_brand(embed, LATER)
    parts.append(f"sample brand, queries written later\n{table(later, template=template, margin=margin)}")
    return "\n\n".join(parts)


def main() -> None:
    """Print the figures, or the prior."""
    defaults = ConfidenceSettings()
    parser = argparse.ArgumentParser(prog="python -m models.choosing", description="How templates are chosen.")
    parser.add_argument("data", type=Path, help="the folder that holds train")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="a folder of weights")
    parser.add_argument("--examples", type=int, nargs="+", default=[10, 20], help="examples of each intent")
    parser.add_argument("--template", type=float, default=defaults.template, help="answer from this score on")
    parser.add_argument("--margin", type=float, default=defaults.margin, help="answer from this lead on")
    parser.add_argument("--fit", action="store_true", help="print the odds of brands of which nothing was learned")
    wanted = parser.parse_args()
    embed = Embedder(wanted.weights)
    if wanted.fit:
        sys.stdout.write(f"{fitted_prior(wanted.data, embed)}\n")
        return
    told = report(wanted.data, embed, examples=wanted.examples, template=wanted.template, margin=wanted.margin)
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()

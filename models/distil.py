"""A smaller network that says what larger ones say, for a fraction of the time. Needs the extra ``train``.

``python -m models.distil imitate TEACHER --data FOLDER --out STUDENT`` cuts a trained network down to a few layers
and lets it imitate the whole one on public messages, whatever is known of their labels: every token's last hidden
state, the labels' probabilities and the embedding (as TinyBERT does; Jiao et al., EMNLP 2020).

``python -m models.distil teach STUDENT --teacher TEACHER --data FOLDER --out OUT`` then trains it like any other
network, except that the target of a label lies between what was read and what its teachers say on average (Hinton,
Vinyals & Dean 2015), and that its embedding is to be theirs and to tell apart what wants different answers
(``models.contrast``). ``OUT/weights`` is a finished folder of weights, calibrated like any other.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from bot.domain.prediction import SCORED_LABELS
from models.average import weights_in
from models.dataset import Row, is_held_out, judged_again, read_rows, text_key
from models.intents import learned_from
from models.mixture import RECIPE, set_apart
from models.noise import noisy
from models.normalise import normalise
from models.train import CORPUS, Progress, base_folder, finish, mixture_of, require_torch
from models.transcripts import SPLITS

#: Layers of the teacher that the student begins with, and the places in the inside of each that it keeps. Of all
#: pairs of six layers these were the ones without which embedding and labels changed least.
LAYERS = (0, 2, 4, 5)
WIDTH = 1024
#: What a label says that a teacher gives, against 1 for an annotator's.
TAUGHT = 0.5


def imitate(
    teacher: Path,
    *,
    data: Sequence[Path],
    out: Path,
    layers: Sequence[int] = LAYERS,
    width: int = WIDTH,
    seed: int = 1,
    epochs: int = 2,
    progress: Progress = lambda _what, _share: None,
) -> Path:
    """Train a network of some ``layers`` of the one in ``teacher`` to say what that one says; return ``out``.

    ``teacher``: a folder in which a training has finished. ``data``: as for training, of which no label is used. A
    run that was interrupted continues. Raises ModelError as training does.
    """
    require_torch()
    from models import imitation  # noqa: PLC0415  # needs torch, which a plain install lacks

    out.mkdir(parents=True, exist_ok=True)
    texts = messages(_rows(data), seed=seed)
    imitation.imitate(
        weights_in(teacher),
        texts,
        base=base_folder(),
        out=out,
        layers=layers,
        width=width,
        seed=seed,
        epochs=epochs,
        progress=progress,
    )
    return out


def teach(
    student: Path,
    *,
    teachers: Sequence[Path],
    data: Sequence[Path],
    out: Path,
    trust: float = TAUGHT,
    pace: float = 1.0,
    seed: int = 1,
    epochs: int = 2,
    progress: Progress = lambda _what, _share: None,
) -> Path:
    """Train the network in ``student`` on labels and on what ``teachers`` say; return the folder of weights.

    All are folders in which a training has finished. ``pace`` is a share of the usual rate: a network that was
    taught before may learn what is new more slowly. Otherwise like ``models.train.train``.
    """
    require_torch()
    from models import imitation  # noqa: PLC0415  # as above

    out.mkdir(parents=True, exist_ok=True)
    mixture = mixture_of(data, corpus=CORPUS, seed=seed, limit=None, recipe=RECIPE)
    network = imitation.teach(
        weights_in(student),
        [weights_in(teacher) for teacher in teachers],
        mixture.train,
        intents=learned_from(data),
        base=base_folder(),
        out=out,
        trust=trust,
        pace=pace,
        seed=seed,
        epochs=epochs,
        progress=progress,
    )
    return finish(network, mixture, base=base_folder(), out=out)


def messages(rows: Iterable[Row], *, seed: int) -> list[str]:
    """Return normalised messages to imitate on, each once, and a changed copy of those whose labels were read."""
    known: dict[str, Row] = {}
    for row in rows:
        known.setdefault(text_key(row.text), row)
    each = [row for _, row in sorted(known.items())]
    texts = [row.text for row in each]
    texts += [noisy(row.text, seed=str(seed)) for row in each if was_read(row)]
    return list(dict.fromkeys(text for text in map(normalise, texts) if text))


def was_read(row: Row) -> bool:
    """Say whether every label of ``row`` was decided, by whoever wrote or read it."""
    return len(row.known) == len(SCORED_LABELS) or judged_again(row) is not None


def _rows(data: Sequence[Path]) -> tuple[Row, ...]:
    rows = list(read_rows(data, splits=SPLITS))
    if CORPUS.exists():
        rows += (row for row in read_rows([CORPUS]) if not is_held_out(row.text))
    return set_apart(rows).rows


def main() -> None:
    """Read the command line and distil."""
    parser = argparse.ArgumentParser(prog="python -m models.distil", description=__doc__)
    parser.add_argument("how", choices=("imitate", "teach"))
    parser.add_argument("network", type=Path, help="whom to imitate, or who is taught: the --out of a training")
    parser.add_argument("--teacher", type=Path, action="append", default=[], help="for teach; may be given again")
    parser.add_argument("--data", type=Path, action="append", required=True, help="as for 'heed train'")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trust", type=float, default=TAUGHT, help="for teach: what a teacher's word counts for")
    parser.add_argument("--pace", type=float, default=1.0, help="for teach: a share of the usual rate")
    given = parser.parse_args()
    if given.how == "teach" and not given.teacher:
        parser.error("name at least one --teacher")
    if given.trust < 0 or given.pace <= 0:
        parser.error(f"--trust {given.trust:g} --pace {given.pace:g}: wanted at least 0, and more than 0")
    learn = (
        partial(teach, given.network, teachers=given.teacher, trust=given.trust, pace=given.pace)
        if given.how == "teach"
        else partial(imitate, given.network)
    )
    done = learn(data=given.data, out=given.out, seed=given.seed, epochs=given.epochs, progress=_tell)
    print(done)  # noqa: T201


def _tell(what: str, share: float) -> None:
    print(f"{share:6.1%} {what}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

"""Politeness on the Stanford requests: rules alone, and a small model after 200 labels, top against bottom quartile.

    python -m benchmarks.politeness              (about a minute on one core, less when repeated: embeddings are kept)
    python -m benchmarks.politeness --no-model   the rules alone, in seconds

The requests are split in two halves by a hash of their number. Our own rules were chosen by looking at the **tuning
half** only; of the **held-out half** only the accuracy of the paper's rules was seen before they stood. The rules call
the more polite half of the requests polite (the median needs no label). The model learns from 200 labels, 100 of each
side, of the other half, drawn anew with each seed; the weights of its parts were chosen with a look at both halves,
among choices that differed by less than 0.01.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from benchmarks.harness import SHARED_DATA, Figure
from core import embeddings
from core.errors import FinetoothError
from curation.evidence.tone_learner import features, meaning, measures, off_tone
from curation.evidence.tone_politeness import politeness

FILE = SHARED_DATA / "politeness_stack_exchange.csv.gz"
RULES, LEARNED = 0.60, 0.63
LABELS, SEEDS = 200, 10
HALVES = ("tuning half", "held-out half")


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests and how people judged them.

    Attributes:
        texts: As they were written.
        half: int64 [texts]: 0 = tuning, 1 = held out.
        side: int64 [texts]: 1 = top quartile, 0 = bottom quartile, -1 = between.
    """

    texts: list[str]
    half: NDArray[np.int64]
    side: NDArray[np.int64]


def requests() -> Requests:
    """Read the corpus.

    Raises:
        FinetoothError: It is not beside the checkout.
    """
    if not FILE.exists():
        raise FinetoothError(f"{FILE.name} is not beside this checkout.", f"Put it into {FILE.parent}.")
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores = np.array([float(row["Normalized Score"]) for row in rows])
    low, high = np.quantile(scores, [0.25, 0.75])
    digests = [hashlib.blake2b(row["Id"].encode(), digest_size=4).digest() for row in rows]
    return Requests(
        [row["Request"] for row in rows],
        np.array([int.from_bytes(digest, "big") % 2 for digest in digests]),
        np.where(scores >= high, 1, np.where(scores <= low, 0, -1)),
    )


def rules(found: Requests) -> Iterator[Figure]:
    """The rules alone: the paper's, and with our own."""
    for own, name in ((False, "the paper's rules"), (True, "all rules")):
        scores = np.array([politeness(text, own=own) for text in found.texts])
        for half, half_name in enumerate((*HALVES, "both halves")):
            taken = (found.half == half) | (half == 2)
            known = taken & (found.side >= 0)
            right = (scores[known] > np.median(scores[taken])) == (found.side[known] == 1)
            note = f"{int(known.sum()):,} requests, AUC {area(scores[known], found.side[known]):.3f}"
            bar = RULES if own and half else None
            yield Figure(f"{name}, {half_name}: accuracy", float(right.mean()), bar, note=note)


def learned(found: Requests) -> Iterator[Figure]:
    """After 200 labels: embeddings and profile, learned from one half, tested on the other."""
    quartile = found.side >= 0
    texts = [text for text, known in zip(found.texts, quartile, strict=True) if known]
    half, rude = found.half[quartile], found.side[quartile] == 0
    meant = meaning(texts, kept=embeddings.store())
    seen = features(meant.vectors, measures(texts))
    means: list[float] = []
    for tested in (0, 1):
        rest = half == tested
        right, areas = [], []
        for seed in range(SEEDS):
            drawn = np.random.default_rng(seed)
            sides = [np.flatnonzero(~rest & (rude == side)) for side in (True, False)]
            known = np.concatenate([drawn.choice(side, LABELS // 2, replace=False) for side in sides])
            told = off_tone(seen[known], rude[known], seen[rest])
            right.append(float(np.mean((told >= 0.5) == rude[rest])))
            areas.append(area(told, rude[rest].astype(np.int64)))
        note = (
            f"mean of {SEEDS} draws, {min(right):.3f} to {max(right):.3f}; AUC {np.mean(areas):.3f} "
            f"({min(areas):.3f} to {max(areas):.3f}); {int(rest.sum()):,} requests; {meant.name}"
        )
        means.append(float(np.mean(right)))
        bar = LEARNED if tested else None
        yield Figure(f"after {LABELS} labels, tested on the {HALVES[tested]}: accuracy", means[-1], bar, note=note)
    yield Figure(f"after {LABELS} labels, mean of both: accuracy", float(np.mean(means)), LEARNED)


def area(scores: NDArray[np.float64], side: NDArray[np.int64]) -> float:
    """The area under the ROC curve: how often one of side 1 scores above one of side 0."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(side, scores))


def main() -> int:
    """Measure and print."""
    parser = harness.options("politeness: rules and a small model on the Stanford requests")
    parser.add_argument("--no-model", action="store_true", help="the rules alone")
    chosen = parser.parse_args()
    found = requests()
    figures = [*rules(found), *([] if chosen.no_model else learned(found))]
    remarks = ("Chance is 0.500. Known before: keyword rules 0.59, a linear model on all labels 0.64.",)
    return harness.report("Politeness, top against bottom quartile", figures, remarks)


if __name__ == "__main__":
    harness.run_main(main)

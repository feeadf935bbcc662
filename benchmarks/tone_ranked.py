"""Learning tone from a few marks: real answers of two models, and real clinic notes of which some are made chatty.

    python -m benchmarks.tone_ranked          (about two minutes on one core, less when repeated: embeddings are kept)

* **support**: what a model and its fine-tuned successor answered to the same 70 customers; the successor's answers, of
  visibly another kind, are the off-tone ones. Half of the marks are of each side.
* **clinic**: 300 notes, of which a seeded rule makes 15 % chatty by phrases and words that the check ``tone.norm`` does
  not look for (a third of the marks are of these). This is hard: a phrase or two in a note of fifty words, every other
  of which has not been seen among the marks.

Printed is the AUC on the answers that were not marked, what the cross-validation had promised, and whether the verdict
"good enough to use" was right.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from benchmarks.harness import SHARED_DATA, Figure
from core import embeddings
from core.errors import FinetoothError
from curation.evidence.tone_learner import LEAST_AUC, assess, features, meaning, measures, off_tone, usable

NOTES, SHARE, SEEDS = 300, 0.15, 6
MARKED = (12, 24, 48)
FIRST = 20
OPENINGS = (
    "Right, so here goes: ", "Basically, ", "Well, long story short, ", "Okay, here is the thing: ", "So, to be fair, ",
    "Look, ", "Guess what: ", "Fun fact: ", "Alright, the gist is this: ", "Not gonna lie, ", "Anyhow, ",
    "Here we go: ",
)  # fmt: skip
CLOSINGS = (
    " Pretty wild stuff.", " Nothing to lose sleep over.", " Poor soul.", " Fingers crossed.", " What a day.",
    " All good on that front.", " That about sums it up.", " Rough ride, really.", " Go figure.",
    " Happens to everyone.", " Such is life.", " Quite the story.",
)  # fmt: skip
LOOSE = (
    ("patient", "lady or gent"), ("denies", "swears there is no"), ("reports", "goes on about"),
    ("history", "track record"), ("pain", "nasty ache"), ("very", "super"), ("states", "tells everyone"),
    ("medications", "meds"), ("physician", "doc"), ("mother", "mum"), ("father", "dad"), ("stomach", "tummy"),
)  # fmt: skip

Set = tuple[list[str], NDArray[np.bool_]]


def support() -> Set:
    """140 answers, the second half of which are the other model's."""
    texts: list[str] = []
    for name in ("base", "adapter"):
        path = _there(SHARED_DATA / "customer_support" / f"{name}.json")
        texts += [str(case["output_text"]) for case in json.loads(path.read_text(encoding="utf-8"))]
    return texts, np.arange(len(texts)) >= len(texts) // 2


def clinic(seed: int) -> Set:
    """300 notes of 12 to 90 words, 15 % of them chatty."""
    with _there(SHARED_DATA / "clinic_notes_train.jsonl").open(encoding="utf-8") as file:
        answers = {json.loads(line)["messages"][-1]["content"].strip() for line in file}
    drawn = random.Random(seed)
    texts = drawn.sample(sorted(answer for answer in answers if 12 <= len(answer.split()) <= 90), NOTES)
    off = np.arange(NOTES) < SHARE * NOTES
    return [chatty(text, drawn) if loose else text for text, loose in zip(texts, off, strict=True)], off


def chatty(text: str, drawn: random.Random) -> str:
    """The note in another tone."""
    for plain, loose in LOOSE:
        if drawn.random() < 0.5:
            text = text.replace(plain, loose)
    return drawn.choice(OPENINGS) + text[:1].lower() + text[1:] + drawn.choice(CLOSINGS)


def figures() -> Iterator[Figure]:
    """Both sets, by the number of marks."""
    for name, read, share_off, bar in (
        ("support", lambda seed: support(), 1 / 2, 0.9),
        ("clinic", clinic, 1 / 3, None),
    ):
        sets = [read(seed) for seed in range(SEEDS)]
        for count in MARKED:
            yield _figure(name, sets, count, share_off, bar)


def _figure(name: str, sets: Sequence[Set], count: int, share_off: float, bar: float | None) -> Figure:
    kept = embeddings.store()
    areas, promised, first, verdicts, held = [], [], [], [], 0
    for seed, (texts, off) in enumerate(sets):
        drawn = np.random.default_rng(seed)
        n_off = round(count * share_off)
        known = np.concatenate([
            drawn.choice(np.flatnonzero(off), n_off, replace=False),
            drawn.choice(np.flatnonzero(~off), count - n_off, replace=False),
        ])  # fmt: skip
        rest = np.setdiff1d(np.arange(len(texts)), known)
        seen = features(meaning(texts, kept=kept).vectors, measures(texts))
        quality = assess(seen[known], off[known])
        told = off_tone(seen[known], off[known], seen[rest])
        areas.append(_area(told, off[rest]))
        promised.append(quality.auc)
        held += quality.low <= areas[-1] <= quality.high
        verdicts.append(not usable(quality))
        first.append(float(np.mean(off[rest][np.argsort(-told)[:FIRST]])))
    right = sum(area > LEAST_AUC for area, used in zip(areas, verdicts, strict=True) if used)
    note = (
        f"{min(areas):.3f} to {max(areas):.3f} over {len(sets)} seeds; promised {np.mean(promised):.3f}, within its "
        f"interval in {held}; called usable in {sum(verdicts)}, rightly in {right}; off-tone among the "
        f"first {FIRST}: {np.mean(first):.2f}"
    )
    return Figure(f"{name}, {count} marks: AUC on the rest", float(np.mean(areas)), bar, note=note)


def _there(path: Path) -> Path:
    if not path.exists():
        raise FinetoothError(f"{path.name} is not beside this checkout.", f"Put it into {path.parent}.")
    return path


def _area(scores: NDArray[np.float64], side: NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(side, scores))


def main() -> int:
    """Measure and print."""
    harness.options("tone learned from a few marks").parse_args()
    return harness.report("Tone learned from marks", figures())


if __name__ == "__main__":
    harness.run_main(main)

"""Pairs of texts judged by the rules alone: the swap set, Breaking_NLI, SNLI, and general sentence pairs (SICK)."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import SHARED_DATA, Figure
from benchmarks.swaps import KINDS, Pair
from core.errors import InputError
from curation.clash.base import Clash
from curation.clash.judge import claims_clash, clash_between

SWAP_PRECISION, SWAP_RECALL = 0.95, 0.90
BREAKING_PRECISION, BREAKING_RECALL = 0.90, 0.80
GENERAL_F1 = 0.86
BASELINE_COSINE = 0.60
_NO = re.compile(r"\b(?:no|not|nobody|none|never|nothing|neither|nor|without)\b|n't\b", re.IGNORECASE)


@dataclass(slots=True)
class Tally:
    """Pairs judged, against the truth.

    Attributes:
        hits: Clashing pairs that were found.
        misses: Clashing pairs that were not.
        alarms: Other pairs that were called a clash.
        rest: Other pairs that were not.
    """

    hits: int = 0
    misses: int = 0
    alarms: int = 0
    rest: int = 0

    def add(self, clashes: bool, told: bool) -> None:
        """Count one pair."""
        if clashes:
            self.hits, self.misses = self.hits + told, self.misses + (not told)
        else:
            self.alarms, self.rest = self.alarms + told, self.rest + (not told)

    @property
    def precision(self) -> float | None:
        """Of what was called a clash, the share that is one; None where nothing was."""
        told = self.hits + self.alarms
        return self.hits / told if told else None

    @property
    def recall(self) -> float | None:
        """Of the clashes, the share that was found; None where there are none."""
        clashes = self.hits + self.misses
        return self.hits / clashes if clashes else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        both = 2 * self.hits + self.misses + self.alarms
        return 2 * self.hits / both if both else None

    def figures(self, what: str, bars: tuple[float, float] | None = None) -> Iterator[Figure]:
        """Precision and recall as lines of the table; ``bars`` in that order."""
        least = bars or (None, None)
        yield Figure(
            f"{what}: precision",
            self.precision,
            least[0],
            note=f"{self.alarms} of {self.alarms + self.rest} others flagged",
        )
        yield Figure(f"{what}: recall", self.recall, least[1], note=f"{self.hits} of {self.hits + self.misses}")


def swaps(pairs: Sequence[Pair], shown: list[str]) -> Iterator[Figure]:
    """The swap set, pair by pair through ``clash_between``: precision and recall a kind and over all."""
    tallies = {kind: Tally() for kind in KINDS}
    every = Tally()
    for pair in pairs:
        clash = clash_between(pair.source.answer, pair.answer, asked=pair.source.question)
        for tally in (tallies[pair.kind], every):
            tally.add(pair.clashes, clash is not None)
        if (clash is not None) != pair.clashes:
            shown.append(f"{'MISS ' if pair.clashes else 'FALSE'} {of_pair(pair)}{_why(clash)}")
    for kind, tally in tallies.items():
        yield from tally.figures(f"swap set, {kind}")
    yield from every.figures("swap set, all kinds", (SWAP_PRECISION, SWAP_RECALL))


def of_pair(pair: Pair) -> str:
    """One pair for the eye: kind, form, origin, and where the answers part."""
    return f"{pair.kind}/{pair.form} {pair.source.key}: {parted(pair.source.answer, pair.answer)}"


def parted(left: str, right: str, around: int = 50) -> str:
    """The stretch in which two texts differ, with some words around it."""
    head = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    tail = next(
        (i for i, (a, b) in enumerate(zip(left[head:][::-1], right[head:][::-1], strict=False)) if a != b),
        min(len(left), len(right)) - head,
    )
    low = max(0, head - around)
    one, other = (text[low : min(len(text) - tail + around, low + 6 * around)] for text in (left, right))
    return f"{one!r} -> {other!r}"


def _why(clash: Clash | None) -> str:
    return "" if clash is None else f"  [{clash.reason}: {clash.sentence}]"


def breaking(shown: list[str]) -> Iterator[Figure]:
    """Breaking_NLI, each pair as two answers to one question, by category; SNLI below it."""
    yield from _labelled("pairs_breaking_nli.jsonl.gz", "Breaking_NLI", (BREAKING_PRECISION, BREAKING_RECALL), shown)
    yield from _labelled("pairs_snli_dev.jsonl.gz", "SNLI dev", None, shown)


def _labelled(file: str, name: str, bars: tuple[float, float] | None, shown: list[str]) -> Iterator[Figure]:
    if not (SHARED_DATA / file).exists():
        harness.say(f"{name} is left out: {file} is not beside this checkout.")
        least = bars or (None, None)
        yield Figure(f"{name}: precision", None, least[0], note=f"{file} is not here")
        yield Figure(f"{name}: recall", None, least[1], note=f"{file} is not here")
        return
    tallies: dict[str, Tally] = {}
    every, told = Tally(), Counter[tuple[str, bool]]()
    with gzip.open(SHARED_DATA / file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            clashes = row["label"] == "contradiction"
            clash = clash_between(row["premise"], row["hypothesis"])
            for tally in (tallies.setdefault(row.get("category", ""), Tally()), every):
                tally.add(clashes, clash is not None)
            if clash is not None:
                told[clash.reason, clashes] += 1
            if (clash is not None) != clashes:
                kind = "MISS " if clashes else "FALSE"
                shown.append(
                    f"{kind} {name} {row.get('category', row['label'])}: "
                    f"{row['premise']} / {row['hypothesis']}{_why(clash)}"
                )
    if len(tallies) > 1:
        for category, tally in sorted(tallies.items()):
            if tally.hits + tally.misses:
                others = f"{tally.alarms} of {tally.alarms + tally.rest} others flagged"
                note = f"{tally.hits} of {tally.hits + tally.misses}; {others}"
                yield Figure(f"{name}, {category}: recall", tally.recall, note=note)
            else:
                yield Figure(f"{name}, {category}: flagged", tally.alarms / max(1, tally.rest + tally.alarms),
                             note=f"{tally.alarms} of {tally.alarms + tally.rest}; none clashes")  # fmt: skip
    yield from every.figures(name, bars)
    yield from _reasons(name, told)


def _reasons(name: str, told: Counter[tuple[str, bool]]) -> Iterator[Figure]:
    for reason in sorted({reason for reason, _ in told}):
        right, wrong = told[reason, True], told[reason, False]
        yield Figure(f"{name}, reason {reason}: precision", right / (right + wrong), note=f"{right} of {right + wrong}")


def general(folder: Path | None, shown: list[str]) -> Iterator[Figure]:
    """SICK: contradiction against the rest, on train and trial together and on test, beside the baseline.

    Args:
        folder: Where ``train.txt``, ``trial.txt`` and ``test_annotated.txt`` lie; None = left out.
        shown: Takes the pairs judged wrongly of train and trial; those of test stay unseen.
    """
    if folder is None:
        harness.say("General sentence pairs are left out: name the folder of SICK with --sick FOLDER (see the docs).")
        yield Figure("SICK test: F1", None, GENERAL_F1, note="no --sick FOLDER given")
        return
    for name, files, bar in (
        ("train and trial", ("train.txt", "trial.txt"), None),
        ("test", ("test_annotated.txt",), GENERAL_F1),
    ):
        pairs = [pair for file in files for pair in _sick(folder / file)]
        cosines = _cosines([(left, right) for left, right, _ in pairs])
        rules, near, base = Tally(), Tally(), Tally()
        reasons = Counter[tuple[str, bool]]()
        for (left, right, label), cosine in zip(pairs, cosines, strict=True):
            clashes = label == "CONTRADICTION"
            rules.add(clashes, claims_clash(left, right) is not None)
            clash = claims_clash(left, right, cosine)
            near.add(clashes, clash is not None)
            base.add(
                clashes, (_NO.search(left) is None) != (_NO.search(right) is None) and (cosine or 0) >= BASELINE_COSINE
            )
            if clash is not None:
                reasons[clash.reason, clashes] += 1
            if (clash is not None) != clashes and name != "test":
                shown.append(f"{'MISS ' if clashes else 'FALSE'} SICK {label.lower()}: {left} / {right}{_why(clash)}")
        for how, tally, least in (
            ("rules", rules, None),
            ("rules and embeddings", near, bar),
            (f"baseline (one negated, cosine from {BASELINE_COSINE})", base, None),
        ):
            what = f"SICK {name}, {how}"
            yield from tally.figures(what)
            yield Figure(f"{what}: F1", tally.f1, least)
        yield from _reasons(f"SICK {name}", reasons)


def _sick(file: Path) -> Iterator[tuple[str, str, str]]:
    """Sentence, sentence and label.

    Raises:
        InputError: The file is not there.
    """
    if not file.exists():
        raise InputError(
            f"{file.name} of SICK is not in that folder.",
            "Name the folder that holds train.txt, trial.txt, test_annotated.txt.",
        )
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["sentence_A"], row["sentence_B"], row["entailment_judgment"]


def _cosines(pairs: Iterable[tuple[str, str]]) -> list[float | None]:
    """Cosine of the sentence embeddings of each pair; None, said once, where the model is not at hand."""
    from core import embeddings

    pairs = list(pairs)
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    vectors = embeddings.embed(texts)
    place = {text: number for number, text in enumerate(texts)}
    return [float(vectors[place[left]] @ vectors[place[right]]) for left, right in pairs]

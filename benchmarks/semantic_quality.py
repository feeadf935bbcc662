"""Prints how many paraphrases the semantic pass finds, and what it proposes wrongly, on sets where the truth is known.

    python -m benchmarks.semantic_quality            (about 2 minutes on one core, less when repeated)
    python -m benchmarks.semantic_quality --show     also prints the proposals that nobody planted, to be looked at

The demo set is here; the others lie in ../shared/data and are left out, with a sentence, where they do not.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.ids import example_id
from core.types import Example, Finding, Message
from curation.runner import run_checks

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
WORDED = ["duplicates.exact", "duplicates.near"]
SEED = 0

Pairs = set[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Truth:
    """A set with its planted pairs. ``pairs`` empty = every pair reported is wrong, or at least not planted."""

    name: str
    examples: Sequence[Example]
    pairs: Pairs


def main() -> int:
    """Run every set that is at hand."""
    print(f"{'set':<34} {'rows':>5} {'planted':>7} {'found':>6} {'proposed':>8} {'wrong':>6} {'shown':>6} {'wrong':>6}")
    for name, read in SETS:
        try:
            truth = read()
        except FileNotFoundError as missing:
            print(f"{name}: left out, {Path(str(missing.filename)).name} is not beside this checkout.")
            continue
        report(truth)
    print(
        "planted: of those that the checks by wording leave. wrong: pairs that nobody planted; in the clinic notes and "
        "the\ntemplated rows some of them do say the same, as --show tells."
    )
    return 0


def report(truth: Truth) -> None:
    """One line of figures."""
    started = time.perf_counter()
    unique = list({example.id: example for example in truth.examples}.values())
    worded = {pair for finding in run_checks(unique, WORDED).findings for pair in _pairs_of(finding)}
    found = run_checks(unique, ["duplicates.semantic"])
    proposed = {pair for finding in found.findings if finding.proposal for pair in _pairs_of(finding)}
    shown = {pair for finding in found.findings if not finding.proposal for pair in _pairs_of(finding)}
    planted = {pair for pair in truth.pairs if len(pair) == 2} - worded
    hit = len(planted & (proposed | shown))
    print(
        f"{truth.name:<34} {len(unique):>5} {len(planted):>7} {hit:>6} {len(proposed & planted):>8} "
        f"{len(proposed - planted):>6} {len(shown & planted):>6} {len(shown - planted):>6}   "
        f"{time.perf_counter() - started:.0f} s"
    )
    if planted:
        reported = len(proposed | shown)
        print(f"{'':<34} recall {hit / len(planted):.3f}, precision {hit / max(1, reported):.3f}")
    if "--show" in sys.argv[1:]:
        by_id = {example.id: example for example in unique}
        for pair in sorted(proposed - planted, key=sorted):
            print(*(f"    {by_id[one].prompt[-1].content} => {by_id[one].answer}" for one in sorted(pair)), sep="\n")
    for note in found.notes:
        print(f"{'':<34} note: {note}")


def _pairs_of(finding: Finding) -> Iterable[frozenset[str]]:
    return (frozenset((finding.example_id, other)) for other in finding.related)


def demo() -> Truth:
    """The shipped set with its planted paraphrases."""
    folder = ROOT / "examples"
    rows = [_example(json.loads(line)) for line in _lines(folder / "icd10_coding.jsonl")]
    faults = json.loads((folder / "icd10_coding.faults.json").read_text(encoding="utf-8"))["faults"]
    planted = [fault["rows"] for fault in faults if fault["kind"] == "paraphrased_duplicate"]
    return Truth("demo set", rows, {frozenset(rows[line - 1].id for line in lines) for lines in planted})


def clinic() -> Truth:
    """400 clinic conversations, the same back-translated through French, and 200 others."""
    original = [_example(json.loads(line)) for line in _lines(SHARED / "clinic_notes_train.jsonl")]
    turned = [_example(json.loads(line)) for line in _lines(SHARED / "clinic_notes_backtranslated.jsonl.gz")]
    by_source = {str(example.meta["source_id"]): example for example in original}
    twins = [(by_source[str(example.meta["source_id"]).split()[-1]], example) for example in turned]
    taken = {example.id for twin in twins for example in twin}
    others = [example for example in original if example.id not in taken][:200]
    pairs = {frozenset((one.id, other.id)) for one, other in twins}
    return Truth("clinic notes, back-translated", [e for twin in twins for e in twin] + others, pairs)


def support() -> Truth:
    """70 questions to a help desk, no two of which ask the same."""
    path = SHARED / "customer_support" / "test_cases.json"
    cases = json.loads(path.read_text(encoding="utf-8"))
    return Truth("customer support, none planted", [_example(case) for case in cases], set())


def templated() -> Truth:
    """600 rows made from 20 templates."""
    lines = list(_lines(SHARED / "templated_sft.jsonl.gz"))
    chosen = random.Random(SEED).sample(lines, 600)
    return Truth("templated rows, none planted", [_example(json.loads(line)) for line in chosen], set())


def swaps() -> Truth:
    """Sentences of which one word was swapped, with one answer for both: every proposal is wrong."""
    pairs = [json.loads(line) for line in _lines(SHARED / "pairs_breaking_nli.jsonl.gz")]
    wrong = random.Random(SEED).sample([pair for pair in pairs if pair["label"] == "contradiction"], 300)
    rows = {}
    for number, pair in enumerate(wrong):
        for text in (pair["premise"], pair["hypothesis"]):
            turns = (Message("user", text), Message("assistant", f"Please ask the editor of page {number}."))
            rows[example_id(turns)] = Example(example_id(turns), turns)
    return Truth("swapped words, none may be proposed", list(rows.values()), set())


SETS: tuple[tuple[str, Callable[[], Truth]], ...] = (
    ("demo set", demo),
    ("clinic notes", clinic),
    ("customer support", support),
    ("templated rows", templated),
    ("swapped words", swaps),
)


def _lines(path: Path) -> Iterable[str]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from file


def _example(record: dict[str, Any]) -> Example:
    turns = tuple(Message(turn["role"], turn["content"]) for turn in record["messages"])
    return Example(example_id(turns), turns, record.get("meta", {}))


if __name__ == "__main__":
    sys.exit(main())

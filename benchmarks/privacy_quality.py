"""Prints precision and recall of the privacy checks, kind by kind, on labelled and on made texts, and their cost.

    python -m benchmarks.privacy_quality               (about half a minute on one core)
    python -m benchmarks.privacy_quality --errors      also prints what was missed and what was found wrongly
    python -m benchmarks.privacy_quality --real        also prints each finding in the unlabelled real rows, to be read

A found place and a labelled one of the same kind match where they share a character. Precision: found places that match
a labelled one, among the found. Recall: labelled places that match a found one, among the labelled. "Whole" tells how
many labelled places are covered to the last character, since half a number is still a number.

Each set stands in two folds, by sentence or template: in writing the rules the errors of the first were looked at,
those of the second never, only its totals (the rule for IP addresses was mended after one). Earlier rules for phones
and IBANs were tuned on all of pii_large. Sentences and rules are by one hand; Faker's values are not.
"""

from __future__ import annotations

import gzip
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from benchmarks.harness import SHARED_DATA, Figure, options, report, run_main, say
from benchmarks.privacy_made import Made, made, made_by_faker
from core.types import Example
from curation.checks.base import chat
from curation.readers import read
from curation.runner import run_checks

KINDS = ("email", "phone", "card", "iban", "ssn", "ip", "secret")
BARS = {"email": (0.99, 0.95), "card": (0.99, 0.95), "iban": (0.99, 0.95), "ssn": (0.99, 0.95), "phone": (0.90, 0.80)}
LABELS = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
}  # fmt: skip
ALIKE = {"intlphone": "phone", "usphone": "phone", "password": "secret"}
DRAWS = 40
REAL = (
    "clinic_notes_train.jsonl", "clinic_notes_validation.jsonl", "templated_sft.jsonl.gz",
    "formats/alpaca_en_demo.json", "formats/glaive_toolcall_en_demo.json", "customer_support",
)  # fmt: skip

Places = dict[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of one kind in one set of texts."""

    found: int
    right: int
    labelled: int
    hit: int
    whole: int


def main() -> int:
    """Measure every set that is at hand."""
    parser = options(__doc__ or "")
    parser.add_argument("--errors", action="store_true", help="print the errors of each set's first fold")
    parser.add_argument("--real", action="store_true", help="print each finding in the unlabelled real rows")
    asked = parser.parse_args()
    figures: list[Figure] = []
    remarks: list[str] = []
    for name, texts in _sets(remarks):
        if asked.errors:
            list(_measure(name, [text for text in texts if text.fold == 0], show=True))
        figures += _measure(f"{name}, whole", texts, show=False)
        figures += _measure(f"{name}, unseen fold", [text for text in texts if text.fold == 1], show=False)
    figures += _real(show=asked.real)
    return report("Privacy: precision and recall by kind, and cost", figures, remarks)


def _sets(remarks: list[str]) -> Iterator[tuple[str, list[Made]]]:
    path = SHARED_DATA / "pii_large.json.gz"
    if path.exists():
        rows = json.loads(gzip.decompress(path.read_bytes()))
        yield "pii_large", [
            Made(
                row["full_text"],
                tuple((LABELS[s["entity_type"]], s["start_position"], s["end_position"])
                      for s in row["spans"] if s["entity_type"] in LABELS),
                row["template_id"] % 2,
                str(row["template_id"]),
            )
            for row in rows
        ]  # fmt: skip
    else:
        remarks.append(f"{path.name} is not beside this checkout and was left out.")
    yield "made", made(DRAWS)
    try:
        yield f"made, Faker {version('faker')}", made_by_faker(DRAWS)
    except PackageNotFoundError:
        remarks.append("Faker is not installed; its values were left out. Type: pip install -e '.[bench]'")


def _measure(name: str, texts: Sequence[Made], *, show: bool) -> Iterator[Figure]:
    examples = [chat(made.text, "Noted.") for made in texts]
    started = time.perf_counter()
    findings = run_checks(examples, ["privacy"]).findings
    seconds = time.perf_counter() - started
    places: dict[str, Places] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        places[finding.example_id][finding.reason] += [(span.start, span.end) for span in finding.spans]
    unique = {example.id: text for example, text in zip(examples, texts, strict=True)}
    for kind in KINDS:
        counted = [_count(kind, text, places[example_id][kind], show=show) for example_id, text in unique.items()]
        found, right, labelled, hit, whole = (sum(getattr(c, f) for c in counted) for f in Counted.__slots__)
        if not labelled and not found:
            continue
        precision_bar, recall_bar = BARS.get(kind, (None, None))
        note = f"{right} of {found} found" + ("" if kind in BARS else "; for information")
        yield Figure(f"{name}: {kind} precision", right / found if found else None, precision_bar, note=note)
        if labelled:
            note = f"{hit} of {labelled}, {whole} of them whole"
            yield Figure(f"{name}: {kind} recall", hit / labelled, recall_bar, note=note)
    yield Figure(f"{name}: seconds per 1,000 rows", seconds / max(1, len(texts)) * 1000, note=f"{len(texts)} rows")


def _count(kind: str, text: Made, found: Sequence[tuple[int, int]], *, show: bool) -> Counted:
    labelled = [(start, end) for name, start, end in text.spans if ALIKE.get(name, name) == kind]
    right = [(a, b) for a, b in found if any(a < end and start < b for start, end in labelled)]
    hit = [(start, end) for start, end in labelled if any(a < end and start < b for a, b in found)]
    whole = sum(any(a <= start and end <= b for a, b in found) for start, end in labelled)
    if show:
        wrong = [("missed", place) for place in labelled if place not in hit]
        wrong += [("wrong", place) for place in found if place not in right]
        for what, (start, end) in wrong:
            before, after = text.text[max(0, start - 50) : start], text.text[end : end + 30]
            say(f"{what} {kind}: {before!r} >>{text.text[start:end]}<< {after!r}")
    return Counted(len(found), len(right), len(labelled), len(hit), whole)


def _real(*, show: bool) -> Iterator[Figure]:
    """Rows of which nobody labelled the personal data: how many findings, and the words themselves where asked."""
    for name in REAL:
        path = SHARED_DATA / name
        files = sorted(path.glob("*.json")) if path.is_dir() else [path] if path.exists() else []
        examples: dict[str, Example] = {}
        for file in files:
            examples |= {row.example.id: row.example for row in read(file).rows}
        if not examples:
            yield Figure(f"{name}: findings", None, note="not beside this checkout")
            continue
        started = time.perf_counter()
        done = run_checks(list(examples.values()), ["privacy"])
        seconds = time.perf_counter() - started
        kinds = ", ".join(f"{count} {check.split('.')[1]}" for check, count in done.counts.items() if count)
        yield Figure(f"{name}: findings", len(done.findings), digits=0, note=kinds or "none")
        yield Figure(f"{name}: seconds per 1,000 rows", seconds / len(examples) * 1000, note=f"{len(examples)} rows")
        for finding in done.findings if show else ():
            for span in finding.spans:
                text = examples[finding.example_id].messages[span.turn].content
                before, words = text[max(0, span.start - 60) : span.start], text[span.start : span.end]
                say(f"{name} {finding.reason}: {before!r} >>{words}<< {text[span.end : span.end + 30]!r}")


if __name__ == "__main__":
    run_main(partial(main))

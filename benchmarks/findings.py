"""The duplicate findings of a file, as the public JSON tells them, in rows that can be compared with the truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.exact import Groups, Sides, similarity
from curation.bare import check_file

NAMED = ("duplicates.exact", "duplicates.near", "duplicates.conflict", "duplicates.canned", "duplicates.subset")
"""The checks whose findings put rows into one group."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding. Rows are counted from 0.

    Attributes:
        check: Its full name.
        reason: Its slug.
        rows: All rows that it is about, the one that stays first.
        dropped: The rows that it proposes to drop.
        score: As stated.
    """

    check: str
    reason: str
    rows: tuple[int, ...]
    dropped: tuple[int, ...]
    score: float | None


def check(path: Path) -> list[Found]:
    """Run the duplicate checks over a file by the public function, with default settings."""
    return read(check_file(path, only=("duplicates",)).to_json())


def read(document: Mapping[str, Any]) -> list[Found]:
    """The findings of a document as ``finetooth check --json`` prints it."""
    found = []
    for finding in document["findings"]:
        if finding["check"] in NAMED:
            proposal = finding["proposal"]
            dropped = proposal["rows"] if proposal and proposal["action"] == "drop" else []
            rows = tuple(row - 1 for row in finding["rows"])
            gone = tuple(row - 1 for row in dropped)
            found.append(Found(finding["check"], finding["reason"], rows, gone, finding["score"]))
    return found


def groups(count: int, found: Iterable[Found], *, without: Sequence[str] = ()) -> Groups:
    """The rows joined by findings, those of the checks in ``without`` left aside."""
    joined = Groups(count)
    for finding in found:
        if finding.check not in without:
            joined.join(finding.rows)
    return joined


@dataclass(frozen=True, slots=True)
class Verified:
    """How the findings fared when each pair was recomputed in plain Python.

    Attributes:
        reported: Pairs (row that stays, other row) of duplicates.near, proposals and variants both.
        reported_right: Of these, pairs whose whole conversations reach the threshold.
        exact: Pairs of duplicates.exact.
        exact_right: Of these, pairs equal after normalisation, on both sides.
        dropped: Rows proposed for dropping.
        whole_below, prompt_below, answer_below: Of these, rows whose similarity to the row that stays is under the
            threshold in that view.
        stated: Findings of near-duplicates with a score.
        stated_right: Of these, scores equal to the least recomputed similarity, to 0.005.
    """

    reported: int
    reported_right: int
    exact: int
    exact_right: int
    dropped: int
    whole_below: int
    prompt_below: int
    answer_below: int
    stated: int
    stated_right: int


def verify(sides: Sequence[Sides], found: Iterable[Found]) -> Verified:
    """Recompute every pair that the findings rest on."""
    tally: Counter[str] = Counter()
    for finding in found:
        if not finding.rows:
            continue
        kept = sides[finding.rows[0]]
        if finding.check == "duplicates.exact":
            tally["exact"] += len(finding.rows) - 1
            tally["exact_right"] += sum(sides[row] == kept for row in finding.rows[1:])
        elif finding.check == "duplicates.near":
            scores = [similarity(kept.whole, sides[row].whole) for row in finding.rows[1:]]
            tally["reported"] += len(scores)
            tally["reported_right"] += sum(alike for _, alike in scores)
            if finding.dropped and finding.score is not None:
                tally["stated"] += 1
                tally["stated_right"] += abs(min(score for score, _ in scores) - finding.score) <= 0.005
        for row in finding.dropped:
            tally["dropped"] += 1
            tally["whole_below"] += not similarity(kept.whole, sides[row].whole)[1]
            tally["prompt_below"] += not similarity(kept.prompt, sides[row].prompt)[1]
            tally["answer_below"] += not similarity(kept.answer, sides[row].answer)[1]
    return Verified(**{name: tally[name] for name in Verified.__slots__})


def canonical(document: Mapping[str, Any], lines: Sequence[str]) -> Counter[str]:
    """Findings and notes with rows named by their content: equal for two files that hold the same rows in any order.

    Args:
        document: As ``finetooth check --json`` prints it.
        lines: The lines of the file that was checked.
    """
    result = Counter(f"note: {note}" for note in document["notes"])
    for finding in document["findings"]:
        texts = [lines[row - 1] for row in finding["rows"]]
        proposal = finding["proposal"]
        drops = proposal and [proposal["action"], proposal["safe"], sorted(lines[r - 1] for r in proposal["rows"])]
        told = [finding[name] for name in ("check", "severity", "reason", "message", "score")]
        result[json.dumps([told, texts[:1], sorted(texts), drops])] += 1
    return result

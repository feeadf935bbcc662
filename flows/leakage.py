"""Rows of one file whose twin is in another: a benchmark, a hold-out, an older dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress, no_progress
from core.types import spoken
from curation.bare import FileReport
from curation.kin import NEAR, SHORT
from curation.minhash.bands import Pairs
from curation.minhash.views import View
from curation.readers import ReadResult

MOST_NAMED = 20
"""A finding names this many rows of the other file; its message says how many there are."""


def twins(
    report: FileReport, other: Path, read: ReadResult, *, progress: Progress = no_progress
) -> tuple[list[dict[str, Any]], list[str]]:
    """Findings ``leakage.twin``: rows alike, in their prompt or as a whole, to rows of another file.

    Word 3-grams at Jaccard similarity 0.70, texts under 15 words on character 5-grams at 0.85; every pair verified.
    System prompts do not count.

    Args:
        report: Whose rows are looked at.
        other: The other file's path, as findings name it.
        read: What was read from it; its rejected lines are for the caller to tell.
        progress: Told that the comparison has begun.

    Returns:
        Findings in the public form, with ``related`` naming the other file and its 1-based rows, best first; and notes
        on what was not compared.
    """
    progress("comparing with " + other.name, 0, None)
    ours = report.examples
    theirs = [row.example for row in read.rows]
    line = np.array([row.line for row in read.rows], np.int64)
    hits: dict[int, dict[int, tuple[float, str]]] = {}
    counted: dict[int, int] = {}
    notes: list[str] = []
    for side, texts in (
        ("prompt", [spoken(e.prompt) for e in (*theirs, *ours)]),
        ("conversation", [spoken(e.messages) for e in (*theirs, *ours)]),
    ):
        view = View.of(
            texts, near=NEAR, short=SHORT
        )  # the other file first: its texts lead, ours are compared with them
        pairs = view.pairs()
        if pairs.full_buckets:
            notes.append(
                f"leakage.twin: {pairs.full_buckets:,} buckets of {side}s held more than 64 texts; there each was "
                "compared with the leading texts of its bucket, those of the other file first, not with all."
            )
        for index, (scores, rows, many) in _matches(view, pairs, len(theirs)).items():
            found = hits.setdefault(index, {})
            counted[index] = max(counted.get(index, 0), many)
            for score, row in zip(scores.tolist(), rows.tolist(), strict=True):
                if score > found.get(row, (0.0, ""))[0]:
                    found[row] = (score, side)
    result = []
    for index, matches in sorted(hits.items()):
        best = sorted(matches, key=lambda row: (-matches[row][0], line[row]))[:MOST_NAMED]
        score, side = matches[best[0]]
        on = list(report.lines[ours[index].id])
        many = counted[index]
        more = f" {many:,} rows there are alike; the best {len(best)} are named." if many > len(best) else ""
        result.append(
            {
                "check": "leakage.twin",
                "version": 2,
                "severity": "warn",
                "reason": "twin-in-other-file",
                "message": f"Its {side} is {int(score * 100)}% alike to row {line[best[0]]} of {other.name}.{more}",
                "score": round(score, 4),
                "rows": on,
                "spans": [],
                "proposal": {"action": "drop", "rows": on, "safe": False},
                "related": [{"file": str(other), "row": int(line[row])} for row in best],
            }
        )
    return result, notes


def _matches(view: View, pairs: Pairs, theirs: int) -> dict[int, tuple[NDArray[np.float64], NDArray[np.int64], int]]:
    """For each of our rows (behind the first ``theirs``) that has any: its best matches there, and how many it has."""
    same = np.flatnonzero(view.words > 0)
    left = np.r_[pairs.left, pairs.right, same]
    right = np.r_[pairs.right, pairs.left, same]
    score = np.r_[pairs.score, pairs.score, np.ones(len(same))]
    by_node = np.argsort(view.node[:theirs], kind="stable")
    ordered = view.node[:theirs][by_node]
    begin = np.asarray(np.searchsorted(ordered, right, "left"), np.int64)
    end = np.asarray(np.searchsorted(ordered, right, "right"), np.int64)
    held = np.flatnonzero(end > begin)
    held = held[np.lexsort((-score[held], left[held]))]
    wanted = np.unique(view.node[theirs:])
    first, last = np.searchsorted(left[held], wanted, "left"), np.searchsorted(left[held], wanted, "right")
    of_node = {}
    for node, start, stop in zip(wanted.tolist(), first.tolist(), last.tolist(), strict=True):
        if stop > start:
            many = int((end[held[start:stop]] - begin[held[start:stop]]).sum())
            best = held[start : min(stop, start + MOST_NAMED)]
            ends = np.minimum(end[best], begin[best] + MOST_NAMED)
            rows = np.concatenate([by_node[int(b) : int(e)] for b, e in zip(begin[best], ends, strict=True)])
            scores = np.repeat(score[best], ends - begin[best])
            of_node[node] = scores[:MOST_NAMED], rows[:MOST_NAMED], many
    return {row: of_node[node] for row, node in enumerate(view.node[theirs:].tolist()) if node in of_node}

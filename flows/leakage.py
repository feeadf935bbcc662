"""Rows of one file whose twin is in another: a benchmark, a hold-out, an older dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress, no_progress
from core.types import spoken
from curation.bare import FileReport
from curation.minhash.views import View
from curation.readers import ReadResult
from curation.splits import NEAR, SHORT

MOST_NAMED = 20
"""A finding names this many rows of the other file; its message says how many there are."""


def twins(
    report: FileReport, other: Path, read: ReadResult, *, progress: Progress = no_progress
) -> list[dict[str, Any]]:
    """Findings ``leakage.twin``: rows alike, in their prompt or as a whole, to rows of another file.

    Word 3-grams at Jaccard similarity 0.70, texts under 15 words on character 5-grams at 0.85; every pair verified.
    System prompts do not count.

    Args:
        report: Whose rows are looked at.
        other: The other file's path, as findings name it.
        read: What was read from it; its rejected lines are for the caller to tell.
        progress: Told that the comparison has begun.

    Returns:
        Findings in the public form, with ``related`` naming the other file and its 1-based rows, best first.
    """
    progress("comparing with " + other.name, 0, None)
    ours = report.examples
    theirs = [row.example for row in read.rows]
    line = np.array([row.line for row in read.rows], np.int64)
    hits: dict[int, dict[int, tuple[float, str]]] = {}
    for side, texts in (
        ("prompt", [spoken(e.prompt) for e in (*ours, *theirs)]),
        ("conversation", [spoken(e.messages) for e in (*ours, *theirs)]),
    ):
        for index, (scores, rows) in _matches(View.of(texts, near=NEAR, short=SHORT), len(ours)).items():
            found = hits.setdefault(index, {})
            for score, row in zip(scores.tolist(), rows.tolist(), strict=True):
                if score > found.get(row, (0.0, ""))[0]:
                    found[row] = (score, side)
    result = []
    for index, matches in sorted(hits.items()):
        best = sorted(matches, key=lambda row: (-matches[row][0], line[row]))
        score, side = matches[best[0]]
        on = list(report.lines[ours[index].id])
        more = (
            f" {len(best):,} rows there are alike; the best {MOST_NAMED} are named." if len(best) > MOST_NAMED else ""
        )
        result.append(
            {
                "check": "leakage.twin",
                "version": 2,
                "severity": "warn",
                "reason": "twin-in-other-file",
                "message": f"Its {side} is {score:.0%} alike to row {line[best[0]]} of {other.name}.{more}",
                "score": round(score, 4),
                "rows": on,
                "spans": [],
                "proposal": {"action": "drop", "rows": on, "safe": False},
                "related": [{"file": str(other), "row": int(line[row])} for row in best[:MOST_NAMED]],
            }
        )
    return result


def _matches(view: View, ours: int) -> dict[int, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """For each of the first ``ours`` rows that has any: the scores and places of the other file's rows alike to it."""
    pairs = view.pairs()
    same = np.flatnonzero(view.words > 0)
    left = np.r_[pairs.left, pairs.right, same]
    right = np.r_[pairs.right, pairs.left, same]
    score = np.r_[pairs.score, pairs.score, np.ones(len(same))]
    by_node = np.argsort(view.node[ours:], kind="stable")
    ordered = view.node[ours:][by_node]
    begin = np.asarray(np.searchsorted(ordered, right, "left"), np.int64)
    end = np.asarray(np.searchsorted(ordered, right, "right"), np.int64)
    held = np.flatnonzero(end > begin)
    held = held[np.lexsort((-score[held], left[held]))]
    wanted = np.unique(view.node[:ours])
    first, last = np.searchsorted(left[held], wanted, "left"), np.searchsorted(left[held], wanted, "right")
    of_node = {}
    for node, start, stop in zip(wanted.tolist(), first.tolist(), last.tolist(), strict=True):
        if stop > start:
            runs = held[start:stop]
            rows = np.concatenate([by_node[int(begin[run]) : int(end[run])] for run in runs.tolist()])
            of_node[node] = np.repeat(score[runs], end[runs] - begin[runs]), rows
    return {row: of_node[node] for row, node in enumerate(view.node[:ours].tolist()) if node in of_node}

"""Rows of one file whose twin is in another: a benchmark, a hold-out, an older dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.jobs import Progress, no_progress
from core.types import spoken
from curation.bare import FileReport
from curation.minhash.normalise import normalise
from curation.minhash.views import View
from curation.readers import ReadResult
from curation.splits import NEAR, SHORT


def twins(
    report: FileReport, other: Path, read: ReadResult, *, progress: Progress = no_progress
) -> list[dict[str, Any]]:
    """Findings ``leakage.twin``: rows alike, in their prompt, to rows of another file.

    Word 3-grams at Jaccard similarity 0.70, texts under 15 words on character 5-grams at 0.85; every pair verified.

    Args:
        report: Whose rows are looked at.
        other: The other file's path, as findings name it.
        read: What was read from it; its rejected lines are for the caller to tell.
        progress: Told that the comparison has begun.

    Returns:
        Findings in the public form, with ``related`` naming the other file and its 1-based rows, best first.
    """
    progress("comparing with " + other.name, 0, None)
    rows = read.rows
    theirs = [row.example for row in rows]
    ours = report.examples
    view = View.of([normalise(spoken(e.prompt)) for e in (*ours, *theirs)], near=NEAR, short=SHORT)
    on_node: dict[int, list[int]] = {}
    for index, node in enumerate(view.node.tolist()):
        on_node.setdefault(node, []).append(index)
    left, right, score = view.pairs()
    same = np.arange(len(view.texts))
    hits: dict[int, list[tuple[float, int]]] = {}
    pairs = (
        np.concatenate([left, same]),
        np.concatenate([right, same]),
        np.concatenate([score, np.ones(len(same))]),
    )
    for a, b, alike in zip(*(column.tolist() for column in pairs), strict=True):
        for one, two in ((a, b), (b, a)) if a != b else ((a, b),):
            for i in on_node[one]:
                if i < len(ours):
                    hits.setdefault(i, []).extend(
                        (alike, rows[j - len(ours)].line) for j in on_node[two] if j >= len(ours)
                    )
    found = []
    for index, matches in sorted(hits.items()):
        if not matches or not view.words[view.node[index]]:
            continue
        best = sorted(matches, key=lambda m: (-m[0], m[1]))
        example = ours[index]
        found.append(
            {
                "check": "leakage.twin",
                "version": 1,
                "severity": "warn",
                "reason": "twin-in-other-file",
                "message": f"Its prompt is {best[0][0]:.0%} alike to row {best[0][1]} of {other.name}.",
                "score": round(best[0][0], 4),
                "rows": list(report.lines[example.id]),
                "spans": [],
                "proposal": {"action": "drop", "rows": list(report.lines[example.id]), "safe": False},
                "related": [{"file": str(other), "row": line} for _, line in best],
            }
        )
    return found

"""Subjects that crowd the set or hardly occur in it: clusters of prompts that are far too large or nearly empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.coverage import Cluster, CoverageMap, coverage_map

CROWDED = 0.50
"""Share of the prompts from which one cluster crowds the set."""

THIN = 0.20
"""Below this part of an even share a cluster is nearly empty."""

LISTED = 50
"""Examples that a finding names at the most; it says how many there are."""


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    drawn = batch.shared(coverage_map)
    if drawn is None:
        return
    even = len(drawn.ids) / len(drawn.clusters)
    for cluster in drawn.clusters:
        if cluster.share >= CROWDED and len(drawn.clusters) > 2:
            advice = "The model will see little else; thin it out, or add prompts about the rest."
            yield _finding(drawn, cluster, "crowded", f"is about one thing. {advice}", cluster.share)
        elif cluster.size < THIN * even:
            advice = "Too little to learn from: add more like them, or leave them out."
            yield _finding(drawn, cluster, "thin", f"is all there is about it. {advice}", 1 - cluster.size / even)


def _finding(drawn: CoverageMap, cluster: Cluster, reason: str, says: str, score: float) -> Finding:
    """One finding a cluster; it stands with its most typical example, the others follow, most typical first."""
    members = np.flatnonzero(drawn.cluster == cluster.number)
    order = members[np.lexsort((members, -np.round(drawn.typical[members], 5)))]
    ids = [drawn.ids[place] for place in order[:LISTED]]
    listed = f" ({len(ids)} of them are listed)" if cluster.size > len(ids) else ""
    share = f"{cluster.share:.1%}" if cluster.share < 0.01 else f"{cluster.share:.0%}"
    return Finding(
        ids[0],
        "coverage.cluster",
        "info",
        reason,
        f"“{cluster.name}”: {cluster.size:,} of {len(drawn.ids):,} prompts ({share}){listed}; that {says}",
        round(float(np.clip(score, 0, 1)), 4),
        related=tuple(ids[1:]),
    )


_SUBJECTS = (
    "invoice payment refund card bank", "password login account reset email", "parcel delivery courier address late",
    "menu recipe oven flour butter", "train ticket seat station platform", "garden rose soil pruning compost",
)  # fmt: skip


def _about(subject: int, many: int) -> tuple[Example, ...]:
    """Prompts about one subject: four of its five words each."""
    words = _SUBJECTS[subject].split()
    return tuple(
        chat(
            f"{words[i % 5]} and {words[(i + 1) % 5]}, {words[(i + 2) % 5]} or {words[(i + 3) % 5]} ({i})?",
            f"It is {i}.",
        )
        for i in range(many)
    )


_EVEN = tuple(example for subject in range(6) for example in _about(subject, 40))

CLUSTER = Check(
    name="coverage.cluster",
    version=1,
    title="Subjects that crowd the set, or hardly occur in it",
    run=_run,
    catches=(
        (*_EVEN, *_about(0, 400)),
        tuple(example for subject in range(5) for example in _about(subject, 60)) + _about(5, 4),
    ),
    passes=(_EVEN, _EVEN[:90], ()),
    about="The last requests are put into up to 40 clusters, alike ones merged: by words (TF-IDF, truncated SVD, "
    "spherical k-means) or, with semantic = true, by sentence embeddings. A cluster with half of all prompts crowds "
    "the set; one with less than a fifth of an even share is nearly empty. Needs 100 prompts; of more than 20,000 "
    "(5,000 by embeddings) a sample of that size is looked at, and a note says so. The map is on the page.",
)

"""The leak certificate: what was compared after a split, what was found, and what was done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import write_json
from curation.draw import Drawn
from curation.kin import NEAR, SHORT, Kin
from curation.rescan import crossing
from curation.reworded import LETTERS, LETTERS_DOUBT, MEANING, MEANING_DOUBT

NAMES = ("train", "holdout", "test", "quarantine")
OUT = 3  # quarantined rows stand on no side
Index = NDArray[np.int64]
Sides = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scan after the split found.

    Attributes:
        kinds: By kind of likeness, pairs of rows (int64 [pairs, 2]) on two sides.
        compared: Pairs of texts compared exactly.
        not_compared: Pairs of texts that were too many to be compared.
    """

    kinds: Mapping[str, Index]
    compared: int
    not_compared: int


def quarantine(drawn: Drawn, kin: Sequence[Kin]) -> tuple[Sides, Scanned]:
    """Scan for rows on two sides that are alike, and take the held-out one of each pair out of its side.

    It goes to no other side. Texts are compared exhaustively (``curation.rescan``); sources, turns and questions in
    other words are looked up.
    """
    sides = drawn.sides
    kinds: dict[str, Index] = {}
    compared = not_compared = 0
    for one in kin:
        if one.view is None:
            left, right = one.left, one.right
        else:
            found = crossing(one.view, _bits(sides, one, len(one.view.words)))
            compared, not_compared = compared + found.compared, not_compared + found.not_compared
            left, right = found.left, found.right
        pairs = _rows_across(one, left, right, sides)
        kinds[one.name] = np.concatenate([kinds.get(one.name, np.empty((0, 2), np.int64)), pairs])
    kinds["reworded"] = np.stack([drawn.left, drawn.right], axis=1)[sides[drawn.left] != sides[drawn.right]]
    kept = sides.copy()
    for pairs in kinds.values():
        for a, b in pairs.tolist():
            if kept[a] != kept[b] and OUT not in (kept[a], kept[b]):
                kept[a if kept[a] else b] = OUT
    return kept, Scanned(kinds, compared, not_compared)


def certificate(
    sides: Sides,
    scanned: Scanned,
    drawn: Drawn,
    plan: Mapping[str, Any],
    *,
    n_groups: int,
    n_pinned: int,
    random_share: float,
) -> dict[str, Any]:
    """The certificate of a split, as it is stored with the revision and written as JSON.

    ``cross_pairs`` counts the look-alikes that are left on two sides; it passes where there are none and no side is
    empty.

    Args:
        sides: uint8 [rows], after the scan.
        scanned: What the scan found.
        drawn: What had been drawn.
        plan: What was asked for.
        n_groups: Groups of two rows or more that stayed together.
        n_pinned: Rows held out since they, or kin of theirs, were rated.
        random_share: Share of hold-out rows that would have kin in training under a split by rows.
    """
    count = {name: int((sides == number).sum()) for number, name in enumerate(NAMES)}
    asked = {NAMES[one.side]: one.wanted for one in drawn.sized}
    between = []
    for first, second in combinations([0, *(one.side for one in drawn.sized)], 2):
        kinds = {kind: _across(pairs, sides, first, second) for kind, pairs in scanned.kinds.items()}
        between.append({"splits": [NAMES[first], NAMES[second]], "cross_pairs": sum(kinds.values()), **kinds})
    cross = sum(_across(pairs, sides) for pairs in scanned.kinds.values())
    words: dict[str, Any] = {"measure": plan["paraphrases"]}
    if plan["paraphrases"] != "off":
        words |= {"together_from_tfidf_cosine": LETTERS, "apart_from_tfidf_cosine": LETTERS_DOUBT}
    if plan["paraphrases"] == "meaning":
        words |= {"together_from_embedding_cosine": MEANING, "apart_from_embedding_cosine": MEANING_DOUBT}
    return {
        "passed": cross == 0 and count["train"] > 0 and all(count[name] > 0 for name in asked),
        "cross_pairs": cross,
        "between": between,
        "thresholds": {"word_3_jaccard": NEAR, "short_text_character_5_jaccard": SHORT},
        "paraphrases": words,
        "scan": {
            "exhaustive": scanned.not_compared == 0,
            "pairs_compared": scanned.compared,
            "pairs_not_compared": scanned.not_compared,
        },
        "n_train": count["train"],
        "n_holdout": count["holdout"],
        "n_holdout_wanted": asked["holdout"],
        "n_test": count["test"],
        "n_test_wanted": asked.get("test", 0),
        "n_quarantined": count["quarantine"],
        "n_passed_over_as_reworded": drawn.n_passed_over,
        "n_held_out_since_rated": n_pinned,
        "n_strata": max(one.n_strata for one in drawn.sized),
        "largest_deviation_of_a_stratum": max(one.largest_deviation for one in drawn.sized),
        "groups_kept_together": n_groups + drawn.n_coupled,
        "random_split_leak_share": round(random_share, 4),
        "plan": dict(plan),
    }


def write_certificate(path: Path, revision_id: str, proof: Mapping[str, Any]) -> None:
    """Write a certificate as a JSON file that says which revision it is about."""
    write_json(path, {"revision": revision_id, **proof})


def _bits(sides: Sides, kin: Kin, nodes: int) -> Sides:
    """The sides on which each node has rows, one bit each."""
    out = np.zeros(nodes, np.uint8)
    real = kin.node < nodes
    np.bitwise_or.at(out, kin.node[real], np.uint8(1) << sides[real])
    return out


def _rows_across(kin: Kin, left: Index, right: Index, sides: Sides) -> Index:
    """One pair of rows for each pair of sides on which a node, or a pair of nodes, stands: int64 [pairs, 2]."""
    order = np.lexsort((sides, kin.node))
    node, side = kin.node[order], sides[order]
    fresh = np.r_[True, (node[1:] != node[:-1]) | (side[1:] != side[:-1])][: len(node)]
    pairs: list[tuple[int, int]] = []
    several = np.flatnonzero(np.bincount(node[fresh]) > 1)
    ends = zip(np.r_[several, left].tolist(), np.r_[several, right].tolist(), strict=True)
    for a, b in ends:
        ours = order[np.searchsorted(node, a, "left") : np.searchsorted(node, a, "right")]
        theirs = ours if a == b else order[np.searchsorted(node, b, "left") : np.searchsorted(node, b, "right")]
        pairs += [(x, y) for x in ours.tolist() for y in theirs.tolist() if sides[x] != sides[y] and (a != b or x < y)]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _across(pairs: Index, sides: Sides, first: int | None = None, second: int | None = None) -> int:
    """How many pairs stand on these two sides now, or on any two."""
    a, b = sides[pairs[:, 0]], sides[pairs[:, 1]]
    if first is None:
        return int(((a != b) & (a != OUT) & (b != OUT)).sum())
    return int((((a == first) & (b == second)) | ((a == second) & (b == first))).sum())

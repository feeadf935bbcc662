"""A hold-out that nothing in the training set gives away: whole groups of look-alikes go to one side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.types import Example, spoken
from curation.minhash.views import View

NEAR = 0.70
SHORT = 0.85
SOURCE_KEYS = ("source_id", "conversation_id", "document_id")


@dataclass(frozen=True, slots=True)
class Split:
    """Which examples are held out, and the proof that none has a look-alike in training.

    Attributes:
        holdout: Ids of the held-out examples.
        n_train: Number of the others.
        cross_pairs: Pairs of look-alikes with one side in each, found by the scan after the split.
        random_leak_share: Share of hold-out examples with a look-alike in training, had the split ignored the groups
            (mean over five seeded random splits of the same size).
        wanted: The size asked for.
        groups: Number of groups that had to stay together (of two examples or more).
    """

    holdout: frozenset[str]
    n_train: int
    cross_pairs: int
    random_leak_share: float
    wanted: int
    groups: int


def look_alikes(examples: Sequence[Example]) -> set[tuple[int, int]]:
    """Pairs (i < j) of examples alike in their prompt or as a whole, or from the same source document.

    Word 3-grams at Jaccard similarity 0.70; texts under 15 words on character 5-grams at 0.85. Every pair is verified.
    Only as many pairs are listed as connect a group: identical texts form a chain.
    """
    pairs: set[tuple[int, int]] = set()
    prompts = [spoken(e.prompt) for e in examples]
    wholes = [spoken(e.messages) for e in examples]
    for texts in (prompts, wholes):
        view = View.of(texts, near=NEAR, short=SHORT)
        leader = view.first[view.node]
        copies = np.flatnonzero(leader != np.arange(len(texts)))
        pairs.update(zip(leader[copies].tolist(), copies.tolist(), strict=True))
        found = view.pairs()
        pairs.update(zip(view.first[found.left].tolist(), view.first[found.right].tolist(), strict=True))
    by_source: dict[tuple[str, str], int] = {}
    for index, example in enumerate(examples):
        for key in SOURCE_KEYS:
            if example.meta.get(key) not in (None, ""):
                start = by_source.setdefault((key, str(example.meta[key])), index)
                if start != index:
                    pairs.add((start, index))
    return pairs


def split(
    examples: Sequence[Example], *, holdout_share: float = 0.1, holdout_size: int | None = None, seed: int = 0
) -> Split:
    """Choose a hold-out by whole groups of look-alikes, in step with the system prompts.

    Args:
        examples: The dataset, in order.
        holdout_share: Share of examples to hold out, in (0, 0.5].
        holdout_size: Number of examples to hold out, instead of a share.
        seed: Decides which groups are drawn; the same seed draws the same groups on every machine.

    Raises:
        InputError: The share or size makes no sense for this dataset.
    """
    if not 0 < holdout_share <= 0.5:
        raise InputError(
            f"A hold-out share of {holdout_share:g} is not possible.", "Give a share over 0 and at most 0.5."
        )
    wanted = holdout_size if holdout_size is not None else round(len(examples) * holdout_share)
    if wanted < 1 or wanted > len(examples) // 2:
        raise InputError(
            f"A hold-out of {wanted} of {len(examples)} examples is not possible.",
            "Ask for at least one example and at most half of them.",
        )
    pairs = look_alikes(examples)
    groups = _groups(len(examples), pairs)
    held = _draw(examples, groups, wanted, seed)
    cross = sum((i in held) != (j in held) for i, j in pairs)
    return Split(
        holdout=frozenset(examples[i].id for i in held),
        n_train=len(examples) - len(held),
        cross_pairs=cross,
        random_leak_share=_random_leak(len(examples), groups, len(held), seed),
        wanted=wanted,
        groups=sum(len(g) > 1 for g in groups),
    )


def certificate(made: Split) -> dict[str, object]:
    """The leak certificate of a split, as stored with the revision."""
    return {
        "passed": made.cross_pairs == 0 and len(made.holdout) > 0,
        "cross_pairs": made.cross_pairs,
        "thresholds": {"word_3_jaccard": NEAR, "short_text_character_5_jaccard": SHORT},
        "n_train": made.n_train,
        "n_holdout": len(made.holdout),
        "n_holdout_wanted": made.wanted,
        "groups_kept_together": made.groups,
        "random_split_leak_share": round(made.random_leak_share, 4),
    }


def _groups(size: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected components, each in order, ordered by their first member."""
    parent = list(range(size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    members: dict[int, list[int]] = {}
    for i in range(size):
        members.setdefault(root(i), []).append(i)
    return list(members.values())


def _draw(examples: Sequence[Example], groups: Sequence[list[int]], wanted: int, seed: int) -> set[int]:
    """Fill each stratum's share with groups in an order that only content and seed decide; never overshoot."""

    def lot(group: Sequence[int]) -> bytes:
        text = f"{seed}:{examples[group[0]].id}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()

    strata: dict[str, list[list[int]]] = {}
    for group in sorted(groups, key=lot):
        strata.setdefault(_stratum(examples[group[0]]), []).append(group)
    held: set[int] = set()
    shares = _shares({name: sum(map(len, found)) for name, found in strata.items()}, wanted)
    for name in sorted(strata):
        room = shares[name]
        for group in strata[name]:
            if len(group) <= room:
                held.update(group)
                room -= len(group)
    return held


def _stratum(example: Example) -> str:
    first = example.messages[0] if example.messages else None
    return first.content if first and first.role == "system" else ""


def _shares(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """Divide ``wanted`` in proportion to the sizes (largest remainder)."""
    total = sum(sizes.values())
    exact = {name: wanted * size / total for name, size in sizes.items()}
    shares = {name: int(value) for name, value in exact.items()}
    rest = sorted(sizes, key=lambda name: (shares[name] - exact[name], name))
    for name in rest[: wanted - sum(shares.values())]:
        shares[name] += 1
    return shares


def _random_leak(size: int, groups: Sequence[list[int]], n_holdout: int, seed: int) -> float:
    """Share of hold-out rows that would have a look-alike in training under a split by rows (mean of five)."""
    group_of = np.empty(size, np.int64)
    for number, group in enumerate(groups):
        group_of[group] = number
    leaks = []
    for turn in range(5):
        order = np.random.default_rng([seed, turn]).permutation(size)
        held, kept = group_of[order[:n_holdout]], group_of[order[n_holdout:]]
        leaks.append(float(np.isin(held, kept).mean()) if n_holdout else 0.0)
    return float(np.mean(leaks))

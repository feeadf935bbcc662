"""Which side each model stands on, and in which order a rater sees the pairs: drawn from a seed, then balanced.

Nothing here is random at run time: a reload shows the same sides and the same order.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

Side = Literal["left", "right"]


def rank(seed: int, *parts: str) -> bytes:
    """A pseudo-random rank: SHA-256 of the seed and the parts, length-prefixed so that boundaries count."""
    h = hashlib.sha256(str(seed).encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        h.update(len(data).to_bytes(8, "big"))
        h.update(data)
    return h.digest()


def flipped(side: Side) -> Side:
    """The other side."""
    return "right" if side == "left" else "left"


def tuned_sides(seed: int, items: Sequence[str], raters: Sequence[str], rater: str) -> Mapping[str, Side]:
    """The side on which a rater sees the tuned model, for every item.

    Each rater sees it left in half of the items (± 1). Raters are taken in pairs, in the order in which they joined:
    the second of a pair sees every item the other way round, so that over an even number of raters each prompt has
    the tuned model left exactly half of the time.

    Args:
        seed: The study's.
        items: All item ids.
        raters: Everyone who joined, in order; it only grows, so sides once drawn stay.
        rater: One of ``raters``.
    """
    place = list(raters).index(rater)
    return _sides(seed, tuple(items), raters[place - place % 2], place % 2 == 1)


@functools.lru_cache(maxsize=64)
def _sides(seed: int, items: tuple[str, ...], leader: str, mirrored: bool) -> Mapping[str, Side]:
    """Drawn once a process: a desk asks again with every vote."""
    ordered = sorted(items, key=lambda item: rank(seed, "side", item, leader))
    half = len(ordered) // 2
    if len(ordered) % 2 and rank(seed, "odd", leader)[0] % 2:
        half += 1
    left = set(ordered[:half])
    return MappingProxyType({item: "left" if (item in left) != mirrored else "right" for item in items})


def item_order(seed: int, items: Sequence[str], rater: str, strata: Sequence[str] = ()) -> tuple[str, ...]:
    """The order in which a rater sees the items: a shuffle of their own.

    Args:
        seed: The study's.
        items: All item ids.
        rater: Whose order.
        strata: What kind each item is of, in the order of ``items``; the kinds are spread evenly over the order, so
            that whoever stops early has seen of each about its share. Empty = all of one kind.
    """
    return _order(seed, tuple(items), rater, tuple(strata) or ("",) * len(items))


@functools.lru_cache(maxsize=64)
def _order(seed: int, items: tuple[str, ...], rater: str, strata: tuple[str, ...]) -> tuple[str, ...]:
    kind_of = dict(zip(items, strata, strict=True))
    shuffled = sorted(items, key=lambda item: rank(seed, "order", item, rater))
    size, seen = Counter(strata), Counter[str]()
    start = {kind: int.from_bytes(rank(seed, "stratum", kind, rater)[:4]) / 2**32 for kind in size}
    place: dict[str, float] = {}
    for item in shuffled:
        kind = kind_of[item]
        place[item] = (seen[kind] + start[kind]) / size[kind]
        seen[kind] += 1
    return tuple(sorted(shuffled, key=place.__getitem__))


def sample(seed: int, ids: Sequence[str], n: int) -> list[str]:
    """Draw ``n`` of the ids (all, where there are fewer), without regard to their order."""
    return sorted(ids, key=lambda one: rank(seed, "sample", one))[:n]

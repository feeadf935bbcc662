"""Draws hold-out and test set: whole groups, stratum by stratum, in an order that only content and seed decide."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Example
from curation.reworded import AHEAD, Cousin, Cousins

Index = NDArray[np.int64]
FEW = "\0few"


@dataclass(frozen=True, slots=True)
class Sized:
    """How well a side's size was met: what was wanted, in how many strata, and the largest deviation of one."""

    side: int
    wanted: int
    n_strata: int
    largest_deviation: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn.

    Attributes:
        sides: uint8 [rows]: 0 = training, 1 = hold-out, 2 = test set.
        sized: For each side that was wanted.
        n_passed_over: Rows met on the way that stay in training, since others ask the same in other words.
        n_coupled: Groups drawn together with another that asks the same in other words.
        left, right: int64 [pairs]: drawn rows, and rows that may ask the same.
    """

    sides: NDArray[np.uint8]
    sized: tuple[Sized, ...]
    n_passed_over: int
    n_coupled: int
    left: Index
    right: Index


def lots(examples: Sequence[Example], group: Index, seed: int) -> list[int]:
    """The groups' numbers in the order of their lots; a lot depends on the seed and on what the group holds."""
    least: dict[int, str] = {}
    for number, example in zip(group.tolist(), examples, strict=True):
        if number not in least or example.id < least[number]:
            least[number] = example.id
    return sorted(least, key=lambda number: (lot(seed, least[number]), least[number]))


def lot(seed: int, text: str) -> bytes:
    """A draw of chance that is the same on every machine."""
    return hashlib.blake2b(f"{seed}:{text}".encode("utf-8", "backslashreplace"), digest_size=8).digest()


def draw(
    examples: Sequence[Example],
    group: Index,
    ordered: Sequence[int],
    wanted: Sequence[int],
    seed: int,
    by: str | None,
    pinned: NDArray[np.bool_],
    cousins: Cousins,
) -> Drawn:
    """Fill each side with whole groups, never over the size wanted.

    A group that others may ask in other words stays in training, unless there is one such other, each is the other's
    only one and the likeness is sure: the two are drawn together.

    Args:
        examples: The rows.
        group: int64 [rows]: who must stay together.
        ordered: The groups in the order of their lots.
        wanted: Rows of the hold-out, and of the test set (0 = none).
        seed: Of the lots.
        by: A field of the meta that makes strata, beside the system prompts.
        pinned: bool [rows]: whole groups that are held out whatever their lot.
        cousins: Who asks the same in other words.
    """
    members: dict[int, list[int]] = {}
    for row, number in enumerate(group.tolist()):
        members.setdefault(number, []).append(row)
    names = {
        number: _stratum(min((examples[r] for r in rows), key=lambda e: e.id), by) for number, rows in members.items()
    }
    stratum = _strata(names, members, sum(wanted))
    total: dict[str, int] = {}
    for number, rows in members.items():
        total[stratum[number]] = total.get(stratum[number], 0) + len(rows)
    sides = np.zeros(len(examples), np.uint8)
    sides[pinned] = 1
    free = [number for number in ordered if not pinned[members[number][0]]]
    ahead = max(16, min(AHEAD, 2 * sum(wanted)))
    sized = []
    passed_over = coupled = 0

    def outside(number: int, ahead: int) -> dict[int, Cousin]:
        best: dict[int, Cousin] = {}
        for row in members[number]:
            for cousin in cousins.of(row, ahead):
                other = int(group[cousin.row])
                if other != number and (other not in best or cousin.score > best[other].score):
                    best[other] = cousin
        return best

    def unit_of(number: int) -> tuple[int, ...]:
        others = outside(number, ahead)
        if not others:
            return (number,)
        (partner, cousin), *more = others.items()
        known = not more and cousin.sure and sides[members[partner][0]] == 0
        return (number, partner) if known and outside(partner, 1).keys() <= {number} else ()

    for side, size in enumerate(wanted, 1):
        if size == 0:
            continue
        shares = _shares(total, size, seed)
        held = dict.fromkeys(total, 0)
        for row in np.flatnonzero(sides == side).tolist():
            held[stratum[int(group[row])]] += 1
        room = size - sum(held.values())
        for by_stratum in (True, False):  # what no group of its stratum fits is filled from the others
            left = []
            for number in free:
                name, many = stratum[number], len(members[number])
                if sides[members[number][0]]:
                    continue
                if many > room or (by_stratum and held[name] + many > shares[name]):
                    left.append(number)
                    continue
                unit = unit_of(number)
                if not unit:
                    passed_over += many
                    continue
                rows = [row for part in unit for row in members[part]]
                if len(rows) > room:
                    left.append(number)
                    continue
                sides[rows] = side
                for part in unit:
                    held[stratum[part]] += len(members[part])
                room -= len(rows)
                coupled += len(unit) - 1
            free = left
        worst = max(abs(held[name] - shares[name]) for name in total)
        sized.append(Sized(side, size, len(total), worst))
    pairs = [(row, cousin.row) for row in np.flatnonzero(sides).tolist() for cousin in cousins.of(row, 1)]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Drawn(sides, tuple(sized), passed_over, coupled, both[:, 0], both[:, 1])


def _stratum(example: Example, by: str | None) -> str:
    first = example.messages[0] if example.messages else None
    system = first.content if first and first.role == "system" else ""
    return system if by is None else f"{example.meta.get(by, '')}\n{system}"


def _strata(names: Mapping[int, str], members: Mapping[int, Sequence[int]], wanted: int) -> dict[int, str]:
    """The stratum of each group; those too small for one example of the sides wanted are one together."""
    size: dict[str, int] = {}
    for number, name in names.items():
        size[name] = size.get(name, 0) + len(members[number])
    total = sum(size.values())
    return {number: name if size[name] * wanted >= total else FEW for number, name in names.items()}


def _shares(sizes: Mapping[str, int], wanted: int, seed: int) -> dict[str, int]:
    """Divide ``wanted`` in proportion to the sizes (largest remainder, ties by lot)."""
    total = sum(sizes.values())
    exact = {name: wanted * size / total for name, size in sizes.items()}
    shares = {name: int(value) for name, value in exact.items()}
    rest = sorted(sizes, key=lambda name: (shares[name] - exact[name], lot(seed, name), name))
    for name in rest[: wanted - sum(shares.values())]:
        shares[name] += 1
    return shares

"""How the examples of a batch resemble each other: worked out once, read by the duplicate and contradiction checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.sides import Sides, ask_of, prompt_side, sides
from curation.evidence.signs import meaning, same_meaning
from curation.minhash.bands import Pairs
from curation.minhash.clusters import centres, runs
from curation.minhash.sketch import Column, sketch
from curation.minhash.views import View, distinct

ASK_NEAR, ASK_SHORT, ASK_SHORT_WORDS, ASK_BORDER_WORDS = 0.5, 0.6, 60, 90
_CHUNK = 50_000
_NO_BANDS = np.empty((0, 32), np.uint32)

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unit:
    """Examples that are equal after normalisation, in the system prompt, on the prompt's side and in the answer.

    Attributes:
        examples: Best first: the one to keep, then the copies.
        prompt: Raw text of all turns before the answer but the system's, of the one to keep.
        ask: Raw last user turn, without the context above its last paragraph.
        answer: Raw answer.
    """

    examples: list[Example]
    prompt: str
    ask: str
    answer: str


class Units(Sequence[Unit]):
    """The units of a batch in order of rank, made when they are looked at.

    Attributes:
        rows: int64: the rows of all units, unit after unit, best first.
        starts: int64 [units + 1].
    """

    def __init__(self, examples: Sequence[Example], rows: Index, starts: Index) -> None:
        self._examples = examples
        self.rows = rows
        self.starts = starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> Unit: ...

    @overload
    def __getitem__(self, index: slice) -> list[Unit]: ...

    def __getitem__(self, index: int | slice) -> Unit | list[Unit]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        examples = self.examples(index)
        best = examples[0]
        return Unit(examples, prompt_side(best), ask_of(best), best.answer)

    def first(self, unit: int) -> Example:
        """The example of a unit that should stay."""
        return self._examples[int(self.rows[self.starts[unit]])]

    def examples(self, unit: int) -> list[Example]:
        """All examples of a unit, best first."""
        return [self._examples[row] for row in self.rows[self.starts[unit] : self.starts[unit + 1]].tolist()]

    def first_ids(self, units: Index) -> list[str]:
        """The id of the example of each unit that should stay."""
        return [self._examples[row].id for row in self.rows[self.starts[units]].tolist()]

    def all_rows(self, units: Index) -> tuple[Index, Index]:
        """The rows of all examples of some units, unit after unit, and where in ``units`` each one's unit stands."""
        owner, rows = _expand(self.starts[units], self.starts[units + 1])
        return self.rows[rows], owner

    def ids(self, units: Index, starts: Index) -> list[tuple[str, ...]]:
        """The ids of all examples of each run of units; a run ends where the next one begins."""
        rows, owner = self.all_rows(units)
        every = [self._examples[row].id for row in rows.tolist()]
        begin = np.searchsorted(owner, starts).tolist()
        return [tuple(every[start:stop]) for start, stop in pairwise([*begin, len(every)])]


@dataclass(slots=True)
class Relations:
    """Units, the three views of them, and the verified edges between them.

    Attributes:
        units: In order of rank: the row that should stay first.
        whole, prompt, answer: Views over the units.
        pairs: All pairs of units whose whole conversations are alike, or resemble each other from the floor on.
        left, right, whole_score: Those of them that reach the threshold.
    """

    units: Units
    sides: Sides
    whole: View
    prompt: View
    answer: View
    pairs: Pairs
    left: Index
    right: Index
    whole_score: NDArray[np.float64]
    _note: Callable[[str], None]
    _near: dict[str, Pairs] = field(default_factory=dict)
    _read: dict[tuple[str, int, int], bool] = field(default_factory=dict)
    _questions: list[list[int]] | None = None
    _asked: tuple[Mask, Mask] | None = None

    @property
    def asked(self) -> tuple[Mask, Mask]:
        """Of the pairs ``left``, ``right``: which ask the same, and which of these answer alike, too."""
        if self._asked is None:
            same_prompt = self.prompts_alike(self.left, self.right)
            both = same_prompt.copy()
            _narrow(both, lambda at: self.answers_alike(self.left[at], self.right[at]))
            self._asked = same_prompt, both
        return self._asked

    @property
    def questions(self) -> list[list[int]]:
        """Groups of units that ask the same, best first; at least two units each. Stars around the first."""
        if self._questions is None:
            self._questions = _questions(self)
        return self._questions

    @property
    def prompt_pairs(self) -> Pairs:
        """Pairs of prompt nodes that are alike."""
        return self._pairs_of("prompts", self.prompt)

    @property
    def answer_pairs(self) -> Pairs:
        """Pairs of answer nodes that are alike."""
        return self._pairs_of("answers", self.answer)

    def _pairs_of(self, name: str, view: View) -> Pairs:
        if name not in self._near:
            self._near[name] = view.pairs()
            _tell(self._note, name, self._near[name])
            if view is self.prompt:
                self.prompt, self.sides.made.left.bands = view.searched(), _NO_BANDS
            else:
                self.answer, self.sides.made.right.bands = view.searched(), _NO_BANDS
        return self._near[name]

    def rows_of(self, units: Index) -> Index:
        """The row of each unit's first example."""
        return self.units.rows[self.units.starts[units]]

    def same_system(self, left: Index, right: Index) -> Mask:
        """Whether pairs of units have the same system prompt, after normalisation."""
        system = self.sides.system
        same: Mask = system[self.rows_of(left)] == system[self.rows_of(right)]
        return same

    def prompts_alike(self, left: Index, right: Index) -> Mask:
        """Whether pairs of units ask the same.

        The system prompts are equal, the prompt sides alike, the ask alike, and no number, code, negation or opposite
        word apart.
        """
        alike = self.same_system(left, right)
        a, b = self.prompt.node[left], self.prompt.node[right]
        _narrow(alike, lambda at: self.prompt.alike(a[at], b[at], self.prompt.similarity(a[at], b[at])))
        _narrow(alike, lambda at: self.same_stance("prompt", left[at], right[at]))
        _narrow(alike, lambda at: self._asks_alike(left[at], right[at]))
        return alike

    def answers_alike(self, left: Index, right: Index) -> Mask:
        """Whether pairs of units answer alike: similar wording, and no number, code, negation or opposite apart."""
        a, b = self.answer.node[left], self.answer.node[right]
        alike = self.answer.alike(a, b, self.answer.similarity(a, b))
        column = self.sides.made.right
        _narrow(alike, lambda at: ~_opposed(column, self.rows_of(left[at]), self.rows_of(right[at])))
        _narrow(alike, lambda at: self.same_stance("answer", left[at], right[at]))
        return alike

    def same_but_wording(self, left: Index, right: Index) -> Mask:
        """Whether pairs of units, however alike, differ in no system prompt, number, code, negation or opposite."""
        same = self.same_system(left, right)
        column = self.sides.made.right
        _narrow(same, lambda at: ~_opposed(column, self.rows_of(left[at]), self.rows_of(right[at])))
        for side in ("prompt", "answer"):
            _narrow(same, lambda at, side=side: self.same_stance(side, left[at], right[at]))  # type: ignore[misc]
        _narrow(same, lambda at: self._asks_alike(left[at], right[at]))
        return same

    def same_stance(self, side: str, left: Index, right: Index) -> Mask:
        """Whether pairs of units agree in numbers, codes and negations on one side (``prompt`` or ``answer``)."""
        rows = self.rows_of(left), self.rows_of(right)
        return self.same_stance_of_rows(side, *rows)

    def same_stance_of_rows(self, side: str, left: Index, right: Index) -> Mask:
        """The same for pairs of rows: fingerprints settle it, or else the texts are read."""
        column = self.sides.made.left if side == "prompt" else self.sides.made.right
        same: Mask = column.fixed[left] == column.fixed[right]
        in_doubt = ~same
        for known in (column.digits, column.odd):
            in_doubt &= (known[left] == known[right]) | (known[left] == 0) | (known[right] == 0)
        for pair in np.flatnonzero(in_doubt).tolist():
            ends = side, int(left[pair]), int(right[pair])
            if ends not in self._read:
                self._read[ends] = same_meaning(self._text(side, ends[1]), self._text(side, ends[2]))
            same[pair] = self._read[ends]
        return same

    def scores(self, left: Index, right: Index) -> tuple[NDArray[np.float64], ...]:
        """Exact similarity of pairs of units: whole, prompt side, answer."""
        return tuple(v.similarity(v.node[left], v.node[right]) for v in (self.whole, self.prompt, self.answer))

    def _text(self, side: str, row: int) -> str:
        example = self.sides.examples[row]
        return prompt_side(example) if side == "prompt" else example.answer

    def _asks_alike(self, left: Index, right: Index) -> Mask:
        """Where the ask is a part of the prompt side: is it alike, too? And is no opposite apart in what is asked?"""
        rows = self.rows_of(left), self.rows_of(right)
        alike = ~_opposed(self.sides.made.left, *rows)
        apart = np.flatnonzero(~(self.sides.all_asked[rows[0]] & self.sides.all_asked[rows[1]]))
        for start in range(0, len(apart), _CHUNK):
            pairs = apart[start : start + _CHUNK]
            units, place = np.unique(np.r_[left[pairs], right[pairs]], return_inverse=True)
            made = sketch([self.units[unit].ask for unit in units.tolist()], border_words=ASK_BORDER_WORDS)
            everyone = np.arange(len(units), dtype=np.int64)
            limits = ASK_NEAR, ASK_SHORT, ASK_SHORT_WORDS, ASK_BORDER_WORDS
            view = View.side(made, made.left, everyone, *limits)
            one, other = place[: len(pairs)], place[len(pairs) :]
            a, b = view.node[one], view.node[other]
            alike[pairs] &= view.alike(a, b, view.similarity(a, b)) & ~_opposed(made.left, one, other)
        return alike


def relations(batch: Batch) -> Relations:
    """Compare all examples of a batch. Call it as ``batch.shared(relations)``."""
    settings = batch.settings
    taken = sides(batch, settings.preferred, batch.progress)
    made, order = taken.made, taken.order
    keys = (made.left.keys[order], made.right.keys[order])
    unit, first = distinct(taken.system[order], taken.roles[order], *keys[0].T, *keys[1].T)
    members = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[members], np.arange(len(first) + 1))
    units = Units(taken.examples, order[members], starts)
    rows = order[first]
    limits = settings.near_threshold, settings.short_threshold
    whole = View.whole(made, rows, *limits)
    prompt, answer = View.side(made, made.left, rows, *limits), View.side(made, made.right, rows, *limits)
    batch.progress("comparing whole conversations", 0, None)
    told = made.left.fixed[rows] * np.uint64(3) + made.right.fixed[rows]  # rows of the same numbers meet first
    pairs = whole.pairs(settings.pair_floor, told)
    alike = whole.alike(pairs.left, pairs.right, pairs.score)
    _tell(batch.note, "whole conversations", pairs)
    whole, made.whole.bands = whole.searched(), _NO_BANDS
    columns = pairs.left, pairs.right, pairs.score
    if not alike.all():  # the settings ask for pairs below the thresholds, too
        columns = pairs.left[alike], pairs.right[alike], pairs.score[alike]
    return Relations(units, taken, whole, prompt, answer, pairs, *columns, batch.note)


def _tell(note: Callable[[str], None], name: str, pairs: Pairs) -> None:
    if pairs.full_buckets:
        note(
            f"Near-duplicates of {name}: {pairs.full_buckets:,} buckets held more than 64 texts; there each was "
            "compared with the leading texts of its bucket and a few that are most like it, not with all."
        )


def _narrow(alike: Mask, holds: Callable[[Index], Mask]) -> None:
    """Keep those that also pass ``holds``, which looks only at those that passed so far."""
    at = np.flatnonzero(alike)
    alike[at] = holds(at)


def _opposed(column: Column, left: Index, right: Index) -> Mask:
    """Whether pairs of rows hold opposite words (left / right, acute / chronic), each text just one of the two."""
    first, second = column.first, column.second
    only_first, only_second = first & ~second, second & ~first
    apart: Mask = ((only_first[left] & only_second[right]) | (only_second[left] & only_first[right])) != 0
    return apart


def _questions(found: Relations) -> list[list[int]]:
    """Star groups of units that ask the same, from alike prompts: linear where thousands share one prompt."""
    asking = np.flatnonzero(found.prompt.words[found.prompt.node] > 0)
    rows = found.rows_of(asking)
    node, system = found.prompt.node[asking], found.sides.system[rows].astype(np.int64)
    stances = _stance_numbers(found, rows, distinct(node, system)[0])
    key, first = distinct(node, system, stances)
    leader = asking[first]
    left, right = _joined_keys(found.prompt_pairs, node[first], system[first])
    same = found.prompts_alike(leader[left], leader[right])
    group = centres(len(first), left[same], right[same])[key]
    order = np.lexsort((asking, group))
    members = asking[order].tolist()
    groups = [members[start:stop] for start, stop in runs(group[order]) if stop - start > 1]
    return sorted(groups, key=lambda group: group[0])


def _stance_numbers(found: Relations, rows: Index, group: Index) -> Index:
    """Number the stances of prompts within each group of equal prompts; only where fingerprints differ is text read."""
    numbers = np.zeros(len(rows), np.int64)
    fixed = found.sides.made.left.fixed[rows]
    variant, leaders = distinct(group, fixed)
    several = np.bincount(group[leaders], minlength=1) > 1
    known: dict[object, int] = {}
    number = np.zeros(len(leaders), np.int64)
    for place in np.flatnonzero(several[group[leaders]]):
        number[place] = known.setdefault(meaning(found._text("prompt", int(rows[leaders[place]]))), len(known) + 1)
    numbers[:] = number[variant]
    return numbers


def _joined_keys(pairs: Pairs, node: Index, system: Index) -> tuple[Index, Index]:
    """Pairs of keys whose prompts are alike and whose system prompts are the same."""
    systems = int(system.max(initial=0)) + 1
    code = node * systems + system
    order = np.argsort(code, kind="stable")
    ordered = code[order]
    begin, end = np.searchsorted(node[order], pairs.left, "left"), np.searchsorted(node[order], pairs.left, "right")
    which, one = _expand(begin, end)
    wanted = pairs.right[which] * systems + system[order[one]]
    again, other = _expand(np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right"))
    a, b = order[one[again]], order[other]
    return np.minimum(a, b), np.maximum(a, b)


def _expand(begin: Index, end: Index) -> tuple[Index, Index]:
    """All positions of each half-open range: ``(number of the range, position)``."""
    counts = end - begin
    which = np.repeat(np.arange(len(begin), dtype=np.int64), counts)
    offset = np.arange(counts.sum(), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, begin[which] + offset

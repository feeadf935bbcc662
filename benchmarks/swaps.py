"""Pairs of answers to one question, made from real rows: one thing swapped, or the same in other words.

``make(seed)`` gives, for each kind of ``KINDS``, as many pairs that clash as pairs that mean the same. The first answer
is always real. In half of the pairs the second question is the first in other words, in the others it is the same.
Nothing here knows how the product decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.harness import SHARED_DATA
from benchmarks.swaps_forms import Edit, Wording
from benchmarks.swaps_questions import reworded
from benchmarks.swaps_sources import Source, read
from benchmarks.swaps_values import (
    code_swaps,
    code_wordings,
    date_swaps,
    date_wordings,
    dose_swaps,
    dose_wordings,
    number_swaps,
    number_wordings,
)
from benchmarks.swaps_wordings import entity_wordings, general_wordings, negation_wordings, yes_no_wordings
from benchmarks.swaps_words import SAID_OUT, entity_swaps, negation_swaps, yes_no_swaps
from core.ids import example_id
from core.types import Example, Message

PER_KIND = 60
_RARE_FIRST = ("dose", "code", "date", "yes/no", "number", "entity", "negation")
KINDS = ("number", "dose", "date", "code", "negation", "entity", "yes/no")
Swapper = Callable[[Source, Random], Iterator[Edit]]
Rephraser = Callable[[Source, Random], Iterator[Wording]]
_SWAPS: dict[str, Swapper] = {
    "number": lambda source, draw: number_swaps(source.answer, draw) if source.task != "coding" else iter(()),
    "dose": lambda source, draw: dose_swaps(source.answer, draw) if source.task == "clinic" else iter(()),
    "date": lambda source, draw: date_swaps(source.answer, draw),
    "code": lambda source, draw: (
        code_swaps(source.answer, source.choices, draw) if source.task == "coding" else iter(())
    ),
    "negation": lambda source, draw: negation_swaps(source.answer, draw) if source.task not in SAID_OUT else iter(()),
    "entity": lambda source, draw: (
        entity_swaps(source.answer, source.choices, source.task, draw) if source.task != "coding" else iter(())
    ),
    "yes/no": lambda source, draw: yes_no_swaps(source.answer, source.task, draw),
}
_WORDINGS: dict[str, Rephraser] = {
    "number": lambda source, draw: number_wordings(source.answer, draw),
    "dose": lambda source, draw: dose_wordings(source.answer, draw) if source.task == "clinic" else iter(()),
    "date": lambda source, draw: date_wordings(source.answer, draw),
    "code": lambda source, draw: (
        code_wordings(source.answer, source.choices, draw) if source.task == "coding" else iter(())
    ),
    "negation": lambda source, draw: negation_wordings(source.answer, source.question, draw),
    "entity": lambda source, draw: entity_wordings(source.answer, source.choices, source.task, draw),
    "yes/no": lambda source, draw: yes_no_wordings(source.answer, source.task, draw),
}
_GENERAL_SHARE = {"code": 0.2, "yes/no": 0.2}
"""Share of the pairs that mean the same by a wording that is not of the kind's own (0.4 elsewhere)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that ask the same.

    Attributes:
        kind: Of ``KINDS``.
        form: What was done, such as ``amount`` or ``reordered-list``.
        source: The real row.
        question: The second row's question.
        answer: The second row's answer.
        clashes: Whether both answers cannot be right.
        edit: The one stretch that was exchanged; None where the pair means the same.
    """

    kind: str
    form: str
    source: Source
    question: str
    answer: str
    clashes: bool
    edit: Edit | None

    @property
    def rows(self) -> tuple[Example, Example]:
        """Both as examples, the real one first."""
        return row_of(self.source.system, self.source.question, self.source.answer), row_of(
            self.source.system, self.question, self.answer
        )


def row_of(system: str, question: str, answer: str) -> Example:
    """One example of chat."""
    turns = [Message("system", system)] if system else []
    turns += [Message("user", question), Message("assistant", answer)]
    return Example(example_id(turns), tuple(turns))


def make(seed: int = 0, per_kind: int = PER_KIND, sources: Sequence[Source] | None = None) -> list[Pair]:
    """The whole set: clashing pairs first, kind by kind.

    A kind of which the rows hold less than asked for has fewer pairs. Among the clashing pairs no real row is used
    twice, and among the others neither.

    Raises:
        InputError: The real rows are not there and none are given.
    """
    rows = list(read(SHARED_DATA) if sources is None else sources)
    return [*_drawn(rows, seed, per_kind, clashes=True), *_drawn(rows, seed, per_kind, clashes=False)]


def swap_of(source: Source, kind: str, draw: Random) -> Pair | None:
    """One clashing pair of this row and kind; None where the answer holds nothing of the kind."""
    edits = [edit for edit in _SWAPS[kind](source, draw) if edit.of(source.answer) != source.answer]
    if not edits:
        return None
    edit = draw.choice(edits)
    return Pair(kind, edit.form, source, reworded(source.question, draw), edit.of(source.answer), True, edit)


def _drawn(rows: Sequence[Source], seed: int, per_kind: int, *, clashes: bool) -> list[Pair]:
    used: set[str] = set()
    found: dict[str, list[Pair]] = {}
    for kind in _RARE_FIRST:
        draw = Random(f"{seed}:{kind}:{clashes}")
        general = 0 if clashes else round(per_kind * _GENERAL_SHARE.get(kind, 0.4))
        own = _by_form(rows, kind, draw, used, "swap" if clashes else "wording")
        pairs = _taken(own, per_kind - general, draw, used)
        if general:
            pairs += _taken(_by_form(rows, kind, draw, used, "general"), general, draw, used)
        found[kind] = pairs
    return [pair for kind in KINDS for pair in found[kind]]


def _by_form(rows: Sequence[Source], kind: str, draw: Random, used: set[str], how: str) -> dict[str, list[Pair]]:
    """All that could be made, by form; each list mixed."""
    forms: dict[str, list[Pair]] = defaultdict(list)
    for source in rows:
        if source.origin in used:
            continue
        edits = [edit for edit in _SWAPS[kind](source, draw) if edit.of(source.answer) != source.answer]
        asked = reworded(source.question, draw) if draw.random() < 0.5 else source.question
        if how == "swap":
            for edit in edits:
                forms[edit.form].append(Pair(kind, edit.form, source, asked, edit.of(source.answer), True, edit))
        elif edits or how == "wording":
            makes = (
                _WORDINGS[kind](source, draw)
                if how == "wording"
                else general_wordings(source.answer, source.task, draw)
            )
            for made in makes:
                if made.text.strip() and made.text != source.answer:
                    forms[made.form].append(Pair(kind, made.form, source, asked, made.text, False, None))
    for pairs in forms.values():
        draw.shuffle(pairs)
    return dict(sorted(forms.items()))


def _taken(forms: dict[str, list[Pair]], count: int, draw: Random, used: set[str]) -> list[Pair]:
    """``count`` pairs, one form after the other so that no form crowds out the others."""
    taken: list[Pair] = []
    names = list(forms)
    draw.shuffle(names)
    while names and len(taken) < count:
        for name in list(names):
            pair = next((pair for pair in forms[name] if pair.source.origin not in used), None)
            if pair is None:
                names.remove(name)
            elif len(taken) < count:
                used.add(pair.source.origin)
                taken.append(pair)
    return taken

"""Which examples may ask the same in other words: weaker evidence than kin, used with care when a dataset is split.

Two questions count where their letters (or, on request, their meaning) are near and nothing in them explains two
answers: no other name, number, code, negation or subject (see ``evidence.asked``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.jobs import Progress, no_progress
from core.types import Example, spoken
from curation.evidence.asked import LONG_WORDS, asks_apart, contexts_apart, is_plain
from curation.evidence.candidates import Letters
from curation.evidence.sides import ask_of

LETTERS, LETTERS_DOUBT = 0.45, 0.30
MEANING, MEANING_DOUBT = 0.75, 0.70
"""From the first on, the two that are each other's nearest stay together; from the second on, a pair is a doubt."""

CANDIDATES = 8
AHEAD = 2_048
"""Rows looked up at once at the most."""

Paraphrases = Literal["letters", "meaning", "off"]
HOW: tuple[Paraphrases, ...] = ("letters", "meaning", "off")


@dataclass(frozen=True, slots=True)
class Cousin:
    """A row that may ask the same.

    Attributes:
        row: The first of the rows with its prompt.
        score: How near it is, as a multiple of the threshold of doubt (1 or more).
        sure: Whether it is over the higher threshold.
    """

    row: int
    score: float
    sure: bool


class Cousins:
    """Looks up who asks the same in other words, for the rows that somebody asks about.

    The whole prompts must be near, and the asks in them: two questions on one document are two questions.
    """

    def __init__(
        self, examples: Sequence[Example], order: Sequence[int], how: Paraphrases, progress: Progress = no_progress
    ) -> None:
        """Index the prompts.

        Args:
            examples: The rows.
            order: All rows, in the order in which they are likely to be asked about.
            how: ``letters`` (TF-IDF of character 3- to 5-grams; the same on every machine), ``meaning`` (that, and the
                cosine of MiniLM embeddings, which can differ in its last digits between machines) or ``off``.
            progress: Told how far it is.
        """
        if how not in HOW:
            raise InputError(f"Questions in other words cannot be found by {how!r}.", f"Choose {', '.join(HOW)}.")
        self.how = how
        self._known: dict[int, tuple[Cousin, ...]] = {}
        place: dict[str, int] = {}
        self._place = np.zeros(len(examples), np.int64)
        self._rows: list[int] = []
        for row in order:
            prompt = spoken(examples[row].prompt)
            if prompt not in place:
                place[prompt] = len(self._rows)
                self._rows.append(row)
            self._place[row] = place[prompt]
        self._prompts = list(place)
        self._asks = [ask_of(examples[row]) for row in self._rows]
        self._letters = Letters.of(self._prompts) if how != "off" and len(self._prompts) > 1 else None
        self._ask_letters: tuple[Letters, NDArray[np.int64]] | None = None
        self._vectors = self._embedded(progress) if how == "meaning" else None

    def of(self, row: int, ahead: int = 1) -> tuple[Cousin, ...]:
        """Those that may ask the same as this row, the nearest first; ``ahead`` rows are looked up at once."""
        place = int(self._place[row])
        if self._letters is None:
            return ()
        if place not in self._known:
            last = place + 1
            while last < len(self._rows) and last not in self._known and last < place + ahead:
                last += 1
            self._look_up(self._letters, place, last)
        return self._known[place]

    def _look_up(self, letters: Letters, first: int, last: int) -> None:
        index, score, _ = letters.nearest(first, last, CANDIDATES, LETTERS_DOUBT)
        rows, columns = np.nonzero(index >= 0)
        left, right = rows + first, index[rows, columns]
        near = np.minimum(score[rows, columns], self._of_asks(left, right)).astype(np.float64)
        near = np.round(near, 4)  # the last bits of a sum may differ between processors
        found: dict[int, dict[int, tuple[float, bool]]] = {place: {} for place in range(first, last)}
        for a, b, value in zip(left.tolist(), right.tolist(), near.tolist(), strict=True):
            if value >= LETTERS_DOUBT:
                found[a][b] = value / LETTERS_DOUBT, value >= LETTERS
        if self._vectors is not None:
            self._add_meaning(*self._vectors, first, last, found)
        for place, others in found.items():
            ranked = sorted((-nearness, other, sure) for other, (nearness, sure) in others.items())
            self._known[place] = tuple(
                Cousin(self._rows[other], -nearness, sure)
                for nearness, other, sure in ranked
                if self._may_be_one(place, other, sure)
            )

    def _of_asks(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosine of the asks of pairs of prompts; 1 where the prompts are nothing but their asks."""
        ends = zip(left.tolist(), right.tolist(), strict=True)
        pasted = [self._asks[a] != self._prompts[a] or self._asks[b] != self._prompts[b] for a, b in ends]
        result = np.ones(len(left), np.float32)
        told = np.flatnonzero(np.array(pasted, np.bool_))
        if len(told):
            if self._ask_letters is None:
                number = {text: place for place, text in enumerate(dict.fromkeys(self._asks))}
                self._ask_letters = Letters.of(list(number)), np.array([number[ask] for ask in self._asks], np.int64)
            letters, numbers = self._ask_letters
            result[told] = letters.cosine(numbers[left[told]], numbers[right[told]])
        return result

    def _embedded(self, progress: Progress) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Unit vectors of the prompts and of the asks: float32 [prompts, 384] each."""
        from core import embeddings

        texts = list(dict.fromkeys([*self._prompts, *self._asks]))
        place = {text: number for number, text in enumerate(texts)}
        vectors = embeddings.embed(texts, progress=progress, kept=embeddings.store())
        return vectors[[place[text] for text in self._prompts]], vectors[[place[text] for text in self._asks]]

    def _add_meaning(
        self,
        whole: NDArray[np.float32],
        asked: NDArray[np.float32],
        first: int,
        last: int,
        found: dict[int, dict[int, tuple[float, bool]]],
    ) -> None:
        for place in range(first, last):
            near = np.minimum(whole @ whole[place], asked @ asked[place])
            near[place] = -1
            for other in np.argsort(-near, kind="stable")[:CANDIDATES].tolist():
                cosine = round(float(near[other]), 4)
                if cosine >= MEANING_DOUBT:
                    before = found[place].get(other, (0.0, False))
                    found[place][other] = (
                        max(before[0], cosine / MEANING_DOUBT),
                        before[1] or cosine >= MEANING,
                    )

    def _may_be_one(self, a: int, b: int, sure: bool) -> bool:
        """Whether nothing in two prompts explains two answers.

        Of short questions every word counts (``asks_apart``). In longer prompts that are alike beyond doubt, such as
        one conversation told in other words, only numbers of their own set two cases apart.
        """
        one, other = self._prompts[a], self._prompts[b]
        if sure and not (is_plain(one) and is_plain(other)):
            return not contexts_apart(one, other)
        if asks_apart(self._asks[a], self._asks[b]):
            return False
        if (self._asks[a], self._asks[b]) != (one, other) and asks_apart(one, other):
            return False
        is_long = max(len(one.split()), len(other.split())) > LONG_WORDS
        return not (is_long and contexts_apart(one, other))

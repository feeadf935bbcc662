"""Which rows ask the same: by wording, in other words, and in earlier turns of other conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.types import Example
from curation.evidence.asked import Asked, stands_alone, turns
from curation.evidence.batch import Batch
from curation.evidence.candidates import near_by_letters
from curation.evidence.facts import told
from curation.evidence.relations import relations
from curation.minhash.normalise import normalise

LETTERS = 0.45
"""Cosine of character n-grams (TF-IDF) from which two questions may be one, where no model says more."""

LETTERS_FLOOR = 0.20
"""From here on the embedding model is asked, where it may be; below, questions are not looked at."""

MEANING = 0.75
"""Cosine of sentence embeddings from which two questions may be one."""

MEANING_OF_CONTEXT = 0.90
"""The same where more is said than a question, such as a pasted conversation: cases are alike in meaning."""

CANDIDATES = 8
"""Questions in other words that are looked at for each, at the most."""

_ALL_PAIRS = 12
_CHARACTERS_A_ROW, _LEAST_CHARACTERS, _MOST_CHARACTERS = 120, 1_500_000, 8_000_000
"""What the model reads at the most: about 30 texts of 140 tokens a second on two cores without AMX."""

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are one in the same words.

    Attributes:
        members: Numbers in ``Candidates.asked``, the best first; answers that say the same in the same words are one.
        how: ``wording``, or ``turn`` where one of them stands in an earlier turn.
        units: For ``wording``: the units of ``relations`` that the members are.
    """

    members: tuple[int, ...]
    how: str
    units: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The questions of a batch that may be one, with the answers given to them.

    Attributes:
        asked: Questions with their answers.
        groups: Those that are alike in wording, or the same in different turns. Large groups stay groups: no list of
            their pairs is made.
        left, right: int64 [pairs]: numbers in ``asked``: questions in other words, each pair once.
        score: float32 [pairs]: cosine of their letters (TF-IDF of character 3- to 5-grams).
        how: Of each pair: ``letters``, or ``turn`` where one of them stands in an earlier turn.
        crowded: Questions with more than ``CANDIDATES`` others in other words, of which the nearest were taken.
    """

    asked: Sequence[Asked]
    groups: tuple[Group, ...]
    left: Index
    right: Index
    score: NDArray[np.float32]
    how: tuple[str, ...]
    crowded: int

    def pairs(self) -> Iterator[tuple[Asked, Asked, float, str]]:
        """Every candidate pair with its score and how it was found; of a group of more than twelve, those with the
        first."""
        for group in self.groups:
            members = group.members
            some = combinations(members, 2) if len(members) <= _ALL_PAIRS else ((members[0], m) for m in members[1:])
            for one, other in some:
                yield self.asked[one], self.asked[other], 1.0, group.how
        ends = zip(self.left.tolist(), self.right.tolist(), self.score.tolist(), self.how, strict=True)
        for one, other, score, how in ends:
            yield self.asked[one], self.asked[other], score, how


def same_question(batch: Batch) -> Candidates:
    """Find the questions that may be one; call it as ``batch.shared(same_question)``.

    By wording: the groups of the duplicates engine (J >= 0.70, no number, code, negation or opposite apart). In other
    words: for each question the ``CANDIDATES`` most like it by letters, on the whole prompt and, where it means the
    same in any conversation, on the ask alone; from ``LETTERS``, or from ``LETTERS_FLOOR`` where the embedding model
    can be asked (``asks_meaning``, ``meanings``). In earlier turns: the same question, asked at another place. What
    a pair of candidates differs in is for ``asked.asks_apart`` and ``asked.explained`` to judge.

    In a set of more than ``settings.reworded_rows`` rows only wording is compared, and the report says so.
    """
    found = batch.shared(relations)
    asked: list[Asked] = []
    groups: list[Group] = []
    grouped: set[int] = set()
    heads: list[int] = []
    for units in found.questions:
        members = tuple(range(len(asked), len(asked) + len(units)))
        asked += [_final(found.units.examples(unit)) for unit in units]
        groups.append(Group(members, "wording", tuple(units)))
        heads.append(members[0])
        grouped.update(units)
    if len(batch) > batch.settings.reworded_rows:
        batch.note(
            f"contradictions: a set of {len(batch):,} rows is over {batch.settings.reworded_rows:,} (reworded_rows): "
            "only questions alike in wording were compared, not those in other words or in earlier turns, and no "
            "statements of one answer with those of another."
        )
        return Candidates(asked, tuple(groups), *_no_pairs(), (), 0)
    for unit in range(len(found.units)):
        if unit not in grouped:
            example = found.units.first(unit)
            if len(example.messages) > 1 and example.messages[-1].role == "assistant" and example.answer.strip():
                heads.append(len(asked))
                asked.append(_final(found.units.examples(unit)))
    family = {member: group.members for group in groups for member in group.members}
    whole, alone = _texts(batch, asked, heads)
    more, taken = _repeated(asked, alone, family)
    left, right, score, crowded = _reworded(batch, asked, whole, alone)
    together = np.array([(a, b) not in taken for a, b in zip(left.tolist(), right.tolist(), strict=True)], np.bool_)
    left, right, score = left[together], right[together], score[together]
    how = tuple(
        "letters" if asked[a].is_final and asked[b].is_final else "turn"
        for a, b in zip(left.tolist(), right.tolist(), strict=True)
    )
    return Candidates(asked, (*groups, *more), left, right, score, how, crowded)


def _final(examples: Sequence[Example]) -> Asked:
    return Asked(examples[0], len(examples[0].messages) - 1, len(examples))


def _no_pairs() -> tuple[Index, Index, NDArray[np.float32]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


Key = tuple[object, ...]


def _texts(batch: Batch, asked: list[Asked], heads: Sequence[int]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The whole prompts, and the asks that stand alone, with who asks them. Questions of earlier turns join ``asked``.

    A prompt that is nothing but its ask is in both.
    """
    whole, alone = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for number in heads:
        one = asked[number]
        prompt, ask = one.prompt, one.ask
        if not normalise(prompt):
            continue
        whole[prompt].append(number)
        if prompt == ask or stands_alone(ask):
            alone[ask].append(number)
    for example in batch:
        for turn in turns(example):
            if turn == len(example.messages) - 1:
                continue
            one = Asked(example, turn)
            ask = one.ask
            if one.answer.strip() and stands_alone(ask):
                alone[ask].append(len(asked))
                asked.append(one)
    return dict(whole), dict(alone)


def _repeated(
    asked: Sequence[Asked], alone: dict[str, list[int]], family: dict[int, tuple[int, ...]]
) -> tuple[list[Group], set[tuple[int, int]]]:
    """Groups of equal asks of which not all were found by wording, and their pairs, which need not be found again."""
    equal: dict[Key, list[int]] = defaultdict(list)
    for ask, owners in alone.items():
        key = normalise(ask), told(ask)
        for number in owners:
            equal[(_system(asked[number]), *key)].append(number)
    groups: list[Group] = []
    taken: set[tuple[int, int]] = set()
    for owners in equal.values():
        if len(owners) < 2:
            continue
        members = list(dict.fromkeys(member for owner in owners for member in family.get(owner, (owner,))))
        members = _different(asked, sorted(members, key=lambda n: (asked[n].example.id, asked[n].turn)))
        if len(owners) <= 64:
            taken.update((min(a, b), max(a, b)) for a, b in combinations(owners, 2))
        if len(members) > 1:
            groups.append(Group(tuple(members), "turn"))
    groups.sort(key=lambda group: [(asked[n].example.id, asked[n].turn) for n in group.members[:2]])
    return groups, taken


def _different(asked: Sequence[Asked], members: Sequence[int]) -> list[int]:
    """Those whose answers differ in more than punctuation, the first of each."""
    first: dict[object, int] = {}
    for number in members:
        answer = asked[number].answer
        first.setdefault((normalise(answer), told(answer)), number)
    return list(first.values())


def _reworded(
    batch: Batch, asked: Sequence[Asked], whole: dict[str, list[int]], alone: dict[str, list[int]]
) -> tuple[Index, Index, NDArray[np.float32], int]:
    """Pairs of questions of one system prompt whose texts are near, whole with whole and ask with ask."""
    texts = sorted({*whole, *alone})
    least = LETTERS_FLOOR if asks_meaning(batch) else LETTERS
    near = near_by_letters(texts, CANDIDATES, least, batch.progress)
    best: dict[tuple[int, int], float] = {}
    for a, b, score in zip(near.left.tolist(), near.right.tolist(), near.score.tolist(), strict=True):
        for owners in (whole, alone):
            for one in owners.get(texts[a], ())[:CANDIDATES]:
                for other in owners.get(texts[b], ())[:CANDIDATES]:
                    ends = min(one, other), max(one, other)
                    if ends not in best and _system(asked[one]) == _system(asked[other]):
                        best[ends] = score
    found = sorted(best, key=lambda pair: [(asked[n].example.id, asked[n].turn) for n in pair])
    left, right = np.array([a for a, _ in found], np.int64), np.array([b for _, b in found], np.int64)
    return left, right, np.array([best[pair] for pair in found], np.float32), near.crowded


def asks_meaning(batch: Batch) -> bool:
    """Whether the embedding model may be asked about questions in other words, and is there."""
    from core import embeddings

    return batch.settings.reworded_meaning and embeddings.installed()


def _system(one: Asked) -> str:
    return normalise("\n".join(message.content for message in one.example.messages if message.role == "system"))


def meanings(batch: Batch, candidates: Candidates, pairs: Sequence[int]) -> dict[int, float]:
    """Cosine of the sentence embeddings of candidate pairs: of the prompts, or of the asks where that is more.

    Each text is embedded once, and kept for the next run. The pairs that are nearest by letters come first; the model
    reads no more than a budget by the size of the set (120 characters a row, from 1,500,000 to 8,000,000), and the
    report says how many pairs are over it.

    Args:
        pairs: Places in ``candidates.left``.

    Returns:
        By place; those over the budget are absent.
    """
    from core import embeddings

    budget = max(_LEAST_CHARACTERS, min(_MOST_CHARACTERS, _CHARACTERS_A_ROW * len(batch)))
    wanted: dict[str, None] = {}
    read: dict[int, tuple[str, str, str, str]] = {}
    used = over = 0
    ends = candidates.left.tolist(), candidates.right.tolist()
    for place in sorted(pairs, key=lambda place: (-float(candidates.score[place]), place)):
        one, other = candidates.asked[ends[0][place]], candidates.asked[ends[1][place]]
        texts = one.prompt, other.prompt, one.ask, other.ask
        fresh = {text for text in texts if text not in wanted}
        size = sum(map(len, fresh))
        if used + size > budget:
            over += 1
            continue
        used += size
        wanted.update(dict.fromkeys(texts))
        read[place] = texts
    if over:
        batch.note(
            f"contradictions.clash: {over:,} pairs of questions in other words were left to their letters: the "
            f"embedding model reads {budget:,} characters in a set of this size."
        )
    kept = embeddings.store() if len(wanted) >= _ALL_PAIRS else None
    vectors = dict(zip(wanted, embeddings.embed(list(wanted), progress=batch.progress, kept=kept), strict=True))
    if kept is not None and kept.problem:
        batch.note(f"contradictions.clash: {kept.problem}")
    return {
        place: max(float(vectors[a] @ vectors[b]), float(vectors[c] @ vectors[d]))
        for place, (a, b, c, d) in read.items()
    }


def confirmed(batch: Batch, candidates: Candidates) -> list[int]:
    """The places of the pairs in other words that count as asking the same.

    By letters from ``LETTERS`` on, and where the model can be asked by meaning from ``MEANING`` on.
    """
    sure = np.flatnonzero(candidates.score >= LETTERS).tolist()
    if not asks_meaning(batch):
        return sure
    doubtful = np.flatnonzero(candidates.score < LETTERS).tolist()
    cosine = meanings(batch, candidates, doubtful)
    return sorted([*sure, *(place for place, value in cosine.items() if value >= MEANING)])

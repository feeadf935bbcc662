"""How the examples of a batch resemble each other: worked out once, read by the duplicate and contradiction checks."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.facts import opposed, stance
from curation.minhash.clusters import stars
from curation.minhash.normalise import normalise
from curation.minhash.views import View

_ENDED = re.compile(r"[.!?。！？…:;)\]}\"'”’`*>]\s*\Z")
_ASK_NEAR, _ASK_SHORT, _ASK_SHORT_WORDS, _ASK_BORDER_WORDS = 0.5, 0.6, 60, 90


@dataclass(slots=True)
class Unit:
    """Examples that are equal after normalisation, on the prompt's side and in the answer.

    Attributes:
        examples: Best first: the one to keep, then the copies.
        prompt: Raw text of all turns before the answer, of the one to keep.
        ask: Raw last user turn, without the context above its last paragraph.
        answer: Raw answer.
    """

    examples: list[Example]
    prompt: str
    ask: str
    answer: str


@dataclass(slots=True)
class Relations:
    """Units, the three views of them, and the verified edges between them.

    Attributes:
        units: In order of rank: the row that should stay first.
        whole, prompt, answer, ask: Views over the units.
        left, right: int64 [edges]: pairs of units whose whole conversations are alike, ``left < right`` by rank.
        whole_score: float64 [edges]: exact similarity of those pairs.
        questions: Groups of units that ask the same, best first; at least two units each.
    """

    units: list[Unit]
    whole: View
    prompt: View
    answer: View
    ask: View
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    whole_score: NDArray[np.float64]
    questions: list[list[int]]
    _prompt_stance: NDArray[np.int64]
    _answer_stance: NDArray[np.int64]

    def prompts_alike(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether pairs of units ask the same: prompts alike, the ask alike, and no number, code or negation apart."""
        a, b = self.prompt.node[left], self.prompt.node[right]
        alike = self.prompt.alike(a, b, self.prompt.similarity(a, b))
        a, b = self.ask.node[left], self.ask.node[right]
        alike &= self.ask.alike(a, b, self.ask.similarity(a, b))
        alike &= self._prompt_stance[left] == self._prompt_stance[right]
        for pair in np.flatnonzero(alike):
            one, other = self.units[left[pair]].ask, self.units[right[pair]].ask
            alike[pair] = one == other or not opposed(one, other)
        return alike

    def answers_alike(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether pairs of units answer alike: similar wording, and no number, code, negation or opposite apart."""
        a, b = self.answer.node[left], self.answer.node[right]
        alike = self.answer.alike(a, b, self.answer.similarity(a, b))
        alike &= self._answer_stance[left] == self._answer_stance[right]
        for pair in np.flatnonzero(alike):
            one, other = self.units[left[pair]].answer, self.units[right[pair]].answer
            alike[pair] = one == other or not opposed(one, other)
        return alike

    def scores(self, left: int, right: int) -> tuple[float, float, float]:
        """Exact similarity of two units: whole, prompt side, answer."""
        pair = np.array([left]), np.array([right])
        return tuple(
            float(v.similarity(v.node[pair[0]], v.node[pair[1]])[0]) for v in (self.whole, self.prompt, self.answer)
        )  # type: ignore[return-value]


def relations(batch: Batch) -> Relations:
    """Compare all examples of a batch. Call it as ``batch.shared(relations)``."""
    units = _units(batch)
    settings = batch.settings

    def view(texts: list[str]) -> View:
        return View.of(texts, near=settings.near_threshold, short=settings.short_threshold)

    prompts = [normalise(unit.prompt) for unit in units]
    answers = [normalise(unit.answer) for unit in units]
    whole = view([f"{p} {a}".strip() for p, a in zip(prompts, answers, strict=True)])
    ask = View.of(
        [normalise(unit.ask) for unit in units],
        near=_ASK_NEAR,
        short=_ASK_SHORT,
        short_words=_ASK_SHORT_WORDS,
        border_words=_ASK_BORDER_WORDS,
    )
    prompt, answer = view(prompts), view(answers)
    left, right, score = _edges_between_units(whole)
    found = Relations(
        units, whole, prompt, answer, ask, left, right, score, [],
        _interned([stance(unit.prompt) for unit in units]), _interned([stance(unit.answer) for unit in units]),
    )  # fmt: skip
    found.questions = _questions(found)
    for name, one in (("whole conversations", whole), ("prompts", prompt)):
        if one.thinned_buckets:
            batch.note(
                f"Near-duplicates of {name}: {one.thinned_buckets} bands held more than 64 resembling texts; there "
                f"each "
                "was compared with the 12 longest and its 4 neighbours, not with all."
            )
    return found


def _units(batch: Batch) -> list[Unit]:
    """Equal examples gathered, and all put in order of rank: reviewed, complete, long."""
    gathered: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in batch:
        prompt = "\n".join(message.content for message in example.prompt)
        gathered[normalise(prompt), normalise(example.answer)].append(example)

    def rank(example: Example) -> tuple[bool, bool, bool, bool, int, str]:
        text = "\n".join(message.content for message in example.messages)
        answer = example.answer
        return (
            example.id not in batch.settings.preferred,
            not answer.strip(),
            "{{" in text,
            _ENDED.search(answer[-8:]) is None,
            -len(normalise(text).split(" ")),
            example.id,
        )

    ranks = {example.id: rank(example) for example in batch}
    units = []
    for members in gathered.values():
        members.sort(key=lambda example: ranks[example.id])
        best = members[0]
        prompt = "\n".join(message.content for message in best.prompt)
        units.append(Unit(members, prompt, ask_of(best), best.answer))
    units.sort(key=lambda unit: ranks[unit.examples[0].id])
    return units


def ask_of(example: Example) -> str:
    """What the last user turn asks: its last paragraph that asks or commands, not the context pasted above it."""
    turns = [message.content for message in example.prompt if message.role == "user"]
    if not turns:
        return ""
    paragraphs = [part for part in re.split(r"\n\s*\n", turns[-1]) if part.strip()]
    if len(paragraphs) < 2:
        return turns[-1]
    asking = [part for part in paragraphs if "?" in part or "？" in part]
    return (asking or paragraphs)[-1]


def _edges_between_units(view: View) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of units whose texts in this view are alike; units of one text are linked to the first of them."""
    node_left, node_right, node_score = view.pairs()
    order = np.argsort(view.node, kind="stable")
    starts = np.searchsorted(view.node[order], np.arange(len(view.texts) + 1))
    counts = np.diff(starts)
    if (counts == 1).all():
        left, right, score = order[starts[node_left]], order[starts[node_right]], node_score
    else:  # rare: the same whole text, cut differently into prompt and answer
        first = order[starts[:-1]]
        spare = np.flatnonzero(first[view.node] != np.arange(len(view.node)))
        left = np.r_[first[node_left], first[view.node[spare]]]
        right = np.r_[first[node_right], spare]
        score = np.r_[node_score, np.ones(len(spare))]
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((high, low))
    return low[order], high[order], score[order]


def _questions(found: Relations) -> list[list[int]]:
    """Star groups of units that ask the same, from alike prompts: linear where thousands share one prompt."""
    members: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for unit in range(len(found.units)):
        node = int(found.prompt.node[unit])
        if found.ask.words[found.ask.node[unit]]:
            members[node, int(found.ask.node[unit]), int(found._prompt_stance[unit])].append(unit)
    keys = sorted(members, key=lambda key: members[key][0])
    index: dict[int, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        index[key[0]].append(number)
    left: list[int] = []
    right: list[int] = []
    for a, b in zip(*(part.tolist() for part in found.prompt.pairs()[:2]), strict=True):
        for one in index[a]:
            for other in index[b]:
                left.append(one)
                right.append(other)
    first = np.array([members[key][0] for key in keys], np.int64)
    ends = np.array(left, np.int64), np.array(right, np.int64)
    if left:
        same = found.prompts_alike(first[ends[0]], first[ends[1]])
        ends = ends[0][same], ends[1][same]
    joined = stars(len(keys), *ends, np.arange(len(keys), dtype=np.int64))
    taken = {number for centre, others in joined for number in (centre, *others)}
    groups = [[u for number in (centre, *others) for u in members[keys[number]]] for centre, others in joined]
    groups += [members[key] for number, key in enumerate(keys) if number not in taken and len(members[key]) > 1]
    return sorted((sorted(group) for group in groups), key=lambda group: group[0])


def _interned(values: list[tuple[frozenset[str], int]]) -> NDArray[np.int64]:
    """Equal values get equal numbers: int64 [values]."""
    index: dict[object, int] = {}
    return np.fromiter((index.setdefault(value, len(index)) for value in values), np.int64, len(values))

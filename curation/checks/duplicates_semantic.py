"""Rows that ask the same in other words and answer alike, by sentence embeddings: an opt-in pass, labelled as such."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Finding, Proposal, spoken
from curation.checks.base import Check, chat
from curation.clash.judge import clash_between
from curation.evidence.batch import Batch
from curation.evidence.embeddings import Letters, neighbours
from curation.evidence.facts import opposed, stance
from curation.evidence.relations import relations
from curation.evidence.swaps import swapped
from curation.minhash.clusters import bridges, stars
from curation.minhash.normalise import normalise

WARN_COSINE = 0.75
LETTERS_COSINE, LETTERS_SIMILARITY = 0.60, 0.45
"""Also shown: prompts from this cosine on whose character n-grams (TF-IDF) agree this much."""

CANDIDATES = 16
"""Nearest rows of each row that are looked at."""

MUTUAL = 3
"""Below the cosine of a proposal, each row must be among this many nearest of the other. Only the very nearest would
split groups of three; with no limit, a narrow subject gives findings by the thousand."""

LONG_WORDS = 60
"""In an ask of more words, another number or negation may be wording: shown, never proposed."""

LABEL_WORDS = 4
"""An answer of fewer words is a label: that two rows share it says little."""

_SHARED_ASK = 3  # an ask of more rows is a template: those rows are compared by all that is said before the answer
_MANY_TEXTS = 20_000
_WORTH_KEEPING = 64
_HOW = "by meaning (sentence embeddings), not by wording"


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared of one example. ``prompt`` is all that is said before the answer, ``ask`` its last request."""

    example: Example
    ask: str
    prompt: str
    answer: str
    system: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides by number, the one that ranks better first, and their cosines."""

    left: int
    right: int
    ask: float
    prompt: float
    answer: float
    letters: bool

    @property
    def least(self) -> float:
        """The lowest of the three cosines."""
        return min(self.ask, self.prompt, self.answer, 1.0)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the checks that come first say, by example id."""

    dropped: frozenset[str]
    disputed: frozenset[str]


def earlier(batch: Batch) -> Earlier:
    """Rows that are proposed for dropping by wording, and rows whose answers are in dispute.

    Call it as ``batch.shared(earlier)``. Removing by meaning before contradictions are settled would remove the
    contradictions: two answers that exclude each other are near in meaning.
    """
    from curation.checks import CHECKS

    dropped: set[str] = set()
    disputed: set[str] = set()
    for check in CHECKS:
        if check.cost != "fast":
            continue
        if check.name in ("duplicates.exact", "duplicates.near"):
            for finding in _found(batch, check):
                if finding.proposal is not None and finding.reason != "identical-rows":
                    dropped.update(finding.proposal.targets)
        elif check.family == "contradictions" or check.name == "duplicates.conflict":
            for finding in _found(batch, check):
                disputed.update(finding.members)
    return Earlier(frozenset(dropped), frozenset(disputed))


def _found(batch: Batch, check: Check) -> Sequence[Finding]:
    """What a check has found or would find here."""
    if check.name not in batch.found:
        batch.found[check.name] = tuple(check.run(batch))
    return batch.found[check.name]


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    sides, by_wording = _sides(batch)
    if len(sides) < 2:
        return
    pairs = [pair for pair in _pairs(batch, sides, by_wording) if pair.answer >= WARN_COSINE]
    why = {
        (pair.left, pair.right): _why_not(batch, sides[pair.left], sides[pair.right])
        for pair in pairs
        if pair.least >= batch.settings.paraphrase_cosine
    }
    place = {(pair.left, pair.right): pair for pair in pairs}
    drop = [pair for pair in pairs if why.get((pair.left, pair.right)) == ""]
    clusters = stars(len(sides), *_ends(drop), np.arange(len(sides), dtype=np.int64))
    for centre, members in clusters:
        edges = [place[centre, member] for member in members]
        yield _proposal(sides[centre].example, [sides[member].example for member in members], edges)
    shown = [pair for pair in pairs if _worth_a_look(sides, pair, why)]
    score = np.array([pair.least for pair in shown], np.float64)
    for left, right, _ in bridges(len(sides), *_ends(shown), score, clusters):
        pair = place[left, right]
        yield _warning(sides[left].example, sides[right].example, pair, why.get((left, right)))


def _sides(batch: Batch) -> tuple[list[Side], set[tuple[int, int]]]:
    """What to compare, the best row first, and the pairs of it that are near by wording already."""
    found = batch.shared(relations)
    dropped = batch.shared(earlier).dropped
    sides: list[Side] = []
    number: dict[int, int] = {}
    for unit_number, unit in enumerate(found.units):
        example = unit.examples[0]
        if example.id in dropped or not unit.ask.strip() or not example.answer.strip():
            continue
        number[unit_number] = len(sides)
        system = normalise("\n".join(m.content for m in example.messages if m.role == "system"))
        sides.append(Side(example, unit.ask, spoken(example.prompt), example.answer, system))
    pairs = zip(found.left.tolist(), found.right.tolist(), strict=True)
    return sides, {(number[a], number[b]) for a, b in pairs if a in number and b in number}


def _pairs(batch: Batch, sides: Sequence[Side], by_wording: set[tuple[int, int]]) -> list[Pair]:
    """Pairs near in meaning on the prompt's side, with the exact cosines of ask, prompt and answer."""
    shared = Counter(side.ask for side in sides)
    compared = [side.prompt if shared[side.ask] > _SHARED_ASK else side.ask for side in sides]
    vectors = _embed(batch, compared)
    near = neighbours(vectors, CANDIDATES, LETTERS_COSINE)
    proposing = batch.settings.paraphrase_cosine
    if crowded := int((near.last >= proposing).sum()):
        batch.note(
            f"duplicates.semantic: {crowded} rows have more than {CANDIDATES} others at {proposing:.2f}; each was "
            f"compared with its {CANDIDATES} nearest."
        )
    letters = (near.cosine < WARN_COSINE) & (near.rank < MUTUAL)
    if letters.any():
        chosen = np.flatnonzero(letters)
        alike = Letters(compared).cosine(near.left[chosen], near.right[chosen])
        letters[chosen[alike < LETTERS_SIMILARITY]] = False
    wanted = letters | (near.cosine >= proposing) | ((near.cosine >= WARN_COSINE) & (near.rank < MUTUAL))
    ends = zip(near.left[wanted].tolist(), near.right[wanted].tolist(), letters[wanted].tolist(), strict=True)
    kept = [(a, b, told) for a, b, told in ends if (a, b) not in by_wording and _may_match(sides[a], sides[b])]
    known = dict(zip(compared, vectors, strict=True))
    texts = list(
        dict.fromkeys(
            text
            for a, b, _ in kept
            for side in (sides[a], sides[b])
            for text in (side.ask, side.prompt, side.answer)
            if text not in known
        )
    )
    known |= dict(zip(texts, _embed(batch, texts), strict=True))

    def cosine(one: str, other: str) -> float:
        return float(known[one] @ known[other])

    found = []
    for a, b, told in kept:
        one, other = sides[a], sides[b]
        ask, prompt = cosine(one.ask, other.ask), cosine(one.prompt, other.prompt)
        if min(ask, prompt) >= (LETTERS_COSINE if told else WARN_COSINE):
            found.append(Pair(a, b, ask, prompt, cosine(one.answer, other.answer), told))
    return found


def _embed(batch: Batch, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of texts, each distinct one embedded once and, in a large set, kept for the next run."""
    from core import embeddings

    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    kept = embeddings.store() if len(distinct) >= _WORTH_KEEPING else None
    if len(distinct) > _MANY_TEXTS:
        sample = distinct[:: max(1, len(distinct) // _WORTH_KEEPING)]
        started = time.perf_counter()
        embeddings.embed(sample)
        minutes = (time.perf_counter() - started) * len(distinct) / len(sample) / 60
        batch.note(
            f"duplicates.semantic: {len(distinct)} texts to embed, about {minutes:.0f} minutes on this machine; those "
            "known from an earlier run take none."
        )
    vectors = embeddings.embed(texts, kept=kept, progress=batch.progress)
    if kept is not None and kept.problem:
        batch.note(f"duplicates.semantic: {kept.problem}")
    return vectors


def _may_match(one: Side, other: Side) -> bool:
    """Whether no fact of the answers or, in a short ask, of the asks stands against it."""
    if _facts_differ(one.answer, other.answer):
        return False
    if _is_long(one.ask) and _is_long(other.ask):
        return True
    (numbers, negations), (others, negated) = stance(one.ask), stance(other.ask)
    return numbers == others and bool(negations) == bool(negated) and not opposed(one.ask, other.ask)


def _facts_differ(one: str, other: str) -> bool:
    return one != other and (stance(one) != stance(other) or bool(opposed(one, other)))


def _is_long(text: str) -> bool:
    return len(text.split()) > LONG_WORDS


def _why_not(batch: Batch, one: Side, other: Side) -> str:
    """Why a pair that reaches every cosine is not proposed for dropping; empty where it is."""
    if {one.example.id, other.example.id} & batch.shared(earlier).disputed:
        return "one of them is in a contradiction, which has to be settled first"
    if one.system != other.system:
        return "their system prompts differ"
    if _facts_differ(one.prompt, other.prompt) or _facts_differ(one.ask, other.ask):
        return "a number, a code, a negation or an opposite differs in what is asked"
    for left, right in ((one.ask, other.ask), (one.prompt, other.prompt), (one.answer, other.answer)):
        if words := swapped(left, right):
            return f"they differ by “{words[0]}” and “{words[1]}”, which may change the meaning"
    if clash_between(one.answer, other.answer):
        return "their answers clash"
    if len(normalise(one.answer).split(" ")) < LABEL_WORDS:
        return f"answers of under {LABEL_WORDS} words are labels, which repeat by nature"
    return ""


def _worth_a_look(sides: Sequence[Side], pair: Pair, why: dict[tuple[int, int], str]) -> bool:
    """Whether to show a pair without a proposal: not where a word of the ask was swapped and nothing else agrees."""
    one, other = sides[pair.left], sides[pair.right]
    if not swapped(one.ask, other.ask):
        return True
    return (pair.left, pair.right) in why and not swapped(one.answer, other.answer)


def _ends(pairs: Sequence[Pair]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.array([pair.left for pair in pairs], np.int64), np.array([pair.right for pair in pairs], np.int64)


def _proposal(kept: Example, others: Sequence[Example], edges: Sequence[Pair]) -> Finding:
    """One star: every row to drop has its own cosines to the row that stays."""
    ids = tuple(example.id for example in others)
    ask, answer = min(min(e.ask, e.prompt) for e in edges), min(e.answer for e in edges)
    many = "Two" if len(ids) == 1 else str(len(ids) + 1)
    least = "" if len(ids) == 1 else "at least "
    return Finding(
        kept.id,
        "duplicates.semantic",
        "warn",
        "paraphrase",
        f"{many} examples ask the same and answer alike, {_HOW}: cosine {least}{ask:.3f} of what is asked, "
        f"{least}{answer:.3f} of the answer; keep the first.",
        min(edge.least for edge in edges),
        related=ids,
        proposal=Proposal("drop", ids, safe=False),
    )


def _warning(one: Example, other: Example, pair: Pair, why: str | None) -> Finding:
    ask = min(pair.ask, pair.prompt)
    told = f" Not proposed for dropping: {why}." if why else ""
    letters = " and its character n-grams agree" if pair.letters else ""
    return Finding(
        one.id,
        "duplicates.semantic",
        "warn",
        "near-in-meaning",
        f"Two examples may ask the same, {_HOW}: cosine {ask:.3f} of what is asked{letters}, {pair.answer:.3f} of the "
        f"answer.{told}",
        max(0.0, pair.least),
        related=(other.id,),
    )


_PASSWORD = "Open the settings and choose a new password."

SEMANTIC = Check(
    name="duplicates.semantic",
    version=2,
    title="Rows that ask the same in other words and answer alike",
    run=_run,
    catches=(
        (
            chat("How do I reset my password?", _PASSWORD),
            chat("What is the way to reset my password?", "Open the settings, and choose a new password."),
            chat("Which code fits acute bronchitis?", "J20.9."),
        ),
    ),
    passes=(
        (chat("How do I reset my password?", _PASSWORD), chat("Which code fits acute bronchitis?", "J20.9.")),
        (chat("Gastritis with bleeding?", "K29.01."), chat("Gastritis without bleeding?", "K29.00.")),
        (
            chat("What is the capital city of France?", "The capital city is Paris."),
            chat("What is the capital city of Spain?", "The capital city is Madrid."),
        ),
    ),
    about="Opt-in: by name or with `semantic = true`. Sentence embeddings (MiniLM, which knows English) of what is "
    "asked, of all that is said before the answer, and of the answer. From cosine 0.90 of all three a row is proposed "
    "for dropping, never as safe and never by way of a third row. Not proposed: another number, code, negation, "
    "opposite or system prompt; one or two words swapped for others (France, Spain); answers that are labels; rows in "
    "a contradiction or a conflict, which come first. From 0.75, or from 0.60 where the letters agree too (TF-IDF "
    "0.45), pairs that are among each other's three nearest are shown, without a proposal.",
    cost="model",
)

"""Pairs of examples that ask the same and answer in ways that cannot both be right, with the words that clash."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

import numpy as np

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.facts import Fact, facts, opposed
from curation.evidence.relations import Relations, relations
from curation.minhash.normalise import normalise

_ALL_PAIRS = 12  # of a group of up to this many answers all pairs are compared; of a larger one, each with the first
_MOST_TOLD = 66  # findings about one question: all pairs of twelve answers
_WORD = re.compile(r"\w[\w.,:/%°-]*\w|\w|[%°]")
_YES = re.compile(r"\W*(?:yes|correct|true|right|ja|oui|sí|si)\b", re.IGNORECASE)
_NO = re.compile(
    r"\W*(?:no|incorrect|false|wrong|nein|non)\b(?! (?:known|evidence|sign|history|change|need))", re.IGNORECASE
)
_LABEL_WORDS = 3
_LABEL_ROWS = 3
_LABEL_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Clash:
    """Why two answers cannot both be right: slug, sentence, strength in [0, 1], and the words on each side."""

    reason: str
    sentence: str
    score: float
    left: tuple[tuple[int, int], ...]
    right: tuple[tuple[int, int], ...]


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    found = batch.shared(relations)
    labels = _labels(batch)
    for group in found.questions:
        told = 0
        for left, right in _pairs(found, group, batch):
            one, other = found.units[left], found.units[right]
            clash = clash_between(one.answer, other.answer) or _labels_differ(one.answer, other.answer, labels)
            if clash:
                told += 1
                if told <= _MOST_TOLD:
                    yield _finding(one.examples[0], other.examples[0], clash)
        if told > _MOST_TOLD:
            batch.note(
                f"contradictions.clash: {told} pairs of one question's {len(group)} answers clash; {_MOST_TOLD} are "
                f"shown, "
                "duplicates.conflict lists all its rows."
            )


def _pairs(found: Relations, group: list[int], batch: Batch) -> Iterator[tuple[int, int]]:
    """Pairs of a group whose prompts were compared with each other, not only with the first."""
    if len(group) > _ALL_PAIRS:
        batch.note(
            f"contradictions.clash: a question with {len(group)} different answers was compared with its first only."
        )
        yield from ((group[0], other) for other in group[1:])
        return
    for left, right in combinations(group, 2):
        if left == group[0] or found.prompts_alike(np.array([left]), np.array([right]))[0]:
            yield left, right


def clash_between(left: str, right: str) -> Clash | None:
    """The first rule by which two answers to one question clash, or None.

    In order: codes, numbers with the same unit, yes against no, opposites, negation. Numbers, opposites and negations
    count only where the sentences round them are alike.
    """
    if left.rstrip().endswith(("?", "？")) or right.rstrip().endswith(("?", "？")):
        return None  # a question states nothing
    if normalise(left) == normalise(right) and not _codes(left) ^ _codes(right):
        left_numbers = {f.value for f in facts(left) if f.kind == "number"}
        if left_numbers == {f.value for f in facts(right) if f.kind == "number"}:
            return None
    return _codes_differ(left, right) or _numbers_differ(left, right) or _polarity_differs(left, right)


def _codes(text: str) -> frozenset[str]:
    return frozenset(fact.value for fact in facts(text) if fact.kind == "code")


def _codes_differ(left: str, right: str) -> Clash | None:
    ours, theirs = _codes(left) - _codes(right), _codes(right) - _codes(left)
    if not ours or not theirs:
        return None
    one = tuple(fact for fact in facts(left) if fact.kind == "code" and fact.value in ours)
    other = tuple(fact for fact in facts(right) if fact.kind == "code" and fact.value in theirs)
    shared = len(_codes(left) & _codes(right))
    score = 0.95 if not shared else 0.8
    return _clash("code", "code", left, right, one, other, score)


def _numbers_differ(left: str, right: str) -> Clash | None:
    """Numbers of one dimension that stand in the same place of both answers and differ."""
    ours, theirs = _located(left), _located(right)
    if not ours or not theirs:
        return None
    left_words, right_words = list(_WORD.finditer(left)), list(_WORD.finditer(right))
    if max(len(left_words), len(right_words)) > 2000:
        return None
    left_values = {fact.value for fact in ours}
    right_values = {fact.value for fact in theirs}
    matcher = SequenceMatcher(
        None, [w[0].casefold() for w in left_words], [w[0].casefold() for w in right_words], autojunk=False
    )
    if matcher.ratio() < 0.5:
        return None
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "replace":
            continue
        one = [f for f in ours if _touches(f, left_words[a].start(), left_words[b - 1].end())]
        other = [f for f in theirs if _touches(f, right_words[c].start(), right_words[d - 1].end())]
        one = [fact for fact in one if fact.value not in right_values]
        other = [fact for fact in other if fact.value not in left_values]
        pair = next(((x, y) for x in one for y in other if x.dimension == y.dimension), None)
        if pair:
            name = {"mass": "dose", "volume": "volume", "time": "time", "months": "time", "date": "date"}.get(
                pair[0].dimension, "number"
            )
            return _clash("number", name, left, right, (pair[0],), (pair[1],), 0.9)
    return None


def _located(text: str) -> list[Fact]:
    return [fact for fact in facts(text) if fact.kind == "number"]


def _touches(fact: Fact, start: int, end: int) -> bool:
    return fact.start < end and start < fact.end


def _polarity_differs(left: str, right: str) -> Clash | None:
    for yes, no, swap in ((left, right, False), (right, left, True)):
        said_yes, said_no = _YES.match(yes), _NO.match(no)
        if said_yes and said_no:
            ends = (said_yes.span(), said_no.span())
            first, second = ends[::-1] if swap else ends
            return Clash("yes-no", "One answer says yes, the other no.", 0.9, (first,), (second,))
    words, others = set(normalise(left).split()), set(normalise(right).split())
    overlap = len(words & others) / max(1, len(words | others))
    if overlap >= 0.5 and (pairs := opposed(left, right)):
        one, other = pairs[0]
        return _clash("opposite", "word", left, right, (one,), (other,), 0.7)
    ours = [fact for fact in facts(left) if fact.kind == "negation"]
    theirs = [fact for fact in facts(right) if fact.kind == "negation"]
    if overlap >= 0.6 and len(ours) != len(theirs) and (len(ours) + len(theirs)) % 2:
        spans = tuple((f.start, f.end) for f in ours), tuple((f.start, f.end) for f in theirs)
        longer = max((left, ours), (right, theirs), key=lambda side: len(side[1]))
        word = longer[0][longer[1][0].start : longer[1][0].end]
        return Clash("negation", f"Only one of the answers says “{word}”.", 0.75, *spans)
    return None


def _labels(batch: Batch) -> frozenset[str]:
    """The labels of a classification set: short answers of three rows or more, where most rows have one."""
    counts = Counter(normalise(example.answer) for example in batch)
    labels = {text: n for text, n in counts.items() if n >= _LABEL_ROWS and 0 < len(text.split()) <= _LABEL_WORDS}
    return frozenset(labels) if sum(labels.values()) >= _LABEL_SHARE * len(batch) else frozenset()


def _labels_differ(left: str, right: str, labels: frozenset[str]) -> Clash | None:
    """Two different labels of a classification set."""
    one, other = normalise(left), normalise(right)
    if one == other or one not in labels or other not in labels:
        return None
    return Clash("label", "The same question has two different labels.", 0.7, ((0, len(left)),), ((0, len(right)),))


def _clash(
    reason: str, name: str, left: str, right: str, one: tuple[Fact, ...], other: tuple[Fact, ...], score: float
) -> Clash:
    shown = f"{left[one[0].start : one[0].end]} / {right[other[0].start : other[0].end]}"
    return Clash(
        reason,
        f"{name.capitalize()} differs: {shown}.",
        score,
        tuple((fact.start, fact.end) for fact in one),
        tuple((fact.start, fact.end) for fact in other),
    )


def _finding(one: Example, other: Example, clash: Clash) -> Finding:
    spans = [Span(len(one.messages) - 1, start, end) for start, end in clash.left]
    spans += [Span(len(other.messages) - 1, start, end, other.id) for start, end in clash.right]
    return Finding(
        one.id, "contradictions.clash", "warn", clash.reason, clash.sentence, clash.score,
        spans=tuple(span for span in spans if span.start < span.end), related=(other.id,),
    )  # fmt: skip


_ASK = (
    "The chart of the patient says acute bronchitis with a dry cough, and the laboratory names an organism. Please "
    "read "
    "the table above with care: which of its codes applies to this case?"
)

CLASH = Check(
    name="contradictions.clash",
    version=1,
    title="Two answers to one question that cannot both be right",
    run=_run,
    catches=(
        (chat(_ASK, "The code is J20.9."), chat(_ASK, "The code is J20.8.")),
        (chat(_ASK, "J20.9 fits here."), chat(_ASK.replace("with care", "carefully"), "It should be J21.0.")),
        (chat("How much?", "Give 5 mg twice a day."), chat("How much?", "Give 50 mg twice a day.")),
        (chat("May she travel?", "Yes, she may."), chat("May she travel?", "No, not yet.")),
        (
            chat("Is it passed on?", "It is passed on by touch."),
            chat("Is it passed on?", "It is not passed on by touch."),
        ),
        (chat("Which side?", "The pain is on the left side."), chat("Which side?", "The pain is on the right side.")),
    ),
    passes=(
        (chat("How much?", "Give 500 mg twice a day."), chat("How much?", "Give 0.5 g twice a day.")),
        (chat("Gastritis with bleeding?", "K29.01."), chat("Gastritis without bleeding?", "K29.00.")),
        (chat("Stage 1 disease?", "N18.1."), chat("Stage 2 disease?", "N18.2.")),
        (chat("Allergies?", "None."), chat("Allergies?", "No known drug allergies.")),
        (chat("What is flu?", "A viral infection."), chat("What is flu?", "An infection of the airways by a virus.")),
        (chat(_ASK, "J20.9"), chat(_ASK, "J20.9, acute bronchitis, unspecified.")),
    ),
    about="Pairs come from prompts that are equal or alike (J ≥ 0.70, and the ask alike). If the prompts differ in a "
    "number, "
    "a code, a negation or an opposite, that explains the answers. Rules, each with its words marked: codes; "
    "numbers, doses "
    "and dates in one unit (500 mg = 0.5 g); yes and no; opposites; a negation; labels of the set.",
)

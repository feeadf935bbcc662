"""Pairs of examples that ask the same and answer in ways that cannot both be right, with the words that clash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.clash.base import Clash
from curation.clash.judge import clash_between
from curation.clash.labels import labels_differ, labels_of
from curation.evidence.asked import (
    LONG_WORDS,
    Asked,
    explained,
    is_plain,
    names_apart,
    one_question,
)
from curation.evidence.batch import Batch
from curation.evidence.entailment import Undecided, asked_for, entailed_clashes
from curation.evidence.facts import told
from curation.evidence.groups_systems import system_of
from curation.evidence.open_ended import open_ended
from curation.evidence.relations import relations
from curation.evidence.same_question import (
    LETTERS,
    MEANING,
    MEANING_OF_CONTEXT,
    Candidates,
    Group,
    asks_meaning,
    meanings,
    same_question,
)
from curation.evidence.standing import standing
from curation.minhash.normalise import normalise

_ALL_PAIRS = 12  # of a question with up to this many answers all pairs are compared; of one with more, each with these
_MOST_ANSWERS = 2000  # answers to one question that are compared
_MOST_COMPARED = 200_000  # characters of an answer that are compared
_MOST_TOLD = 66  # findings about one question: all pairs of twelve answers


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two answers that are compared, by number of ``Candidates.asked``, and what the finding says of their questions.

    ``place`` is that of a pair in other words, None in a group; ``sure`` scales the score of the clash.
    """

    left: int
    right: int
    group: int
    place: int | None = None
    said: str = ""
    sure: float = 1.0


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    candidates = batch.shared(same_question)
    rules = _judge(batch)
    wants_model = batch.shared(asked_for) is not None
    clashes: dict[_Pair, Clash] = {}
    undecided: dict[_Pair, Undecided] = {}
    many: set[str] = set()

    def has_one_answer(one: Asked) -> bool:
        if one.prompt != one.ask or len(one.prompt.split()) > LONG_WORDS or not open_ended(one.ask):
            return True
        many.add(one.ask)
        return False

    def judge(one: Asked, other: Asked) -> Clash | None:
        return rules(one, other) if has_one_answer(one) and has_one_answer(other) else None

    def decide(pair: _Pair) -> Clash | None:
        left, right = candidates.asked[pair.left], candidates.asked[pair.right]
        clash = judge(left, right)
        if clash is None and wants_model and has_one_answer(left) and has_one_answer(right):
            undecided[pair] = Undecided(left.example.id, right.example.id, left.answer, right.answer)
        return None if clash is None or explained(left, right, clash) else clash

    for number, group in enumerate(candidates.groups):
        for pair in _in_group(batch, candidates, group, number):
            if clash := decide(pair):
                clashes[pair] = clash
    clashes |= _in_other_words(batch, candidates, judge, decide)
    if many:
        batch.note(
            f"contradictions.clash: {len(many):,} requests have many right answers (an example, a story, a suggestion "
            "...); their answers were not compared."
        )
    model = entailed_clashes(batch, undecided.values())
    for pair, texts in undecided.items():
        one, other = candidates.asked[pair.left], candidates.asked[pair.right]
        if (clash := model.get(texts)) and not explained(one, other, clash):
            clashes[pair] = clash
    yield from _findings(batch, candidates, clashes)


def _judge(batch: Batch) -> Callable[[Asked, Asked], Clash | None]:
    """The rules, then the labels of the set that the two belong to: of one system prompt and one task."""
    answers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in batch:
        answers[_set_of(batch, example)].append(example.answer)
    labels = {name: labels_of(members) for name, members in answers.items()}

    long = sum(len(example.answer) > _MOST_COMPARED for example in batch)
    if long:
        batch.note(
            f"contradictions.clash: of {long:,} answers of more than {_MOST_COMPARED:,} characters the first "
            f"{_MOST_COMPARED:,} were compared."
        )

    def judge(one: Asked, other: Asked) -> Clash | None:
        left, right = one.answer[:_MOST_COMPARED], other.answer[:_MOST_COMPARED]
        asked = one.example.messages[one.turn - 1].content  # the whole turn: choices may stand below the question
        return clash_between(left, right, asked=asked) or labels_differ(
            left, right, labels[_set_of(batch, one.example)]
        )

    return judge


def _set_of(batch: Batch, example: Example) -> tuple[str, str]:
    tags = (str(example.meta[key]) for key in batch.settings.group_by if isinstance(example.meta.get(key), str))
    return system_of(example), next(tags, "")


def _in_group(batch: Batch, candidates: Candidates, group: Group, number: int) -> Iterator[_Pair]:
    """Pairs of answers to one question that were compared with each other, not only with the first.

    Of up to twelve answers all pairs; of more, each with twelve leading ones, of which no two say the same in numbers,
    codes and negations as long as there are others: linear, and every answer meets those that most rows may share.
    """
    asked = candidates.asked
    members = list(group.members)
    if len(members) <= _ALL_PAIRS:
        pairs = list(combinations(members, 2))
    else:
        leading = _leading(asked, members[:_MOST_ANSWERS])
        some = f", and only the first {_MOST_ANSWERS:,} of them" if len(members) > _MOST_ANSWERS else ""
        batch.note(
            f"contradictions.clash: of a question with {len(members):,} different answers each was compared with "
            f"{len(leading)} leading ones, not with all{some}."
        )
        members = members[:_MOST_ANSWERS]
        order = {member: place for place, member in enumerate(members)}
        ends = {(min(a, b, key=order.get), max(a, b, key=order.get)) for a in leading for b in members if a != b}  # type: ignore[arg-type]
        pairs = sorted(ends, key=lambda pair: (order[pair[0]], order[pair[1]]))
    if group.how == "wording":
        unit = dict(zip(group.members, group.units, strict=True))
        ends_of = np.array([(unit[a], unit[b]) for a, b in pairs], np.int64)
        alike = ends_of[:, 0] == group.units[0]
        rest = np.flatnonzero(~alike)
        if len(rest):
            alike[rest] = batch.shared(relations).prompts_alike(ends_of[rest, 0], ends_of[rest, 1])
        pairs = [pair for pair, same in zip(pairs, alike.tolist(), strict=True) if same]
    for left, right in pairs:
        one, other = asked[left], asked[right]
        if group.how == "wording":
            if one.prompt == other.prompt or not names_apart(one.prompt, other.prompt):
                yield _Pair(left, right, number)
        elif not (one.is_final and other.is_final and one.prompt == other.prompt):
            yield _Pair(left, right, number, None, _turn_told(one, other))


def _leading(asked: Sequence[Asked], members: Sequence[int]) -> list[int]:
    """Twelve answers to compare all others with: those of most rows first, each of another stance where there are."""
    ranked = sorted(members, key=lambda n: -asked[n].rows)  # stable: then the best first
    chosen: list[int] = []
    for unlike in (True, False):
        seen = {_stance(asked[n].answer) for n in chosen}
        for number in ranked:
            if len(chosen) == _ALL_PAIRS:
                break
            if number in chosen or (unlike and _stance(asked[number].answer) in seen):
                continue
            chosen.append(number)
            seen.add(_stance(asked[number].answer))
    return chosen


def _stance(answer: str) -> object:
    fixed, negations = told(answer)
    return frozenset(fixed), bool(negations), normalise(answer[:40]).split(" ", 1)[0] in ("yes", "no")


def _in_other_words(
    batch: Batch,
    candidates: Candidates,
    judge: Callable[[Asked, Asked], Clash | None],
    decide: Callable[[_Pair], Clash | None],
) -> dict[_Pair, Clash]:
    """Clashes of answers to questions in other words: the rules first, then the embedding model on what they found."""
    clashes: dict[_Pair, Clash] = {}
    doubtful: dict[int, tuple[_Pair, Clash]] = {}
    compared = 0
    ends = zip(candidates.left.tolist(), candidates.right.tolist(), candidates.score.tolist(), strict=True)
    for place, (left, right, score) in enumerate(ends):
        one, other = candidates.asked[left], candidates.asked[right]
        if one.example.id == other.example.id and one.turn == other.turn:
            continue
        if not one_question(one, other):
            continue
        compared += 1
        said = f" Asked in other words (letters {score:.2f})."
        pair = _Pair(left, right, -1, place, said + _turn_told(one, other), min(1.0, 0.5 + score / 2))
        if score >= LETTERS:
            if clash := decide(pair):
                clashes[pair] = clash
        elif (clash := judge(one, other)) and not explained(one, other, clash):
            doubtful[place] = pair, clash
    cosine = meanings(batch, candidates, list(doubtful)) if doubtful else {}
    for place, value in cosine.items():
        pair, clash = doubtful[place]
        one, other = candidates.asked[pair.left], candidates.asked[pair.right]
        if value >= (MEANING if is_plain(one.prompt) and is_plain(other.prompt) else MEANING_OF_CONTEXT):
            said = pair.said.replace(" (letters", f" (meaning {value:.2f}, letters")
            clashes[_Pair(pair.left, pair.right, -1, place, said, value)] = clash
    if len(candidates.asked) > 1 and len(batch) <= batch.settings.reworded_rows:
        _tell(batch, candidates, compared, len(doubtful))
    return clashes


def _turn_told(one: Asked, other: Asked) -> str:
    if one.example.id == other.example.id:
        return " Asked twice in one conversation."
    if one.is_final and other.is_final:
        return ""
    return f" Asked in an earlier turn of {'the first' if not one.is_final else 'the second'} row."


def _tell(batch: Batch, candidates: Candidates, compared: int, asked_model: int) -> None:
    """What was looked for beyond equal wording, and what was not."""
    by_meaning = asks_meaning(batch)
    if by_meaning:
        how = (
            f"by letters (TF-IDF), and where a clash hung on it by meaning (sentence embeddings, {asked_model:,} pairs)"
        )
    else:
        why = "its package is not installed" if batch.settings.reworded_meaning else "reworded_meaning = false"
        how = f"by letters alone (TF-IDF from {LETTERS:.2f}), and not by the embedding model: {why}"
    text = f"contradictions.clash: questions in other words were looked for {how}; {compared:,} pairs were compared."
    if candidates.crowded:
        text += f" {candidates.crowded:,} questions had more than 8 near ones, of which the nearest were taken."
    if compared or candidates.crowded:
        batch.note(text)


def _findings(batch: Batch, candidates: Candidates, clashes: dict[_Pair, Clash]) -> Iterator[Finding]:
    """One finding a pair of rows and turns, by question, with how many rows stand on each side."""
    by_group: dict[int, list[_Pair]] = defaultdict(list)
    seen: set[tuple[tuple[str, int], tuple[str, int]]] = set()
    for pair in clashes:
        one, other = candidates.asked[pair.left], candidates.asked[pair.right]
        ends = (one.example.id, one.turn), (other.example.id, other.turn)
        if ends not in seen and ends[::-1] not in seen:
            seen.add(ends)
            by_group[pair.group].append(pair)
    for number, pairs in by_group.items():
        against: dict[int, set[int]] = defaultdict(set)
        for pair in pairs:
            against[pair.left].add(pair.right)
            against[pair.right].add(pair.left)
        members = candidates.groups[number].members if number >= 0 else ()
        for pair in pairs if number < 0 else pairs[:_MOST_TOLD]:
            among = members if number >= 0 else (pair.left, pair.right)
            rows = {member: candidates.asked[member].rows for member in among}
            hint = standing(pair.left, pair.right, rows, against).sentence()
            yield _finding(candidates.asked[pair.left], candidates.asked[pair.right], clashes[pair], pair, hint)
        if number >= 0 and len(pairs) > _MOST_TOLD:
            batch.note(
                f"contradictions.clash: {len(pairs)} pairs of one question's {len(members)} answers clash; "
                f"{_MOST_TOLD} are shown, duplicates.conflict lists all its rows."
            )


def _finding(one: Asked, other: Asked, clash: Clash, pair: _Pair, hint: str) -> Finding:
    """Its message: the clash, then how the questions differ, then (``standing.Standing``) who stands where."""
    apart = one.example.id != other.example.id
    spans = (*one.spans(clash.left, other=False), *other.spans(clash.right, other=apart))
    return Finding(
        one.example.id, "contradictions.clash", "warn", clash.reason, clash.sentence + pair.said + hint,
        clash.score * pair.sure, spans=spans, related=(other.example.id,) if apart else (),
    )  # fmt: skip


_ASK = (
    "The chart of the patient says acute bronchitis with a dry cough, and the laboratory names an organism. Please "
    "read "
    "the table above with care: which of its codes applies to this case?"
)

CLASH = Check(
    name="contradictions.clash",
    version=3,
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
    about="Pairs come from prompts that are equal or alike (J ≥ 0.70, and the ask alike), from questions in other "
    "words (character TF-IDF ≥ 0.45, or sentence embeddings ≥ 0.75, 0.90 where the prompt holds more than a "
    "question), and from earlier turns whose question means the same in any "
    "conversation. A difference in what is asked that explains the answers (number, code, negation, opposite, "
    "name, system prompt, a word of the answer that only its own prompt has) makes them no pair. Rules, each "
    "with its words marked: codes; numbers, doses and dates in one unit (500 mg = 0.5 g); values under one "
    "key; yes and no; opposites and words that exclude each other; a negation; labels of the set. Answers to "
    "requests with many right ones (an example, a story, a suggestion) are not compared. Where more "
    "than two rows answer a question, the finding says how many stand on each side. Sets of more than "
    "`reworded_rows` rows are compared by wording only, and the report says so.",
)

"""Answers that say and deny one and the same thing: two sentences of one answer that cannot both be right."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.clash.align import differences, similarity_of
from curation.clash.base import Clash
from curation.clash.claims import Claim, claims
from curation.clash.codes import codes_differ
from curation.clash.judge import claims_clash
from curation.evidence.batch import Batch

_NAME = "contradictions.self"
_ALIKE = 0.6  # they differ in one place only as well
_LEAST_WORDS = 3
_MOST_CLAIMS = 400  # of one answer that are compared
_FREQUENT = 12  # a word in more sentences than these tells no two of them apart
_MOST_APART = 3  # words on a side of the one place where two sentences differ
_REASONS = frozenset({"number", "dose", "date", "code", "negation", "opposite", "value"})
_SENTENCE = re.compile(r"[^.!?\n;]+")
_LONG_WORD = re.compile(r"[a-z]{4,}")
_TURNED = re.compile(
    r"\b(?:if|some|others?|another|either|or|before|after|then|now|first|second|third|last|next|option|step|suppose|"
    r"example|wrong|true|false|each|every|unless|when|while|whereas|however|but|although|used to|initially|originally|"
    r"previously|formerly|earlier|later|versus|vs|said|asked|minimum|maximum)\b",
    re.IGNORECASE,
)
_BESIDE = frozenset(
    (
        "left", "right", "upper", "lower", "male", "female", "men", "women", "he", "she", "morning", "evening", "night",
        "front", "back", "top", "bottom", "inner", "outer", "day", "week", "month", "year",
    )
)  # fmt: skip
"""What stands beside its opposite: both sides, each with a sentence of its own."""
_SPEAKER = re.compile(r"^\W{0,4}[A-Z][\w .]{0,20}:\s", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*(?:#{1,6} |\*\*[^*\n]+\*\*|[^\n]{1,60}:[ \t]*$)", re.MULTILINE)
_ITEM = re.compile(r"[ \t>]*(?:[-*+•‣▪◦·–—]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|\|)[ \t]*$")


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    cut = 0
    for example in batch:
        text = example.answer
        if len(text) < 20 or not _may_repeat(text):
            continue
        stated = [claim for claim in claims(text) if _is_statement(claim, text)]
        if len(stated) > _MOST_CLAIMS:
            cut += 1
            stated = stated[:_MOST_CLAIMS]
        found = next(_clashing(stated, text), None)
        if found is not None:
            yield _finding(example, *found)
    if cut:
        batch.note(f"{_NAME}: of {cut} long answers only the first {_MOST_CLAIMS} statements were compared.")


def _may_repeat(text: str) -> bool:
    """Whether two sentences share most of their longer words: a cheap look before the answer is read."""
    if "```" in text or text.lstrip()[:1] in ("{", "["):
        return False
    seen: dict[str, set[int]] = defaultdict(set)
    for number, sentence in enumerate(_SENTENCE.finditer(text.lower())):
        words = set(_LONG_WORD.findall(sentence[0]))
        shared = Counter(other for word in words for other in seen[word])
        if words and any(count >= 0.6 * len(words) for count in shared.values()):
            return True
        for word in words:
            if len(seen[word]) < _FREQUENT:
                seen[word].add(number)
    return False


def _is_statement(claim: Claim, text: str) -> bool:
    """A sentence of prose: no question, no item of a list or row of a table, nothing turned by time or condition."""
    if claim.asks or len(claim.words) < _LEAST_WORDS or _TURNED.search(claim.text):
        return False
    line = text.rfind("\n", 0, claim.start) + 1
    before = text[line : claim.start]
    return not (_ITEM.fullmatch(before) or "|" in claim.text or '"' in claim.text or "“" in claim.text)


def _clashing(stated: Sequence[Claim], text: str) -> Iterator[tuple[Claim, Claim, Clash]]:
    """Pairs of statements that clash, in order of place."""
    holders: dict[str, list[int]] = defaultdict(list)
    for number, claim in enumerate(stated):
        words = {word.text for word in claim.words if len(word.text) > 2}
        near = Counter(other for word in words for other in holders[word])
        for other, shared in sorted(near.items()):
            if shared >= 0.5 * len(words) and (clash := _clash(stated[other], claim, text)):
                yield stated[other], claim, clash
        for word in words:
            if len(holders[word]) < _FREQUENT:
                holders[word].append(number)


def _clash(one: Claim, other: Claim, text: str) -> Clash | None:
    """Why two statements that differ in one place only cannot both be right."""
    if similarity_of(one, other) < _ALIKE:
        return None
    slots = differences(one.words, other.words)
    if len(slots) != 1 or max(len(slots[0].left), len(slots[0].right)) > _MOST_APART:
        return None
    if any(word.text in _BESIDE for word in (*slots[0].left, *slots[0].right)):
        return None
    between = text[one.end : other.start]
    if _HEADING.search(between) or _SPEAKER.search(text[max(0, text.rfind("\n", 0, one.start)) : other.end]):
        return None
    clash = codes_differ(one.text, other.text) or claims_clash(one.text, other.text)
    return clash if clash is not None and clash.reason in _REASONS else None


def _finding(example: Example, one: Claim, other: Claim, clash: Clash) -> Finding:
    turn = len(example.messages) - 1
    spans = [Span(turn, one.start + start, one.start + end) for start, end in clash.left]
    spans += [Span(turn, other.start + start, other.start + end) for start, end in clash.right]
    sentence = f"The answer says two things that cannot both be right. {clash.sentence}"
    return Finding(example.id, _NAME, "warn", clash.reason, sentence, clash.score, spans=tuple(spans))


_ASK = "What is the dose of the syrup?"

SELF = Check(
    name=_NAME,
    version=1,
    title="Answers that contradict themselves",
    run=_run,
    catches=(
        (chat(_ASK, "The dose of the syrup is 5 ml. Shake the bottle well. The dose of the syrup is 50 ml."),),
        (chat(_ASK, "The syrup is safe for infants. Keep it cool. The syrup is not safe for infants."),),
        (chat(_ASK, "The report was sent on 3 March 2024. It is complete. The report was sent on 5 May 2024."),),
        (chat(_ASK, "The code of the case is J20.9. It is billable. The code of the case is J20.8."),),
    ),
    passes=(
        (chat(_ASK, "The dose of the syrup is 500 mg. Shake it. The dose of the syrup is 0.5 g."),),
        (chat(_ASK, "The dose is 5 ml in the morning. The dose is 10 ml in the evening."),),
        (chat(_ASK, "If the child is small, give 5 ml. If the child is tall, give 10 ml."),),
        (chat(_ASK, "Some syrups are safe for infants. Other syrups are not safe for infants."),),
        (chat(_ASK, "The left kidney is enlarged. The right kidney is not enlarged."),),
        (chat(_ASK, "- The price is 5 dollars\n- The price is 7 dollars"),),
        (chat(_ASK, "Plan A:\nThe price of it is 5 dollars.\n\nPlan B:\nThe price of it is 7 dollars."),),
        (chat(_ASK, "Anna: The dose is 5 ml.\nBert: The dose is 10 ml."),),
        (chat(_ASK, "The dose was 5 ml before the change. The dose is 10 ml now."),),
    ),
    about="Two sentences of one answer that have most words in common and differ in one place only, by a number, dose, "
    "date, code, negation or opposite. Items of a list, rows of a table, JSON, code, quotations, dialogues, sentences "
    "below different headings, and whatever speaks of time, order, condition, sides, persons, or of some and others, "
    "are passed over.",
)

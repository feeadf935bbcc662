"""Words in answers that are probably misspelt, held against a dictionary and the set's own vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, outside
from curation.evidence.languages import answer_languages, name
from curation.evidence.vocabulary import (
    LANGUAGES,
    Slip,
    dictionary,
    slips,
    vocabulary_of,
    words_in,
    words_of,
)

_CAPITALISED_LETTERS, _CAPITALISED_RATIO = 6, 20
"""A capitalised word is judged from this length on, where the word it is held against is this many times as common,
and only at the beginning of a sentence: anywhere else it is a name."""

_SENTENCE_START = re.compile(r"(?:\A|[.!?:]\s|\n)[\s\"'“‘(\[*_>#•-]*\Z")
_ABOUT_SPELLING = re.compile(r"spell|\btypos?\b|proofread|grammar|correct(?:ed)? (?:the|this|these|any)|mistakes", re.I)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a slip stands, and how it is written there."""

    turn: int
    start: int
    end: int
    slip: Slip
    written: str

    @property
    def text(self) -> str:
        """The correction, capitalised as the word was."""
        return self.slip.meant.capitalize() if self.written[0].isupper() else self.slip.meant


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    judged = _judged(batch)
    if not judged:
        return
    spellings = words_in(_answers(judged))
    small = {word for word in spellings.values() if word.islower()}
    capitalised = {word.lower() for word in spellings.values() if _may_open(word)}
    if not small and not capitalised:
        return
    vocabulary = batch.shared(vocabulary_of)
    found = slips(small | capitalised, vocabulary, dictionary(LANGUAGES[0]))
    bad = {
        token: found[word.lower()]
        for token, word in spellings.items()
        if word.lower() in found and (word.islower() or (_may_open(word) and _common(found[word.lower()])))
    }
    if not bad:
        return
    for example in judged:
        places = _places(example, bad)
        if places and not _ABOUT_SPELLING.search(_before(example, len(example.messages) - 1)):
            yield _finding(example, places, vocabulary.texts)


def _judged(batch: Batch) -> list[Example]:
    """The examples whose answers are in a language with a dictionary, or too short to tell in a set of that one."""
    languages = batch.shared(answer_languages)
    counted = Counter(code for code in languages.values() if code is not None)
    most_often = min(counted, key=lambda code: (-counted[code], code)) if counted else LANGUAGES[0]
    usual = batch.learn("spelling.typo", "language", lambda: most_often) or most_often
    taken = [example for example in batch if (languages[example.id] or usual) in LANGUAGES]
    if left := len(batch) - len(taken):
        others = Counter({code: count for code, count in counted.items() if code not in LANGUAGES})
        most = others.most_common(1)[0][0] if others else usual
        batch.note(
            f"Spelling: {left} of {len(batch)} answers were not looked at, because they are in another language than "
            f"English (most often {name(most)})."
        )
    return taken


def _answers(examples: Iterable[Example]) -> list[str]:
    return [m.content for example in examples for m in example.messages if m.role == "assistant"]


def _may_open(word: str) -> bool:
    return len(word) >= _CAPITALISED_LETTERS and word[0].isupper() and word[1:].islower()


def _common(slip: Slip) -> bool:
    return slip.meant_texts >= _CAPITALISED_RATIO * slip.texts


def _places(example: Example, bad: Mapping[str, Slip]) -> list[_Place]:
    """The slips in the answers of an example: outside code, not taken from what was said before, not cut off."""
    found: list[_Place] = []
    for turn, message in enumerate(example.messages):
        if message.role != "assistant" or bad.keys().isdisjoint(tokens := message.content.split()):
            continue
        text, code = message.content, code_ranges(message.content)
        before = ""
        for token in sorted(bad.keys() & set(tokens)):
            place = words_of(token)
            if place is None:
                continue
            before = before or _before(example, turn).lower()
            if re.search(rf"(?<!\w){bad[token].word}(?!\w)", before):
                continue
            for match in re.finditer(rf"(?<!\S){re.escape(token)}(?!\S)", text):
                start, end = match.start() + place[0], match.start() + place[1]
                written = text[start:end]
                named = written[0].isupper() and not _SENTENCE_START.search(text[max(0, start - 12) : start])
                if not named and outside(code, start, end) and text[end:].strip():
                    found.append(_Place(turn, start, end, bad[token], written))
    return sorted(found, key=lambda place: (place.turn, place.start))


def _before(example: Example, turn: int) -> str:
    """All that is said before a turn."""
    return "\n".join(message.content for message in example.messages[:turn])


def _finding(example: Example, places: Sequence[_Place], texts: int) -> Finding:
    by_word = {place.slip.word: place.slip for place in places}
    told = [
        f"“{slip.word}” ({slip.texts} of {texts:,} texts; “{slip.meant}”: {slip.meant_texts:,})"
        for slip in list(by_word.values())[:_SHOWN]
    ]
    more = f" and {len(by_word) - _SHOWN} more" if len(by_word) > _SHOWN else ""
    confident = all(slip.confident for slip in by_word.values())
    edits = tuple(Replacement(place.turn, place.start, place.end, place.text) for place in places)
    return Finding(
        example.id,
        "spelling.typo",
        "warn",
        "typo",
        f"Probably misspelt, and in no dictionary: {', '.join(told)}{more}.",
        0.9 if confident else 0.6,
        spans=tuple(Span(place.turn, place.start, place.end) for place in places),
        proposal=Proposal("edit", (example.id,), False, edits) if confident else None,
    )


_COUGH = tuple(chat(f"Case {i}?", f"The patient of case {i} has a cough and was given lisinopril.") for i in range(25))

TYPO = Check(
    name="spelling.typo",
    version=1,
    title="Words in answers that are probably misspelt",
    run=_run,
    catches=(
        (chat("What now?", "Take the medecine twice a day."),),
        (chat("What now?", "They will definately recieve a letter."),),
        (*_COUGH, chat("And this?", "The patinet has a cough.")),
        (*_COUGH, chat("And this?", "The patient was given lisinoprl for that.")),
        (*_COUGH, chat("And this?", "Patiant has a cough.")),
    ),
    passes=(
        _COUGH,
        (chat("What now?", "She has dyspnea, haematuria, oedema and diarrhoea; colour and tumour were normalised."),),
        (chat("Is Ms Reciever in?", "Ms Reciever is in, and so is Hollis Patiant."),),
        (chat("Who is the reciever?", "The reciever is not known."),),
        (chat("Which command?", "Run `recieve --now`, or mail recieve@clinic.org, or see http://clinic.org/recieve."),),
        (chat("Correct this: I go too school.", "It has a mistake, such as definately for definitely."),),
        (chat("Fall?", "Der Patient wurde gestern mit Husten in der Klinik gesehen."),),
        (*_COUGH, chat("And this?", "The BNP and hgb were taken; cardiomyopathy and hypokalemia were not found.")),
    ),
    about="Looked at are the answers in English; users may write as users do. A word counts as misspelt where "
    "pyspellchecker's list of 160,000 words does not hold it (nor its American form, its parts or its plural), it "
    "stands in fewer than 20 texts, and one edit makes it a word that the set or the language uses far more: the "
    "shorter the word, the more. Passed over: code, addresses, identifiers, names, abbreviations, compounds with a "
    "hyphen, words that were said before in the same conversation, and requests about spelling itself. The correction "
    "is proposed where no other word comes near; it is never safe.",
)

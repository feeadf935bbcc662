"""Answers that were cut off: an open code block or bracket, a last word that cannot be one, half a word."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, outside
from curation.evidence.vocabulary import LANGUAGES, dictionary, is_known

_LAST_WORD = re.compile(r"([^\W\d_]{2,})\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")
_HANGING = re.compile(
    r"(?:(?<![:;=8xX-])[,(\[{“]|\b(?:and|or|the|an|a|because|its|their|his|her|of|with|from|for|was|is|are|were|has|"
    r"have|which|that|to|und|oder|et|les))\Z"
)
_MAY_END = re.compile(r"\b(?:to|of|for|with|from|that|is|are|was|were|has|have|a|his|her)\Z", re.IGNORECASE)
_ENDINGS = frozenset(".!?。！？…:;)]}\"'”’`*>|")
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_BRACKET = re.compile(r"(?<![:;=8xX-])[()\[\]{}]")
_MOST_OPEN_ENDED = 0.2  # a group of which more answers end without a mark ends so by habit

Cut = tuple[str, str, int, int]


def truncated(batch: Batch) -> dict[str, Cut]:
    """Answers that were cut off: example id to (reason, sentence, start, end). For ``batch.shared``."""
    found: dict[str, Cut] = {}
    open_ended: list[Example] = []
    for example in batch:
        text = example.answer.rstrip()
        if not text:
            continue
        if "```" in text and text.count("```") % 2:
            found[example.id] = "unclosed-fence", "The answer ends inside a code block.", text.rfind("```"), len(text)
        elif text[-1] in _ENDINGS:
            continue
        elif any(mark in text for mark in "([{") and (place := _unclosed(text)) is not None:
            found[example.id] = "unclosed-bracket", "The answer ends inside a bracket.", place, len(text)
        elif (hanging := _HANGING.search(text, max(0, len(text) - 12))) and text.count(" ") > 2:
            if _MAY_END.search(text, max(0, len(text) - 12)):
                open_ended.append(example)
                continue
            sentence = "The answer stops in the middle of a sentence."
            found[example.id] = "hanging-end", sentence, hanging.start(), len(text)
        else:
            open_ended.append(example)
    answered = sum(1 for example in batch if example.answer)
    ends = answered >= batch.settings.min_group and len(open_ended) <= _MOST_OPEN_ENDED * answered
    closed = bool(batch.learn("format.truncated", "closed", lambda: ends))
    if closed:
        found.update(_small_words(open_ended))
    found.update(_cut_words(batch, [example for example in open_ended if example.id not in found], closed))
    return found


def _small_words(open_ended: Sequence[Example]) -> Iterator[tuple[str, Cut]]:
    """Answers that stop after a word which ends sentences at times, in a set where nearly all end with a mark."""
    for example in open_ended:
        text = example.answer.rstrip()
        if (match := _MAY_END.search(text, max(0, len(text) - 12))) and text.count(" ") > 2:
            yield (
                example.id,
                ("hanging-end", "The answer stops in the middle of a sentence.", match.start(), len(text)),
            )


def _unclosed(text: str) -> int | None:
    """Where the last bracket opens that nothing closes, outside code; None if all close."""
    code = code_ranges(text)
    open_places: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text):
        mark, place = match[0], match.start()
        if not outside(code, place, place + 1):
            continue
        if mark in "([{":
            open_places.append((mark, place))
        elif open_places and open_places[-1][0] == _BRACKETS[mark]:
            open_places.pop()
        elif open_places:
            return None  # brackets are used loosely here
    return open_places[-1][1] if open_places else None


def _cut_words(batch: Batch, open_ended: Sequence[Example], closed: bool) -> Iterator[tuple[str, Cut]]:
    """Answers whose last word is the beginning of a longer word of the set, and a word nowhere else.

    Where nearly all answers end with a mark (``closed``), a short beginning will do, and so will a word of small
    letters that is in no dictionary either.
    """
    suspects: list[tuple[Example, int, int]] = []
    for example in open_ended:
        text = example.answer.rstrip()
        match = _LAST_WORD.search(text, max(0, len(text) - 40))
        if match and " " in text:
            suspects.append((example, match.start(1), match.end(1)))
    if not suspects:
        return
    counts = batch.shared(word_counts)
    longer = sorted(counts)
    for example, start, end in suspects:
        word = example.answer[start:end].casefold()
        if counts[word] > 1:
            continue
        after = bisect_right(longer, word)
        begins = after < len(longer) and longer[after].startswith(word)
        if _is_whole(example.answer, start, end, longer[after] if begins else ""):
            continue
        if not begins and not (closed and _is_no_word(example.answer[start:end])):
            continue
        own = Counter(w.casefold() for m in example.messages for w in _WORD.findall(m.content))
        long_enough = closed or len(word) > 3 or any(w.startswith(word) and w != word for w in own)
        if own[word] == 1 and long_enough:
            yield example.id, ("cut-word", "The answer stops in the middle of a word.", start, end)


def _is_whole(text: str, start: int, end: int, longer: str) -> bool:
    """Whether a last word is a name ("Mad Dog" Coll), or a word of which the longer one is only a form (complications).

    A capital within a sentence is no sign of a name where the words before it have capitals too, as in a title.
    """
    word = text[start:end]
    if word.casefold() + "s" == longer or word.casefold() + "es" == longer:
        return any(is_known(word.casefold(), dictionary(name)) for name in LANGUAGES)
    return text[start - 1 : start] == " " and text[: start - 1].rstrip().endswith(('"', "”")) and word[0].isupper()


def _is_no_word(word: str) -> bool:
    """Whether a word in small letters is in no dictionary of the languages that have a good one, but begins one."""
    if not (word.isascii() and word.islower()):
        return False
    return not any(is_known(word, dictionary(name)) for name in LANGUAGES) and any(
        _begins_a_word(word, name) for name in LANGUAGES
    )


def _begins_a_word(word: str, language: str) -> bool:
    listed = _sorted_words(language)
    after = bisect_right(listed, word)
    return after < len(listed) and listed[after].startswith(word)


@lru_cache(maxsize=2)
def _sorted_words(language: str) -> Sequence[str]:
    return sorted(dictionary(language))


def word_counts(batch: Batch) -> Counter[str]:
    """In how many examples each word stands, in small letters. Call it as ``batch.shared(word_counts)``.

    For a text held against a set that gave no reason to count them, it is the words of the set's turns.
    """
    if batch.kept is not None:
        return Counter(batch.kept.get("format.truncated/words") or batch.kept.get("words", {}))
    tokens: Counter[str] = Counter()
    for example in batch:
        tokens.update(set(" ".join([message.content for message in example.messages]).split()))
    counts: Counter[str] = Counter()
    for token, count in tokens.items():
        for word in _WORD.findall(token.casefold()):
            counts[word] += count
    batch.learned["format.truncated/words"] = counts
    return counts


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for example_id, (reason, sentence, start, end) in batch.shared(truncated).items():
        turn = len(batch.example(example_id).messages) - 1
        yield Finding(example_id, "format.truncated", "warn", reason, sentence, spans=(Span(turn, start, end),))


_GROUP = tuple(chat(f"Case {i}?", f"The code of this case is A{i}.") for i in range(10, 50))

TRUNCATED = Check(
    name="format.truncated",
    version=2,
    title="Answers that were cut off",
    run=_run,
    catches=(
        (chat("Show it.", "```python\nprint(1)"),),
        (chat("Which code for an unspecified bronchitis?", "J20.9, acute bronchitis, unspecif"),),
        (chat("Why?", "It was given to the patient because of the"),),
        (chat("Why?", "It hurts (mostly at night"),),
        (
            *_GROUP,
            chat("Case x?", "The code of this case was"),
        ),
    ),
    passes=(
        (chat("Show it.", "```python\nprint(1)\n```"),),
        (chat("Which code for a bronchitis?", "J20.9, acute bronchitis"),),
        (chat("Which?", "The one you asked for"),),
        (chat("Smile", "Sure :("),),
        (
            *_GROUP,
            chat("Case x?", "The code of this case is the same."),
        ),
    ),
    about="An open code block or bracket at the end, a last word that only begins a sentence's next part, or a last "
    "word that is the beginning of a longer word of the set and is a word nowhere else in it. Words such as “of” and "
    "“was”, which end a sentence at times, count only where four in five answers end with a mark.",
)

"""Answers in another language or script than their group."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import groups, norm

_COMMON_WORDS: dict[str, str] = {
    "English": "the of and to in is that it for was on are with as be this have from or by not at you which what",
    "German": "der die das und ist nicht ein eine zu mit den von für auf dem sich auch werden oder bei wird des",
    "French": "le la les des et est une un du dans que qui pour pas sur avec au ce sont par vous ou être",
    "Spanish": "el la los las de que y en un una es para con por no se del al su lo como más está",
    "Italian": "il di che è la e un una per non con del della sono le si da nel gli alla questo anche",
    "Portuguese": "o de que e do da em um uma para com não é os no se na por mais as dos como está",
    "Dutch": "de het een en van is dat niet op te zijn met voor aan er om ook bij wordt maar die",
}
_LANGUAGES: dict[str, list[str]] = {}
for _name, _words in _COMMON_WORDS.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_name)
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_LETTERS = 12
_LEAST_HITS = 3


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    name = unicodedata.name(character, "").split(" ", 1)[0]
    return "JAPANESE OR CHINESE" if name in ("CJK", "HIRAGANA", "KATAKANA") else name


def language(text: str) -> str | None:
    """The language of a text by its commonest words, or its script; None where that cannot be told.

    Needs 12 letters and, in the Latin script, three common words of one language and twice as many as of any other.
    """
    scripts = Counter(_script(c) for c in text[:4000] if c.isalpha())
    if scripts.total() < _LEAST_LETTERS:
        return None
    script, count = scripts.most_common(1)[0]
    if count < 0.7 * scripts.total():
        return None
    if script != "LATIN":
        return script.capitalize() + " script"
    hits: Counter[str] = Counter()
    for word in _WORD.findall(text[:4000].lower()):
        hits.update(_LANGUAGES.get(word, ()))
    ranked = hits.most_common(2)
    if not ranked or ranked[0][1] < _LEAST_HITS or (len(ranked) > 1 and ranked[0][1] < 2 * ranked[1][1]):
        return None
    return ranked[0][0]


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for group in batch.shared(groups):
        values = [language(example.answer) for example in group.examples]
        learned = norm(values, batch, 0.95)
        if learned is None:
            continue
        for example, value in zip(group.examples, values, strict=True):
            if value is not None and value != learned.value:
                yield Finding(
                    example.id,
                    "language.other",
                    "warn",
                    "other-language",
                    f"{learned} answers of the group are in {learned.value}; this one seems to be in {value}.",
                    learned.count / learned.total,
                    spans=(Span(len(example.messages) - 1, 0, len(example.answer)),),
                )


_GROUP = tuple(chat(f"Case {i}?", f"The code for this case is A{i}, and it is in the table.") for i in range(50))

OTHER = Check(
    name="language.other",
    version=1,
    title="Answers in another language than their group",
    run=_run,
    catches=(
        (*_GROUP, chat("Case x?", "Der Code für diesen Fall ist A99, und er steht in der Tabelle.")),
        (*_GROUP, chat("Case x?", "この症例のコードは表にあるものです。")),
    ),
    passes=(
        _GROUP,
        (*_GROUP, chat("Case x?", "A99 - Angina pectoris, status asthmaticus")),
        (chat("Fall?", "Der Code ist da und die Tabelle."),),
    ),
    about="By the commonest words of seven languages, and by script; short texts and other languages in the Latin "
    "script "
    "are not told apart.",
)

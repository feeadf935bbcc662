"""Tells which language a text is written in: at a glance by its commonest words, or by a model of n-grams."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, groups

LOOKED_AT = 600
"""Characters of a text that are looked at: its beginning. More would not make the answer surer."""

SURE = 0.4
"""Least share of the probability that the best language must have."""

EXCLUDED = 0.02
"""A language with no more of the probability than this is excluded."""

LEAST_BYTES = 11
"""Fewest UTF-8 bytes of letters; below that a text is not judged."""

NAMES: dict[str, str] = {
    "af": "Afrikaans", "ar": "Arabic", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician",
    "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian",
    "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh",
    "km": "Khmer", "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian",
    "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "ne": "Nepali",
    "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian",
    "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""The languages that are told: ISO 639-1 code to English name. Latin is not among them: it is the language of terms."""

_ALIKE = {"nn": "no", "wuu": "zh", "yue": "zh", "arz": "ar", "ary": "ar"}
_NATIVE = {
    "de": "deutsch", "fr": "français francais", "es": "español espanol castellano", "it": "italiano",
    "pt": "português portugues", "nl": "nederlands", "ru": "русск", "zh": "中文 汉语 mandarin cantonese",
    "ja": "日本語", "pl": "polski", "tr": "türkçe", "sv": "svenska", "fa": "farsi", "ar": "العربية",
    "ko": "한국어", "uk": "українськ",
}  # fmt: skip
# Words that are common in one of these languages and hardly a word in any other.
_COMMON = {
    "en": "the and that with you this are have from your which will has their they what were would she been it its "
    "his her him after did does how when where there could about than these those into because other our",
    "de": "und ist nicht ein eine mit auf sich werden oder wird zu für sie auch sind einen ich bei nach",
    "fr": "les est une dans qui pour pas sur avec sont vous être nous cette des aux ou il",
    "es": "los las y una más está pero muy usted sus también según con por del",
    "it": "il che è della sono gli nel anche più questo alla delle dei essere nella dal",
    "pt": "não uma em são você ao também pela isso há mas dos",
    "nl": "het een niet zijn voor ook bij wordt maar aan worden deze naar je",
}
_LANGUAGE_OF = {word: code for code, words in _COMMON.items() for word in words.split()}
_CALLS = re.compile(
    r"translat|traduc|traduire|traduis|traduz|tradurre|traduzion|übersetz|uebersetz|vertaal|перев[её]д|翻[译譯訳]|"
    r"(?<!natural )(?<!programming )(?<!query )(?<!markup )(?<!body )languages?\b(?! (?:model|processing))|"
    r"lingual\b|\bsprache|\blangue|\bidiomas?\b|\blíngua|\blingua\b",
    re.IGNORECASE,
)
_BEFORE = "in|into|to|from|use|speaks?|write|answer|reply"
_AFTER = "for|word|words|version|text|equivalent|poem|song|name|phrase|sentence|sentences|lesson|only|please"
_NO_WORDS = re.compile(r"https?://\S+|\S+@\S+|<[^<>\n]{1,80}>|[\d_*#`|{}\[\]()\"=/\\~^%$&+<>]+")


@dataclass(frozen=True, slots=True)
class Guess:
    """The language of a text.

    Attributes:
        code: Of :data:`NAMES`; None where it cannot be told.
        possible: Codes of all languages that are not excluded.
    """

    code: str | None
    possible: frozenset[str]


def name(code: str) -> str:
    """The English name of a language."""
    return NAMES.get(code, code)


def at_a_glance(text: str) -> str | None:
    """The language of a text by its commonest words, in microseconds; None where it takes a closer look.

    It may be wrong about a language that is not one of the seven: confirm with :func:`identify` what is out of line.
    """
    words = text[:LOOKED_AT].lower().split()
    hits = Counter(map(_LANGUAGE_OF.get, words))
    del hits[None]
    if not hits:
        return None
    (best, count), *others = hits.most_common(2)
    few = count < 2 and (count < 0.15 * len(words) or not text.isascii())
    if few or count < 0.04 * len(words) or (others and 4 * others[0][1] > count):
        return None
    return best


def identify(text: str) -> Guess:
    """The language of a text by py3langid (naive Bayes over byte n-grams); code, addresses, numbers are left out.

    Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", 2012.
    """
    for start, end in reversed(code_ranges(text[: 4 * LOOKED_AT])):
        text = f"{text[:start]} {text[end:]}"
    words = " ".join(_NO_WORDS.sub(" ", text[: 2 * LOOKED_AT]).split())[:LOOKED_AT]
    return _identify(words)


@lru_cache(maxsize=32_768)
def _identify(words: str) -> Guess:
    """The language of words, put in again and again by short answers that differ in a number."""
    letters = "".join(filter(str.isalpha, words))
    if len(letters.encode("utf-8", "replace")) < LEAST_BYTES:
        return Guess(None, frozenset(NAMES))
    shares: Counter[str] = Counter()
    for code, share in _model().rank(words):  # the likeliest first
        if share <= EXCLUDED / 2:
            break
        shares[_ALIKE.get(code, code)] += share
    if not shares:
        return Guess(None, frozenset(NAMES))
    best, share = shares.most_common(1)[0]
    possible = frozenset(code for code, share in shares.items() if share > EXCLUDED)
    return Guess(best if share >= SURE and best in NAMES else None, possible)


@lru_cache(maxsize=1)
def _model() -> Any:
    """The model that the package brings along (4.5 MB); read once, in about half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str | None:
    """The language of a text: at a glance where that does, else by a closer look; None where it cannot be told."""
    return at_a_glance(text) or identify(text).code if text else None


def answer_languages(batch: Batch) -> dict[str, str | None]:
    """The language of each final answer, by example id. Call it as ``batch.shared(answer_languages)``.

    Answers that cannot be judged alone ("Yes", "5 stars") are judged with others of their group.
    """
    found = {example.id: language_of(example.answer) for example in batch}
    for group in batch.shared(groups):
        unclear = sorted({e.answer for e in group.examples if found[e.id] is None})
        together = {text: code for pool in _pools(unclear) if (code := identify(" ".join(pool)).code) for text in pool}
        for example in group.examples:
            found[example.id] = found[example.id] or together.get(example.answer)
    return found


def _pools(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in small heaps, each long enough to tell its language if all are of one."""
    pool: list[str] = []
    for text in texts:
        pool.append(text)
        if sum(map(len, pool)) >= LOOKED_AT // 2:
            yield pool
            pool = []
    if pool:
        yield pool


def called_for(example: Example, code: str) -> bool:
    """Whether what is said before the answer names its language, or speaks of translating or of languages."""
    said = "\n".join(message.content for message in example.prompt)
    return bool(_CALLS.search(said) or _named(code).search(said))


@lru_cache(maxsize=256)
def _named(code: str) -> re.Pattern[str]:
    own = NAMES[code]
    asked = [rf"\b(?:{_BEFORE})\s+(?:\w+\s+)?{own}\b", rf"\b{own}(?:\s+(?:{_AFTER})\b|:)"]
    return re.compile("|".join([*asked, *_NATIVE.get(code, "").split()]), re.IGNORECASE)

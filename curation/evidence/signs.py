"""What a text says with numbers and signs, beyond its words: compared before two texts may count as the same.

Normalisation flattens punctuation, so that "1/2 tablets" and "1-2 tablets" are equal words. Whether they may be taken
for each other is decided here, on the raw text; where in doubt, they may not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from curation.evidence.facts import told
from curation.evidence.lexicon import MONTHS, NO_UNITS
from curation.minhash.normalise import normalise

_DIGIT = re.compile(r"\d")
_NO_DIGIT = re.compile("[^0-9]+")
_TAIL, _HEAD = ".,;:!?()[]{}\"'“”’‘`*_", ",;:!?()[]{}\"'“”’‘`*_"
_PLAIN = re.compile(r"[-−]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?%?")
_FOLLOWS = re.compile(rf"[a-zµ°]{{1,4}}|{'|'.join(MONTHS)}")
_FOREIGN_NEGATION = re.compile("[不没沒无無非未否别]|ない|ません")
_FOREIGN_NUMERAL = re.compile("[一二三四五六七八九十百千万萬两兩半〇零]")
_SIGN = re.compile(
    r"[#%&*/\\^~|@+=<>{}\[\]$€£°±×÷`]|!(?=[\w=(])|(?<=\d)\s?[-–—−]|[-–—−]\s?(?=\d)|(?<=\w)_(?=\w)|(?<=\d):(?=\d)"
)


def meaning(text: str) -> object:
    """What must agree before two wordings may count as the same: equal values say the same.

    Numbers in base units and negations (``facts.told``), every token with a digit that is no plain number as it
    stands, a plain number with the short word behind it (a unit that is not known), and the negations and numerals of
    Chinese and Japanese. Order counts: a dose in the morning and another in the evening are not those two exchanged.
    """
    text = " ".join(text.split())  # one space or two between a number and its unit say the same
    odd = []
    end = 0
    while digit := _DIGIT.search(text, end):
        end = text.find(" ", digit.start())
        end = len(text) if end < 0 else end
        bare = text[text.rfind(" ", 0, digit.start()) + 1 : end].rstrip(_TAIL).lstrip(_HEAD).casefold()
        if not _PLAIN.fullmatch(bare):
            odd.append(bare)
        else:
            after = text[end + 1 : end + 24].split(" ", 1)[0].rstrip(_TAIL).casefold()
            if _FOLLOWS.fullmatch(after) and after not in NO_UNITS:
                odd.append(f"{bare} {after}")
    foreign = (len(_FOREIGN_NEGATION.findall(text)), *_FOREIGN_NUMERAL.findall(text)) if not text.isascii() else (0,)
    return told(text), tuple(odd), foreign


def same_meaning(left: str, right: str) -> bool:
    """Whether two texts have the same digits and mean the same where they differ.

    Only the stretch between their common start and end is read. Two words of what is common stay on either side, so
    that a number keeps its unit.
    """
    if left == right:
        return True
    if _NO_DIGIT.sub("", left) != _NO_DIGIT.sub("", right):
        return False
    one, other = left.split(), right.split()
    least = min(len(one), len(other))
    head = next((i for i in range(least) if one[i] != other[i]), least)
    tail = next((i for i in range(least - head) if one[-1 - i] != other[-1 - i]), least - head)
    head, tail = max(0, head - 2), max(0, tail - 2)
    return meaning(" ".join(one[head : len(one) - tail])) == meaning(" ".join(other[head : len(other) - tail]))


def same_signs(left: str, right: str) -> bool:
    """Whether two texts of the same words also have the same numbers and signs, in the same order.

    Sentence punctuation, brackets, quotation marks, case and white space may differ.
    """
    if left == right:
        return True
    signs = _signs(left)
    return signs is not None and signs == _signs(right)


@lru_cache(maxsize=64)  # the row that stays is held against each of its copies
def _signs(text: str) -> tuple[list[str], list[str]] | None:
    """Signs and tokens with a digit; None where there is nothing to compare, or a character has another form."""
    if not unicodedata.is_normalized("NFKC", text) or not normalise(text):
        return None
    return _SIGN.findall(text), _digits(text)


def _digits(text: str) -> list[str]:
    """All tokens with a digit, without the punctuation around them."""
    if not _DIGIT.search(text):
        return []
    return [token.rstrip(_TAIL).lstrip(_HEAD).casefold() for token in text.split() if _DIGIT.search(token)]

"""Bring a text to the form in which two copies are equal: NFKC, case folded, punctuation and white space flattened."""

from __future__ import annotations

import unicodedata

# Scripts written without spaces: every character of the first ranges is a word of its own; in the second ranges a
# base letter opens a word and the marks that follow stay with it.
_IDEOGRAPHS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
# Symbols that carry no meaning of their own in prose; the others ("+", "<", "€", emoji) are kept.
_IDLE_SYMBOLS = frozenset("`´^~|¨¸")


class _Flattening(dict[int, str]):
    """A translation table for ``str.translate`` that learns each code point the first time it is seen."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp") or category[0] == "P" or character in _IDLE_SYMBOLS:
            flat = " "
        elif any(low <= code <= high for low, high in _IDEOGRAPHS):
            flat = f" {character} "
        elif category == "Lo" and any(low <= code <= high for low, high in _UNSPACED):
            flat = f" {character}"
        else:
            flat = character
        self[code] = flat
        return flat


class _Unformatted(dict[int, str | int]):
    """The same for format characters, which go before folding: what they keep apart would compose without them."""

    def __missing__(self, code: int) -> str | int:
        kept: str | int = "" if unicodedata.category(chr(code)) == "Cf" else code
        self[code] = kept
        return kept


_FLATTENING = _Flattening()
_UNFORMATTED = _Unformatted()


def normalise(text: str) -> str:
    """Words in lower case with one space between them, punctuation gone.

    NFKC, case folding, punctuation and control characters to spaces, format characters removed. Chinese and Japanese
    characters, and Thai, Lao, Khmer and Burmese letters with their marks, become words of their own. Idempotent, and
    defined for any text, lone surrogates included.
    """
    folded = text.lower() if text.isascii() else _fold(text.translate(_UNFORMATTED))
    return " ".join(folded.translate(_FLATTENING).split())


def _fold(text: str) -> str:
    """Canonical caseless form: folding can undo NFKC and the reverse, so both run until nothing changes."""
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            break
        text = folded
    return text


def word_count(normalised: str) -> int:
    """Number of words of a normalised text."""
    return normalised.count(" ") + 1 if normalised else 0

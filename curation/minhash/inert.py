"""What the compiled normaliser may do character by character, taken from Python's own Unicode tables.

NFKC looks at neighbours: a letter and the accent after it become one. A character is *inert* where that cannot happen:
neither it nor what it folds to has a combining class or is the second half of a composition. A text of inert characters
is normalised by looking each of them up; any other goes through ``normalise``, and the result is the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curation.minhash.normalise import normalise

LIMIT = 0x3400
"""Characters below are looked up. Above, ideographs and the ranges kept as they are follow a rule (see ``scan``)."""

NOT_INERT = 255
MOST_BYTES = 12
"""No character becomes more than this many times its own bytes (a test holds it)."""
_JAMO = range(0x1100, 0x1200)  # compose by arithmetic, which no table shows


@dataclass(frozen=True, slots=True)
class Inert:
    """For each character below ``LIMIT``, the bytes it becomes; a space ends a word.

    Attributes:
        start: int32 [LIMIT]: where its bytes begin in ``flat``.
        length: uint8 [LIMIT]: how many they are, or ``NOT_INERT``.
        flat: uint8, UTF-8.
    """

    start: NDArray[np.int32]
    length: NDArray[np.uint8]
    flat: NDArray[np.uint8]


@lru_cache(maxsize=1)
def table() -> Inert:
    """The table for this Python's version of Unicode, worked out once (about 40 ms)."""
    seconds = set(_JAMO)
    for code in range(LIMIT):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    start = np.zeros(LIMIT, np.int32)
    length = np.full(LIMIT, NOT_INERT, np.uint8)
    flat = bytearray()
    for code in range(LIMIT):
        character = chr(code)
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
        if any(unicodedata.combining(c) or ord(c) in seconds for c in (character, *folded)):
            continue
        becomes = _between_letters(character).encode("utf-8")
        start[code], length[code] = len(flat), len(becomes)
        flat += becomes
    return Inert(start, length, np.frombuffer(bytes(flat), np.uint8))


def _between_letters(character: str) -> str:
    """What stands between an x and a y once the character between them is normalised, spaces included."""
    return normalise(f"x{character}y")[1:-1]

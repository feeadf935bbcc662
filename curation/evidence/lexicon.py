"""The words that change what a text says, or say nothing of their own: lists, and a table for the compiled loops."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

COUNTS = {
    "zero": 0, "half": 0.5, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1e6, "billion": 1e9,
}  # fmt: skip
NEGATIONS = (
    "not", "no", "never", "none", "nothing", "without", "neither", "nor", "cannot", "denies", "denied", "deny",
    "absent", "absence", "negative", "except", "unless", "excluding", "excludes", "lacks", "lacking", "non", "isnt",
    "dont", "doesnt", "didnt", "wont", "cant", "shouldnt", "wouldnt", "couldnt", "wasnt", "werent", "hasnt", "havent",
    "hadnt", "arent", "mustnt", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "nie", "niemals",
    "ohne", "jamais", "nunca", "pas", "sans",
)  # fmt: skip
OPPOSITES = (
    ("left", "right"), ("acute", "chronic"), ("male", "female"), ("upper", "lower"), ("before", "after"),
    ("increase", "decrease"), ("increased", "decreased"), ("high", "low"), ("higher", "lower"), ("benign", "malignant"),
    ("always", "sometimes"), ("allowed", "forbidden"), ("valid", "invalid"), ("true", "false"), ("on", "off"),
    ("enable", "disable"), ("enabled", "disabled"), ("primary", "secondary"), ("initial", "subsequent"),
    ("minimum", "maximum"), ("first", "last"), ("with", "without"), ("positive", "negative"), ("more", "less"),
    ("up", "down"), ("open", "closed"), ("old", "new"), ("in", "out"), ("best", "worst"), ("safe", "unsafe"),
    ("possible", "impossible"), ("legal", "illegal"), ("agree", "disagree"), ("same", "different"),
)  # fmt: skip
FUNCTION_WORDS = frozenset((
    "a", "an", "the", "is", "are", "was", "were", "be", "been", "am", "do", "does", "did", "of", "to", "in", "on", "at",
    "by", "for", "from", "as", "and", "or", "so", "then", "that", "this", "these", "those", "it", "its", "i", "you",
    "we", "he", "she", "they", "my", "your", "our", "his", "her", "their", "me", "us", "them", "please", "kindly",
    "just", "here", "there", "also", "very", "will", "would", "can", "could", "should", "may", "might", "has", "have",
    "had", "who", "which", "what",
))  # fmt: skip
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
LONG_UNITS = (
    "grams", "pounds", "liter", "liters", "litre", "litres", "second", "seconds", "minute", "minutes", "hours", "weeks",
    "month", "months", "years", "percent", "units", "dollars", "euros", *(month for month in MONTHS if len(month) > 4),
)  # fmt: skip
NO_UNITS = FUNCTION_WORDS - {"may"}
IDLE_WORDS = ("a", "an", "the", "please", "kindly", "just", "very", "also", "here", "there", "so", "then")

Known = tuple[
    NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint64], np.uint64
]


@lru_cache(maxsize=1)
def known() -> Known:
    """All these words in one open-addressing table, as ``describe`` reads it."""
    from curation.minhash import describe

    opposites = (word for pair in OPPOSITES for word in pair)
    words = sorted({*COUNTS, *NEGATIONS, *IDLE_WORDS, *LONG_UNITS, *NO_UNITS, *opposites})
    keys = np.zeros(describe.SLOTS, np.uint64)
    slots: dict[str, int] = {}
    for word in words:
        slot = (hash_of(word) * 0xBF58476D1CE4E5B9 % (1 << 64)) >> 53
        while keys[slot]:
            slot = (slot + 1) % describe.SLOTS
        keys[slot], slots[word] = hash_of(word), slot
    senses, lefts, rights = np.zeros(describe.SLOTS, np.uint8), np.zeros_like(keys), np.zeros_like(keys)
    for word, slot in slots.items():
        flags = {
            describe.IDLE: word in IDLE_WORDS,
            describe.TELLS: word in COUNTS or word in NEGATIONS,
            describe.MAY_BE_POLITE: word in ("no", "not"),
            describe.NO_UNIT: word in NO_UNITS,
            describe.UNIT: word in LONG_UNITS,
            describe.MONTH: word in MONTHS,
        }
        senses[slot] = sum(flag for flag, holds in flags.items() if holds)
    values = np.zeros(describe.SLOTS, np.uint8)
    different = sorted(set(COUNTS.values()))
    for word, value in COUNTS.items():
        values[slots[word]] = different.index(value) + 1
    for number, (left, right) in enumerate(OPPOSITES):
        lefts[slots[left]] |= np.uint64(1 << number)
        rights[slots[right]] |= np.uint64(1 << number)
    return keys, senses, values, lefts, rights, np.uint64(hash_of("t"))


def hash_of(word: str) -> int:
    """The hash that ``scan.hash_words`` gives a word of ASCII letters."""
    encoded = word.encode()
    value = len(encoded) * 0x9E3779B97F4A7C15 % (1 << 64)
    while True:
        part, encoded = encoded[:8], encoded[8:]
        value = (value ^ int.from_bytes(part, "little")) * 0x9FB21C651E98DF25 % (1 << 64)
        value ^= value >> 32
        if not encoded:
            return value

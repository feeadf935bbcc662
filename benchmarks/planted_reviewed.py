"""The findings on clean rows before planting, looked at one by one by a person.

Written down with the seeds and rows of this benchmark; a finding that is not in the table counts as wrong until
somebody has looked at it.
"""

from __future__ import annotations

TRUE_DEPARTURES: dict[tuple[str, str, str], str] = {
    ("clinic", "train-153", "spelling.typo/typo"): "a letter is missing in a plain word",
    ("clinic", "train-1163", "spelling.typo/typo"): "a verb with a letter too many",
    ("clinic", "train-551", "format.norm/unit-space"): "a dose without the space that the other doses have",
    ("clinic", "train-355", "format.norm/unit-space"): "hours without the space",
    ("desk", "entry-1248", "format.norm/thousands"): "a six-digit number without a comma",
    ("desk", "entry-1351", "format.norm/thousands"): "a five-digit number without a comma",
    ("desk", "entry-1336", "format.norm/unit-space"): "millimetres without the space",
    ("desk", "entry-1323", "format.norm/unit-spelling"): "a unit spelt out where the others are abbreviated",
    ("desk", "news-436", "format.norm/dash"): "two hyphens as a dash",
    ("desk", "news-466", "tone.norm/first-person"): "a call to the reader among reports",
}
"""Set, origin of the row, and ``check/reason``: what the row does otherwise than the others, in words."""

WRONG: dict[tuple[str, str, str], str] = {
    ("desk", "entry-1271", "format.norm/unit-space"): "m stands for million, not metres",
    ("desk", "entry-1359", "tone.norm/slang"): "the name of a musician",
    ("desk", "entry-1220", "tone.norm/slang"): "the abbreviation of a company's name",
    ("clinic", "train-11", "tone.profile/hedges"): "a hair beyond the range of the others",
}
"""The same for findings that a person would not have made."""

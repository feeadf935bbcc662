"""Reads every answer once for its tone: its prose without code and quotations, and sums over its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges
from curation.evidence.tone_words import BITS, FIELDS, WORD, WORDS, lowered

Counts = NDArray[np.int64]

_QUOTED = re.compile(r'"[^"\n]{1,300}"|“[^”\n]{1,300}”|«[^»\n]{1,300}»')
_URL = re.compile(r"\b(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s|\Z)|\n+")
_BLANK = "\ufffc"
"""Stands for what is not the answer's own voice: neither a word nor white space nor a mark."""
_BYTES = len(FIELDS) * BITS // 8


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of some texts; all arrays are in their order.

    Attributes:
        row: A key (an example's id) to its place.
        prose: The texts with code, quotations and addresses overwritten, so that all places still hold.
        sums: int64 [texts, fields], see ``tone_words.FIELDS``.
        words: int64 [texts].
        sentences: int64 [texts], at least one.
        exclamations: int64 [texts]: marks, whatever they mean.
    """

    row: dict[str, int]
    prose: list[str]
    sums: Counts
    words: Counts
    sentences: Counts
    exclamations: Counts

    def column(self, field: str) -> Counts:
        """int64 [texts]: one field."""
        column: Counts = self.sums[:, FIELDS.index(field)]
        return column

    def only(self, rows: Counts) -> Readings:
        """Some of the texts: int64 [chosen]."""
        keys = list(self.row)
        return Readings(
            {keys[int(row)]: place for place, row in enumerate(rows)}, [self.prose[int(row)] for row in rows],
            self.sums[rows], self.words[rows], self.sentences[rows], self.exclamations[rows],
        )  # fmt: skip


def readings(batch: Batch) -> Readings:
    """The final answers of a batch. Call it as ``batch.shared(readings)``."""
    return read_all((example.id, example.answer) for example in batch)


def read_all(texts: Iterable[tuple[str, str]]) -> Readings:
    """Read texts, given with their keys."""
    keys: list[str] = []
    prose: list[str] = []
    packed = bytearray()
    words: list[int] = []
    sentences: list[int] = []
    exclamations: list[int] = []
    for key, text in texts:
        own = prose_of(text)
        found = WORD.findall(lowered(own))
        keys.append(key)
        prose.append(own)
        packed += sum(map(WORDS.__getitem__, found)).to_bytes(_BYTES, "little")
        words.append(len(found))
        sentences.append(max(1, min(len(found), _count_sentences(own))))
        exclamations.append(own.count("!"))
    sums = np.frombuffer(bytes(packed), dtype="<u4").reshape(len(keys), len(FIELDS)).astype(np.int64)
    row = {key: place for place, key in enumerate(keys)}
    return Readings(row, prose, sums, _array(words), _array(sentences), _array(exclamations))


def prose_of(text: str) -> str:
    """The text with code, quotations and addresses overwritten: what is left is the answer's own voice."""
    if code := code_ranges(text):
        text = _blanked(text, code)
    if '"' in text or "“" in text or "«" in text:
        text = _blanked(text, [match.span() for match in _QUOTED.finditer(text)])
    if "://" in text or "www." in text or "@" in text:
        text = _blanked(text, [match.span() for match in _URL.finditer(text)])
    return text


def _blanked(text: str, ranges: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in ranges:
        pieces += [text[at:start], _BLANK * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def _count_sentences(text: str) -> int:
    """Ends of sentences; a last one without a mark counts too."""
    ends = _SENTENCE_END.findall(text)
    open_end = bool(text) and text.rstrip()[-1:] not in (".", "!", "?", "…", "")
    return (
        len(ends) - sum(end[0] == "\n" for end in ends) + _lines_without_mark(text)
        if "\n" in text
        else (len(ends) + open_end)
    )


def _lines_without_mark(text: str) -> int:
    """Lines that end in no sentence mark, such as headings and items: each is a sentence of its own."""
    return sum(1 for line in text.splitlines() if (bare := line.rstrip("\"'”’)]*_ \t")) and bare[-1] not in ".!?…")


def sentence_ranges(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a prose stand, half-open, without the white space around them."""
    found, at = [], 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        piece = text[at:end]
        start = at + len(piece) - len(piece.lstrip())
        stop = at + len(piece.rstrip())
        if any(c.isalnum() for c in text[start:stop]):
            found.append((start, stop))
        at = end
    return found


def _array(values: list[int]) -> Counts:
    return np.array(values, dtype=np.int64)

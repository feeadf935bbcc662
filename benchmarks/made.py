"""Made chat data of any size: seeded, made-up words as frequent as words are, and a known share of near-copies.

``python -m benchmarks.made FILE --rows 1000000`` writes a million rows of about 1 kB. Everything is drawn in blocks
with numpy, so that the maker is not what takes long.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS = 20_000  # of the vocabulary, numbers included
NUMBERS_SHARE = 0.02
BLOCK_ROWS = 10_000
_FORMS = ("", ".", ",")  # each word of the vocabulary comes in these forms
_FORM_CHANCES = (0.88, 0.07, 0.05)
_ONSETS = [*"bcdfghklmnprstvw", "br", "ch", "cl", "dr", "gr", "pl", "sh", "st", "th", "tr"]
_VOWELS = [*"aeiou", "ai", "ea", "ou"]
_CODAS = ["", "", "", "n", "r", "s", "l", "m", "t", "nd", "st"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make.

    Attributes:
        rows: Number of rows.
        copies: Share of the rows that are near-copies, each of an earlier row that is none, picked evenly.
        edits: Words changed in a copy: from the first number to the second, each as likely.
        edit_share: If given, instead of ``edits``: up to this share of a copy's words is changed, evenly spread.
        words: Words of a row, from the first number to the second, each as likely; the default makes a row of 1 kB.
        identical: All rows are one and the same.
        seed: Of all that is drawn.
    """

    rows: int
    copies: float = 0.2
    edits: tuple[int, int] = (0, 6)
    edit_share: float | None = None
    words: tuple[int, int] = (150, 240)
    identical: bool = False
    seed: int = 0

    @property
    def name(self) -> str:
        """A file name that two different recipes never share."""
        from hashlib import blake2b

        return f"made-{self.rows}-{blake2b(repr(self).encode(), digest_size=6).hexdigest()}.jsonl"


@cache
def vocabulary() -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The word forms (str objects [3 * WORDS], form by form) and the cumulated chances of the words ([WORDS]).

    Chances fall with the rank as Zipf and Mandelbrot have it: 1 / (rank + 2.7). Frequent words are short. The same
    for every recipe.
    """
    draw = np.random.default_rng(20_240)
    words: dict[str, None] = {}
    while len(words) < WORDS * (1 - NUMBERS_SHARE):
        syllables = draw.integers(1, 4)
        word = "".join(
            _ONSETS[draw.integers(len(_ONSETS))] + _VOWELS[draw.integers(len(_VOWELS))] for _ in range(syllables)
        )
        words.setdefault(word + _CODAS[draw.integers(len(_CODAS))])
    ordered = sorted(words, key=lambda word: len(word) + 3 * draw.random())
    for number in draw.permutation(9_000)[: WORDS - len(ordered)]:  # anywhere among the words
        ordered.insert(int(draw.integers(len(ordered))), str(number + 10))
    forms = np.array([word + form for form in _FORMS for word in ordered], dtype=object)
    chances = 1 / (np.arange(WORDS) + 2.7)
    return forms, np.cumsum(chances / chances.sum())


def rows(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Prompt and answer of each row, in order."""
    forms, cumulated = vocabulary()
    draw = np.random.default_rng(recipe.seed)
    most = recipe.words[1]
    total = 1 if recipe.identical else recipe.rows
    is_copy = draw.random(total) < recipe.copies
    is_copy[:1] = False
    before = np.cumsum(~is_copy)  # rows that are no copies, up to and including this one
    held = int(before[-1]) if total else 0
    bases = np.zeros((held, most), np.uint16)
    lengths = np.zeros(held, np.int64)
    cuts = np.zeros(held, np.int64)  # words of the prompt
    for start in range(0, total, BLOCK_ROWS):
        copied = is_copy[start : start + BLOCK_ROWS]
        up_to = before[start : start + BLOCK_ROWS]
        fresh = np.unique(up_to[~copied]) - 1
        bases[fresh] = _word_forms(draw, cumulated, (len(fresh), most))
        lengths[fresh] = draw.integers(recipe.words[0], most + 1, len(fresh))
        cuts[fresh] = np.maximum(1, (lengths[fresh] * draw.uniform(0.2, 0.6, len(fresh))).astype(np.int64))
        origin = up_to - 1
        origin[copied] = (draw.random(int(copied.sum())) * up_to[copied]).astype(np.int64)
        block = bases[origin]
        _change_words(draw, cumulated, recipe, block, np.flatnonzero(copied), lengths[origin], cuts[origin])
        texts = forms[block]
        for words, length, cut in zip(texts.tolist(), lengths[origin].tolist(), cuts[origin].tolist(), strict=True):
            pair = " ".join(words[:cut]).capitalize(), " ".join(words[cut:length]).capitalize()
            yield pair
    for _ in range(recipe.rows - total):
        yield pair


def _word_forms(
    draw: np.random.Generator, cumulated: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.uint16]:
    words = np.minimum(np.searchsorted(cumulated, draw.random(shape)), WORDS - 1)
    form = np.searchsorted(np.cumsum(_FORM_CHANCES)[:-1], draw.random(shape), side="right")
    return (words + WORDS * form).astype(np.uint16)


def _change_words(
    draw: np.random.Generator,
    cumulated: NDArray[np.float64],
    recipe: Recipe,
    block: NDArray[np.uint16],
    copies: NDArray[np.int64],
    lengths: NDArray[np.int64],
    cuts: NDArray[np.int64],
) -> None:
    """Change words of the copies in ``block`` in place: of the prompt, of the answer, or of both (a third each)."""
    if not len(copies):
        return
    if recipe.edit_share is None:
        count = draw.integers(recipe.edits[0], recipe.edits[1] + 1, len(copies))
    else:
        count = np.round(draw.random(len(copies)) * recipe.edit_share * lengths[copies]).astype(np.int64)
    side = draw.integers(0, 3, len(copies))
    low = np.where(side == 1, cuts[copies], 0)
    high = np.where(side == 0, cuts[copies], lengths[copies])
    row = np.repeat(copies, count)
    place = np.repeat(low, count) + (draw.random(len(row)) * np.repeat(high - low, count)).astype(np.int64)
    block[row, place] = _word_forms(draw, cumulated, (len(row),))


def write(path: Path, recipe: Recipe) -> Path:
    """Write the rows as messages JSONL; a file that is there already is left as it is.

    Returns:
        ``path``. It appears only when it is complete.
    """
    if path.exists():
        return path
    partly = path.with_suffix(".part")
    with open(partly, "w", encoding="utf-8") as sink:
        sink.writelines(_line(prompt, answer) for prompt, answer in rows(recipe))
    partly.replace(path)
    return path


def _line(prompt: str, answer: str) -> str:
    # The made words need no escaping.
    return (
        f'{{"messages": [{{"role": "user", "content": "{prompt}"}}, {{"role": "assistant", "content": "{answer}"}}]}}\n'
    )


def line_of(prompt: str, answer: str) -> str:
    """One line of messages JSONL, for any text."""
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}, ensure_ascii=False) + "\n"


def main() -> None:
    """Write one file of made rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--copies", type=float, default=0.2, help="share of near-copies (0.9 makes large clusters)")
    parser.add_argument("--identical", action="store_true", help="one row over and over")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    write(chosen.file, Recipe(chosen.rows, chosen.copies, identical=chosen.identical, seed=chosen.seed))


if __name__ == "__main__":
    main()

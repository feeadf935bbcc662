"""The libraries that the engine is compared with, as their own guides use them, and as whole processes.

``python -m benchmarks.peers rensa FILE`` reads messages JSONL, takes the whole conversation of each row and writes the
rows that it would drop to standard output as JSON. One view, and no candidate is verified against the texts.
"""

from __future__ import annotations

import argparse
import json
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

PERMUTATIONS = 128
THRESHOLD = 0.70
BATCH = 1_000
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))


def words_of(text: str) -> list[str]:
    """The words of a text in lower case without punctuation, in the cheapest way that Python has.

    Less than the engine does (no NFKC, ASCII punctuation only), and the same for the made data.
    """
    return text.lower().translate(_PUNCTUATION).split()


def word_shingles(words: Sequence[str]) -> list[str]:
    """Word 3-grams in the cheapest way that Python has; a shorter text is one gram."""
    if len(words) < 3:
        return [" ".join(words)] if words else []
    return list(map(" ".join, zip(words, words[1:], words[2:])))  # noqa: B905 (strict would stop at the shortest)


def rensa_signatures(shingles: Iterable[Sequence[str]]) -> list[Any]:
    """One ``RMinHash`` of 128 values a text, text by text."""
    import rensa

    sketches = []
    for grams in shingles:
        sketch = rensa.RMinHash(PERMUTATIONS, 42)
        sketch.update(grams)
        sketches.append(sketch)
    return sketches


def rensa_matrix(shingles: Iterable[Sequence[str]]) -> list[Any]:
    """Digest matrices of 1,000 texts each, by rensa's batch function (it may use several threads)."""
    import rensa

    return [rensa.RMinHash.digest_matrix_from_token_sets(block, PERMUTATIONS, 42) for block in _blocks(shingles, BATCH)]


def datasketch_signatures(shingles: Iterable[Sequence[str]]) -> list[Any]:
    """One ``MinHash`` of 128 values a text, updated shingle by shingle as datasketch's guide does."""
    from datasketch import MinHash

    sketches = []
    for grams in shingles:
        sketch = MinHash(num_perm=PERMUTATIONS)
        for gram in grams:
            sketch.update(gram.encode("utf-8"))
        sketches.append(sketch)
    return sketches


def texts_of(path: Path) -> Iterator[str]:
    """The whole conversation of each row."""
    with open(path, encoding="utf-8") as source:
        for line in source:
            yield " ".join(turn["content"] for turn in json.loads(line)["messages"])


def rensa_drops(path: Path) -> list[int]:
    """Rows that ``RMinHashDeduplicator`` (with LSH, its own number of bands) takes for copies of an earlier row."""
    import rensa

    seen = rensa.RMinHashDeduplicator(THRESHOLD, PERMUTATIONS, True)
    drops: list[int] = []
    row = 0
    for block in _blocks((word_shingles(words_of(text)) for text in texts_of(path)), BATCH):
        sketches = rensa_signatures(block)
        kept = seen.add_pairs([(str(row + i), sketch) for i, sketch in enumerate(sketches)])
        drops += [row + i for i, keep in enumerate(kept) if not keep]
        row += len(sketches)
    return drops


def datasketch_drops(path: Path, rows: int | None = None) -> list[int]:
    """Rows for which ``MinHashLSH`` (threshold 0.70, its own choice of bands) returns an earlier row that stays."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    drops: list[int] = []
    for row, text in enumerate(islice(texts_of(path), rows)):
        (sketch,) = datasketch_signatures([word_shingles(words_of(text))])
        if index.query(sketch):
            drops.append(row)
        else:
            index.insert(str(row), sketch)
    return drops


def _blocks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    stream = iter(items)
    while block := list(islice(stream, size)):
        yield block


def main() -> None:
    """Run one peer over one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=("rensa", "datasketch"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=None, help="only so many rows (datasketch)")
    chosen = parser.parse_args()
    drops = rensa_drops(chosen.file) if chosen.peer == "rensa" else datasketch_drops(chosen.file, chosen.rows)
    print(json.dumps({"dropped": drops}))


if __name__ == "__main__":
    main()

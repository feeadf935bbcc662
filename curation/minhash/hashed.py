"""Blocks of texts as normalised, hashed words: what the sketches are made of."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from curation.minhash import inert
from curation.minhash.normalise import normalise


def digest_of(text: str) -> int:
    """64 bits that are equal for equal texts only."""
    encoded = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")


@dataclass(slots=True)
class Hashed:
    """A block of texts cut into words; ``words``, ``begins``, ``ends`` and ``strange`` are scratch of this thread."""

    raw: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    flat: NDArray[np.uint8]
    origin: NDArray[np.int32]
    places: NDArray[np.int64]
    words: NDArray[np.uint64]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    strange: NDArray[np.bool_]
    counts: NDArray[np.int64]


def hashed(texts: Sequence[str]) -> Hashed:
    """Normalise raw texts and hash their words."""
    from curation.minhash import scan

    table = inert.table()
    raw, offsets, kinds = _ascii_buffer(texts) or _buffer(texts, table)
    room = (inert.MOST_BYTES if kinds.any() else 1) * len(raw) + 8
    flat, origin = scratch("flat", room, np.uint8), scratch("origin", room, np.int32)
    places = np.zeros(len(texts) + 1, np.int64)
    scan.flatten(raw, offsets, kinds, table.start, table.length, table.flat, flat, origin, places)
    most = int(places[-1]) // 2 + 1
    words, strange = scratch("words", most, np.uint64), scratch("strange", most, np.bool_)
    begins, ends = scratch("begins", most, np.int32), scratch("ends", most, np.int32)
    counts = np.zeros(len(texts), np.int64)
    filled = scan.hash_words(flat, scan.in_eights(flat), places, words, begins, ends, strange, counts)
    cut = slice(0, filled)
    return Hashed(
        raw, offsets, kinds, flat, origin, places, words[cut], begins[cut], ends[cut], strange[cut], counts
    )  # fmt: skip


_kept_arrays = threading.local()


def scratch(name: str, size: int, dtype: Any) -> NDArray[Any]:
    """An array to write into, one a thread and name, kept for the next block; only what is written takes memory."""
    array = getattr(_kept_arrays, name, None)
    if array is None or len(array) < size:
        array = np.empty(size * 5 // 4, dtype)
        setattr(_kept_arrays, name, array)
    return cast("NDArray[Any]", array[:size])


_Buffer = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]]


def _ascii_buffer(texts: Sequence[str]) -> _Buffer | None:
    """The texts' bytes, each with a space behind it, where each starts, and their kinds; None if one is not ASCII."""
    joined = " ".join((*texts, ""))
    if not joined.isascii():
        return None
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1, out=offsets[1:])
    return np.frombuffer(joined.encode("ascii"), np.uint8), offsets, np.zeros(len(texts), np.uint8)


def _buffer(texts: Sequence[str], table: inert.Inert) -> _Buffer:
    """The same for any texts. Those that cannot be normalised character by character are normalised here."""
    from curation.minhash import scan

    encoded = []
    kinds = np.full(len(texts), scan.ASCII, np.uint8)
    for row, text in enumerate(texts):
        stored = text.encode("utf-8", "surrogatepass")
        if not text.isascii():
            kinds[row] = scan.INERT
            if not scan.is_inert(np.frombuffer(stored, np.uint8), table.length):
                stored = normalise(text).encode("utf-8", "surrogatepass")
                kinds[row] = scan.READY
        encoded.append(stored)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(texts)) + 1, out=offsets[1:])
    return np.frombuffer(b" ".join((*encoded, b"")), np.uint8), offsets, kinds

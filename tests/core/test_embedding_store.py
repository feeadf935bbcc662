"""Embeddings are kept between runs: bit for bit, bounded, private, and never in the way."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from core import embeddings
from core.embedding_store import EmbeddingStore


def vectors(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)


def test_what_was_written_is_read_bit_for_bit_by_position(tmp_path: Path) -> None:
    kept, made = EmbeddingStore(tmp_path / "a" / "v.sqlite", dimensions=4), vectors(3)
    kept.write(["one", "two", "lone \ud800 surrogate"], made)
    found = EmbeddingStore(kept.path, dimensions=4).read(["lone \ud800 surrogate", "new", "one"])
    assert sorted(found) == [0, 2]
    assert (found[0] == made[2]).all() and (found[2] == made[0]).all()


def test_the_oldest_go_first_when_it_is_full(tmp_path: Path) -> None:
    kept = EmbeddingStore(tmp_path / "v.sqlite", dimensions=4, most=3)
    kept.write(["a", "b"], vectors(2))
    kept.write(["c", "d"], vectors(2, 1))
    assert sorted(kept.read(["a", "b", "c", "d"])) == [1, 2, 3]


def test_it_holds_no_text_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    kept = EmbeddingStore(tmp_path / "v.sqlite", dimensions=4)
    kept.write(["the patient is called Marta"], vectors(1))
    assert b"Marta" not in kept.path.read_bytes()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_a_damaged_store_is_left_alone_and_told(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    path.write_bytes(b"not a database" * 100)
    kept = EmbeddingStore(path, dimensions=4)
    assert kept.read(["a"]) == {}
    kept.write(["a"], vectors(1))
    assert kept.problem is not None and str(path) in kept.problem and "delete" in kept.problem
    assert path.read_bytes() == b"not a database" * 100


def test_a_text_that_is_kept_is_not_embedded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = EmbeddingStore(tmp_path / "v.sqlite", dimensions=embeddings.DIMENSIONS)
    texts = ["a fever", "a cough", "a fever"]
    first = embeddings.embed(texts, kept=kept)
    told: list[tuple[int, int | None]] = []

    def refuse(*_: object) -> None:
        raise AssertionError("embedded again")

    monkeypatch.setattr(embeddings, "_embed_piece", refuse)
    again = embeddings.embed(texts[::-1], kept=kept, progress=lambda _, done, total: told.append((done, total)))
    assert (again[::-1] == first).all()
    assert told == [(2, 2)]

"""The words for what a run is doing: none of its phases is without them, and they fit into the sentences."""

from __future__ import annotations

from pathlib import Path

from tests.training.builders import tiny_config, train_tiny
from training import phases, sft


def test_every_phase_that_a_run_passes_has_words(tmp_path: Path, tiny_base: Path) -> None:
    passed: set[str] = set()
    config = tiny_config(tiny_base, epochs=1, samples=1, sample_tokens=4)
    train_tiny(tmp_path / "run", config, progress=lambda phase, done, total: passed.add(phase))
    assert {"load", "tokenise", "probe", "train", "eval", "sample", "save"} <= passed <= set(phases.PHASES)


def test_memory_that_ran_out_is_told_with_the_phase() -> None:
    known = sft._as_known(MemoryError(), "sample")
    assert known is not None and known.message == "The memory ran out while it answered sample prompts."


def test_a_phase_without_words_is_called_by_its_name() -> None:
    assert phases.now("warm") == "warm" and phases.during("warm") == phases.during("") == "at its work"

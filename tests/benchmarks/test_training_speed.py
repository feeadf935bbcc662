"""The table of the training benchmark: ours is held against the faster rival of each kind, and its loss against all."""

from __future__ import annotations

import pytest

from benchmarks.training_speed import figures_of
from benchmarks.training_speed_run import Timed


def timed(who: str, processor_s: float) -> Timed:
    return Timed(who, steps=5, supervised=100, tokens=900, processor_s=processor_s, wall_s=99.0)


def test_ours_is_held_against_the_faster_rival_and_the_loss_against_every_one() -> None:
    done = {who: timed(who, s) for who, s in (("ours", 5), ("padded", 20), ("padded-plain", 10), ("packed", 4))}
    losses = {"base": 2.0, "ours": 1.0, "padded": 1.02, "padded-plain": 1.001, "packed": 1.0}
    figures = {figure.what: figure for figure in figures_of(done, losses)}
    assert figures["times trl padded-plain"].value == pytest.approx(2.0) and figures["times trl padded-plain"].met
    assert figures["times trl packed"].value == pytest.approx(0.8) and not figures["times trl packed"].met
    assert not figures["hold-out loss apart from trl padded (share)"].met
    assert figures["hold-out loss apart from trl packed (share)"].met
    assert "base: supervised tokens a processor second" not in figures


def test_without_a_rival_nothing_is_claimed() -> None:
    assert all(figure.bar is None for figure in figures_of({"ours": timed("ours", 5)}, {"base": 2.0, "ours": 1.0}))

"""The silent failures of fine-tuning, injected into real files, models and runs: each is called by its name."""

from __future__ import annotations

import pytest

from benchmarks.failures_clean import CLEAN, Clean, said_of
from benchmarks.failures_kit import Bench, Failure
from benchmarks.silent_failures import ALL, caught


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def test_the_list_is_that_of_the_thirty_failures() -> None:
    assert [failure.number for failure in ALL] == list(range(1, 31))


@pytest.mark.parametrize("failure", ALL, ids=lambda failure: f"{failure.number}-{failure.title}")
def test_a_silent_failure_is_called_by_its_name(failure: Failure, bench: Bench) -> None:
    seen = failure.inject(bench)
    assert caught(failure, seen), seen


@pytest.mark.parametrize("clean", CLEAN, ids=lambda clean: clean.title)
def test_nothing_is_said_of_a_sound_configuration(clean: Clean, bench: Bench) -> None:
    assert said_of(bench, clean).names == ()

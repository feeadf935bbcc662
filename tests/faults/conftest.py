"""A process that forks real commands, and a prepared workspace whose commands are disturbed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.faults_driver import Children, Stage, children


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """Starts children."""
    with children(tmp_path_factory.mktemp("io")) as started:
        yield started


@pytest.fixture(scope="session")
def stage(starter: Children, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The prepared workspace, measured."""
    return Stage(tmp_path_factory.mktemp("stage"), starter)

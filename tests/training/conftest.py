"""The tiny model that the tests of training share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import tiny


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny seeded base model."""
    return tiny(tmp_path_factory.mktemp("base") / "tiny")

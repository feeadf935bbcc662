"""The interpreter beside large work: what modules hold is set aside once, and garbage still goes."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Iterator

import pytest

from core import bulk


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


class Loop:
    """An object that refers to itself, so that only the cycle collector frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_modules_hold_is_set_aside_once_until_more_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_n_loaded", 0)
    bulk.settle_loaded()
    assert gc.get_freeze_count() > 10_000
    gc.unfreeze()
    bulk.settle_loaded()
    assert gc.get_freeze_count() == 0, "nothing new was loaded"
    monkeypatch.setitem(sys.modules, "made_for_this_test", types.ModuleType("made_for_this_test"))
    bulk.settle_loaded()
    assert gc.get_freeze_count() > 10_000


def test_garbage_from_before_and_after_still_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_n_loaded", 0)
    before = weakref.ref(Loop())
    bulk.settle_loaded()
    after = weakref.ref(Loop())
    gc.collect()
    assert before() is None and after() is None

"""How Python's interpreter should behave while millions of records are made and compiled threads work beside it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005


@contextmanager
def bulk_work() -> Iterator[None]:
    """Leave the cycle collector off, and let waiting threads in sooner, for a while.

    The collector would look through all records again and again and find no cycle. A compiled thread needs the
    interpreter for a moment between two steps; with the usual 5 ms it mostly waits for it.
    """
    was_on, interval_s = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        if was_on:
            gc.enable()


_n_loaded = 0


def settle_loaded() -> None:
    """Leave what the loaded modules hold out of the cycle collector's rounds, once each time that more are loaded.

    The web server looks through all objects after each redrawn page: 50 ms of the interpreter for modules that never
    go away, while every other session waits. What is set aside is still freed when nothing refers to it any more.
    """
    global _n_loaded
    if len(sys.modules) != _n_loaded:
        _n_loaded = len(sys.modules)
        gc.collect()
        gc.freeze()

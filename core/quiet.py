"""Keeps the Hugging Face libraries off the network and off the screen.

Nothing here sets environment variables: a child process must not inherit an "offline" that no person asked for.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from logging import ERROR, getLogger
from typing import Any

OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def asked_to_stay_offline() -> bool:
    """Whether the person set HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE."""
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in OFFLINE_VARIABLES)


def go_offline() -> None:
    """From here on, no Hugging Face library of this process opens a connection or sends telemetry."""
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = True
    constants.HF_HUB_DISABLE_TELEMETRY = True


@contextmanager
def reaching_the_hub() -> Iterator[None]:
    """Allow the model hub inside the block only (still without telemetry)."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_TELEMETRY = False, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries' progress bars, log lines and warnings while a model loads; exceptions still pass."""
    from transformers.utils import logging

    transformers_logging: Any = logging
    go_offline()
    level, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # It reports at import that an optional package, which would fetch kernels from the hub, is absent: as it should be.
    getLogger("bitsandbytes").setLevel(ERROR)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()

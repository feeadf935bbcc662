"""Reads the training settings that people keep in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import InputError
from training.config import read_settings


def stored_settings(path: Path | None) -> dict[str, Any]:
    """The settings in a JSON file; empty where no file is named.

    Raises:
        InputError: It cannot be read, is no JSON object, or holds a wrong setting.
    """
    if path is None:
        return {}
    try:
        return read_settings(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).", "Check the path.") from error

"""Time as the project writes it: UTC, ISO 8601, microseconds; passed in wherever it matters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], str]


def utc_now() -> str:
    """The current time, such as ``2026-11-21T22:46:10.123456Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""Time as the project writes it: UTC, ISO 8601, microseconds; passed in wherever it matters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], str]
FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_now() -> str:
    """The current time, such as ``2026-11-21T22:46:10.123456Z``."""
    return datetime.now(UTC).strftime(FORM)


def after(moment: str, span: timedelta) -> str:
    """The time that lies ``span`` after a moment, both as :func:`utc_now` writes them."""
    return (datetime.strptime(moment, FORM) + span).strftime(FORM)

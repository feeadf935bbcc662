"""The error of an act that came too late: somebody else decided between the look and the press."""

from __future__ import annotations

from core.errors import FinetoothError


class OvertakenError(FinetoothError):
    """Somebody else acted on the same rows between the look and the act; nothing was recorded."""

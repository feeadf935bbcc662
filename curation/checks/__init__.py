"""The deck of checks, in report order."""

from __future__ import annotations

from curation.checks import duplicates, format_shape, privacy
from curation.checks.base import Check

CHECKS: tuple[Check, ...] = (
    duplicates.EXACT,
    duplicates.NEAR,
    duplicates.CONFLICT,
    duplicates.CANNED,
    duplicates.SUBSET,
    format_shape.SHAPE,
    *privacy.CARDS,
)

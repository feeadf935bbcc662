"""The deck of checks, in report order."""

from __future__ import annotations

from curation.checks import (
    contradictions_clash,
    coverage_quantity,
    duplicates,
    duplicates_partial,
    duplicates_semantic,
    format_damage,
    format_length,
    format_norm,
    format_shape,
    format_text,
    language_other,
    language_reply,
    privacy,
    tone_norm,
    tone_profile,
)
from curation.checks.base import Check

CHECKS: tuple[Check, ...] = (
    duplicates.EXACT,
    duplicates.NEAR,
    duplicates_partial.CONFLICT,
    duplicates_partial.CANNED,
    duplicates_partial.SUBSET,
    contradictions_clash.CLASH,
    duplicates_semantic.SEMANTIC,
    format_shape.SHAPE,
    format_text.ROLE_TEXT,
    format_text.PLACEHOLDER,
    format_text.TRUNCATED,
    format_damage.DAMAGE,
    format_norm.NORM,
    format_length.LENGTH,
    tone_norm.NORM,
    tone_profile.PROFILE,
    language_other.OTHER,
    language_reply.REPLY,
    *privacy.CARDS,
    coverage_quantity.QUANTITY,
)

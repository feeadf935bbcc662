"""The deck of checks, in report order."""

from __future__ import annotations

from curation.checks import (
    contradictions_clash,
    coverage_cluster,
    coverage_quantity,
    coverage_template,
    duplicates,
    duplicates_partial,
    duplicates_semantic,
    format_damage,
    format_length,
    format_norm,
    format_shape,
    format_system,
    format_text,
    format_truncated,
    language_other,
    language_reply,
    privacy_address,
    privacy_name,
    privacy_numbers,
    privacy_phone,
    privacy_secret,
    spelling_typo,
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
    format_system.SYSTEM,
    format_text.ROLE_TEXT,
    format_text.PLACEHOLDER,
    format_truncated.TRUNCATED,
    format_damage.DAMAGE,
    format_norm.NORM,
    format_length.LENGTH,
    tone_norm.NORM,
    tone_profile.PROFILE,
    spelling_typo.TYPO,
    language_other.OTHER,
    language_reply.REPLY,
    privacy_address.EMAIL,
    privacy_phone.PHONE,
    privacy_numbers.CARD,
    privacy_numbers.IBAN,
    privacy_numbers.SSN,
    privacy_address.IP,
    privacy_secret.SECRET,
    privacy_name.NAME,
    coverage_cluster.CLUSTER,
    coverage_template.TEMPLATE,
    coverage_quantity.QUANTITY,
)

OTHER_TITLES = {"tone.learned": "Answers like those that reviewers marked off-tone"}
"""Findings that no check of the deck makes, since they come from what people said."""

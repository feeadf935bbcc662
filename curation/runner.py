"""Run the deck of checks over a set of examples: what was found, how long each took, and what was left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import InputError
from core.types import Example, Finding
from curation.checks import CHECKS
from curation.checks.base import Check
from curation.evidence.batch import Batch
from curation.evidence.coverage import CoverageMap, coverage_map
from curation.evidence.entailment import asked_for
from curation.evidence.norms import LearnedNorm
from curation.evidence.pairs import MOST_UNITS, PairFrames, pair_frames
from curation.evidence.relations import relations
from curation.evidence.settings import Settings

Progress = Callable[[str, int, int | None], None]

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(check.family for check in CHECKS))
"""The families of checks, in report order."""

__all__ = ["FAMILIES", "CheckReport", "Settings", "named", "run_checks", "selected"]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a run of the checks found.

    Attributes:
        findings: In report order of the checks, then by example id and place.
        seconds: Wall time of each check that ran. The first check of a family also pays for the work that it shares
            with the others.
        counts: Findings of each check that ran, zero included.
        notes: What was capped, thinned, left out or not run, a sentence each.
        pairs: The similarities of all examples that resemble each other, where the settings ask for them and the
            duplicates were looked for.
        norms: What the checks learned from the set, in report order, with and without departures.
        learned: What one text can be held against later, see ``curation.learned``.
        coverage: The map of the prompts, where ``coverage.cluster`` ran and there are enough of them.
    """

    findings: tuple[Finding, ...]
    seconds: dict[str, float]
    counts: dict[str, int]
    notes: tuple[str, ...]
    pairs: PairFrames | None = None
    norms: tuple[LearnedNorm, ...] = ()
    coverage: CoverageMap | None = None
    learned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def selected(only: Sequence[str] = (), *, settings: Settings = Settings()) -> tuple[Check, ...]:  # noqa: B008
    """The checks that ``only`` names, by family or in full, in report order; without names, all that run by default.

    Raises:
        InputError: A name is no check and no family.
    """
    if not only:
        return tuple(check for check in CHECKS if check.cost == "fast" or settings.semantic)
    for name in only:
        if not any(name.removesuffix(".*") in (check.name, check.family) for check in CHECKS):
            known = ", ".join([*FAMILIES, *(check.name for check in CHECKS)])
            raise InputError(f"There is no check or family of checks named {name!r}.", f"Known names: {known}.")
    names = {name.removesuffix(".*") for name in only}
    return tuple(
        check
        for check in CHECKS
        if check.name in names or (check.family in names and (check.cost == "fast" or settings.semantic))
    )


def named(only: Sequence[str]) -> tuple[str, ...]:
    """Full names of the checks that ``only`` means by name or family, those that use a model included.

    Raises:
        InputError: A name is no check and no family.
    """
    return tuple(check.name for check in selected(only, settings=Settings(semantic=True))) if only else ()


def run_checks(
    examples: Sequence[Example],
    only: Sequence[str] = (),
    *,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    progress: Progress = lambda stage, done, total: None,
) -> CheckReport:
    """Run the checks over ``examples``.

    Args:
        examples: Unique by id, in any order; the result does not depend on it.
        only: Families (``format``) or full names (``format.shape``); empty = all that need no model, and those too
            where ``settings.semantic`` is on.
        settings: Thresholds, and the lines of each example where the caller knows them.
        progress: Called before each check with its name.

    Raises:
        InputError: ``only`` names no check, or the settings name an entailment model that cannot be used.
    """
    checks = selected(only, settings=settings)
    if settings.pair_floor is not None and len(examples) > MOST_UNITS:
        settings = replace(settings, pair_floor=min(settings.near_threshold, settings.short_threshold))
    batch = Batch(examples, settings, progress)
    if any(check.name == "contradictions.clash" for check in checks):
        batch.shared(asked_for)  # a model that is not there is told before minutes of work, not after
    findings: list[Finding] = []
    seconds: dict[str, float] = {}
    for number, check in enumerate(checks):
        progress(check.name, number, len(checks))
        started = time.perf_counter()
        batch.found[check.name] = sorted(check.run(batch), key=_place)
        findings += batch.found[check.name]
        seconds[check.name] = time.perf_counter() - started
    progress("checked", len(checks), len(checks))
    counted = Counter(finding.check for finding in findings)
    report = CheckReport(
        tuple(findings),
        seconds,
        {check.name: counted[check.name] for check in checks},
        (*batch.notes, *_not_run(checks, only)),
        _pairs(batch, checks),
        tuple(batch.norms),
        batch.shared(coverage_map) if "coverage.cluster" in seconds else None,
        batch.learned,
    )
    batch.free()
    return report


def _pairs(batch: Batch, checks: Sequence[Check]) -> PairFrames | None:
    floor = batch.settings.pair_floor
    if floor is None or all(check.name != "duplicates.near" for check in checks):
        return None
    return pair_frames(batch.shared(relations), floor)


def _place(finding: Finding) -> tuple[object, ...]:
    spans = tuple((span.example_id or "", span.turn, span.start, span.end) for span in finding.spans)
    return finding.example_id, finding.reason, spans, finding.related, finding.message


def _not_run(checks: Sequence[Check], only: Sequence[str]) -> Iterator[str]:
    for check in CHECKS:
        if check not in checks and check.cost == "model" and (not only or check.family in only):
            yield f"{check.name} did not run: it uses a model. Ask for it by name, or set semantic = true."

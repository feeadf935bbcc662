"""System prompts that are a common one with a few characters changed: the same task, written down a second time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from core.types import Example
from curation.evidence.batch import Batch
from curation.minhash.normalise import normalise

_FEW = 5  # characters by which a variant may differ, in one place
_RARE = 0.1  # of the common prompt's examples, for a prompt to be its variant


def system_of(example: Example) -> str:
    """The system prompt; empty where there is none."""
    return "\n".join(message.content for message in example.messages if message.role == "system")


def system_variants(batch: Batch) -> Mapping[str, str]:
    """Each system prompt that is a variant of a common one, and that one. Call it as ``batch.shared(...)``.

    A prompt is common from the settings' ``min_group`` on. A variant is rarer, and differs in case, punctuation and
    white space only, or in one place by a few characters that are no digits.
    """
    counted = Counter({system: n for system, n in batch.shared(system_counts).items() if system.strip()})
    common = sorted((s for s, n in counted.items() if n >= batch.settings.min_group), key=lambda s: (-counted[s], s))
    found = _variants(counted, common)
    if batch.kept is None:
        batch.learned["systems"] = {system: counted[system] for system in (*common, *found)}
    return found


def system_counts(batch: Batch) -> Counter[str]:
    """How many examples have each system prompt; of a text held against a set, those that matter there and its own."""
    own = Counter(system_of(example) for example in batch)
    if batch.kept is None:
        return own
    return Counter(batch.kept.get("systems", {})) | own


def _variants(counted: Counter[str], common: list[str]) -> dict[str, str]:
    if not common or len(common) == len(counted):
        return {}
    plain = {normalise(system): system for system in reversed(common)}
    by_start: dict[str, list[str]] = defaultdict(list)
    by_end: dict[str, list[str]] = defaultdict(list)
    for system in common:
        by_start[system[: _key(system)]].append(system)
        by_end[system[-_key(system) :]].append(system)
    found: dict[str, str] = {}
    for system in counted.keys() - set(common):
        same = plain.get(normalise(system))
        near = [same] if same else [*by_start[system[:_LENGTH]], *by_end[system[-_LENGTH:]]]
        for other in near:
            if counted[system] <= _RARE * counted[other] and (same or differs_little(system, other)):
                found[system] = other
                break
    return found


_LENGTH = 16


def _key(system: str) -> int:
    return min(_LENGTH, len(system))


def differs_little(one: str, other: str) -> bool:
    """Whether two texts differ in one place only, by a few characters that are no digits."""
    if abs(len(one) - len(other)) > _FEW or min(len(one), len(other)) < 2 * _LENGTH:
        return False
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    apart = one[head : len(one) - tail], other[head : len(other) - tail]
    return max(map(len, apart)) <= _FEW and not any(c.isdigit() for part in apart for c in part)

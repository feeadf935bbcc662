"""Examples that belong together, and what counts as their norm."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from core.ids import content_id
from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.groups_systems import system_of, system_variants
from curation.minhash.normalise import normalise

V = TypeVar("V", bound=Hashable)
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
_SHOWN = 60
_KEY = 16
_REST = "rest"


@dataclass(frozen=True, slots=True)
class Group:
    """Examples with one system prompt (and one task tag) and a final answer; those of rare ones form a rest group.

    Attributes:
        name: Tells groups apart and puts them in order.
        examples: In order of id.
        label: For people: ``all answers``, ``task: coding``, ``system prompt “You are …”``.
    """

    name: str
    examples: tuple[Example, ...]
    label: str = "all answers"

    @property
    def key(self) -> str:
        """The name as short as a key has to be."""
        return _key_of(self.name)


@dataclass(frozen=True, slots=True)
class Norm:
    """A value that most of a group shares.

    Attributes:
        value: The value.
        count: How many have it.
        total: Of how many that could.
    """

    value: Hashable
    count: int
    total: int

    def __str__(self) -> str:
        return f"{self.count} of {self.total}"


def groups(batch: Batch) -> list[Group]:
    """The groups of a batch that are large enough for a norm. Call it as ``batch.shared(groups)``."""
    if batch.kept is not None:
        return list(_kept_groups(batch, batch.kept.get("groups", {})))
    found = _learned_groups(batch)
    for group in found:
        batch.learned.setdefault("groups", {})[_REST if group.name == _REST else group.key] = group.label
    return found


def _kept_groups(batch: Batch, labels: Mapping[str, str]) -> Iterator[Group]:
    """The groups of the set that these examples fall into."""
    variants = batch.shared(system_variants)
    for example in batch:
        if example.answer.strip():
            group = Group(_name(example, batch.settings.group_by, variants)[0], (example,))
            if group.key in labels:
                yield replace(group, label=labels[group.key])
            elif _REST in labels:
                yield Group(_REST, (example,), labels[_REST])


def _learned_groups(batch: Batch) -> list[Group]:
    by_name: dict[str, list[Example]] = defaultdict(list)
    labels: dict[str, str] = {}
    variants = batch.shared(system_variants)
    for example in batch:
        if example.answer.strip():
            name, label = _name(example, batch.settings.group_by, variants)
            by_name[name].append(example)
            labels.setdefault(name, label)
    least = batch.settings.min_group
    large = {name: tuple(members) for name, members in by_name.items() if len(members) >= least}
    rest = tuple(example for name, members in by_name.items() if name not in large for example in members)
    if len(large) == 1 and not rest:
        return [Group(name, members) for name, members in large.items()]
    found = [Group(name, members, labels[name]) for name, members in sorted(large.items())]
    if len(rest) >= least:
        found.append(Group(_REST, rest, "the other answers" if large else "all answers"))
    elif rest:
        batch.note(
            f"Norms: {len(rest)} of {len(batch)} examples share their system prompt with fewer than {least - 1} "
            "others; no norm was learned for them."
        )
    return found


def _name(example: Example, group_by: Sequence[str], variants: Mapping[str, str]) -> tuple[str, str]:
    """The system prompt, and the first task tag that the example's meta holds; and both for people."""
    system = system_of(example)
    system = variants.get(system, system)
    key = next((key for key in group_by if isinstance(example.meta.get(key), str)), "")
    tag = str(example.meta[key]) if key else ""
    plain = _plain(system)
    return (f"{plain}\n{tag}" if tag else plain), (f"{key}: {tag}" if tag else system_label(system))


def system_label(system: str) -> str:
    """A system prompt for people, cut where it is long."""
    told = " ".join(system.split())
    shown = told if len(told) <= _SHOWN else f"{told[:_SHOWN]}…"
    return f"system prompt “{shown}”" if told else "answers without a system prompt"


@lru_cache(maxsize=4096)
def _key_of(name: str) -> str:
    return content_id([name])[:_KEY]


@lru_cache(maxsize=4096)
def _plain(system: str) -> str:
    return normalise(system)


@lru_cache(maxsize=65536)
def lower_bound(count: int, total: int, confidence: float) -> float:
    """One-sided Clopper-Pearson lower bound of a share (Clopper and Pearson 1934)."""
    if count == 0:
        return 0.0
    from scipy.special import betaincinv

    return float(betaincinv(count, total - count + 1, 1 - confidence))


def norm(values: Iterable[V | None], batch: Batch, usual: float = 0.0) -> Norm | None:
    """The value that nearly all share, or None where there is none.

    Args:
        values: One for each answer; None = the answer has no such thing, and does not count.
        batch: For the least number of answers and the confidence.
        usual: What the share itself must reach, beside its lower bound, which must reach the settings' ``norm_share``.
    """
    counted = Counter(value for value in values if value is not None)
    total = counted.total()
    if total < batch.settings.min_group:
        return None
    value, count = min(counted.items(), key=lambda item: (-item[1], repr(item[0])))
    bound = lower_bound(count, total, batch.settings.norm_confidence)
    if count / total < usual or bound < batch.settings.norm_share:
        return None
    return Norm(value, count, total)


def code_ranges(text: str) -> list[tuple[int, int]]:
    """Where fenced blocks and inline code stand: half-open ranges."""
    return [match.span() for match in _FENCE.finditer(text)] if "`" in text or "~~~" in text else []


def outside(ranges: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether [start, end) touches none of the ranges."""
    return all(end <= low or start >= high for low, high in ranges)

"""The examples under check, with the settings and the work that several checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from core.jobs import Progress, no_progress
from core.types import Example, Finding
from curation.evidence.norms import LearnedNorm
from curation.evidence.settings import Settings

T = TypeVar("T")


class Batch(Sequence[Example]):
    """Examples in order of id, so that no check can depend on the order of rows.

    A check takes any sequence of examples; the runner passes one batch to all of them, so that clusters, groups and
    facts are worked out once.

    Attributes:
        settings: The thresholds in force.
        notes: What was capped, thinned or left out; the report shows them.
        norms: What the checks learned from the set, or took from the house style; checks append to it.
        progress: Told how far long work is.
        found: The findings of the checks that have run on this batch, by the check's name.
        learned: What the checks learned from these examples, by part (a check's name) and key (a group's); see
            ``curation.evidence.learned``.
        kept: What they learned from a whole set before, where these examples are held against that; None = they learn
            from these examples.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        settings: Settings | None = None,
        progress: Progress = no_progress,
        *,
        kept: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._examples = tuple(sorted({example.id: example for example in examples}.values(), key=lambda e: e.id))
        self.settings = settings or Settings()
        self.notes: list[str] = []
        self.norms: list[LearnedNorm] = []
        self.progress = progress
        self.found: dict[str, Sequence[Finding]] = {}
        self.learned: dict[str, dict[str, Any]] = {}
        self.kept = kept
        self._by_id = {example.id: example for example in self._examples}
        self._shared: dict[Callable[[Batch], Any], Any] = {}

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Batch:
        """The batch itself, or a new one with default settings."""
        return examples if isinstance(examples, Batch) else cls(examples)

    def shared(self, compute: Callable[[Batch], T]) -> T:
        """``compute(self)``, worked out once for all checks."""
        if compute not in self._shared:
            self._shared[compute] = compute(self)
        result: T = self._shared[compute]
        return result

    def free(self) -> None:
        """Let go of the shared work, most of the memory of a run; it refers back to the batch."""
        self._shared.clear()

    def learn(self, part: str, key: str, make: Callable[[], T | None]) -> T | None:
        """What a check knows of a group: learned from it, or, for a text held against a set, kept from before.

        Args:
            part: Such as ``format.length``; its records are of one type, see ``curation.evidence.learned.PARTS``.
            key: Of the group or habit.
            make: Learns it; None = there is nothing to know, which is not put on record.
        """
        if self.kept is not None:
            known: T | None = self.kept.get(part, {}).get(key)
            return known
        made = make()
        if made is not None:
            self.learned.setdefault(part, {})[key] = made
        return made

    def example(self, example_id: str) -> Example:
        """The example of this id."""
        return self._by_id[example_id]

    def holds(self, example_id: str) -> bool:
        """Whether the example of this id is in the batch."""
        return example_id in self._by_id

    def note(self, text: str) -> None:
        """Tell the report something that happened on the way, once."""
        if text not in self.notes:
            self.notes.append(text)

    def __len__(self) -> int:
        return len(self._examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self._examples)

    @overload
    def __getitem__(self, index: int) -> Example: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...

    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        return self._examples[index]

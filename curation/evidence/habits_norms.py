"""What the answers of each group do by habit: values read once, norms learned within the groups that belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, lower_bound
from curation.evidence.groups_asks import find_splits, leaf_of, request_words, told
from curation.evidence.habits import HABITS, Answer
from curation.evidence.habits_formulas import opening

_FORMS = frozenset(
    {"json", "code-fence", "start", "final-punctuation", "list", "heading", "markdown-table", "line-count"}
)
_FORM_PLACES = tuple(place for place, habit in enumerate(HABITS) if habit.reason in _FORMS)

_FEW = 5  # values, too few to speak against the norm of a wider group

Values = tuple[str | None, ...]


def readings(batch: Batch) -> dict[str, Values]:
    """The value of every habit, in the order of ``HABITS``, of each example that has an answer."""
    known: dict[str, str] = {}
    found: dict[str, Values] = {}
    for example in batch:
        if example.answer.strip():
            answer = Answer(example.answer, example)
            values = [habit.value(answer) for habit in HABITS]
            found[example.id] = tuple(None if value is None else known.setdefault(value, value) for value in values)
    return found


@dataclass(frozen=True, slots=True)
class Task:
    """A group, or the part of one whose requests are alike. ``within`` is the whole group."""

    group: Group
    within: Group


def tasks(batch: Batch) -> list[Task]:
    """The groups of a batch, each split by what is asked where that separates two forms of answers."""
    values = batch.shared(readings)
    found: list[Task] = []
    for group in batch.shared(groups):
        words = [request_words(example) for example in group.examples]
        forms = [_forms(values[example.id], example) for example in group.examples]
        split = find_splits(words, forms)
        if split is None:
            found.append(Task(group, group))
            continue
        leaves: dict[tuple[tuple[str, bool], ...], list[Example]] = defaultdict(list)
        for example, held in zip(group.examples, words, strict=True):
            leaves[leaf_of(split, held)].append(example)
        for way, members in sorted(leaves.items()):
            label = told(way) if group.label == "all answers" else f"{group.label}, {told(way)}"
            found.append(Task(Group(f"{group.name}\n{way}", tuple(members), label), group))
    return found


def _forms(values: Values, example: Example) -> list[str]:
    return [*(values[place] or "" for place in _FORM_PLACES), next(iter(opening(example.answer)), "")]


@dataclass(frozen=True, slots=True)
class Scope:
    """Answers that one norm holds for.

    Attributes:
        label: For people.
        tasks: Which tasks.
        wanted: The value.
        count: Answers that have it.
        total: Of how many that could.
        bound: Lower confidence bound of the share.
    """

    label: str
    tasks: tuple[Task, ...]
    wanted: Hashable
    count: int
    total: int
    bound: float

    def __str__(self) -> str:
        """Such as "412 of 430 answers"."""
        of = "" if self.label == "all answers" else f" ({self.label})"
        return f"{self.count} of {self.total} answers{of}"


class Norms:
    """Learns the norm of each task of a batch; where a task shows too little, that of its group, then of all."""

    def __init__(self, batch: Batch) -> None:
        self._tasks = batch.shared(tasks)
        self._least = batch.settings.min_group
        self._share = batch.settings.norm_share
        self._confidence = batch.settings.norm_confidence

    def decide(
        self, counted: Counter[Hashable], usual: float, firm: Iterable[Hashable] = (), firm_share: float = 1.0
    ) -> Hashable | None:
        """The value that is a norm, or None."""
        total = counted.total()
        if total < self._least:
            return None
        value, count = min(counted.items(), key=lambda item: (-item[1], repr(item[0])))
        needed = max(usual, firm_share if value in frozenset(firm) else 0.0)
        return value if count >= needed * total and self.bound(count, total) >= self._share else None

    def bound(self, count: int, total: int) -> float:
        """The lower confidence bound of a share."""
        return lower_bound(count, total, self._confidence)

    def learn(
        self,
        values: Mapping[str, Hashable | None],
        usual: float,
        *,
        firm: frozenset[str] = frozenset(),
        firm_share: float = 1.0,
        never: frozenset[str] = frozenset(),
    ) -> list[Scope]:
        """The norms of one habit.

        Args:
            values: By example id; None = does not apply.
            usual: What a share must reach.
            firm: Values that need ``firm_share`` instead.
            firm_share: See there.
            never: Values that are no norm.
        """
        by_task: list[Counter[Hashable]] = []
        by_group: dict[str, Counter[Hashable]] = defaultdict(Counter)
        everywhere: Counter[Hashable] = Counter()
        for task in self._tasks:
            counted: Counter[Hashable] = Counter()
            for example in task.group.examples:
                value = values[example.id]
                if value is not None:
                    counted[value] += 1
            by_task.append(counted)
            by_group[task.within.name].update(counted)
            everywhere.update(counted)
        if everywhere.total() < self._least:
            return []

        def decided(counted: Counter[Hashable]) -> Hashable | None:
            value = self.decide(counted, usual, firm, firm_share)
            return None if value in never else value

        of_all = decided(everywhere)
        of_group = {name: decided(counted) for name, counted in by_group.items()}
        chosen: list[Hashable | None] = []
        for task, counted in zip(self._tasks, by_task, strict=True):
            own = decided(counted)
            wider = of_group[task.within.name]
            if wider is None and by_group[task.within.name].total() < self._least:
                wider = of_all
            if own is None and wider is not None:
                total = counted.total()
                if total < _FEW or counted[wider] >= self._share * total:
                    own = wider
            chosen.append(own)
        return self._scopes(by_task, chosen)

    def _scopes(self, by_task: Sequence[Counter[Hashable]], chosen: Sequence[Hashable | None]) -> list[Scope]:
        """Tasks with one norm are told together: all answers, a whole group, or the task."""
        applies = [n for n, counted in enumerate(by_task) if counted]
        wanted_by_all = {chosen[n] for n in applies}
        if len(wanted_by_all) == 1 and None not in wanted_by_all:
            return [self._scope("all answers", applies, by_task, chosen)]
        found: list[Scope] = []
        by_group: dict[str, list[int]] = defaultdict(list)
        for n in applies:
            by_group[self._tasks[n].within.name].append(n)
        for places in by_group.values():
            wanted = {chosen[n] for n in places}
            if len(wanted) == 1:
                if None not in wanted:
                    found.append(self._scope(self._tasks[places[0]].within.label, places, by_task, chosen))
            else:
                found += [
                    self._scope(self._tasks[n].group.label, [n], by_task, chosen)
                    for n in places
                    if chosen[n] is not None
                ]
        return found

    def _scope(
        self, label: str, places: Sequence[int], by_task: Sequence[Counter[Hashable]], chosen: Sequence[Hashable | None]
    ) -> Scope:
        wanted = chosen[places[0]]
        count = sum(by_task[n][wanted] for n in places)
        total = sum(by_task[n].total() for n in places)
        return Scope(label, tuple(self._tasks[n] for n in places), wanted, count, total, self.bound(count, total))

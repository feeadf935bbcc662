"""What the answers of each group do by habit: read once, and learned within the groups that belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.types import Example
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, lower_bound
from curation.evidence.groups_asks import LEAST, MOST_ROWS, Split, find_splits, leaf_of, request_words, told
from curation.evidence.habits import ABSENT, HABITS, Answer
from curation.evidence.habits_formulas import Words, opening

V = TypeVar("V", bound=Hashable)
Values = tuple[str | None, ...]
Way = tuple[tuple[str, bool], ...]

_FORMS = ("json", "code-fence", "start", "final-punctuation", "list", "heading", "markdown-table", "line-count")
_FORM_PLACES = tuple(place for place, habit in enumerate(HABITS) if habit.reason in _FORMS)
_FEW = 5  # values, too few to speak against the norm of a wider group


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer does: the value of every habit, in the order of ``HABITS``, and its first words."""

    values: Values
    opening: Words


def readings(batch: Batch) -> dict[str, Reading]:
    """The reading of each example that has an answer, by its id."""
    known: dict[str | None, str | None] = {}
    get = known.setdefault
    finders = [habit.value for habit in HABITS]
    found: dict[str, Reading] = {}
    for example in batch:
        text = example.answer
        if text and not text.isspace():
            answer = Answer(text, example)
            values = [find(answer) for find in finders]
            found[example.id] = Reading(tuple([get(value, value) for value in values]), opening(text))
    return found


@dataclass(frozen=True, slots=True)
class Task:
    """A group, or the part of one whose requests are alike. ``within`` is the whole group."""

    group: Group
    within: Group


def tasks(batch: Batch) -> list[Task]:
    """The groups of a batch, each split by what is asked where that separates two forms of answers."""
    read = batch.shared(readings)
    found: list[Task] = []
    for group in batch.shared(groups):
        if batch.kept is not None:
            found += _kept_task(group, batch.kept.get("tasks", {}).get(group.key))
            continue
        step = -(-len(group.examples) // MOST_ROWS)
        sample = group.examples[::step]
        forms = [_forms(read[example.id]) for example in sample]
        split = find_splits([request_words(example) for example in sample], forms, max(2, LEAST // step))
        if split is None:
            found.append(Task(group, group))
            continue
        batch.learned.setdefault("tasks", {})[group.key] = split
        leaves: dict[Way, list[Example]] = defaultdict(list)
        for example in group.examples:
            leaves[leaf_of(split, request_words(example))].append(example)
        found += [_leaf(group, way, tuple(members)) for way, members in sorted(leaves.items())]
    return found


def _leaf(group: Group, way: Way, members: tuple[Example, ...]) -> Task:
    label = told(way) if group.label == "all answers" else f"{group.label}, {told(way)}"
    return Task(Group(f"{group.name}\n{way}", members, label), group)


def _kept_task(group: Group, split: Split | None) -> Iterator[Task]:
    """The part of a group of the set that a text falls into."""
    if split is None:
        yield Task(group, group)
        return
    for example in group.examples:
        yield _leaf(group, leaf_of(split, request_words(example)), (example,))


def _forms(reading: Reading) -> list[str]:
    return [*(reading.values[place] or "" for place in _FORM_PLACES), next(iter(reading.opening), "")]


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


@dataclass(frozen=True, slots=True)
class KeptScope:
    """A scope as it outlives the run of the checks: ``tasks`` by their keys."""

    label: str
    tasks: tuple[str, ...]
    wanted: str
    count: int
    total: int
    bound: float


@dataclass(frozen=True, slots=True)
class Formula:
    """The words that the answers of a task open or close with.

    Attributes:
        words: Bare, see ``habits_formulas``.
        count: Answers that have them.
        total: Of how many.
        bound: Lower confidence bound of the share.
        kind: Where a closing stands: ``words``, ``block`` or ``line``.
        tail: What nearly all of them end with, letter by letter, where a closing has that.
    """

    words: Words
    count: int
    total: int
    bound: float
    kind: str = "words"
    tail: str | None = None

    def scope(self, task: Task) -> Scope:
        """The answers of a task that it holds for."""
        return Scope(task.group.label, (task,), self.words, self.count, self.total, self.bound)


class Norms:
    """Learns the norm of each task of a batch; where a task shows too little, that of its group, then of all."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._tasks = batch.shared(tasks)
        self._least = batch.settings.min_group
        self._share = batch.settings.norm_share
        self._confidence = batch.settings.norm_confidence
        read = batch.shared(readings)
        self._columns: dict[str, list[tuple[str | None, ...]]] = {}
        self._counts: dict[str, list[Counter[str]]] = {}
        for task in self._tasks:
            columns = list(zip(*(read[example.id].values for example in task.group.examples), strict=True))
            self._columns[task.group.name] = columns
            self._counts[task.group.name] = [_counted(column) for column in columns]

    def column(self, task: Task, place: int) -> tuple[str | None, ...]:
        """The value of one habit of each example of a task, in order."""
        return self._columns[task.group.name][place]

    def decide(self, counted: Counter[V], usual: float, firm: Container[V] = ()) -> V | None:
        """The value that is a norm, or None; one of ``firm`` needs a share of ``ABSENT`` whatever ``usual`` is."""
        total = counted.total()
        if total < self._least:
            return None
        value, count = min(counted.items(), key=lambda item: (-item[1], repr(item[0])))
        needed = max(usual, ABSENT if value in firm else 0.0)
        return value if count >= needed * total and self.bound(count, total) >= self._share else None

    def bound(self, count: int, total: int) -> float:
        """The lower confidence bound of a share."""
        return lower_bound(count, total, self._confidence)

    def learn(self, place: int) -> list[Scope]:
        """The norms of the habit at a place of ``HABITS``."""
        scopes: list[Scope] = []

        def made() -> list[KeptScope] | None:
            scopes.extend(self._learned(place))
            return [
                KeptScope(s.label, tuple(t.group.key for t in s.tasks), str(s.wanted), s.count, s.total, s.bound)
                for s in scopes
            ] or None

        kept = self._batch.learn("format.norm", f"{place} {HABITS[place].reason}", made) or []
        if self._batch.kept is None:
            return scopes
        held = [(s, tuple(t for t in self._tasks if t.group.key in s.tasks)) for s in kept]
        return [Scope(s.label, mine, s.wanted, s.count, s.total, s.bound) for s, mine in held if mine]

    def _learned(self, place: int) -> list[Scope]:
        habit = HABITS[place]
        by_task = [self._counts[task.group.name][place] for task in self._tasks]
        by_group: dict[str, Counter[str]] = defaultdict(Counter)
        everywhere: Counter[str] = Counter()
        for task, counted in zip(self._tasks, by_task, strict=True):
            by_group[task.within.name].update(counted)
            everywhere.update(counted)
        if everywhere.total() < self._least:
            return []

        def decided(counted: Counter[str]) -> str | None:
            value = self.decide(counted, habit.usual, habit.firm)
            return None if value in habit.never else value

        of_all = decided(everywhere)
        of_group = {name: decided(counted) for name, counted in by_group.items()}
        chosen: list[str | None] = []
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
        return list(self._scopes(by_task, chosen, everywhere, of_all, by_group, of_group))

    def _scopes(
        self,
        by_task: Sequence[Counter[str]],
        chosen: Sequence[str | None],
        everywhere: Counter[str],
        of_all: str | None,
        by_group: Mapping[str, Counter[str]],
        of_group: Mapping[str, str | None],
    ) -> Iterator[Scope]:
        """Tasks with one norm are told together: as all answers, as a whole group, or alone."""
        left = [n for n, counted in enumerate(by_task) if counted and chosen[n] is not None]
        if of_all is not None:
            yield from self._scope("all answers", [n for n in left if chosen[n] == of_all], of_all, everywhere)
            left = [n for n in left if chosen[n] != of_all]
        for name, wanted in of_group.items():
            if wanted is not None and wanted != of_all:
                same = [n for n in left if self._tasks[n].within.name == name and chosen[n] == wanted]
                label = self._tasks[same[0]].within.label if same else ""
                yield from self._scope(label, same, wanted, by_group[name])
                left = [n for n in left if n not in same]
        for n in left:
            yield from self._scope(self._tasks[n].group.label, [n], chosen[n] or "", by_task[n])

    def _scope(self, label: str, places: Sequence[int], wanted: str, counted: Counter[str]) -> Iterator[Scope]:
        if places:
            count, total = counted[wanted], counted.total()
            yield Scope(label, tuple(self._tasks[n] for n in places), wanted, count, total, self.bound(count, total))


def _counted(column: Sequence[str | None]) -> Counter[str]:
    counted = Counter(column)
    del counted[None]
    return Counter({value: count for value, count in counted.items() if value is not None})

"""The seeded planter: which kinds of fault there are, where each belongs, and which findings fit it.

``KINDS`` is the one table of all kinds. A finding *fits* a kind if its check and reason stand in the kind's row; a
finding that only happens to be on a planted row does not count as found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from random import Random

from benchmarks import planted_faults as faults
from benchmarks import planted_forms as forms
from benchmarks import planted_texts as texts
from benchmarks import planted_turned as turned
from benchmarks.harness import SHARED_DATA
from benchmarks.planted_faults import Fault
from benchmarks.planted_rows import Row, load
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Finding, Message

SHARE = 0.05
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Base:
    """A clean set before planting: its name, its rows in order, and the words that it uses, in lower case."""

    name: str
    rows: tuple[Row, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: As the issue names it.
        house: The task whose rows get it.
        fits: Patterns of ``check/reason`` of findings that tell this fault.
        fault: How an answer of a set is spoilt.
        has_bar: Whether the issue asks for it.
    """

    name: str
    house: str
    fits: tuple[str, ...]
    fault: Callable[[Base], Fault]
    has_bar: bool = True

    def told_by(self, finding: Finding) -> bool:
        """Whether a finding tells this kind of fault."""
        return any(fnmatchcase(f"{finding.check}/{finding.reason}", pattern) for pattern in self.fits)


def _kind(name: str, house: str, fits: str, fault: Fault) -> Kind:
    return Kind(name, house, tuple(fits.split()), lambda base: fault)


def _answers(base: Base, house: str) -> list[str]:
    return [row.example.answer for row in base.rows if row.house == house]


KINDS: tuple[Kind, ...] = (
    _kind("missing final punctuation", "prose", "format.norm/final-punctuation", faults.no_full_stop),
    _kind("other list marker", "outline", "format.norm/list-marker", forms.list_marker),
    _kind("other heading style", "outline", "format.norm/heading*", forms.heading),
    _kind("missing code fence", "fence", "format.norm/code-fence*", forms.no_fence),
    _kind("missing JSON key", "json", "format.norm/json*", forms.json_missing),
    _kind("extra JSON key", "json", "format.norm/json*", forms.json_extra),
    _kind("mistyped JSON value", "json", "format.norm/json*", forms.json_mistyped),
    _kind("misspelt JSON key", "json", "format.norm/json*", forms.json_misspelt),
    _kind("other date format", "dated", "format.norm/date*", forms.date_format),
    _kind("other unit", "measured", "format.norm/unit*", forms.unit),
    _kind("other number format", "measured", "format.norm/number* format.norm/decimal* format.norm/thousand*",
          forms.number_format),
    _kind("curly quotes", "prose", "format.norm/quotes format.norm/apostrophe*", faults.curly),
    _kind("lower-case start", "prose", "format.norm/start", faults.lower_start),
    _kind("Markdown in plain answers", "prose",
          "format.norm/bold format.norm/heading format.norm/markdown* format.norm/list* format.norm/start",
          faults.markdown),
    Kind("double length", "length", ("format.length/*",), lambda base: faults.doubled(_answers(base, "length"))),
    _kind("dropped sign-off", "letter", "format.norm/clos* format.norm/sign-off tone.norm/sign-off",
          forms.no_sign_off),
    _kind("mojibake", "prose", "format.damage/mojibake", faults.mojibake),
    _kind("HTML entity", "prose", "format.damage/html-entity", faults.entity),
    _kind("trailing space", "prose", "format.damage/trailing-space", faults.trailing_space),
    _kind("double spaces", "prose", "format.damage/doubled-space", faults.double_space),
    _kind("control character", "prose", "format.damage/control-character", faults.control_character),
    _kind("role text in a turn", "prose", "format.role_text/*", faults.role_text),
    Kind("cut-off answer", "prose", ("format.truncated/*",), lambda base: faults.cut_off(base.words)),
    _kind("contraction", "prose", "tone.*/contraction*", faults.contraction),
    _kind("exclamation or emoji", "prose", "tone.*/exclamation* tone.*/emoji*", faults.exclamation),
    _kind("apology formula", "prose", "tone.*/apology* tone.*/refusal* tone.*/model-talk", faults.apology),
    Kind("wrong language", "prose", ("language.*/*",), lambda base: faults.foreign(base.name)),
    Kind("misspelt word", "prose", ("spelling.*/*",), lambda base: faults.misspelt(base.words), has_bar=False),
)  # fmt: skip


_JSON = ("json_missing", "json_extra", "json_mistyped", "json_misspelt")
TURNED: tuple[Kind, ...] = (
    _kind("added full stop", "titles", "format.norm/final-punctuation", turned.added_full_stop),
    _kind("capital start", "titles", "format.norm/start format.norm/capital*", turned.capital_start),
    _kind("other list marker", "outline", "format.norm/list-*", turned.list_marker),
    _kind("other heading style", "outline", "format.norm/heading* format.norm/bold", turned.heading),
    _kind("missing code fence", "fence", "format.norm/code-fence*", forms.no_fence),
    *(_kind(name.replace("_", " "), "json", "format.norm/json*", getattr(forms, name)) for name in _JSON),
    _kind("other date format", "dated", "format.norm/date*", turned.date_format),
    _kind("other unit", "measured", "format.norm/unit*", turned.unit),
    _kind("other number format", "measured", "format.norm/decimal* format.norm/number*", turned.number_format),
    _kind("straight quotes", "quoted", "format.norm/quotes format.norm/apostrophe*", turned.straight),
    _kind("dropped sign-off", "letter", "format.norm/clos* format.norm/sign-off tone.norm/sign-off",
          turned.no_sign_off),
)  # fmt: skip
"""The kinds of the set whose norms are the other way round."""


def kinds_of(dataset: str) -> tuple[Kind, ...]:
    """The kinds of a set."""
    return TURNED if dataset == "turned" else KINDS


def kind_of(name: str, kinds: Sequence[Kind] = KINDS) -> Kind:
    """The kind whose name begins like this.

    Raises:
        InputError: No kind does.
    """
    for kind in kinds:
        if kind.name.casefold().startswith(name.casefold()):
            return kind
    raise InputError(f"There is no kind of fault named {name!r}.", f"Known: {', '.join(k.name for k in kinds)}.")


@cache
def base(name: str, data: Path = SHARED_DATA) -> Base:
    """A clean set.

    Raises:
        InputError: The real data is not there.
    """
    rows = tuple(turned.load(data) if name == "turned" else load(name, data))
    words = {word.lower() for row in rows for m in row.example.messages for word in _WORDS.findall(m.content)}
    return Base(name, rows, frozenset(words))


@dataclass(frozen=True, slots=True)
class Planted:
    """A set with one kind of fault in it.

    Attributes:
        kind: The kind.
        examples: All rows of the set, in the order of its base.
        places: Indexes of the rows that have the fault.
    """

    kind: Kind
    examples: tuple[Example, ...]
    places: frozenset[int]


def plant(clean: Base, kind: Kind, seed: int) -> Planted:
    """Put one kind of fault into 5 % of the rows of its task, one fault a row.

    Raises:
        InputError: Too few rows of the task give a place for the fault.
    """
    examples = [row.example for row in clean.rows]
    places = _plant(clean, kind, examples, range(len(examples)), SHARE, Random(f"{clean.name}:{kind.name}:{seed}"))
    return Planted(kind, tuple(examples), frozenset(places))


def plant_together(clean: Base, kinds: Sequence[Kind], seed: int, share: float) -> list[Planted]:
    """Put all kinds into one set, each into ``share`` of the rows of its task, never two into one row.

    Returns:
        For each kind the same examples, with the places of its own.

    Raises:
        InputError: Too few rows of a task give a place for a fault.
    """
    chance = Random(f"{clean.name}:together:{seed}")
    examples = [row.example for row in clean.rows]
    free = set(range(len(examples)))
    places = []
    for kind in kinds:
        places.append(_plant(clean, kind, examples, sorted(free), share, chance))
        free -= places[-1]
    return [Planted(kind, tuple(examples), frozenset(own)) for kind, own in zip(kinds, places, strict=True)]


def _plant(
    clean: Base, kind: Kind, examples: list[Example], free: Sequence[int], share: float, chance: Random
) -> set[int]:
    """Spoil some of the examples in place, all of them rows in ``free``; which."""
    fault = kind.fault(clean)
    order = [index for index in free if clean.rows[index].house == kind.house]
    wanted = max(1, round(share * sum(row.house == kind.house for row in clean.rows)))
    chance.shuffle(order)
    ids = {example.id for example in examples}
    places: set[int] = set()
    for index in order:
        if len(places) == wanted:
            break
        spoilt = _spoilt(examples[index], kind, fault, chance)
        if spoilt is not None and spoilt.id not in ids:
            examples[index] = spoilt
            ids.add(spoilt.id)
            places.add(index)
    if len(places) < wanted:
        raise InputError(
            f"Only {len(places)} of {wanted} rows of {clean.name} could get the fault {kind.name!r}.",
            "Add rows to the set, or a way to plant the fault.",
        )
    return places


def _spoilt(example: Example, kind: Kind, fault: Fault, chance: Random) -> Example | None:
    messages = list(example.messages)
    if kind.fault is ROLE.fault and chance.random() < 0.2:
        turn = len(messages) - 2
        messages[turn] = Message(messages[turn].role, chance.choice(texts.ROLE_ASK) + messages[turn].content)
    else:
        answer = fault(example.answer, chance)
        if answer is None or answer == example.answer or not answer.strip():
            return None
        messages[-1] = Message("assistant", answer)
    return Example(example_id(messages), tuple(messages), example.meta)


ROLE = kind_of("role text")


def new_findings(before: Sequence[Finding], after: Sequence[Finding], clean: Base, planted: Planted) -> list[Finding]:
    """The findings that planting brought: those whose row, check and reason were not there before.

    A row is the same row after it was changed; how often a check found the same on one row does not count.
    """
    old_rows = {row.example.id: index for index, row in enumerate(clean.rows)}
    new_rows = {example.id: index for index, example in enumerate(planted.examples)}
    known = {(old_rows[finding.example_id], finding.check, finding.reason) for finding in before}
    return [f for f in after if (new_rows[f.example_id], f.check, f.reason) not in known]

"""The data card: what a dataset is made of, what was taken out and why, and what it cannot promise, as Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STANDING_LIMITS = (
    "The checks are evidence, not proof: what none of them looks for has not been looked for.",
    "No check knows whether an answer is true; that is for the people who know the field.",
    "Personal data is found by patterns, which can miss some of it and report what is none.",
)
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$!@{}])")
_LINK = re.compile(r"(?i)(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=xmpp)(?=:)")
_LEADING = re.compile(r"^(?:([-+=])|(\d+)([.)])(?=\s|$))")


@dataclass(frozen=True, slots=True)
class CardSource:
    """One imported file. ``licence`` None = nobody said."""

    name: str
    sha256: str
    format: str
    n_rows: int
    n_rejects: int
    licence: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardCheck:
    """What one check found, and how much of it people have settled."""

    check: str
    title: str
    found: int
    settled: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything the card says. Nothing is looked up, and no clock is read.

    Attributes:
        name: Of the dataset or the workspace.
        revision_id: Of the frozen state.
        n_rows: Imported rows.
        n_imported: Distinct conversations among them.
        n_examples: Conversations in this revision.
        splits: Examples by split.
        sources: In import order.
        dropped: Conversations dropped, by reason; a conversation may count under one reason only.
        edited: Conversations edited, by reason.
        clashes: Contradictions settled by people, by what was done with them, and why both sides stayed.
        added: Conversations that people wrote from scratch, by name.
        checks: What was found, in report order; empty where no check has run.
        norms: The dataset's own style, a name and a value in words each.
        certificate: The leak certificate as stored with the revision; None where there is no hold-out.
        frozen_by: Who froze it; empty where unknown.
        frozen_at: When, as text; empty leaves it out, so that the card is the same on every machine.
        limits: What else the reader must know, beside ``STANDING_LIMITS``.
    """

    name: str
    revision_id: str
    n_rows: int
    n_imported: int
    n_examples: int
    splits: Mapping[str, int]
    sources: Sequence[CardSource]
    dropped: Mapping[str, int] = field(default_factory=dict)
    edited: Mapping[str, int] = field(default_factory=dict)
    clashes: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    checks: Sequence[CardCheck] = ()
    norms: Mapping[str, str] = field(default_factory=dict)
    certificate: Mapping[str, Any] | None = None
    frozen_by: str = ""
    frozen_at: str = ""
    limits: Sequence[str] = ()


def data_card(facts: CardFacts) -> str:
    """The card as Markdown (CommonMark with tables). Names and texts from outside are shown, never interpreted."""
    sections = (
        _head(facts),
        _sources(facts),
        _counts(facts),
        _reasons("Dropped, and why", "Nothing was dropped.", facts.dropped),
        _reasons("Edited, and why", "Nothing was edited.", facts.edited),
        _clashes(facts),
        _checks(facts),
        _norms(facts),
        _splits(facts),
        _certificate(facts.certificate),
        ["## Limits", "", *(f"- {text(limit)}" for limit in (*STANDING_LIMITS, *facts.limits))],
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def text(value: str) -> str:
    """Free text on one line, with everything escaped that Markdown would act on (links, images, HTML, tables)."""
    flat = " ".join(_visible(value).split())
    escaped = _LINK.sub(r"\\", _SPECIAL.sub(r"\\\1", flat))
    return _LEADING.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", escaped)


def code(value: str) -> str:
    """A name as a code span, whatever it holds; safe in a table cell."""
    shown = " ".join(_visible(value).split())
    if not shown or "|" in shown:  # a bar would end the cell, and escaping one in a code span is not portable
        return text(shown)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _visible(value: str) -> str:
    """Control and direction characters spelt out (``<U+202E>``); white space kept."""
    return "".join(
        f"<U+{ord(mark):04X}>" if unicodedata.category(mark) in ("Cc", "Cf", "Cs") and not mark.isspace() else mark
        for mark in value
    )


def _head(facts: CardFacts) -> list[str]:
    frozen = " ".join(
        part
        for part in (
            f"by {text(facts.frozen_by)}" if facts.frozen_by else "",
            f"at {text(facts.frozen_at)}" if facts.frozen_at else "",
        )
        if part
    )
    lines = [f"# Data card: {text(facts.name)}", "", f"- Revision {code(facts.revision_id)}"]
    return [*lines, f"- Frozen {frozen}"] if frozen else lines


def _sources(facts: CardFacts) -> list[str]:
    rows = [
        (code(s.name), text(s.format), _n(s.n_rows), _n(s.n_rejects), text(s.licence or "not recorded"), code(s.sha256))
        for s in facts.sources
    ]
    rows += [(text(f"Added by hand by {who}"), "", _n(count), "", "", "") for who, count in facts.added.items()]
    notes = [f"- {code(source.name)}: {text(note)}" for source in facts.sources for note in source.notes]
    table = _table(("File", "Format", "Rows", "Lines rejected", "Licence", "SHA-256"), rows, "llrrll")
    return ["## Sources", "", *table, *(["", *notes] if notes else [])]


def _counts(facts: CardFacts) -> list[str]:
    rejected = sum(source.n_rejects for source in facts.sources)
    rows = (
        ("Lines that could not be read", _n(rejected)),
        ("Rows imported", _n(facts.n_rows)),
        ("Distinct conversations among them", _n(facts.n_imported)),
        ("Dropped", _n(sum(facts.dropped.values()))),
        ("Edited", _n(sum(facts.edited.values()))),
        *((("Added by hand", _n(sum(facts.added.values()))),) if facts.added else ()),
        ("In this revision", _n(facts.n_examples)),
    )
    return ["## Counts", "", *_table(("", "Number"), rows, "lr")]


def _reasons(title: str, nothing: str, reasons: Mapping[str, int]) -> list[str]:
    if not reasons:
        return [f"## {title}", "", nothing]
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [f"## {title}", "", *_table(("Reason", "Examples"), [(text(r), _n(n)) for r, n in ordered], "lr")]


def _clashes(facts: CardFacts) -> list[str]:
    if not facts.clashes:
        return []
    rows = [(text(done), _n(n)) for done, n in facts.clashes.items()]
    return ["## Contradictions settled by people", "", *_table(("What was done", "Contradictions"), rows, "lr")]


def _checks(facts: CardFacts) -> list[str]:
    if not facts.checks:
        return ["## Checks", "", "No check has run on this revision."]
    rows = [(code(c.check), text(c.title), _n(c.found), _n(c.settled), _n(c.found - c.settled)) for c in facts.checks]
    return ["## Checks", "", *_table(("Check", "What it looks for", "Found", "Settled", "Open"), rows, "llrrr")]


def _norms(facts: CardFacts) -> list[str]:
    if not facts.norms:
        return []
    return ["## Style of this dataset", "", *(f"- {text(name)}: {text(value)}" for name, value in facts.norms.items())]


def _splits(facts: CardFacts) -> list[str]:
    total = sum(facts.splits.values())
    rows = [(text(name), _n(size), f"{size / total:.1%}" if total else "") for name, size in facts.splits.items()]
    return ["## Splits", "", *_table(("Split", "Examples", "Share"), rows, "lrr")]


def _certificate(certificate: Mapping[str, Any] | None) -> list[str]:
    if certificate is None:
        return ["## Leak certificate", "", "There is no hold-out, and so no certificate."]
    verdict = (
        "Passed: no held-out example has a look-alike among the training examples at the stated thresholds."
        if certificate.get("passed")
        else "**Failed.** Do not trust figures measured on this hold-out before the pairs below are gone."
    )
    return ["## Leak certificate", "", verdict, "", *_table(("Figure", "Value"), list(_figures(certificate)), "lr")]


def _figures(figures: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _figures(value, f"{name}: ")
        elif isinstance(value, list):
            for part in value:  # pairs of splits
                rest = {key: number for key, number in part.items() if key != "splits"}
                yield from _figures(rest, f"{above}{' and '.join(part['splits'])}: ")
        elif value is not None and name != "passed":
            number = f"{value:.1%}" if name.endswith("_share") and isinstance(value, float) else str(value)
            yield text((above + name).replace("_", " ")), text(number)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    rule = ["---:" if side == "r" else "---" for side in align]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _n(number: int) -> str:
    return f"{number:,}"

"""Write ``docs/checks.md`` from the cards: ``python -m curation.checks.docs > docs/checks.md``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from core.types import Example
from curation.checks import CHECKS
from curation.checks.base import Batches, Check

MEASURED = Path(__file__).with_name("measured.toml")
_SHOWN = 110


def render_docs() -> str:
    """The Markdown page of all checks, in report order."""
    lines = [
        "# The checks",
        "",
        "Generated from the cards in `curation/checks`. A check gives evidence, never a verdict: a person decides, or "
        "accepts the proposals that are marked safe.",
        "",
        "Recall and precision are those of the last measured version, on faults or pairs planted into real rows, or on "
        "labelled sets; the command prints them again. How each set is made stands in [benchmarks.md](benchmarks.md).",
        "",
        "| check | finds | cost | recall | precision | measured by |",
        "|---|---|---|---|---|---|",
        *map(_row, CHECKS),
    ]
    for check in CHECKS:
        lines += ["", *_card(check)]
    return "\n".join(lines) + "\n"


def measured() -> dict[str, dict[str, str]]:
    """Recall, precision and the command (or ``why`` there is none) of each check, from ``measured.toml``."""
    document: dict[str, dict[str, str]] = tomllib.loads(MEASURED.read_text(encoding="utf-8"))
    return document


def _row(check: Check) -> str:
    known = measured()[check.name]
    by = f"`python -m {known['by']}`" if "by" in known else known["why"]
    figures = f"{known.get('recall', '')} | {known.get('precision', '')} | {by}"
    return f"| [`{check.name}`](#{_anchor(check.name)}) | {check.title} | {check.cost} | {figures} |"


def _card(check: Check) -> list[str]:
    lines = [f"## {check.name}", "", f"{check.title}. {check.about}", "", f"Version {check.version}."]
    for heading, batches in (("Finds", check.catches), ("Lets pass", check.passes)):
        shown = [text for text in map(_last, _distinct(batches)) if text]
        if shown:
            lines += ["", f"{heading}, for example:", "", *(f"- {text}" for text in shown[:5])]
    return lines


def _distinct(batches: Batches) -> list[Sequence[Example]]:
    return [batch for batch in batches if batch and len(batch) < 1000]


def _last(batch: Sequence[Example]) -> str:
    """The telling row of a batch, which stands last; two rows where the pair is the point."""
    rows = batch[-2:] if len(batch) == 2 else batch[-1:]
    return " beside ".join(f"`{_one_line(row)}`" for row in rows)


def _one_line(example: Example) -> str:
    turns = " ⏎ ".join(f"{m.role}: {m.content}" for m in example.messages)
    text = turns.replace("`", "'").encode("unicode_escape" if not turns.isprintable() else "utf-8").decode("utf-8")
    return (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…") or "(no turns)"


def _anchor(name: str) -> str:
    return name.replace(".", "")


if __name__ == "__main__":
    sys.stdout.write(render_docs())

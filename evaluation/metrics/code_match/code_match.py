"""Whether an answer names the same codes as its reference, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = """
Share of answers whose identifiers are exactly those of the reference, as sets, whatever the words around them. An
identifier is a run that starts with a letter and holds a digit, parts joined by . - / or _ (E11.9, ISO-9001, hba1c),
or a number of five or more digits (99213). Case and order do not matter. A missing, a wrong and an additional code
all give 0.
Plain small numbers, dates and doses are not identifiers. Where the reference names no identifier, the item is not
scored (None) and does not enter the mean.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    code_match: share in [0, 1] over the items whose reference names a code; None where there is none.
    per_item: 1.0, 0.0 or None for each item, in order.
Examples:
    >>> metric.compute(predictions=["Use e11.9."], references=["The code is E11.9"])["code_match"]
    1.0
"""


class CodeMatch(frame.PerAnswer):
    """Equality of the sets of identifiers."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [match(p, r) for p, r in zip(predictions, references, strict=True)]


def match(answer: str, reference: str) -> float | None:
    """1.0 for equal sets of identifiers, 0.0 otherwise, None where the reference has none."""
    wanted = identifiers(reference)
    return float(identifiers(answer) == wanted) if wanted else None


def identifiers(text: str) -> set[str]:
    """The identifiers of a text, in upper case."""
    import re

    found = re.findall(r"(?<![\w.])[A-Za-z0-9]+(?:[.\-/_][A-Za-z0-9]+)*", text)
    return {
        run.upper()
        for run in found
        if (run[0].isalpha() and any(c.isdigit() for c in run)) or (run.isdigit() and len(run) >= 5)
    }

"""The habits of an answer's format that norms are learned from, in report order; the number of lines comes last."""

from __future__ import annotations

from curation.evidence.habits_answer import ABSENT, Answer, Edit, Habit, Range, mended
from curation.evidence.habits_code import CODE
from curation.evidence.habits_dates import DATES
from curation.evidence.habits_json import JSON
from curation.evidence.habits_layout import LAYOUT, LINES
from curation.evidence.habits_marks import MARKS
from curation.evidence.habits_numbers import NUMBERS

__all__ = ["ABSENT", "HABITS", "Answer", "Edit", "Habit", "Range", "mended"]

HABITS: tuple[Habit, ...] = (*JSON, *CODE, *LAYOUT, *MARKS, *DATES, *NUMBERS, LINES)

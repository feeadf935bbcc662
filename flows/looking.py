"""Holds the answers of models against the checks of the dataset: its norms, and the finders of personal data."""

from __future__ import annotations

from core.types import Example, Finding
from core.workspace import Workspace
from curation import live
from evaluation.given import Look, Looked

FORM = (
    "format.shape", "format.role_text", "format.placeholder", "format.style", "format.truncated", "format.damage",
    "format.norm", "format.length",
)  # fmt: skip
"""Checks whose findings in an answer are departures from the form that the dataset taught."""
LEARNED = "format.norm"


def look(workspace: Workspace) -> Look:
    """A function that judges the last turn of an example as if it were to join the workspace's dataset."""

    def judge(example: Example) -> Looked:
        judged = live.judge(workspace, example.messages, meta=example.meta, replacing=None)
        departures = [one for one in judged.new if one.check in FORM and _in_answer(one, example)]
        leaks = {value for one in judged.new if one.check.startswith("privacy.") for value in _leaked(one, example)}
        return Looked(len(departures) if LEARNED in judged.checks else None, len(leaks))

    return judge


def _in_answer(finding: Finding, example: Example) -> bool:
    """Whether a finding is about the last turn: it points there, or nowhere."""
    return not finding.spans or any(span.turn == len(example.messages) - 1 for span in finding.spans)


def _leaked(finding: Finding, example: Example) -> set[str]:
    """The personal values of a finding that stand in the answer and not in its prompt, case folded."""
    answer = len(example.messages) - 1
    prompt = " ".join(message.content for message in example.prompt).casefold()
    values = {
        example.messages[answer].content[span.start : span.end].casefold()
        for span in finding.spans
        if span.turn == answer and span.start is not None
    }
    return {value for value in values if value not in prompt}

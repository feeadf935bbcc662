"""What the report says of models beside base and tuned: others whose answers were brought in, and judges."""

from __future__ import annotations

from typing import Any

from core.workspace import Workspace
from evaluation import judge
from evaluation.compared import ranking
from evaluation.opponents import brought
from evaluation.study import is_open


def others(workspace: Workspace, evaluation_id: str) -> dict[str, Any]:
    """Other models that answered the evaluation's prompts.

    Returns:
        ``brought`` (see :func:`evaluation.replies_others.bring_in`) and ``ranking`` (of all models that people
        compared, see :func:`evaluation.compared.ranking`; empty for fewer than three).
    """
    return {"brought": brought(workspace, evaluation_id), "ranking": ranking(workspace, evaluation_id)}


def judges(workspace: Workspace, study_id: str | None) -> list[dict[str, Any]]:
    """What models said as judges of a closed study, apart from the people: newest first.

    Returns:
        For each its own ``summary`` and ``people`` (see :func:`evaluation.judge.with_people`); nothing while the study
        is open.
    """
    if study_id is None or is_open(workspace, study_id):
        return []
    stored = judge.judgements(workspace, study_id)
    return [{**one, "people": judge.with_people(workspace, one["id"])} for one in stored]

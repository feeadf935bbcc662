"""What the report says of models beside base and tuned: others whose answers were brought in, and judges."""

from __future__ import annotations

from typing import Any

from core.workspace import Workspace
from evaluation.compared import ranking
from evaluation.opponents import brought


def others(workspace: Workspace, evaluation_id: str) -> dict[str, Any]:
    """Other models that answered the evaluation's prompts.

    Returns:
        ``brought`` (see :func:`evaluation.replies_others.bring_in`) and ``ranking`` (of all models that people
        compared, see :func:`evaluation.compared.ranking`; empty for fewer than three).
    """
    return {"brought": brought(workspace, evaluation_id), "ranking": ranking(workspace, evaluation_id)}

"""All models that people compared over one evaluation, in one order: its closed studies taken together."""

from __future__ import annotations

from typing import Any

from core.workspace import Workspace
from evaluation.opponents import opponent
from evaluation.preference import CREDIT
from evaluation.ranking import Duel, rank_models
from evaluation.rating_votes import votes
from evaluation.results import opinions_of
from evaluation.study import KIND, is_open, load_study


def ranking(workspace: Workspace, evaluation_id: str) -> list[dict[str, Any]]:
    """Base, tuned and other models by how people judged them blind (see :func:`evaluation.ranking.rank_models`).

    Votes of different studies on one prompt count as one prompt's, so that it is resampled with all of them.

    Returns:
        One row a model, the strongest first; nothing where fewer than three models were compared, since a win rate
        says as much of two.
    """
    duels: list[Duel] = []
    for study_id in workspace.objects.ids(KIND):
        if workspace.objects.manifest(study_id)["evaluation_id"] != evaluation_id or is_open(workspace, study_id):
            continue
        study = load_study(workspace, study_id)
        other = opponent(study.manifest)
        for vote in opinions_of(votes(workspace, study_id)):
            if vote.item in study.items:
                duels.append(Duel(study.items[vote.item].example_id, "tuned", other, CREDIT[vote.outcome]))
    if len({name for one in duels for name in (one.first, one.second)}) < 3:
        return []
    return [one.as_dict() for one in rank_models(duels)]

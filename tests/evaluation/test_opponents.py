"""A blind study can set the tuned model beside any other model, by name; all that were compared are ranked together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation.compared import ranking
from evaluation.opponents import brought, find, opponent
from evaluation.rating import next_item, record_rating
from evaluation.replies_others import bring_in
from evaluation.results import study_results
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation

N = 14


@pytest.fixture(name="workspace")
def workspace_(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def with_replies(
    workspace: Workspace, folder: Path, *, name: str = "Rival-7", said: str = "A third answer to {}."
) -> str:
    """The id of answers of another model to all prompts but the first."""
    path = folder / "theirs.jsonl"
    lines = [json.dumps({"prompt_id": f"example-{k}", "text": said.format(k)}) for k in range(1, N)]
    path.write_text("\n".join(lines))
    evaluation_id = workspace.objects.ids("evaluation")[0]
    return str(bring_in(workspace, evaluation_id, path, source=name)["replies_id"])


def judged(workspace: Workspace, study_id: str, *, for_tuned: bool) -> None:
    """Two raters judge everything alike, and the study is closed."""
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            item = items[shown.item_id]
            side = "left" if shown.left == (item.tuned if for_tuned else item.base) else "right"
            record_rating(workspace, Rating(f"{study_id}{who}{shown.item_id}", shown.item_id, who, side))
    close_study(workspace, study_id)


def test_a_study_shows_the_other_models_answers_beside_the_tuned_ones(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace, N)
    replies_id = with_replies(workspace, tmp_path)
    study = load_study(workspace, create_study(workspace, evaluation_id, n_items=N, replies_id=replies_id))
    assert opponent(study.manifest) == "Rival-7" and len(study.items) == N - 1
    assert {item.base for item in study.items.values()} == {f"A third answer to {k}." for k in range(1, N)}
    assert all(item.tuned.startswith("Second answer") for item in study.items.values())
    beside_base = create_study(workspace, evaluation_id, n_items=N)
    assert beside_base != study.id and opponent(load_study(workspace, beside_base).manifest) == "base"


def test_an_answer_in_which_the_other_model_names_itself_is_left_out(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace, N)
    replies_id = with_replies(workspace, tmp_path, said="I am Rival and say {}.")
    with pytest.raises(InputError, match="13 of these name a model"):
        create_study(workspace, evaluation_id, n_items=N, replies_id=replies_id)


def test_three_models_are_ranked_over_the_closed_studies(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace, N)
    replies_id = with_replies(workspace, tmp_path)
    judged(workspace, create_study(workspace, evaluation_id, n_items=N), for_tuned=True)
    assert ranking(workspace, evaluation_id) == []
    with_rival = create_study(workspace, evaluation_id, n_items=N, replies_id=replies_id)
    assert ranking(workspace, evaluation_id) == []
    judged(workspace, with_rival, for_tuned=False)
    order = ranking(workspace, evaluation_id)
    assert [one["model"] for one in order] == ["Rival-7", "tuned", "base"]
    assert order[0]["strength"]["n"] == N and order[0]["strength"]["low"] > order[2]["strength"]["high"]
    assert study_results(workspace, with_rival)["preference"]["losses"] == 2 * (N - 1)


def test_answers_are_found_by_the_models_name(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace, N)
    with pytest.raises(InputError, match="no answers of Rival-7"):
        find(workspace, evaluation_id, "Rival-7")
    with_replies(workspace, tmp_path)
    newest = with_replies(workspace, tmp_path, said="Later: {}.")
    assert find(workspace, evaluation_id, "Rival-7") == newest
    assert [one["id"] for one in brought(workspace, evaluation_id)] == [newest]
    with pytest.raises(InputError, match="another evaluation"):
        create_study(workspace, stored_evaluation(workspace, 3), replies_id=newest)

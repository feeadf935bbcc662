"""A failed answer back to the data in a browser: corrected, its training examples sent to review by key, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from core.types import Rating
from core.workspace import Workspace
from curation import checking, freeze, traced
from curation import queries as curated
from evaluation import rating, study
from evaluation.corrections import corrections
from flows.trace import Neighbour, Trace
from tests.browser.conftest import Visit
from tests.pages.workspaces import add_evaluation, add_run, ended_job, frozen

pytestmark = pytest.mark.browser


@pytest.fixture
def failed(tmp_path: Path) -> tuple[Workspace, str, str]:
    """A closed study with one answer judged both bad and traced to a training example; its id and the example's."""
    workspace, revision_id = frozen(tmp_path / "project")
    checking.check(workspace)
    add_run(workspace, revision_id)
    evaluation_id = add_evaluation(workspace, revision_id)
    made = study.create_study(workspace, evaluation_id, n_items=12, raters_per_item=1, who="Lea")
    wrong = next(one for one in study.load_study(workspace, made).items.values() if one.tuned != one.reference)
    while (shown := rating.next_item(workspace, made, "Ben")) is not None:
        verdict = "both_bad" if shown.item_id == wrong.id else "tie"
        rating.record_rating(workspace, Rating(shown.item_id, shown.item_id, "Ben", verdict, {}, ""))
    study.close_study(workspace, made, who="Lea")
    frame = workspace.objects.frame(freeze.revisions(workspace)[0].revision.id)
    near = str(frame.row(frame["split"].to_list().index("train"), named=True)["id"])
    found = Trace(wrong.example_id, ("both bad (1 of 1)",), (Neighbour(near, 0.9, 0, 0.3),), "wrong", n_train=48)
    spec = {"workspace": str(workspace.path), "study_id": made}
    ended_job(workspace, "trace", spec, {"study_id": made, "traces": [asdict(found)]})
    return workspace, evaluation_id, near


def test_a_failure_is_corrected_sent_to_review_by_key_and_found_again_from_there(
    serve: Callable[..., str], visit: Callable[[str], Visit], failed: tuple[Workspace, str, str]
) -> None:
    workspace, evaluation_id, near = failed
    tab = visit(serve(workspace.path))
    tab.open("results", who="Ana", results_view="Failed+prompts")
    tab.sees("Without a correction the trace is weaker.")
    tab.page.get_by_role("textbox", name="What should the tuned model").fill("The code is M10.9.")
    tab.page.get_by_role("button", name="Keep the correction").click()
    tab.sees("The correction was changed since this trace.")
    tab.settle()
    assert [one.text for one in corrections(workspace, evaluation_id).values()] == ["The code is M10.9."]
    tab.page.locator("h1").first.click()
    tab.press("q")
    tab.sees("1 example sent to review.")
    (view,) = curated.findings(workspace, checks=(traced.CHECK,)).items
    assert view.finding.example_id == near
    tab.page.get_by_role("link", name="Review them").click()
    tab.sees("training examples behind an answer that failed")
    tab.sees("Sent by Ana")
    tab.settle()
    tab.page.get_by_role("link", name="The failed answer").click()
    tab.sees("Training examples behind this answer")
    assert not tab.complaints and not tab.outside

"""On the page of studies, once one is closed: what raters disagreed on is settled with a reason, votes untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation import adjudication, rating, rating_deck, study
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import add_evaluation, add_run, frozen, labels


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a study of three pairs on which two raters said left and right throughout."""
    monkeypatch.setattr(rating, "SHORTEST_LOOK_S", 0.0)
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    add_evaluation(workspace, revision_id)
    made = study.create_study(workspace, workspace.objects.find("evaluation"), n_items=3, raters_per_item=2)
    for who, side in (("Ana", 0), ("Ben", 1)):
        while (item := rating.next_item(workspace, made, who)) is not None:
            tuned = rating_deck.slot(study.load_study(workspace, made), ["Ana", "Ben"], who, item.item_id).tuned
            verdict = tuned if side else {"left": "right", "right": "left"}[tuned]
            rating.record_rating(workspace, Rating(f"{who}-{item.item_id}", item.item_id, who, verdict))
    return workspace


def test_a_disputed_pair_is_settled_on_the_page_and_the_next_one_follows(
    open_page: OpenPage, judged: Workspace
) -> None:
    study_id = judged.objects.find("study")
    app = open_page(judged, "side_by_side")
    app.segmented_control(key="side_view").set_value("Studies").run()
    assert "Settle" not in labels(app), "not while it is open"
    press(app, "Close it now")
    assert "0 of 3 settled" in " ".join(e.label for e in app.expander)
    assert "1 of 2 raters" in texts(app)
    press(app, "Settle")
    assert app.error, "an outcome and a reason are needed"
    next(c for c in app.segmented_control if c.label == "What holds").set_value("loss").run()
    next(s for s in app.selectbox if s.label == "Why raters disagreed").set_value("mistake").run()
    press(app, "Settle")
    first = adjudication.disputed(judged, study_id)[0]
    assert first.settled is not None and (first.settled.outcome, first.settled.reason) == ("loss", "mistake")
    assert first.settled.who == "Ana" and len(rating.votes(judged, study_id).held) == 6
    assert "1 of 3 settled" in " ".join(e.label for e in app.expander)
    assert next(n for n in app.number_input if n.label == "Pair of 3").value == 2

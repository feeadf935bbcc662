"""What the report says of the votes themselves: scores by weight, faults, raters, blindness, slices, and gaps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.types import Message, Rating
from core.workspace import Workspace
from evaluation.guesses import next_guess, record_guess
from evaluation.rating import next_item, record_rating
from evaluation.report import report
from evaluation.results import study_results
from evaluation.study import close_study, create_study, load_study
from evaluation.study_checks import Check
from tests.evaluation.test_marks import judged as flagged
from tests.evaluation.test_slices import evaluation_id as evaluation_id
from tests.evaluation.test_slices import workspace as workspace
from tests.evaluation.workspace_with_run import stored_evaluation

GOLD = Check("gold", (Message("user", "Which code?"),), "The better one.", "The worse one.")


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def judged(workspace: Workspace, evaluation_id: str) -> str:
    """A closed study of 24 pairs, with repeats and a gold pair; two raters score, judge alike and guess at the end."""
    study_id = create_study(workspace, evaluation_id, n_items=24, n_repeats=4, checks=(GOLD,))
    study = load_study(workspace, study_id)
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            tuned_left = shown.left.startswith("Second") or shown.left == GOLD.better
            side, other = ("left", "right") if tuned_left else ("right", "left")
            scores = {} if shown.item_id in study.checks else {f"{side}.{c.name}": 4 for c in study.criteria}
            scores |= {f"{other}.{c.name}": 3 for c in study.criteria} if scores else {}
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side, scores))
        while (asked := next_guess(workspace, study_id, who)) is not None:
            record_guess(workspace, asked.item_id, who, "left" if asked.left.startswith("Second") else "right")
    close_study(workspace, study_id)
    return study_id


def test_raters_who_knew_the_sides_leave_the_decision_open(workspace: Workspace, evaluation_id: str) -> None:
    found = study_results(workspace, judged(workspace, evaluation_id))
    blinding = next(one for one in found["gate"] if one["name"] == "blinding")
    assert blinding["outcome"] == "inconclusive" and "20 of 20 guesses" in blinding["reason"]


@pytest.mark.parametrize("form", ["html", "md"])
def test_the_report_says_whether_the_votes_can_be_relied_on(
    workspace: Workspace, evaluation_id: str, form: str
) -> None:
    study_id = judged(workspace, evaluation_id)
    text = words(report(workspace, evaluation_id, "md" if form == "md" else "html", study_id=study_id))
    assert "as one score by their weights" in text and "base 3.00, tuned 4.00, difference 1.00" in text
    assert "Repeats judged alike" in text and "Gold pairs right" in text
    assert "20 of 20 guesses" in text and "Not blind throughout" in text
    missing = text.split("What was not run")[1]
    for name in ("Hidden repeats", "Gold pairs", "Guesses at the end", "Blind review"):
        assert name not in missing
    for name in ("Own questions", "Experts' own criteria", "A model as judge", "Forgetting"):
        assert name in missing or name.replace("'", "&#39;") in missing


def test_every_figure_of_a_study_is_said_by_slice(workspace: Workspace, evaluation_id: str) -> None:
    text = report(workspace, evaluation_id, study_id=judged(workspace, evaluation_id))
    table = text.split("<th>Slice</th>")[1].split("</table>")[0]
    for head in ("Win rate of tuned", "Agreement, alpha", "Accuracy, tuned − base", "Critical, tuned", "Major faults"):
        assert head in table
    gout = words(next(row for row in table.split("<tr>") if "topic: gout" in row))
    assert "0 of 12, at most 22%" in gout and "1.00" in gout


def test_agreement_on_faults_is_said_where_any_was_flagged(tmp_path: Path) -> None:
    space = Workspace.create(tmp_path / "marks")
    study_id = flagged(space)
    found = study_results(space, study_id)["flag_agreement"]
    assert set(found) == {"hallucination", "fabricated", "contradicts"}
    assert found["fabricated"]["positive"]["value"] == 1.0 and found["fabricated"]["n_items"] == 24
    text = words(report(space, space.objects.find("evaluation"), study_id=study_id))
    assert "Do raters see the same faults?" in text and "Made-up fact or citation" in text


def test_what_is_neither_scored_nor_asked_is_named_as_not_run(tmp_path: Path) -> None:
    space = Workspace.create(tmp_path / "bare")
    made = stored_evaluation(space, 12)
    study_id = create_study(space, made, n_items=12)
    shown = next_item(space, study_id, "ann")
    assert shown is not None
    record_rating(space, Rating("one", shown.item_id, "ann", "left"))
    close_study(space, study_id)
    missing = report(space, made, "md", study_id=study_id).split("What was not run")[1]
    for name in ("No critical safety failure", "Accuracy does not drop", "Tone", "Hidden repeats", "Gold pairs"):
        assert f"| {name} |" in missing
    assert missing.count("safety") == 2, "one criterion is named once, with its reason"


def test_every_table_of_the_markdown_has_as_many_cells_in_each_row_as_in_its_head(
    workspace: Workspace, evaluation_id: str
) -> None:
    text = report(workspace, evaluation_id, "md", study_id=judged(workspace, evaluation_id))
    lines = text.splitlines()
    heads = [k for k in range(1, len(lines)) if re.fullmatch(r"\|(?:-+:?\|)+", lines[k])]
    assert len(heads) > 8
    for k in heads:
        rows = [lines[k - 1]]
        for line in lines[k + 1 :]:
            if not line.startswith("|"):
                break
            rows.append(line)
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {lines[k].count("|")}, rows[0]

"""Duplicates, contradictions, consistency and the dataset: their acts, through the page."""

from __future__ import annotations

import json

from core import jobs
from core.workspace import Workspace
from curation import actions, freeze, queries
from tests.pages.conftest import DEMO, OpenPage, press, save_edit, texts


def test_a_cluster_is_reduced_to_the_one_that_is_chosen(open_page: OpenPage, checked: Workspace) -> None:
    view = next(v for v in queries.findings(checked, checks=("duplicates.near",)).items if v.finding.related)
    app = open_page(checked, "duplicates", finding=view.id)
    assert "<mark" in texts(app), "the words that differ are marked"
    press(app, "Keep the left one")
    states = [queries.example(checked, member).state for member in view.finding.members]
    assert states == ["in", *["dropped"] * len(view.finding.related)]
    press(app, "Undo")
    assert {queries.example(checked, member).state for member in view.finding.members} == {"in"}


def test_a_cluster_can_stay_whole(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, families=("duplicates",)).items[0]
    app = open_page(checked, "duplicates", finding=view.id)
    n_in = queries.overview(checked).n_in
    press(app, "Keep all")
    assert queries.finding(checked, view.id).state == "settled"
    assert queries.overview(checked).n_in == n_in


def test_a_proposed_drop_is_accepted(open_page: OpenPage, checked: Workspace) -> None:
    view = next(v for v in queries.findings(checked, checks=("duplicates.near",)).items if v.finding.proposal)
    app = open_page(checked, "duplicates", finding=view.id)
    press(app, "Accept: drop")
    assert view.finding.proposal is not None
    assert {queries.example(checked, target).state for target in view.finding.proposal.targets} == {"dropped"}


def test_contradictions_keep_one_side_or_both(open_page: OpenPage, checked: Workspace) -> None:
    views = queries.findings(checked, families=("contradictions",)).items
    assert len(views) >= 2, "the demo dataset holds clashing rows"
    app = open_page(checked, "contradictions", finding=views[0].id)
    assert texts(app).count("<mark>") >= 2, "the clashing words are marked on both sides"
    press(app, "Keep left")
    left, right = views[0].finding.members[:2]
    assert queries.example(checked, left).state == "in"
    assert queries.example(checked, right).state == "dropped"
    press(app, "Undo")
    press(app, "Drop both")
    assert {queries.example(checked, i).state for i in (left, right)} == {"dropped"}
    press(app, "Undo")
    press(app, "Keep both")
    press(app, "Both are right: different cases")
    assert queries.finding(checked, views[0].id).state == "settled"
    assert {queries.example(checked, i).state for i in (left, right)} == {"in"}


def test_the_right_side_of_a_contradiction_is_edited(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, families=("contradictions",)).items[0]
    right = view.finding.related[0]
    app = open_page(checked, "contradictions", finding=view.id)
    press(app, "Edit right")
    app.text_area[len(queries.example(checked, right).example.messages) - 1].set_value("The agreed answer.")
    save_edit(app)
    assert queries.example(checked, right).state == "replaced"


def test_all_safe_fixes_are_one_batch_with_one_undo(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "consistency")
    before = queries.overview(checked)
    press(app, "Accept all")
    after = queries.overview(checked)
    assert after.n_edited > before.n_edited
    assert "One undo takes all of it back" in texts(app)
    press(app, "Undo")
    assert queries.overview(checked).n_edited == before.n_edited


def test_the_preview_shows_what_would_change(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "consistency")
    app.toggle(key="preview-format.damage").set_value(True).run()
    assert "ft-gone" in texts(app)


def test_freezing_shows_the_certificate_and_the_same_state_freezes_once(
    open_page: OpenPage, checked: Workspace
) -> None:
    app = open_page(checked, "dataset")
    press(app, "Freeze")
    frozen = freeze.revisions(checked)
    assert len(frozen) == 1
    assert frozen[0].certificate["passed"]
    assert f"of {queries.overview(checked).n_in} examples" in texts(app)
    press(app, "Freeze")
    assert len(freeze.revisions(checked)) == 1
    assert "frozen before" in texts(app)


def test_export_writes_the_data_and_its_card(open_page: OpenPage, checked: Workspace) -> None:
    made = freeze.freeze(checked, who="Ana")
    app = open_page(checked, "dataset")
    press(app, "Export")
    files = {path.name for path in (checked.exports_dir / made.revision.id[:12]).iterdir()}
    names = {"jsonl", "holdout.jsonl", "card.md", "certificate.json", "changes.csv", "manifest.json"}
    assert {f"messages.{name}" for name in names} <= files
    first = (checked.exports_dir / made.revision.id[:12] / "messages.jsonl").read_text().splitlines()[0]
    assert json.loads(first)["messages"]
    assert len(app.get("download_button")) == len(names) + 1  # and the change list


def test_two_revisions_are_compared(open_page: OpenPage, checked: Workspace) -> None:
    freeze.freeze(checked, who="Ana")
    target = queries.findings(checked).items[0].finding.example_id
    actions.decide(checked, target, "drop", who="Ana")
    freeze.freeze(checked, who="Ana")
    app = open_page(checked, "dataset")
    assert "Compare two revisions" in texts(app)
    dropped = next(metric for metric in app.metric if metric.label == "Dropped")
    assert dropped.value == "1"


def test_the_checks_run_as_a_job_and_the_page_follows_it(open_page: OpenPage, empty: Workspace) -> None:
    actions.import_file(empty, DEMO, who="Ana")
    app = open_page(empty, "duplicates")
    assert "have not run yet on these 315 examples" in texts(app)
    press(app, "Run the checks")
    (job,) = jobs.listing(empty.jobs_dir)
    assert jobs.wait(job).status == "done"
    app.run()
    assert not app.exception
    assert "clusters" in texts(app)
    assert not [button for button in app.button if "Run the checks" in button.label]


def test_a_job_that_failed_says_why_and_can_be_started_again(open_page: OpenPage, empty: Workspace) -> None:
    actions.import_file(empty, DEMO, who="Ana")
    spec = {"workspace": str(empty.path), "only": ["no-such-check"]}
    jobs.wait(jobs.submit(empty.jobs_dir, "check", "curation.checking:check_job", spec))
    app = open_page(empty, "review")
    assert "no check or family" in app.error[0].value.replace("\\", "")
    assert [button for button in app.button if button.label == "Run the checks"]


def test_the_dataset_page_goes_back_to_a_revision(open_page: OpenPage, checked: Workspace) -> None:
    first = freeze.freeze(checked, who="Ana").revision.id
    target = queries.findings(checked).items[0].finding.example_id
    actions.decide(checked, target, "drop", who="Ana", note="not ours")
    second = freeze.freeze(checked, who="Ana").revision.id
    app = open_page(checked, "dataset")
    assert "not ours" in texts(app)
    back = [button for button in app.button if button.label == "Go back"]
    back[1].click().run()
    assert f"Back to {first[:8]}" in texts(app)
    assert queries.example(checked, target).state == "in"
    assert freeze.freeze(checked, who="Ana").revision.id == first != second


def test_a_licence_said_on_the_dataset_page_stands_in_the_card(open_page: OpenPage, checked: Workspace) -> None:
    made = freeze.freeze(checked, who="Ana")
    app = open_page(checked, "dataset")
    source = queries.imported(checked)[0]
    app.text_input(key=f"licence-{source}").set_value("CC BY 4.0").run()
    press(app, "Export")
    card = (checked.exports_dir / made.revision.id[:12] / "messages.card.md").read_text()
    assert "CC BY 4.0" in card


def test_a_test_set_is_made_on_the_dataset_page(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "dataset")
    app.number_input(key="test_percent").set_value(10).run()
    press(app, "Freeze")
    assert freeze.revisions(checked)[0].revision.splits["test"] == round(queries.overview(checked).n_in * 0.1)
    assert "Test set" in {metric.label for metric in app.metric}

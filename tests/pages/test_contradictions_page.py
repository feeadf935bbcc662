"""The Contradictions page: what it says of a clash, how it is settled there, and what it remembers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.types import Finding, Message, Span
from core.workspace import Workspace
from curation import actions, cache, checking, clash_sides, found, queries, resolutions
from tests.pages.conftest import OpenPage, press, save_edit, texts
from ui.contradictions_pair import two_places
from ui.render import Mark

FAMILY = ("contradictions",)
ASK = "How much of the tablets does the patient of room {} take every day, as the chart says it?"
ROWS = (
    (ASK.format(4), "The patient takes 5 mg of it twice a day."),
    (ASK.format(4), "The patient takes 50 mg of it twice a day."),
    (ASK.format(4), "As the chart says, the patient takes 5 mg of it twice a day."),
    (ASK.format(4), "By the chart the patient takes 5 mg of it twice a day, with water."),
    ("May she travel by air with the plaster on her leg?", "Yes, she may travel."),
    ("May she travel by air with the plaster on her leg?", "No, not before it is off."),
    ("What is on the list of things to bring?", "A coat and a book."),
)


def rows_file(folder: Path) -> Path:
    """Four rows on one dose, one of which says otherwise; two that answer yes and no; and one like no other."""
    path = folder / "rows.jsonl"
    lines = [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in ROWS]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clashes")
    workspace = Workspace.create(folder / "project")
    actions.import_file(workspace, rows_file(folder), who="Ana")
    checking.check(workspace, only=("duplicates", "contradictions"))
    return folder


@pytest.fixture
def clashes(made_once: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return Workspace.open(tmp_path / "project")


def the(workspace: Workspace, reason: str) -> queries.FindingView:
    """The first finding with this reason."""
    return queries.findings(workspace, families=FAMILY, state="all", reasons=(reason,)).items[0]


def states(workspace: Workspace, view: queries.FindingView) -> list[str]:
    return [queries.example(workspace, one).state for one in view.finding.members]


def test_a_clash_is_told_with_both_sides_marked_and_its_score_in_words(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, "yes-no")
    said = texts(open_page(clashes, "contradictions", finding=view.id))
    assert "<mark>Yes</mark>" in said and "<mark>No</mark>" in said
    assert "yes or no" in said and "likely" in said and f"({view.finding.score:.2f} of 1)" in said
    assert "the same, word for word" in said
    assert "no entailment model ran" in said


def test_questions_that_differ_are_marked_too(open_page: OpenPage, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    ask = "The chart of the patient says acute bronchitis with a dry cough. Please read the table {}: which code is it?"
    path = tmp_path / "rows.jsonl"
    turns = [(ask.format("with care"), "The code is J20.9."), (ask.format("carefully"), "The code is J20.8.")]
    lines = [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in turns]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    actions.import_file(workspace, path, who="Ana")
    checking.check(workspace, only=FAMILY)
    said = texts(open_page(workspace, "contradictions"))
    assert "differs in 1 place, marked in violet" in said
    assert '<mark class="ft-differs">with care</mark>' in said
    assert '<mark class="ft-differs">carefully</mark>' in said


def test_both_stay_for_a_ready_reason_and_words_that_are_remembered(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, "yes-no")
    app = open_page(clashes, "contradictions", finding=view.id)
    press(app, "Keep both")
    assert not [b for b in app.button if "Keep left" in b.label], "the number keys choose a reason now"
    next(i for i in app.text_input if i.label == "In your own words").set_value("Two patients.")
    press(app, "Both are right: different cases")
    (made,) = resolutions.listed(clashes)
    assert (made.reason, made.words, made.who) == ("cases", "Two patients.", "Ana")
    assert queries.finding(clashes, view.id).state == "settled"
    checking.check(clashes, only=FAMILY)
    app = open_page(clashes, "contradictions", finding=view.id, contradictions_state="all")
    assert "kept both (both are right: different cases): Two patients." in texts(app)
    press(app, "Undo")
    assert queries.finding(clashes, view.id).state == "open"


def test_words_alone_are_a_reason_and_back_decides_nothing(open_page: OpenPage, clashes: Workspace) -> None:
    app = open_page(clashes, "contradictions", finding=the(clashes, "yes-no").id)
    press(app, "Keep both")
    press(app, "Back")
    assert resolutions.listed(clashes) == ()
    press(app, "Keep both")
    next(i for i in app.text_input if i.label == "In your own words").set_value("Ask Dr Lee.")
    press(app, "Keep, with these words")
    assert [(r.reason, r.words) for r in resolutions.listed(clashes)] == [("words", "Ask Dr Lee.")]


def test_the_rows_on_each_side_are_counted_and_can_be_opened(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, the_dose(clashes))
    counted = clash_sides.sides(clashes, view)
    assert counted is not None
    assert sorted((counted.n_left, counted.n_right)) == [1, 3]
    app = open_page(clashes, "contradictions", finding=view.id)
    assert "Of **4 rows** that ask this, **" in texts(app)
    assert "A hint, never a verdict." in texts(app)
    press(app, "The other rows")
    assert "2 other examples" in texts(app)
    assert len([e for e in app.expander if e.label.startswith("rows")]) == 2


def the_dose(workspace: Workspace) -> str:
    """The reason under which the doses clash."""
    pages = queries.findings(workspace, families=FAMILY, state="all").items
    return next(v.finding.reason for v in pages if v.finding.reason != "yes-no")


def test_the_larger_side_is_kept_in_one_act_after_a_preview(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, the_dose(clashes))
    app = open_page(clashes, "contradictions", finding=view.id)
    assert not [b for b in app.button if "drop 1 example" in b.label], "nothing is dropped unseen"
    press(app, "The other rows")
    assert "3 examples stay, 1 example dropped" in texts(app)
    press(app, "drop 1 example")
    odd = queries.examples(clashes, state="dropped")
    assert [e.example.answer for e in odd.items] == [ROWS[1][1]]
    assert not [v for v in queries.findings(clashes, families=FAMILY).items if v.finding.reason != "yes-no"]
    press(app, "Undo")
    assert queries.examples(clashes, state="dropped").total == 0


def test_the_larger_side_stays_alone_while_somebody_else_has_the_clash_open(
    open_page: OpenPage, clashes: Workspace
) -> None:
    view = the(clashes, the_dose(clashes))
    open_page(clashes, "contradictions", who="Ana", finding=view.id)
    ben = open_page(clashes, "contradictions", who="Ben", finding=view.id)
    press(ben, "The other rows")
    (larger,) = [b for b in ben.button if "drop 1 example" in b.label]
    assert larger.disabled and "Ana has this open" in texts(ben)
    keys = [b.proto.shortcut for b in ben.button if b.proto.shortcut]
    assert len(keys) == len(set(keys)), keys
    press(ben, "Take it over")
    press(ben, "drop 1 example")
    assert len(queries.examples(clashes, state="dropped").items) == 1


def test_the_second_of_two_people_is_told_and_sees_what_the_first_decided(
    open_page: OpenPage, clashes: Workspace
) -> None:
    view = the(clashes, "yes-no")
    ruth = open_page(clashes, "contradictions", who="Ruth", finding=view.id)
    ana = open_page(clashes, "contradictions", who="Ana", finding=view.id)
    press(ana, "Take it over")
    press(ana, "Keep left")
    press(ruth, "Keep right")
    assert "Ana settled this pair while you looked at it" in texts(ruth)
    assert states(clashes, view) == ["in", "dropped"]
    assert ruth.query_params["finding"] in (view.id, [view.id]), "it stays on screen"
    assert "kept the left one, dropped the right one" in texts(ruth)
    press(ruth, "Keep right")
    assert states(clashes, view) == ["dropped", "in"]


def test_an_edit_that_comes_second_keeps_the_text_that_was_typed(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, "yes-no")
    ruth = open_page(clashes, "contradictions", who="Ruth", finding=view.id)
    press(ruth, "Edit right")
    resolutions.resolve(clashes, view.id, "both", who="Ana", reason="cases")
    ruth.text_area[1].set_value("Not before it is off, says the ward.")
    save_edit(ruth)
    assert "Ana settled this pair" in texts(ruth)
    assert ruth.text_area[1].value == "Not before it is off, says the ward."
    press(ruth, "Save the edit")
    assert states(clashes, view) == ["in", "replaced"]


def test_findings_are_filtered_by_reason_and_sorted_by_score(open_page: OpenPage, clashes: Workspace) -> None:
    n = queries.findings(clashes, families=FAMILY, reasons=("yes-no",)).total
    app = open_page(clashes, "contradictions", contradictions_reason=["yes or no"])
    assert f"**1** of {n:,} contradictions" in texts(app)
    scores = {
        order: [v.finding.score or 0 for v in queries.findings(clashes, families=FAMILY, order=order).items]
        for order in ("surest", "least sure")
    }
    assert scores["surest"] == sorted(scores["surest"], reverse=True)
    assert scores["least sure"] == sorted(scores["least sure"])


@pytest.mark.parametrize(
    ("check", "spans", "headings"),
    [
        ("contradictions.self", (Span(1, 0, 3), Span(1, 12, 18)), ("One place", "The other")),
        ("contradictions.context", (Span(0, 4, 7), Span(1, 0, 3)), ("In the prompt", "In the answer")),
    ],
)
def test_a_row_that_clashes_with_itself_shows_both_places(
    open_page: OpenPage, clashes: Workspace, check: str, spans: tuple[Span, ...], headings: tuple[str, str]
) -> None:
    one = the(clashes, "yes-no").finding.example_id
    planted = Finding(one, check, "warn", "denied", "It says what is denied.", 0.8, spans=spans)
    with cache.synced(clashes).writing() as connection:
        found.insert(connection, [planted], {}, 9_000)
        cache.settle(connection)
    app = open_page(clashes, "contradictions", finding=queries.finding_id(planted))
    said = texts(app)
    assert all(f"**{heading}**" in said for heading in headings)
    assert said.count("<mark>") == 4, "each place by itself, and both in the whole conversation"
    assert not [b for b in app.button if "Keep left" in b.label]
    press(app, "Keep")
    press(app, "The check is mistaken here")
    assert queries.finding(clashes, queries.finding_id(planted)).state == "settled"
    (made,) = resolutions.listed(clashes)
    assert made.sentence == "kept it (the check is mistaken here)"


def test_two_places_within_one_turn_part_at_the_widest_gap() -> None:
    marked = [(1, Mark(0, 4)), (1, Mark(6, 9)), (1, Mark(90, 95))]
    assert two_places(marked) == [marked[:2], marked[2:]]
    assert two_places(marked[:1]) == [marked[:1]]


def test_an_edited_row_can_no_longer_be_judged_by_what_the_check_said(open_page: OpenPage, clashes: Workspace) -> None:
    view = the(clashes, "yes-no")
    turns = queries.example(clashes, view.finding.example_id).example.messages
    actions.edit(clashes, view.finding.example_id, [turns[0], Message("assistant", "Ask the ward.")], who="Ruth")
    app = open_page(clashes, "contradictions", finding=view.id, contradictions_state="all")
    assert "A row has been edited since the check" in texts(app)
    assert all(b.disabled for b in app.button if "Keep" in b.label)

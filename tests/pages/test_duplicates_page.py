"""The page of duplicates: its orders, the members of a cluster, and every act on them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from curation import actions, checking, queries
from tests.pages import pair_tables
from tests.pages.conftest import OpenPage, press, save_edit, texts

ASK = (
    "A patient of fifty years comes in with a dry cough, a mild fever and aching limbs since Monday morning, and asks "
    "whether she may go back to school tomorrow or should rather rest at home. What should we tell her?"
)
ANSWER = (
    "Tell her to stay at home until a full day has passed without fever, to rest and drink enough, and to call again "
    "if breathing becomes hard or the fever climbs. She can return to school after that"
)
OTHER = "Please write a short and friendly note to our suppliers: the warehouse moves to the harbour in spring"
ENDS = ("gladly", "surely", "slowly", "calmly", "gently", "freely", "simply")
N_OTHERS = len(ENDS) + 1


def rows() -> list[tuple[str, str]]:
    """A cluster of eight near-copies, one of them copied in capitals; a cluster of two; and a row like no other."""
    large = [(ASK, f"{ANSWER}, and a mask in class is kind."), *((ASK, f"{ANSWER} {end}.") for end in ENDS)]
    large.append((ASK.upper(), f"{ANSWER} {ENDS[0]}."))
    note = "Dear suppliers, in spring our warehouse moves to the harbour; we look forward to seeing you all there"
    return [*large, (OTHER, f"{note} soon."), (OTHER, f"{note}."), ("What is gout?", "A disease of the joints.")]


def rows_file(folder: Path) -> Path:
    """The rows above as a file."""
    source = folder / "clinic.jsonl"
    source.write_text("".join(json.dumps({"prompt": q, "completion": a}) + "\n" for q, a in rows()))
    return source


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows above, imported and checked."""
    folder = tmp_path_factory.mktemp("duplicates")
    workspace = Workspace.create(folder / "project")
    actions.import_file(workspace, rows_file(folder), who="Ana")
    checking.check(workspace)
    pair_tables.write(workspace)
    return workspace.path


@pytest.fixture
def clinic(template: Path, tmp_path: Path) -> Workspace:
    """A copy for one test."""
    shutil.copytree(template, tmp_path / "project")
    return Workspace.open(tmp_path / "project")


def large(workspace: Workspace) -> queries.FindingView:
    return queries.findings(workspace, checks=("duplicates.near",), order="largest").items[0]


def select(app: AppTest, workspace: Workspace, row: int, *, first: int = 0) -> AppTest:
    """Choose a row of the list of members."""
    app.session_state[f"members-{large(workspace).id}-{first}-0"] = {"selection": {"rows": [row], "columns": []}}
    return app.run()


def test_the_largest_cluster_comes_first_and_steps_follow_the_order(open_page: OpenPage, clinic: Workspace) -> None:
    app = open_page(clinic, "duplicates", duplicates_sort="Largest first")
    wanted = [v.id for v in queries.findings(clinic, families=("duplicates",), order="largest").items]
    assert len(wanted) >= 3
    seen = []
    for _ in wanted:
        seen.append(app.query_params["finding"])
        step = next(button for button in app.button if button.label == "Next")
        if not step.disabled:
            step.click().run()
    assert seen == wanted


@pytest.mark.parametrize(("words", "order"), [("Most alike first", "most alike"), ("Least alike first", "least alike")])
def test_clusters_are_put_in_order_of_likeness(open_page: OpenPage, clinic: Workspace, words: str, order: str) -> None:
    app = open_page(clinic, "duplicates")
    next(button for button in app.button if button.label == "Next").click().run()
    app.segmented_control(key="duplicates_sort").set_value(words).run()
    assert not app.exception
    first = queries.findings(clinic, families=("duplicates",), order=order).items[0]
    assert app.query_params["finding"] == first.id, "a new order is read from its start"
    app = open_page(clinic, "duplicates", duplicates_sort=words)
    assert app.query_params["finding"] == first.id


def test_a_link_opens_its_cluster_at_its_place_in_any_order(open_page: OpenPage, clinic: Workspace) -> None:
    listed = queries.findings(clinic, families=("duplicates",), order="least alike").items
    app = open_page(clinic, "duplicates", duplicates_sort="Least alike first", finding=listed[-1].id)
    assert f"**{len(listed)}** of {len(listed)} clusters" in texts(app)


def test_the_members_are_listed_a_page_at_a_time_with_their_similarities(
    open_page: OpenPage, clinic: Workspace
) -> None:
    app = open_page(clinic, "duplicates", finding=large(clinic).id)
    assert f"{N_OTHERS} others in this cluster" in texts(app)
    listed = app.dataframe[0].value
    assert len(listed) == 5
    assert list(listed.columns) == ["Member", "Row", "State", "Whole", "Prompt", "Answer"]
    assert listed["Whole"].between(0.7, 1).all()
    assert (listed["Prompt"] == 1).all()
    assert "How alike the two are: whole 0." in texts(app)


def test_another_member_is_put_on_the_right_and_kept_instead(open_page: OpenPage, clinic: Workspace) -> None:
    view = large(clinic)
    app = select(open_page(clinic, "duplicates", finding=view.id), clinic, 3)
    chosen = view.finding.related[3]
    (_, line), *_ = queries.example(clinic, chosen).lines
    assert f"line {line}" in texts(app).replace("\\", "")
    press(app, "Keep the right one")
    states = {member: queries.example(clinic, member).state for member in view.finding.members}
    assert [member for member, state in states.items() if state == "in"] == [chosen]
    press(app, "Undo")
    assert {queries.example(clinic, member).state for member in view.finding.members} == {"in"}


def test_a_key_steps_through_the_members_and_on_to_the_next_page(open_page: OpenPage, clinic: Workspace) -> None:
    view = large(clinic)
    app = open_page(clinic, "duplicates", finding=view.id)
    for _ in range(6):
        press(app, "Next member")
    assert list(app.dataframe[0].value["Member"]) == ["6", "7", "8"]
    press(app, "Keep the right one")
    assert queries.example(clinic, view.finding.related[6]).state == "in"
    assert queries.example(clinic, view.finding.example_id).state == "dropped"


def test_what_has_gone_already_is_not_kept_and_not_dropped_again(open_page: OpenPage, clinic: Workspace) -> None:
    view = large(clinic)
    actions.decide_all(clinic, view.finding.members[1:4], "drop", who="Ben")
    before = len(clinic.ledger.entries())
    app = open_page(clinic, "duplicates", finding=view.id)
    assert "its examples have changed since" in " ".join(str(badge.value) for badge in app.get("badge")) + texts(app)
    left, right = (next(b for b in app.button if f"Keep the {side} one" in b.label) for side in ("left", "right"))
    assert right.disabled
    assert f"drop the other {N_OTHERS - 3}" in left.label
    press(app, "Keep the left one")
    assert len(clinic.ledger.entries()) == before + N_OTHERS - 3


@pytest.mark.parametrize(("side", "place"), [("left", 0), ("right", 1)])
def test_either_side_is_edited_in_place(open_page: OpenPage, clinic: Workspace, side: str, place: int) -> None:
    view = large(clinic)
    app = open_page(clinic, "duplicates", finding=view.id)
    assert "**Left, the first: would stay**" in texts(app)
    press(app, f"Edit {side}")
    assert f"**{side.capitalize()}, being edited**" in texts(app)
    app.text_area[1].set_value("Our agreed answer.")
    save_edit(app)
    old = queries.example(clinic, view.finding.members[place])
    assert old.state == "replaced"
    assert old.becomes
    assert queries.example(clinic, old.becomes).example.answer == "Our agreed answer."
    press(app, "Undo")
    assert queries.example(clinic, old.example.id).state == "in"


def test_where_several_share_only_an_answer_no_press_drops_more_than_one(open_page: OpenPage, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    source = tmp_path / "same.jsonl"
    asks = ("What is gout?", "How long does a cold last?", "Which tea helps against a cough?")
    source.write_text("".join(json.dumps({"prompt": ask, "completion": ANSWER}) + "\n" for ask in asks))
    actions.import_file(workspace, source, who="Ana")
    checking.check(workspace)
    (view,) = queries.findings(workspace, checks=("duplicates.canned",)).items
    app = open_page(workspace, "duplicates", finding=view.id)
    assert not [button for button in app.button if "Keep the" in button.label]
    press(app, "Drop the right one")
    assert [queries.example(workspace, i).state for i in view.finding.members] == ["in", "dropped", "in"]
    press(app, "Drop the left one")
    assert queries.overview(workspace).n_in == 1
    press(app, "Undo")
    press(app, "Undo")
    assert queries.overview(workspace).n_in == 3


def test_identical_rows_have_one_side_and_no_other_to_choose(open_page: OpenPage, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    source = tmp_path / "same.jsonl"
    source.write_text('{"prompt": "What is gout?", "completion": "A disease of the joints."}\n' * 3)
    actions.import_file(workspace, source, who="Ana")
    checking.check(workspace)
    app = open_page(workspace, "duplicates")
    assert "lines 1, 2, 3" in texts(app)
    assert not [button for button in app.button if "Keep the" in button.label]
    assert [button.label for button in app.button if "Edit" in button.label] == [":blue[Edit]"]
    press(app, "Count identical rows once")
    assert queries.findings(workspace, families=("duplicates",)).total == 0


def test_without_kept_pairs_the_page_works_and_shows_no_figures(open_page: OpenPage, clinic: Workspace) -> None:
    shutil.rmtree(clinic.path / "index")
    app = open_page(clinic, "duplicates", finding=large(clinic).id)
    assert list(app.dataframe[0].value.columns) == ["Member", "Row", "State"]
    assert "How alike the two are" not in texts(app)

"""Deciding from the queue: each act once, each act undone."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.files import write_json
from core.workspace import Workspace
from curation import actions, queries
from tests.pages.conftest import OpenPage, press, save_edit, texts
from tests.pages.workspaces import Submitted


def _open(workspace: Workspace) -> int:
    return queries.findings(workspace).total


def _shown(app: object) -> str:
    value = app.query_params["finding"]  # type: ignore[attr-defined]
    return value[0] if isinstance(value, list) else value


def test_keep_settles_this_finding_and_shows_the_next(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    first, second = (view.id for view in queries.findings(checked, limit=2).items)
    assert _shown(app) == first
    before = _open(checked)
    press(app, "Keep")
    assert queries.finding(checked, first).state == "settled"
    assert _open(checked) == before - 1
    assert _shown(app) == second


def test_drop_takes_the_example_out_and_undo_brings_it_back(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    view = queries.finding(checked, _shown(app))
    press(app, "Drop")
    assert queries.example(checked, view.finding.example_id).state == "dropped"
    press(app, "Undo")
    assert queries.example(checked, view.finding.example_id).state == "in"
    assert _shown(app) == view.id
    press(app, "Redo")
    assert queries.example(checked, view.finding.example_id).state == "dropped"


def test_accept_applies_the_proposed_fix(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, checks=("format.damage",), safe=True, limit=1).items[0]
    app = open_page(checked, "review", finding=view.id)
    assert "With the fix" in texts(app)
    fixed = queries.preview(checked, view.id)
    press(app, "Accept the fix")
    settled = queries.example(checked, view.finding.example_id)
    assert settled.state == "replaced"
    assert settled.becomes is not None
    assert queries.example(checked, settled.becomes).example.messages == fixed


def test_edit_saves_a_new_text_and_keeps_the_old(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    view = queries.finding(checked, _shown(app))
    old = queries.example(checked, view.finding.example_id).example
    press(app, "Edit")
    assert not [b for b in app.button if b.label == ":green[Keep]"], "keys are off while the form is open"
    app.text_area[len(old.messages) - 1].set_value("A better answer.")
    save_edit(app)
    state = queries.example(checked, old.id)
    assert state.state == "replaced" and state.becomes
    assert queries.example(checked, state.becomes).example.messages[-1].content == "A better answer."
    assert queries.example(checked, old.id).example == old
    press(app, "Undo")
    assert queries.example(checked, old.id).state == "in"


def test_an_edit_that_changes_nothing_is_refused_in_a_sentence(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    press(app, "Edit")
    press(app, "Save the edit")
    assert "Nothing was changed" in app.error[0].value
    press(app, "Cancel")
    assert [b for b in app.button if "Keep" in b.label]


def test_skip_next_and_previous_decide_nothing(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    ids = [view.id for view in queries.findings(checked, limit=3).items]
    before = checked.ledger.head()
    press(app, "Skip")
    press(app, "Next")
    assert _shown(app) == ids[2]
    press(app, "Previous")
    assert _shown(app) == ids[1]
    assert checked.ledger.head() == before


def test_filters_stand_in_the_address(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review", check=["privacy.email"])
    total = queries.findings(checked, checks=("privacy.email",)).total
    assert f"**1** of {total} open findings" in texts(app)


def test_a_press_as_the_item_appears_is_not_counted(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    app.session_state["hurry_s"] = 3_600.0
    before = _open(checked)
    press(app, "Keep")
    assert _open(checked) == before
    assert "was not counted" in texts(app)


def test_three_presses_on_one_showing_act_once_and_the_next_showing_acts_again() -> None:
    def script() -> None:
        import streamlit as st

        from ui import act

        acted: list[str] = []

        def do(action_id: str) -> str:
            acted.append(action_id)
            return "Done."

        shown = act.show("item", scope="here")
        for _ in range(3):
            act.perform(shown, "keep", do, guard=False)
        again = act.show("item", scope="here")
        act.perform(again, "keep", do, guard=False)
        st.text(f"{len(acted)} {len(set(acted))}")

    app = AppTest.from_function(script, default_timeout=30).run()
    assert not app.exception
    assert app.text[0].value == "2 2"


def test_the_queue_ends_with_a_way_on(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review", state="settled")
    assert "Nothing is left in this view" in texts(app)


def test_changed_data_asks_for_another_check(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review")
    press(app, "Drop")
    assert "out of date" in texts(app)
    assert [b for b in app.button if b.label == "Run the checks again"]


def test_a_link_to_a_settled_finding_says_that_it_is_not_in_the_view(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, limit=1).items[0]
    actions.keep_finding(checked, view.id, who="Ruth")
    app = open_page(checked, "review", finding=view.id)
    assert "not in this view" in texts(app)
    app = open_page(checked, "review", finding=view.id, state="all")
    assert "not in this view" not in texts(app)
    assert _shown(app) == view.id


def test_what_a_fix_would_do_is_said_before_it_is_accepted(open_page: OpenPage, checked: Workspace) -> None:
    view = next(v for v in queries.findings(checked, checks=("duplicates.near",)).items if v.finding.proposal)
    app = open_page(checked, "review", finding=view.id)
    assert "Proposed fix: drop 1 example (look before you accept it)." in texts(app)


def test_which_tokens_of_an_example_are_trained_is_read_once_when_it_is_asked_for(
    open_page: OpenPage, checked: Workspace, submitted: Submitted
) -> None:
    app = open_page(checked, "review")
    [switch] = [one for one in app.toggle if "token by token" in one.label]
    assert submitted.asked == [] and not [one for one in app.get("html") if "ft-tok" in one.proto.body]
    switch.set_value(True).run()
    [(kind, target, spec)] = submitted.asked
    assert (kind, target) == ("tokens", "training.first_look:example_tokens_job")
    assert spec["row"]["id"] == queries.finding(checked, _shown(app)).finding.example_id
    pieces = [
        {"text": "Say <b>.", "kind": "context", "n_tokens": 3},
        {"text": "Yes.", "kind": "trained", "n_tokens": 2},
    ]
    told = {"id": spec["row"]["id"], "place": "", "pieces": pieces, "n_tokens": 5, "n_trained": 2, "refused": ""}
    [job] = checked.jobs_dir.glob("2027*")
    write_json(job / "state.json", {"status": "done", "result": {"tokens": [told]}})
    app.run()
    [shown] = [one for one in app.get("html") if "ft-tok" in one.proto.body]
    assert '<span class="ft-trained" title="2 tokens">Yes.</span>' in shown.proto.body and "<b>" not in shown.proto.body
    [switch] = [one for one in app.toggle if "token by token" in one.label]
    switch.set_value(False).run()
    switch.set_value(True).run()
    assert len(submitted.asked) == 1

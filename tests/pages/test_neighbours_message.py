"""A person who edits hears which row the text is like now: before saving on request, and after saving always."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.types import Example
from core.workspace import Workspace
from curation import neighbours_index, queries
from tests.pages import conftest
from tests.pages.conftest import OpenPage, press, save_edit


def texts(app: AppTest) -> str:
    """All that the page says, as a person reads it."""
    return conftest.texts(app).replace("\\", "")


def _editing(open_page: OpenPage, workspace: Workspace) -> tuple[AppTest, Example, Example]:
    """The form, open on a finding's example, and another example of as many turns that is like it in nothing."""
    finding = next(
        v
        for v in queries.findings(workspace, limit=500).items
        if len(v.finding.members) == 1 and not v.finding.proposal
    )
    own = queries.example(workspace, finding.finding.example_id).example
    other = next(
        v.example
        for v in queries.examples(workspace, limit=400).items
        if v.example.id != own.id
        and [m.role for m in v.example.messages] == [m.role for m in own.messages]
        and v.example.messages[1].content != own.messages[1].content
        and len(v.lines) == 1
    )
    app = open_page(workspace, "review", finding=finding.id)
    return press(app, "Edit"), own, other


def _type(app: AppTest, example: Example, *, turns: int | None = None) -> None:
    for turn, message in enumerate(example.messages[:turns]):
        app.text_area[turn].set_value(message.content)


def _line(workspace: Workspace, example: Example) -> int:
    return queries.example(workspace, example.id).lines[0][1]


def test_saving_a_copy_of_another_row_names_its_line_and_shows_it(open_page: OpenPage, checked: Workspace) -> None:
    app, own, other = _editing(open_page, checked)
    _type(app, other)
    save_edit(app)
    assert queries.example(checked, own.id).becomes == other.id, "nothing stops the save"
    line = _line(checked, other)
    assert f"This is now an exact copy of line {line}." in texts(app)
    assert "Your edit is saved" in texts(app)
    look = next(group for group in app.button_group if group.label == "Look at")
    look.set_value(other.id).run()
    assert not app.exception
    assert "The two differ in nothing that can be read." in texts(app)


@pytest.mark.parametrize(("page", "check"), [("duplicates", "duplicates.near"), ("contradictions", "")])
def test_the_desks_of_pairs_tell_it_too(open_page: OpenPage, checked: Workspace, page: str, check: str) -> None:
    view = queries.findings(checked, families=(page,), checks=(check,) if check else (), limit=1).items[0]
    own, twin = (queries.example(checked, i) for i in view.finding.members[:2])
    app = open_page(checked, page, finding=view.id)
    press(app, "Edit left")
    _type(app, twin.example)
    save_edit(app)
    assert queries.example(checked, own.example.id).becomes == twin.example.id
    assert "Your edit is saved" in texts(app)
    assert f"This is now an exact copy of line {twin.lines[0][1]}" in texts(app)


def test_the_message_goes_with_the_next_act(open_page: OpenPage, checked: Workspace) -> None:
    app, own, other = _editing(open_page, checked)
    _type(app, other)
    save_edit(app)
    press(app, "Undo")
    assert "exact copy" not in texts(app)
    assert queries.example(checked, own.id).state == "in"


def test_the_message_can_be_closed(open_page: OpenPage, checked: Workspace) -> None:
    app, _, other = _editing(open_page, checked)
    _type(app, other)
    save_edit(app)
    press(app, "Close")
    assert "exact copy" not in texts(app)


def test_a_look_before_saving_says_the_same_and_saves_nothing(open_page: OpenPage, checked: Workspace) -> None:
    app, own, other = _editing(open_page, checked)
    before = checked.ledger.head()
    _type(app, other)
    app.run()
    assert f"This is now an exact copy of line {_line(checked, other)}." in texts(app)
    assert "Compared with the set, not saved yet" in texts(app)
    assert checked.ledger.head() == before
    assert app.text_area[1].value == other.messages[1].content, "the form keeps what was typed"
    press(app, "Save the edit")
    assert queries.example(checked, own.id).state == "replaced"


def test_the_same_question_with_another_answer_is_told(open_page: OpenPage, checked: Workspace) -> None:
    app, _, other = _editing(open_page, checked)
    _type(app, other, turns=len(other.messages) - 1)
    app.text_area[len(other.messages) - 1].set_value("Something else altogether, in other words than before.")
    app.run()
    assert f"asks the same as line {_line(checked, other)} and answers otherwise" in texts(app)


def test_a_text_like_none_is_confirmed_with_the_number_compared(open_page: OpenPage, checked: Workspace) -> None:
    app, own, _ = _editing(open_page, checked)
    for turn in range(len(own.messages)):
        app.text_area[turn].set_value(f"Ein ganz anderer Text, Nummer {turn}, wie ihn hier sonst niemand schreibt.")
    save_edit(app)
    n_others = queries.overview(checked).n_in - 1
    assert f"Compared with {n_others:,} examples: none is like it." in texts(app)
    assert "Your edit is saved" not in texts(app)


def test_without_an_index_the_edit_is_saved_and_the_way_to_one_is_named(
    open_page: OpenPage, checked: Workspace
) -> None:
    (neighbours_index.folder(checked) / neighbours_index.HEAD).unlink()
    app, own, other = _editing(open_page, checked)
    _type(app, other)
    save_edit(app)
    assert queries.example(checked, own.id).state == "replaced"
    assert "Not compared yet: run the checks" in texts(app)

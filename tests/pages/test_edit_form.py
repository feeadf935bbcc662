"""The edit form: every turn and role, checks and the change before saving, a draft that stays, two people at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.types import Message
from core.workspace import Workspace
from curation import actions, added, checking, queries, reservations
from tests.conftest import chat
from tests.pages import conftest
from tests.pages.conftest import OpenPage, press, save_edit
from ui import editor_draft


@pytest.fixture(autouse=True)
def no_drafts() -> Iterator[None]:
    """No draft of another test."""
    editor_draft._held.clear()
    yield
    editor_draft._held.clear()


def texts(app: AppTest) -> str:
    """All that the page says, as a person reads it."""
    return conftest.texts(app).replace("\\", "")


@pytest.fixture
def asked(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    """Forty chats, one of which holds an address; checked."""
    rows = [chat(f"Which code applies to case {i}?", f"The code of this case is A{i}.") for i in range(10, 50)]
    rows[5] = chat("Whom do I ask?", "The code of this case is told by jane.doe@clinic-north.org.")
    actions.import_file(workspace, write_chats(rows), who="Ana")
    checking.check(workspace)
    return workspace


def _finding(workspace: Workspace) -> queries.FindingView:
    return queries.findings(workspace, checks=("privacy.email",)).items[0]


def _edit(open_page: OpenPage, workspace: Workspace, who: str = "Ana") -> AppTest:
    return press(open_page(workspace, "review", who=who, finding=_finding(workspace).id), "Edit")


def _now(workspace: Workspace, example_id: str) -> tuple[Message, ...]:
    becomes = queries.example(workspace, example_id).becomes
    assert becomes
    return queries.example(workspace, becomes).example.messages


def _role(app: AppTest, turn: int) -> object:
    return next(box for box in app.selectbox if box.label == f"Role of turn {turn}")


def _press(app: AppTest, label: str, number: int) -> AppTest:
    """Press one of several buttons of the same name: the one of a turn."""
    found = [button for button in app.button if button.label == label]
    found[number - 1].click().run()
    assert not app.exception, app.exception
    return app


def test_the_system_turn_a_role_and_the_answer_can_be_edited_in_one_go(open_page: OpenPage, asked: Workspace) -> None:
    own = _finding(asked).finding.example_id
    app = _edit(open_page, asked)
    assert [area.label for area in app.text_area] == ["Text of turn 1", "Text of turn 2", "Text of turn 3"]
    app.text_area[0].set_value("You are the desk.")
    app.text_area[2].set_value("Ask the desk.")
    _role(app, 2).set_value("tool")  # type: ignore[attr-defined]
    app.text_input[0].set_value("no addresses")
    save_edit(app)
    assert _now(asked, own) == (
        Message("system", "You are the desk."),
        Message("tool", "Whom do I ask?"),
        Message("assistant", "Ask the desk."),
    )
    done = queries.history(asked, own)[-1]
    assert (done.who, done.note, done.checks) == ("Ana", "no addresses", ("privacy.email",))


def test_turns_can_be_put_in_moved_and_taken_out(open_page: OpenPage, asked: Workspace) -> None:
    own = _finding(asked).finding.example_id
    app = _edit(open_page, asked)
    _press(app, "Add a turn", 1)
    app.text_area[3].set_value("Thank you.").run()
    assert _role(app, 4).value == "user", "after an answer the user speaks"  # type: ignore[attr-defined]
    _press(app, "Up", 4)
    _press(app, "Remove", 1)
    assert [area.value for area in app.text_area] == [
        "Whom do I ask?", "Thank you.", "The code of this case is told by jane.doe@clinic-north.org.",
    ]  # fmt: skip
    said = texts(app)
    assert "Removed" in said and "Not there before" in said
    press(app, "Save the edit")
    assert [m.role for m in _now(asked, own)] == ["user", "user", "assistant"]


def test_the_checks_speak_before_saving(open_page: OpenPage, asked: Workspace) -> None:
    app = _edit(open_page, asked)
    assert "findings would stay." in texts(app) and "still there" in texts(app)
    app.text_area[2].set_value("The code of this case is A99.").run()
    assert "findings would go." in texts(app) and "would stay" not in texts(app)
    app.text_area[2].set_value("Great question!!! Mail jane.doe@clinic-north.org, or call +1 212 555 0142.").run()
    said = texts(app)
    assert "would be new" in said and "privacy.phone" in said
    assert asked.ledger.entries("decision") == []


def test_what_changes_is_shown_word_by_word_before_the_first_press_saves(open_page: OpenPage, asked: Workspace) -> None:
    own = _finding(asked).finding.example_id
    app = _edit(open_page, asked)
    app.text_area[2].set_value("The code of this case is told by the desk.")
    press(app, "Save the edit")
    assert queries.example(asked, own).state == "in", "the first press shows what would be saved"
    said = texts(app)
    assert "What changes" in said and "Press once more to save it." in said
    assert 'class="ft-gone"' in said and '<mark class="ft-new">the desk</mark>' in said
    press(app, "Save the edit")
    assert queries.example(asked, own).state == "replaced"


def test_meta_is_kept_and_shown(open_page: OpenPage, workspace: Workspace, write_chats: Callable[..., Path]) -> None:
    row = chat("Whom do I ask?", "Write to jane.doe@clinic-north.org.", task="contacts")
    actions.import_file(workspace, write_chats([row, chat("And now?", "Nothing.")]), who="Ana")
    checking.check(workspace)
    app = _edit(open_page, workspace)
    assert "Its meta is kept: task: contacts" in texts(app)
    app.text_area[2].set_value("Ask the desk.")
    save_edit(app)
    becomes = queries.example(workspace, row.id).becomes
    assert becomes and queries.example(workspace, becomes).example.meta == {"task": "contacts"}


def test_a_draft_outlives_the_session_and_can_be_thrown_away(open_page: OpenPage, asked: Workspace) -> None:
    app = _edit(open_page, asked)
    app.text_area[2].set_value("Half a thought").run()
    again = _edit(open_page, asked)  # a new session, as after a reload or a lost connection
    assert again.text_area[2].value == "Half a thought"
    assert "This is your draft from before." in "\n".join(str(e.value) for e in again.info)
    press(again, "Start over")
    assert again.text_area[2].value == "The code of this case is told by jane.doe@clinic-north.org."


def test_a_draft_is_its_writers_own(open_page: OpenPage, asked: Workspace) -> None:
    app = _edit(open_page, asked)
    app.text_area[2].set_value("Half a thought").run()
    press(app, "Cancel")
    reservations.free(asked, f"{app.session_state['tab']}-review")
    other = _edit(open_page, asked, who="Ben")
    assert other.text_area[2].value == "The code of this case is told by jane.doe@clinic-north.org."


def test_cancel_keeps_the_draft_and_saves_nothing(open_page: OpenPage, asked: Workspace) -> None:
    app = _edit(open_page, asked)
    app.text_area[2].set_value("Half a thought").run()
    press(app, "Cancel")
    assert not app.text_area and asked.ledger.entries("decision") == []
    press(app, "Edit")
    assert app.text_area[2].value == "Half a thought"


def test_the_second_of_two_who_edit_at_once_is_told_and_loses_nothing(open_page: OpenPage, asked: Workspace) -> None:
    own = _finding(asked).finding.example_id
    ben = _edit(open_page, asked, who="Ben")
    ben.text_area[2].set_value("Ben says: ask the desk.").run()
    messages = queries.example(asked, own).example.messages
    actions.edit(asked, own, (*messages[:2], Message("assistant", "Ana says: ask the ward.")), who="Ana")
    press(ben, "Save the edit")
    assert "Ana edited this example" in texts(ben)
    assert _now(asked, own)[-1].content == "Ana says: ask the ward.", "nothing was run over"
    assert ben.text_area[2].value == "Ben says: ask the desk.", "and nothing is lost"
    press(ben, "Save the edit")
    assert _now(asked, own)[-1].content == "Ben says: ask the desk.", "who insists may"
    assert [d.who for d in queries.history(asked, own)] == ["Ana", "Ben"]


def test_dataset_text_is_never_rendered_in_the_form(
    open_page: OpenPage, workspace: Workspace, write_chats: Callable[..., Path]
) -> None:
    row = chat("![x](http://evil/x.png) <img src=x>", "**Mail** jane.doe@clinic-north.org `x`", system="# Big")
    actions.import_file(workspace, write_chats([row]), who="Ana")
    checking.check(workspace)
    app = _edit(open_page, workspace)
    assert [area.value for area in app.text_area] == [m.content for m in row.messages]
    app.text_area[1].set_value("<script>alert(1)</script> ![y](http://evil/y.png)").run()
    shown = [str(e.value) for kind in (app.markdown, app.caption) for e in kind]
    assert not [text for text in shown if "![" in text.replace("\\", "\0") or "<script" in text]
    assert not [e.value for e in app.html if "<script>alert" in str(e.value) or "<img" in str(e.value)]


def test_the_history_tells_each_act_and_the_words_of_an_edit(open_page: OpenPage, asked: Workspace) -> None:
    own = _finding(asked).finding.example_id
    app = _edit(open_page, asked)
    app.text_area[2].set_value("The code of this case is told by the desk.")
    app.text_input[0].set_value("no addresses")
    save_edit(app)
    press(app, "Undo")
    app = open_page(asked, "review", finding=_finding(asked).id)
    said = texts(app)
    assert any(e.label == "History: 1 decision, undone" for e in app.expander)
    assert "Ana imported it: chats.jsonl, line 6." in said
    assert "Ana edited it and changed 1 turn." in said and "Why: no addresses" in said
    assert "taken back by Ana" in said and "E-mail addresses" in said
    next(t for t in app.toggle if t.label == "Show what it changed").set_value(True).run()
    assert '<mark class="ft-new">the desk</mark>' in texts(app)
    assert queries.example(asked, own).state == "in"


def test_an_example_is_added_from_the_dataset_page_listed_edited_and_undone(
    open_page: OpenPage, asked: Workspace
) -> None:
    app = open_page(asked, "dataset")
    press(app, "Add an example")
    assert app.text_area[0].value == "You answer in one sentence.", "it begins with the usual system prompt"
    app.text_area[1].set_value("Which code applies to case 99?")
    app.text_area[2].set_value("The code of this case is A99.").run()
    assert "The checks find nothing in it." in texts(app)
    press(app, "Add it")
    assert added.counted(asked) == {"Ana": 1}
    assert "1 example of the set: Ana (1)." in texts(app)
    assert "added by hand by Ana" in texts(app)
    press(app, ":blue[Edit]")
    app.text_area[2].set_value("The code of this case is A98.")
    save_edit(app)
    assert queries.current(asked)[0][-1].answer == "The code of this case is A98."
    actions.undo(asked, who="Ana")
    actions.undo(asked, who="Ana")
    assert added.counted(asked) == {}


def test_a_copy_of_a_row_is_refused_with_its_line_and_the_text_stays(open_page: OpenPage, asked: Workspace) -> None:
    app = press(open_page(asked, "review"), "Add an example")
    app.text_area[1].set_value("Which code applies to case 12?")
    app.text_area[2].set_value("The code of this case is A12.").run()
    press(app, "Add it")
    assert "This very text is line 3" in texts(app)
    assert app.text_area[2].value == "The code of this case is A12."
    assert added.counted(asked) == {}
    press(app, "Cancel")
    assert not app.text_area and [b for b in app.button if "Keep" in b.label]


def test_a_long_conversation_folds_the_turns_that_no_finding_is_about(
    open_page: OpenPage, workspace: Workspace, write_chats: Callable[..., Path]
) -> None:
    row = chat("Start?", "Go on.")
    more = [m for n in range(14) for m in (Message("user", f"And {n}?"), Message("assistant", f"It is {n}."))]
    row = type(row)(row.id, (*row.messages, *more, Message("user", "Who?"), Message("assistant", "a@b-clinic.org")), {})
    actions.import_file(workspace, write_chats([row]), who="Ana")
    checking.check(workspace)
    app = _edit(open_page, workspace)
    assert len(app.text_area) == 33
    folded = [e for e in app.expander if e.label.startswith("Turn ")]
    assert len(folded) == 32, "all but the one with the address"


def test_a_word_of_a_million_letters_can_be_opened_and_edited(
    open_page: OpenPage, workspace: Workspace, write_chats: Callable[..., Path]
) -> None:
    row = chat("Whom do I ask?", "x" * 1_000_000 + " jane.doe@clinic-north.org")
    actions.import_file(workspace, write_chats([row]), who="Ana")
    checking.check(workspace, only=("privacy",))
    app = _edit(open_page, workspace)
    assert "too long to be checked while you wait" in texts(app)
    app.text_area[2].set_value("Ask the desk.")
    save_edit(app)
    assert _now(workspace, row.id)[-1].content == "Ask the desk."

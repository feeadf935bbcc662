"""Several people at one queue: what is open, what others decided, whole views at once, and how far it is."""

from __future__ import annotations

from core.types import Message
from core.workspace import Workspace
from curation import actions, disagreements, queries, reservations
from tests.pages.conftest import OpenPage, press, save_edit, shown, texts

FEW = "format.damage"


def ids(workspace: Workspace, n: int = 3, **which: object) -> list[str]:
    """The first findings of the queue."""
    return [view.id for view in queries.findings(workspace, limit=n, **which).items]  # type: ignore[arg-type]


def test_the_second_person_is_led_to_the_next_item_that_is_free(open_page: OpenPage, checked: Workspace) -> None:
    first = open_page(checked, "review", who="Ana")
    second = open_page(checked, "review", who="Ben")
    views = queries.findings(checked, limit=50).items
    taken = set(queries.finding(checked, shown(first)).finding.members[:2])
    assert shown(first) == views[0].id
    assert shown(second) == next(v.id for v in views if not taken & set(v.finding.members[:2]))
    assert "has this open" not in texts(second)


def test_an_item_that_somebody_has_open_is_shown_as_theirs_and_can_be_taken_over(
    open_page: OpenPage, checked: Workspace
) -> None:
    ana = open_page(checked, "review", who="Ana")
    ben = open_page(checked, "review", who="Ben", finding=shown(ana))
    assert "Ana has this open" in texts(ben)
    assert next(b for b in ben.button if "Keep" in b.label).disabled
    press(ben, "Take it over")
    assert "has this open" not in texts(ben)
    assert not next(b for b in ben.button if "Keep" in b.label).disabled
    ana.run()
    assert "Ben has this open" in texts(ana)
    before = shown(ben)
    press(ben, "Keep")
    assert queries.finding(checked, before).state == "settled"


def test_next_passes_over_what_others_have_open(open_page: OpenPage, checked: Workspace) -> None:
    second, third = queries.findings(checked, limit=3).items[1:]
    reservations.reserve(checked, second.id, second.finding.members, who="Ben", tab="b")
    app = open_page(checked, "review")
    press(app, "Next")
    assert shown(app) != second.id
    if not set(second.finding.members[:2]) & set(third.finding.members[:2]):
        assert shown(app) == third.id


def test_the_second_of_two_people_is_told_and_sees_the_item_as_it_stands(
    open_page: OpenPage, checked: Workspace
) -> None:
    app = open_page(checked, "review", who="Ana")
    about = shown(app)
    example_id = queries.finding(checked, about).finding.example_id
    actions.decide(checked, example_id, "drop", who="Ben", finding_id=about)
    press(app, "Keep")
    assert "Ben dropped this example while you looked at it" in app.error[0].value
    assert shown(app) == about and "settled" in texts(app)
    press(app, "Keep")
    assert [d.who for d in queries.history(checked, example_id)] == ["Ben", "Ana"]
    assert disagreements.count(checked) == 1, "both decisions stand, and somebody has to settle it"


def test_disagreements_have_a_queue_of_their_own(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, checks=(FEW,), limit=1).items[0]
    actions.keep_finding(checked, view.id, who="Ana", note="it is fine")
    actions.decide(checked, view.finding.example_id, "drop", who="Ben", finding_id=view.id)
    app = open_page(checked, "review", who="Cleo", queue="disagreements")
    assert "**1** of 1 disagreement" in texts(app)
    assert "Ana kept it" in texts(app) and "Ben dropped it" in texts(app) and "it is fine" in texts(app)
    press(app, "Ana: kept")
    assert "Nobody disagrees" in texts(app)
    assert queries.example(checked, view.finding.example_id).state == "in"
    press(app, "Undo")
    assert disagreements.count(checked) == 1


def test_a_disagreement_is_settled_with_a_third_text(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, checks=(FEW,), limit=1).items[0]
    one = view.finding.example_id
    before = queries.example(checked, one).example.messages
    theirs = [*before[:-1], Message(before[-1].role, "By Ana.")]
    actions.edit(checked, one, theirs, who="Ana", finding_id=view.id)
    actions.decide(checked, one, "drop", who="Ben")
    app = open_page(checked, "review", who="Cleo", queue="disagreements")
    press(app, "Edit differently")
    assert app.text_area[-1].value == "By Ana." and "begins with the text of Ana" in texts(app)
    app.text_area[-1].set_value("By Cleo.")
    save_edit(app)
    assert "Nobody disagrees" in texts(app)
    becomes = queries.example(checked, one).becomes
    assert becomes and queries.example(checked, becomes).example.answer == "By Cleo."
    press(app, "Undo")
    assert disagreements.count(checked) == 1 and "Ben dropped it" in texts(app)


def test_a_third_text_that_comes_late_is_kept_as_a_draft(open_page: OpenPage, checked: Workspace) -> None:
    view = queries.findings(checked, checks=(FEW,), limit=1).items[0]
    one = view.finding.example_id
    actions.keep_finding(checked, view.id, who="Ana")
    actions.decide(checked, one, "drop", who="Ben", finding_id=view.id)
    app = open_page(checked, "review", who="Cleo", queue="disagreements")
    press(app, "Edit differently")
    app.text_area[-1].set_value("By Cleo.")
    actions.decide(checked, one, "drop", who="Dan", finding_id=view.id)
    save_edit(app)
    assert "Dan decided about this example while you looked at it" in app.error[0].value
    assert "kept as your draft" in app.error[0].value
    assert queries.example(checked, one).state == "dropped"
    assert app.text_area[-1].value == "By Cleo."
    press(app, "Save the edit")
    assert disagreements.count(checked) == 0 and queries.example(checked, one).state == "replaced"


def test_a_whole_view_is_decided_at_once_with_one_undo(open_page: OpenPage, checked: Workspace) -> None:
    n = queries.findings(checked, checks=(FEW,)).total
    app = open_page(checked, "review", check=[FEW], batch_verdict="drop")
    head = checked.ledger.head()
    app.session_state["batch"] = True
    app.session_state["batch_verdict"] = "drop"
    app.run()
    examples = len({v.finding.example_id for v in queries.findings(checked, checks=(FEW,), limit=500).items})
    assert f"**{n} findings on {examples} examples**: {examples} dropped." in texts(app)
    assert f"{min(20, examples)} of {examples} examples" in texts(app)
    assert checked.ledger.head() == head, "nothing is done by looking"
    press(app, f"Drop all: {examples} examples")
    assert queries.findings(checked, checks=(FEW,)).total == 0
    press(app, "Undo")
    assert queries.findings(checked, checks=(FEW,)).total == n


def test_the_address_holds_every_part_of_the_view(open_page: OpenPage, checked: Workspace) -> None:
    mine = queries.findings(checked, checks=(FEW,), limit=2).items
    actions.keep_finding(checked, mine[0].id, who="Ana")
    actions.keep_finding(checked, mine[1].id, who="Ben")
    app = open_page(checked, "review", state="settled", whose="mine", order="expected gain", check=[FEW], fix="safe")
    listed = queries.findings(checked, state="settled", decided_by="Ana", checks=(FEW,), safe=True).items
    assert mine[0].id in [view.id for view in listed]
    assert f"**1** of {len(listed)} settled findings" in texts(app)
    assert "settled in all)" in texts(app), "with what it is a part of"
    chosen = {control.key: control.value for control in app.segmented_control}
    assert {chosen[key] for key in ("state", "whose", "order", "fix")} == {"settled", "mine", "expected gain", "safe"}


def test_each_order_leads_to_its_first_finding(open_page: OpenPage, checked: Workspace) -> None:
    for order in queries.ORDERS:
        assert shown(open_page(checked, "review", order=order)) == ids(checked, 1, order=order)[0]


def test_the_progress_says_what_is_left_and_how_it_was_settled(open_page: OpenPage, checked: Workspace) -> None:
    total = queries.findings(checked).total
    for one in ids(checked, 7):
        actions.keep_finding(checked, one, who="Ana")
    app = open_page(checked, "review")
    (label,) = [e.label for e in app.expander if e.label.startswith("Progress")]
    assert f"7 of {total:,} findings settled, {total - 7:,} left; at your pace" in label.replace(",", ",")
    app.session_state["progress"] = True
    app.run()
    table = app.dataframe[0].value
    last = table.iloc[-1]
    assert (last["Found"], last["Open"], last["Kept"]) == (total, total - 7, 7)

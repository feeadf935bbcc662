"""The queue of disagreements: two decisions side by side, and whose holds."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.types import Decision
from core.workspace import Workspace
from curation import disagreements, queries
from curation.disagreements import Disagreement, Side
from ui import act, desk, evidence, example, neighbours, panels, render, tokens

SCOPE = "disagreements"
NAME = "disagreements"
KEYS = (
    ("1, 2", "the first or the second decision holds"),
    ("E, T", "edit the first or the second row differently"),
)
COMMON = (("N, P", "next, previous"), *(row for row in desk.EVERYWHERE if row[0] in ("Z, Y", "F", "? or H")))
VERDICTS = {"keep": "kept it", "drop": "dropped it", "edit": "edited it", "undo": "took a decision back"}


def asked_for(workspace: Workspace) -> bool:
    """Whether the disagreements are looked at; the choice is drawn where there are any, and stands in the address."""
    n = disagreements.count(workspace)
    if not n and st.session_state.get("queue") != NAME and st.query_params.get("queue") != NAME:
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            "Queue",
            ["findings", NAME],
            default="findings",
            key="queue",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        if n:
            st.caption(f"{wording.many(n, 'disagreement')} to settle: two people decided differently.", width="content")
    return chosen == NAME


def draw(workspace: Workspace, who: str) -> None:
    """The disagreement at hand, or the end of the queue."""
    neighbours.after_saving(workspace, SCOPE)
    total = disagreements.count(workspace)
    at = min(int(st.session_state.get("disagreement_at", 0)), max(total - 1, 0))
    page = disagreements.listed(workspace, offset=at, limit=1)
    if not page.items:
        with st.container(horizontal=True):
            desk.undo_buttons(workspace, SCOPE, who)
        panels.empty("Nobody disagrees: every decision stands alone or is settled.", icon="task_alt")
        return
    found = page.items[0]
    rows = [queries.example(workspace, one) for one in found.example_ids]
    chosen = next((row for row in rows if example.opened(SCOPE, _form_of(row))), None)
    # an open form outlives the pair that led to it: somebody else may decide meanwhile
    shown = act.show(found.id if chosen is None else _form_of(chosen), scope=SCOPE)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, key, step, icon in (("Previous", "P", -1, "arrow_back"), ("Next", "N", 1, "arrow_forward")):
            st.button(
                label, key=shown.key(f"go{step}"), icon=f":material/{icon}:", type="tertiary", shortcut=key,
                disabled=not 0 <= at + step < total, on_click=_go, args=(at + step,),
            )  # fmt: skip
        st.markdown(f"**{at + 1:,}** of {wording.many(total, 'disagreement')}")
        desk.text_button()
        desk.keys_button()
    if chosen is None:
        _choice(workspace, found, shown, who, rows)
    desk.key_help(KEYS, COMMON)
    _finding(workspace, found)
    if chosen is not None:
        _form(workspace, found, chosen, shown, who)
    own = rows[0]
    edited = "edit" in (found.one.verdict, found.other.verdict)
    for column, said in zip(st.columns(2, gap="medium"), (found.one, found.other), strict=True):
        with column:
            _side(said)
            if edited:
                _text(workspace, own, said)
    if not edited:
        example.draw(own)
    for row in rows[1:]:
        example.draw(row, heading="The other row")
    example.history(workspace, found.example_ids[0])
    tokens.of_example(workspace, own.example, example.place_of(own))


def _form_of(row: queries.ExampleView) -> str:
    """The name of the form that is open on a row (see ``example.edit_buttons``)."""
    return f"{NAME}:{row.example.id}"


def _form(workspace: Workspace, found: Disagreement, row: queries.ExampleView, shown: act.Shown, who: str) -> None:
    """The form for a text that is neither's; it begins with the latest text that one of the two put in place."""
    edits = [said for said in (found.other, found.one) if said.verdict == "edit" and said.example_id == row.example.id]
    start = disagreements.text_of(workspace, edits[0]) if edits else None
    if edits:
        st.caption(f"The form begins with the text of {render.plain(edits[0].who or 'nobody')}.")
    if len(found.example_ids) > 1:
        st.caption("The other row stays in the dataset.")
    example.editor(
        workspace,
        row,
        shown,
        who,
        scope=SCOPE,
        seen=desk.seen(workspace, shown),
        overtaken=partial(st.session_state.pop, f"seen-{shown.nonce}", None),
        start=start,
        record=partial(disagreements.edit, wanted=found),
    )


def _choice(
    workspace: Workspace, found: Disagreement, shown: act.Shown, who: str, rows: list[queries.ExampleView]
) -> None:
    looked = desk.seen(workspace, shown)

    def settle(side: Side, action: str) -> str:
        note = str(st.session_state.get(shown.key("why"), ""))
        disagreements.settle(workspace, found, side, who=who, note=note, seen=looked, action_id=action)
        return f"Settled: {(found.one if side == 'one' else found.other).who or 'nobody'} decided, and it holds."

    with st.container(horizontal=True, vertical_alignment="bottom"):
        sides: tuple[tuple[Side, Decision, str], ...] = (("one", found.one, "1"), ("other", found.other, "2"))
        for side, said, key in sides:
            name = render.plain(said.who or "Nobody")
            label = f"{name}: {VERDICTS[said.verdict].removesuffix(' it')}"
            act.button(label, shown, side, partial(settle, side), shortcut=key, icon=":material/gavel:")
        example.edit_buttons(shown, SCOPE, NAME, rows, words="Edit differently", always=True)
        desk.undo_buttons(workspace, SCOPE, who)
    st.text_input("Why (optional)", key=shown.key("why"), max_chars=300, width=480)


def _finding(workspace: Workspace, found: Disagreement) -> None:
    if found.finding_id is None:
        return
    try:
        view = queries.finding(workspace, found.finding_id)
    except FinetoothError:
        st.caption("The finding that they decided about is not in the latest report.")
        return
    render.note(view.finding.message)


def _side(said: Decision) -> None:
    """Who decided what, when and why."""
    when = f"{said.at[:16].replace('T', ' ')} UTC"
    with st.container(border=True, gap="xxsmall"):
        name = render.plain(said.who or "Nobody")
        st.markdown(f"**{name} {VERDICTS[said.verdict]}** :gray[{when}]")
        render.note(said.note or "No reason was given.")


def _text(workspace: Workspace, own: queries.ExampleView, said: Decision) -> None:
    """What the decision makes of the text: an edit's new words marked, beside the words that it replaced."""
    text = disagreements.text_of(workspace, said)
    if text is None:
        example.draw(own)
        return
    gone, new, unit = render.twin_marks(own.example.messages, text, ("gone", "new"))
    st.caption("The edited text")
    render.evidence(text, new)
    if any(gone.values()):
        with st.expander("What it replaced"):
            render.excerpts(own.example.messages, gone)
    evidence.compared_by(unit)


def _go(at: int) -> None:
    st.session_state["disagreement_at"] = at

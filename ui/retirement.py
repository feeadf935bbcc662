"""Hold-out prompts that people have rated: which they are, and letting them into training again on the record."""

from __future__ import annotations

import streamlit as st

from core import rated, wording
from core.workspace import Workspace
from curation import queries
from ui import act, render

LISTED = 500


def draw(workspace: Workspace, who: str) -> None:
    """The rated prompts that are kept out of training, and the form that retires them; nothing without any."""
    held = _held(workspace, str(workspace.path), workspace.ledger.head()[0])
    earlier = rated.retirements(workspace)
    if not held and not earlier:
        return
    label = f"{wording.many(len(held), 'rated prompt')} kept out of training" if held else "Retired prompts"
    with st.expander(label, icon=":material/how_to_vote:"):
        if held:
            _form(workspace, held, who)
        for entry in reversed(earlier):
            n, when = len(entry.payload["examples"]), entry.at[:16].replace("T", " ")
            render.note(
                f"{wording.many(n, 'prompt')} retired by {entry.who or 'nobody'}, {when} UTC", entry.payload["reason"]
            )


def _form(workspace: Workspace, held: list[str], who: str) -> None:
    st.caption(
        "People have judged answers to these prompts. What is measured on them counts only while no model was trained "
        "on them, so every freeze holds them out again. Retired, they may be trained on, and no result may be measured "
        "on them any more. It cannot be undone."
    )
    listed, head = held[:LISTED], workspace.ledger.head()[0]
    event = st.dataframe(
        {
            "Example": [one[:12] for one in listed],
            "Question": _questions(workspace, str(workspace.path), head, listed),
        },
        key=f"rated-{head}",
        hide_index=True,
        selection_mode="multi-row",
        on_select="rerun",
        height="content" if len(listed) <= 10 else 360,
        alt="The rated prompts; choose those to retire",
    )
    if len(held) > len(listed):
        st.caption(f"The first {LISTED} of {len(held):,} are listed.")
    chosen = [listed[row] for row in event["selection"]["rows"] if row < len(listed)] or held
    reason = f"retire-reason-{head}"

    def do(_: str) -> str:
        rated.retire(workspace, chosen, str(st.session_state.get(reason) or ""), who=who)
        return f"{wording.many(len(chosen), 'rated prompt')} retired: they may be trained on from now."

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Why they may be trained on from now", key=reason, max_chars=300, width=480)
        whole = "all " if len(chosen) == len(held) and len(held) > 1 else ""
        shown = act.show(f"retire-{head}-{len(chosen)}", scope="retire")
        label = f"Retire {whole}{wording.many(len(chosen), 'prompt')}"
        act.button(label, shown, "retire", do, icon=":material/outbox:", guard=False)


@st.cache_data(show_spinner=False, max_entries=8)
def _questions(_workspace: Workspace, path: str, head: int, example_ids: list[str]) -> list[str]:
    """The last turn of each prompt, for a cell of a table."""
    known = {seen.id for seen in queries.members(_workspace, example_ids)}
    asked = [queries.example(_workspace, one).example.prompt if one in known else () for one in example_ids]
    return [render.cell(prompt[-1].content) if prompt else "" for prompt in asked]


@st.cache_data(show_spinner=False, max_entries=8)
def _held(_workspace: Workspace, path: str, head: int) -> list[str]:
    return rated.rated(_workspace)

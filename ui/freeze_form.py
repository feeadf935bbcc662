"""Freezing from a page: how much to hold out and by what, the button, and how far a large freeze is."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import freeze, queries
from curation import long_work as work
from curation.reworded import HOW, Paraphrases
from ui import act, long_work, render, shell

PARAPHRASES: dict[Paraphrases, str] = {
    "letters": "by their letters (usual)",
    "meaning": "by their letters and their meaning (slow)",
    "off": "not looked for",
}


def draw(workspace: Workspace, overview: queries.Overview, who: str) -> None:
    """The form, and what the last freeze says of itself."""
    with st.container(border=True):
        st.markdown(f"**Freeze** the {wording.many(overview.n_in, 'example')} that are in the dataset now.")
        if overview.n_blocking:
            st.warning(
                f"{wording.many(overview.n_blocking, 'finding')} would make training go wrong and "
                f"{'is' if overview.n_blocking == 1 else 'are'} still open.",
                icon=":material/warning:",
            )
            shell.link("review.py", "Review them first", icon="arrow_forward")
        share, test, seed, button = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        share.slider("Hold-out, percent of the examples", 1, 50, 10, key="holdout_percent", format="%d%%")
        test.number_input("Test set, percent", 0, 49, 0, key="test_percent", help="Kept apart from both; 0 = none.")
        seed.number_input("Seed of the split", 0, 2**31 - 1, 0, key="split_seed")
        _more(workspace)
        going = long_work.running(workspace, "freeze")
        shown = act.show(f"freeze-{workspace.ledger.head()[0]}-{going}", scope="freeze")

        def do(_: str) -> str:
            plan = _plan()
            small = overview.n_in <= long_work.SMALL_EXAMPLES and plan["paraphrases"] != "meaning"
            with st.spinner("Splitting, and scanning for leaks"):
                made = long_work.run(workspace, "freeze", work.freeze_job, {"who": who, "plan": plan}, small=small)
            return "The freeze has begun; it goes on when this page is closed." if made is None else _said(made)

        with button:
            act.button(
                "Freeze",
                shown,
                "freeze",
                do,
                kind="primary",
                icon=":material/ac_unit:",
                guard=False,
                stretch=True,
                disabled=going,
            )
        long_work.panel(workspace, "freeze")
        if made := long_work.result(workspace, "freeze"):
            st.caption(f":material/info: The last freeze: {_said(made)}")


def _more(workspace: Workspace) -> None:
    """What few people change: strata by a field, and how questions in other words are told."""
    with st.expander("More about the split", icon=":material/tune:"):
        counts = _fields(workspace, str(workspace.path), workspace.ledger.head()[0])
        by, how = st.columns(2)
        by.selectbox(
            "Hold out a share of each value of a field",
            [None, *counts],
            format_func=lambda name: "no field" if name is None else _field(name, counts[name]),
            key="split_by",
            disabled=not counts,
            help="A field of the meta, such as a department: each of its values then has its share held out. System "
            "prompts are always treated so.",
        )
        how.selectbox(
            "Questions in other words",
            HOW,
            format_func=PARAPHRASES.__getitem__,
            key="split_paraphrases",
            help="Two questions that ask the same in other words stay on one side of the split where that is sure; "
            "where it is not, they stay in training.",
        )
        if not counts:
            st.caption("The examples have no field of meta to hold out by.")


def _field(name: str, n_values: int) -> str:
    return f"{render.cell(name)} ({wording.many(n_values, 'value')})"


@st.cache_data(show_spinner=False, max_entries=8)
def _fields(_workspace: Workspace, path: str, head: int) -> dict[str, int]:
    return freeze.fields(_workspace)


def _plan() -> dict[str, Any]:
    """The arguments of ``freeze.freeze`` that the form holds."""
    state = st.session_state
    return {
        "holdout_share": state["holdout_percent"] / 100,
        "test_share": state["test_percent"] / 100 or None,
        "seed": int(state["split_seed"]),
        "by": state.get("split_by"),
        "paraphrases": state.get("split_paraphrases", "letters"),
    }


def _said(made: dict[str, Any]) -> str:
    short = made["revision"][:8]
    return f"This very state was frozen before, as {short}." if made["already"] else f"Frozen as {short}."

"""Results: who won, by how much and how sure; go or no-go with reasons; failed prompts; files to take along."""

from typing import Any

import streamlit as st

from core import wording
from core.workspace import Workspace
from evaluation import queries, results, slices, study
from ui import act, failures, judged, panels, render, shell, signatures, studies, takeaway, verdict

shell.begin()


def unblinded(workspace: Workspace, state: dict[str, Any], who: str) -> bool:
    """Whether the result may be shown: the study is closed, or this person chose to look, which is written down."""
    if not state["open"]:
        return True
    peeked = f"peeked-{state['id']}"
    if st.session_state.get(peeked):
        st.warning(
            "The study is still open: do not vote in it any more, and tell no rater.", icon=":material/visibility:"
        )
        return True

    def look() -> None:
        study.record_peek(workspace, state["id"], who=who)
        st.session_state[peeked] = True

    with st.container(border=True):
        st.markdown("**The study is open.** Its result is shown once it is closed.")
        st.progress(
            min(1.0, state["votes"] / state["wanted"]), text=wording.of(state["votes"], state["wanted"], "votes")
        )
        st.caption(f"{wording.many(len(state['raters']), 'rater')} joined so far.")
        with st.container(horizontal=True, vertical_alignment="center"):
            shell.link(
                "side_by_side.py", "Rate, or close the study", icon="arrow_forward", query={"study": state["id"]}
            )
            with st.popover("Look now", icon=":material/visibility:", type="tertiary"):
                st.markdown(
                    "Looking tells you which model is ahead, and votes that follow are no longer independent of it. "
                    "Your name and the time are written to the ledger and shown with the result."
                )
                st.button("Look all the same", key="peek", on_click=act.guarded(look))
    return False


panels.title("Results", "Who won, by how much, and how sure; and which training examples to look at next.")
workspace = shell.workspace()
who = shell.who()
states = queries.studies(workspace)
if not states:
    panels.empty("No study was held yet.", "side_by_side.py", "Open one on Side by side")
    st.stop()
state = studies.chooser(states, key="result_study")
for name, at in study.peeks(workspace, state["id"]):
    st.caption(
        f":material/visibility: {render.plain(name)} saw this result before the end, {at[:16].replace('T', ' ')} UTC."
    )
if unblinded(workspace, state, who):
    found = results.study_results(workspace, state["id"])
    names = {"result": "Result", "slices": "By tag and source", "failed": "Failed prompts", "judge": "A model as judge"}
    chosen = st.segmented_control(
        "View",
        list(names),
        default="result",
        format_func=names.__getitem__,
        required=True,
        key="results_view",
        bind="query-params",
        label_visibility="collapsed",
    )
    if chosen == "failed":
        failures.draw(workspace, state["id"], found["worst"], who)
    elif chosen == "judge":
        judged.draw(workspace, state["id"], open_=state["open"])
    elif chosen == "slices":
        verdict.by_slice(slices.study_slices(workspace, state["id"]))
    else:
        verdict.draw(found, lambda: signatures.draw(workspace, state, found, who))
st.subheader("Files", anchor=False)
takeaway.draw(workspace, state)

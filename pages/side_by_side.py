"""Side by side: blind pairs from two models, judged by keyboard; and the studies that they belong to."""

import streamlit as st

from evaluation import queries
from ui import panels, rating_desk, rubric_editor, shell, studies

shell.begin()

panels.title("Side by side", "Two answers to one question. You are not told who wrote them; say which you would send.")
workspace = shell.workspace()
if shell.guest():
    rating_desk.draw_for_guest(workspace)
    st.stop()
who = shell.who()
states = queries.studies(workspace)
running = [state for state in states if state["open"]]
st.session_state.setdefault("side_view", "Rate" if running else "Studies")
view = st.segmented_control("View", ["Rate", "Studies"], key="side_view", required=True, label_visibility="collapsed")
if view == "Rate":
    if running:
        rating_desk.draw(workspace, studies.chooser(running, key="rating_study")["id"], who)
    else:
        panels.empty("No study is open. Open one under Studies, and raters will find its pairs here.")
else:
    evaluations = queries.evaluations(workspace)
    if evaluations:
        studies.create(workspace, evaluations, who)
        rubric_editor.draw(workspace, who)
    else:
        panels.empty("There are no answers to compare yet.", "evaluate.py", "Evaluate a run first")
    studies.listing(workspace, states, who)

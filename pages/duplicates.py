"""Duplicates: each cluster of near-identical examples, members side by side, and what another threshold would do."""

import streamlit as st

from curation import queries
from ui import cluster, desk, explorer, neighbours, panels, shell

shell.begin()
SCOPE = "duplicates"
SORTS = {
    "As reported": "severity",
    "Largest first": "largest",
    "Most alike first": "most alike",
    "Least alike first": "least alike",
}


def clusters(who: str) -> None:
    """The queue of clusters, in the order that a person chose."""
    neighbours.after_saving(workspace, SCOPE)
    queue = desk.family_queue(overview, "duplicates", SCOPE, sorts=SORTS)
    place = desk.current(workspace, queue, SCOPE)
    if place is None:
        desk.finished(workspace, SCOPE, who, "No cluster of duplicates is left to settle.")
    else:
        cluster.draw(workspace, place, who, SCOPE)


panels.title("Duplicates", "Rows that say the same, and what differs between them. Nothing is dropped unseen.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    shown_view = st.segmented_control(
        "View",
        ["Clusters", "Threshold"],
        default="Clusters",
        key="view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    if shown_view == "Threshold":
        explorer.draw(workspace, who)
    else:
        clusters(who)
        panels.stale(workspace, overview)

"""How far the review is, in one line; opened, how each check's findings were settled."""

from __future__ import annotations

import streamlit as st

from core.workspace import Workspace
from curation import progress, queries

HELP = (
    f"The mean of the times between your last {progress.ACTS_LOOKED_AT} acts, from the ledger; a gap of more than "
    f"{progress.PAUSE_S / 60:.0f} minutes is a pause and is left out. A batch is one act."
)


def draw(workspace: Workspace, overview: queries.Overview, who: str, n_left: int) -> None:
    """Draw the line, and the table when it is opened.

    Args:
        workspace: The open workspace.
        overview: The counts.
        who: The person whose pace is told.
        n_left: Open findings in the present view.
    """
    n_settled = sum(count.settled for count in overview.counts)
    total = overview.n_open + n_settled
    done = f"{n_settled:,} of {total:,} findings settled, {overview.n_open:,} left"
    label = f"Progress: {done}{_time(workspace, who, n_left)}"
    opened = st.expander(label, icon=":material/donut_large:", on_change="rerun", key="progress")
    if not opened.open:
        return
    with opened:
        st.dataframe(_table(workspace), hide_index=True, width="stretch", height="content")
        st.caption(f"Fixed: the check's own proposal was accepted. Pace: {HELP[0].lower()}{HELP[1:]}")


def _time(workspace: Workspace, who: str, n_left: int) -> str:
    found = progress.pace(workspace, who)
    if found is None or n_left == 0:
        return ""
    left = duration(progress.time_left_s(n_left, found))
    each = f"{found.seconds:.{0 if found.seconds >= 10 else 1}f} s each"
    return f"; at your pace ({each}) {left} for the {n_left:,} in this view"


def duration(seconds: float) -> str:
    """A rough time as people say it: ``about 40 minutes``, ``about 3.5 hours``."""
    if seconds < 90:
        return "about a minute"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} minutes"
    hours = seconds / 3600
    return f"about {hours:.1f} hours" if hours < 10 else f"about {hours:,.0f} hours"


def _table(workspace: Workspace) -> dict[str, list[str | int]]:
    rows = progress.settled(workspace)
    columns: dict[str, list[str | int]] = {"Check": [row.check for row in rows], "Found": [row.total for row in rows]}
    columns["Open"] = [row.open for row in rows]
    columns["Kept"] = [row.kept for row in rows]
    columns["Dropped"] = [row.dropped for row in rows]
    columns["Edited"] = [row.edited for row in rows]
    columns["Fixed"] = [row.fixed for row in rows]
    if any(row.gone for row in rows):
        columns["Gone"] = [row.gone for row in rows]
    for name, values in columns.items():
        values.append("All checks" if name == "Check" else sum(int(value) for value in values))
    return columns

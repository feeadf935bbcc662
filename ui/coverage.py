"""What the prompts are about: a map of their clusters, how large each is, and its most typical prompts."""

from __future__ import annotations

import altair as alt
import polars as pl
import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import coverage, queries
from curation.coverage import StoredMap
from curation.evidence.coverage import LEAST, ask
from ui import render

MOST_POINTS = 5_000
"""Prompts drawn at the most; of more, a sample that is the same each time."""

TYPICAL = 5
"""Prompts of a cluster that are shown."""

_NAMED = 14  # clusters whose names stand on the map
_LISTED = 11  # rows of the table that are seen without scrolling
_COLOURS = 7  # of the theme's palette, used in turn: neighbours in size differ


def draw(workspace: Workspace) -> None:
    """The section: the map, the table of clusters, and the typical prompts of one that is chosen."""
    st.subheader("What the prompts are about", anchor=False)
    stored = coverage.load(workspace)
    if stored == "broken":
        st.caption("The map cannot be read. Run the checks again to make it anew.")
        return
    if stored == "absent" or isinstance(stored, str):
        st.caption(f"There is no map yet. The checks draw one of {LEAST} prompts or more.")
        return
    if not coverage.fits(workspace, stored):
        st.caption("The dataset has changed since this map was made; run the checks again to bring it up to date.")
    _map(stored)
    _table(stored)
    _typical(workspace, stored)


def _map(stored: StoredMap) -> None:
    """The islands. Place and distance are approximate; a click would tell less than the table below."""
    points = stored.sample(MOST_POINTS)
    names = pl.DataFrame(
        {
            "cluster": [cluster.number for cluster in stored.clusters],
            "name": [render.cell(cluster.name) for cluster in stored.clusters],
            "size": [f"{cluster.size:,} of {stored.points.height:,} prompts" for cluster in stored.clusters],
        },
        schema={"cluster": pl.Int16(), "name": pl.String(), "size": pl.String()},
    )
    shown = points.join(names, on="cluster", how="left", maintain_order="left").with_columns(
        (pl.col("cluster") % _COLOURS).alias("colour")
    )
    plain_x = alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=12))
    plain_y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=12))
    dots = (
        alt.Chart(shown.select("x", "y", "name", "size", "colour"))
        .mark_circle(size=18, opacity=0.55)
        .encode(
            x=plain_x,
            y=plain_y,
            color=alt.Color("colour:N", legend=None),
            tooltip=[alt.Tooltip("name:N", title="words"), alt.Tooltip("size:N", title="cluster")],
        )
    )
    labels = (
        shown.filter(pl.col("cluster") < _NAMED)
        .group_by("cluster", "name")
        .agg(pl.col("x").mean(), pl.col("y").max())
        .sort("cluster")
    )
    text = (
        alt.Chart(labels.select("x", "y", "name"))
        .mark_text(dy=-10, fontSize=11, limit=170, color="gray")
        .encode(x=plain_x, y=plain_y, text="name:N")
    )
    largest = stored.clusters[0]
    st.altair_chart(
        alt.layer(dots, text).properties(height=440),
        alt=f"Map of {points.height:,} prompts in {len(stored.clusters)} clusters. The largest, {largest.name}, holds "
        f"{largest.size:,} of {stored.points.height:,}.",
        key="coverage-map",
    )
    st.caption(_said(stored, points.height))


def _said(stored: StoredMap, n_drawn: int) -> str:
    """How many prompts are drawn of how many, and how to read the map."""
    looked_at = stored.points.height
    how = "meaning (sentence embeddings)" if stored.by_meaning else "words"
    said = f"Each dot is a prompt. Prompts on one island are alike by their {how}; its area is its share."
    if n_drawn < looked_at:
        said += f" A sample of {n_drawn:,} of {looked_at:,} prompts is drawn."
    if looked_at < stored.total:
        said += f" {looked_at:,} of {stored.total:,} prompts were put into clusters, and shares are shares of these."
    return said


def _table(stored: StoredMap) -> None:
    """Every cluster with its size; names are words of the dataset, so they stand in cells that show only text."""
    rows = [
        {"words": render.cell(cluster.name), "prompts": cluster.size, "share": 100 * cluster.share}
        for cluster in stored.clusters
    ]
    st.dataframe(
        pl.DataFrame(rows, schema={"words": pl.String(), "prompts": pl.Int64(), "share": pl.Float64()}),
        column_config={
            "words": st.column_config.TextColumn("Words that set it apart"),
            "prompts": st.column_config.NumberColumn(f"Prompts, of {stored.points.height:,}", format="localized"),
            "share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100),
        },
        hide_index=True,
        height="content" if len(rows) <= _LISTED else 420,
        key="coverage-table",
    )


def _typical(workspace: Workspace, stored: StoredMap) -> None:
    """The most typical prompts of the chosen cluster."""
    chosen = st.selectbox(
        "Show prompts of",
        range(len(stored.clusters)),
        format_func=lambda number: render.cell(stored.clusters[number].name),
        key="coverage-cluster",
    )
    members = stored.members(chosen, TYPICAL)
    found: list[tuple[str, str]] = []
    gone = 0
    for member in members:
        try:
            found.append((f"{len(found) + 1}.", ask(queries.example(workspace, member).example)))
        except FinetoothError:
            gone += 1
    render.lines(found, limit=220)
    size = stored.clusters[chosen].size
    said = f"The {wording.many(len(found), 'most typical prompt')} of {size:,}."
    if gone:
        said += f" {wording.many(gone, 'example')} of them is no longer in the workspace."
    st.caption(said)

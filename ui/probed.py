"""What a fine-tune cost beside its task, on a page: each probe's figures, and the items behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import wording
from core.workspace import Workspace
from evaluation.probes import stored
from ui import figures, panels, render

PAGE_ROWS = 10


def draw(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    """The probes of an evaluation; a line that says so where it was made without."""
    st.subheader("What it may have cost", anchor=False)
    probes: Mapping[str, Mapping[str, Any]] = manifest["summary"].get("probes", {})
    if not probes:
        panels.empty("This evaluation was made without probes: forgetting was not measured.", icon="info")
        return
    for sentence in sentences(probes):
        st.markdown(render.plain(sentence))
    st.dataframe(
        {
            "Probe": [one["title"] for one in probes.values()],
            "Tuned": [_span(one, "tuned") for one in probes.values()],
            "Base": [_span(one, "base") for one in probes.values()],
            "Tuned − base": [_span(one, "difference") for one in probes.values()],
            "Noise": ["–" if (n := one["noise_floor"]) is None else _figure(one, n) for one in probes.values()],
            "Outcome": [one["outcome"] for one in probes.values()],
            "Scored": [f"{one['n']:,} of {one['n'] + one['n_not_scored']:,}" for one in probes.values()],
        },
        hide_index=True,
        height="content",
    )
    st.caption(
        "A change counts where its whole 95% interval lies on one side of zero and it exceeds the noise: how far the "
        "base model's own figure moves when it is asked the same in other words."
    )
    _items(workspace, manifest["id"], probes)


def sentences(probes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What got worse, or that nothing is shown to have, in words that claim no more than the figures do."""
    worse = [one["title"] for one in probes.values() if one["outcome"] == "worse"]
    unmeasured = [one["title"] for one in probes.values() if one["outcome"] == "not measured"]
    said = [f"Worse than the base model: {'; '.join(worse)}." if worse else "No probe shows that anything got worse."]
    return [*said, f"Not measured: {'; '.join(unmeasured)}."] if unmeasured else said


def _figure(one: Mapping[str, Any], value: float) -> str:
    return f"{value:.0%}" if one["percent"] else f"{value:.3f}"


def _span(one: Mapping[str, Any], which: str) -> str:
    return figures.span(one[which], percent=one["percent"], digits=3)


def _items(workspace: Workspace, evaluation_id: str, probes: Mapping[str, Mapping[str, Any]]) -> None:
    with st.expander("Item by item", icon=":material/list:"):
        chosen = st.selectbox(
            "Probe", list(probes), format_func=lambda name: probes[name]["title"], key=f"probe-{evaluation_id}"
        )
        one = probes[chosen]
        st.caption(render.plain(one["what"]))
        for kind, part in one["by_kind"].items():
            if kind and len(one["by_kind"]) > 1:
                before, after = _figure(one, part["base"]), _figure(one, part["tuned"])
                st.caption(render.plain(f"{kind}: base {before}, tuned {after}, {wording.many(part['n'], 'item')}"))
        page = stored.items(workspace, evaluation_id, chosen, better=one["better"], limit=PAGE_ROWS)
        st.markdown(
            f"{wording.of(page['n_lost'], page['total'], 'items')} got worse; the first {len(page['rows'])} are listed."
        )
        st.dataframe(
            {
                "Base": [row["base"] for row in page["rows"]],
                "Tuned": [row["tuned"] for row in page["rows"]],
                "Prompt": [render.cell(row["prompt"]) for row in page["rows"]],
                "Tuned said": [render.cell(row["tuned_reply"] or "") for row in page["rows"]],
                "Base said": [render.cell(row["base_reply"] or "") for row in page["rows"]],
                "Note": [render.cell(row["note"]) for row in page["rows"]],
            },
            hide_index=True,
            height="content",
        )

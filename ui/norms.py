"""The norms of the dataset: each as a sentence with its share, a bar, and the way to the answers that depart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import norms, queries
from curation.evidence.norms import LearnedNorm
from ui import render, shell

KEPT = 6
"""Norms that nobody breaks which are shown at once; the others unfold."""

ROW_PX = 980
"""Wide enough for a bar and what stands beside it; on a wide screen the two stay together."""

BAR = """<style>
.ft-share{position:relative;height:.5rem;max-width:44rem;margin:.3rem 0 .1rem;border-radius:.25rem;
background:rgba(214,69,56,.28)}
.ft-share i{position:absolute;left:0;top:0;bottom:0;border-radius:.25rem;background:#1b8a9b}
.ft-share b{position:absolute;top:-.15rem;bottom:-.15rem;width:2px;background:currentColor;opacity:.55}
</style>"""


def draw(workspace: Workspace) -> None:
    """The section: norms with departures first, then those that everybody keeps."""
    st.subheader("Norms", anchor=False)
    known = norms.load(workspace, current=False)
    if known is None:
        st.caption("Nothing is known about norms yet. Run the checks again to learn them.")
        return
    if not known:
        st.caption("No group of 20 answers or more does anything alike firmly enough to be called a norm.")
        return
    found = queries.reason_counts(workspace, sorted({norm.check for norm in known}))
    several = len({norm.group for norm in known}) > 1
    broken = sorted((norm for norm in known if norm.departures), key=lambda norm: (-norm.departures, norm.sentence))
    kept = sorted((norm for norm in known if not norm.departures), key=lambda norm: (-norm.total, norm.sentence))
    st.caption(
        "Learned from the dataset itself: the share of answers that do it, and the mark at the lower bound of that "
        "share (95 % confidence), which must reach 80 %. A house style outranks what was learned."
    )
    for norm in broken:
        _line(norm, found, several)
    shown, folded = (kept[:KEPT], kept[KEPT:]) if not broken else ([], kept)
    for norm in shown:
        _line(norm, found, several)
    if folded:
        with st.expander(f"{wording.many(len(folded), 'norm')} that no answer departs from"):
            for norm in folded:
                _line(norm, found, several)


def _line(norm: LearnedNorm, found: Mapping[tuple[str, str], Sequence[int]], several: bool) -> None:
    n_open, _ = found.get((norm.check, norm.reason), (0, 0))
    with st.container(horizontal=True, vertical_alignment="center", width=ROW_PX):
        st.html(_html(norm, several), width="stretch")
        if norm.departures and n_open:
            query = {"check": norm.check, "reason": norm.reason}
            shell.link("review.py", wording.many(norm.departures, "departure"), icon="arrow_forward", query=query)
        elif norm.departures:
            st.caption(f"{wording.many(norm.departures, 'departure')}, all settled", width="content")


def _html(norm: LearnedNorm, several: bool) -> str:
    share = norm.count / max(norm.total, 1)
    words, counts = render.escape(norm.sentence), f"<b>{norm.count:,} of {norm.total:,}</b>"
    if norm.declared:
        sentence, mark, title = f"By the house style, answers {words}: {counts}.", "", f"{share:.1%}"
    else:
        sentence = f"{counts} answers {words}."
        mark = f'<b style="left:{100 * norm.bound:.1f}%"></b>'
        title = f"{share:.1%}, lower bound {norm.bound:.1%}"
    where = f" <small>{render.escape(norm.group)}</small>" if several else ""
    return (
        f'{render.STYLE}{BAR}<div class="ft-note ft-text" style="white-space:normal">{sentence}{where}</div>'
        f'<div class="ft-share" title="{title}"><i style="width:{100 * share:.1f}%"></i>{mark}</div>'
    )

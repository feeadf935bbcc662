"""Whether a study's votes can be relied on, on a page: enough of them, blind, careful raters, faults seen alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import wording
from ui import figures, render


def look(found: Mapping[str, Any]) -> None:
    """Whether the votes are enough to decide, which is said at the planned look alone."""
    said = found["look"]
    if said is None:
        return
    icon = {True: "check_circle", False: "help", None: "hourglass_empty"}[said["enough"]]
    st.markdown(f":gray[:material/{icon}: {render.plain(said['sentence'])}]")


def weighted(found: Mapping[str, Any]) -> None:
    """All criteria as one score."""
    one = found["weighted"]
    if one is None:
        return
    weights = ", ".join(f"{found['rubric'][name]['title']} {weight:g}" for name, weight in one["weights"].items())
    st.caption(
        f"As one score, by weight ({render.plain(weights)}): tuned {figures.span(one['tuned'])}, "
        f"{render.plain(found['study']['against'])} {figures.span(one['base'])}, difference "
        f"{figures.span(one['difference'])}"
        + ("." if one["p_value"] is None else f"; p {wording.p_value(one['p_value'], '= ')}.")
    )


def faults(found: Mapping[str, Any]) -> None:
    """How far raters see the same faults."""
    rows = list(found["flag_agreement"].values())
    if not rows:
        return
    st.dataframe(
        {
            "Do raters see the same?": [one["title"] for one in rows],
            "Raw": [figures.span(one["raw_agreement"], percent=True) for one in rows],
            "Alpha": [figures.span(one["alpha_nominal"]) for one in rows],
            "AC1": [figures.span(one["ac1"]) for one in rows],
            "Where one saw it": [figures.span(one["positive"], percent=True) for one in rows],
            "Where one did not": [figures.span(one["negative"], percent=True) for one in rows],
        },
        hide_index=True,
        height="content",
    )
    st.caption(
        "Where one rater saw a fault, how often another saw it too. Where it is rare, alpha is low all the same."
    )


def raters(found: Mapping[str, Any]) -> None:
    """Each rater's repeats, gold pairs and hasty votes, and whether anybody knew the sides."""
    rows = [one for one in found["quality"] if one["n_votes"]]
    if rows:
        st.dataframe(
            {
                "Rater": [render.cell(one["rater"]) for one in rows],
                "Repeats judged alike": [figures.span(one["repeats_alike"], percent=True) for one in rows],
                "Same side twice": [one["sides_kept"] for one in rows],
                "Gold pairs right": [figures.span(one["gold_right"], percent=True) for one in rows],
                "Sooner than one can read": [one["too_fast"] for one in rows],
            },
            hide_index=True,
            height="content",
        )
    known, guessed = found["blinding"]["known"], found["blinding"]["guesses"]
    if known:
        st.warning(f"Not blind throughout: {render.plain('; '.join(known))}.", icon=":material/visibility:")
    elif guessed["n"]:
        st.caption(
            f"Asked at the end which side was tuned, raters were right in {guessed['right']} of {guessed['n']} guesses "
            f"({figures.span(guessed['share'], percent=True)}); one half is chance, so the study was blind."
        )

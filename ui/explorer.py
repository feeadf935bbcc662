"""The threshold explorer: what another threshold would do, before anybody sets it; no text is compared anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import project_settings, queries, thresholds
from curation.evidence.pairs import MOST_UNITS, PAIR_FLOOR
from curation.thresholds import Bin, NoTable, Pair, PairTable, WhatIf
from ui import act, desk, evidence, example, figures, members, panels, render

STEP = 0.01
SHOWN = 20
GOES, STAYS = "near-duplicates", "other pairs"
ROLES = (GOES, "-", "--", "---", "----", "-----", STAYS)
"""The palette's first colour and its grey."""
SKEWED = 40
WHY_NOT = {
    "absent": "The checks have not kept the similarities of pairs yet.",
    "stale": "The dataset has changed since the similarities were measured, so the counts would be wrong.",
    "broken": "The kept similarities cannot be read; they can be measured again at any time.",
}


def draw(workspace: Workspace, who: str) -> None:
    """The sliders, the counts, the histogram, the pairs on both sides of the line, and the button that sets it."""
    table = members.table_of(workspace)
    why = table.why if isinstance(table, NoTable) else ""
    if isinstance(table, PairTable) and not thresholds.fits(workspace, table):
        why = "stale"
    if isinstance(table, NoTable) or why:
        _again(workspace, WHY_NOT[why])
        return
    now = project_settings.read_settings(workspace)
    if (table.near, table.short) != (now.near_threshold, now.short_threshold):
        _again(workspace, f"The clusters were found at {table.near:.2f}; the setting is {now.near_threshold:.2f} now.")
    near, short = _sliders(table, now.near_threshold, now.short_threshold)
    there, here = table.what_if(near, short), table.what_if(now.near_threshold, now.short_threshold)
    _counts(table, there, here)
    _chart(table.histogram(near, short), near, now.near_threshold)
    _use(workspace, who, there, here)
    _reading(table)
    inside, outside = table.borderline(near, short, SHOWN)
    if inside or outside:
        desk.text_button()
    _pairs(workspace, inside, "Just above the line", "would be the first to stay if the threshold rose", there,
           "No pair above the line counts as near-duplicates.")  # fmt: skip
    _pairs(workspace, outside, "Just below the line", "would be the first to go if the threshold fell", there,
           "No pair below the line would count as near-duplicates if the threshold fell.")  # fmt: skip


def _again(workspace: Workspace, sentence: str) -> None:
    """What is missing, and the button that measures anew (duplicates only)."""
    if panels.checking(workspace):
        st.caption(f"{sentence} The check that is running measures them.")
        return
    shown = act.show(f"pairs-{workspace.ledger.head()[0]}-{sentence}", scope="pairs-again")
    with st.container(border=True):
        st.markdown(f":material/straighten: {sentence}")
        act.button(
            "Look for duplicates again",
            shown,
            "check",
            lambda _: panels.start_checks(workspace, ["duplicates"]),
            icon=":material/play_arrow:",
            guard=False,
        )


def _sliders(table: PairTable, near: float, short: float) -> tuple[float, float]:
    words, letters = st.columns([3, 2], gap="large", vertical_alignment="top")
    with words:
        chosen = st.slider(
            "Threshold: how alike two texts must be to count as near-duplicates",
            table.floor,
            1.0,
            max(table.floor, min(1.0, near)),
            STEP,
            format="%.2f",
            key="near",
            bind="query-params",
            help=members.SIMILARITY,
        )
    with letters:
        chosen_short = st.slider(
            "The same for short texts (under 15 words)",
            table.floor,
            1.0,
            max(table.floor, min(1.0, short)),
            STEP,
            format="%.2f",
            key="short",
            bind="query-params",
            help="One word changes what a short text means, so it is compared letter by letter, and more strictly.",
        )
    if table.floor > PAIR_FLOOR:
        st.caption(
            f"In a dataset of more than {MOST_UNITS:,} examples only the pairs from the thresholds of the check on are "
            f"kept, here from {table.floor:.2f}. To look below, set a lower one in finetooth.toml and check again."
        )
    return round(float(chosen), 4), round(float(chosen_short), 4)


def _counts(table: PairTable, there: WhatIf, here: WhatIf) -> None:
    """What the threshold would do, each with its denominator and with the count at the present setting."""
    present = f"{here.near:.2f}" if here.near != there.near else f"setting ({here.short:.2f} for short texts)"

    def beside(count: int, of: str = "") -> str:
        """What it is a part of, and the count now, where another threshold is looked at."""
        parts = [of] if of else []
        if (here.near, here.short) != (there.near, there.short):
            parts.append(f"{count:,} at the present {present}")
        return "; ".join(parts)

    panels.metrics(
        [
            (
                "Pairs of near-duplicates",
                f"{there.pairs:,}",
                beside(here.pairs, f"of {table.n_pairs:,} pairs looked at"),
            ),
            ("Clusters", f"{there.clusters:,}", beside(here.clusters)),
            ("Examples that would go", f"{there.gone:,}", beside(here.gone, f"of {there.examples:,}")),
        ]
    )


def _chart(bars: Sequence[Bin], near: float, now: float) -> None:
    """Pairs by similarity. The dashed line is the threshold chosen; a dotted one the present setting."""
    total = [bar.proposed + bar.other for bar in bars]
    full = [count for count in total if count]
    skewed = bool(full) and max(full) > SKEWED * sorted(full)[len(full) // 2]
    rows = [
        {
            **{"start": bar.start, "end": bar.end, "pairs": pairs, "role": role},
            "said": f"{pairs:,} of {bar.proposed + bar.other:,} pairs",
            "between": f"{bar.start:.2f} to {bar.end:.2f}",
        }
        for bar in bars
        for role, pairs in ((STAYS, bar.proposed + bar.other), (GOES, bar.proposed))
        if pairs
    ]
    if not rows:
        st.caption(f"No two examples are {bars[0].start:.2f} alike or more; there is nothing to draw.")
        return
    first, last = bars[0].start, bars[-1].end
    scale = alt.Scale(type="symlog") if skewed else alt.Scale(zero=True)
    drawn = (
        alt.Chart(pl.DataFrame(rows))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X(
                "start:Q",
                title="similarity of the whole conversations",
                scale=alt.Scale(domain=[first, last], nice=False),
                axis=alt.Axis(grid=False, format=".2f", tickCount=10),
            ),
            x2="end:Q",
            y=alt.Y(
                "pairs:Q",
                stack=None,
                title="pairs (logarithmic)" if skewed else "pairs",
                scale=scale,
                axis=alt.Axis(tickCount=4, format=",d", tickMinStep=1),
            ),
            y2=alt.datum(0),
            color=figures.colour((GOES, STAYS), ROLES),
            opacity=alt.Opacity("role:N", scale=alt.Scale(domain=[GOES, STAYS], range=[1, 0.5]), legend=None),
            tooltip=[alt.Tooltip("between:N"), alt.Tooltip("role:N"), alt.Tooltip("said:N")],
        )
    )
    chosen = alt.Chart(pl.DataFrame({"at": [near]}))
    line = chosen.mark_rule(strokeDash=[5, 3], strokeWidth=1.5, color="gray").encode(x="at:Q")
    layers: list[Any] = [drawn, line]
    if now != near:
        layers.append(
            alt.Chart(pl.DataFrame({"at": [now]})).mark_rule(strokeDash=[1, 3], color="gray").encode(x="at:Q")
        )
    proposed, of = sum(bar.proposed for bar in bars), sum(total)
    st.altair_chart(
        alt.layer(*layers).properties(height=240),
        alt=f"Histogram of {of:,} pairs by similarity from {first:.2f} to {last:.2f}. At the threshold {near:.2f}, "
        f"{proposed:,} of them are near-duplicates.",
    )
    st.caption(
        f"Dashed: the threshold chosen, {near:.2f}."
        + (f" Dotted: the present setting, {now:.2f}." if now != near else " It is the present setting.")
        + " Grey to its right: alike as a whole, but the question or the answer is not, or a number, a *not*, an "
        "opposite word or the system prompt differs."
    )


def _use(workspace: Workspace, who: str, there: WhatIf, here: WhatIf) -> None:
    """The button that makes the thresholds the project's own and looks for duplicates with them."""
    same = (there.near, there.short) == (here.near, here.short)

    def change(action_id: str) -> str:
        project_settings.set_thresholds(workspace, there.near, there.short, who, action_id=action_id)
        return (
            f"The threshold is {there.near:.2f} now ({there.short:.2f} for short texts); the duplicates are looked for "
            "again."
        )

    if same:
        label = "This is the present threshold"
    elif there.near == here.near:
        label = f"Use {there.short:.2f} for short texts"
    else:
        label = f"Use the threshold {there.near:.2f}"
        label += f", and {there.short:.2f} for short texts" if there.short != here.short else ""
    panels.setting_button(
        workspace,
        label,
        f"use-{there.near}-{there.short}",
        "threshold",
        change,
        ["duplicates"],
        same=same,
        caption="Looks for duplicates again with it. Nothing is dropped, and your decisions stay.",
    )


def _reading(table: PairTable) -> None:
    with st.expander("How to read these figures"):
        st.markdown(
            f"""
- **Pairs looked at** are the pairs that were found to be {table.floor:.2f} alike or more as whole conversations, each
  compared exactly. A net of hashes catches them first. From 0.70 up it misses next to none; below, it catches a pair of
  similarity *J* with the probability 1 − (1 − *J*⁴)³²: 0.99 at 0.60 and 0.87 at 0.50.
- **Near-duplicates** are only those pairs whose whole, prompt and answer *each* reach the threshold, and that differ
  in no number, code, negation, opposite word (left, right) or system prompt.
- **Examples that would go** are the ones that a check at this threshold would propose for dropping; one stays in each
  cluster. {wording.many(table.n_equal, "example")} more that equal another but for case, punctuation and spaces go at
  any threshold and {"is" if table.n_equal == 1 else "are"} not counted here. Identical rows count as one example.
"""
        )


def _pairs(workspace: Workspace, pairs: Sequence[Pair], title: str, words: str, at: WhatIf, none: str) -> None:
    """One pair at a time from one side of the line, with what differs marked; ``none`` is said where there is none."""
    st.subheader(title, anchor=False)
    if not pairs:
        st.caption(none)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"The {wording.many(len(pairs), 'pair')} closest to it {words}.", width="content")
        number = 1
        if len(pairs) > 1:
            number = st.pagination(len(pairs), max_visible_pages=5, key=f"pair-{title}-{at.near}-{at.short}")
    pair = pairs[number - 1]
    _figures(pair, at)
    left, right = queries.example(workspace, pair.left), queries.example(workspace, pair.right)
    marks = render.twin_marks(left.example.messages, right.example.messages)
    evidence.compared_by(marks[2])
    for column, side, marked in zip(st.columns(2, gap="medium"), (left, right), marks[:2], strict=True):
        with column:
            example.draw(side, marked)


def _figures(pair: Pair, at: WhatIf) -> None:
    """The three similarities; the one that decides is bold."""
    said = []
    margins = {}
    for view in thresholds.VIEWS:
        needed = at.short if view in pair.short else at.near
        margins[view] = getattr(pair.sides, view) - needed
    decides = min(margins, key=lambda view: margins[view])
    for view in thresholds.VIEWS:
        score = f"{view} {getattr(pair.sides, view):.2f}"
        score = f"**{score}**" if view == decides else score
        said.append(score + (f" (short: against {at.short:.2f})" if view in pair.short else ""))
    st.markdown(f":gray[{' · '.join(said)}]", help="The bold figure is the one closest to its threshold: it decides.")

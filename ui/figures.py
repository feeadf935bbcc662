"""Charts of the app: intervals, shares and curves, in the theme's colours, each with the words that say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

ROLES = ("tuned", "base", "memory", "fits", "both bad", "hold-out", "both good")
"""What stands in which colour of the theme's palette, in its order: teal, amber, purple, green, red, blue, grey."""


def colour(used: Sequence[str], roles: Sequence[str] = ROLES, *, legend: bool = True, beside: str = "base") -> Any:
    """A colour scale in which every role keeps its colour in all charts; ``beside`` names who has the base's place."""
    shown = [role for role in roles if role in used]
    key = (
        alt.Legend(
            values=shown,
            orient="top",
            title=None,
            symbolType="square",
            symbolOpacity=1,
            labelExpr=f"datum.label == 'base' ? {json.dumps(beside)} : datum.label",
        )
        if legend and len(shown) > 1
        else None
    )
    return alt.Color("role:N", scale=alt.Scale(domain=list(roles)), legend=key)


def span(estimate: Mapping[str, Any], *, percent: bool = False, digits: int = 2) -> str:
    """A figure with its interval in words: ``61% (48% to 73%)``; or why it is missing."""

    def one(value: float) -> str:
        return f"{value:.0%}" if percent else f"{value:.{digits}f}"

    if estimate.get("value") is None:
        return str(estimate.get("reason") or "not measured")
    if estimate.get("low") is None or estimate.get("high") is None:
        return one(estimate["value"])
    return f"{one(estimate['value'])} ({one(estimate['low'])} to {one(estimate['high'])})"


def intervals(
    rows: Sequence[tuple[str, str, Mapping[str, Any]]],
    *,
    axis: tuple[float, float],
    mark: float | None = None,
    percent: bool = False,
    alt_text: str,
    beside: str = "base",
) -> None:
    """One line a figure: a dot with its 95 % interval, over one axis.

    Args:
        rows: Label, role (its colour), estimate with ``value``, ``low``, ``high``; those without a value are left out.
        axis: The axis's ends.
        mark: Where a line stands for "no difference"; None = none.
        percent: Whether values are shares.
        alt_text: What the chart says, in words.
        beside: What the legend calls the model in the base's place.
    """
    data = [
        {
            "label": label,
            "role": role,
            "said": span(e, percent=percent),
            **{k: e.get(k) for k in ("value", "low", "high")},
        }
        for label, role, e in rows
        if e.get("value") is not None
    ]
    if not data:
        return
    frame = pl.DataFrame(data, infer_schema_length=None)
    names = list(dict.fromkeys(label for label, _, e in rows if e.get("value") is not None))
    number = alt.Axis(format="%" if percent else "", grid=True, title=None, tickCount=6)
    place = alt.Y(
        "label:N",
        sort=names,
        title=None,
        scale=alt.Scale(padding=0.4),
        axis=alt.Axis(labelLimit=260, domain=False, ticks=False),
    )
    base = alt.Chart(frame).encode(
        y=place,
        color=colour([role for _, role, _ in rows], beside=beside),
        tooltip=[alt.Tooltip("label:N"), alt.Tooltip("said:N")],
    )
    scale = alt.Scale(domain=list(axis), nice=False)
    lines = base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=alt.X("low:Q", scale=scale, axis=number), x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1).encode(x=alt.X("value:Q", scale=scale, axis=number))
    layers: list[Any] = [lines, dots]
    if mark is not None:
        rule = alt.Chart(pl.DataFrame({"at": [mark]})).mark_rule(strokeDash=[4, 3], color="gray")
        layers.insert(0, rule.encode(x=alt.X("at:Q", scale=scale)))
    chart = alt.layer(*layers).properties(height=32 * len(names) + 95)
    st.altair_chart(chart, alt=alt_text)


def shares(
    parts: Sequence[tuple[str, str, float]],
    *,
    alt_text: str,
    unit: str = "",
    roles: Sequence[str] = ROLES,
    beside: str = "base",
) -> None:
    """One bar of parts that add up to a whole.

    Args:
        parts: Label, role (its colour), amount; in the order in which they are drawn.
        alt_text: What the chart says, in words.
        unit: Of the amounts.
        roles: Order of the roles that have colours.
        beside: What the legend calls the model in the base's place.
    """
    data = [
        {"part": label, "role": role, "amount": float(amount), "order": place, "said": f"{amount:,.4g} {unit}".strip()}
        for place, (label, role, amount) in enumerate(parts)
        if amount > 0
    ]
    if not data:
        return
    chart = (
        alt.Chart(pl.DataFrame(data))
        .mark_bar(size=26)
        .encode(
            x=alt.X("amount:Q", stack="zero", title=unit or None, axis=alt.Axis(grid=False, tickCount=6)),
            color=colour([role for _, role, amount in parts if amount > 0], roles, beside=beside),
            order=alt.Order("order:Q"),
            tooltip=[alt.Tooltip("part:N"), alt.Tooltip("said:N")],
        )
        .properties(height=96)
    )
    st.altair_chart(chart, alt=alt_text)

"""The members of a cluster: a short list to choose from, and how alike the chosen one is to the one on the left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.workspace import Workspace
from curation import queries, thresholds
from curation.thresholds import NoTable, PairTable, Sides
from ui import example, render

PAGE = 5
PAGER_PIXELS = 260
"""Room for five numbers; a pager that takes what is left of its row shows just one."""
SIMILARITY = (
    "How much of the wording two texts share, from 0 to 1: the runs of three words that both have, out of all that "
    "either has (Jaccard similarity). Texts under 15 words are compared by runs of five characters."
)


@dataclass(slots=True)
class _Place:
    """Which member stands on the right. ``turns`` is new after each step by key, so that the list follows it."""

    index: int = 0
    turns: int = 0


def table_of(workspace: Workspace) -> PairTable | NoTable:
    """The pair table of the last check, whatever was decided since; read once for each check."""
    meta = workspace.path / thresholds.FOLDER / "meta.json"
    made_ns = meta.stat().st_mtime_ns if meta.is_file() else 0
    return _table(workspace, str(workspace.path), made_ns)


@st.cache_resource(show_spinner=False, max_entries=2)
def _table(_workspace: Workspace, path: str, made_ns: int) -> PairTable | NoTable:
    return thresholds.load(_workspace, current=False)


def sides_of(workspace: Workspace, view: queries.FindingView) -> list[Sides | None]:
    """The similarities of each related example to the finding's own; None where they were not measured."""
    table = table_of(workspace)
    if isinstance(table, NoTable):
        return [None] * len(view.finding.related)
    return _sides(table, f"{table.dataset_key}-{table.near}-{table.short}", view.id, view.finding.members)


@st.cache_data(show_spinner=False, max_entries=64)
def _sides(_table: PairTable, table_key: str, finding_id: str, _members: tuple[str, ...]) -> list[Sides | None]:
    return _table.sides(_members[0], _members[1:])


def choose(workspace: Workspace, view: queries.FindingView, sides: list[Sides | None]) -> int:
    """Which of the related examples stands on the right (its index); among several, a list to choose from."""
    related = view.finding.related
    if len(related) == 1:
        return 0
    held = st.session_state.get(f"beside-{view.id}")
    place = held if isinstance(held, _Place) else _Place()
    pages = -(-len(related) // PAGE)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{len(related):,} others in this cluster**", width="content")
            st.caption("The chosen one stands on the right.", width="content")
            st.button(
                "Next member",
                key=f"member-next-{view.id}-{place.turns}",
                icon=":material/arrow_downward:",
                shortcut="M",
                type="tertiary",
                on_click=step,
                args=(view.id, len(related)),
            )
            page = place.index // PAGE
            if pages > 1:
                key = f"member-page-{view.id}-{place.turns}"
                page = st.pagination(pages, default=page + 1, max_visible_pages=5, width=PAGER_PIXELS, key=key) - 1
        first = page * PAGE
        chosen = place.index - first if 0 <= place.index - first < PAGE else 0
        row = _list(workspace, view, sides, first, chosen, place.turns)
    index = min(first + row, len(related) - 1)
    st.session_state[f"beside-{view.id}"] = _Place(index, place.turns)
    return index


def step(finding_id: str, n: int) -> None:
    """Put the next of a cluster's ``n`` other members on the right."""
    held = st.session_state.get(f"beside-{finding_id}")
    place = held if isinstance(held, _Place) else _Place()
    st.session_state[f"beside-{finding_id}"] = _Place((place.index + 1) % n, place.turns + 1)


def _list(
    workspace: Workspace, view: queries.FindingView, sides: list[Sides | None], first: int, chosen: int, turns: int
) -> int:
    """One page of the members as a table; returns the chosen row."""
    ids = view.finding.related[first : first + PAGE]
    seen = {member.id: member for member in queries.members(workspace, ids)}
    shown, table = sides[first : first + PAGE], table_of(workspace)
    measured = isinstance(table, PairTable) and any(side is not None for side in sides)
    columns: dict[str, list[object]] = {
        "Member": [f"{first + k + 1:,}" for k in range(len(ids))],
        "Row": [_where(seen.get(one)) for one in ids],
        "State": [example.STATES.get(seen[one].state, ("", ""))[0] if one in seen else "gone" for one in ids],
    }
    config = {"Member": st.column_config.TextColumn(width=70)}
    if measured:
        for name in thresholds.VIEWS:
            columns[name.capitalize()] = [None if side is None else getattr(side, name) for side in shown]
            config[name.capitalize()] = st.column_config.ProgressColumn(
                format="%.2f", min_value=0, max_value=1, width=110, help=SIMILARITY
            )
    event = st.dataframe(
        columns,
        key=f"members-{view.id}-{first}-{turns}",
        column_config=config,
        hide_index=True,
        height="content",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [min(chosen, len(ids) - 1)]}},
        on_select="rerun",
        alt=f"Members {first + 1:,} to {first + len(ids):,} of {len(sides):,}, with their similarity to the left one",
    )
    if isinstance(table, PairTable) and measured and None in shown:
        st.caption(f"No figure: as a whole, less than {table.floor:.2f} alike to the one on the left.")
    rows = event["selection"]["rows"]
    return int(rows[0]) if rows and rows[0] < len(ids) else min(chosen, len(ids) - 1)


def _where(member: queries.MemberView | None) -> str:
    """Where a member comes from, in a table's cell (which draws text as it is)."""
    if member is None or not member.lines:
        return "an edited example" if member else "no longer in the workspace"
    (name, line), more = member.lines[0], len(member.lines) - 1
    return f"{render.cell(Path(name).name)}, line {line:,}" + (f" and {more:,} more" if more else "")


def alike(sides: Sides | None) -> None:
    """The three similarities of the pair on screen, in one line."""
    if sides is None:
        return
    said = " · ".join(f"{name} {getattr(sides, name):.2f}" for name in thresholds.VIEWS)
    st.caption(f"How alike the two are: {said}", help=SIMILARITY)

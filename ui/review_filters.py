"""What the review queue holds and in which order: all of it stands in the address, so that a view is a link."""

from __future__ import annotations

import streamlit as st

from core.workspace import Workspace
from curation import gain, queries
from ui import desk

ORDER_HELP = (
    "**severity**: what blocks training first. **check**: one kind after the other. **example**: all findings on one "
    "example together. **cluster**: the largest groups of rows first, those on the same example together. "
    f"**expected gain**: what most rows would profit from first. {gain.EXPLAINED}"
)
WHOSE_HELP = (
    "**mine**: findings on examples that you decided about, and on what you edited them into: what you settled, and "
    "what is still open on them. **all**: everybody's. What others have open now is passed over in either."
)


def queue(workspace: Workspace, overview: queries.Overview, who: str, scope: str) -> desk.Queue:
    """The filters, and the queue that they make."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.popover(_label(), icon=":material/filter_list:"):
            checks = st.multiselect(
                "Checks", [c.check for c in overview.counts], key="check", bind="query-params", placeholder="all"
            )
            reasons = st.multiselect(
                "Reasons", _reasons(workspace, tuple(checks)), key="reason", bind="query-params", placeholder="all"
            )
            safe = st.segmented_control(
                "Fix", ["any", "safe", "other"], default="any", key="fix", bind="query-params",
                help="**safe**: accepting the fix without a look cannot change what the data teaches.",
            )  # fmt: skip
        state = st.segmented_control(
            "State", ["open", "settled", "all"], default="open", key="state", bind="query-params", required=True
        )
        whose = st.segmented_control(
            "Whose", ["all", "mine"], default="all", key="whose", bind="query-params", required=True, help=WHOSE_HELP
        )
        order = st.segmented_control(  # not a select box: that would keep the focus, and swallow the next key
            "Order",
            list(queries.ORDERS),
            default="severity",
            key="order",
            bind="query-params",
            required=True,
            help=ORDER_HELP,
            on_change=desk.to_the_first,
            args=(scope,),
        )
    return desk.Queue(
        checks=tuple(checks),
        state=state or "open",
        safe={"safe": True, "other": False}.get(safe or "any"),
        order=order or "severity",
        reasons=tuple(reasons),
        decided_by=who if whose == "mine" else None,
    )


def part_of(overview: queries.Overview, held: desk.Queue, total: int) -> str:
    """What a narrowed queue is a part of: ``of 27,122 open in all``; empty where it is all of them."""
    n_settled = sum(count.settled for count in overview.counts)
    whole = {"open": overview.n_open, "settled": n_settled}.get(held.state, overview.n_open + n_settled)
    state = "" if held.state == "all" else f" {held.state}"
    return "" if whole == total else f"(of {whole:,}{state} in all)"


def _label() -> str:
    """The button's words, with how many filters are set."""
    chosen = [st.session_state.get(key) or st.query_params.get_all(key) for key in ("check", "reason")]
    fix = st.session_state.get("fix") or st.query_params.get("fix", "any")
    n = sum(len(many) for many in chosen) + (fix != "any")
    return f"Filter ({n})" if n else "Filter"


def _reasons(workspace: Workspace, checks: tuple[str, ...]) -> list[str]:
    """What can be chosen; a reason in the address stays, although its last finding may be settled."""
    known = {reason for _, reason in queries.reason_counts(workspace, checks)}
    return sorted(known | set(st.session_state.get("reason", ())) | set(st.query_params.get_all("reason")))

"""Consistency: what the dataset's own majority does, who departs from it, and the fixes that are safe to accept."""

import streamlit as st

from core import wording
from curation import actions, queries
from ui import act, coverage, house_style, norms, panels, render, shell, tone_marks

shell.begin()
PREVIEWED = 20
ELSEWHERE = ("duplicates", "contradictions")


def preview(check: queries.CheckCount) -> None:
    """Up to twenty of a check's safe fixes (of its findings, where it has none), with what would change."""
    safe = True if check.safe else None
    page = queries.findings(workspace, checks=(check.check,), safe=safe, limit=PREVIEWED, order="check")
    for view in page.items:
        with st.container(border=True):
            render.note(view.finding.message)
            own = queries.example(workspace, view.finding.example_id)
            fixed = queries.preview(workspace, view.id)
            if fixed is None:
                marks = render.span_marks(view.finding.spans, own.example.id, own.example.id)
                render.excerpts(own.example.messages, marks)
                continue
            gone, new, _ = render.twin_marks(own.example.messages, fixed, ("gone", "new"))
            before, after = st.columns(2)
            with before:
                render.excerpts(own.example.messages, gone)
            with after:
                render.excerpts(fixed, new)
    st.caption(f"{wording.of(len(page.items), page.total, 'safe fixes' if safe else 'open findings')} shown.")


def accept(checks: list[queries.CheckCount], which: str, item: str, who: str) -> None:
    """The button that accepts all safe fixes of some checks, as one batch with one undo."""
    n_safe = sum(c.safe for c in checks)

    def do(action: str) -> str:
        done = actions.accept_all(workspace, who=who, checks=[c.check for c in checks], action_id=action)
        st.session_state["consistency_skipped"] = done.skipped
        return (
            f"{wording.many(done.n_findings, 'fix', 'fixes')} accepted: "
            f"{done.n_edited:,} edited, {done.n_dropped:,} dropped. One undo takes all of it back."
        )

    if not n_safe:
        st.caption("No safe fix is left here.", width="content")
        return
    shown = act.show(f"{item}-{n_safe}", scope=item)
    act.button(
        f"Accept {which} {wording.many(n_safe, 'safe fix', 'safe fixes')}".replace("  ", " "),
        shown,
        "accept-all",
        do,
        icon=":material/done_all:",
        disabled=not n_safe,
        guard=False,
    )


def undo(who: str) -> None:
    """Takes back the last act or batch."""
    shown = act.show(f"undo-{workspace.ledger.head()[0]}", scope="consistency-undo")

    def do(action: str) -> str:
        return f"{wording.many(len(actions.undo(workspace, who=who, action_id=action)), 'decision')} undone."

    act.button("Undo", shown, "undo", do, shortcut="Z", icon=":material/undo:", kind="tertiary")


def check_panel(check: queries.CheckCount, who: str) -> None:
    """One check: what it looks for, how much is open, a preview, its safe fixes, and the way to review."""
    with st.container(border=True):
        words, doing = st.columns([5, 4], vertical_alignment="center")
        with words, st.container(gap="xxsmall"):
            st.markdown(f"{panels.badge(check.severity)} **{render.plain(check.title)}**")
            st.caption(
                f"{wording.of(check.open, check.open + check.settled, 'findings')} open, "
                f"{wording.many(check.safe, 'safe fix', 'safe fixes')} · {render.plain(check.check)}"
            )
        with doing, st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
            if check.open:
                st.toggle("Preview", key=f"preview-{check.check}")
                if check.safe:
                    accept([check], "", f"accept-{check.check}", who)
                shell.link("review.py", "Review", icon="arrow_forward", query={"check": check.check})
        if st.session_state.get(f"preview-{check.check}"):
            preview(check)


def departures(who: str) -> None:
    """Every check with findings, and the buttons that accept and undo."""
    counted = [c for c in overview.counts if c.family not in ELSEWHERE]
    if not counted:
        panels.empty("The checks found nothing to settle here.", "dataset.py", "Freeze the dataset", icon="task_alt")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        accept(counted, "all", "accept-all", who)
        undo(who)
        st.caption("Safe means that it cannot change what the data teaches. One undo takes the whole batch back.")
    for sentence in st.session_state.pop("consistency_skipped", ()):
        render.note(f"Left as it was: {sentence}")
    for family in dict.fromkeys(c.family for c in counted):
        st.subheader(family.capitalize(), anchor=False)
        for counted_check in (c for c in counted if c.family == family):
            check_panel(counted_check, who)


panels.title("Consistency", "What most of your rows do, which depart from it, and what else is wrong with a row.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    panels.stale(workspace, overview)
    norms.draw(workspace)
    house_style.draw(workspace, who)
    departures(who)
    tone_marks.draw(workspace)
    coverage.draw(workspace)
    if overview.notes or overview.seconds:
        with st.expander("Notes of the last run of the checks"):
            for sentence in overview.notes:
                render.note(sentence)
            if overview.seconds:
                render.note(f"The checks took {wording.costs(overview.seconds)}.")

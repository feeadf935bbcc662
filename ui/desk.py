"""One finding at a time from a queue: where a person is in it, where they go next, and how the last act is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import wording
from core.types import Decision
from core.workspace import Workspace
from curation import actions, queries
from curation.overtaken import OvertakenError
from curation.reservations import Reservation
from ui import act, keys, panels, reserved
from ui.act import Shown

KEYS = (
    ("K", "keep: you looked, it stays; settles this finding only"),
    ("D", "drop the example from the dataset"),
    ("E", "edit the example"),
    ("A", "accept the proposed fix"),
    ("S", "skip for now, without a decision"),
)
"""Of the review queue."""
EVERYWHERE = (
    ("Z, Y", "undo, redo your last act"),
    ("N, P or the arrow keys", "next, previous"),
    ("O", "take over what somebody else has open"),
    ("F", "show all text, or fold long turns again"),
    ("? or H", "show or hide these keys"),
)
KEYS_NOTE = "Keys are off while you type. Pressing a key several times in a hurry makes one decision."
WINDOW = 30


@dataclass(frozen=True, slots=True)
class Queue:
    """Which findings, in which order."""

    families: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    state: str = "open"
    safe: bool | None = None
    order: str = "severity"
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None

    @property
    def which(self) -> queries.Filter:
        """The findings in it, whatever their order."""
        return queries.Filter(
            self.families, self.checks, self.state, self.safe, reasons=self.reasons, decided_by=self.decided_by
        )

    def page(self, workspace: Workspace, offset: int, limit: int) -> queries.FindingPage:
        """Some of its findings."""
        return queries.findings(
            workspace,
            families=self.families,
            checks=self.checks,
            state=self.state,
            safe=self.safe,
            reasons=self.reasons,
            decided_by=self.decided_by,
            order=self.order,
            offset=offset,
            limit=limit,
        )

    def rank(self, workspace: Workspace, finding_id: str) -> int | None:
        """The 0-based place of a finding in it; None where it is not part of it."""
        return queries.rank(workspace, finding_id, self.which, order=self.order)


@dataclass(frozen=True, slots=True)
class Held:
    """Where a person stood at the last look: the finding, its place, and those that followed it."""

    queue: Queue
    id: str
    index: int
    following: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is now. ``index`` is 0-based; ``following`` is empty at the end of the queue.

    ``free`` is the next one that nobody else has open; ``other`` says who has this one open.
    """

    view: queries.FindingView
    index: int
    total: int
    previous: str | None
    following: tuple[str, ...]
    free: str | None = None
    other: Reservation | None = None

    @property
    def next(self) -> str | None:
        """The finding to go to after this one: the next that is free, or the very next where none is."""
        return self.free or (self.following[0] if self.following else None)


def current(workspace: Workspace, queue: Queue, scope: str) -> Place | None:
    """The finding to show: the one in the address, else where the person was, else what followed it, else the first.

    None means that the queue is empty.
    """
    held = st.session_state.get(f"desk-{scope}")
    if not isinstance(held, Held) or held.queue != queue:
        held = Held(queue, "", 0, ())
    wanted = st.query_params.get("finding")
    if wanted and wanted != held.id:
        index = queue.rank(workspace, wanted)
        if index is None:
            st.caption(
                "The finding in the address is not in this view: it is settled, or the last check did not find it."
            )
        held = Held(queue, wanted, index or 0, ())
    start = max(0, held.index - WINDOW)
    page = queue.page(workspace, start, 2 * WINDOW)
    if page.total and not page.items:
        start, page = 0, queue.page(workspace, 0, 2 * WINDOW)
    ids, taken = [view.id for view in page.items], reserved.elsewhere(workspace)
    if held.id not in ids and st.session_state.get(f"stay-{scope}") == held.id and held.id:
        view, at = queries.finding(workspace, held.id), max(held.index - start, 0)  # somebody else settled it
        rest = page.items[at:]
    elif not ids:
        st.session_state.pop(f"desk-{scope}", None)
        return None
    else:
        at = _choose(page.items, held, held.index - start, taken)
        view, rest = page.items[at], page.items[at + 1 :]
    rest = rest[:WINDOW]
    free = reserved.first_free(rest, taken)
    place = Place(
        view,
        start + at,
        page.total,
        ids[at - 1] if 0 < at <= len(ids) else None,
        tuple(one.id for one in rest),
        None if free is None else rest[free].id,
        reserved.hold(workspace, view, scope),
    )
    st.session_state[f"desk-{scope}"] = Held(queue, place.view.id, place.index, place.following)
    if st.query_params.get("finding") != place.view.id:
        st.query_params["finding"] = place.view.id
    return place


def _choose(items: Sequence[queries.FindingView], held: Held, usual: int, taken: frozenset[str]) -> int:
    """The place of the finding to show: where the person was, else the first free one from what followed on."""
    places = {view.id: n for n, view in enumerate(items)}
    if held.id in places:
        return places[held.id]
    followed = [places[one] for one in held.following if one in places]
    start = followed[0] if followed else min(max(usual, 0), len(items) - 1)
    free = reserved.first_free(items[start:], taken)
    return start if free is None else start + free


def seen(workspace: Workspace, shown: Shown) -> int:
    """The last ledger entry at the time this item appeared: what the person decides upon."""
    held: int = st.session_state.setdefault(f"seen-{shown.nonce}", workspace.ledger.head()[0])
    return held


def overtaken(scope: str, shown: Shown, finding_id: str) -> None:
    """Somebody else was first: the item stays on screen as it stands now, settled or not."""
    st.session_state.pop(f"seen-{shown.nonce}", None)
    st.session_state[f"stay-{scope}"] = finding_id


def family_queue(
    overview: queries.Overview, family: str, scope: str, *, sorts: Mapping[str, str] | None = None
) -> Queue:
    """The queue of one family, with a filter on its checks and on what is settled; all of it stands in the address.

    Args:
        overview: The counts.
        family: Such as ``duplicates``.
        scope: The page.
        sorts: The orders that can be chosen, by the words for them, the usual one first; None = no choice.
    """
    checks = [c for c in overview.counts if c.family == family]
    n_open, n_all = sum(c.open for c in checks), sum(c.open + c.settled for c in checks)
    short = {c.check: c.check.partition(".")[2] for c in checks}
    each = ", ".join(f"{c.open:,} {short[c.check]}" for c in checks)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.pills(
            f"{wording.of(n_open, n_all, 'findings')} open: {each}",
            list(short),
            selection_mode="multi",
            format_func=short.__getitem__,
            key=f"{scope}_check",
            bind="query-params",
            help="\n".join(f"- **{short[c.check]}**: {c.title}." for c in checks),
        )
        state = st.segmented_control(
            "State", ["open", "settled", "all"], default="open", key=f"{scope}_state", bind="query-params"
        )
        order = "severity"
        if sorts:
            usual = next(iter(sorts))
            chosen = st.segmented_control(  # not a select box: that would keep the focus, and swallow the next key
                "Sort",
                list(sorts),
                default=usual,
                key=f"{scope}_sort",
                bind="query-params",
                on_change=to_the_first,
                args=(scope,),
            )
            order = sorts[chosen or usual]
    return Queue(families=(family,), checks=tuple(wanted), state=state or "open", order=order)


def finished(workspace: Workspace, scope: str, name: str, sentence: str) -> None:
    """The end of a queue: what was reached, the last undo, and where to go on."""
    with st.container(horizontal=True):
        undo_buttons(workspace, scope, name)
    panels.empty(sentence, "review.py", "Go on to review", icon="task_alt")


def go(scope: str, finding_id: str | None) -> None:
    """Show this finding next (its place is looked up if it lies far off)."""
    held = st.session_state.get(f"desk-{scope}")
    if finding_id is None or not isinstance(held, Held):
        return
    step = held.following.index(finding_id) + 1 if finding_id in held.following else 0
    following = held.following[step:]
    st.session_state.pop(f"stay-{scope}", None)
    st.session_state[f"desk-{scope}"] = Held(held.queue, finding_id, held.index + step, following)
    st.query_params["finding"] = finding_id


def to_the_first(scope: str) -> None:
    """A new order is read from its start."""
    st.session_state.pop(f"desk-{scope}", None)
    st.query_params.pop("finding", None)


def then_next(scope: str, place: Place, do: act.Do, shown: Shown | None = None) -> act.Do:
    """The act, and after it the next finding; with ``shown``, it stays where somebody else was first."""

    def acted(action_id: str) -> str | None:
        try:
            sentence = do(action_id)
        except OvertakenError:
            if shown is not None:
                overtaken(scope, shown, place.view.id)
            raise
        go(scope, place.next)
        return sentence

    return acted


def navigation(place: Place, scope: str, shown: Shown, *, unit: str = "findings", whole: str = "") -> None:
    """Previous and next with their keys, and how far the person is; ``whole`` says what the queue is a part of."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, key, target, verb, icon in (
            ("Previous", "P", place.previous, "previous", "arrow_back"),
            ("Next", "N", place.next, "next", "arrow_forward"),
        ):
            st.button(
                label,
                key=shown.key(f"go-{verb}"),
                icon=f":material/{icon}:",
                type="tertiary",
                shortcut=key,
                disabled=target is None,
                on_click=go,
                args=(scope, target),
            )
        st.markdown(f"**{place.index + 1:,}** of {place.total:,} {unit}" + (f" :gray[{whole}]" if whole else ""))
        for label, key, target, verb in (
            ("\N{NO-BREAK SPACE}", "Left", place.previous, "left"),
            ("\N{NO-BREAK SPACE}", "Right", place.next, "right"),
        ):
            st.button(
                label,
                key=shown.key(f"go-{verb}"),
                type="tertiary",
                shortcut=key,
                disabled=target is None,
                on_click=go,
                args=(scope, target),
            )
        text_button()
        keys_button()
    reserved.banner(place.view, place.other, scope)


def text_button() -> None:
    """Show all text, or fold long turns again (F)."""
    if st.session_state.get("whole_text"):
        _switch("Fold long turns", "F", "unfold_less", "whole_text")
    else:
        _switch("All text", "F", "unfold_more", "whole_text")


def keys_button() -> None:
    """Show or hide the table of keys (``?`` or H)."""
    _switch("Keys: ?", "H", "keyboard", keys.FLAG)
    keys.listen()


def _switch(label: str, key: str, icon: str, flag: str) -> None:
    st.button(
        label,
        key=f"toggle-{flag}",
        icon=f":material/{icon}:",
        type="tertiary",
        shortcut=key,
        on_click=_toggle,
        args=(flag,),
    )


def key_help(own: Sequence[tuple[str, str]] = KEYS, common: Sequence[tuple[str, str]] = EVERYWHERE) -> None:
    """The keys of the page and those that desks have in common as a table, shown and hidden by ``?`` or H."""
    if st.session_state.get(keys.FLAG):
        rows = (f"| {key} | {words} |" for key, words in (*own, *common))
        st.markdown("\n".join(("| key | what it does |", "|---|---|", *rows)))
        st.caption(KEYS_NOTE)


def undo_buttons(workspace: Workspace, scope: str, name: str) -> None:
    """Undo and redo of this person's acts; the page goes back to the finding concerned."""
    head = workspace.ledger.head()[0]
    undo, redo = act.show(f"undo-{head}", scope=f"undo-{scope}"), act.show(f"redo-{head}", scope=f"redo-{scope}")

    def back(action_id: str) -> str:
        return _returned(scope, actions.undo(workspace, who=name, action_id=action_id), "undone", "Nothing to undo.")

    def again(action_id: str) -> str:
        return _returned(scope, actions.redo(workspace, who=name, action_id=action_id), "redone", "Nothing to redo.")

    act.button("Undo", undo, "undo", back, shortcut="Z", icon=":material/undo:", kind="tertiary")
    act.button("Redo", redo, "redo", again, shortcut="Y", icon=":material/redo:", kind="tertiary")


def _toggle(flag: str) -> None:
    st.session_state[flag] = not st.session_state.get(flag)


def _returned(scope: str, decisions: list[Decision], verb: str, nothing: str) -> str:
    if not decisions:
        return nothing
    if finding := next((d.finding_id for d in decisions if d.finding_id), None):
        go(scope, finding)
    return f"{wording.many(len(decisions), 'decision')} {verb}."

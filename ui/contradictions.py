"""The queue of contradictions: its filters, what is said of one clash, and the acts that settle it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import queries, resolutions
from curation.evidence.standing import Standing
from curation.resolutions import Outcome, OvertakenError
from ui import act, desk, example, panels, render

SCOPE = "contradictions"
SORTS = {"Surest first": "surest", "Least sure first": "least sure", "As reported": "severity"}
REASONS = {
    "yes-no": "yes or no",
    "opposite": "opposite words",
    "entity": "who or what",
    "value": "value of a field",
    "label": "label",
    "model": "by the model",
}
"""Reasons whose slug does not speak for itself."""
SURE = ((0.9, "very likely", "red"), (0.75, "likely", "orange"), (0.0, "possible", "gray"))
SCORE_HELP = (
    "How sure the rule is that the two cannot both be right, from 0 to 1: very likely from 0.90, likely from 0.75, "
    "possible below. It says nothing about which of them is right."
)
SINGLE = {
    "mistaken": resolutions.REASONS["mistaken"],
    "cases": "both places are right: different cases",
    "practice": "it is accepted practice",
}
"""Ready reasons for keeping a single row, in words for one."""
KEYS = (
    ("1, 2", "keep the left or the right one, drop the other"),
    ("K", "keep both: then a key for the reason"),
    ("D", "drop both"),
    ("E, T", "edit the left or the right one"),
    ("V", "view the other rows of each side"),
    ("M", "keep the larger side, after a view of it"),
)


def reason_word(reason: str) -> str:
    """A reason in words: ``dose``, ``yes or no``."""
    return REASONS.get(reason, reason.replace("-", " "))


def queue(workspace: Workspace, overview: queries.Overview) -> desk.Queue:
    """The filters: by check, state and reason, and the order; all of it stands in the address."""
    base = desk.family_queue(overview, "contradictions", SCOPE, sorts=SORTS)
    names = base.checks or tuple(c.check for c in overview.counts if c.family == "contradictions")
    counts: dict[str, int] = {}
    for (_, reason), (n_open, n_all) in queries.reason_counts(workspace, names).items() if names else ():
        shown = {"open": n_open, "settled": n_all - n_open}.get(base.state, n_all)
        counts[reason] = counts.get(reason, 0) + shown
    if len(counts) < 2:
        return base
    ordered = sorted(counts, key=lambda reason: (-counts[reason], reason))
    each = ", ".join(f"{counts[reason]:,} {render.plain(reason_word(reason))}" for reason in ordered)
    wanted = st.pills(  # the address holds the words of a choice, so that a count in them would break its links
        f"Reason: {each}",
        ordered,
        selection_mode="multi",
        format_func=reason_word,
        key=f"{SCOPE}_reason",
        bind="query-params",
    )
    return replace(base, reasons=tuple(wanted))


def how_checked(overview: queries.Overview) -> None:
    """Whether the entailment model ran, and what the last check left out, in its own words."""
    told = [note.partition(": ")[2] for note in overview.notes if note.startswith("contradictions.")]
    if not told:
        return
    model = [note for note in told if "entailment" in note]
    for note in model:
        st.caption(f":material/info: {render.plain(note[:1].upper() + note[1:])}")
    rest = [note for note in told if note not in model]
    if rest:
        with st.expander(f"{wording.many(len(rest), 'note')} on how far the check looked", icon=":material/notes:"):
            render.lines((("", note) for note in rest), limit=400)


def statement(workspace: Workspace, view: queries.FindingView, *, current: bool) -> None:
    """The reason in one sentence, how sure the rule is, and how it was settled, if it was."""
    found = view.finding
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange-badge[{render.plain(reason_word(found.reason))}] :gray[{render.plain(found.check)}]",
            width="content",
        )
        if found.score is not None:
            word, colour = next((word, colour) for least, word, colour in SURE if found.score >= least)
            st.markdown(f":{colour}[**{word}**] :gray[({found.score:.2f} of 1)]", width="content", help=SCORE_HELP)
        if view.state == "settled":
            st.badge("settled", color="green")
        if not current and view.state == "open":
            st.badge("its examples have changed since", color="orange")
    render.headline(Standing.without(found.message))
    for made in resolutions.earlier(workspace, view)[:3]:
        when = f"{made.at[:16].replace('T', ' ')} UTC"
        again = " It came back with other white space." if view.state == "open" else ""
        render.note(f"{made.who}, {when}: {made.sentence}.{again}")


def seen(workspace: Workspace, shown: act.Shown) -> int:
    """The last ledger entry at the time this item appeared: what the person decides upon."""
    held: int = st.session_state.setdefault(f"seen-{shown.nonce}", workspace.ledger.head()[0])
    return held


def settling(
    workspace: Workspace,
    place: desk.Place,
    shown: act.Shown,
    who: str,
    outcome: Outcome,
    sentence: str,
    *,
    reason: str = "",
    words: str = "",
    kept: tuple[str, ...] = (),
    dropped: tuple[str, ...] = (),
) -> act.Do:
    """The act that settles the clash on screen, and after it the next one."""
    about, looked = place.view.id, seen(workspace, shown)

    def do(action: str) -> str:
        try:
            made = resolutions.resolve(
                workspace, about, outcome, who=who, reason=reason, words=words, kept=kept, dropped=dropped,
                seen=looked, action_id=action,
            )  # fmt: skip
        except OvertakenError:
            overtaken(shown)
            raise
        agreed = [one.who for one in resolutions.earlier(workspace, place.view) if one.batch != made.batch]
        others = [name for name in dict.fromkeys(agreed) if name != who]
        return sentence + (f" So had {', '.join(others)}." if others and made.outcome == "both" else "")

    return desk.then_next(SCOPE, place, do)


def overtaken(shown: act.Shown) -> None:
    """Somebody else was first: the clash stays on screen as it stands now, with what was typed."""
    st.session_state.pop(f"seen-{shown.nonce}", None)
    st.session_state[f"{SCOPE}_state"] = "all"


def decisions(
    workspace: Workspace, place: desk.Place, shown: act.Shown, who: str, sides: tuple[queries.ExampleView, ...]
) -> None:
    """The acts on one clash: keep a side, both or neither; or edit one. Of a single row: keep, edit or drop it."""
    about = place.view.id
    theirs = place.other is not None  # somebody else has it open: take it over first
    unedited = all(side.state in ("in", "dropped") for side in sides)
    usable = unedited and not theirs
    pair = len(sides) > 1
    choices: tuple[tuple[str, Outcome, str, str, str], ...] = (
        (":green[Keep left]", "left", "Kept the left one.", "1", "arrow_back"),
        (":green[Keep right]", "right", "Kept the right one.", "2", "arrow_forward"),
    )
    with st.container(horizontal=True):
        for label, outcome, said, key, icon in choices if pair else ():
            do = settling(workspace, place, shown, who, outcome, said)
            act.button(label, shown, outcome, do, shortcut=key, icon=f":material/{icon}:", disabled=not usable)
        st.button(
            act.words(":green[Keep both]" if pair else ":green[Keep]", disabled=not usable),
            key=shown.key("why"),
            icon=":material/check:",
            shortcut="K",
            disabled=not usable,
            on_click=open_why,
            args=(about,),
        )
        do = settling(workspace, place, shown, who, "neither", "Dropped both." if pair else "Dropped.")
        label = ":red[Drop both]" if pair else ":red[Drop]"
        act.button(label, shown, "neither", do, shortcut="D", icon=":material/delete:", disabled=not usable)
    with st.container(horizontal=True):
        example.edit_buttons(shown, SCOPE, about, sides, disabled=theirs)
        desk.undo_buttons(workspace, SCOPE, who)
    if not unedited:
        st.caption("A row has been edited since the check; what is said here is about its old text.")


def why(workspace: Workspace, place: desk.Place, shown: act.Shown, who: str, *, pair: bool) -> None:
    """Why both stay: a ready reason by its number, words of one's own, or both. It is remembered with the pair."""
    typed = shown.key("words")

    def keep(reason: str) -> act.Do:
        def do(action: str) -> str | None:
            words = " ".join(str(st.session_state.get(typed) or "").split())
            said = "Both stay; the reason is remembered." if pair else "It stays; the reason is remembered."
            done = settling(workspace, place, shown, who, "both", said, reason=reason, words=words)(action)
            close_why()
            return done

        return do

    reasons = resolutions.REASONS if pair else SINGLE
    with st.form(f"why-{shown.key('why')}", width=860):
        st.markdown("**Why do both stay?**" if pair else "**Why does it stay?**")
        with st.container(horizontal=True):
            for number, (slug, said) in enumerate(reasons.items(), 1):
                st.form_submit_button(
                    said[:1].upper() + said[1:],
                    key=shown.key(f"why-{slug}"),
                    shortcut=str(number),
                    on_click=act.perform,
                    args=(shown, f"why-{slug}", keep(slug)),
                )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "In your own words",
                key=typed,
                max_chars=300,
                placeholder="Goes with the reason above, or stands alone: Enter.",
            )
            icon, do = ":material/edit_note:", keep("")
            st.form_submit_button("Keep, with these words", icon=icon, on_click=act.perform, args=(shown, "own", do))
            st.form_submit_button("Back", key=shown.key("back"), shortcut="B", type="tertiary", on_click=close_why)


def open_why(about: str) -> None:
    """Ask why both sides of a clash stay."""
    st.session_state[f"why-{SCOPE}"] = about


def close_why() -> None:
    """Ask no longer."""
    st.session_state.pop(f"why-{SCOPE}", None)


def asked_why(about: str) -> bool:
    """Whether the question stands for this clash."""
    return bool(st.session_state.get(f"why-{SCOPE}") == about)


def finished(workspace: Workspace, who: str) -> None:
    """The end of the queue."""
    desk.finished(workspace, SCOPE, who, "No contradiction is left to settle in this view.")


def stale(workspace: Workspace, overview: queries.Overview) -> None:
    """What the last check says of itself, and whether it is out of date."""
    how_checked(overview)
    panels.stale(workspace, overview)

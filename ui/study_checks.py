"""What a study asks of its raters besides, on the page that opens it, and how each rater did; links for raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.files import json_lines
from core.workspace import Workspace
from evaluation import guesses, rating_links, rating_quality
from evaluation.estimate import Estimate
from evaluation.rating_flags import Expected, expected_in
from evaluation.study import REPEAT_AFTER, load_study
from evaluation.study_checks import FORM, Check, checks_in
from ui import act, render, shell

REPEATED = 0.08
"""Share of the pairs that are shown once more, unless another number is chosen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen beside the pairs."""

    n_repeats: int = 0
    n_equals: int = 0
    n_gold: int = 0
    checks: tuple[Check, ...] = ()
    expected: Mapping[str, Sequence[Expected]] = field(default_factory=dict)


def choose(pairs: int, spare: int, agreed: int) -> Asked | None:
    """Hidden repeats, equal, gold and training pairs, experts' criteria; None where a file cannot be read.

    Args:
        pairs: Pairs of the study.
        spare: Answered prompts beside them.
        agreed: Pairs of earlier work of which the better answer is known.
    """
    with st.expander("Test the raters too", icon=":material/school:"):
        most = max(0, pairs - REPEAT_AFTER)
        usual = min(most, round(pairs * REPEATED)) if pairs >= 2 * REPEAT_AFTER else 0
        repeats = st.number_input(
            "Pairs shown to a rater once more, unseen, with the sides flipped",
            *(0, most, usual),
            key=f"study_repeats_{pairs}",
            help=f"How far do raters agree with themselves? A repeat stands {REPEAT_AFTER} pairs after its pair.",
        )
        left, right = st.columns(2)
        equals = left.number_input(
            "Pairs of equal answers",
            *(0, max(0, spare), 0),
            key=f"study_equals_{spare}",
            help="The same answer twice, unseen among the others: who prefers a side sees what is not there. "
            f"{wording.many(spare, 'answered prompt')} are left for them.",
        )
        drawn = right.number_input(
            "Gold pairs from earlier work",
            *(0, agreed, 0),
            key=f"study_agreed_{agreed}",
            help="Pairs of closed studies for which all of two or more raters chose the same answer, and answers that "
            "experts corrected.",
        )
        gold = st.file_uploader("Gold and training pairs (JSONL)", type=["jsonl"], key="study_gold")
        st.caption(
            "Pairs with a known answer: gold pairs lie unseen among the others, training pairs come first and say "
            "which answer is better. One a line:"
        )
        st.code(FORM, language="json")
        try:
            checks = checks_in(json_lines(gold.getvalue(), gold.name), gold.name) if gold else ()
            return Asked(int(repeats), int(equals), int(drawn), checks, _expected())
        except FinetoothError as error:
            shell.show_error(error.message, error.hint)
            return None


def choose_single() -> Asked | None:
    """Experts' criteria for a study of single answers; None where their file cannot be read."""
    with st.expander("Criteria for single prompts", icon=":material/checklist:"):
        try:
            return Asked(expected=_expected())
        except FinetoothError as error:
            shell.show_error(error.message, error.hint)
            return None


def _expected() -> Mapping[str, Sequence[Expected]]:
    wanted = st.file_uploader("Experts' criteria for single prompts (JSONL)", type=["jsonl"], key="study_expected")
    st.caption("Written without sight of the answers; points below 0 are for what must not be there. One a line:")
    st.code('{"example_id": "...", "criteria": [{"text": "Names the code", "points": 3}]}', language="json")
    return expected_in(json_lines(wanted.getvalue(), wanted.name), wanted.name) if wanted else {}


def links(workspace: Workspace, study_id: str, who: str) -> None:
    """A link for each rater: it opens the desk of this study under one name, and nothing else of the project."""
    with st.popover("Links for raters", icon=":material/link:"):
        st.caption("A link opens the desk under one name, and nothing else of the project.")
        invited = rating_links.invited(workspace, study_id)
        place = f"{study_id[:16]}-{len(invited)}"
        name = st.text_input("Rater's name", key=f"invite-{place}", max_chars=60)
        shown = act.show(f"{place}-{name}", scope=f"invite-{study_id}")

        def make(_: str) -> str:
            rating_links.invite(workspace, study_id, name, who=who)
            return "The link is made."

        act.button("Make a link", shown, "invite", make, icon=":material/add_link:", guard=False)
        root = (st.context.url or "").rstrip("/").rpartition("/")[0]
        kept = {"workspace": st.query_params["workspace"]} if "workspace" in st.query_params else {}
        for invitee, token in invited.items():
            st.caption(render.plain(invitee))
            st.code(f"{root}/{shell.RATING}?{urlencode({'study': study_id, 'rater': token, **kept})}", language=None)


def raters(workspace: Workspace, study_id: str) -> None:
    """How each rater did on repeats and gold pairs, and how many votes came sooner than one can read."""
    found = [one for one in rating_quality.quality(workspace, study_id) if one.n_votes]
    if not found:
        return
    with st.expander("How the raters did", icon=":material/fact_check:"):
        st.dataframe([_row(one) for one in found], hide_index=True)
        st.caption(
            "Repeats are compared by answer, not by side. A vote is too fast where it came sooner than both answers "
            f"can be read, at {rating_quality.WORDS_PER_S:g} words a second; it is flagged and stays."
        )
        told = guesses.guessed(workspace, load_study(workspace, study_id))
        share = Estimate(**told["share"])
        if share.value is not None:
            st.caption(
                f"Asked at the end which answer is the newly trained model's, raters were right in {_share(share)} "
                f"guesses, and could not tell {wording.many(told['unsure'], 'time')}. Around 50 % shows that the study "
                "was blind."
            )


def _row(one: rating_quality.Quality) -> dict[str, Any]:
    return {
        "rater": one.rater,
        "votes": one.n_votes,
        "repeats judged alike": _share(one.repeats_alike),
        "same side twice": one.sides_kept,
        "gold right": _share(one.gold_right),
        "practice right": _share(one.practice_right),
        "equal answers seen": _share(one.equals_seen),
        "too fast": wording.of(one.too_fast, one.n_votes, "votes"),
    }


def _share(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "none"
    return f"{round(found.value * found.n):,} of {found.n:,} ({found.low:.0%} to {found.high:.0%})"

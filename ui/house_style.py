"""The house style as a form: what answers are to look like, in place of what the set itself does."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import project_settings
from curation.evidence.house_style import CHOICES, HouseStyle
from ui import panels

AS_THE_SET = "as most answers do"
FAMILIES = ("format", "tone")
LABELS = {
    "bullets": "List items begin with",
    "numbering": "Numbered items begin with",
    "headings": "Headings",
    "quotes": "Quotes and apostrophes",
    "dash": "A dash is",
    "dates": "Dates",
    "times": "Times",
    "thousands": "Thousands",
    "decimals": "Decimal mark",
    "percent": "Percentages",
    "units": "Units",
    "final_punctuation": "Answers end with",
    "person": "Person",
    "contractions": "Contractions (don't)",
    "emoji": "Emoji",
    "exclamations": "Exclamation marks",
    "bold": "Bold",
    "lists": "Lists",
    "capital_start": "Answers begin with a capital",
    "min_words": "Fewest words of an answer",
    "max_words": "Most words of an answer",
}
SAID = {
    ("final_punctuation", "none"): "no mark",
    ("final_punctuation", "full stop"): "a full stop",
    ("headings", "bold"): "a line in bold",
    ("person", "third"): "third person: no I, we or you",
    ("person", "no first"): "no I or we",
}
SWITCHED = {
    "contractions": {"never": False, "allowed": True},
    "emoji": {"never": False, "allowed": True},
    "exclamations": {"never": False, "allowed": True},
    "bold": {"never": False, "allowed": True},
    "lists": {"never": False, "allowed": True},
    "capital_start": {"always": True, "not necessarily": False},
}
ROWS: tuple[tuple[str, ...], ...] = (
    ("bullets", "numbering", "headings", "lists"),
    ("final_punctuation", "capital_start", "quotes", "dash"),
    ("dates", "times", "thousands", "decimals"),
    ("percent", "units", "bold", "person"),
    ("contractions", "emoji", "exclamations"),
    ("min_words", "max_words"),
)


def draw(workspace: Workspace, who: str) -> None:
    """The form, and the button that declares the style and checks format and tone again."""
    now = project_settings.read_settings(workspace).style
    said = wording.many(len(now.keys), "rule") + " declared" if now.keys else "nothing declared"
    with st.expander(f"House style: {said}", icon=":material/style:"):
        st.caption(
            "What is declared here outranks what the set itself does: an answer that departs from it is found, however "
            f"many do. It stands in {project_settings.NAME}, below [style]."
        )
        wanted: dict[str, str | bool | int] = {}
        for names in ROWS:
            for column, name in zip(st.columns(4), names, strict=False):
                with column:
                    value = _field(name, now)
                if value is not None:
                    wanted[name] = value
        _use(workspace, who, now, wanted)


def _field(name: str, now: HouseStyle) -> str | bool | int | None:
    """One rule; None = not declared."""
    held = getattr(now, name)
    if name.endswith("_words"):
        number = st.number_input(
            LABELS[name], min_value=0, value=held or 0, step=10, help="0 asks for nothing.", key=f"style_{name}"
        )
        return int(number) or None
    if name in SWITCHED:
        options: Sequence[str | bool] = tuple(SWITCHED[name].values())
        words = {value: word for word, value in SWITCHED[name].items()}
    else:
        options = CHOICES[name]
        words = {}
    chosen: str | bool | None = st.selectbox(
        LABELS[name],
        [None, *options],
        index=0 if held is None else 1 + list(options).index(held),
        format_func=lambda value: _words(name, value, words),
        key=f"style_{name}",
    )
    return chosen


def _words(name: str, value: str | bool | None, words: dict[bool, str]) -> str:
    if value is None:
        return AS_THE_SET
    return words[value] if isinstance(value, bool) else SAID.get((name, value), value)


def _use(workspace: Workspace, who: str, now: HouseStyle, wanted: dict[str, str | bool | int]) -> None:
    """The button that makes the form the project's house style."""

    def change(action_id: str) -> str:
        project_settings.set_style(workspace, wanted, who, action_id=action_id)
        return f"The house style has {wording.many(len(wanted), 'rule')} now; format and tone are checked again."

    same = wanted == now.keys
    panels.setting_button(
        workspace,
        "This is the present house style" if same else "Use this house style",
        f"style-{sorted(wanted.items())}",
        "style",
        change,
        FAMILIES,
        same=same,
        caption="Checks format and tone again. No text is changed, and your decisions stay.",
    )

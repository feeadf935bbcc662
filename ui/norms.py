"""The norms that the checks learned from the dataset itself, as sentences, with how many rows depart from each."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import queries
from ui import render

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Norm:
    """What most rows of a group do, and how many findings say that a row does not; ``n_open`` of them are open."""

    sentence: str
    n_departures: int
    n_open: int


def learned(workspace: Workspace, check: queries.CheckCount) -> list[Norm]:
    """The norms behind a check's findings, most departures first: what a message says before its semicolon."""
    return _learned(workspace, str(workspace.path), check.check, workspace.ledger.head()[1], check.open, check.settled)


def draw(norms: list[Norm]) -> None:
    """A line a norm."""
    render.lines(
        (
            (
                f"{wording.many(norm.n_departures, 'departure')}"
                + (f", {norm.n_open:,} open" if norm.n_open < norm.n_departures else ""),
                norm.sentence,
            )
            for norm in norms
        ),
        limit=300,
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _learned(_workspace: Workspace, path: str, check: str, head: str, n_open: int, n_settled: int) -> list[Norm]:
    """Kept until a decision is made (``head``) or the findings change (their counts)."""
    counted: dict[str, list[int]] = {}
    for offset in range(0, n_open + n_settled, PAGE):
        for view in queries.findings(_workspace, checks=(check,), state="all", offset=offset, limit=PAGE).items:
            sentence, departs, _ = view.finding.message.partition(";")
            if departs:
                tally = counted.setdefault(f"{sentence.strip()}.", [0, 0])
                tally[0] += 1
                tally[1] += view.state == "open"
    norms = [Norm(sentence, n, n_open_) for sentence, (n, n_open_) in counted.items()]
    return sorted(norms, key=lambda norm: (-norm.n_departures, norm.sentence))

"""What a run is doing, in words: one place for the page, for errors and for the doctor."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A phase as it stands alone (``now``) and as a part of a sentence (``during``)."""

    now: str
    during: str


PHASES = {
    "": Words("starting", "at its work"),
    "load": Words("loading the model", "while it loaded the model"),
    "tokenise": Words("reading the examples", "while it read the examples"),
    "probe": Words("proving that every adapter learns", "in the probe before the first step"),
    "train": Words("training", "in a training step"),
    "eval": Words("measuring the hold-out", "while it measured the hold-out"),
    "sample": Words("answering sample prompts", "while it answered sample prompts"),
    "save": Words("saving", "while it saved"),
}


def now(phase: str) -> str:
    """What a run in this phase is doing; a phase without words of its own is called by its name."""
    return PHASES[phase].now if phase in PHASES else phase


def during(phase: str) -> str:
    """When something happened to a run in this phase: "while it loaded the model"."""
    return PHASES[phase].during if phase in PHASES else "at its work"

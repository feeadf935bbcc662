"""Ranks the training examples behind an answer: by nearness in meaning, and by influence on the tuned model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import embeddings, models
from core.errors import FinetoothError
from core.files import read_json
from core.jobs import Progress, no_progress
from core.types import Example, Message, spoken
from core.workspace import Workspace
from evaluation.influence import Gradients, alike
from training.config import read_config
from training.data import sample

Scores = NDArray[np.float32]
Turns = tuple[Message, ...]
By = Literal["contrast", "wrong", "right", "meaning"]

MOST_COMPARED = 300
"""Training examples whose gradients are compared with one answer's: those nearest to it in meaning."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer to be traced.

    Attributes:
        prompt: The turns before it.
        wrong: What the tuned model said; None where it was not asked.
        right: What it should have said; None where nobody told.
    """

    prompt: Turns
    wrong: str | None
    right: str | None

    @property
    def meant(self) -> str:
        """The text whose meaning is compared: prompt and wrong answer, or the right one where there is no other."""
        return spoken((*self.prompt, Message("assistant", self.wrong or self.right or "")))


@dataclass(frozen=True, slots=True)
class Ranked:
    """The training examples behind one answer, the likeliest first.

    Attributes:
        places: Of the examples among those that were trained on.
        meaning: Cosines of their MiniLM embeddings with prompt and answer, in the same order.
        influence: Whitened cosines of their gradients with the answer's; None where only meaning was used.
        by: ``contrast`` (of wrong and right answer), ``wrong`` or ``right`` (the gradient of that one alone), or
            ``meaning`` alone.
        compared: How many examples stood to choose from after the first stage.
        left_out: Of these, how many have no gradient (the model does not read them).
    """

    places: tuple[int, ...]
    meaning: tuple[float, ...]
    influence: tuple[float, ...] | None
    by: By
    compared: int
    left_out: int = 0


def combined(meaning: Scores, influence: Scores | None) -> Scores:
    """The score to rank by: nearness in meaning, and influence, each standardised over the examples, added."""
    return _standardised(meaning) if influence is None else _standardised(meaning) + _standardised(influence)


def _standardised(scores: Scores) -> Scores:
    spread = float(scores.std())
    found: Scores = (scores - scores.mean()) / (spread if spread > 0 else 1.0)
    return found


def rank(
    train: Sequence[Example],
    asked: Sequence[Asked],
    gradients: Gradients | None,
    *,
    k: int,
    most: int = MOST_COMPARED,
    progress: Progress = no_progress,
) -> list[Ranked]:
    """For each answer, the ``k`` training examples behind it.

    With gradients, the score is the cosine in meaning plus the whitened cosine of each example's gradient with the
    *contrast*: the gradient of the wrong answer minus that of the right one (see ``evaluation.influence``). An answer
    of which only one is known is traced by that gradient alone.

    Args:
        train: What the run was trained on.
        asked: The answers.
        gradients: Of the run's adapter; None = meaning alone.
        k: Examples for each.
        most: Where there are more training examples, only so many, the nearest in meaning, are compared by gradient.
        progress: Called between texts and gradients; it may raise to stop, and what was made by then is kept.
    """
    if not train or not asked:
        return [Ranked((), (), None, "meaning", 0) for _ in asked]
    texts = [spoken(e.messages) for e in train]
    vectors = embeddings.embed(texts, progress=progress, kept=embeddings.store())
    questions = embeddings.embed([one.meant for one in asked], progress=progress)
    near = questions @ vectors.T
    chosen = [np.argsort(-row, kind="stable")[:most] if gradients else np.arange(len(train)) for row in near]
    if gradients is None:
        return [_ranked(row, None, places, k, "meaning") for row, places in zip(near, chosen, strict=True)]
    wanted = sorted({int(place) for places in chosen for place in places})
    rows, unread = gradients.of(
        [train[place].messages for place in wanted], progress=progress, stage="gradients of the training examples"
    )
    at = {place: row for row, place in enumerate(wanted)}
    missing = {wanted[row] for row in unread}
    answers = contrasts(gradients, asked, progress=progress)
    found = []
    for row, places, (contrast, by) in zip(near, chosen, answers, strict=True):
        if by == "meaning":
            found.append(_ranked(row, None, np.arange(len(train)), k, by))
            continue
        influence = alike(rows[[at[int(place)] for place in places]], contrast)
        left_out = sum(int(place) in missing for place in places)
        found.append(_ranked(row, influence, places, k, by, left_out))
    return found


def contrasts(
    gradients: Gradients, asked: Sequence[Asked], *, progress: Progress = no_progress
) -> list[tuple[Scores, By]]:
    """For each answer the gradient of the wrong one minus that of the right one, and which of the two were at hand.

    Sums over tokens are taken, so that what both answers begin with falls out. Where neither can be read, or both are
    the same, the row is zero and only meaning is left.

    Returns:
        (float32 [dimensions], by what) for each.
    """
    signed = [
        (place, sign, (*one.prompt, Message("assistant", text)))
        for place, one in enumerate(asked)
        for sign, text in ((1.0, one.wrong), (-1.0, one.right))
        if text and one.wrong != one.right
    ]
    rows, unread = gradients.of(
        [turns for _, _, turns in signed], last=True, progress=progress, stage="gradients of the answers"
    )
    total: Scores = np.zeros((len(asked), rows.shape[1]), dtype=np.float32)
    signs: list[set[float]] = [set() for _ in asked]
    for number, ((place, sign, _), row) in enumerate(zip(signed, rows, strict=True)):
        total[place] += sign * row
        if number not in unread:
            signs[place].add(sign)
    return [(row, _KINDS[frozenset(own)]) for row, own in zip(total, signs, strict=True)]


_KINDS: dict[frozenset[float], By] = {
    frozenset(): "meaning",
    frozenset({1.0}): "wrong",
    frozenset({-1.0}): "right",
    frozenset({1.0, -1.0}): "contrast",
}


def _ranked(near: Scores, influence: Scores | None, places: NDArray[Any], k: int, by: By, left_out: int = 0) -> Ranked:
    score = combined(near[places], influence)
    order = np.argsort(-score, kind="stable")[:k]
    return Ranked(
        tuple(int(places[i]) for i in order),
        tuple(round(float(near[places[i]]), 4) for i in order),
        None if influence is None else tuple(round(float(influence[i]), 4) for i in order),
        by,
        len(places),
        left_out,
    )


def trained_on(workspace: Workspace, run_id: str, train: Sequence[Example]) -> list[Example]:
    """The examples of a training split that a run was trained on: all, or the sample that its settings drew."""
    path = workspace.runs_dir / run_id / "config.json"
    if not path.is_file():
        return list(train)
    config = read_config(read_json(path))
    return sample(train, config.limit, config.seed)


def gradients_of(workspace: Workspace, run_id: str, base_model: str) -> tuple[Gradients | None, str]:
    """The gradients of a run's adapter; or None and, in words, why only meaning can be used."""
    folder = workspace.runs_dir / run_id
    if (folder / "model").is_dir():
        return None, "The run trained the whole model and has no adapter, so only nearness in meaning was used."
    adapter = folder / "adapter"
    if not (adapter / "adapter_model.safetensors").is_file():
        return None, "The run's adapter is not in this workspace, so only nearness in meaning was used."
    config = read_json(folder / "run.json").get("config") or {}
    precision: models.Precision = "nf4" if config.get("method", "qlora") == "qlora" else "bf16"
    try:
        made = Gradients(
            models.resolve(base_model),
            adapter,
            precision=precision,
            keep_in=folder / "gradients",
            all_turns=config.get("train_turns", "all") == "all",
        )
    except FinetoothError as error:
        return None, f"Influence could not be measured, so only nearness in meaning was used: {error.message}"
    return made, ""

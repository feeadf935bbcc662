"""The second opinion on answers that the rules left undecided: an entailment model reads their statements in pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from curation.clash.base import Clash
from curation.clash.model import CrossEncoder, Statements
from curation.evidence.batch import Batch
from curation.evidence.entailment_models import EntailmentModel, located
from curation.evidence.entailment_pairs import Chosen, SentencePair, Undecided, chosen

__all__ = ["CONTRADICTS", "Undecided", "asked_for", "entailed_clashes"]

CONTRADICTS = 0.7
"""From this probability of a contradiction on, in either direction, two statements clash."""

FORMAT = 1
"""Raised whenever the same model would give the same statements another score."""

_STAGE = "entailment"
_QUOTED = 90  # characters of a statement that a finding's sentence shows; the whole of it is marked in the text
_MOST_KEPT = 2_000_000  # scores on disk, about 60 bytes each


def asked_for(batch: Batch) -> EntailmentModel | None:
    """The model that the settings name, or None. Call it as ``batch.shared(asked_for)`` to fail early.

    Raises:
        InputError: The settings name one that is not here, or that is no three-label cross-encoder.
    """
    name = batch.settings.entailment_model
    return located(name, batch.settings.entailment_revision) if name else None


def entailed_clashes(batch: Batch, undecided: Iterable[Undecided]) -> dict[Undecided, Clash]:
    """Those that the model of ``settings.entailment_model`` takes for contradictions, each with its worst statements.

    Two statements are read in both directions and the higher probability counts. Call it once with all undecided
    pairs, also where there are none: the report then says whether a model ran. Without a model it returns nothing and
    says so.

    Raises:
        InputError: The settings name a model that is not here, or that is no three-label cross-encoder.
        CancelledError: A person stopped the work; what was read is kept for the next run.
    """
    pairs = sorted(dict.fromkeys(undecided), key=lambda p: (p.left_row, p.right_row, p.left, p.right))
    model = batch.shared(asked_for)
    if model is None:
        batch.note(
            "contradictions.clash: rules alone decided; no entailment model ran (entailment_model is not set)"
            + (f", which leaves {_many(len(pairs), 'pair')} of answers undecided." if pairs else ".")
        )
        return {}
    plan = chosen(batch, pairs, batch.settings.entailment_pairs)
    wanted = dict.fromkeys(
        direction
        for sentences in plan.read.values()
        for one in sentences
        for direction in ((one.left.text, one.right.text), (one.right.text, one.left.text))
    )
    scores, too_long = _scores(batch, model, list(wanted)) if wanted else ({}, 0)
    clashes = {}
    for pair, sentences in plan.read.items():
        if found := _worst(sentences, scores):
            clashes[pair] = found
    batch.note(_told(model, plan, len(pairs), len(clashes), too_long, batch.settings.entailment_pairs))
    return clashes


def _worst(sentences: Sequence[SentencePair], scores: dict[Statements, float]) -> Clash | None:
    """The clash of the two statements that contradict each other the most, where they reach the threshold."""
    score, _, worst = max(
        (
            (max(scores.get(way, 0.0) for way in ((s.left.text, s.right.text), (s.right.text, s.left.text))), -n, s)
            for n, s in enumerate(sentences)
        ),
        key=lambda found: found[:2],
    )
    if score < CONTRADICTS:
        return None
    left, right = worst.left, worst.right
    sentence = f"By the entailment model, “{_short(left.text)}” contradicts “{_short(right.text)}”."
    return Clash("model", sentence, score, ((left.start, left.end),), ((right.start, right.end),))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _QUOTED else text[:_QUOTED].rsplit(" ", 1)[0] + " …"


def _scores(batch: Batch, model: EntailmentModel, pairs: Sequence[Statements]) -> tuple[dict[Statements, float], int]:
    """P(contradiction) of each premise and hypothesis that the model can hold, and how many it cannot (in halves)."""
    from core.embedding_store import EmbeddingStore
    from core.smollm2 import cache_folder

    identity = model.identity()
    name = hashlib.blake2b(f"{identity} {FORMAT}".encode(), digest_size=16).hexdigest()
    kept = EmbeddingStore(cache_folder() / "entailment" / f"{name}.sqlite", dimensions=3, most=_MOST_KEPT)
    known = kept.read([_content(pair) for pair in pairs])
    found = {pairs[n]: _contradiction(values) for n, values in known.items()}
    missing = [pair for pair in pairs if pair not in found]
    batch.progress(_STAGE, len(found), len(pairs))
    if not missing:
        return found, 0
    encoder = CrossEncoder(model.folder, model.columns, identity)
    fits = encoder.fits(missing)
    readable = [pair for pair, fit in zip(missing, fits, strict=True) if fit]
    for numbers, values in encoder.pieces(readable):
        piece = [readable[n] for n in numbers]
        found |= zip(piece, map(_contradiction, values), strict=True)
        kept.write([_content(pair) for pair in piece], values)
        batch.progress(_STAGE, len(found), len(pairs) - len(missing) + len(readable))
    if kept.problem:
        batch.note(f"contradictions.clash: kept scores of the entailment model could not be used or added to "
                   f"({kept.path}); the work was done without them.")  # fmt: skip
    return found, len({frozenset(pair) for pair in missing} - {frozenset(pair) for pair in readable})


def _contradiction(values: NDArray[np.float32]) -> float:
    return round(float(values[0]), 5)  # the same whether it was kept or read just now


def _content(pair: Statements) -> str:
    return f"{len(pair[0])} {pair[0]}{pair[1]}"  # the length keeps ("a", "bc") and ("ab", "c") apart


def _told(model: EntailmentModel, plan: Chosen, asked: int, clashing: int, too_long: int, most: int) -> str:
    """What the model read and what it did not, for the report."""
    sentences = sum(map(len, plan.read.values()))
    told = [
        f"contradictions.clash: the entailment model {model.called} was asked about {_many(asked, 'pair')} of answers "
        f"that the rules left undecided; it read {_many(sentences, 'sentence pair')} of {len(plan.read)} of them, both "
        f"ways, and takes {clashing} for {'a contradiction' if clashing == 1 else 'contradictions'}."
    ]
    if plan.apart:
        told.append(f"{_many(plan.apart, 'pair')} had no two different statements about the same thing.")
    if plan.over_budget:
        whole = f" (all of {_many(plan.shut_out, 'pair')} of answers)" if plan.shut_out else ""
        told.append(
            f"Left out: {_many(plan.over_budget, 'sentence pair')}{whole}, at most {most} a row (entailment_pairs)."
        )
    if too_long:
        told.append(f"Left out: {_many(too_long, 'sentence pair')}, longer than the model can read.")
    if plan.long_texts:
        told.append(f"Of {_many(plan.long_texts, 'long answer')} only the first statements were looked at.")
    return " ".join(told)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")

"""Learns from a few marked answers which others are off-tone, and says how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import embeddings
from core.embedding_store import EmbeddingStore
from core.errors import FinetoothError
from core.jobs import Progress, no_progress
from curation.evidence.tone_profile import NAMES, profile
from curation.evidence.tone_readings import read_all
from curation.evidence.tone_voices import VOICES

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]

LEAST_MARKS, LEAST_SIDE = 12, 4
"""Marks from which anything is learned, and how many of them each side must have."""
LEAST_AUC = 0.6
"""What the lower end of the AUC's interval must pass for the ranking to be used."""
_FOLDS, _ROUNDS, _SEED = 5, 10, 0
_Z95 = 1.959964
_MEANING, _MEASURES, _POLITENESS = 6.0, 0.7, 2.0
"""Weights of the parts: a unit vector of 384 numbers, standardised measures, and politeness, which is itself a sum."""
_PENALTY = 0.01
_POLITE_COLUMN = NAMES.index("politeness")
_MOST_AWAY = 4.0
_LETTERS = 128


@dataclass(frozen=True, slots=True)
class Quality:
    """How well answers that were not learned from are told apart, by repeated stratified cross-validation.

    Attributes:
        n_on, n_off: Marks of each side.
        auc: Chance that an off-tone answer is ranked above an on-tone one; mean over the rounds.
        low, high: Its 95 % interval (Hanley and McNeil 1982).
        balanced_accuracy: Mean of the shares of each side that are told rightly; 0.5 is what a constant answer gets.
        accuracy: Share of all marks that are told rightly.
        majority: Share that always naming the larger side would tell rightly.
    """

    n_on: int
    n_off: int
    auc: float
    low: float
    high: float
    balanced_accuracy: float
    accuracy: float
    majority: float

    def __str__(self) -> str:
        return (
            f"AUC {self.auc:.2f} (95% interval {self.low:.2f} to {self.high:.2f}); balanced accuracy "
            f"{self.balanced_accuracy:.2f} against 0.50; accuracy {self.accuracy:.2f} against {self.majority:.2f} for "
            f"always naming the larger side; {self.n_on} on-tone and {self.n_off} off-tone answers"
        )


@dataclass(frozen=True, slots=True)
class Meaning:
    """Vectors of texts: float64 [texts, dimensions] of about unit length; ``name`` says what made them."""

    vectors: Matrix
    name: str


def meaning(texts: Sequence[str], *, progress: Progress = no_progress, kept: EmbeddingStore | None = None) -> Meaning:
    """Sentence embeddings, or TF-IDF of letters where the embedding model is not installed."""
    try:
        embeddings.minilm_folder()
    except FinetoothError:
        return Meaning(_tfidf(texts), "TF-IDF (the embedding model is not installed)")
    found = embeddings.embed(texts, progress=progress, kept=kept)
    return Meaning(found.astype(np.float64), embeddings.MINILM_NAME)


def _tfidf(texts: Sequence[str]) -> Matrix:
    """Character 2- to 4-grams within words, in at most 128 dimensions (latent semantic analysis)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit_transform(
        [text if text.strip() else "-" for text in texts]
    )
    dimensions = min(_LETTERS, *(size - 1 for size in counts.shape))
    if dimensions < 1:
        return np.zeros((len(texts), 1))
    found: Matrix = TruncatedSVD(dimensions, random_state=_SEED).fit_transform(counts)
    units: Matrix = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return units


def measures(texts: Sequence[str]) -> Matrix:
    """float64 [texts, measures]: the profile and the voices of each text, standardised over these texts."""
    read = read_all((str(place), text) for place, text in enumerate(texts))
    columns = [profile(read)]
    for voice in VOICES:
        heard = np.zeros(len(texts))
        for row in voice.candidates(read):
            heard[int(row)] = min(len(voice.places(read.prose[int(row)])), 3)
        columns.append(heard[:, None])
    values = np.hstack(columns)
    spread = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    clipped: Matrix = np.clip(standard, -_MOST_AWAY, _MOST_AWAY)
    return clipped


def features(vectors: Matrix, measured: Matrix) -> Matrix:
    """float64 [texts, features]: what the classifier sees."""
    weights = np.full(measured.shape[1], _MEASURES)
    weights[_POLITE_COLUMN] = _POLITENESS
    return np.hstack([vectors * _MEANING, measured * weights])


def off_tone(seen: Matrix, off: Labels, rest: Matrix) -> NDArray[np.float64]:
    """float64 [rest]: how likely each is off-tone, learned from the answers seen (both sides must be there)."""
    found: NDArray[np.float64] = _model().fit(seen, off).predict_proba(rest)[:, 1]
    return found


def assess(seen: Matrix, off: Labels) -> Quality:
    """The quality on answers that were left out, five folds (fewer where a side has fewer), ten rounds.

    Args:
        seen: float64 [marks, features].
        off: bool [marks], True = off-tone; at least two of each side.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    n_off = int(off.sum())
    n_on = len(off) - n_off
    folds = min(_FOLDS, n_on, n_off)
    aucs, balanced, right = [], [], []
    for round_ in range(_ROUNDS):
        told = np.zeros(len(off))
        for known, left in StratifiedKFold(folds, shuffle=True, random_state=_SEED + round_).split(seen, off):
            told[left] = off_tone(seen[known], off[known], seen[left])
        guess = told >= 0.5
        aucs.append(float(roc_auc_score(off, told)))
        balanced.append((float(np.mean(guess[off])) + float(np.mean(~guess[~off]))) / 2)
        right.append(float(np.mean(guess == off)))
    auc = float(np.mean(aucs))
    low, high = interval(auc, n_off, n_on)
    return Quality(
        n_on, n_off, auc, low, high, float(np.mean(balanced)), float(np.mean(right)), max(n_on, n_off) / len(off)
    )


def interval(auc: float, n_off: int, n_on: int) -> tuple[float, float]:
    """The 95 % interval of an AUC (Hanley and McNeil 1982).

    An AUC of 1 would have no width; it is taken as half a pair short of it, as if one pair were tied.
    """
    a = min(max(auc, 0.5 / (n_off * n_on)), 1 - 0.5 / (n_off * n_on))
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (n_off - 1) * (q1 - a * a) + (n_on - 1) * (q2 - a * a)) / (n_off * n_on)
    half = _Z95 * math.sqrt(max(variance, 0.0))
    return max(0.0, a - half), min(1.0, auc if auc == 1 else a + half)


def usable(quality: Quality) -> str:
    """Why a ranking of this quality should not be used; empty where it can."""
    if quality.low <= LEAST_AUC:
        return (
            f"On answers it had not seen, the ranking was not reliably better than chance: AUC {quality.auc:.2f}, "
            f"surely over {quality.low:.2f} only (it takes {LEAST_AUC}). Mark more answers."
        )
    return ""


def too_few(n_on: int, n_off: int) -> str:
    """Why nothing can be learned from so many marks; empty where it can."""
    if n_on + n_off < LEAST_MARKS:
        return f"{n_on + n_off} of the {LEAST_MARKS} answers that it takes at least are marked."
    if min(n_on, n_off) < LEAST_SIDE:
        side, count = ("on-tone", n_on) if n_on < n_off else ("off-tone", n_off)
        return f"It takes {LEAST_SIDE} {side} answers at least; {count} {'is' if count == 1 else 'are'} marked."
    return ""


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_PENALTY, class_weight="balanced", max_iter=1000)

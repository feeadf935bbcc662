"""A hold-out, and on request a test set, that nothing in the training set gives away: whole groups go to one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.errors import BlockedError, InputError
from core.jobs import Progress, no_progress
from core.types import Example
from curation.certificate import NAMES, certificate, quarantine
from curation.draw import draw, lots
from curation.kin import Kin, components, kin_of, with_kin_among
from curation.reworded import Cousins, Paraphrases

METHOD = 2
"""Which rules draw a split. A freeze records it, since another number may draw other rows from the same seed."""

SPLITS = NAMES
TRAIN, HOLDOUT, TEST, QUARANTINE = SPLITS


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """All that decides how a dataset is split; a freeze records it.

    Attributes:
        holdout_share: Share of examples to hold out, in (0, 0.5].
        holdout_size: Number of examples to hold out, instead of a share.
        test_share, test_size: The same of a test set, kept apart from both; None = no test set.
        seed: Decides which groups are drawn; the same seed draws the same groups on every machine.
        by: A field of the meta whose values have their share in each side, beside the system prompts; None = none.
        paraphrases: How questions in other words are found: ``letters``, ``meaning`` or ``off``.
    """

    holdout_share: float = 0.1
    holdout_size: int | None = None
    test_share: float | None = None
    test_size: int | None = None
    seed: int = 0
    by: str | None = None
    paraphrases: Paraphrases = "letters"

    def sizes(self, total: int) -> tuple[int, int]:
        """How many of ``total`` examples to hold out and to test on.

        Raises:
            InputError: The share or size makes no sense for this dataset.
        """
        wanted = _size("hold-out", self.holdout_share, self.holdout_size, total)
        if self.test_share is None and self.test_size is None:
            return wanted, 0
        tested = _size("test set", self.test_share, self.test_size, total)
        if wanted + tested > total // 2:
            raise InputError(
                f"A hold-out of {wanted} and a test set of {tested} of {total} examples leave too few to train on.",
                "Ask for at most half of the examples in all.",
            )
        return wanted, tested

    def as_dict(self) -> dict[str, Any]:
        """What a freeze records, the rules' number included."""
        return {"method": METHOD, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Split:
    """On which side each example stands, and the proof that no side gives another away.

    Attributes:
        sides: One of ``SPLITS`` for each example, in order.
        holdout: Ids of the held-out examples.
        test: Ids of the test set.
        quarantined: Ids of those taken out of both, for a look-alike of theirs was found in training after all.
        certificate: The leak certificate, as it is stored and written.
    """

    sides: tuple[str, ...]
    holdout: frozenset[str]
    test: frozenset[str]
    quarantined: frozenset[str]
    certificate: Mapping[str, Any]


def split(
    examples: Sequence[Example],
    plan: SplitPlan = SplitPlan(),
    *,
    rated: Sequence[Example] = (),
    progress: Progress = no_progress,
) -> Split:
    """Choose hold-out and test set by whole groups of look-alikes, in step with the system prompts.

    Kin (``curation.kin``) stay together. Of questions in other words (``curation.reworded``) two are drawn together
    where each is the other's nearest and only one; others with a cousin elsewhere stay in training. Then an exhaustive
    scan compares the sides; a held-out example with a look-alike in training is quarantined, not moved.

    Args:
        examples: The dataset, in order.
        plan: Sizes, seed and rules.
        rated: Held-out examples that people have rated, whether or not they are in the dataset still. They and their
            kin are held out again.
        progress: Told what is done.

    Raises:
        InputError: The share or size makes no sense for this dataset.
        BlockedError: More examples have to be held out than were asked for, since they were rated.
    """
    wanted = plan.sizes(len(examples))
    known = {example.id for example in examples}
    everyone = [*examples, *(one for one in rated if one.id not in known)]
    progress("looking for look-alikes", 0, None)
    kin = kin_of(everyone)
    group = components(len(everyone), kin)
    ids = {example.id for example in rated}
    pinned = np.isin(group, group[[row for row, e in enumerate(everyone) if e.id in ids]])[: len(examples)]
    if pinned.sum() > wanted[0]:
        raise BlockedError(
            f"{int(pinned.sum())} examples have to be held out, for their prompts were rated in a study or are alike "
            f"to such; a hold-out of {wanted[0]} was asked for, so rated prompts would enter training.",
            f"Ask for a hold-out of at least {int(pinned.sum())}, or retire the rated prompts on the record: "
            'finetooth retire --reason "...".',
        )
    group, kin = group[: len(examples)], [one.first(len(examples)) for one in kin]
    ordered = lots(examples, group, plan.seed)
    place = {number: at for at, number in enumerate(ordered)}
    rows = sorted(range(len(examples)), key=lambda row: (place[int(group[row])], examples[row].id))
    progress("looking for questions in other words", 0, None)
    cousins = Cousins(examples, rows, plan.paraphrases, progress)
    drawn = draw(examples, group, ordered, wanted, plan.seed, plan.by, pinned, cousins)
    progress("scanning for leaks", 0, None)
    sides, scanned = quarantine(drawn, kin)
    proof = certificate(
        sides,
        scanned,
        drawn,
        plan.as_dict(),
        n_groups=int((np.bincount(group) > 1).sum()),
        n_pinned=int(pinned.sum()),
        random_share=_alike_share(kin, len(examples), sum(wanted), plan.seed),
    )
    named = tuple(SPLITS[side] for side in sides.tolist())
    chosen = {
        name: frozenset(e.id for e, side in zip(examples, named, strict=True) if side == name) for name in SPLITS[1:]
    }
    return Split(named, chosen[HOLDOUT], chosen[TEST], chosen[QUARANTINE], proof)


def _size(what: str, share: float | None, size: int | None, total: int) -> int:
    if size is None:
        if share is None or not 0 < share <= 0.5:
            raise InputError(
                f"A {what} share of {share or 0:g} is not possible.", "Give a share over 0 and at most 0.5."
            )
        size = round(total * share)
    if size < 1 or size > total // 2:
        raise InputError(
            f"A {what} of {size} of {total} examples is not possible.",
            "Ask for at least one example and at most half of them.",
        )
    return size


def _alike_share(kin: Sequence[Kin], rows: int, held: int, seed: int) -> float:
    """Share of hold-out rows that would have kin in training under a split by rows (mean of five)."""
    leaks = []
    for turn in range(5):
        order = np.random.default_rng([seed, turn]).permutation(rows)
        chosen = np.zeros(rows, np.bool_)
        chosen[order[:held]] = True
        leaks.append(with_kin_among(kin, chosen, ~chosen).sum() / held if held else 0.0)
    return float(np.mean(leaks))

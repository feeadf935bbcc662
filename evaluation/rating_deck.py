"""What one rater sees of a study, and when: training pairs first, gold and hidden repeats unseen among the others.

The deck is drawn from the seed and the ledger alone, so a reload shows the same pair on the same sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import FinetoothError
from core.types import Message
from evaluation.assign import Side, flipped, item_order, rank, tuned_sides
from evaluation.rating_flags import Expected
from evaluation.rating_votes import Held, Votes
from evaluation.single import single_order
from evaluation.study import REPEAT_AFTER, Study

SlotKind = Literal["main", "repeat", "gold", "equal", "training"]
GOLD_EVERY = 20


@dataclass(frozen=True, slots=True)
class Slot:
    """One pair as it lies before one rater.

    Attributes:
        id: As the desk knows it.
        kind: What it is for; the desk is told of ``training`` only.
        of: Id of the item or the check behind it.
        prompt: The turns before the answer.
        left, right: The two answers; of an answer that is shown alone, the left one, and nothing on the right.
        tuned: The side of the tuned model (of the better answer, in a pair that tests the rater).
        expected: Experts' criteria for the item.
    """

    id: str
    kind: SlotKind
    of: str
    prompt: tuple[Message, ...]
    left: str
    right: str
    tuned: Side
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Todo:
    """What is left for a rater.

    Attributes:
        first: Shown at once, whoever has it open: a training pair, one taken back, gold, an equal pair or a repeat that
            is due.
        main: Ids of the items that they may still judge, in their order.
        n_hidden: Gold and equal pairs and repeats that they will still see.
        n_training: Training pairs before the others.
    """

    first: str | None
    main: tuple[str, ...]
    n_hidden: int
    n_training: int


def slot(study: Study, raters: Sequence[str], who: str, slot_id: str) -> Slot:
    """The pair behind an id, with the sides on which this rater sees it.

    Raises:
        FinetoothError: The study has no such pair.
    """
    if slot_id in study.checks:
        check = study.checks[slot_id]
        side = tuned_sides(study.seed, list(study.checks), raters, who)[slot_id]
        left, right = (check.better, check.worse) if side == "left" else (check.worse, check.better)
        return Slot(slot_id, check.kind, slot_id, check.prompt, left, right, side)
    item = study.items.get(study.repeats.get(slot_id, slot_id))
    if item is None:
        raise FinetoothError("That pair is not part of the study.", "Reload the page and vote on the pair shown.")
    if item.model:
        tuned: Side = "left" if item.model == "tuned" else "right"
        return Slot(slot_id, "main", item.id, item.prompt, item.tuned or item.base, "", tuned, item.expected)
    side = tuned_sides(study.seed, list(study.items), raters, who)[item.id]
    side = flipped(side) if slot_id in study.repeats else side
    left, right = (item.tuned, item.base) if side == "left" else (item.base, item.tuned)
    kind: SlotKind = "repeat" if slot_id in study.repeats else "main"
    return Slot(slot_id, kind, item.id, item.prompt, left, right, side, item.expected)


def todo(study: Study, folded: Votes, who: str) -> Todo:
    """What is left for a rater, from what everybody holds now."""
    mine = folded.of(who)
    settled = {one for one, held in mine.items() if held.settled}
    judged = folded.judgements()
    order = _order(study, folded.raters, who)
    main = tuple(i for i in order if i not in settled and judged.get(i, 0) < study.raters_per_item)
    training = [one for one in _checks(study, "training", who) if one not in settled]
    unseen = _checks(study, "gold", who)
    gold = [one for one in unseen if one not in settled]
    back = [one for one, rater in folded.withdrawals if rater == who and one not in settled]
    n_main = sum(one in study.items for one in settled)
    n_repeated = sum(one in study.repeats for one in settled)
    again = _again(study, mine, who)
    n_again = max(0, study.n_repeats - n_repeated) if main else min(len(again), study.n_repeats - n_repeated)
    gold = gold if main else []
    first = None
    if training:
        first = training[0]
    elif back and (back[-1] in main or back[-1] not in study.items):
        first = back[-1]
    elif gold and n_main >= _spacing(study, "gold") * (len(unseen) - len(gold) + 1):
        first = gold[0]
    elif again and n_again and (not main or n_main >= _spacing(study, "repeat") * (n_repeated + 1)):
        first = again[0]
    return Todo(first, main, len(gold) + n_again, len(training))


def _order(study: Study, raters: Sequence[str], who: str) -> tuple[str, ...]:
    if study.single:
        return single_order(study, raters, who)
    return item_order(study.seed, list(study.items), who, [item.stratum for item in study.items.values()])


def _checks(study: Study, kind: SlotKind, who: str) -> list[str]:
    """Training pairs in their order; under ``gold`` all that lie unseen among the others, in the rater's own order."""
    ids = [one for one, check in study.checks.items() if (check.kind == "training") == (kind == "training")]
    return ids if kind == "training" else sorted(ids, key=lambda one: rank(study.seed, kind, one, who))


def _spacing(study: Study, kind: SlotKind) -> int:
    """Pairs between two hidden ones of a kind, so that they are spread over the whole study."""
    n = study.n_repeats if kind == "repeat" else sum(check.kind != "training" for check in study.checks.values())
    most = GOLD_EVERY if kind == "gold" else len(study.items)
    return max(1, min(most, len(study.items) // (n + 1)))


def _again(study: Study, mine: Mapping[str, Held], who: str) -> list[str]:
    """Repeats that this rater could see now: of pairs they judged at least :data:`REPEAT_AFTER` pairs ago."""
    if not study.n_repeats:
        return []
    past = list(mine)[: max(0, len(mine) - REPEAT_AFTER)]
    ids = {item: again for again, item in study.repeats.items()}
    found = [ids[one] for one in past if one in ids and mine[one].counts and ids[one] not in mine]
    return sorted(found, key=lambda one: rank(study.seed, "again", one, who))

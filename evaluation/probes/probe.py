"""What every probe asks and says: prompts put to both models alike, and figures of both with their paired change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.types import Message
from evaluation.estimate import SMALLEST_SAMPLE, Estimate, mean_estimate

Better = Literal["higher", "lower", "zero"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One prompt of a probe. ``name`` is unique within its probe; ``kind`` groups; ``about`` is the probe's own."""

    probe: str
    name: str
    kind: str
    messages: tuple[Message, ...]
    about: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One item as measured on both models; a value is None where it could not be scored."""

    probe: str
    name: str
    kind: str
    prompt: str
    base_reply: str | None
    tuned_reply: str | None
    base: float | None
    tuned: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: an entry of the summary, and its items.

    Attributes:
        name: Its key in the summary.
        title: What a reader sees.
        what: One sentence on how the figure is made.
        better: Whether more or less is better, or whether the figure should be zero.
        percent: The figures are shares in [0, 1].
        rows: Its items; those with both values make the figures.
        noise_floor: Changes up to this size happen without any training; None = not measured.
        base, tuned, difference: Given where they are not plain means over the items.
        reason: Why there is nothing, where there is nothing.
        left_out: Items that were not put to the models, since this chat template or the length forbids it.
        more: Further keys of the entry.
    """

    name: str
    title: str
    what: str
    better: Better
    percent: bool
    rows: tuple[Row, ...]
    noise_floor: float | None = None
    base: Estimate | None = None
    tuned: Estimate | None = None
    difference: Estimate | None = None
    reason: str = ""
    left_out: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The entry of the summary: ``title``, ``what``, ``better``, ``percent``, the estimates ``base``, ``tuned``
        and ``difference`` (tuned - base, paired), ``n``, ``n_not_scored``, ``noise_floor``, ``outcome`` (see
        :func:`outcome_of`), ``by_kind`` ({kind: n, base, tuned}) and ``reason``."""
        pairs = [(row.base, row.tuned) for row in self.rows if row.base is not None and row.tuned is not None]
        base = self.base or self._mean([b for b, _ in pairs])
        tuned = self.tuned or self._mean([t for _, t in pairs])
        difference = self.difference or self._explained(self._change([t - b for b, t in pairs]))
        return {
            **{"title": self.title, "what": self.what, "better": self.better, "percent": self.percent},
            **{"base": base.as_dict(), "tuned": tuned.as_dict(), "difference": difference.as_dict()},
            **{
                "n": len(pairs),
                "n_not_scored": len(self.rows) - len(pairs) + self.left_out,
                "noise_floor": self.noise_floor,
            },
            "outcome": outcome_of(self.better, difference, self.noise_floor, base, tuned),
            "by_kind": by_kind(self.rows),
            "reason": self.reason,
            **self.more,
        }

    def _mean(self, values: Sequence[float]) -> Estimate:
        found = mean_estimate(values, lower=0.0, upper=1.0) if self.percent else mean_estimate(values)
        return self._explained(found)

    def _change(self, differences: Sequence[float]) -> Estimate:
        """The paired change. Where every item of a share changes alike (a sweep) t has no width, and Wilson's interval
        of the same on [0, 1] takes its place."""
        found = mean_estimate(differences)
        if not self.percent or found.low is not None or not found.value or found.n < SMALLEST_SAMPLE:
            return found
        scaled = mean_estimate([(d + 1) / 2 for d in differences], lower=0.0, upper=1.0)
        ends = [None if end is None else 2 * end - 1 for end in (scaled.low, scaled.high)]
        return replace(scaled, value=found.value, low=ends[0], high=ends[1])

    def _explained(self, estimate: Estimate) -> Estimate:
        return replace(estimate, reason=self.reason) if estimate.value is None and self.reason else estimate


Outcome = Literal["worse", "better", "no change shown", "not measured"]


def outcome_of(
    better: Better, difference: Estimate, noise_floor: float | None, base: Estimate, tuned: Estimate
) -> Outcome:
    """Whether a change is shown: its whole interval lies on one side of zero, and it exceeds the noise floor.

    Where the figure should be zero (a gap between two groups), a change is worse where it leads away from zero.
    """
    if difference.value is None:
        return "not measured"
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return "no change shown"
    if noise_floor is not None and abs(difference.value) <= noise_floor:
        return "no change shown"
    if better == "zero":
        return "worse" if abs(tuned.value or 0.0) > abs(base.value or 0.0) else "better"
    return "better" if (difference.value > 0) == (better == "higher") else "worse"


def by_kind(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Means of both models by kind, over the items that both were scored on."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.base is not None and row.tuned is not None:
            found.setdefault(row.kind, []).append((row.base, row.tuned))
    return {
        kind: {
            "n": len(pairs),
            "base": sum(b for b, _ in pairs) / len(pairs),
            "tuned": sum(t for _, t in pairs) / len(pairs),
        }
        for kind, pairs in found.items()
    }


def text_of(messages: Sequence[Message]) -> str:
    """A prompt as one text for a reader: the last turn that a person wrote."""
    return next((m.content for m in reversed(messages) if m.role == "user"), "")

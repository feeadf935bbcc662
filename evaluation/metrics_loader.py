"""Loads metrics of the `evaluate` library without a network, and runs them item by item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError
from core.quiet import go_offline
from evaluation.estimate import Estimate, mean_estimate

FOLDER = Path(__file__).resolve().parent / "metrics"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A metric that comes with the project.

    Attributes:
        name: Its folder, module and key.
        title: What a reader sees.
        bounded: Its values lie in [0, 1].
        better: Whether more, less, or neither is better.
    """

    name: str
    title: str
    bounded: bool
    better: str


SHIPPED: tuple[Shipped, ...] = (
    Shipped("exact_match", "Exact match", True, "higher"),
    Shipped("token_f1", "Word overlap (F1)", True, "higher"),
    Shipped("code_match", "Same codes as the reference", True, "higher"),
    Shipped("length_ratio", "Length beside the reference", False, "neither"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric over some answers. ``per_item`` is None where an item cannot be scored; ``n`` counts those that can."""

    name: str
    value: float | None
    per_item: tuple[float | None, ...]

    @property
    def n(self) -> int:
        """How many items were scored."""
        return sum(value is not None for value in self.per_item)


def load_metric(name_or_path: str) -> Any:
    """A metric of the `evaluate` library: a shipped one by its name, any other by the path of its module.

    It is loaded by absolute path, so that a file of the same name in the current folder cannot take its place, and
    keeps its inputs in memory, so that no text is left behind on disk.

    Raises:
        InputError: There is no such metric.
    """
    path = FOLDER / name_or_path / f"{name_or_path}.py"
    if not path.is_file():
        path = Path(name_or_path).expanduser()
        path = path / f"{path.name}.py" if path.is_dir() else path
    if not path.is_file():
        known = ", ".join(one.name for one in SHIPPED)
        raise InputError(f"There is no metric {name_or_path}.", f"Use one of {known}, or the path of a module.")
    with _offline() as evaluate:
        return evaluate.load(str(path.resolve()), keep_in_memory=True)


@contextmanager
def _offline() -> Iterator[Any]:
    """The `evaluate` library, told to stay off the network (HF_EVALUATE_OFFLINE), in this process only."""
    go_offline()
    import evaluate

    before = evaluate.config.HF_EVALUATE_OFFLINE
    evaluate.config.HF_EVALUATE_OFFLINE = True
    try:
        yield evaluate
    finally:
        evaluate.config.HF_EVALUATE_OFFLINE = before


def measure(metric: Any, answers: Sequence[str], references: Sequence[str]) -> Measured:
    """Run one metric over paired texts.

    Raises:
        InputError: The lists differ in length.
        FinetoothError: The metric gave no per-item values.
    """
    if len(answers) != len(references):
        raise InputError("Answers and references are not equally many.", "Pair each answer with its reference.")
    if not answers:
        return Measured(metric.name, None, ())
    result = metric.compute(predictions=list(answers), references=list(references))
    per_item = result.get("per_item")
    if per_item is None or len(per_item) != len(answers):
        raise FinetoothError(f"The metric {metric.name} gives no value for each item.", "Use one that does.")
    return Measured(metric.name, result.get(metric.name), tuple(per_item))


def compare_metrics(
    base: Sequence[str], tuned: Sequence[str], references: Sequence[str], *, names: Sequence[str] = ()
) -> tuple[dict[str, dict[str, Any]], dict[str, list[float | None]]]:
    """Shipped metrics of both models' answers to the same prompts.

    Args:
        base, tuned: Answers, in the same order.
        references: The reference answers.
        names: Of shipped metrics; empty = all.

    Returns:
        A summary by metric (``base``, ``tuned`` and their paired ``difference`` as estimates over items, ``n``,
        ``n_not_scored``), and per-item columns named ``base_<metric>`` and ``tuned_<metric>``.

    Raises:
        InputError: A name is not known, or the lists differ in length.
    """
    chosen = [one for one in SHIPPED if not names or one.name in names]
    for name in names:
        if name not in {one.name for one in SHIPPED}:
            raise InputError(f"There is no metric {name}.", f"Choose from: {', '.join(one.name for one in SHIPPED)}.")
    summary: dict[str, dict[str, Any]] = {}
    columns: dict[str, list[float | None]] = {}
    for one in chosen:
        metric = load_metric(one.name)
        before, after = measure(metric, base, references), measure(metric, tuned, references)
        columns[f"base_{one.name}"], columns[f"tuned_{one.name}"] = list(before.per_item), list(after.per_item)
        summary[one.name] = _summary(one, before, after)
    return summary, columns


def _summary(one: Shipped, before: Measured, after: Measured) -> dict[str, Any]:
    pairs = [(b, t) for b, t in zip(before.per_item, after.per_item, strict=True) if b is not None and t is not None]
    return {
        "title": one.title,
        "better": one.better,
        "base": _estimate(one, [b for b, _ in pairs]).as_dict(),
        "tuned": _estimate(one, [t for _, t in pairs]).as_dict(),
        "difference": mean_estimate([t - b for b, t in pairs]).as_dict(),
        "corpus": {"base": before.value, "tuned": after.value},
        "n": len(pairs),
        "n_not_scored": len(before.per_item) - len(pairs),
    }


def _estimate(one: Shipped, values: Sequence[float]) -> Estimate:
    return mean_estimate(values, lower=0.0, upper=1.0) if one.bounded else mean_estimate(values)

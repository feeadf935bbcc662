"""Loads metrics of the `evaluate` library without a network, and runs them item by item."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError
from core.general import REFUSAL_LANGUAGES
from core.quiet import asked_to_stay_offline, go_offline, reaching_the_hub
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
        needs: What it must be given beside answers and references; empty = nothing.
    """

    name: str
    title: str
    bounded: bool
    better: str
    needs: str = ""


SHIPPED: tuple[Shipped, ...] = (
    Shipped("exact_match", "Exact match", True, "higher"),
    Shipped("token_f1", "Word overlap (F1)", True, "higher"),
    Shipped("rouge_l", "Word order of the reference (ROUGE-L)", True, "higher"),
    Shipped("chrf", "Letters of the reference (chrF)", True, "higher"),
    Shipped("code_match", "Same codes as the reference", True, "higher"),
    Shipped("format_validity", "Form that the dataset taught", True, "higher", "departures"),
    Shipped("truncated_share", "Cut off", True, "lower", "truncated"),
    Shipped("empty_share", "Empty", True, "lower"),
    Shipped("repetition", "Repeats itself", True, "lower"),
    Shipped("privacy_leaks", "Personal data that the prompt does not hold", True, "lower", "leaks"),
    Shipped("refusal_rate", f"Declines to answer ({', '.join(REFUSAL_LANGUAGES)})", True, "neither"),
    Shipped("train_copy", "Words recited from training answers", True, "neither", "training"),
    Shipped("distinct_n", "Variety of wording (distinct-2)", True, "neither"),
    Shipped("length_ratio", "Length beside the reference", False, "neither"),
)
LACKING = {
    "departures": "no checks have run on the dataset, so no norms are known",
    "truncated": "whether the answers were cut is not known",
    "leaks": "the answers were not searched for personal data",
    "training": "no training set is at hand",
}
"""Why a metric did not run, by what it was not given."""

Given = Mapping[str, tuple[Sequence[Any], Sequence[Any]]]
"""What metrics are given beside answers and references, for the base's and the tuned model's answers."""


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
    """A metric of the `evaluate` library: a shipped one by its name, any other by the path or the name of its module.

    Shipped ones are loaded by absolute path, so that a file of the same name in the current folder cannot take their
    place, and keep their inputs in memory, so that no text is left behind on disk. A name that is no file is one of
    the hub's: it is taken from the local cache where HF_HUB_OFFLINE is set, else fetched.

    Raises:
        InputError: There is no such metric, or it cannot be loaded.
    """
    path = FOLDER / name_or_path / f"{name_or_path}.py"
    if not path.is_file():
        path = Path(name_or_path).expanduser()
        path = path / f"{path.name}.py" if path.is_dir() else path
    if path.is_file():
        with _offline() as evaluate:
            return _loaded(evaluate, str(path.resolve()), name_or_path)
    if Path(name_or_path).suffix or len(Path(name_or_path).parts) > 2:
        raise _no_metric(name_or_path)
    with _offline() if asked_to_stay_offline() else _online() as evaluate:
        return _loaded(evaluate, name_or_path, name_or_path)


def _loaded(evaluate: Any, where: str, name: str) -> Any:
    try:
        return evaluate.load(where, keep_in_memory=True)
    except ImportError as error:
        raise InputError(f"The metric {name} needs a package that is not installed.", str(error)) from error
    except (OSError, ValueError, AttributeError, SyntaxError, IndexError) as error:
        raise _no_metric(name) from error


def _no_metric(name: str) -> InputError:
    known = ", ".join(one.name for one in SHIPPED)
    return InputError(
        f"There is no metric {name}, or it cannot be loaded.",
        f"Use one of {known}, the path of a module, or a name on the hub where that can be reached.",
    )


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


@contextmanager
def _online() -> Iterator[Any]:
    """The `evaluate` library, allowed to reach the hub inside the block."""
    import evaluate

    with reaching_the_hub():
        yield evaluate


def measure(metric: Any, answers: Sequence[str], references: Sequence[str], **given: Sequence[Any]) -> Measured:
    """Run one metric over paired texts.

    A metric that gives no value for each item is run on each item alone, so that two models can be compared in pairs;
    its figure is the value of its own name, or else its first number.

    Args:
        metric: From :func:`load_metric`.
        answers, references: Paired.
        given: What else it needs, such as ``truncated``.

    Raises:
        InputError: The lists differ in length.
        FinetoothError: The metric gives no number, or cannot be run on texts.
    """
    if len(answers) != len(references):
        raise InputError("Answers and references are not equally many.", "Pair each answer with its reference.")
    if not answers:
        return Measured(metric.name, None, ())
    extra = {name: list(values) for name, values in given.items()}
    try:
        result = metric.compute(predictions=list(answers), references=list(references), **extra)
        per_item = result.get("per_item")
        if per_item is not None and len(per_item) == len(answers):
            return Measured(metric.name, result.get(metric.name), tuple(per_item))
        alone = [metric.compute(predictions=[a], references=[r]) for a, r in zip(answers, references, strict=True)]
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError) as error:
        raise FinetoothError(
            f"The metric {metric.name} cannot be run on answers and references ({type(error).__name__}).",
            "Use one that compares two texts.",
        ) from error
    return Measured(metric.name, _figure(metric, result), tuple(_figure(metric, one) for one in alone))


def _figure(metric: Any, result: Mapping[str, Any]) -> float | None:
    """The figure that stands for a metric; None where it is no finite number."""
    numbers = {key: float(v) for key, v in result.items() if isinstance(v, (int, float)) or hasattr(v, "__float__")}
    if not numbers:
        raise FinetoothError(f"The metric {metric.name} gives no number.", "Use one that does.")
    value = numbers.get(metric.name, next(iter(numbers.values())))
    return value if math.isfinite(value) else None


def compare_metrics(
    base: Sequence[str],
    tuned: Sequence[str],
    references: Sequence[str],
    *,
    names: Sequence[str] = (),
    others: Sequence[str] = (),
    given: Given | None = None,
) -> tuple[dict[str, dict[str, Any]], dict[str, list[float | None]]]:
    """Metrics of both models' answers to the same prompts.

    Args:
        base, tuned: Answers, in the same order.
        references: The reference answers.
        names: Of shipped metrics; empty = all that can run (see :func:`not_run`).
        others: Further metrics of the `evaluate` library, by name or path.
        given: What some metrics need: ``departures``, ``truncated`` and ``leaks`` of each answer, ``training`` answers.

    Returns:
        A summary by metric (``base``, ``tuned`` and their paired ``difference`` as estimates over items, ``n``,
        ``n_not_scored``), and per-item columns named ``base_<metric>`` and ``tuned_<metric>``.

    Raises:
        InputError: A name is not known, the lists differ in length, or a named metric was not given what it needs.
        FinetoothError: One of the others cannot be run.
    """
    given = given or {}
    known = {one.name: one for one in SHIPPED}
    for name in names:
        if name not in known:
            raise InputError(f"There is no metric {name}.", f"Choose from: {', '.join(known)}.")
        if known[name].needs and known[name].needs not in given:
            raise InputError(f"The metric {name} cannot run: {LACKING[known[name].needs]}.", "Leave it out.")
    chosen = [one for one in SHIPPED if (one.name in names if names else not one.needs or one.needs in given)]
    loaded = [(one, load_metric(one.name)) for one in chosen]
    for other in others:
        if other not in known:
            metric = load_metric(other)
            loaded.append((Shipped(metric.name, metric.name, False, "neither"), metric))
    summary: dict[str, dict[str, Any]] = {}
    columns: dict[str, list[float | None]] = {}
    for one, metric in loaded:
        if one.name in summary:
            raise InputError(f"Two metrics are called {one.name}.", "Leave one of them out.")
        extra = [{one.needs: given[one.needs][k]} if one.needs else {} for k in range(2)]
        before = measure(metric, base, references, **extra[0])
        after = measure(metric, tuned, references, **extra[1])
        columns[f"base_{one.name}"], columns[f"tuned_{one.name}"] = list(before.per_item), list(after.per_item)
        summary[one.name] = _summary(one, before, after)
    return summary, columns


def not_run(given: Given) -> dict[str, str]:
    """Titles of the shipped metrics that cannot run with what is given, each with the reason."""
    return {one.title: LACKING[one.needs] for one in SHIPPED if one.needs and one.needs not in given}


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

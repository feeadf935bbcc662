"""What a run's answers and curves show: an adapter without effect, gibberish, no end, a wrong rate, learnt by heart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from training.config import TrainConfig

Symptom = tuple[str, str, str, Mapping[str, Any]]
"""(name, evidence, change, settings), as ``doctor.Complaint`` has them."""

ENOUGH_STEPS = 10
"""Fewer steps say nothing about a curve."""

RISE_SHARE = 0.02
FLAT_SHARE = 0.02
SPIKE_SHARE = 0.25
"""A spike: a step's loss above the median of its neighbours by this share."""

SPIKES_SHARE = 0.1
LOW_RATE = {"qlora": 5e-5, "lora": 5e-5, "full": 1e-6}
HIGH_RATE = {"qlora": 1e-3, "lora": 1e-3, "full": 5e-5}
LOOPED_SHARE = 0.5
"""Gibberish: more than this share of an answer's word triples has occurred in it before."""

FORGOT_NATS = 0.1
FORGOT_SHARE = 0.05
"""Forgetting: the loss on general questions rose by more than both of these."""

INERT_LOGITS = 1e-3
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Chart:
    """A run's folded events, sorted by kind.

    Attributes:
        steps, evals, samples, general: Events of those types, oldest first.
        warnings: The message of each warning, by name; the last one where there are several.
        status: As ``RunView.status`` has it.
        config: The settings.
        stage: What the process was last known to do.
        facts: What the run's end says was measured.
    """

    steps: Sequence[Mapping[str, Any]]
    evals: Sequence[Mapping[str, Any]]
    samples: Sequence[Mapping[str, Any]]
    general: Sequence[Mapping[str, Any]]
    warnings: Mapping[str, str]
    status: str
    config: TrainConfig
    stage: str
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, events: Sequence[Mapping[str, Any]], status: str, config: TrainConfig, stage: str) -> Chart:
        """Sort folded events."""

        def kind(name: str) -> list[Mapping[str, Any]]:
            return [event for event in events if event["type"] == name]

        end: Mapping[str, Any] = next(reversed(kind("end")), {})
        warnings = {str(e.get("name")): str(e.get("message", "")) for e in kind("warning")}
        phase = stage or str(end.get("phase", ""))
        return cls(
            kind("step"),
            kind("eval"),
            kind("sample"),
            kind("general"),
            warnings,
            status,
            config,
            phase,
            end.get("facts", {}),
        )

    @property
    def last_step(self) -> int:
        """The last step that was taken; 0 before the first."""
        return int(self.steps[-1]["step"]) if self.steps else 0

    @property
    def losses(self) -> list[float]:
        """Training losses that are numbers, in order."""
        return [float(e["loss"]) for e in self.steps if e.get("loss") is not None]

    @property
    def held(self) -> list[float]:
        """Hold-out losses that are numbers, in order."""
        return [float(e["loss"]) for e in self.evals if e.get("loss") is not None]

    def warning(self, name: str) -> str | None:
        """What a warning of this name said; None where there was none."""
        return self.warnings.get(name)

    def answers(self, model: str) -> list[Mapping[str, Any]]:
        """The last answer to each sample prompt of ``base`` or ``tuned``."""
        last = {int(e["prompt"]): e for e in self.samples if e.get("model") == model}
        return [last[number] for number in sorted(last)]


def lower_rate(chart: Chart) -> tuple[str, dict[str, Any]]:
    """A third of the learning rate, as a sentence and as a setting."""
    rate = float(f"{chart.config.learning_rate / 3:.1g}")
    return f"Lower the learning rate to a third ({rate:g}).", {"learning_rate": rate}


def higher_rate(chart: Chart) -> tuple[str, dict[str, Any]]:
    """Five times the learning rate, but not above what is usual."""
    rate = min(5 * chart.config.learning_rate, HIGH_RATE[chart.config.method])
    return f"Raise the learning rate to {rate:g}.", {"learning_rate": rate}


def adapter_inert(chart: Chart) -> Iterator[Symptom]:
    """The trained adapter changes nothing that can be seen."""
    moved = chart.facts.get("Largest change of a logit")
    if chart.config.method == "full" or moved is None or float(moved) >= INERT_LOGITS:
        return
    change, settings = higher_rate(chart)
    yield ("adapter inert", f"The adapter moves no logit by more than {float(moved):g}.", change, settings)


def gibberish(chart: Chart) -> Iterator[Symptom]:
    """The tuned model repeats itself where the base did not."""
    tuned, base = chart.answers("tuned"), chart.answers("base")
    looped = sum(_looped(str(e["text"])) > LOOPED_SHARE for e in tuned)
    before = sum(_looped(str(e["text"])) > LOOPED_SHARE for e in base)
    if tuned and looped >= len(tuned) / 2 and looped > before:
        evidence = f"{looped} of {len(tuned)} sample answers repeat themselves; {before} of the base's do."
        yield ("gibberish", evidence, *lower_rate(chart))


def never_stops(chart: Chart) -> Iterator[Symptom]:
    """The tuned model runs into the limit where the person's answer would have fitted."""
    room = chart.config.sample_tokens
    tuned = [e for e in chart.answers("tuned") if 0 < int(e.get("expected_tokens") or 0) <= room * 3 // 4]
    endless = sum(bool(e["truncated"]) for e in tuned)
    if tuned and endless >= len(tuned) / 2:
        yield (
            "never stops",
            f"{endless} of {len(tuned)} sample answers ran into the limit of {room} tokens, though the answers of "
            f"people are at most {max(int(e['expected_tokens']) for e in tuned)} tokens long.",
            "See on the Train page whether the end of turn is trained (in colour), then train more steps.",
            {"epochs": chart.config.epochs + 1},
        )


def forgot(chart: Chart) -> Iterator[Symptom]:
    """General questions became harder for the model."""
    losses = [float(e["loss"]) for e in chart.general if e.get("loss") is not None]
    if len(losses) < 2:
        return
    before, after = losses[0], losses[-1]
    if after - before > FORGOT_NATS and after > before * (1 + FORGOT_SHARE):
        yield (
            "forgot its general skill",
            f"The loss on {chart.general[-1].get('n', 'the')} general questions rose from {before:.3f} to {after:.3f} "
            "nats a token.",
            "Lower the learning rate to a third, or mix a few general conversations into the training set.",
            lower_rate(chart)[1],
        )


def rate_too_high(chart: Chart) -> Iterator[Symptom]:
    """The loss rose, or jumps about, and is not where it should be."""
    losses = chart.losses
    if len(losses) < ENOUGH_STEPS:
        return
    first, last = _ends(losses)
    if last > first * (1 + RISE_SHARE):
        evidence = f"The training loss rose from {first:.3f} to {last:.3f} nats a token."
        yield ("diverging", evidence, *lower_rate(chart))
        return
    usual = HIGH_RATE[chart.config.method]
    if chart.config.learning_rate <= usual:
        return
    rate = f"at a learning rate of {chart.config.learning_rate:g}; {usual:g} is the most that is usual."
    spikes = _spikes(losses)
    half = losses[len(losses) // 2 :]
    before, after = _ends(half)
    if len(half) >= ENOUGH_STEPS and abs(after - before) < FLAT_SHARE * before and last < first * (1 - FLAT_SHARE):
        yield (
            "learning rate too high",
            f"The training loss is stuck: over the second half of the steps it went from {before:.3f} to {after:.3f} "
            f"nats a token, {rate}",
            *lower_rate(chart),
        )
    elif spikes > SPIKES_SHARE * len(losses):
        yield (
            "learning rate too high",
            f"{spikes} of {len(losses)} steps have a loss {SPIKE_SHARE:.0%} above their neighbours', {rate}",
            *lower_rate(chart),
        )


def holdout(chart: Chart) -> Iterator[Symptom]:
    """The hold-out loss turned up, or never came below where it began."""
    held, losses = chart.held, chart.losses
    if len(held) < 2:
        return
    best = min(held)
    if held[-1] > held[0]:
        yield (
            "worse than before",
            f"The hold-out loss rose from {held[0]:.3f} to {held[-1]:.3f} nats a token.",
            "Look for contradictions between training and hold-out, and lower the learning rate to a third.",
            lower_rate(chart)[1],
        )
    elif held[-1] > best * (1 + RISE_SHARE) and (not losses or losses[-1] < losses[0]):
        turned = next(e for e in chart.evals if e.get("loss") == best)
        passes = max(1.0, _passes(chart, int(turned["step"])))
        kept = " The run has kept the best one." if chart.config.keep == "best" else ""
        yield (
            "learnt by heart",
            f"The hold-out loss fell to {best:.3f} at step {turned['step']} and rose again to {held[-1]:.3f} while the "
            f"training loss fell.{kept}",
            f"Train {passes:.2g} epochs, or add examples.",
            {"epochs": float(f"{passes:.2g}"), "keep": "best"},
        )


def _passes(chart: Chart, step: int) -> float:
    """Passes over the training set up to a step, as the step says; a run may have ended before its last."""
    said = next((float(e["epoch"]) for e in chart.steps if int(e["step"]) == step and e.get("epoch") is not None), None)
    return float(chart.config.epochs) * step / max(1, chart.last_step) if said is None else said


def rate_too_low(chart: Chart) -> Iterator[Symptom]:
    """The loss hardly moved, or was still falling at an unusually low rate."""
    losses = chart.losses
    if len(losses) < ENOUGH_STEPS:
        return
    first, last = _ends(losses)
    if last > first * (1 + RISE_SHARE):
        return
    low = chart.config.learning_rate < LOW_RATE[chart.config.method]
    moved = f"The training loss went from {first:.3f} to {last:.3f} nats a token over {len(losses)} steps"
    if low and last > first * 0.9:
        evidence = f"{moved}, at a learning rate of {chart.config.learning_rate:g}."
        yield ("learning rate too low", evidence, *higher_rate(chart))
    elif last > first * (1 - FLAT_SHARE) and not _held_out_fell(chart):
        change, settings = higher_rate(chart)
        if settings["learning_rate"] <= chart.config.learning_rate:
            change, settings = "Look for contradictions and for what the answers have in common.", {}
        yield ("flat loss", f"{moved}.", change, settings)


RULES: tuple[Callable[[Chart], Iterator[Symptom]], ...] = (
    adapter_inert,
    rate_too_high,
    gibberish,
    never_stops,
    holdout,
    forgot,
    rate_too_low,
)


def _held_out_fell(chart: Chart) -> bool:
    """Whether the hold-out, which is the same texts each time, became easier: a few steps' losses are noisy."""
    held = chart.held
    return len(held) > 1 and held[-1] < held[0] * (1 - FLAT_SHARE)


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """Mean loss of the first and of the last fifth."""
    part = max(2, len(losses) // 5)
    return fmean(losses[:part]), fmean(losses[-part:])


def _spikes(losses: Sequence[float]) -> int:
    around = 3
    return sum(
        loss > (1 + SPIKE_SHARE) * median(losses[max(0, k - around) : k + around + 1]) for k, loss in enumerate(losses)
    )


def _looped(text: str) -> float:
    """Share of an answer's word triples that have occurred in it before; words of any language."""
    words = WORD.findall(text.lower())
    triples = [tuple(words[k : k + 3]) for k in range(len(words) - 2)]
    return 1 - len(set(triples)) / len(triples) if len(triples) >= 4 else 0.0

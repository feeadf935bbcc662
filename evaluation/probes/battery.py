"""Puts all probes to a model in one go: the same prompts, in batches, to the base and to the tuned model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from core import general
from core.chat import prompt_ids
from core.errors import FinetoothError, InputError
from core.generation import Generation, max_tokens_of
from core.jobs import Progress, no_progress
from core.types import Example
from evaluation.assign import sample
from evaluation.perplexity import Prepared, Score, prepare, score_prepared
from evaluation.probes import constraints, counterfactual, dialect, forgetting, grounding
from evaluation.probes.probe import Ask, Finding
from evaluation.replies_kept import answer_all

Probe = Literal["forgetting", "grounding", "bias", "instructions"]
PROBES: tuple[Probe, ...] = get_args(Probe)
KIND = "probe_answers"
Answered = tuple[Sequence[Example], Sequence[str], Sequence[str]]
"""Hold-out examples that were answered, with the base's and the tuned model's answers."""
Extra = Callable[[Answered], list[Finding]]
"""A probe of hold-out answers that needs more than evaluation knows; see ``flows.probing``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which probes, and how large.

    Attributes:
        which: Names of probes.
        n_general: General questions; None = all that there are.
        own: A person's own questions.
        n_prompts: Hold-out prompts for each of bias and instructions.
        max_new_tokens: Longest answer to a probe.
        batch_size: Prompts at once.
        seed: Of the choice of prompts and of the bootstrap.
    """

    which: tuple[Probe, ...] = PROBES
    n_general: int | None = None
    own: tuple[general.Item, ...] = ()
    n_prompts: int = 40
    max_new_tokens: int = 96
    batch_size: int = 8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What one model said and how likely it found the good answers; None where a prompt does not fit the model."""

    replies: tuple[str | None, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Battery:
    """All that is asked, the same for every model with this tokenizer. Questions asked again go to the base alone."""

    settings: Settings
    asked: tuple[Ask, ...]
    prompts: tuple[tuple[int, ...] | None, ...]
    scored: tuple[tuple[str, Example], ...]
    prepared: tuple[Prepared, ...]
    prepared_again: tuple[Prepared, ...]
    facts_of: grounding.FactsOf | None = None
    extra: Extra | None = None

    def take(
        self, model: Any, tokenizer: Any, *, again: bool, made: Path, progress: Progress = no_progress, of: str = ""
    ) -> Taken:
        """Ask a model everything.

        Args:
            model: In eval mode.
            tokenizer: Its tokenizer.
            again: Ask the questions in other words, too (the base model is asked, for the noise floor).
            made: Folder of the answers made so far; whoever calls removes it when the result is stored.
            progress: Called between batches; it may raise to stop.
            of: Whose turn it is, for the progress.
        """
        places = [
            k
            for k, ids in enumerate(self.prompts)
            if ids is not None and (again or not self.asked[k].probe.endswith(AGAIN))
        ]
        settings = Generation(self.settings.max_new_tokens, self.settings.batch_size)
        ids = [list(self.prompts[k] or ()) for k in places]
        path = made / f"probes_{of}.jsonl"
        said = answer_all(model, tokenizer, ids, settings, path, progress=progress, stage=f"probes of {of}")
        texts = dict(zip(places, (answer.text for answer in said), strict=True))
        wanted = [*self.prepared, *(self.prepared_again if again else ())]
        scores = score_prepared(
            model, wanted, batch_size=self.settings.batch_size, progress=progress, stage=f"probe losses of {of}"
        )
        return Taken(tuple(texts.get(k) for k in range(len(self.asked))), tuple(scores))

    def compare(self, base: Taken, tuned: Taken, answered: Answered) -> tuple[dict[str, dict[str, Any]], pl.DataFrame]:
        """Findings of all probes.

        Args:
            base: Taken with ``again``.
            tuned: Taken without.
            answered: The hold-out's answers of both models, for grounding.

        Returns:
            The ``probes`` part of an evaluation's summary, by name, and the items (one row each, see
            :class:`evaluation.probes.probe.Row`).
        """
        found: list[Finding] = []
        if "forgetting" in self.settings.which:
            for probe in (forgetting.GENERAL, forgetting.OWN):
                found += self._forgotten(probe, base, tuned)
        if "grounding" in self.settings.which and self.facts_of is not None:
            found.append(grounding.grounding(*answered, self.facts_of))
        if "bias" in self.settings.which:
            found += self._bias(base, tuned)
            found.append(self._in_dialect(base, tuned))
        if "instructions" in self.settings.which:
            places = self._both(constraints.NAME, base, tuned)
            asked = [self.asked[k] for k in places]
            before, after = self._said(places, base, tuned)
            found.append(self._counted(constraints.following(asked, before, after), constraints.NAME))
            found += self.extra(answered) if self.extra else []
        rows = [row for one in found for row in one.rows]
        frame = pl.DataFrame(
            {name: pl.Series([getattr(row, name) for row in rows], dtype=kind) for name, kind in SCHEMA.items()}
        )
        return {one.name: one.as_dict() for one in found}, frame

    def _both(self, probe: str, base: Taken, tuned: Taken) -> list[int]:
        """Places of a probe's prompts that both models answered."""
        return [
            k
            for k, ask in enumerate(self.asked)
            if ask.probe == probe and base.replies[k] is not None and tuned.replies[k] is not None
        ]

    @staticmethod
    def _said(places: Sequence[int], *taken: Taken) -> list[list[str]]:
        return [[one.replies[k] or "" for k in places] for one in taken]

    def _forgotten(self, probe: str, base: Taken, tuned: Taken) -> list[Finding]:
        places = self._both(probe, base, tuned)
        if not places:
            return []
        items = [self.asked[k].about for k in places]
        others = {a.name: base.replies[k] for k, a in enumerate(self.asked) if a.probe == probe + AGAIN}
        again = [others.get(item.id) for item in items]
        kept = [reply for reply in again if reply is not None]
        before, after = self._said(places, base, tuned)
        whole = kept if len(kept) == len(again) else []
        found = [self._counted(forgetting.accuracy(probe, items, before, after, whole), probe)]
        of = [k for k, (name, _) in enumerate(self.scored) if name == probe]
        n = len(self.scored)
        unscored = sum(bool(a.about.answer.strip()) for a in self.asked if a.probe == probe) - len(of)
        loss = forgetting.loss(
            probe,
            [self.scored[k][1] for k in of],
            [base.scores[k] for k in of],
            [tuned.scores[k] for k in of],
            [base.scores[n + k] for k in of] if len(base.scores) > n else [],
            seed=self.settings.seed,
        )
        return [*found, replace(loss, left_out=unscored)]

    def _bias(self, base: Taken, tuned: Taken) -> list[Finding]:
        chosen, before, after, left_out = self._pairs(counterfactual.GAP, base, tuned)
        return [replace(one, left_out=left_out) for one in counterfactual.bias(chosen, before, after)]

    def _in_dialect(self, base: Taken, tuned: Taken) -> Finding:
        chosen, before, after, left_out = self._pairs(dialect.NAME, base, tuned)
        return replace(dialect.gap(chosen, before, after), left_out=left_out)

    def _pairs(
        self, probe: str, base: Taken, tuned: Taken
    ) -> tuple[list[counterfactual.Pair], list[str], list[str], int]:
        """A probe's pairs whose two sides both models answered, the answers, and how many pairs could not be asked."""
        both = self._both(probe, base, tuned)
        sides: dict[str, list[int]] = {}
        for k in both:
            sides.setdefault(self.asked[k].about.example_id, []).append(k)
        whole = [places for places in sides.values() if len(places) == len(counterfactual.SIDES)]
        places = [k for one in whole for k in one]
        chosen = [self.asked[one[0]].about for one in whole]
        before, after = self._said(places, base, tuned)
        left_out = (
            len(sides)
            - len(whole)
            + sum(
                ask.probe == probe and ask.about.example_id not in sides and ask.name.endswith("one")
                for ask in self.asked
            )
        )
        return chosen, before, after, left_out

    def _counted(self, found: Finding, probe: str) -> Finding:
        """A finding with the number of the probe's prompts that could not be put to the models."""
        pairs = zip(self.asked, self.prompts, strict=True)
        return replace(found, left_out=sum(ask.probe == probe and ids is None for ask, ids in pairs))


AGAIN = ":again"
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("probe", "name", "kind", "prompt", "base_reply", "tuned_reply"), pl.String),
    **{"base": pl.Float64, "tuned": pl.Float64, "note": pl.String},
}


def battery(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    settings: Settings,
    *,
    facts_of: grounding.FactsOf | None = None,
    extra: Extra | None = None,
    language_of: counterfactual.LanguageOf = counterfactual.english,
) -> Battery:
    """Choose and tokenise all prompts of the chosen probes.

    Args:
        model: Whose longest sequence bounds the prompts.
        tokenizer: With a chat template.
        examples: The hold-out, for pairs and demands.
        settings: Which probes.
        facts_of: Reads facts for grounding; None = grounding is not probed.
        extra: Further findings about the hold-out's answers.
        language_of: Tells the languages of prompts, for bias.

    Raises:
        InputError: A probe's name is not known.
    """
    for name in settings.which:
        if name not in PROBES:
            raise InputError(f"There is no probe {name}.", f"Choose from: {', '.join(PROBES)}.")
    asked: list[Ask] = []
    scored: list[tuple[str, Example, Prepared, Prepared]] = []
    limit = max_tokens_of(model)
    if "forgetting" in settings.which:
        known = general.items() if settings.n_general is None else general.spread(settings.n_general)
        for probe, items in ((forgetting.GENERAL, known), (forgetting.OWN, settings.own)):
            asked += forgetting.asks(probe, items)
            asked += forgetting.asks(probe + AGAIN, [forgetting.again(item) for item in items])
            scored += _scored(tokenizer, probe, items, limit)
    if "bias" in settings.which:
        made = counterfactual.pairs(examples, language_of)
        named = [pair for pair in made if pair.kind != "asked by"]
        chosen = _drawn(named, settings, lambda pair: pair.example_id)
        others = replace(settings, n_prompts=max(0, settings.n_prompts - len(chosen)))
        chosen += _drawn([pair for pair in made if pair.kind == "asked by"], others, lambda pair: pair.example_id)
        asked += counterfactual.asks(chosen)
        spoken = dialect.pairs(examples, language_of)
        asked += dialect.asks(_drawn(spoken, settings, lambda pair: pair.example_id))
    if "instructions" in settings.which:
        asked += constraints.asks(_drawn([e for e in examples if e.answer], settings, lambda e: e.id))
    return Battery(
        settings,
        tuple(asked),
        tuple(_prompt(tokenizer, ask, limit, settings.max_new_tokens) for ask in asked),
        tuple((probe, example) for probe, example, _, _ in scored),
        tuple(one for _, _, one, _ in scored),
        tuple(one for _, _, _, one in scored),
        facts_of,
        extra,
    )


def _drawn(values: Sequence[Any], settings: Settings, name: Callable[[Any], str]) -> list[Any]:
    """Values drawn by the seed, in their order."""
    drawn = set(sample(settings.seed, [name(one) for one in values], settings.n_prompts))
    return [one for one in values if name(one) in drawn]


def _prompt(tokenizer: Any, ask: Ask, limit: int | None, max_new_tokens: int) -> tuple[int, ...] | None:
    """Token ids of a prompt; None where this template cannot write it or it does not fit the model."""
    try:
        ids = prompt_ids(tokenizer, ask.messages)
    except FinetoothError:
        return None
    return None if limit is not None and len(ids) + max_new_tokens > limit else tuple(ids)


def _scored(
    tokenizer: Any, probe: str, items: Sequence[general.Item], limit: int | None
) -> list[tuple[str, Example, Prepared, Prepared]]:
    """Good answers as they are scored, to the question and to the same in other words; those that fit."""
    found = []
    for item in items:
        for example, other in zip(
            forgetting.scorable([item]), forgetting.scorable([forgetting.again(item)]), strict=True
        ):
            try:
                one, again = prepare(tokenizer, [example, other], max_tokens=limit)
            except FinetoothError:
                continue
            found.append((probe, example, one, again))
    return found

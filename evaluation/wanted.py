"""What an evaluation can be asked for, as the spec of its job says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import models
from core.errors import InputError
from evaluation.probes import battery


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an evaluation job was asked for; the fields are the keys of its spec.

    Attributes:
        workspace: Folder of the workspace.
        run_id: The training run.
        n_replies: Hold-out prompts that both models answer; None = all, 0 = none.
        max_new_tokens: Longest answer.
        seed: Of the choice of prompts and of the bootstrap.
        batch_size: Conversations at once.
        precision: None = the precision in which the run was trained.
        probes: Names of probes (see ``evaluation.probes``); empty = none.
        questions: JSONL file of a person's own questions for the probe of forgetting; None = none.
        metrics: Metrics of the `evaluate` library beside the shipped ones, by name or path.
        context: Conversations longer than the model reads are scored in windows with this many tokens of context
            (see ``evaluation.perplexity_windows``); None = they are left out and named.
        samples: Answers drawn by both models to each of those prompts, beside the greedy one; 0 = none.
        temperature, top_p: How they are drawn (see ``core.generation``).
    """

    workspace: str
    run_id: str
    n_replies: int | None = 40
    max_new_tokens: int = 128
    seed: int = 0
    batch_size: int = 8
    precision: models.Precision | None = None
    probes: Sequence[battery.Probe] = ()
    questions: str | None = None
    metrics: Sequence[str] = ()
    context: int | None = None
    samples: int = 0
    temperature: float = 0.7
    top_p: float = 0.95


def wanted_from(spec: dict[str, Any]) -> Wanted:
    """What a job's spec asks for.

    Raises:
        InputError: A setting is not known, or a number makes no sense.
    """
    unknown = set(spec) - set(Wanted.__dataclass_fields__)
    if unknown:
        raise InputError(f"An evaluation has no setting {', '.join(sorted(unknown))}.", "Leave it out.")
    wanted = Wanted(**spec)
    if (
        (wanted.n_replies is not None and wanted.n_replies < 0)
        or wanted.max_new_tokens < 1
        or wanted.batch_size < 1
        or wanted.samples < 0
    ):
        raise InputError("The numbers of answers, new tokens and the batch size must be positive.", "Change them.")
    return wanted

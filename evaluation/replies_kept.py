"""Lets answering go on where it was interrupted: each batch of answers is kept on disk until all are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.files import make_folder
from core.generation import Answer, Generation, generate
from core.ids import content_id
from core.jobs import Progress, no_progress
from evaluation.unfinished import keep, kept_records


def answer_all(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    settings: Generation,
    path: Path,
    *,
    progress: Progress = no_progress,
    stage: str = "answers",
) -> list[Answer]:
    """Answers to prompts, in their order; those that an earlier attempt left at ``path`` are not made again.

    Batches are the same in every attempt (prompts by falling length), so an interruption changes no answer.

    Args:
        model: A causal language model in eval mode.
        tokenizer: Its tokenizer.
        prompts: Token ids (see ``core.chat.prompt_ids``).
        settings: How to generate.
        path: JSON lines; whoever calls removes the file when the answers have found their place.
        progress: Called with (stage, answers done, all) after each batch; it may raise to stop.
        stage: Its name.

    Raises:
        InputError: As for :func:`core.generation.generate`.
    """
    names = [content_id([list(prompt), settings.as_dict()]) for prompt in prompts]
    kept = {(one.pop("place"), one.pop("prompt")): Answer(**one) for one in kept_records(path)}
    make_folder(path.parent)
    answers = {k: kept[k, name] for k, name in enumerate(names) if (k, name) in kept}
    order = sorted(range(len(prompts)), key=lambda k: -len(prompts[k]))
    progress(stage, len(answers), len(prompts))
    for start in range(0, len(order), settings.batch_size):
        places = order[start : start + settings.batch_size]
        if all(k in answers for k in places):
            continue
        made = dict(zip(places, generate(model, tokenizer, [prompts[k] for k in places], settings), strict=True))
        keep(path, [{"place": k, "prompt": names[k], **asdict(one)} for k, one in made.items()])
        answers |= made
        progress(stage, len(answers), len(prompts))
    return [answers[k] for k in range(len(prompts))]

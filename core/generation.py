"""Has a model answer prompts, greedily or by drawing with a seed, with the settings written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import InputError
from core.ids import content_id
from core.jobs import Progress, no_progress


@dataclass(frozen=True, slots=True)
class Generation:
    """How answers are made. Greedy unless there is a temperature, so that the same weights give the same answers.

    Attributes:
        max_new_tokens: An answer that reaches it without ending is marked as truncated.
        batch_size: Prompts at once.
        temperature: Tokens are drawn from the likelihoods, sharpened by it; None = the likeliest token each time.
        top_p: They are drawn from the likeliest tokens that hold this share of the likelihood.
        seed: Of the drawing: the same seed, weights and batches give the same answers.
    """

    max_new_tokens: int = 128
    batch_size: int = 8
    temperature: float | None = None
    top_p: float = 1.0
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON; of greedy answers without what only drawing needs."""
        if self.temperature is not None:
            return {**asdict(self), "decoding": "sampled"}
        return {"max_new_tokens": self.max_new_tokens, "batch_size": self.batch_size, "decoding": "greedy"}

    def with_seed(self, seed: int) -> Generation:
        """The same with another seed."""
        return replace(self, seed=seed)


@dataclass(frozen=True, slots=True)
class Answer:
    """One generated answer.

    Attributes:
        text: Without control tokens.
        tokens: Generated tokens, the end of turn included.
        truncated: It was cut by ``max_new_tokens``.
        seconds: Its share of its batch's wall time.
    """

    text: str
    tokens: int
    truncated: bool
    seconds: float


def generate(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    settings: Generation,
    *,
    progress: Progress = no_progress,
    stage: str = "answers",
    check: Callable[[], None] | None = None,
) -> list[Answer]:
    """Answer prompts, in their order.

    Prompts of similar length share a batch, padded on the left and masked. ``progress`` is called after each batch;
    it may raise to stop.

    Args:
        model: A causal language model in eval mode.
        tokenizer: Its tokenizer.
        prompts: Token ids that end with the generation prompt (see ``core.chat.prompt_ids``).
        settings: How to generate.
        progress: Called with (stage, answers done, all).
        stage: Its name.
        check: Called before each new token; it may raise to stop.

    Raises:
        InputError: A number makes no sense, or a prompt and its answer do not fit the model.
    """
    import torch

    if settings.max_new_tokens < 1 or settings.batch_size < 1:
        raise InputError("An answer needs at least one new token and a batch at least one prompt.", "Raise the number.")
    if settings.temperature is not None and not (settings.temperature > 0 and 0 < settings.top_p <= 1):
        raise InputError("Drawn answers need a temperature above 0 and a share of at most 1.", "Change the numbers.")
    limit = max_tokens_of(model)
    for place, prompt in enumerate(prompts):
        if limit is not None and len(prompt) + settings.max_new_tokens > limit:
            raise InputError(
                f"Prompt {place + 1} has {len(prompt)} tokens; with {settings.max_new_tokens} new ones it exceeds the "
                f"{limit} that the model reads.",
                "Lower --max-new-tokens, or leave that prompt out.",
            )
    ends = end_tokens(model, tokenizer)
    device = next(model.parameters()).device
    order = sorted(range(len(prompts)), key=lambda k: -len(prompts[k]))
    answers: dict[int, Answer] = {}
    progress(stage, 0, len(prompts))
    for start in range(0, len(order), settings.batch_size):
        places = order[start : start + settings.batch_size]
        longest = max(len(prompts[k]) for k in places)
        ids = torch.full((len(places), longest), int(tokenizer.pad_token_id), dtype=torch.long)
        mask = torch.zeros((len(places), longest), dtype=torch.long)
        for row, k in enumerate(places):
            ids[row, longest - len(prompts[k]) :] = torch.tensor(list(prompts[k]))
            mask[row, longest - len(prompts[k]) :] = 1
        began = time.perf_counter()
        with torch.inference_mode(), _seeded(settings, [prompts[k] for k in places]):
            output = model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                max_new_tokens=settings.max_new_tokens,
                do_sample=settings.temperature is not None,
                num_beams=1,
                temperature=settings.temperature,
                top_p=None if settings.temperature is None else settings.top_p,
                top_k=None if settings.temperature is None else 0,
                repetition_penalty=1.0,
                eos_token_id=ends,
                pad_token_id=int(tokenizer.pad_token_id),
                stopping_criteria=None if check is None else [_calls(check)],
            )
        seconds = (time.perf_counter() - began) / len(places)
        for row, k in enumerate(places):
            answers[k] = _answer(tokenizer, output[row, longest:].tolist(), set(ends), seconds)
        progress(stage, len(answers), len(prompts))
    return [answers[k] for k in range(len(prompts))]


@contextmanager
def _seeded(settings: Generation, batch: Sequence[Sequence[int]]) -> Iterator[None]:
    """Draws by the seed and the batch's prompts, so that no batch depends on those before it."""
    import torch

    if settings.temperature is None:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(int(content_id([settings.seed, [list(prompt) for prompt in batch]])[:15], 16))
        yield


def _calls(check: Callable[[], None]) -> Any:
    """A stopping criterion that never stops by itself: it lets somebody interrupt between two tokens."""
    import torch

    def criterion(input_ids: Any, _scores: Any, **_: Any) -> Any:
        check()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    return criterion


def _answer(tokenizer: Any, tokens: Sequence[int], ends: set[int], seconds: float) -> Answer:
    stop = next((k for k, token in enumerate(tokens) if token in ends), None)
    kept = list(tokens if stop is None else tokens[:stop])
    text = str(tokenizer.decode(kept, skip_special_tokens=True))
    return Answer(text, len(kept) + (stop is not None), stop is None, seconds)


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: the tokenizer's end token, and those of the model's generation settings."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = [] if named is None else [named] if isinstance(named, int) else list(named)
    return sorted({int(tokenizer.eos_token_id), *(int(token) for token in listed)})


def max_tokens_of(model: Any) -> int | None:
    """The longest sequence a model was built for; None where its configuration does not say."""
    length = getattr(getattr(model, "config", None), "max_position_embeddings", None)
    return int(length) if length else None

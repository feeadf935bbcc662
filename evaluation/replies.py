"""Has models answer the hold-out prompts: base and tuned from the same tokens, with the settings written down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.chat import prompt_ids
from core.errors import InputError
from core.files import explain_os_error
from core.ids import content_id
from core.jobs import Progress, no_progress
from core.types import Example, Reject, Reply
from evaluation.perplexity import max_tokens_of


@dataclass(frozen=True, slots=True)
class Generation:
    """How answers are made. Greedy, so that the same weights give the same answers.

    Attributes:
        max_new_tokens: An answer that reaches it without ending is marked as truncated.
        batch_size: Prompts at once.
    """

    max_new_tokens: int = 128
    batch_size: int = 8

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {**asdict(self), "decoding": "greedy"}


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
) -> list[Answer]:
    """Answer prompts greedily, in their order.

    Prompts of similar length share a batch, padded on the left and masked. ``progress`` is called after each batch;
    it may raise to stop.

    Args:
        model: A causal language model in eval mode.
        tokenizer: Its tokenizer.
        prompts: Token ids that end with the generation prompt (see ``core.chat.prompt_ids``).
        settings: How to generate.
        progress: Called with (stage, answers done, all).
        stage: Its name.

    Raises:
        InputError: A number makes no sense, or a prompt and its answer do not fit the model.
    """
    import torch

    if settings.max_new_tokens < 1 or settings.batch_size < 1:
        raise InputError("An answer needs at least one new token and a batch at least one prompt.", "Raise the number.")
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
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                max_new_tokens=settings.max_new_tokens,
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                eos_token_id=ends,
                pad_token_id=int(tokenizer.pad_token_id),
            )
        seconds = (time.perf_counter() - began) / len(places)
        for row, k in enumerate(places):
            answers[k] = _answer(tokenizer, output[row, longest:].tolist(), set(ends), seconds)
        progress(stage, len(answers), len(prompts))
    return [answers[k] for k in range(len(prompts))]


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


@contextmanager
def as_base(model: Any) -> Iterator[Any]:
    """The model without its adapter inside the block: the same weights in the same precision."""
    with model.disable_adapter():
        yield model


def prompts_of(tokenizer: Any, examples: Sequence[Example]) -> list[list[int]]:
    """Token ids of each example's turns before its final answer."""
    return [prompt_ids(tokenizer, example.prompt) for example in examples]


def as_reply(source: str, example_id: str, answer: Answer, settings: Generation) -> Reply:
    """An answer as the noun that studies compare; its id depends on what was said, by whom, to which prompt."""
    stored = {**settings.as_dict(), "truncated": answer.truncated, "tokens": answer.tokens}
    return Reply(content_id([source, example_id, answer.text, stored]), source, example_id, answer.text, stored)


def read_replies(path: Path, source: str, prompt_ids_known: set[str]) -> tuple[list[Reply], list[Reject]]:
    """Answers of any other model from JSONL: ``{"prompt_id": <example id>, "text": …}`` a line.

    Returns:
        The replies, and the lines that are none with their reasons (unknown prompt, answered twice, not JSON).

    Raises:
        InputError: The file cannot be read, or no line of it is a reply.
    """
    try:
        raw_lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error
    replies: list[Reply] = []
    rejects: list[Reject] = []
    seen: dict[str, int] = {}
    at = 0
    for number, raw in enumerate(raw_lines, start=1):
        start, at = at, at + len(raw) + 1
        if not raw.strip():
            continue
        found = _parse_reply(raw, prompt_ids_known, seen)
        if isinstance(found, str):
            rejects.append(Reject(number, found, start, start + len(raw)))
            continue
        prompt_id, text = found
        seen[prompt_id] = number
        replies.append(Reply(content_id([source, prompt_id, text]), source, prompt_id, text, {"imported": True}))
    if not replies:
        first = f" The first problem: line {rejects[0].line} {rejects[0].reason}." if rejects else ""
        raise InputError(f"{path} holds no reply.{first}", 'Each line needs "prompt_id" and "text".')
    return replies, rejects


def _parse_reply(raw: bytes, known: set[str], seen: dict[str, int]) -> tuple[str, str] | str:
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a JSON object"
    prompt_id, text = value.get("prompt_id"), value.get("text")
    if not isinstance(prompt_id, str) or not isinstance(text, str):
        return 'has no "prompt_id" and "text"'
    if prompt_id not in known:
        return "names a prompt that is not in the hold-out"
    if prompt_id in seen:
        return f"answers a prompt that line {seen[prompt_id]} answered already"
    return prompt_id, text

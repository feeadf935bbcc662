"""How likely a model finds the hold-out answers: NLL over assistant tokens, aggregated once, base paired with tuned.

Perplexity here is exp(Σ NLL / Σ tokens) over every assistant token, end of turn included. It is not a mean of
perplexities and not a mean of batch losses, both of which depend on how the texts are cut or batched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.chat import IGNORED, Encoded, encode
from core.errors import FinetoothError, InputError
from core.generation import max_tokens_of
from core.jobs import Progress, no_progress
from core.types import Example
from evaluation.estimate import SMALLEST_SAMPLE, Estimate
from evaluation.perplexity_windows import Window, windows

POSITIONS_AT_ONCE = 128
"""Logits made at once: of 50,000 words in float32 they take 25 MB, which the next ones can use again."""

MOST_SCORED_AT_ONCE = 2048
"""Tokens scored in one batch, unless a single text has more: where logits must be made all at once, those of 50,000
words in float32 then take 400 MB."""


@dataclass(frozen=True, slots=True)
class Score:
    """One conversation's sums.

    Attributes:
        nll: Negative log-likelihood of all assistant tokens, end of turn included, in nats.
        tokens: Their number.
        content_nll: The same over the answers' text only, in nats.
        content_bytes: UTF-8 bytes of the answers' text.
    """

    nll: float
    tokens: int
    content_nll: float
    content_bytes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A corpus value, from sums that were divided once. ``bits_per_byte`` is None where the answers hold no text."""

    nll: float
    tokens: int
    perplexity: float
    bits_per_byte: float | None
    n_examples: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tokenised conversation, ready to be scored by several models that share the tokenizer.

    ``windows`` is empty where it is read at once.
    """

    encoded: Encoded
    content_bytes: int
    windows: tuple[Window, ...] = ()

    def parts(self) -> list[Window]:
        """The stretches that hold a token to be scored."""
        labels = self.encoded.labels
        cut = self.windows or (Window(0, len(labels), 1),)
        return [one for one in cut if any(label != IGNORED for label in labels[one.first : one.stop])]


def prepare(
    tokenizer: Any,
    examples: Sequence[Example],
    *,
    names: Sequence[str] | None = None,
    max_tokens: int | None = None,
    context: int | None = None,
) -> list[Prepared]:
    """Tokenise and mask conversations.

    Args:
        tokenizer: With a chat template.
        examples: In the order in which scores are wanted.
        names: How each is called in an error, such as "line 7"; None = "example 1", "example 2", ….
        max_tokens: The longest that the model reads; None = no limit.
        context: A conversation that is longer is scored in windows, each of which reads this many tokens before the
            first that it scores (see :func:`evaluation.perplexity_windows.windows`); None = it is an error.

    Raises:
        InputError: Naming the row: it has no assistant turn, no token of it can be scored, or it is too long (a cut
            answer would give a number that means something else). Or the context does not fit the model.
    """
    prepared = []
    for place, example in enumerate(examples):
        name = names[place] if names else f"example {place + 1}"
        try:
            encoded = encode(tokenizer, example.messages)
        except FinetoothError as error:
            raise InputError(f"{name[0].upper()}{name[1:]}: {error.message}", error.hint) from error
        if encoded.n_supervised == 0:
            raise InputError(
                f"There is nothing to score in {name}: it has no assistant turn.",
                "Remove it, or give it an answer.",
            )
        if encoded.labels[0] != IGNORED:
            raise InputError(
                f"The answer in {name} begins at the very first token, so nothing predicts it.",
                "Use a chat template that opens a turn before the answer.",
            )
        too_long = max_tokens is not None and len(encoded.input_ids) > max_tokens
        if too_long and context is None:
            raise InputError(
                f"{name[0].upper()}{name[1:]} has {len(encoded.input_ids)} tokens; the model reads {max_tokens}.",
                "Shorten or remove it, or score it in windows (--context): a cut answer is not scored.",
            )
        cut = windows(len(encoded.input_ids), max_tokens, context) if too_long and max_tokens and context else ()
        answers = (m.content for m in example.messages if m.role == "assistant")
        size_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in answers)
        prepared.append(Prepared(encoded, size_bytes, cut))
    return prepared


def score(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    *,
    names: Sequence[str] | None = None,
    context: int | None = None,
    batch_size: int = 8,
    progress: Progress = no_progress,
    stage: str = "perplexity",
) -> list[Score]:
    """Score conversations, in their order. See :func:`prepare` for the errors, :func:`score_prepared` for the rest."""
    prepared = prepare(tokenizer, examples, names=names, max_tokens=max_tokens_of(model), context=context)
    return score_prepared(model, prepared, batch_size=batch_size, progress=progress, stage=stage)


def score_prepared(
    model: Any,
    prepared: Sequence[Prepared],
    *,
    batch_size: int = 8,
    progress: Progress = no_progress,
    stage: str = "perplexity",
) -> list[Score]:
    """Score tokenised conversations, in their order.

    Batches hold stretches of similar length, padded on the right and masked. Logits are computed only where a
    supervised token is predicted, and log-softmax in float32 whatever the model's precision.

    Args:
        model: A causal language model in eval mode.
        prepared: From :func:`prepare`.
        batch_size: Stretches at once, at most; it changes the speed, not the result.
        progress: Called with (stage, stretches done, all).
        stage: Its name.

    Raises:
        InputError: ``batch_size`` is below one, or a conversation has no token that can be scored.
        FinetoothError: The model gave a likelihood that is no number.
    """
    import torch

    if batch_size < 1:
        raise InputError("The batch size must be at least 1.", "Give a positive number.")
    parts = [(place, part) for place, one in enumerate(prepared) for part in one.parts()]
    if missing := sorted(set(range(len(prepared))) - {place for place, _ in parts}):
        raise InputError(
            f"No token of example {missing[0] + 1} can be scored: its mask is empty.",
            "Leave it out, or use a chat template that says where answers begin and end.",
        )
    parts.sort(key=lambda one: one[1].start - one[1].stop)
    sums = [[0.0, 0.0, 0.0] for _ in prepared]
    progress(stage, 0, len(parts))
    done = 0
    with torch.inference_mode():
        head = _plain_head(model)
        while done < len(parts):
            batch = _batch(prepared, parts[done:], batch_size)
            found = _score_batch(model, head, [(prepared[place].encoded, part) for place, part in batch])
            for (place, _), part_sums in zip(batch, found, strict=True):
                if not math.isfinite(part_sums[0]):
                    raise FinetoothError(
                        f"The model gave no finite likelihood for example {place + 1}.",
                        "Its weights may be damaged, or its precision too low; try --precision fp32.",
                    )
                sums[place] = [a + b for a, b in zip(sums[place], part_sums, strict=True)]
            done += len(batch)
            progress(stage, done, len(parts))
    return [
        Score(nll, int(tokens), content, one.content_bytes)
        for (nll, tokens, content), one in zip(sums, prepared, strict=True)
    ]


def _batch(
    prepared: Sequence[Prepared], parts: Sequence[tuple[int, Window]], batch_size: int
) -> Sequence[tuple[int, Window]]:
    """The first parts that are scored together: at least one."""
    scored = 0
    for n, (place, part) in enumerate(parts[:batch_size]):
        scored += sum(label != IGNORED for label in prepared[place].encoded.labels[part.first : part.stop])
        if n and scored > MOST_SCORED_AT_ONCE:
            return parts[:n]
    return parts[:batch_size]


def _score_batch(
    model: Any, head: Any | None, batch: Sequence[tuple[Encoded, Window]]
) -> list[tuple[float, int, float]]:
    """NLL, number of tokens and NLL of the content of each stretch."""
    import torch

    device = next(model.parameters()).device
    longest = max(part.stop - part.start for _, part in batch) - 1
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    # predicts[b, t]: the token after the one at t is scored, so the logits at t are needed.
    predicts = torch.zeros((len(batch), longest), dtype=torch.bool)
    scored: list[list[int]] = []
    for row, (encoded, part) in enumerate(batch):
        n = part.stop - part.start - 1
        ids[row, :n] = torch.tensor(encoded.input_ids[part.start : part.stop - 1])
        mask[row, :n] = 1
        scored.append([k for k in range(part.first, part.stop) if encoded.labels[k] != IGNORED])
        predicts[row, torch.tensor(scored[-1]) - part.start - 1] = True
    wanted = [encoded.input_ids[k] for (encoded, _), own in zip(batch, scored, strict=True) for k in own]
    targets = torch.tensor(wanted).to(device)
    found = _at_predictions(model, head is not None, ids.to(device), mask.to(device), predicts.to(device))
    losses = []
    for start in range(0, len(targets), POSITIONS_AT_ONCE):
        chunk = slice(start, start + POSITIONS_AT_ONCE)
        logits = found[chunk] if head is None else head(found[chunk])
        losses.append(torch.nn.functional.cross_entropy(logits.float(), targets[chunk], reduction="none"))
    nll = torch.cat(losses).double().cpu().numpy()
    sums, at = [], 0
    for (encoded, _), own in zip(batch, scored, strict=True):
        values = nll[at : at + len(own)]
        at += len(own)
        content = np.array([encoded.content[k] for k in own], dtype=bool)
        sums.append((float(values.sum()), len(own), float(values[content].sum())))
    return sums


def _plain_head(model: Any) -> Any | None:
    """The output layer of a model whose logits are what it gives, unchanged; None where they are scaled or capped.

    A model of the first kind is asked for its hidden states, and the logits are made a few at a time. What a model
    does is seen by running it on one token.
    """
    import torch

    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if head is None:
        return None
    given: list[Any] = []
    handle = head.register_forward_pre_hook(lambda _module, arguments: given.append(arguments[0]))
    try:
        one = torch.zeros((1, 1), dtype=torch.long, device=next(model.parameters()).device)
        logits = model(input_ids=one, use_cache=False).logits
    finally:
        handle.remove()
    return head if len(given) == 1 and torch.equal(head(given[0]), logits) else None


def _at_predictions(model: Any, hidden_only: bool, ids: Any, mask: Any, predicts: Any) -> Any:
    """Hidden states before the output layer, or logits, [supervised, width] in row-major order of ``predicts``.

    A hook hands only the needed hidden states to the output layer (one, where they are all that is wanted), so
    whatever the model does to its logits after that still happens. A model without an output layer is asked for all
    logits.
    """
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if head is None:
        return model(input_ids=ids, attention_mask=mask).logits[predicts]
    kept: list[Any] = []

    def select(_module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *rest = arguments
        kept.append(hidden[predicts])
        return (kept[0][:1].unsqueeze(0) if hidden_only else kept[0].unsqueeze(0), *rest)

    handle = head.register_forward_pre_hook(select)
    try:
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0]
    finally:
        handle.remove()
    return kept[0] if hidden_only else logits


def summarise(scores: Sequence[Score]) -> Summary:
    """Aggregate once: sums of NLL and tokens, then one division and one exponential.

    Raises:
        InputError: There is nothing to summarise.
    """
    tokens = sum(one.tokens for one in scores)
    if tokens == 0:
        raise InputError("There is nothing to score.", "Give at least one conversation with an answer.")
    nll = math.fsum(one.nll for one in scores)
    size_bytes = sum(one.content_bytes for one in scores)
    content = math.fsum(one.content_nll for one in scores)
    bits = content / (math.log(2) * size_bytes) if size_bytes else None
    return Summary(nll, tokens, safe_exp(nll / tokens), bits, len(scores))


def safe_exp(value: float) -> float:
    """exp, with the largest float in place of an overflow (JSON has no infinity)."""
    return math.exp(min(value, 709.0))


def paired_ratio(base: Sequence[Score], tuned: Sequence[Score], *, seed: int, n_resamples: int = 5000) -> Estimate:
    """Perplexity of tuned / base on the same tokens, with a document-bootstrap interval; below 1 = tuned fits better.

    δ = (Σ NLL_tuned - Σ NLL_base) / Σ N, the ratio is exp(δ); documents are resampled and both sums are made anew.
    The paired interval is about a tenth as wide as one model's own, so single intervals must not be compared.

    Raises:
        InputError: The two were not scored on the same tokens.
    """
    if [one.tokens for one in base] != [one.tokens for one in tuned]:
        raise InputError(
            "The two models were not scored on the same tokens, so their perplexities cannot be compared.",
            "Score both with the same tokenizer and template in one run.",
        )
    n = len(base)
    if n == 0:
        return Estimate(None, reason="nothing was scored")
    difference = np.array([t.nll - b.nll for b, t in zip(base, tuned, strict=True)])
    tokens = np.array([one.tokens for one in base], dtype=np.float64)
    ratio = safe_exp(float(difference.sum() / tokens.sum()))
    if n < SMALLEST_SAMPLE:
        return Estimate(ratio, n=n, reason=f"no interval: {n} conversations, at least {SMALLEST_SAMPLE} are needed")
    generator = np.random.default_rng(seed)
    chunk = max(1, 2_000_000 // n)
    deltas = []
    for start in range(0, n_resamples, chunk):
        weights = generator.multinomial(n, np.full(n, 1 / n), size=min(chunk, n_resamples - start))
        deltas.append((weights @ difference) / (weights @ tokens))
    low, high = np.percentile(np.concatenate(deltas), [2.5, 97.5])
    method = f"document bootstrap, {n_resamples} resamples"
    return Estimate(ratio, safe_exp(float(low)), safe_exp(float(high)), n, method)

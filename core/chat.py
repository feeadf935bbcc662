"""Turns a conversation into tokens, and says exactly which of them are trained and scored.

One rule for training, perplexity and generation: the model's own chat template renders the text, which is tokenised
without further special tokens (the template supplies the prefix, so there is no double BOS). An answer is the
difference between two renderings, the prompt with the generation prompt and the prompt with the answer; a rendering
that is not a true token prefix of the next one is refused, never guessed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InputError
from core.types import ROLES, Message

IGNORED = -100
"""The label of a token that is neither trained nor scored."""

KNOWN_ROLES = frozenset({*ROLES, "developer", "function", "ipython"})
"""Roles that some model's template knows. Most templates write any other, too, as if it meant something."""


class RefusedError(InputError):
    """A conversation that cannot be encoded truly; ``name`` tells the kind of obstacle to programs.

    ``unknown-template`` (none, or it cannot write a plain question and answer), ``template-refuses-turns``,
    ``unknown-role``, ``control-token-in-text``, ``boundary-mismatch``, ``history-rewritten``, ``answer-left-out``,
    ``turn-left-out``.
    """

    def __init__(self, name: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.name = name


@dataclass(frozen=True, slots=True)
class Encoded:
    """A rendered conversation; the first three tuples have one entry a token.

    Attributes:
        input_ids: The whole conversation as the chat template writes it.
        labels: The token itself where it is supervised, else ``IGNORED``; not shifted.
        content: True on supervised tokens that are answer text, False on the end of turn and all other tokens.
        left_out: The 0-based turns whose words the template does not write (a system prompt, thoughts before an
            answer); whoever trains on the rest should know.
    """

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    content: tuple[bool, ...]
    left_out: tuple[int, ...] = ()

    @property
    def n_supervised(self) -> int:
        """How many tokens are trained and scored."""
        return sum(label != IGNORED for label in self.labels)


def encode(
    tokenizer: Any, messages: Sequence[Message], *, all_turns: bool = True, untrained: Collection[int] = ()
) -> Encoded:
    """Tokenise a conversation and mark the tokens of its assistant turns, end-of-turn token included.

    What the template writes after the end-of-turn token (a newline, in ChatML) is not supervised.

    Args:
        tokenizer: A Hugging Face tokenizer with a chat template.
        messages: The turns, in order.
        all_turns: Supervise every assistant turn; False supervises only the last one.
        untrained: Turns (0-based) that are not supervised in any case.

    Raises:
        RefusedError: The tokenizer has no usable template, the template refuses the turns, a role means nothing, a text
            holds one of the tokenizer's control tokens, a rendering is not a token prefix of the next, or no token of
            an existing assistant turn would be supervised.
    """
    refuse_control_tokens(tokenizer, messages)
    _refuse_strange_roles(messages)
    text = render(tokenizer, messages)
    input_ids = _tokens(tokenizer, text)
    labels = [IGNORED] * len(input_ids)
    content = [False] * len(input_ids)
    turns = [k for k, message in enumerate(messages) if message.role == "assistant"]
    chosen = [k for k in (turns if all_turns else turns[-1:]) if k not in untrained]
    left_out = _left_out(text, messages)
    if chosen and left_out and all(k in left_out for k in chosen):
        raise _answer_left_out()
    for k in chosen:
        start, length = _answer_range(tokenizer, messages, k, input_ids)
        stop, closed = end_of_turn(tokenizer, input_ids, start, length)
        for position in range(start, stop):
            labels[position] = input_ids[position]
            content[position] = not (closed and position == stop - 1)
    if chosen and all(label == IGNORED for label in labels):
        raise _answer_left_out()
    return Encoded(tuple(input_ids), tuple(labels), tuple(content), left_out)


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Tokens of a prompt that ends where the assistant's answer begins.

    Raises:
        RefusedError: As for ``encode``.
    """
    refuse_control_tokens(tokenizer, messages)
    return _tokens(tokenizer, render(tokenizer, messages, add_generation_prompt=True))


def render(tokenizer: Any, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
    """The text of a conversation as the tokenizer's chat template writes it.

    Raises:
        RefusedError: There is no chat template, or it refuses these turns.
    """
    from jinja2 import TemplateError

    if not getattr(tokenizer, "chat_template", None):
        raise RefusedError(
            "unknown-template",
            "This model's tokenizer has no chat template, so its turns cannot be told apart.",
            "Choose an instruct model, or put a chat_template.jinja beside its tokenizer.",
        )
    turns = [{"role": m.role, "content": m.content} for m in messages]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt)
    except (TemplateError, ValueError, TypeError, KeyError, IndexError) as error:
        roles = ", ".join(m.role for m in messages[:6]) + (", …" if len(messages) > 6 else "")
        raise RefusedError(
            "template-refuses-turns",
            f"The model's chat template refuses this order of turns ({roles}).",
            "Edit or drop the example, or choose a model whose template allows these roles.",
        ) from error
    return str(text)


def template_hash(tokenizer: Any) -> str:
    """SHA-256 of the chat template and the special tokens it may name; equal hashes render equally.

    Raises:
        InputError: The tokenizer has no chat template.
    """
    template = getattr(tokenizer, "chat_template", None)
    if not template:
        raise InputError("This model's tokenizer has no chat template.", "Choose an instruct model.")
    special = {name: str(value) for name, value in sorted(tokenizer.special_tokens_map.items())}
    text = json.dumps([template, special], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def control_tokens(tokenizer: Any) -> dict[int, str]:
    """Ids and texts of the tokens that steer the model and must not come from data."""
    added = tokenizer.added_tokens_decoder
    return {int(token_id): str(token.content) for token_id, token in added.items() if token.special}


def refuse_control_tokens(tokenizer: Any, messages: Sequence[Message]) -> None:
    """Refuse a text that would be read as a control token: it would end a turn, or open another, inside the data.

    Raises:
        RefusedError: Names the turn (0-based) and the token.
    """
    tokens = control_tokens(tokenizer).values()
    for turn, message in enumerate(messages):
        for token in tokens:
            if token and token in message.content:
                raise RefusedError(
                    "control-token-in-text",
                    f"Turn {turn} holds the model's control token {token} as text; it would be read as the end of a "
                    "turn or the start of another.",
                    "Edit that turn, or drop the example.",
                )


def end_of_turn(tokenizer: Any, input_ids: Sequence[int], start: int, length: int) -> tuple[int, bool]:
    """Where the answer that begins at ``start`` ends.

    Args:
        tokenizer: Its control tokens are the candidates for the end of a turn.
        input_ids: The whole conversation.
        start: Position of the answer's first token.
        length: Number of tokens that the template wrote for this turn.

    Returns:
        The position after the last token to supervise, and whether that last token is an end-of-turn token. False
        means that the template closes the turn with no control token; pre-flight then refuses to train.
    """
    candidates = set(control_tokens(tokenizer)) | {tokenizer.eos_token_id}
    for position in range(start + length - 1, start - 1, -1):
        if input_ids[position] in candidates:
            return position + 1, True
    return start + length, False


def _answer_range(tokenizer: Any, messages: Sequence[Message], k: int, input_ids: list[int]) -> tuple[int, int]:
    """First token and token count of assistant turn ``k``, both renderings verified as prefixes of the whole."""
    prompt = _tokens(tokenizer, render(tokenizer, messages[:k], add_generation_prompt=True))
    upto = input_ids if k == len(messages) - 1 else _tokens(tokenizer, render(tokenizer, messages[: k + 1]))
    if upto[: len(prompt)] != prompt:
        raise RefusedError(
            "boundary-mismatch",
            f"In turn {k}, prompt and answer do not part at a token boundary: what is trained would differ from what "
            "is asked later.",
            "Remove white space from the answer's start; if every example fails, the chat template cannot be trained.",
        )
    if input_ids[: len(upto)] != upto:
        raise RefusedError(
            "history-rewritten",
            f"The chat template writes turn {k} differently once later turns follow.",
            "Train on the last answer only, or split the conversation into single turns.",
        )
    return len(prompt), len(upto) - len(prompt)


def _refuse_strange_roles(messages: Sequence[Message]) -> None:
    for turn, message in enumerate(messages):
        if message.role not in KNOWN_ROLES:
            raise RefusedError(
                "unknown-role",
                f"Turn {turn} has a role that means nothing to a model ({message.role[:40]!r}).",
                f"Edit it: the roles are {', '.join(ROLES)}.",
            )


def _answer_left_out() -> RefusedError:
    return RefusedError(
        "answer-left-out",
        "No token of the assistant's turns would be trained: the chat template leaves them out.",
        "Use a tokenizer whose chat template renders assistant turns.",
    )


def _left_out(text: str, messages: Sequence[Message]) -> tuple[int, ...]:
    """The turns whose words are not in a rendering, white space aside (tools' turns may be written as JSON)."""
    found = []
    packed = ""
    for turn, message in enumerate(messages):
        if message.role == "tool" or message.content.strip() in text:
            continue
        packed = packed or "".join(text.split())
        if "".join(message.content.split()) not in packed:
            found.append(turn)
    return tuple(found)


def _tokens(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

"""Shows of any row exactly which of its tokens are trained: its rendered text in pieces, each with what it is for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.chat import IGNORED, RefusedError, render
from core.errors import InputError
from core.types import Example
from training.config import TrainConfig
from training.data import Item, encode_examples

Kind = Literal["context", "trained", "end", "after"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring tokens of one kind, as text.

    ``context`` is read but not trained; ``trained`` is answer text that is; ``end`` is a trained end of turn; ``after``
    stands behind the last trained token and does not go through the model at all.
    """

    text: str
    kind: Kind
    n_tokens: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """One row as training sees it.

    Attributes:
        id: The example's.
        place: Such as ``chats.jsonl, line 12``; empty where unknown.
        pieces: The whole rendering, in order; one piece of context where the row cannot be trained.
        n_tokens: That go through the model.
        n_trained: Of these, how many are trained, ends of turns included.
        refused: Why it cannot be trained; empty where it can.
    """

    id: str
    place: str
    pieces: tuple[Piece, ...]
    n_tokens: int
    n_trained: int
    refused: str = ""

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        return asdict(self)


def view(tokenizer: Any, example: Example, config: TrainConfig, stops: frozenset[int], *, place: str = "") -> TokenView:
    """What training would do with one row, by the same way that training goes.

    Args:
        tokenizer: Of the base model.
        example: The row.
        config: Settings of the run; its length limit decides, too.
        stops: Tokens at which the model stops (``preflight_base.stop_ids``).
        place: Where the row stands.
    """
    encoded = encode_examples(tokenizer, [example], max_tokens=config.max_tokens, train_turns=config.train_turns)
    try:
        text = render(tokenizer, example.messages)
    except RefusedError:
        text = "\n".join(message.content for message in example.messages)
    if not encoded.items:
        reason = "It has no answer to train on."
        if encoded.refused:
            reason = encoded.refused[0].reason
        elif encoded.over_long:
            reason = (
                f"It has {encoded.over_long[0][1]} tokens; at most {config.max_tokens} are allowed, and none is cut."
            )
        return TokenView(example.id, place, (Piece(text, "context", 0),), 0, 0, reason)
    item = encoded.items[0]
    return TokenView(example.id, place, _pieces(tokenizer, text, item, stops), item.n_tokens, item.n_supervised)


def find_rows(examples: Sequence[Example], places: Mapping[str, str], wanted: Sequence[str]) -> list[Example]:
    """The examples that people name: by line (``12``), file and line (``chats.jsonl:12``), or the start of an id.

    Raises:
        InputError: None fits, or more than one does; the name is told.
    """
    found = []
    for name in wanted:
        file, _, line = name.rpartition(":")
        ends = f"{file}, line {line}"
        fitting = [e for e in examples if line.isdigit() and places.get(e.id, "").endswith(ends)]
        fitting = fitting or [e for e in examples if len(name) >= 4 and e.id.startswith(name)]
        if len(fitting) != 1:
            which = "Name the file, too: FILE:LINE." if fitting else "Name a line of the file, FILE:LINE, or an id."
            raise InputError(f"{len(fitting)} training examples stand at {name}.", which)
        found.append(fitting[0])
    return found


def _pieces(tokenizer: Any, text: str, item: Item, stops: frozenset[int]) -> tuple[Piece, ...]:
    whole = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    kinds: list[Kind] = [_kind(label, stops) for label in item.labels]
    kinds += ["after"] * (len(whole) - item.n_tokens)
    ends = _ends(tokenizer, text, whole)
    pieces: list[Piece] = []
    position = start = 0
    for kind, group in itertools.groupby(kinds):
        n_tokens = len(list(group))
        position += n_tokens
        end = len(text) if position == len(whole) else ends[position - 1]
        pieces.append(Piece(text[start:end], kind, n_tokens))
        start = end
    return tuple(pieces)


def _kind(label: int, stops: frozenset[int]) -> Kind:
    if label == IGNORED:
        return "context"
    return "end" if label in stops else "trained"


def _ends(tokenizer: Any, text: str, ids: Sequence[int]) -> list[int]:
    """Where in the text each token ends, in code points; a tokenizer that cannot tell is asked piece by piece."""
    try:
        marked = tokenizer(text, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
    except NotImplementedError:
        return [len(tokenizer.decode(ids[: k + 1])) for k in range(len(ids))]
    return [end for _, end in marked["offset_mapping"]]

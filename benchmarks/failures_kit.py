"""What the benchmark of silent failures works with: a bench of tiny models, and what a look or a run says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from core import jobs, models
from core.errors import FinetoothError
from core.types import Example, Message
from tests.tiny_model import tiny
from tests.training.builders import conversations, tiny_config, train_tiny
from training.config import TrainConfig
from training.data import Item, encode_examples
from training.doctor import diagnose
from training.first_look import look
from training.records import read_run

When = Literal["before", "during", "after", "never"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said about an injected failure.

    Attributes:
        names: The names that were given to it: of problems, of warnings in the events, or of an error.
        when: Before the first step, during the run, after it (on load, export, evaluation), or never.
        said: The first sentence.
    """

    names: tuple[str, ...]
    when: When
    said: str

    def __add__(self, other: Seen) -> Seen:
        """Two ways of the same failure, each seen."""
        return Seen(self.names + other.names, self.when, f"{self.said} | {other.said}")


@dataclass(frozen=True, slots=True)
class Failure:
    """One row of the list of silent failures.

    Attributes:
        number: In the list.
        title: What goes wrong.
        names: All of these must be among the names that were given.
        inject: Does it to real files, models and runs, and returns what was said.
    """

    number: int
    title: str
    names: tuple[str, ...]
    inject: Callable[[Bench], Seen]


class Bench:
    """A folder with a tiny base model; each injection works on copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = tiny(folder / "base")
        self._made = 0

    def new(self, name: str) -> Path:
        """A path that nothing has yet."""
        self._made += 1
        return self.folder / f"{name}-{self._made}"

    def copy(self) -> Path:
        """A copy of the base model's folder, to be damaged."""
        return Path(shutil.copytree(self.base, self.new("base")))

    def with_template(self, template: str | None) -> Path:
        """The same model with another chat template, or without one."""
        return tiny(self.new("base"), template=template)

    def encoded(self, examples: Sequence[Example]) -> tuple[Item, ...]:
        """Examples as the sound base model's tokens."""
        return encode_examples(models.load_tokenizer(self.base), examples, max_tokens=1000).items

    def look(
        self,
        examples: Sequence[Example],
        *,
        base: Path | None = None,
        hold_out: Sequence[Example] | None = None,
        **settings: Any,
    ) -> Seen:
        """Pre-flight of these examples: the names of all that blocks, else of all that warns."""
        chosen = base or self.base
        config = tiny_config(chosen, **{"batch_size": 4, "max_tokens": 400, **settings})
        tokenizer = models.load_tokenizer(chosen)
        held = conversations(5, start=900) if hold_out is None else hold_out
        report = look(chosen, tokenizer, examples, held, config).report
        problems = report.blocks or report.warnings
        if not problems:
            return Seen((), "never", "nothing was said")
        return Seen(tuple(one.name for one in problems), "before", problems[0].message)

    def run(
        self,
        *,
        folder: Path | None = None,
        examples: Sequence[Example] | None = None,
        hold_out: Sequence[Example] | None = None,
        base: Path | None = None,
        patches: Mapping[str, Any] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        resume: bool = False,
        **settings: Any,
    ) -> Seen:
        """A real run in this process, with some functions of the product or its libraries replaced by faulty ones.

        Returns:
            The names of the warnings in its events and, where it failed, how its message begins.
        """
        place = folder or self.new("run")
        config: TrainConfig = tiny_config(base or self.base, **{"batch_size": 4, "samples": 0, **settings})
        error: FinetoothError | None = None
        with ExitStack() as stack:
            for target, faulty in (patches or {}).items():
                stack.enter_context(mock.patch(target, faulty))
            try:
                train_tiny(
                    place,
                    config,
                    examples=list(conversations(60) if examples is None else examples),
                    hold_out=list(conversations(5, start=900) if hold_out is None else hold_out),
                    should_stop=should_stop,
                    resume=resume,
                )
            except FinetoothError as caught:
                error = caught
            except Killed:
                return Seen((), "never", "killed")
        return self.told(place, error, config)

    def told(self, folder: Path, error: FinetoothError | None, config: TrainConfig) -> Seen:
        """What a run's folder says of itself: warnings among its events, its error, and what the doctor finds."""
        events = jobs.events(folder)
        warnings = [event for event in events if event["type"] == "warning" and event["name"] != "busy-machine"]
        stepped = any(event["type"] == "step" for event in events)
        message = error.message if error else read_run(folder).message
        telling = [event["message"] for event in warnings if event["name"] not in ("unusual-setting", "few-examples")]
        said = message or (telling[0] if telling else "nothing was said")
        names = tuple(event["name"] for event in warnings)
        found = diagnose(events, read_run(folder).status, config=config)
        names += tuple(f"doctor: {complaint.name}" for complaint in found.complaints)
        said = said if telling or message or not found.complaints else found.complaints[0].evidence
        if error is not None:
            names += (error_name(error),)
        return Seen(names, "never" if not names else "during" if stepped else "before", said)


class Killed(BaseException):
    """Ends a run as a kill does: nothing more is saved."""


def error_name(error: FinetoothError) -> str:
    """An error's name: its own, or its message in short."""
    return str(getattr(error, "name", "")) or error.message


def refused(do: Callable[[], Any], *, when: When = "after") -> Seen:
    """What an act says that must be refused; ``never`` where it went through."""
    try:
        do()
    except FinetoothError as error:
        return Seen((error_name(error),), when, error.message)
    return Seen((), "never", "nothing was said")


def talk(*turns: tuple[str, str], name: str = "x") -> Example:
    """An example from (role, text) pairs."""
    return Example(name, tuple(Message(role, text) for role, text in turns))


def rows(n: int = 60) -> list[Example]:
    """Sound conversations."""
    return conversations(n)

"""How the outside watches a run and commands it: go on, stop and save, save now, or cancel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from core.errors import CancelledError
from core.jobs import JobContext, Progress


class StoppedError(CancelledError):
    """A person asked the training to end; ``saves`` tells whether what it has learnt by then is kept."""

    def __init__(self, *, saves: bool) -> None:
        super().__init__("The training was stopped on request." if saves else "The training was cancelled on request.")
        self.saves = saves


def _never() -> bool:
    return False


def _uninterrupted(_check: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Control:
    """How the outside watches and commands a run.

    Attributes:
        progress: Called with (stage, done, total).
        should_stop: Whether it is to end and keep what it has learnt.
        should_cancel: Whether it is to end and save nothing more.
        should_save: Whether a checkpoint is to be taken now; true once for each time that somebody asks.
        interruptible: Makes a block in which a given check is called from outside, since it cannot look by itself.
    """

    progress: Progress
    should_stop: Callable[[], bool]
    should_cancel: Callable[[], bool] = _never
    should_save: Callable[[], bool] = _never
    interruptible: Callable[[Callable[[], None]], AbstractContextManager[None]] = _uninterrupted

    @classmethod
    def of(cls, context: JobContext) -> Control:
        """The commands that come as files in a job's folder."""
        return cls(
            context.progress,
            lambda: context.asked("stop"),
            lambda: context.asked("cancel"),
            lambda: context.take("save"),
            context.interruptible,
        )

    def check(self) -> None:
        """Raise where the run is to end.

        Raises:
            StoppedError: Somebody asked for it.
        """
        if self.should_cancel():
            raise StoppedError(saves=False)
        if self.should_stop():
            raise StoppedError(saves=True)

    def checked_progress(self, stage: str, done: int, total: int | None) -> None:
        """Progress of a piece of work that is to end as soon as somebody asks for it.

        Raises:
            StoppedError: Somebody asked for it.
        """
        self.check()
        self.progress(stage, done, total)

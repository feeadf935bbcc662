"""A queue for what one process at a time can do: first come, first served; the dead are passed over."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import CancelledError
from core.turns import queue_folder, turn

ROOT = Path(__file__).resolve().parent.parent.parent
HOLDER = (
    "import sys, time; from core.turns import turn\n"
    "with turn('q', sys.argv[1], waiting=lambda ahead: None, check=lambda: None):\n"
    "    print('mine', flush=True); time.sleep(60)"
)


def hold(name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, name], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "mine\n"
    return process


def test_whoever_comes_second_waits_for_the_first_and_is_told_whom() -> None:
    order: list[str] = []
    first_is_in, may_leave = threading.Event(), threading.Event()

    def work(name: str, wait_for: threading.Event | None) -> None:
        with turn("q", name, waiting=lambda ahead: order.append(f"{name} behind {ahead}"), check=_nothing, poll_s=0.01):
            order.append(name)
            first_is_in.set()
            if wait_for is not None:
                wait_for.wait(10)

    first = threading.Thread(target=work, args=("run a", may_leave))
    first.start()
    assert first_is_in.wait(10)
    second = threading.Thread(target=work, args=("run b", None))
    second.start()
    _until(lambda: "run b behind run a" in order)
    third = threading.Thread(target=work, args=("run c", None))
    third.start()
    _until(lambda: "run c behind run b" in order)
    may_leave.set()
    for thread in (first, second, third):
        thread.join(10)
    assert [name for name in order if "behind" not in name] == ["run a", "run b", "run c"]
    assert list((queue_folder() / "q").glob("*.ticket")) == []


def test_nobody_waits_for_a_killed_process() -> None:
    holder = hold("run a")
    holder.kill()
    holder.communicate()
    with turn("q", "run b", waiting=lambda ahead: pytest.fail(f"waits for {ahead}"), check=_nothing):
        pass


def test_whoever_is_cancelled_leaves_the_queue() -> None:
    holder = hold("run a")

    def cancelled() -> None:
        raise CancelledError("stop")

    try:
        with pytest.raises(CancelledError), turn("q", "run b", waiting=lambda ahead: None, check=cancelled):
            pytest.fail("it was not its turn")
        assert len(list((queue_folder() / "q").glob("*.ticket"))) == 1
    finally:
        holder.kill()
        holder.communicate()


def _nothing() -> None:
    return None


def _until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)

"""Kills real commands at chosen moments and compares what is left with what an undisturbed run leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from benchmarks.harness import ROOT
from core.errors import FinetoothError
from core.ids import example_id
from core.types import Message

DEMO = ROOT / "examples" / "icd10_coding.jsonl"
SCENES = ("import", "decide", "accept", "freeze", "export")
DECISIONS = 40


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code (-9 = killed), its output, and how long it ran."""

    code: int
    out: str
    err: str
    wall_s: float


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: before a counted step, or after a share of the command's usual time."""

    scene: str
    step: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kill did: the last step that was begun, the decisions confirmed by then, and what did not hold."""

    moment: Moment
    killed: bool
    at: str
    confirmed: int
    wrong: tuple[str, ...]


class Children:
    """A process that forks one child a request (see ``benchmarks.faults_child``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults_child"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End it."""
        _pipe(self._process.stdin).close()
        self._process.wait(10)
        _pipe(self._process.stdout).close()

    def start(self, verb: str, **request: Any) -> tuple[int, Path, Path, float]:
        """Start a child. Returns its process id, the files of its output, and the time."""
        self._count += 1
        out, err = self.folder / f"{self._count}.out", self.folder / f"{self._count}.err"
        for path in (out, err):
            path.touch()
            path.chmod(0o666)
        line = json.dumps({"verb": verb, "out": str(out), "err": str(err), **request})
        stdin = _pipe(self._process.stdin)
        stdin.write(line + "\n")
        stdin.flush()
        return int(self._answer("pid")), out, err, time.monotonic()

    def run(self, verb: str, *, after_s: float | None = None, **request: Any) -> Ended:
        """Run a child to its end, or kill it after a time."""
        child, out, err, began = self.start(verb, **request)
        if after_s is not None:
            time.sleep(max(0.0, began + after_s - time.monotonic()))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        code = int(self._answer("ended"))
        wall_s = time.monotonic() - began
        return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), wall_s)

    def look(self, workspace: Path) -> dict[str, Any]:
        """What a workspace shows.

        Raises:
            FinetoothError: It does not open, or something in it cannot be read.
        """
        seen = self.run("look", workspace=str(workspace))
        if seen.code:
            raise FinetoothError(f"The workspace cannot be looked at: {seen.err.strip()[-600:]}")
        document: dict[str, Any] = json.loads(seen.out)
        return document

    def _answer(self, word: str) -> str:
        line = _pipe(self._process.stdout).readline().split()
        if len(line) != 2 or line[0] != word:
            raise FinetoothError(f"The process that starts children has ended (expected {word}).")
        return line[1]


@contextmanager
def children(folder: Path) -> Iterator[Children]:
    """A starter of children for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    started = Children(folder)
    try:
        yield started
    finally:
        started.close()


class Stage:
    """A prepared workspace, the commands that are disturbed, and what each leaves when it is not."""

    def __init__(self, folder: Path, starter: Children) -> None:
        self.folder, self.starter = folder, starter
        self.base, self.frozen = folder / "base", folder / "frozen"
        self._copies = 0
        self.base.mkdir(parents=True)
        lines = DEMO.read_text(encoding="utf-8").splitlines(keepends=True)
        self.first, self.second = folder / "first.jsonl", folder / "second.jsonl"
        self.first.write_text("".join(lines[:160]), encoding="utf-8")
        self.second.write_text("".join(lines[150:]) + "not a row\n", encoding="utf-8")
        rows = [json.loads(line)["messages"] for line in lines[20 : 20 + DECISIONS]]
        self.examples = [example_id([Message(m["role"], m["content"]) for m in row]) for row in rows]
        dropped = self.examples[-1]
        must(starter.run("prepare", workspace=str(self.base / "w"), file=str(self.first), example=dropped))
        self.before = dict.fromkeys(SCENES, starter.look(self.base / "w"))
        self.after: dict[str, dict[str, Any]] = {}
        self.usual_s: dict[str, float] = {}
        self.steps: dict[str, list[str]] = {}
        for scene in SCENES:
            self._measure(scene)

    def copy(self, scene: str) -> Path:
        """A fresh copy of a workspace in which the command of a scene has something to do."""
        self._copies += 1
        place = self.folder / f"copy{self._copies}"
        shutil.copytree(self.frozen if scene == "export" else self.base, place)
        return place / "w"

    def request(self, scene: str, workspace: Path) -> dict[str, Any]:
        """The command of a scene."""
        where, out = str(workspace), str(workspace.parent / "out" / "chats.jsonl")
        words = {
            "import": ["import", str(self.second), "-w", where, "--who", "Ben"],
            "accept": ["accept", "--all", "-w", where, "--who", "Ben"],
            "freeze": ["freeze", "-w", where, "--who", "Ben", "--seed", "3", "--holdout-size", "12"],
            "export": ["export", out, "-w", where, "--who", "Ben"],
        }
        if scene == "decide":
            return {"verb": "decide", "workspace": where, "examples": self.examples, "name": "Ben"}
        return {"verb": "cli", "words": words[scene]}

    def _measure(self, scene: str) -> None:
        if scene == "export":  # another revision than the one that was exported before
            self.before[scene] = self.starter.look(self.frozen / "w")
        workspace = self.copy(scene)
        trace = self.folder / f"{scene}.trace"
        took = must(self.starter.run(**self.request(scene, workspace), trace=str(trace)))
        self.usual_s[scene] = took.wall_s
        self.steps[scene] = trace.read_text(encoding="utf-8").splitlines()
        self.after[scene] = self.starter.look(workspace)
        if scene == "freeze":
            workspace.parent.rename(self.frozen)
        else:
            shutil.rmtree(workspace.parent)

    def disturb(self, moment: Moment) -> Outcome:
        """Kill a command at a moment, look at what is left, repeat the command, and look again.

        A command that had ended by then is killed earlier, up to five times.
        """
        for _ in range(5):
            outcome = self._disturb(moment)
            if outcome.killed or outcome.wrong or moment.share is None:
                break
            moment = replace(moment, share=moment.share * 0.8)
        return outcome

    def _disturb(self, moment: Moment) -> Outcome:
        scene = moment.scene
        workspace = self.copy(scene)
        trace = workspace.parent / "trace"
        share = moment.share
        ended = self.starter.run(
            **self.request(scene, workspace),
            trace=str(trace),
            kill_at=moment.step,
            after_s=None if share is None else share * self.usual_s[scene],
        )
        steps = trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []
        confirmed = ended.out.split() if scene == "decide" else []
        wrong: list[str] = []
        try:
            left = self.starter.look(workspace)
            wrong += self._half(scene, left, confirmed)
            again = self.starter.run(**self.request(scene, workspace))
            if again.code:
                wrong.append(f"the repeated command failed: {again.err.strip()[-300:]}")
            wrong += self._differs(scene, self.starter.look(workspace))
        except FinetoothError as error:
            wrong.append(str(error))
        if not wrong:
            shutil.rmtree(workspace.parent)
        return Outcome(
            moment, ended.code == -signal.SIGKILL, steps[-1] if steps else "start", len(confirmed), tuple(wrong)
        )

    def _half(self, scene: str, left: Mapping[str, Any], confirmed: Sequence[str]) -> list[str]:
        """What is seen after the kill that should not be, or is not seen although it was confirmed."""
        before, after, wrong = self.before[scene], self.after[scene], list(left["wrong"])
        wrong += [f"the confirmed decision {one} is gone" for one in confirmed if one not in left["action_ids"]]
        if before["action_ids"] != left["action_ids"][: len(before["action_ids"])]:
            wrong.append("an earlier entry is gone")
        for name in ("sources", "revisions"):
            wrong += [f"a half one among the {name}" for one in left[name].items() if one not in after[name].items()]
            wrong += [f"one of the {name} is gone" for one in before[name] if one not in left[name]]
        acts = left["acts"]
        if scene == "decide":
            if acts != after["acts"][: len(acts)]:
                wrong.append("decisions are not in order")
        elif acts not in (before["acts"], after["acts"]):
            wrong.append("half of an act is recorded")
        for name, digest in left["files"].items():
            if not name.endswith(".manifest.json") and digest not in (
                before["files"].get(name),
                after["files"].get(name),
            ):
                wrong.append(f"{name} is half written")
        whole = {n: d for n, d in left["files"].items() if n.endswith(".manifest.json")}
        if whole and left["files"] not in (before["files"], after["files"]):
            wrong.append("files of two exports stand beside a manifest")
        if left["n"] not in (before["n"], after["n"]) and scene != "decide":
            wrong.append("the counts are of neither state")
        return wrong

    def _differs(self, scene: str, seen: Mapping[str, Any]) -> list[str]:
        """In what the state after the repeated command is not that of an undisturbed run."""
        after = self.after[scene]
        names = ("acts", "sources", "revisions", "files", "examples", "n")
        return [f"{name} differ from an undisturbed run" for name in names if seen[name] != after[name]] + list(
            seen["wrong"]
        )

    def moments(self, n: int, seed: int = 0) -> list[Moment]:
        """Moments spread over all commands: half before a step, half at a time, evenly spread and then jittered."""
        dice = random.Random(seed)
        chosen: list[Moment] = []
        for number in range(n):
            scene = SCENES[number % len(SCENES)]
            rank, ranks = number // len(SCENES), -(-n // len(SCENES))
            share = (rank + dice.random()) / ranks
            if rank % 2:
                chosen.append(Moment(scene, share=share))
            else:
                chosen.append(
                    Moment(scene, step=1 + min(int(share * len(self.steps[scene])), len(self.steps[scene]) - 1))
                )
        return chosen


def must(ended: Ended) -> Ended:
    """A child that had to end well.

    Raises:
        FinetoothError: It did not.
    """
    if ended.code:
        raise FinetoothError(f"A command failed with exit code {ended.code}: {ended.err.strip()[-600:]}")
    return ended


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise FinetoothError("The process that starts children has no pipe.")
    return stream

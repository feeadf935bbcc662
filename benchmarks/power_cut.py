"""Cuts the power at every moment: what was not yet synced is lost, in whole or in part, and the workspace is opened.

``python -m benchmarks.power_cut`` runs the acts of a project (make, import, decide, edit, freeze, export, go back) in a
process whose every write, sync, rename and removal is written down (``power_cut.c``, which needs a C compiler). Then it
builds what a disk may hold after a cut at each of these steps, and looks at it:

- ``strict``: what POSIX promises and no more: a file's bytes as of its last sync, a name as of its folder's last sync;
- ``names``: names are there, the bytes behind them are not, as file systems with delayed allocation do;
- ``some``: any part of what was not synced, in any order, the last write torn.

Must hold: the workspace opens, its ledger holds all that was confirmed, and whatever it tells of is there and whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks import harness
from benchmarks.harness import ROOT, Figure
from core.errors import FinetoothError

Kind = Literal["strict", "names", "some"]
KINDS: tuple[Kind, ...] = ("strict", "names", "some")
SOURCE = Path(__file__).with_suffix(".c")
DEMO = ROOT / "examples" / "icd10_coding.jsonl"
ROWS = 48
TORN_BYTES = 512


@dataclass(frozen=True, slots=True)
class Step:
    """One thing asked of the disk; see ``power_cut.c`` for the kinds."""

    kind: str
    inode: int
    offset: int
    path: str
    data: bytes


@dataclass(slots=True)
class File:
    """A file's bytes as of its last sync, and what was done to it since: (offset, bytes), or (size, None) for a cut."""

    synced: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk now."""
        self.synced, self.since = self.after(self.since), []

    def after(self, done: Sequence[tuple[int, bytes | None]]) -> bytes:
        """The bytes after some of what was done; what lies between is zero."""
        held = bytearray(self.synced)
        for offset, data in done:
            if data is None:
                held = held[:offset] + b"\0" * (offset - len(held))
            else:
                held += b"\0" * (offset - len(held))
                held[offset : offset + len(data)] = data
        return bytes(held)


Name = tuple[str, str, File | None]
"""A name that changed: its folder, the path, and what it stands for since: a file, or None where it is gone."""


class Disk:
    """What a disk holds while the steps happen."""

    def __init__(self) -> None:
        self.now: dict[str, File] = {}
        self.names: dict[str, File] = {}
        self.folders: set[str] = set()
        self.since: list[tuple[str, tuple[Name, ...]]] = []
        self._inodes: dict[str, int] = {}

    def do(self, step: Step) -> None:
        """One more step."""
        path = step.path
        if step.kind in "WTS":
            self._known(path, step.inode)
        if step.kind == "W":
            self.now[path].since.append((step.offset, step.data))
        elif step.kind == "T":
            self.now[path].since.append((step.offset, None))
        elif step.kind == "S":
            self.now[path].sync()
        elif step.kind == "F":
            mine = [change for change in self.since if change[0] == path]
            self.since = [change for change in self.since if change[0] != path]
            for _, names in mine:
                apply(names, self.names, self.folders)
        elif step.kind == "M":
            self._change((_above(path), path + "/", File()))
        elif step.kind in "UD":
            self.now.pop(path, None)
            self._change((_above(path), path if step.kind == "U" else path + "/", None))
        elif step.kind == "R":
            target = os.fsdecode(step.data)
            moved = self.now.pop(path, None) or File()
            self.now[target] = moved
            self._inodes[target] = self._inodes.pop(path, 0)
            self._change((_above(path), path, None), (_above(target), target, moved))

    def _known(self, path: str, inode: int) -> None:
        """A file that is met for the first time was just made."""
        if path not in self.now or self._inodes.get(path) != inode:
            self.now[path], self._inodes[path] = File(), inode
            self._change((_above(path), path, self.now[path]))

    def _change(self, *names: Name) -> None:
        self.since.append((names[-1][0], names))

    def left(self, kind: Kind, dice: random.Random) -> dict[str, bytes]:
        """What a cut leaves, by path; folders end with a slash."""
        names, folders = dict(self.names), set(self.folders)
        for _, changed in self.since:
            if kind == "names" or (kind == "some" and dice.random() < 0.5):
                apply(changed, names, folders)
        found: dict[str, bytes] = {folder: b"" for folder in folders if _reached(folder, folders)}
        for path, file in names.items():
            if _reached(path, folders):
                done = [one for one in file.since if dice.random() < 0.5] if kind == "some" else []
                if done and done[-1][1] and dice.random() < 0.5:
                    offset, data = done[-1]
                    done[-1] = offset, (data or b"")[: dice.randrange(len(data or b"")) // TORN_BYTES * TORN_BYTES]
                found[path] = file.after(done)
        return found


def apply(changed: Sequence[Name], names: dict[str, File], folders: set[str]) -> None:
    """Carry out changes of names."""
    for _, path, file in changed:
        if path.endswith("/"):
            (folders.discard if file is None else folders.add)(path)
        elif file is None:
            names.pop(path, None)
        else:
            names[path] = file


def _above(path: str) -> str:
    """The folder that a path stands in; empty for the outermost."""
    return path.rstrip("/").rpartition("/")[0]


def _reached(path: str, folders: set[str]) -> bool:
    """Whether all folders above are there; the outermost always is."""
    above = _above(path)
    return above == "" or (above + "/" in folders and _reached(above, folders))


def library(folder: Path) -> Path | None:
    """The compiled recorder; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    made = folder / "power_cut.so"
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return made if done.returncode == 0 else None


def recorded(folder: Path, recorder: Path) -> list[Step]:
    """Run the acts below a folder, and give all that was asked of the disk there, paths relative to it.

    Raises:
        FinetoothError: The acts failed, or what was written down does not add up to what is on the disk.
    """
    root, trace = folder / "disk", folder / "steps"
    root.mkdir()
    environment = {**os.environ, "LD_PRELOAD": str(recorder), "WRITTEN_BELOW": str(root), "WRITTEN_TO": str(trace)}
    words = [sys.executable, "-m", "benchmarks.power_cut", "--act-below", str(root)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FinetoothError(f"The acts failed: {done.stderr.strip()[-600:]}")
    steps = list(_read(trace.read_bytes(), root))
    disk = Disk()
    for step in steps:
        disk.do(step)
    for path in root.rglob("*"):
        relative = path.relative_to(root).as_posix()
        if path.is_file() and path.stat().st_size and not relative.endswith("-shm"):  # mapped into memory
            seen = disk.now.get(relative)
            if seen is None or seen.after(seen.since) != path.read_bytes():
                raise FinetoothError(f"What was written down about {relative} is not what stands there.")
    return steps


def _read(trace: bytes, root: Path) -> Iterator[Step]:
    head = struct.Struct("=cQqIQ")
    at = 0
    while at < len(trace):
        kind, inode, offset, path_length, length = head.unpack_from(trace, at)
        at += head.size
        path = _below(root, trace[at : at + path_length])
        at += path_length
        data = trace[at : at + length]
        at += length
        yield Step(kind.decode(), inode, offset, path, os.fsencode(_below(root, data)) if kind == b"R" else data)


def _below(root: Path, path: bytes) -> str:
    return os.fsdecode(path).removeprefix(str(root)).removeprefix("/")


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left after a cut (bytes by path; folders end with a slash), and what had been confirmed before it."""

    left: Mapping[str, bytes]
    confirmed: tuple[dict[str, Any], ...]


def cuts(steps: Sequence[Step], kinds: Sequence[Kind] = KINDS, seed: int = 0) -> Iterator[tuple[str, Cut]]:
    """What a cut before each step leaves, each different one once, with what had been confirmed by then."""
    dice, disk, seen = random.Random(seed), Disk(), set[str]()
    confirmed: list[dict[str, Any]] = []
    told = b""
    for number, step in enumerate(steps):
        if step.kind == "A":
            *lines, told = (told + step.data).split(b"\n")
            confirmed += map(json.loads, lines)
        elif step.kind != "W":
            for kind in kinds:
                left = disk.left(kind, dice)
                mark = digest(left, len(confirmed))
                if mark not in seen:
                    seen.add(mark)
                    yield f"{kind}, before step {number} ({step.kind} {step.path})", Cut(left, tuple(confirmed))
        disk.do(step)
    for kind in kinds:
        yield f"{kind}, at the end", Cut(disk.left(kind, dice), tuple(confirmed))


def digest(left: Mapping[str, bytes], confirmed: int) -> str:
    """Identity of a cut; what is deletable does not count."""
    told = hashlib.blake2b(str(confirmed).encode(), digest_size=16)
    for path in sorted(left):
        if not path.endswith(("-shm", ".lock")):
            told.update(f"\n{path}\n{len(left[path])}\n".encode("utf-8", "surrogateescape"))
            told.update(left[path])
    return told.hexdigest()


def wrong(cut: Cut, place: Path) -> str:
    """Build what is left in an empty folder, open it, and say what does not hold; empty where all does."""
    for path, data in sorted(cut.left.items()):
        if path.endswith("/"):
            (place / path).mkdir(parents=True, exist_ok=True)
        else:
            (place / path).write_bytes(data)
    from benchmarks.power_cut_look import look

    try:
        return look(place, cut.confirmed)
    except FinetoothError as error:
        return f"{error.message} {error.hint}"
    except Exception as error:  # noqa: BLE001 -- told as a finding
        return f"{type(error).__name__}: {error}"


def main() -> int:
    """Record, cut at every step, and print the table."""
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--act-below", type=Path, help="Only carry out the acts, in this folder.")
    parser.add_argument("--most", type=int, help="Look at so many cuts, drawn by a seed.")
    chosen = parser.parse_args()
    if chosen.act_below:
        from benchmarks.power_cut_look import act

        act(chosen.act_below, DEMO, ROWS)
        return 0
    with harness.data_folder(chosen.data) as folder, tempfile.TemporaryDirectory(dir=folder) as made:
        recorder = library(Path(made))
        if recorder is None:
            harness.say("There is no C compiler here, so nothing can be recorded.")
            return 1
        steps = recorded(Path(made), recorder)
        every = list(cuts(steps))
        if chosen.most and len(every) > chosen.most:
            every = random.Random(0).sample(every, chosen.most)
        failed: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for number, (name, cut) in enumerate(every):
            place = Path(made) / str(number)
            place.mkdir()
            if said := wrong(cut, place):
                failed[name.partition(",")[0]].append(f"{name}: {said}")
            shutil.rmtree(place)
    for one in (one for kind in KINDS for one in failed[kind]):
        harness.say(one)
    figures = [
        Figure("steps recorded", len(steps), digits=0),
        Figure("syncs of files and folders", sum(step.kind in "SF" for step in steps), digits=0),
    ]
    for kind in KINDS:
        n = sum(name.startswith(kind) for name, _ in every)
        figures.append(Figure(f"cuts that lose or break something, {kind}", len(failed[kind]), 0, "<=", 0, f"of {n:,}"))
    return harness.report("A power cut at every step", figures)


if __name__ == "__main__":
    harness.run_main(main)

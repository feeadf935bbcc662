"""What every benchmark shares: figures against their bars, the machine they were taken on, and timed processes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from core.errors import FinetoothError

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
LIBRARIES = ("numpy", "numba", "polars", "scipy", "datasketch", "rensa")
Relation = Literal[">=", "<=", "="]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a benchmark's table.

    Attributes:
        what: What was measured, unit included.
        value: What came out; None where it could not be measured (``note`` says why), which misses a bar.
        bar: What it must reach; None = for information.
        relation: How ``value`` must stand to ``bar``.
        digits: Decimals that are printed; the comparison uses the full value.
        note: Sample size, or why there is no value.
    """

    what: str
    value: float | None
    bar: float | None = None
    relation: Relation = ">="
    digits: int = 3
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached; None where there is no bar."""
        if self.bar is None:
            return None
        if self.value is None:
            return False
        if self.relation == ">=":
            return self.value >= self.bar
        if self.relation == "<=":
            return self.value <= self.bar
        return self.value == self.bar


def report(title: str, figures: Iterable[Figure], remarks: Sequence[str] = ()) -> int:
    """Print the figures as a Markdown table with the machine below it; 1 if a bar is missed, else 0."""
    rows = [("what", "measured", "bar", "met?", "note")]
    missed = 0
    for figure in figures:
        measured = "not measured" if figure.value is None else f"{figure.value:,.{figure.digits}f}"
        bar = "" if figure.bar is None else f"{figure.relation} {figure.bar:g}"
        missed += figure.met is False
        rows.append((figure.what, measured, bar, {True: "met", False: "MISSED", None: ""}[figure.met], figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    print(f"\n{title}\n")
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for remark in remarks:
        print(f"\n{remark}")
    print(f"\n{machine()}\n", flush=True)
    return int(missed > 0)


def machine() -> str:
    """The machine in one line: processor, cores, memory, load, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    import psutil

    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Machine: {model or platform.machine()}, {cores} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}; "
        f"{', '.join(found)}."
    )


def say(text: str) -> None:
    """A line about how far the work is, to standard error."""
    print(text, file=sys.stderr, flush=True)


def needs(package: str) -> None:
    """Refuse with the command to type where a peer is not installed.

    Raises:
        FinetoothError: It is not.
    """
    try:
        version(package)
    except PackageNotFoundError as error:
        raise FinetoothError(
            f"{package} is not installed; this benchmark compares with it.", "Type: pip install -e '.[bench]'"
        ) from error


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """A process that ended well.

    Attributes:
        wall_s: From its start to its end.
        peak_bytes: The most memory it held at once, its own children included.
    """

    wall_s: float
    peak_bytes: int


def run_process(
    command: Sequence[str], *, output: Path | None = None, environment: Mapping[str, str] | None = None
) -> ProcessRun:
    """Run a command to its end and measure it from a small process of its own.

    Linux counts the memory of a process from before it loads its program, as a copy of its parent. The small process in
    between (``benchmarks.timed``) keeps this one's memory out of the figure.

    Args:
        command: The program and its arguments.
        output: Where its standard output goes; None = nowhere.
        environment: Variables to set besides those of this process.

    Raises:
        FinetoothError: The command failed.
    """
    import subprocess

    target = output or Path(os.devnull)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.timed", str(target), *command],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise FinetoothError(
            f"{Path(command[0]).name} failed with exit code {done.returncode}: {' '.join(said[-2:])[:160]}",
            f"Run it by hand: {' '.join(command)}",
        )
    measured = json.loads(lines[-1])
    return ProcessRun(float(measured["wall_s"]), int(measured["peak_bytes"]))


def check_command(file: Path, *, only: str = "duplicates") -> list[str]:
    """``finetooth check FILE --only duplicates --json``, as it is installed beside this interpreter."""
    program = Path(sys.executable).with_name("finetooth")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "cli.main"]
    return [*start, "check", str(file), "--only", only, "--json"]


def read_json(path: Path) -> dict[str, Any]:
    """One JSON document from a file."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def median(values: Sequence[float]) -> float:
    """The median; of an even number of values the mean of the middle two."""
    return float(statistics.median(values))


def options(description: str) -> argparse.ArgumentParser:
    """A parser with the option that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the made data here (default: a temporary folder)"
    )
    return parser


@contextmanager
def data_folder(kept: Path | None) -> Iterator[Path]:
    """The folder for made data: the one that was named, or one that goes away afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="finetooth-bench-") as folder:
        yield Path(folder)


def run_main(main: Any) -> None:
    """Run a benchmark's ``main() -> int`` as a program: a known error is one sentence and exit code 2."""
    try:
        sys.exit(main())
    except FinetoothError as error:
        print(f"{error.message}\n{error.hint}" if error.hint else error.message, file=sys.stderr)
        sys.exit(2)

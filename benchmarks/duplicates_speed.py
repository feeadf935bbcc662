"""How fast a file of rows becomes duplicate findings, as whole processes: start-up, reading and writing included.

``python -m benchmarks.duplicates_speed`` compares with rensa and datasketch at 200,000 rows; ``--million``,
``--copies``, ``--identical`` and ``--different`` each measure a million rows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import harness, made
from benchmarks.harness import Figure, ProcessRun

GB = 1e9
WALL_S, PEAK_GB, COPIES_RATIO = 90.0, 6.0, 2.0
GROWTH = 1.25  # start-up aside, a row of a million may cost this many times what one of a tenth of them does
ONE_VIEW = "duplicates.exact,duplicates.near"  # the checks that look for whole conversations only


@dataclass(slots=True)
class Bench:
    """The made files and the runs so far: several options can ask for the same run.

    Attributes:
        folder: Of the data.
        rows: Rows of the large runs.
        start_up_s: Wall time of a run over 2,000 rows, once everything is compiled.
        done: Runs by the name of the recipe.
        figures: So far, in order.
        remarks: What stands below the table.
    """

    folder: Path
    rows: int
    start_up_s: float = 0.0
    done: dict[str, tuple[ProcessRun, str]] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def file(self, recipe: made.Recipe) -> Path:
        """The rows of a recipe, made where they are not there yet, and read once so that no run waits for the disk."""
        path = self.folder / recipe.name
        if not path.exists():
            harness.say(f"making {recipe.rows:,} rows")
            made.write(path, recipe)
        with open(path, "rb") as source:
            while source.read(1 << 24):
                pass
        return path

    def ours(self, recipe: made.Recipe, only: str = "duplicates") -> tuple[ProcessRun, str]:
        """One run of ``finetooth check`` over a recipe's rows: the measure, and the counts of its findings."""
        path, answer = self.file(recipe), self.folder / "findings.json"
        harness.say(f"finetooth check: {recipe.rows:,} rows, only {only}")
        run = harness.run_process(harness.check_command(path, only=only), output=answer)
        document = harness.read_json(answer)
        told = ", ".join(f"{name.split('.')[1]} {count:,}" for name, count in document["counts"].items() if count)
        for note in document["notes"]:
            if note not in self.remarks:
                self.remarks.append(note)
        return run, told or "no findings"

    def once(self, recipe: made.Recipe) -> tuple[ProcessRun, str]:
        """As ``ours``, but a recipe that has been measured in this run of the benchmark is not measured again."""
        if recipe.name not in self.done:
            self.done[recipe.name] = self.ours(recipe)
        return self.done[recipe.name]

    def warm_up(self) -> None:
        """Two runs over 2,000 rows: the first may have to compile, which a machine does once after installing."""
        recipe = made.Recipe(2_000, seed=99)
        first, _ = self.ours(recipe)
        second, _ = self.ours(recipe)
        self.start_up_s = second.wall_s
        self.figures.append(Figure("2,000 rows: first run, seconds (may compile)", first.wall_s, digits=2))
        self.figures.append(Figure("2,000 rows: second run, seconds (start-up mostly)", second.wall_s, digits=2))

    def add(self, what: str, found: tuple[ProcessRun, str], wall_bar: float | None, peak_bar: float | None) -> None:
        """Wall time and peak memory of one run as figures."""
        run, told = found
        self.figures.append(Figure(f"{what}: seconds", run.wall_s, wall_bar, "<=", 1, told))
        self.figures.append(Figure(f"{what}: peak memory, GB", run.peak_bytes / GB, peak_bar, "<=", 2))


def compare(bench: Bench, rows: int, datasketch_rows: int | None, repeats: int) -> None:
    """The same file through this engine (three views; one view), rensa and datasketch, in turn, ``repeats`` times."""
    harness.needs("rensa")
    recipe = made.Recipe(rows)
    path = bench.file(recipe)
    seconds: dict[str, list[float]] = {"three": [], "one": [], "rensa": [], "datasketch": []}
    told: dict[str, str] = {}
    peak: dict[str, int] = {}
    scale = rows / (datasketch_rows or rows)
    for turn in range(repeats):
        for name, measured in seconds.items():
            if name in ("three", "one"):
                run, told[name] = bench.ours(recipe, ONE_VIEW if name == "one" else "duplicates")
                wall_s = run.wall_s
            else:
                some = ["--rows", str(datasketch_rows)] if name == "datasketch" and datasketch_rows else []
                harness.say(f"{name}: {datasketch_rows if some else rows:,} rows (turn {turn + 1} of {repeats})")
                command = [sys.executable, "-m", "benchmarks.peers", name, str(path), *some]
                answer = bench.folder / "dropped.json"
                run = harness.run_process(command, output=answer)
                told[name] = f"{len(harness.read_json(answer)['dropped']):,} rows dropped"
                wall_s = run.wall_s
                if some:  # its start-up is taken once, the rest in proportion
                    start_s = harness.run_process([*command[:-1], "1"]).wall_s
                    wall_s = start_s + (wall_s - start_s) * scale
                    told[name] = f"run over {datasketch_rows:,} rows, seconds (less start-up) times {scale:g}"
            measured.append(wall_s)
            peak[name] = max(peak.get(name, 0), run.peak_bytes)
    titles = {
        "three": "finetooth, three views",
        "one": "finetooth, one view",
        "rensa": "rensa",
        "datasketch": "datasketch loop",
    }
    for name, each in seconds.items():
        what = f"{rows:,} rows: {titles[name]}"
        bench.figures.append(
            Figure(f"{what}, seconds", harness.median(each) if each else None, digits=1, note=told[name])
        )
        if each:
            bench.figures.append(Figure(f"{what}, peak memory, GB", peak[name] / GB, digits=2))
    for ours, peer, bar in (("three", "rensa", 1.0), ("one", "rensa", 1.5), ("three", "datasketch", 6.0)):
        ratios = [theirs / own for theirs, own in zip(seconds[peer], seconds[ours], strict=False)]
        note = f"{repeats} turns" if ratios else told[ours]
        title = f"times the speed of {titles[peer]}: {titles[ours]}"
        bench.figures.append(Figure(title, harness.median(ratios) if ratios else None, bar, digits=2, note=note))


def million(bench: Bench) -> None:
    """A million rows, a fifth of them near-copies, and a tenth as many for how the cost grows."""
    bench.add(f"{bench.rows:,} rows, a fifth copies", bench.once(made.Recipe(bench.rows)), WALL_S, PEAK_GB)
    few = bench.rows // 10
    bench.add(f"{few:,} rows, a fifth copies", bench.once(made.Recipe(few)), None, None)
    many_s, few_s = (bench.once(made.Recipe(rows))[0].wall_s for rows in (bench.rows, few))
    bench.figures.append(Figure(f"microseconds a row at {bench.rows:,}", many_s / bench.rows * 1e6, digits=1))
    bench.figures.append(Figure(f"microseconds a row at {few:,}", few_s / few * 1e6, digits=1))
    rest = few_s - bench.start_up_s
    growth = (many_s - bench.start_up_s) / bench.rows / (rest / few) if rest > bench.start_up_s else None
    note = f"start-up of {bench.start_up_s:.1f} s taken off both" if growth else "too few rows to tell"
    what = f"a row at {bench.rows:,} costs times one at {few:,}"
    bench.figures.append(Figure(what, growth, GROWTH, "<=", 2, note))


def clusters(bench: Bench) -> None:
    """A million rows of which 90 % are copies, beside one of which a fifth are."""
    many = bench.once(made.Recipe(bench.rows, copies=0.9))
    few = bench.once(made.Recipe(bench.rows))
    bench.add(f"{bench.rows:,} rows, 90 % copies", many, None, PEAK_GB)
    bench.add(f"{bench.rows:,} rows, a fifth copies", few, None, None)
    ratio = many[0].wall_s / few[0].wall_s
    bench.figures.append(Figure("90 % copies cost times a fifth", ratio, COPIES_RATIO, "<=", 2))


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options("JSONL to duplicate findings, whole processes")
    parser.add_argument("--compare", action="store_true", help="beside rensa and datasketch (done if nothing else is)")
    parser.add_argument("--million", action="store_true", help="time, memory, and how the cost grows")
    parser.add_argument("--copies", action="store_true", help="a million rows of which 90 %% are copies")
    parser.add_argument("--identical", action="store_true", help="the same row a million times")
    parser.add_argument("--different", action="store_true", help="a million rows without a copy")
    parser.add_argument("--rows", type=int, help="other sizes than 200,000 and 1,000,000")
    parser.add_argument("--full", action="store_true", help="datasketch over all rows too, not over the first 20,000")
    parser.add_argument("--repeats", type=int, default=1, help="turns of the comparison")
    chosen = parser.parse_args()
    large = chosen.million or chosen.copies or chosen.identical or chosen.different
    with harness.data_folder(chosen.data) as folder:
        bench = Bench(folder, chosen.rows or 1_000_000)
        bench.warm_up()
        if chosen.compare or not large:
            rows = chosen.rows or 200_000
            compare(bench, rows, None if chosen.full or rows <= 20_000 else 20_000, chosen.repeats)
        if chosen.million:
            million(bench)
        if chosen.copies:
            clusters(bench)
        for wanted, what, recipe in (
            (chosen.identical, "identical rows", made.Recipe(bench.rows, identical=True)),
            (chosen.different, "rows, all different", made.Recipe(bench.rows, copies=0.0)),
        ):
            if wanted:
                bench.add(f"{bench.rows:,} {what}", bench.once(recipe), WALL_S, PEAK_GB)
        return harness.report("Near-duplicates: whole processes", bench.figures, bench.remarks)


if __name__ == "__main__":
    harness.run_main(main)

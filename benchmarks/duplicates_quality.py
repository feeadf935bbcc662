"""Whether near-duplicates are found, and no example is destroyed: recall and precision against brute force.

``python -m benchmarks.duplicates_quality [--parts recall edits same-result]``
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import edits, exact, findings, harness, made
from benchmarks.harness import Figure

TEMPLATED = harness.SHARED_DATA / "templated_sft.jsonl.gz"
BANDS = ((0.70, 0.75, 0.99), (0.75, 0.80, 0.99), (0.80, 1.01, 1.0))
PARTS = ("recall", "edits", "same-result")
SHOWN = 5


def templated_rows(count: int, seed: int = 0) -> list[str]:
    """Up to ``count`` lines of the templated rows, drawn without repetition, in the order of the file."""
    with gzip.open(TEMPLATED, "rt", encoding="utf-8") as source:
        lines = [line.rstrip("\n") for line in source if line.strip()]
    if count >= len(lines):
        return lines
    return [lines[i] for i in sorted(random.Random(seed).sample(range(len(lines)), count))]


def made_recipe(rows: int) -> made.Recipe:
    """Rows of 6 to 200 words; four in five are copies with up to an eighth of the words changed: J from 0.5 to 1."""
    return made.Recipe(rows, copies=0.8, edit_share=0.125, words=(6, 200), seed=7)


def recall(name: str, path: Path) -> tuple[list[Figure], list[str]]:
    """How many of the true pairs stand in one connected group, by band, and what the findings propose."""
    sides = exact.read_sides(path)
    texts = [one.whole for one in sides]
    harness.say(f"{name}: brute force over {len(texts):,} rows")
    near, short = exact.near_pairs(texts), exact.short_pairs(texts)
    harness.say(f"{name}: the checks")
    found = findings.check(path)
    root = findings.groups(len(texts), found).roots()
    narrow = findings.groups(len(texts), found, without=("duplicates.canned",)).roots()
    figures: list[Figure] = []
    for low, high, bar in BANDS:
        band = near.where((near.score >= low) & (near.score < high))
        title = f"{name}: recall of pairs, J {low:.2f}-{min(high, 1):.2f}"
        figures.append(_share(title, root[band.left] == root[band.right], bar, "pairs"))
        aside = narrow[band.left] == narrow[band.right]
        figures.append(_share("  the same without canned-answer findings", aside, None, "pairs"))
    same = root[short.left] == root[short.right]
    figures.append(_share(f"{name}: recall of pairs with a text under 15 words, char-5 J >= 0.85", same, None, "pairs"))
    figures += _proposals(name, findings.verify(sides, found))
    largest = int(np.bincount(root).max()) if len(root) else 0
    figures.append(Figure(f"{name}: rows of the largest connected group", largest, digits=0))
    missed = near.where(root[near.left] != root[near.right])
    remarks = [
        f"{name}: not found: line {a + 1} and line {b + 1}, J {score:.3f}"
        for a, b, score in zip(missed.left[:SHOWN], missed.right[:SHOWN], missed.score[:SHOWN], strict=True)
    ]
    return figures, remarks


def _share(what: str, hits: NDArray[np.bool_], bar: float | None, unit: str) -> Figure:
    if not len(hits):
        return Figure(what, None, None, note=f"no such {unit}")
    return Figure(what, float(hits.mean()), bar, digits=4, note=f"{int(hits.sum()):,} of {len(hits):,} {unit}")


def _proposals(name: str, found: findings.Verified) -> list[Figure]:
    def share(what: str, right: int, of: int, unit: str) -> Figure:
        return _share(f"{name}: {what}", np.arange(of) < right, 1.0, unit)

    return [
        share("precision of pairs reported by duplicates.near", found.reported_right, found.reported, "pairs"),
        share("precision of pairs reported by duplicates.exact", found.exact_right, found.exact, "pairs"),
        share("stated similarity equals the recomputed one", found.stated_right, found.stated, "findings"),
        *(
            Figure(
                f"{name}: rows to drop, {view} J under the threshold", below, 0, "=", 0, f"of {found.dropped:,} rows"
            )
            for view, below in (
                ("whole", found.whole_below),
                ("prompt", found.prompt_below),
                ("answer", found.answer_below),
            )
        ),
    ]


def injected(lines: Sequence[str], copies: int, folder: Path) -> list[Figure]:
    """Add edited copies of one kind at a time, and count those that are found together with their original."""
    pairs = [(turns[0]["content"], turns[-1]["content"]) for turns in (json.loads(line)["messages"] for line in lines)]
    words = sorted({word for prompt, answer in pairs for word in f"{prompt} {answer}".split() if word.isalpha()})
    figures = []
    for kind, (edit, bar) in edits.KINDS.items():
        harness.say(f"edits: {kind}")
        draw = random.Random(kind)
        origins: list[int] = []
        rows: list[edits.Row] = []
        for origin in draw.sample(range(len(pairs)), len(pairs)):
            tries = (edit(pairs[origin], draw, words) for _ in range(20))
            if len(rows) < copies and (row := next((r for r in tries if r != pairs[origin]), None)) is not None:
                origins.append(origin)
                rows.append(row)
        path = folder / f"edits-{kind.replace(' ', '-').replace('%', 'percent')}.jsonl"
        path.write_text("".join([*(f"{line}\n" for line in lines), *(made.line_of(*row) for row in rows)]), "utf-8")
        found = findings.check(path)
        total = len(lines) + len(rows)
        copy = np.arange(len(lines), total)
        root = findings.groups(total, found).roots()
        narrow = findings.groups(total, found, without=("duplicates.canned",)).roots()
        figures.append(_share(f"edits: recall, {kind}", root[origins] == root[copy], bar, "copies"))
        aside = narrow[origins] == narrow[copy]
        figures.append(_share("  the same without canned-answer findings", aside, None, "copies"))
        verified = findings.verify(exact.read_sides(path), found)
        below = verified.whole_below + verified.prompt_below + verified.answer_below
        figures.append(Figure("  rows to drop under a threshold", below, 0, "=", 0, f"of {verified.dropped:,} rows"))
    return figures


def same_result(lines: Sequence[str], folder: Path) -> list[Figure]:
    """Check the same rows on two runs, shuffled, and with one and two threads; count the findings that differ."""
    expected = None
    figures = []
    runs = (
        ("a first run", None, None),
        ("a second run", None, None),
        ("rows shuffled", 1, None),
        ("rows in reverse", -1, None),
        ("1 thread", None, "1"),
        ("2 threads", None, "2"),
    )
    for what, order, threads in runs:
        harness.say(f"same result: {what}")
        arranged = list(lines)
        if order == -1:
            arranged.reverse()
        elif order is not None:
            random.Random(order).shuffle(arranged)
        path, answer = folder / "same-result.jsonl", folder / "same-result.json"
        path.write_text("".join(f"{line}\n" for line in arranged), encoding="utf-8")
        names = ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS")
        environment = dict.fromkeys(names, threads) if threads else {}
        harness.run_process(harness.check_command(path), output=answer, environment=environment)
        found = findings.canonical(harness.read_json(answer), arranged)
        if expected is None:
            expected = found
            continue
        differ = ((expected - found) + (found - expected)).total()
        note = f"of {expected.total():,}; {len(lines):,} rows"
        figures.append(Figure(f"findings and notes that differ: {what}", differ, 0, "=", 0, note))
    return figures


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options("Recall, precision and reproducibility of the duplicate checks")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--templated", type=int, default=4_000, help="rows of ../shared/data/templated_sft.jsonl.gz")
    parser.add_argument("--made", type=int, default=20_000, help="made rows")
    parser.add_argument("--copies", type=int, default=700, help="injected copies of each kind of edit")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    remarks: list[str] = []
    with harness.data_folder(chosen.data) as folder:
        made_rows = made.write(folder / made_recipe(chosen.made).name, made_recipe(chosen.made))
        lines: list[str] = []
        if TEMPLATED.exists():
            lines = templated_rows(chosen.templated)
            real = folder / "templated.jsonl"
            real.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        else:
            figures.append(Figure("templated rows", None, 1, note=f"{TEMPLATED} is absent"))
        if "recall" in chosen.parts:
            for name, path in [*([("templated", real)] if lines else []), ("made", made_rows)]:
                more, missed = recall(name, path)
                figures += more
                remarks += missed
        if "edits" in chosen.parts and lines:
            figures += injected(lines, chosen.copies, folder)
        if "same-result" in chosen.parts:
            with open(made_rows, encoding="utf-8") as source:
                some = [line.rstrip("\n") for line, _ in zip(source, range(5_000), strict=False)]
            figures += same_result([*lines, *some], folder)
    return harness.report("Near-duplicates: quality", figures, remarks)


if __name__ == "__main__":
    harness.run_main(main)

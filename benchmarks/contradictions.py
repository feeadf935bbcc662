"""Answers that cannot both be right: how many clashes are found, and how much that is none is called one.

    python -m benchmarks.contradictions                                  all parts but the sentence pairs of SICK
    python -m benchmarks.contradictions --sick FOLDER --parts general
    python -m benchmarks.contradictions --parts swaps clinic --show      also lists what was judged wrongly

Parts: ``swaps`` (real answers with one thing swapped, and as many that mean the same), ``breaking`` (Breaking_NLI, with
SNLI beside it), ``general`` (SICK), ``clinic`` (40 clashes planted among all clinic notes), ``candidates`` (questions
that are one, among back-translated notes), ``speed``. No entailment model is used by any of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks import harness
from benchmarks.contradictions_pairs import breaking, general, swaps
from benchmarks.contradictions_rows import candidates, planted_clinic, swap_rows
from benchmarks.contradictions_speed import SETS, speed
from benchmarks.harness import Figure
from benchmarks.swaps import PER_KIND, make
from core.errors import InputError

PARTS = ("swaps", "breaking", "general", "clinic", "candidates", "speed")


def figures(part: str, chosen: argparse.Namespace, shown: list[str]) -> Iterator[Figure]:
    """The lines of one part; what to look at goes to ``shown``."""
    if part == "swaps":
        try:
            pairs = [
                pair for seed in range(chosen.seed, chosen.seed + chosen.rounds) for pair in make(seed, chosen.per_kind)
            ]
        except InputError as error:
            harness.say(f"The swap set is left out: {error.message}")
            yield Figure("swap set, all kinds: precision and recall", None, 0.9, note="the real rows are not here")
            return
        if not chosen.only_rows:
            yield from swaps(pairs, shown)
        for seed in range(chosen.seed, chosen.seed + (0 if chosen.quick else chosen.rounds)):
            yield from swap_rows(make(seed, chosen.per_kind), shown)
    elif part == "breaking":
        yield from breaking(shown)
    elif part == "general":
        yield from general(chosen.sick, shown)
    elif part == "clinic":
        yield from planted_clinic(chosen.seed, shown)
    elif part == "candidates":
        yield from candidates(shown)
    else:
        sizes = chosen.rows or ([2_000] if chosen.quick else [10_000, 100_000])
        yield from speed(sizes, chosen.sets or ["made", "real"], chosen.seed)


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options("contradictions: precision and recall of the rules, planted clashes, candidates, speed")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--sick", type=Path, metavar="FOLDER", help="where the three files of SICK lie")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1, help="swaps: how many seeds in a row")
    parser.add_argument(
        "--per-kind", type=int, default=PER_KIND, help="swaps: pairs of each kind that clash, and that do not"
    )
    parser.add_argument("--rows", type=int, nargs="+", help="speed: how many rows")
    parser.add_argument("--sets", nargs="+", choices=SETS, help="speed: which rows (default: made real)")
    parser.add_argument("--only-rows", action="store_true", help="swaps: through the whole check only")
    parser.add_argument("--quick", action="store_true", help="swaps by the rules only; speed of 2,000 rows")
    parser.add_argument("--show", action="store_true", help="list misses, false alarms and what else is flagged")
    chosen = parser.parse_args()
    parts = [part for given in chosen.parts for part in given.split(",") if part]
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no part is called {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    shown: list[str] = []
    measured = [figure for part in parts for figure in figures(part, chosen, shown)]
    if chosen.show:
        print("\n".join(shown))
    return harness.report(
        "Contradictions", measured, ("No entailment model was used; embeddings where a line says so.",)
    )


if __name__ == "__main__":
    harness.run_main(main)

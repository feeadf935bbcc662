"""The thirty silent failures of fine-tuning, each injected for real, and twenty sound configurations.

``python -m benchmarks.silent_failures`` prints for each failure the names it was given, when (before the first step,
during the run, after it), and what was said; then how many of the sound ones were called wrong. Exit code 1 where a bar
is missed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from benchmarks.failures_clean import CLEAN, said_of
from benchmarks.failures_data import DATA
from benchmarks.failures_kit import Bench, Failure, Seen
from benchmarks.failures_model import MODEL
from benchmarks.failures_run import RUN
from benchmarks.harness import Figure, data_folder, options, report, run_main

PARTS = ("failures", "clean")
WHENS = ("before", "during", "after")

ALL: tuple[Failure, ...] = tuple(sorted((*DATA, *MODEL, *RUN), key=lambda failure: failure.number))


def caught(failure: Failure, seen: Seen) -> bool:
    """Whether a failure was given its right names."""
    return set(failure.names) <= set(seen.names)


def main() -> int:
    """Inject all, print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--only", type=int, nargs="+", default=[], help="numbers of failures")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", FutureWarning)
    figures: list[Figure] = []
    with data_folder(chosen.data) as folder:
        bench = Bench(folder)
        if "failures" in chosen.parts:
            failures = [one for one in ALL if not chosen.only or one.number in chosen.only]
            found = [_print(failure, failure.inject(bench)) for failure in failures]
            counts = [f"{sum(s.when == when and held for s, held in found)} {when}" for when in WHENS]
            note = f"of {len(failures)}: {', '.join(counts)}"
            least = len(failures) if chosen.only else 28
            figures.append(Figure("failures named rightly", sum(held for _, held in found), least, ">=", 0, note))
        if "clean" in chosen.parts:
            alarms = len(_alarms(bench))
            figures.append(Figure("sound configurations called wrong", alarms, 0, "=", 0, f"of {len(CLEAN)}"))
    return report("Silent failures", figures)


def _alarms(bench: Bench) -> list[str]:
    wrong = []
    for clean in CLEAN:
        seen = said_of(bench, clean)
        print(f"      {'ALARM' if seen.names else 'quiet':7} {clean.title} {_listed(seen.names)}", flush=True)
        wrong += [clean.title] if seen.names else []
    return wrong


def _print(failure: Failure, seen: Seen) -> tuple[Seen, bool]:
    held = caught(failure, seen)
    when = seen.when if held else "MISSED"
    print(f"{failure.number:4}  {when:7} {failure.title}: {_listed(failure.names if held else seen.names)}", flush=True)
    print(f"              {seen.said}", flush=True)
    return seen, held


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


if __name__ == "__main__":
    run_main(main)

"""Kills, races, tampers and fuzzes: what must never happen to a workspace, tried on real processes.

``python -m benchmarks.faults [--moments 200] [--decisions 5000] [--files 10000] [--trainer-kills 50] [--server-kills
100] [--parts kill race fuzz trainer server]`` prints each kill (what ran, where it was ended, what was confirmed by
then) and a table at the end; exit code 1 if anything did not hold.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.faults_driver import SCENES, Outcome, Stage, children
from benchmarks.faults_fuzz import fuzz
from benchmarks.faults_race import race
from benchmarks.faults_training import server_kills, trainer_kills
from benchmarks.harness import Figure, data_folder, options, report, run_main, say

PARTS = ("kill", "race", "fuzz", "trainer", "server")


def main() -> int:
    """Try all that was asked for and print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--moments", type=int, default=200, help="kills, spread over all commands")
    parser.add_argument("--decisions", type=int, default=5_000, help="decisions of 20 reviewers at once")
    parser.add_argument("--files", type=int, default=10_000, help="fuzzed JSONL files")
    parser.add_argument("--trainer-kills", type=int, default=50, help="kills of training runs, each resumed")
    parser.add_argument("--server-kills", type=int, default=100, help="kills of the web server of a training run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with data_folder(chosen.data) as folder:
        if "kill" in chosen.parts:
            figures += kills(folder / "kills", chosen.moments, chosen.seed)
        if "race" in chosen.parts:
            raced = race(folder / "race", reviewers=20, decisions=chosen.decisions)
            note = f"20 processes, {raced.wall_s:.0f} s, {chosen.decisions / raced.wall_s:.0f} a second"
            figures += [
                Figure(
                    "decisions of 20 reviewers that are there, each once", raced.there, chosen.decisions, "=", 0, note
                ),
                Figure("reviewers whose decisions are out of order", raced.disordered, 0, "=", 0),
            ]
        if "fuzz" in chosen.parts:
            fuzzed = fuzz(folder, chosen.files, chosen.seed)
            for line in fuzzed.wrong[:20]:
                say(line)
            note = f"{fuzzed.rows:,} rows, {fuzzed.rejects:,} rejects, {fuzzed.refused:,} files refused as a whole"
            figures += [
                Figure("fuzzed files read", fuzzed.files, chosen.files, "=", 0, note),
                Figure("tracebacks, and lines dropped without a reason", len(fuzzed.wrong), 0, "=", 0),
            ]
        if "trainer" in chosen.parts:
            figures += trainer_kills(folder / "trainer", chosen.trainer_kills, chosen.seed)
        if "server" in chosen.parts:
            figures += server_kills(folder / "server", chosen.server_kills, chosen.seed)
    return report("What must never happen", figures)


def kills(folder: Path, moments: int, seed: int) -> list[Figure]:
    """Kill commands at seeded moments; prints each."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    with children(folder / "io") as starter:
        stage = Stage(folder / "stage", starter)
        for scene in SCENES:
            say(f"{scene}: {stage.usual_s[scene]:.2f} s, {len(stage.steps[scene])} steps")
        for number, moment in enumerate(stage.moments(moments, seed), 1):
            outcome = stage.disturb(moment)
            outcomes.append(outcome)
            print(f"{number:4}  {_line(outcome)}", flush=True)
    by_scene = Counter(one.moment.scene for one in outcomes if one.killed)
    note = ", ".join(f"{scene} {by_scene[scene]}" for scene in SCENES)
    confirmed = sum(one.confirmed for one in outcomes)
    return [
        Figure("kills", sum(one.killed for one in outcomes), moments, "=", 0, note),
        Figure("kills after which something did not hold", sum(bool(one.wrong) for one in outcomes), 0, "=", 0),
        Figure("decisions confirmed before a kill, all there", confirmed, digits=0),
    ]


def _line(outcome: Outcome) -> str:
    when = f"step {outcome.moment.step}" if outcome.moment.share is None else f"{outcome.moment.share:.0%} of its time"
    held = "; ".join(outcome.wrong) if outcome.wrong else "all held"
    ended = "killed" if outcome.killed else "not killed"
    return f"{outcome.moment.scene:7} {ended} at {when:18} last: {outcome.at:36} {held}"


if __name__ == "__main__":
    run_main(main)

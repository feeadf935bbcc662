"""How long all checks that need no model take over 100,000 rows, in one process."""

from __future__ import annotations

import time
from random import Random

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.planted import base
from benchmarks.planted_rows import sentences
from benchmarks.planted_sources import DATASETS
from core.ids import example_id
from core.types import Example, Message
from curation.runner import run_checks

BAR_S = 120.0
COPIES = 0.1
_SYSTEM = "You write notes. Summarise the conversation as the requested section of the note."


def made_rows(rows: int, seed: int) -> list[Example]:
    """Rows of about 1 kB whose sentences are real and whose order is drawn; a tenth copy an earlier one but a line."""
    asked: list[str] = []
    answered: list[str] = []
    for name in DATASETS:
        for row in base(name).rows:
            if row.house == "prose":
                answered += sentences(row.example.answer)
                asked += [line.strip() for line in row.example.prompt[-1].content.splitlines() if len(line) > 20]
    chance = Random(seed)
    examples = []
    drawn: list[tuple[list[str], list[str]]] = []
    for number in range(rows):
        if drawn and chance.random() < COPIES:
            lines, told = chance.choice(drawn)
            lines = [*lines[:-1], chance.choice(asked)]
        else:
            lines, told = chance.sample(asked, 6), chance.sample(answered, chance.randint(2, 6))
        drawn.append((lines, told))
        messages = (
            Message("system", _SYSTEM),
            Message("user", f"Section: {number}\n\n" + "\n".join(lines)),
            Message("assistant", " ".join(told)),
        )
        examples.append(Example(example_id(messages), messages))
    return examples


def speed(rows: int, seed: int) -> tuple[list[Figure], list[str]]:
    """Seconds in all and a check, slowest first, and what to know about them."""
    harness.say(f"making {rows:,} rows")
    examples = made_rows(rows, seed)
    size = sum(len(message.content) for example in examples for message in example.messages)
    run_checks(examples[:1_000])  # what is compiled or loaded once is not a cost of the rows
    harness.say("checking")
    started = time.perf_counter()
    report = run_checks(examples, progress=lambda stage, done, total: None)
    total_s = time.perf_counter() - started
    bar = BAR_S if rows == 100_000 else None
    figures = [
        Figure(f"{rows:,} rows, all checks: seconds", total_s, bar, "<=", 1, f"{len(report.findings):,} findings")
    ]
    for name, seconds in sorted(report.seconds.items(), key=lambda item: -item[1]):
        note = f"{seconds / rows * 1e6:.0f} microseconds a row, {report.counts[name]:,} findings"
        figures.append(Figure(f"{name}: seconds", seconds, digits=2, note=note))
    words = len({word for example in examples for message in example.messages for word in message.content.split()})
    remarks = [
        f"Rows: real sentences of both sets in drawn order, {size / rows:,.0f} characters a row on average, a tenth of "
        f"them near-copies; {words:,} different words, fewer than as many real rows hold. In one process; "
        "reading the file, starting up and a first run over 1,000 rows are not part of it. The first check of a family "
        "pays for the work that it shares with the others."
    ]
    return figures, remarks + list(report.notes)

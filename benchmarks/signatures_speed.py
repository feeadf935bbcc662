"""How fast texts become MinHash signatures, shingling included, beside rensa and datasketch in the same run.

``python -m benchmarks.signatures_speed [--documents 20000]``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import harness, made, peers
from benchmarks.harness import Figure
from curation.minhash.normalise import normalise
from curation.minhash.sets import THREADS
from curation.minhash.shingles import signatures_of

BARS = {"rensa": 10.0, "datasketch": 50.0}
Work = Callable[[Sequence[str]], Any]


def contenders(normalised: bool) -> dict[str, Work]:
    """What is timed, by name. On texts that are normal already the peers only split at spaces.

    ``signatures_of`` always normalises: texts that are normal already pay for being read through once more.
    """
    words = str.split if normalised else peers.words_of

    def over(signatures: Callable[[Any], Any]) -> Work:
        return lambda texts: signatures(peers.word_shingles(words(text)) for text in texts)

    return {
        "engine": signatures_of,
        "rensa": over(peers.rensa_signatures),
        "rensa, batch function": over(peers.rensa_matrix),
        "datasketch": over(peers.datasketch_signatures),
    }


def measure(texts: Sequence[str], few: int, repeats: int, work: dict[str, Work], variant: str) -> list[Figure]:
    """Time all in turn, ``repeats`` times; the ratios are medians of the ratios within a turn.

    Args:
        texts: The documents.
        few: Of these, the slow datasketch loop gets so many.
        repeats: Turns.
        work: From ``contenders``.
        variant: How the texts are named in the table.
    """
    counts = {name: min(len(texts), few if name == "datasketch" else len(texts)) for name in work}
    for name, run in work.items():  # compiled, imported, and pages touched, before anything counts
        run(texts[: min(200, counts[name])])
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(repeats):
        harness.say(f"{variant}: turn {turn + 1} of {repeats}")
        for name, run in work.items():
            started = time.perf_counter()
            run(texts[: counts[name]])
            seconds[name].append((time.perf_counter() - started) / counts[name])
    figures = [
        Figure(
            f"{variant}: {name}, documents a second",
            1 / harness.median(each),
            digits=0,
            note=f"{counts[name]:,} documents",
        )
        for name, each in seconds.items()
    ]
    for name, each in seconds.items():
        if name != "engine":
            ratio = harness.median([peer / ours for peer, ours in zip(each, seconds["engine"], strict=True)])
            bar = BARS[name.split(",", 1)[0]]
            figures.append(
                Figure(f"{variant}: times the speed of {name}", ratio, bar, digits=1, note=f"{repeats} turns")
            )
    return figures


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description="Texts to MinHash signatures, beside rensa and datasketch")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--datasketch-documents", type=int, default=500, help="the datasketch loop runs over so many")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    harness.needs("rensa")
    texts = [f"{prompt} {answer}" for prompt, answer in made.rows(made.Recipe(chosen.documents))]
    flat = [normalise(text) for text in texts]
    few, turns = chosen.datasketch_documents, chosen.repeats
    figures = measure(texts, few, turns, contenders(normalised=False), "raw texts")
    figures += measure(flat, few, turns, contenders(normalised=True), "normalised texts")
    size = sum(map(len, texts)) / len(texts)
    remark = f"{len(texts):,} documents of {size:,.0f} bytes on average; the engine has {THREADS} threads."
    return harness.report("Signatures: text to 128 values, shingling included", figures, [remark])


if __name__ == "__main__":
    harness.run_main(main)

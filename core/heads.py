"""What the head of the ledger was after each act, in a file beside it: shows that the ledger was cut off or rewritten.

A chain of hashes proves that nothing inside it was changed; it cannot prove that it goes on. ``ledger.heads`` gets one
line after each commit: the number and the hash of the last entry. So a cut tail is noticed, and so is a chain that was
altered and computed anew. Who alters both files goes unseen here; against that, keep the head that
``finetooth audit verify`` prints somewhere else, and give it back with ``--head``.

A line may be missing (a kill between the commit and the line, a full disk): the next one covers its entries too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAME = "ledger.heads"
_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Heads:
    """The recorded heads: by the number of the entry its hashes (two, where a ledger was cut and grew again).

    ``n_unreadable`` counts torn or damaged lines; ``exists`` says whether there is such a file.
    """

    by_seq: Mapping[int, frozenset[str]]
    n_unreadable: int
    exists: bool


def note(ledger: Path, seq: int, link: str) -> None:
    """Add the head of a ledger to its list. The act is committed already: a line that cannot be written is left out."""
    with suppress(OSError), open(ledger.with_name(NAME), "ab", buffering=0) as handle:
        handle.write(f"\n{seq} {link}".encode("ascii"))  # a torn line before this one stays alone on its line


def read(ledger: Path) -> Heads:
    """The heads noted beside a ledger."""
    path = ledger.with_name(NAME)
    if not path.exists():
        return Heads({}, 0, False)
    found: dict[int, frozenset[str]] = {}
    unreadable = 0
    for line in path.read_bytes().decode("ascii", "replace").split("\n"):
        if matched := _LINE.fullmatch(line):
            seq = int(matched[1])
            found[seq] = found.get(seq, frozenset()) | {matched[2]}
        elif line:
            unreadable += 1
    return Heads(found, unreadable, True)

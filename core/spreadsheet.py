"""CSV that spreadsheets open as it is meant: UTF-8 with a byte-order mark, and no cell taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"[\s\x00-\x20\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that a spreadsheet may take for a formula (OWASP, CSV injection)."""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a quote before ``=``, ``+``, ``-``, ``@``, tab or line end."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file (RFC 4180), all cells of its rows harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([harmless(cell.replace("\0", "\N{SYMBOL FOR NULL}")) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "backslashreplace")

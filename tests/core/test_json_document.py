"""A long answer is written in pieces, and is one JSON document all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import PIECE, json_document

leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
value = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@settings(deadline=None)
@given(st.dictionaries(st.text(), value, max_size=4))
def test_any_document_comes_back(document: dict[str, Any]) -> None:
    assert json.loads("".join(json_document(document))) == document


@pytest.mark.parametrize("entries", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_a_long_list_has_an_entry_a_line_and_is_never_held_as_a_whole(entries: int) -> None:
    document = {"file": "a.jsonl", "findings": [{"row": row} for row in range(entries)], "notes": []}
    pieces = list(json_document(document))
    text = "".join(pieces)
    assert json.loads(text) == document
    assert len(text.splitlines()) == 5 + (entries + 1 if entries else 0)
    assert max(map(len, pieces)) < 20 * (PIECE + 1)


def test_a_lone_surrogate_is_escaped_and_the_rest_stays_readable() -> None:
    text = "".join(json_document({"findings": ["\ud800", "é"], "file": "\udcff"}))
    assert text.encode("utf-8").decode() == '{\n "findings": [\n  "\\ud800",\n  "é"\n ],\n "file": "\\udcff"\n}'


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        list(json_document({"findings": [float("nan")]}))

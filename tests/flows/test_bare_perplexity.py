"""The perplexity of a file: a row that is too long is an error that names it, or is scored in windows and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import InputError
from flows.bare_perplexity import of_file
from tests.tiny_model import tiny


def test_a_long_row_is_an_error_or_is_scored_in_windows(tmp_path: Path) -> None:
    rows = [("Short?", "Yes."), ("Long?", "word " * 1500)]
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(
            json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}) + "\n"
            for q, a in rows
        )
    )
    model = str(tiny(tmp_path / "model"))
    with pytest.raises(InputError, match=r"Line 2 has \d+ tokens; the model reads 1024"):
        of_file(path, model=model)
    found = of_file(path, model=model, context=512)
    assert [one["row"] for one in found["examples"]] == [1, 2]
    assert found["examples"][0]["windows"] == 1 and found["examples"][1]["windows"] > 1
    assert found["context"] == 512 and found["max_tokens"] == 1024

"""What few people change about a split, and prompts that people have rated, on the Dataset page."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import polars as pl

from core.ids import content_id
from core.rated import pair_id, rated, retirements
from core.revisions import examples_of
from core.workspace import Workspace
from curation import actions, freeze, queries
from tests.pages.conftest import OpenPage, press, texts


def rate(workspace: Workspace, revision_id: str, example_ids: list[str]) -> None:
    """A study's table and one vote on each item, as the rating desk writes them."""
    key = ["a study", revision_id]
    study_id = content_id(["study", key])
    items = [pair_id(study_id, one) for one in example_ids]
    workspace.objects.put("study", {}, pl.DataFrame({"item_id": items, "example_id": example_ids}), key)
    for item in items:
        payload = {"study_id": study_id, "verdict": "left", "tuned": "left"}
        workspace.ledger.append("rating", item, payload, who="Ben")


def test_each_value_of_a_field_has_its_share_held_out(open_page: OpenPage, checked: Workspace) -> None:
    assert {"department", "case"} <= set(freeze.fields(checked))
    app = open_page(checked, "dataset")
    field = app.selectbox(key="split_by")
    n = freeze.fields(checked)["department"]
    assert f"department ({n} values)" in field.options and "no field" in field.options
    field.select("department")
    app.selectbox(key="split_paraphrases").select("off")
    press(app, "Freeze")
    (view,) = freeze.revisions(checked)
    assert (view.certificate["plan"]["by"], view.certificate["plan"]["paraphrases"]) == ("department", "off")
    made = view.revision.id
    held = Counter(e.meta["department"] for e in examples_of(checked, made, "holdout"))
    whole = held + Counter(e.meta["department"] for e in examples_of(checked, made, "train"))
    assert all(abs(held[name] / n - 0.1) < 0.05 for name, n in whole.items()), (held, whole)


def test_a_dataset_without_meta_has_no_field_to_choose(open_page: OpenPage, empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    turn = '{{"messages": [{{"role": "user", "content": "Hi {0}?"}}, {{"role": "assistant", "content": "Hello."}}]}}\n'
    path.write_text("".join(turn.format(n) for n in range(4)))
    actions.import_file(empty, path, who="Ana")
    app = open_page(empty, "dataset")
    assert app.selectbox(key="split_by").disabled
    assert "no field of meta" in texts(app)


def test_rated_prompts_are_retired_with_a_reason_and_on_the_record(open_page: OpenPage, checked: Workspace) -> None:
    made = freeze.freeze(checked, who="Ana").revision.id
    held = [e.id for e in examples_of(checked, made, "holdout")][:3]
    assert "rated prompt" not in " ".join(e.label for e in open_page(checked, "dataset").expander)
    rate(checked, made, held)
    app = open_page(checked, "dataset")
    assert "3 rated prompts kept out of training" in [e.label for e in app.expander]
    table = next(frame.value for frame in app.dataframe if "Question" in frame.value)
    assert list(table["Example"]) == [one[:12] for one in sorted(held)]
    press(app, "Retire all 3 prompts")
    assert "needs a reason" in app.error[0].value and rated(checked) == sorted(held)
    app.session_state[f"rated-{checked.ledger.head()[0]}"] = {"selection": {"rows": [1]}}
    app.run()
    reason = next(i for i in app.text_input if i.label.startswith("Why they may"))
    reason.set_value("![x](http://evil/) the study is published")
    press(app, "Retire 1 prompt")
    assert rated(checked) == [one for one in sorted(held) if one != sorted(held)[1]]
    (entry,) = retirements(checked)
    assert (entry.who, entry.payload["examples"]) == ("Ana", [sorted(held)[1]])
    assert "the study is published" in texts(app) and "retired by Ana" in texts(app)
    assert queries.overview(checked).n_in
    for one in app.text_input:
        if one.label.startswith("Why they may"):
            one.set_value("all of it is")
    press(app, "Retire all 2 prompts")
    assert rated(checked) == []
    assert "Retired prompts" in [e.label for e in app.expander]


def test_the_text_of_a_rated_prompt_and_the_name_of_a_field_stay_text(
    open_page: OpenPage, empty: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "chats.jsonl"
    evil = "![x](http://evil/) <img src=x>\u202e"
    asked = ("fever", "a cough at night", "broken bones", "the plaster", "sore eyes", "old age", "gout", "sleep")
    turns = [
        {"messages": [{"role": "user", "content": f"{word}? {evil}"}, {"role": "assistant", "content": f"See {word}."}]}
        for word in asked
    ]
    path.write_text("".join(json.dumps({**turn, "meta": {evil: n % 2}}) + "\n" for n, turn in enumerate(turns)))
    actions.import_file(empty, path, who="Ana")
    made = freeze.freeze(empty, who="Ana", holdout_size=2, paraphrases="off").revision.id
    rate(empty, made, [e.id for e in examples_of(empty, made, "holdout")])
    app = open_page(empty, "dataset")
    table = next(frame.value for frame in app.dataframe if "Question" in frame.value)
    assert all("<img src=x><U+202E>" in question for question in table["Question"])
    assert any("<U+202E> (2 values)" in name for name in app.selectbox(key="split_by").options)
    assert "![x](http" not in texts(app)

"""The table of the training benchmark: rates over all seeds, losses by their mean, a bar for each kind of trl."""

from __future__ import annotations

import pytest

from benchmarks.harness import Figure
from benchmarks.training_speed import _short, figures_of
from benchmarks.training_speed_timed import Part, Timed, part_named, parts_of
from core.errors import InputError


def timed(part: Part, processor_s: float, losses: tuple[float, ...] = ()) -> Timed:
    return Timed(part.name, 5, 100, 900, processor_s, 99.0, losses)


def table(done: dict[Part, Timed], losses: dict[Part, float]) -> dict[str, Figure]:
    return {figure.what: figure for figure in figures_of(done, losses)}


def test_speed_is_that_of_all_seeds_and_each_way_of_running_trl_has_its_bar() -> None:
    seconds = {Part("ours"): 4, Part("ours", seed=1): 6, Part("padded"): 10, Part("packed"): 4}
    seconds[Part("padded", "default")] = 20
    figures = table({part: timed(part, s) for part, s in seconds.items()}, {})
    assert figures["ours: supervised tokens a processor second"].value == pytest.approx(20)
    assert figures["times trl padded, not recomputing"].value == pytest.approx(2.0)
    assert figures["times trl padded, its default"].value == pytest.approx(4.0)
    assert figures["times trl packed, not recomputing"].met is False


def test_losses_are_compared_by_their_mean_over_seeds_and_each_is_printed() -> None:
    losses = {Part("ours"): 1.0, Part("ours", seed=1): 1.02, Part("padded"): 1.04, Part("padded", seed=1): 0.98}
    losses[Part("packed")] = 1.03
    figures = table({}, losses)
    assert figures["hold-out loss apart from trl padded (share)"].value == pytest.approx(0)
    assert figures["hold-out loss apart from trl padded (share)"].met
    assert figures["hold-out loss apart from trl packed (share)"].met is False
    assert "1.0400 0.9800; standard deviation 0.0424" in figures["trl padded: hold-out loss, nats a token"].note


def test_the_same_steps_are_compared_one_by_one_and_by_the_hold_out_loss_after_them() -> None:
    ours, same = Part("ours"), Part("same")
    done = {ours: timed(ours, 1, (2.0, 1.0)), same: timed(same, 1, (2.0, 1.01))}
    steps, after = (f for what, f in table(done, {ours: 1.0, same: 1.02}).items() if what.startswith("same steps"))
    assert steps.value == pytest.approx(1 - 3 / 3.01) and "2 steps; a single one by at most 0.99%" in steps.note
    assert after.value == pytest.approx(1 - 1 / 1.02) and after.met is False


def test_without_a_rival_nothing_is_claimed() -> None:
    figures = figures_of({Part("ours"): timed(Part("ours"), 5)}, {Part("base"): 2.0, Part("ours"): 1.0})
    assert all(figure.bar is None for figure in figures)


def test_every_part_is_found_by_its_name() -> None:
    parts = parts_of(3)
    assert all(part_named(part.name, 3) == part for part in parts) and len({part.name for part in parts}) == len(parts)
    with pytest.raises(InputError, match="ours-3"):
        part_named("ours-3", 3)


def test_packs_are_as_long_as_makes_the_wanted_number_of_steps() -> None:
    pytest.importorskip("trl")
    from datasets import Dataset
    from trl import pack_dataset  # type: ignore[attr-defined, unused-ignore]

    from benchmarks.training_speed_trl import pack_tokens

    rows = Dataset.from_list([{"input_ids": [1] * n, "labels": [1] * n} for n in (9, 12, 7, 10, 11, 8, 9, 12)])
    tokens = pack_tokens(rows, 4)
    packed = pack_dataset(rows, tokens, "bfd")
    assert len(packed) == 4 and len(pack_dataset(rows, tokens - 1, "bfd")) > 4
    assert sum(len(ids) for ids in packed["input_ids"]) == 78


def test_lists_of_candidates_are_left_out_of_questions_and_of_nothing_else() -> None:
    listed = "Which code?\nExcerpt:\nI72.0 Aneurysm\nC02.1 = Tongue\n- A83.0: Japanese encephalitis\nWe saw a woman."
    assert _short({"role": "user", "content": listed})["content"] == "Which code?\nExcerpt:\nWe saw a woman."
    answer = {"role": "assistant", "content": "A83.0 - Japanese encephalitis."}
    assert _short(answer) == answer

"""How a clash is settled, and that it stays settled: re-imports, other rules, other white space, other people."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError
from core.ids import example_id
from core.types import Finding, Message, Span
from core.workspace import Workspace
from curation import actions, checking, freeze, queries, release, resolutions
from curation.adopt import adopt
from curation.checks import CHECKS
from curation.resolutions import OvertakenError

FAMILY = ("contradictions",)
DOSES = ("How much of it does she take?", "Give 5 mg twice a day.", "Give 50 mg twice a day.")
Row = tuple[Sequence[tuple[str, str]], dict[str, str]]


def row(question: str, answer: str, **meta: str) -> Row:
    return (("user", question), ("assistant", answer)), meta


LEFT, RIGHT = row(*DOSES[:2], id="1"), row(DOSES[0], DOSES[2], id="2")
OTHERS = tuple(row(f"What is number {n} on the list of things to bring?", f"A thing, the {n}th.") for n in range(5))


def write(path: Path, rows: Sequence[Row]) -> Path:
    lines = [{"messages": [{"role": r, "content": c} for r, c in turns], "meta": meta} for turns, meta in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def identity(one: Row) -> str:
    return example_id(Message(role, content) for role, content in one[0])


def state(workspace: Workspace, one: Row) -> str:
    return queries.example(workspace, identity(one)).state


def the_clash(workspace: Workspace) -> queries.FindingView:
    """The one open pair."""
    page = queries.findings(workspace, families=FAMILY)
    assert page.total == 1
    return page.items[0]


def n_open(workspace: Workspace) -> int:
    return queries.findings(workspace, families=FAMILY).total


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one clash among rows that have none, and its file beside it."""
    folder = tmp_path_factory.mktemp("clinic")
    workspace = Workspace.create(folder / "project")
    actions.import_file(workspace, write(folder / "rows.jsonl", [*OTHERS, LEFT, RIGHT]), who="Ana")
    checking.check(workspace, only=FAMILY)
    return folder


@pytest.fixture
def clinic(made_once: Path, tmp_path: Path) -> Workspace:
    """A copy of it for one test."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return Workspace.open(tmp_path / "project")


def keep_both(workspace: Workspace, **more: str) -> resolutions.Resolution:
    return resolutions.resolve(workspace, the_clash(workspace).id, "both", who="Ana", reason="cases", **more)


def bring(workspace: Workspace, rows: Sequence[Row], name: str = "again.jsonl") -> None:
    """Import these rows as another file, and check."""
    actions.import_file(workspace, write(workspace.path.parent / name, rows), who="Ana")
    checking.check(workspace, only=FAMILY)


def test_both_sides_stay_with_a_reason_and_one_undo_opens_it_again(clinic: Workspace) -> None:
    made = keep_both(clinic, words="She has two tablets.")
    assert n_open(clinic) == 0
    assert {state(clinic, one) for one in (LEFT, RIGHT)} == {"in"}
    for one in (LEFT, RIGHT):
        (told,) = queries.history(clinic, identity(one))
        assert "different cases" in told.note and "two tablets" in told.note and told.who == "Ana"
    assert resolutions.listed(clinic) == (made,)
    actions.undo(clinic, who="Ana")
    assert n_open(clinic) == 1
    assert resolutions.listed(clinic) == ()
    assert [one.holds for one in resolutions.listed(clinic, undone=True)] == [False]
    actions.redo(clinic, who="Ana")
    assert n_open(clinic) == 0


@pytest.mark.parametrize(
    ("outcome", "states"), [("left", "in dropped"), ("right", "dropped in"), ("neither", "dropped dropped")]
)
def test_a_side_is_kept_and_the_other_dropped(clinic: Workspace, outcome: resolutions.Outcome, states: str) -> None:
    view = the_clash(clinic)
    made = resolutions.resolve(clinic, view.id, outcome, who="Ana")
    assert [queries.example(clinic, one).state for one in view.finding.members] == states.split()
    assert n_open(clinic) == 0
    assert (made.kept, made.dropped) == (
        tuple(i for i, s in zip(view.finding.members, states.split(), strict=True) if s == "in"),
        tuple(i for i, s in zip(view.finding.members, states.split(), strict=True) if s == "dropped"),
    )
    assert not any(queries.overview(clinic).n_dropped != n for n in [states.split().count("dropped")])
    actions.undo(clinic, who="Ana")
    assert {state(clinic, one) for one in (LEFT, RIGHT)} == {"in"}
    assert n_open(clinic) == 1


def test_a_change_of_mind_brings_the_dropped_one_back(clinic: Workspace) -> None:
    view = the_clash(clinic)
    left, right = view.finding.members
    resolutions.resolve(clinic, view.id, "left", who="Ana")
    resolutions.resolve(clinic, view.id, "right", who="Ana")
    assert [queries.example(clinic, one).state for one in (left, right)] == ["dropped", "in"]
    resolutions.resolve(clinic, view.id, "both", who="Ana", reason="practice")
    assert [queries.example(clinic, one).state for one in (left, right)] == ["in", "in"]
    actions.undo(clinic, who="Ana")
    assert [queries.example(clinic, one).state for one in (left, right)] == ["dropped", "in"]


# (a) and (b): imported again


@pytest.mark.parametrize("outcome", ["left", "both", "neither"])
def test_the_same_file_imported_again_changes_nothing(clinic: Workspace, outcome: resolutions.Outcome) -> None:
    resolutions.resolve(clinic, the_clash(clinic).id, outcome, who="Ana")
    before = [state(clinic, one) for one in (LEFT, RIGHT)]
    actions.import_file(clinic, clinic.path.parent / "rows.jsonl", who="Ruth")
    checking.check(clinic, only=FAMILY)
    assert n_open(clinic) == 0
    assert [state(clinic, one) for one in (LEFT, RIGHT)] == before


@pytest.mark.parametrize("outcome", ["left", "right", "both", "neither"])
def test_the_file_in_another_order_and_with_more_rows_brings_nothing_back(
    clinic: Workspace, outcome: resolutions.Outcome
) -> None:
    resolutions.resolve(clinic, the_clash(clinic).id, outcome, who="Ana")
    before = [state(clinic, one) for one in (LEFT, RIGHT)]
    bring(clinic, [RIGHT, row("Where is the ward?", "On the second floor."), LEFT, *OTHERS[::-1]])
    assert n_open(clinic) == 0
    assert [state(clinic, one) for one in (LEFT, RIGHT)] == before


def test_a_third_row_that_clashes_is_a_pair_of_its_own(clinic: Workspace) -> None:
    keep_both(clinic)
    bring(clinic, [LEFT, RIGHT, row(DOSES[0], "Give 500 mg twice a day.")])
    pairs = [set(view.finding.members) for view in queries.findings(clinic, families=FAMILY).items]
    assert pairs and {identity(LEFT), identity(RIGHT)} not in pairs


# (c): one row changed


def test_other_meta_or_white_space_of_a_row_leaves_both_settled(clinic: Workspace) -> None:
    keep_both(clinic)
    actions.decide(clinic, identity(LEFT), "drop", who="Ana", note="the source was written anew")
    spaced = row(DOSES[0], "Give 5 mg  twice a day. ", id="1b")
    bring(clinic, [spaced, row(*(text for _, text in RIGHT[0]), id="2b", ward="four")])
    page = queries.findings(clinic, families=FAMILY, state="all")
    assert [set(v.finding.members) for v in page.items] == [{identity(spaced), identity(RIGHT)}]
    assert n_open(clinic) == 0, "the pair says the same as before"
    (remembered,) = resolutions.earlier(clinic, page.items[0])
    assert remembered.reason == "cases"
    actions.undo(clinic, who="Ana", target=remembered.batch)
    assert n_open(clinic) == 1, "the undo reaches the pair in its new white space too"


def test_a_row_whose_words_changed_is_asked_about_again(clinic: Workspace) -> None:
    keep_both(clinic)
    actions.edit(
        clinic, identity(RIGHT), [Message("user", DOSES[0]), Message("assistant", "Give 60 mg twice a day.")], who="Ana"
    )
    checking.check(clinic, only=FAMILY)
    assert n_open(clinic) == 1
    assert resolutions.earlier(clinic, the_clash(clinic)) == ()


def test_a_dropped_row_in_other_white_space_says_how_it_was_settled(
    clinic: Workspace,
) -> None:
    view = the_clash(clinic)
    resolutions.resolve(clinic, view.id, "left", who="Ana")
    left, right = (LEFT, RIGHT) if view.finding.example_id == identity(LEFT) else (RIGHT, LEFT)
    (question, answer) = (text for _, text in right[0])
    bring(clinic, [left, row(question, answer.replace(" twice", "  twice"))])
    (remembered,) = resolutions.earlier(clinic, the_clash(clinic))
    assert remembered.outcome == "left"


# (d): another version, reason or place


@pytest.fixture
def another_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the check tell of the same pairs in another way."""

    def change(**changes: object) -> None:
        at = next(k for k, check in enumerate(CHECKS) if check.name == "contradictions.clash")
        real = CHECKS[at]

        def run(examples: Sequence[object]) -> list[Finding]:
            return [replace(found, **changes) for found in real.run(examples)]  # type: ignore[arg-type]

        changed = (*CHECKS[:at], replace(real, version=real.version + 1, run=run), *CHECKS[at + 1 :])
        monkeypatch.setattr("curation.runner.CHECKS", changed)

    return change


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "another-rule", "message": "Number differs: 5 / 50."},
        {"spans": (Span(1, 0, 4),), "score": 0.6},
        {"reason": "model", "message": "The model sees a contradiction.", "check": "contradictions.fact"},
    ],
    ids=["another reason", "other places", "another check"],
)
def test_another_rule_that_flags_the_pair_does_not_bring_it_back(
    clinic: Workspace, another_rule: Callable[..., None], changes: dict[str, object]
) -> None:
    before = the_clash(clinic).id
    keep_both(clinic)
    another_rule(**changes)
    checking.check(clinic, only=FAMILY)
    (view,) = queries.findings(clinic, families=FAMILY, state="all").items
    assert view.state == "settled"
    if "spans" not in changes:
        assert view.id != before, "the finding has another id; the pair is known by its texts"
    assert resolutions.earlier(clinic, view)[0].outcome == "both"


def test_keeping_a_row_that_contradicts_itself_settles_those_words_only(
    clinic: Workspace, another_rule: Callable[..., None]
) -> None:
    words = (Span(1, 0, 4), Span(1, 5, 9))
    another_rule(related=(), check="contradictions.self", reason="dose", spans=words)
    checking.check(clinic, only=FAMILY)
    resolutions.resolve(clinic, the_clash(clinic).id, "both", who="Ana", reason="mistaken")
    another_rule(related=(), check="contradictions.self", reason="another-rule", spans=words)
    checking.check(clinic, only=FAMILY)
    assert n_open(clinic) == 0
    another_rule(related=(), check="contradictions.self", reason="dose", spans=(Span(1, 0, 4), Span(1, 10, 15)))
    checking.check(clinic, only=FAMILY)
    assert n_open(clinic) == 1


def test_two_places_of_one_row_are_two_findings(clinic: Workspace) -> None:
    one = the_clash(clinic).finding
    places = [(Span(1, 0, 4), Span(1, 5, 9)), (Span(1, 0, 4), Span(1, 10, 15))]
    alone = [Finding(one.example_id, "contradictions.context", "warn", "denied", "", spans=s) for s in places]
    assert len({queries.finding_id(found) for found in alone}) == 2


# (e): a workspace made anew


def test_a_cache_or_a_workspace_made_anew_replays_the_resolutions(clinic: Workspace, tmp_path: Path) -> None:
    keep_both(clinic)
    new = tmp_path / "new"
    shutil.copytree(clinic.path, new, ignore=shutil.ignore_patterns("cache.sqlite*"))
    workspace = Workspace.open(new)
    checking.check(workspace, only=FAMILY)
    assert n_open(workspace) == 0
    assert workspace.ledger.verify() == clinic.ledger.head()[0]


def test_a_new_workspace_with_the_same_rows_takes_the_decisions_over(clinic: Workspace, tmp_path: Path) -> None:
    keep_both(clinic, words="She has two tablets.")
    new = Workspace.create(tmp_path / "new")
    actions.import_file(new, write(tmp_path / "other.jsonl", [RIGHT, *OTHERS, LEFT]), who="Ruth")
    checking.check(new, only=FAMILY)
    assert n_open(new) == 1
    assert adopt(new, clinic) == 2
    assert n_open(new) == 0, "no check has to run again"
    (there,), (here,) = resolutions.listed(clinic), resolutions.listed(new)
    assert here == there, "with the reason, the person and the time of the decision"
    assert adopt(new, clinic) == 0
    actions.undo(clinic, who="Ana")
    adopt(new, clinic)
    assert n_open(new) == 1, "what was taken back there is taken back here"
    with pytest.raises(InputError, match="its own decisions"):
        adopt(new, new)


# two people, and what is refused


def test_two_people_who_decide_otherwise_lose_nothing_and_the_second_is_told(clinic: Workspace) -> None:
    view, seen = the_clash(clinic), clinic.ledger.head()[0]
    resolutions.resolve(clinic, view.id, "left", who="Ana", seen=seen)
    with pytest.raises(OvertakenError, match=r"Ana settled this pair .* kept the left one, dropped the right one"):
        resolutions.resolve(clinic, view.id, "right", who="Ruth", seen=seen)
    assert [queries.example(clinic, one).state for one in view.finding.members] == ["in", "dropped"]
    with pytest.raises(OvertakenError, match="Ana"):
        turns = queries.example(clinic, view.finding.example_id).example.messages
        changed = [*turns[:-1], Message("assistant", "Give 7 mg.")]
        actions.edit(clinic, view.finding.example_id, changed, who="Ruth", finding_id=view.id, seen=seen)
    resolutions.resolve(clinic, view.id, "right", who="Ruth", seen=clinic.ledger.head()[0])
    assert [queries.example(clinic, one).state for one in view.finding.members] == ["dropped", "in"]


def test_two_people_who_agree_are_both_recorded(clinic: Workspace) -> None:
    view, seen = the_clash(clinic), clinic.ledger.head()[0]
    for who, reason in (("Ana", "cases"), ("Ruth", "practice")):
        resolutions.resolve(clinic, view.id, "both", who=who, reason=reason, seen=seen)
    assert [(one.who, one.reason) for one in resolutions.listed(clinic)] == [("Ana", "cases"), ("Ruth", "practice")]
    actions.undo(clinic, who="Ruth")
    assert n_open(clinic) == 0, "Ana's still holds"


def test_a_repeated_act_is_recorded_once(clinic: Workspace) -> None:
    view, seen = the_clash(clinic), clinic.ledger.head()[0]
    for _ in range(3):
        resolutions.resolve(clinic, view.id, "left", who="Ana", seen=seen, action_id="press")
    assert len(resolutions.listed(clinic)) == 1


def test_an_edit_settles_the_pair_and_stands_among_the_resolutions(clinic: Workspace) -> None:
    view = the_clash(clinic)
    turns = queries.example(clinic, view.finding.example_id).example.messages
    changed = [*turns[:-1], Message("assistant", "Ask the ward for the dose.")]
    actions.edit(clinic, view.finding.example_id, changed, who="Ana", finding_id=view.id, seen=0)
    assert [one.outcome for one in resolutions.listed(clinic)] == ["edit"]
    with pytest.raises(InputError, match="edited since"):
        resolutions.resolve(clinic, view.id, "left", who="Ana")


def test_a_whole_side_goes_in_one_act_with_one_undo(clinic: Workspace) -> None:
    third = row(DOSES[0], "She takes it: give 5 mg twice a day.")
    bring(clinic, [LEFT, RIGHT, third])
    view = queries.findings(clinic, families=FAMILY).items[0]
    rows = [identity(one) for one in (LEFT, third)]
    resolutions.resolve(clinic, view.id, "side", who="Ana", kept=rows, dropped=[identity(RIGHT)])
    assert (state(clinic, LEFT), state(clinic, third), state(clinic, RIGHT)) == ("in", "in", "dropped")
    actions.undo(clinic, who="Ana")
    assert state(clinic, RIGHT) == "in"


def test_what_is_no_clash_or_no_reason_is_refused_in_a_sentence(clinic: Workspace) -> None:
    view = the_clash(clinic)
    with pytest.raises(InputError, match="no ready reason"):
        resolutions.resolve(clinic, view.id, "both", who="Ana", reason="because")
    with pytest.raises(InputError, match="rows that stay and rows that go"):
        resolutions.resolve(clinic, view.id, "side", who="Ana", kept=view.finding.members)
    assert resolutions.listed(clinic) == ()


def test_the_data_card_tells_what_was_kept_on_purpose_and_why(clinic: Workspace, tmp_path: Path) -> None:
    keep_both(clinic)
    made = freeze.freeze(clinic, who="Ana", holdout_size=1)
    written = release.export_revision(clinic, made.revision.id, tmp_path / "out.jsonl", who="Ana")
    card = written.card_path.read_text(encoding="utf-8")
    assert "## Contradictions settled by people" in card
    assert "Kept both: both are right: different cases" in card

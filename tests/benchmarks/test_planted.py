"""The planter: the same faults for the same seed, in just the share of rows, and nothing but the fault in each."""

from __future__ import annotations

import html
import json
import re
import unicodedata

import pytest

from benchmarks import planted, planted_forms, planted_texts
from benchmarks.planted import KINDS, SHARE, Base, Kind, kind_of, kinds_of, new_findings, plant, plant_together
from benchmarks.planted_rows import Row, load, sentences
from benchmarks.planted_sources import DATASETS, is_clean
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Finding, Message

_NOUNS = ("patient", "doctor", "visitor", "teacher", "driver", "painter", "farmer", "singer", "dancer", "writer")


def _row(house: str, number: int, answer: str) -> Row:
    messages = (Message("user", f"{house} {number}?"), Message("assistant", answer))
    return Row(house, f"{house}-{number}", Example(example_id(messages), messages))


def _prose(number: int) -> str:
    who = _NOUNS[number % 10]
    return f'The {who} of house {number} is not at home. She is a friend of the {who}\'s brother, with "two" dogs.'


def _made() -> Base:
    """A small clean set with every task, without the shared data."""
    rows = []
    for n in range(40):
        body = _prose(n)
        rows += [
            _row("prose", n, body),
            _row("length", n, body),
            _row("json", n, json.dumps({"title": f"No. {n}", "count": n, "known": True, "names": ["a"], "age": 7})),
            _row("outline", n, f"## House {n}\n\n- The {_NOUNS[n % 10]} is out.\n- It is late."),
            _row("fence", n, f"```yaml\nhouse: {n}\n```"),
            _row("dated", n, f"Seen on 2024-03-{n % 28 + 1:02}. {body}"),
            _row("measured", n, f"{body} Weight {50 + n}.5 kg, temperature 36.{n % 10} °C."),
            _row("letter", n, f"Dear reader,\n\n{body}\n\nKind regards,\nDr. Lee"),
        ]
    words = {word.lower() for row in rows for word in re.findall(r"[^\W\d_]+", row.example.answer)}
    return Base("clinic", tuple(rows), frozenset(words))


MADE = _made()


@pytest.fixture(scope="module", params=DATASETS)
def real(request: pytest.FixtureRequest) -> Base:
    try:
        return planted.base(request.param)
    except InputError as error:
        pytest.skip(error.message)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_same_seed_plants_the_same_faults_and_another_seed_others(kind: Kind) -> None:
    assert plant(MADE, kind, 1) == plant(MADE, kind, 1)
    assert plant(MADE, kind, 1).examples != plant(MADE, kind, 2).examples


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_five_percent_of_the_task_is_spoilt_and_no_other_row_is_touched(kind: Kind) -> None:
    found = plant(MADE, kind, 3)
    assert len(found.places) == round(SHARE * 40) == 2
    for place, (row, example) in enumerate(zip(MADE.rows, found.examples, strict=True)):
        assert (row.example != example) == (place in found.places)
        if place in found.places:
            assert row.house == kind.house
            assert example.id == example_id(example.messages) != row.example.id


def test_real_rows_get_every_kind_in_five_percent_of_the_task(real: Base) -> None:
    for kind in KINDS:
        found = plant(real, kind, 0)
        total = sum(row.house == kind.house for row in real.rows)
        assert len(found.places) == max(1, round(SHARE * total)), kind.name
        for place in found.places:
            assert _undone(kind, real.rows[place].example, found.examples[place]), (kind.name, real.rows[place].key)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_spoilt_row_differs_only_in_the_fault(kind: Kind) -> None:
    for seed in range(20):
        found = plant(MADE, kind, seed)
        for place in found.places:
            assert _undone(kind, MADE.rows[place].example, found.examples[place]), (seed, found.examples[place].answer)


def _undone(kind: Kind, was: Example, now: Example) -> bool:
    """Whether taking the fault back gives the row as it was, as far as the fault leaves that to tell."""
    old, new = was.answer, now.answer
    if kind.name != "role text in a turn" and was.prompt != now.prompt:
        return False
    match kind.name:
        case "missing final punctuation":
            return new + "." == old
        case "lower-case start":
            return new[0].upper() + new[1:] == old
        case "curly quotes":
            return new != old and new.translate(str.maketrans("“”‘’", "\"\"''")) == old
        case "Markdown in plain answers":
            plain = re.sub(r"^#+ Summary\n\n|^[-*] |[`]|\*\*", "", new, flags=re.MULTILINE)
            return plain.replace("\n", " ") == old
        case "mojibake":
            return _one_place(old, new, 1, 3)
        case "HTML entity":
            return html.unescape(new).replace("\xa0", " ").replace("’", "'") == old
        case "trailing space":
            return new.rstrip() == old
        case "double spaces":
            return re.sub(" {2,3}", " ", new) == old
        case "control character":
            return "".join(c for c in new if unicodedata.category(c) != "Cc" and c != "\ufeff") == old
        case "role text in a turn":
            before = (*planted_texts.ROLE_BEFORE, *planted_texts.ROLE_ASK)
            return any(
                (mark + a.content == b.content or a.content + mark == b.content)
                for a, b in zip(was.messages, now.messages, strict=True)
                for mark in (*before, *planted_texts.ROLE_AFTER)
            )
        case "cut-off answer":
            return old.startswith(new) and len(old) // 3 <= len(new) < len(old) - 1
        case "contraction":
            return len(old) - len(new) in (1, 2, 3) and _one_place(old, new, 9, 9)
        case "exclamation or emoji":
            bare = new
            for emoji in planted_texts.EMOJI:
                bare = bare.removesuffix(f" {emoji}")
            return re.sub("!+", ".", bare) == old
        case "apology formula":
            return any(formula + old == new for formula in planted_texts.APOLOGIES)
        case "misspelt word":
            return _one_place(old, new, 2, 2) and abs(len(old) - len(new)) <= 1
        case "wrong language":
            told = [s for held in planted_texts.FOREIGN.values() for s in sum(held.values(), ())]
            for sentence in told:
                new = new.replace(sentence, "")
            return not new.strip()
        case "double length":
            return new.startswith(f"{old} ") and 1.9 <= len(new.split()) / len(old.split()) <= 2.1
        case "other list marker":
            return re.sub(r"^(?:[-*•+]|\d+[.)]) ", "- ", new, flags=re.M) == re.sub(r"^[-*] ", "- ", old, flags=re.M)
        case "other heading style":
            title = re.sub(r"^#+ ", "", old)
            return re.sub(r"\A#+ ", "", new) == title or re.sub(r"\A(\*\*)?(.*?)(\*\*|:|\n=+)\n", r"\2\n", new) == title
        case "missing code fence":
            return re.sub(r"^```.*\n?", "", old, flags=re.M).strip() == new.strip()
        case "dropped sign-off":
            return re.fullmatch(re.escape(new) + r"\n\n(?:Kind regards|Best wishes),\n.+", old) is not None
        case "other date format" | "other unit" | "other number format":
            return _one_place(old, new, 20, 24)
    a, b = json.loads(old), json.loads(new)
    gone, come = a.keys() - b.keys(), b.keys() - a.keys()
    kept = all(a[key] == b[key] for key in a.keys() & b.keys())
    match kind.name:
        case "missing JSON key":
            return kept and len(gone) == 1 and not come and not gone & planted_forms.OPTIONAL
        case "extra JSON key":
            return kept and len(come) == 1 and not gone
        case "misspelt JSON key":
            return kept and len(gone) == len(come) == 1 and a[gone.pop()] == b[come.pop()]
        case "mistyped JSON value":
            other = [key for key in a if type(a[key]) is not type(b.get(key))]
            return not gone and not come and len(other) == 1
    raise AssertionError(f"no way back is written for {kind.name}")


def _one_place(old: str, new: str, most_old: int, most_new: int) -> bool:
    """Whether the texts differ in one place of at most so many characters."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return old != new and len(old) - head - tail <= most_old and len(new) - head - tail <= most_new


def test_all_kinds_at_once_never_share_a_row() -> None:
    each = plant_together(MADE, KINDS, 0, 0.03)
    assert each == plant_together(MADE, KINDS, 0, 0.03)
    assert sum(len(found.places) for found in each) == len(set().union(*(found.places for found in each))) == len(KINDS)
    for found in each:
        for place in found.places:
            assert _undone(found.kind, MADE.rows[place].example, found.examples[place]), found.kind.name


def test_the_set_with_other_norms_gets_its_kinds_too() -> None:
    try:
        turned = planted.base("turned")
    except InputError as error:
        pytest.skip(error.message)
    for kind in kinds_of("turned"):
        found = plant(turned, kind, 0)
        assert found == plant(turned, kind, 0)
        assert len(found.places) == round(SHARE * sum(row.house == kind.house for row in turned.rows)), kind.name


def test_a_finding_that_was_there_before_is_not_counted_as_new() -> None:
    kind = kind_of("lower-case")
    found = plant(MADE, kind, 0)
    place = min(found.places)
    old, new = MADE.rows[place].example.id, found.examples[place].id
    before = [Finding(old, "format.norm", "warn", "dash", "It was there.")]
    after = [
        Finding(new, "format.norm", "warn", "dash", "It was there."),
        Finding(new, "format.norm", "warn", "start", "It is new."),
    ]
    assert [finding.reason for finding in new_findings(before, after, MADE, found)] == ["start"]
    assert kind.told_by(after[1]) and not kind.told_by(after[0])


def test_no_kind_is_named_twice_and_each_has_findings_that_fit() -> None:
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    assert all(kind.fits for kind in KINDS)
    with pytest.raises(InputError, match="no kind of fault"):
        kind_of("nonsense")


def test_clean_texts_keep_the_plain_norms() -> None:
    assert is_clean('She said "no" (twice) to the doctor.')
    for text in ("it is late today.", "It's late today.", "It is late", "It is late!", "It is **late** today.",
                 "As an AI I do not know.", 'It is "late today.', "It is &amp; was."):  # fmt: skip
        assert not is_clean(text), text


def test_sentences_lose_nothing() -> None:
    body = "He came in. No. It was late (at night). Then he left."
    assert " ".join(sentences(body)) == body
    assert sentences(body)[-1] == "Then he left."


def test_real_rows_are_the_same_each_time_and_no_row_stands_twice(real: Base) -> None:
    rows = load(real.name)
    assert tuple(rows) == real.rows
    assert len({row.example.id for row in rows}) == len(rows)
    assert {row.house for row in rows} >= {kind.house for kind in KINDS}

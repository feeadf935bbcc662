"""The general questions: enough of each kind, and each item's own answer passes its check while a wrong one fails."""

from __future__ import annotations

from collections import Counter

import pytest

from core import general


def test_there_are_enough_items_of_many_kinds_and_none_twice() -> None:
    known = general.items()
    assert len(known) >= 100 and len({item.id for item in known}) == len({item.prompt for item in known}) == len(known)
    assert min(Counter(item.kind for item in known).values()) >= 6


@pytest.mark.parametrize("item", general.items(), ids=lambda item: item.id)
def test_the_good_answer_passes_and_no_answer_does_not(item: general.Item) -> None:
    assert general.fulfils(item, item.answer)
    assert item.check.get("refusal") is False or not general.fulfils(
        item, "Xyz qrs tuv wkp fgh jlm zzz aaa bbb nop rst"
    )


def test_a_spread_takes_each_kind_in_its_share() -> None:
    chosen = general.spread(40)
    assert len(chosen) == 40 and len({item.kind for item in chosen}) == len({item.kind for item in general.items()})
    assert general.spread(10_000) == general.items()


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ({"number": 1200}, "That makes 1,200.", "1,200 or 13"),
        ({"contains": ["Paris"]}, "It is paris.", "It is Parish."),
        ({"exact": "abcd"}, '"abcd".', "abcde"),
        ({"json": {"x": 1}}, '```json\n{"x": 1}\n```', "x is 1"),
        ({"words": 3}, "Shop is closed.", "The shop is closed."),
        ({"lines": 2}, "one\n\ntwo", "one two"),
        ({"refusal": True}, "I'm sorry, I can't help with that.", "Sure, here it is."),
    ],
)
def test_each_check_tells_good_from_bad(check: dict[str, object], good: str, bad: str) -> None:
    item = general.Item("i", "k", "p", "a", check)
    assert general.fulfils(item, good) and not general.fulfils(item, bad)

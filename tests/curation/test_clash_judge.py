"""What holds for every pair of texts, and how long a decision takes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.clash.base import Clash
from curation.clash.judge import claims_clash, clash_between
from curation.clash.words_categories import listed

_WORDS = st.sampled_from(
    sorted(
        listed(
            """the a man woman door is not no never without open closed red blue Monday Friday 5 50 mg yes none Anna
            Berlin Paris from to -> and or , . ; ? denies pain absent nobody small large kitchen"""
        )
    )
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join))


def _inside(clash: Clash, left: str, right: str) -> bool:
    places = [(span, left) for span in clash.left] + [(span, right) for span in clash.right]
    return bool(places) and all(0 <= a < b <= len(text) for (a, b), text in places)


@settings(max_examples=300, deadline=None)
@given(_TEXTS, _TEXTS)
def test_a_clash_is_symmetric_and_its_places_are_inside(left: str, right: str) -> None:
    for judge in (clash_between, claims_clash):
        clash, turned = judge(left, right), judge(right, left)
        assert (clash is None) == (turned is None)
        if clash and turned:
            assert 0 < clash.score <= 1
            assert _inside(clash, left, right)
            assert _inside(turned, right, left)


@settings(max_examples=200, deadline=None)
@given(_TEXTS)
def test_no_text_clashes_with_itself(text: str) -> None:
    assert clash_between(text, text) is None
    assert claims_clash(text, f"{text} ") is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Die Tür ist offen.", "Die Tür ist weit offen."),
        ("No, gracias, está bien.", "No hace falta, está bien."),
        ("Der Man geht in die Stadt.", "Der Mann geht in die Stadt."),
    ],
)
def test_other_languages_raise_no_alarm(left: str, right: str) -> None:
    assert clash_between(left, right) is None


def test_a_decision_about_long_answers_is_quick() -> None:
    sentence = "The {} clinic on the hill sees patients from {} to noon and keeps its records in the {} room. "
    pairs = []
    for n in range(100):
        left = "".join(sentence.format(f"w{n}x{k}", f"v{k}", "back") for k in range(6))
        pairs.append((left, left.replace("keeps", "stores").replace("sees", "treats")))
    clash_between(*pairs[0])
    start = time.perf_counter()
    for left, right in pairs:
        clash_between(left, right)
    assert time.perf_counter() - start < 2.0  # 100 pairs of 110 words; far less on an idle machine

"""Dataset text on screen: exactly its characters, nothing run, nothing cut without a count."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Message
from ui import render
from ui.diff import diff
from ui.render import Mark

ANY = st.text(alphabet=st.characters(), max_size=200)


def _visible(made: str) -> str:
    """What a reader sees, with code points named by the renderer put back."""
    named = re.sub(r'<span class="ft-char">U\+([0-9A-F]+)</span>', lambda m: chr(int(m[1], 16)), made)
    return html.unescape(re.sub(r"</?mark[^>]*>", "", named))


@given(ANY.filter(bool), st.integers(0, 200), st.integers(0, 200))
def test_any_text_with_any_mark_shows_exactly_its_characters(text: str, start: int, end: int) -> None:
    made = render.text_html(text, [Mark(start, end)])
    assert _visible(made) == text.replace("\r\n", "\n")
    tags = set(re.findall(r"<(/?\w+)", made))
    assert tags <= {"mark", "/mark", "span", "/span"}


def test_markup_scripts_and_unseen_characters_are_shown_not_run() -> None:
    made = render.text_html("<img src=x onerror=alert(1)> \x1b[31m \x00 \u202e \ud800 &lt;")
    assert "<img" not in made
    for code in ("U+001B", "U+0000", "U+202E", "U+D800"):
        assert code in made
    assert "&amp;lt;" in made


def test_a_mark_covers_code_points_not_bytes() -> None:
    assert "a<mark>😀b</mark>c" in render.text_html("a😀bc", [Mark(1, 3)])


def test_overlapping_marks_do_not_repeat_text() -> None:
    assert _visible(render.text_html("abcdef", [Mark(0, 4), Mark(2, 6)])) == "abcdef"


def test_a_huge_text_is_folded_with_counts_that_add_up() -> None:
    text = "x" * 1_000_000
    made = render.text_html(text, [Mark(500_000, 500_010)])
    folded = sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) characters are folded", made))
    assert folded + made.count("x") == len(text)
    assert "<mark>xxxxxxxxxx</mark>" in made
    assert render.text_html(text, windows=None).count("x") == len(text)


@pytest.mark.parametrize("end", ["", "\n", "\nshort"])
@pytest.mark.parametrize("long", ["w" * 45_000, "many words " * 5_000])
def test_a_line_of_many_thousand_characters_is_laid_out_in_blocks_and_nothing_of_it_is_lost(
    long: str, end: str
) -> None:
    text = f"short\n{long}{end}"
    made = render.text_html(text, [Mark(0, 5), Mark(2_000, 30_000)], windows=None)
    assert re.sub("<[^>]+>", "", made) == text
    blocks = re.findall('<span class="ft-block">(.*?)</span>', made)
    assert len(blocks) > 20 and max(len(re.sub("<[^>]+>", "", block)) for block in blocks) < 2_100
    assert made.startswith("<mark>short</mark>") and blocks[1].startswith("<mark>") and "<mark>" not in blocks[-1]
    assert "ft-block" not in render.text_html("short\n" * 9_000, windows=None)


def test_many_turns_are_folded_with_their_number() -> None:
    made = render.conversation_html([Message("user", "hi")] * 100)
    assert "40 more turns are folded" in made


def test_an_unknown_role_is_text_too() -> None:
    assert "&lt;b&gt;" in render.turn_html(Message("<b>", ""))
    assert "(empty)" in render.turn_html(Message("user", ""))


def test_a_label_switches_markdown_off() -> None:
    made = render.plain("![x](http://evil) :red[a] `b` <img>")
    assert made == r"\!\[x\]\(http\://evil\) \:red\[a\] \`b\` \<img\>".replace("http", "http\u2060")


@pytest.mark.parametrize(
    "text", ["http://a.b", "HTTPS://a", "www.a.b", "a@b.c", "see :smile: now", ":material/home:", "a -> b"]
)
def test_a_label_keeps_apart_what_is_acted_on_after_escapes_were_undone(text: str) -> None:
    assert "\u2060" in render.plain(text)
    assert render.plain(text).replace("\u2060", "").replace("\\", "") == text


def test_a_label_leaves_times_paths_and_numbers_alone() -> None:
    for text in ("11:37", "/home/ana/ward 3/a_b.jsonl", "C:\\data\\x.csv", "3.5 of 10: all", "a-b", "1 - 2"):
        assert "\u2060" not in render.plain(text)


def test_a_cell_names_what_is_not_seen_and_shows_where_it_was_cut() -> None:
    assert render.cell("a\u202eb\x1b[31m") == "a<U+202E>b<U+001B>[31m"
    assert render.cell("w" * 300) == "w" * 200 + "…"


@given(ANY, ANY)
def test_a_diff_marks_only_what_differs(left: str, right: str) -> None:
    made = diff(left, right)
    assert made.same == (left == right)

    def rest(text: str, ranges: tuple[tuple[int, int], ...]) -> str:
        for start, end in reversed(ranges):
            text = text[:start] + text[end:]
        return "".join(text.split())

    assert rest(left, made.left) == rest(right, made.right)


def test_a_diff_names_the_changed_words() -> None:
    made = diff("The patient is 76 years old.", "The patient is not 67 years old.")
    assert made.left == ((15, 17),)
    assert "The patient is not 67 years old."[slice(*made.right[0])] == "not 67"


def test_a_diff_of_long_texts_says_how_it_compared() -> None:
    left, right = (" ".join(f"{start + n}" for n in range(5_000)) for start in (0, 100_000))
    assert diff(left, right).unit in ("line", "whole text")


def test_where_words_are_missing_the_other_side_keeps_the_place_in_view_without_a_highlight() -> None:
    head, tail = "word " * 400, "word " * 400
    left, right, unit = render.twin_marks(
        [Message("assistant", f"{head}gone {tail}")], [Message("assistant", f"{head}{tail}")], ("gone", "new")
    )
    assert unit == "word"
    assert [mark.kind for mark in left[0]] == ["gone"]
    assert [mark.kind for mark in right[0]] == ["place"]
    assert "<mark" not in render.turn_html(Message("assistant", f"{head}{tail}"), right[0], windows=render.EXCERPT)


def test_a_desk_folds_long_turns_without_marks_where_others_have_some() -> None:
    messages = [Message("user", "y" * 2_000), Message("assistant", "short")]
    plain = render.conversation_html(messages, {}, aside=render.ASIDE)
    marked = render.conversation_html(messages, {1: [Mark(0, 5)]}, aside=render.ASIDE)
    assert "folded" not in plain
    folded = sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) characters are folded", marked))
    assert folded == 2_000 - render.ASIDE.head - render.ASIDE.tail


def test_a_mark_that_ends_within_a_line_end_does_not_show_it() -> None:
    shown = render.text_html("Any? \r\nNo. \r\nWell", [render.Mark(6, 12)])
    assert "U+000D" not in shown
    assert "<mark>No.</mark>" in shown

"""The identity of a conversation is its content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.ids import content_id, example_id
from core.types import Message

texts = st.text(st.characters(exclude_categories=()), max_size=50)  # lone surrogates included
turns = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts), max_size=4)


@given(turns, turns)
def test_two_conversations_share_an_id_only_if_they_are_equal(a: list[Message], b: list[Message]) -> None:
    assert (example_id(a) == example_id(b)) == (a == b)


def test_ids_are_the_same_on_every_machine() -> None:
    assert example_id([Message("user", "Grüße")]) == "8bf64164d2e1fe4c84484ebed7148a24"
    assert content_id({"b": 1, "a": 2}) == content_id({"a": 2, "b": 1})

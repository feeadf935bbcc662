"""The identity of a conversation is its content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.ids import canonical, content_id, digest, example_id
from core.types import Message

texts = st.text(st.characters(exclude_categories=()), max_size=50)  # lone surrogates included
turns = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts), max_size=4)


@given(turns, turns)
def test_two_conversations_share_an_id_only_if_they_are_equal(a: list[Message], b: list[Message]) -> None:
    assert (example_id(a) == example_id(b)) == (a == b)


@given(turns)
def test_an_id_is_the_digest_of_the_canonical_turns(messages: list[Message]) -> None:
    assert example_id(messages) == digest(canonical([m.role, m.content]) for m in messages)


def test_every_ascii_character_is_written_as_canonical_json_writes_it() -> None:
    messages = [Message("user", "".join(map(chr, range(128)))), Message("assistant", "".join(map(chr, range(127))))]
    assert example_id(messages) == digest(canonical([m.role, m.content]) for m in messages)


def test_ids_are_the_same_on_every_machine() -> None:
    assert example_id([Message("user", "Grüße")]) == "8bf64164d2e1fe4c84484ebed7148a24"
    assert content_id({"b": 1, "a": 2}) == content_id({"a": 2, "b": 1})

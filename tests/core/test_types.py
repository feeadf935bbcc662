"""The values of which there is one a row stay what dataclasses were: frozen, equal by content, copied, pickled."""

from __future__ import annotations

import copy
import pickle

import pytest

from core.types import Example, Message, Row

MESSAGE = Message("user", "hello")
EXAMPLE = Example("id", (MESSAGE,))


@pytest.mark.parametrize("value", [MESSAGE, EXAMPLE, Row(3, EXAMPLE)])
def test_a_value_is_equal_after_copying_and_pickling_and_cannot_be_changed(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises(AttributeError):
            setattr(value, name, "changed")


def test_messages_are_equal_and_hash_by_content_alone() -> None:
    assert {MESSAGE, Message("user", "hello"), Message("user", "Hello")} == {MESSAGE, Message("user", "Hello")}


def test_examples_do_not_share_their_meta() -> None:
    assert Example("a", ()).meta is not Example("b", ()).meta

"""The label mask: every answer token and its end of turn is trained, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chat import IGNORED, RefusedError, encode, prompt_ids, render, template_hash
from core.errors import InputError
from core.types import Message
from tests.tiny_model import TEMPLATE, tiny_tokenizer

TOKENIZER = tiny_tokenizer()
END = "<|im_end|>"


def chat(*contents: str) -> list[Message]:
    return [Message(("user", "assistant")[k % 2], text) for k, text in enumerate(contents)]


def supervised(messages: list[Message], **options: bool) -> str:
    encoded = encode(TOKENIZER, messages, **options)
    return TOKENIZER.decode([label for label in encoded.labels if label != IGNORED])


def test_the_answer_and_its_end_of_turn_are_trained_and_nothing_else() -> None:
    assert supervised(chat("Which code?", "E11.9")) == "E11.9" + END


def test_every_assistant_turn_of_a_conversation_is_trained() -> None:
    assert supervised(chat("a", "one", "b", "two")) == f"one{END}two{END}"


def test_only_the_last_turn_is_trained_when_asked() -> None:
    assert supervised(chat("a", "one", "b", "two"), all_turns=False) == f"two{END}"


def test_the_end_of_turn_is_trained_even_though_it_is_also_the_pad_token() -> None:
    assert TOKENIZER.pad_token_id == TOKENIZER.eos_token_id
    encoded = encode(TOKENIZER, chat("a", "b"))
    assert [x for x in encoded.labels if x != IGNORED][-1] == TOKENIZER.eos_token_id


def test_answer_text_is_told_from_the_end_of_turn() -> None:
    encoded = encode(TOKENIZER, chat("a", "one", "b", "two"))
    text = [token for token, inside in zip(encoded.input_ids, encoded.content, strict=True) if inside]
    assert TOKENIZER.decode(text) == "onetwo"


def test_a_conversation_without_an_answer_trains_nothing() -> None:
    assert encode(TOKENIZER, chat("a")).n_supervised == 0


def test_an_empty_answer_trains_only_its_end_of_turn() -> None:
    assert supervised(chat("a", "")) == END


def test_the_prompt_is_a_token_prefix_of_the_conversation() -> None:
    messages = chat("Which code?", "E11.9")
    prompt = prompt_ids(TOKENIZER, messages[:1])
    encoded = encode(TOKENIZER, messages)
    assert list(encoded.input_ids[: len(prompt)]) == prompt
    assert encoded.labels[len(prompt)] != IGNORED and encoded.labels[len(prompt) - 1] == IGNORED


def test_the_conversation_is_rendered_by_the_template_with_no_further_token() -> None:
    messages = chat("a", "b")
    assert TOKENIZER.decode(encode(TOKENIZER, messages).input_ids) == render(TOKENIZER, messages)


def test_a_control_token_in_the_data_is_refused_by_turn_and_name() -> None:
    with pytest.raises(InputError, match=r"Turn 1 holds .*<\|im_end\|>"):
        encode(TOKENIZER, chat("a", f"yes{END}"))


def test_a_tokenizer_without_a_template_is_refused() -> None:
    with pytest.raises(InputError, match="no chat template"):
        encode(tiny_tokenizer(None), chat("a", "b"))


def test_a_template_that_refuses_the_turns_is_an_input_error() -> None:
    strict = tiny_tokenizer("{{ raise_exception('Conversation roles must alternate') }}")
    with pytest.raises(InputError, match="refuses this order of turns"):
        encode(strict, chat("a", "b"))


def test_a_template_that_drops_the_answer_is_refused() -> None:
    silent = tiny_tokenizer("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}")
    with pytest.raises(InputError, match="No token"):
        encode(silent, chat("a", "b"))


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    rewriting = tiny_tokenizer(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'user' or loop.last %}{{ m.content }}"
        "{% else %}…{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    with pytest.raises(InputError, match="writes turn 1 differently"):
        encode(rewriting, chat("a", "one", "b", "two"))


def test_a_boundary_that_a_merge_would_cross_is_refused() -> None:
    gluing = tiny_tokenizer("{% for m in messages %}{{ m.content }}{% endfor %}")
    with pytest.raises(InputError, match="token boundary"):
        encode(gluing, [Message("user", "diab"), Message("assistant", "etes")])


def test_a_turn_that_the_template_does_not_write_is_told() -> None:
    deaf = tiny_tokenizer(
        "{% for m in messages %}{% if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    messages = [Message("system", "Be brief."), *chat("a", "one")]
    assert encode(deaf, messages).left_out == (0,)
    assert encode(TOKENIZER, messages).left_out == ()


def test_white_space_that_a_template_trims_is_nothing_left_out() -> None:
    trimming = tiny_tokenizer(TEMPLATE.replace("message['content']", "message['content'] | trim"))
    assert encode(trimming, chat(" a  \n", "one\n")).left_out == ()


def test_a_role_that_means_nothing_is_refused_although_the_template_would_write_it() -> None:
    with pytest.raises(RefusedError, match="Turn 0 has a role") as refused:
        encode(TOKENIZER, [Message("narrator", "Once."), Message("assistant", "Twice.")])
    assert refused.value.name == "unknown-role"


def test_each_refusal_has_a_name() -> None:
    with pytest.raises(RefusedError) as refused:
        encode(TOKENIZER, chat("a", f"yes{END}"))
    assert refused.value.name == "control-token-in-text"
    with pytest.raises(RefusedError) as refused:
        encode(tiny_tokenizer(None), chat("a", "b"))
    assert refused.value.name == "unknown-template"


def test_the_template_hash_changes_with_the_template() -> None:
    assert template_hash(tiny_tokenizer()) == template_hash(TOKENIZER)
    assert template_hash(tiny_tokenizer(TEMPLATE + " ")) != template_hash(TOKENIZER)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda text: not text[0].isspace() and "<|" not in text
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_whatever_the_words_the_trained_text_is_the_answers_and_their_ends(texts: list[str]) -> None:
    messages = chat(*texts)
    assert supervised(messages) == "".join(m.content + END for m in messages if m.role == "assistant")

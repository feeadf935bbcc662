"""Conversations of the wrong shape: roles, order, empty turns, no answer, serialised nothing, broken tool calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from core.types import ROLES, Example, Finding, Message, Proposal, Severity, Span
from curation.checks.base import Check, chat, of
from curation.evidence.tool_calls import tool_calls

# "None" counts only where nobody answers with it: in many sets it is an answer.
_LEFT_BEHIND = frozenset(("null", "nan", "nat", "undefined", "<na>", "[object object]"))
_FIELD = re.compile(r"^[^\n:]{1,40}:[ \t]*(nan|NaN|NaT|<NA>|undefined|\[object Object\])[ \t\r]*$", re.MULTILINE)
_FIELD_HINT = re.compile(r":[ \t]*(?:nan|NaN|NaT|<NA>|undefined|\[object)")
_NO_ANSWER = frozenset(("no-turns", "no-final-answer", "empty-answer"))  # a safe drop where no other turn answers
_NOTHING = "\ufeff\u200b\u200c\u200d\u2060\x00"


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    for example in examples:
        yield from _look(example)


def _look(example: Example) -> Iterator[Finding]:
    def finding(severity: Severity, reason: str, message: str, turn: int | None = None) -> Finding:
        long = turn is not None and example.messages[turn].content
        spans = (Span(turn, 0, len(example.messages[turn].content)),) if turn is not None and long else ()
        teaches_nothing = reason in _NO_ANSWER and not any(
            (m.role == "assistant" or m.role not in ROLES) and m.content.strip().strip(_NOTHING).strip()
            for m in example.messages
        )
        proposal = Proposal("drop", (example.id,), safe=True) if teaches_nothing else None
        return Finding(example.id, "format.shape", severity, reason, message, spans=spans, proposal=proposal)

    messages = example.messages
    if not messages:
        yield finding("block", "no-turns", "The example has no turns.")
        return
    for turn, message in enumerate(messages):
        place = f"Turn {turn + 1}"
        if message.role not in ROLES:
            yield finding("block", "unknown-role", f"{place} has a role that chat templates do not know.", turn)
        if message.role == "system" and turn > 0:
            yield finding("warn", "system-not-first", f"{place} is a system turn; it should come first.", turn)
        text = message.content.strip().strip(_NOTHING).strip()
        if not text:
            if message.role == "assistant" and turn == len(messages) - 1:
                yield finding("block", "empty-answer", "The answer is empty.", turn)
            elif message.role != "assistant" or not _calls_a_tool(messages, turn):
                what = "empty" if not message.content else "blank"
                yield finding("warn", "blank-turn", f"{place} ({message.role}) is {what}.", turn)
        elif text.casefold() in _LEFT_BEHIND or (text == "None" and message.role != "assistant"):
            what = f"{place} holds only a value that a program wrote for nothing."
            yield finding("warn", "serialised-nothing", what, turn)
        elif _FIELD_HINT.search(text) and (fields := list(_FIELD.finditer(message.content))):
            what = f"{place} gives a field a value that a program wrote for nothing."
            spans = tuple(Span(turn, *match.span(1)) for match in fields)
            yield Finding(example.id, "format.shape", "warn", "serialised-nothing", what, spans=spans)
    yield from _order(messages, finding)
    yield from _tools(example)


def _order(messages: Sequence[Message], finding: Callable[..., Finding]) -> Iterator[Finding]:
    spoken = [(turn, m.role) for turn, m in enumerate(messages) if m.role in ("user", "assistant", "tool")]
    if not any(role == "user" for _, role in spoken):
        yield finding("warn", "no-user", "No user turn: nothing is asked.")
    if messages[-1].role != "assistant":
        yield finding("block", "no-final-answer", "The conversation does not end with an assistant turn.")
    if spoken and spoken[0][1] == "assistant":
        yield finding("warn", "assistant-first", "The assistant speaks before the user.", spoken[0][0])
    for (_, before), (turn, role) in pairwise(spoken):
        if role == before and role != "tool":
            yield finding("warn", "no-alternation", f"Turn {turn + 1} is a second {role} turn in a row.", turn)


def _tools(example: Example) -> Iterator[Finding]:
    """Calls whose arguments are no JSON or that get no result, and results that nobody asked for."""
    messages = example.messages
    for turn, message in enumerate(messages):
        place = f"Turn {turn + 1}"
        if message.role == "tool":
            if turn == 0 or messages[turn - 1].role not in ("assistant", "tool"):
                what = f"{place} is a tool's result, but no assistant turn before it can have called the tool."
                yield _told(example, "tool-no-call", what, (turn, 0, len(message.content)))
        elif message.role == "assistant" and (calls := tool_calls(message.content)):
            span = (turn, calls.start, calls.end)
            if calls.broken:
                what = f"{place} calls a tool with arguments that are not a JSON object."
                yield _told(example, "tool-arguments", what, span)
            if turn + 1 < len(messages) and messages[turn + 1].role != "tool":
                yield _told(example, "tool-no-result", f"{place} calls a tool, but no result follows.", span)


def _told(example: Example, reason: str, message: str, span: tuple[int, int, int]) -> Finding:
    spans = (Span(*span),) if span[1] < span[2] else ()
    return Finding(example.id, "format.shape", "warn", reason, message, spans=spans)


def _calls_a_tool(messages: Sequence[Message], turn: int) -> bool:
    """An assistant turn before a tool's result may be empty: the call itself stands elsewhere."""
    return turn + 1 < len(messages) and messages[turn + 1].role == "tool"


_CALL = '{"arguments": {"code": "J20.9"}, "name": "look_up"}'
_ASK, _ANSWER = Message("user", "Which code applies?"), Message("assistant", "J20.9.")

SHAPE = Check(
    name="format.shape",
    version=2,
    title="Conversations whose turns are missing, empty, out of order or of an unknown role",
    run=_run,
    catches=(
        (of(),),
        (of(_ASK),),
        (of(_ASK, Message("assistant", "")),),
        (of(_ASK, Message("assistant", " \n")),),
        (of(_ASK, Message("assistant", "\u200b")),),
        (of(_ASK, Message("bot", "J20.9.")),),
        (of(_ASK, Message("system", "Be brief."), _ANSWER),),
        (of(Message("user", " "), _ANSWER),),
        (of(Message("system", ""), _ASK, _ANSWER),),
        (of(_ASK, _ASK, _ANSWER),),
        (of(_ANSWER),),
        (of(_ASK, Message("assistant", "NaN")),),
        (of(_ASK, Message("assistant", "undefined")),),
        (of(Message("user", "None"), _ANSWER),),
        (of(Message("user", "Name: nan\nWhich code applies?"), _ANSWER),),
        (of(_ASK, Message("assistant", _CALL), _ASK, _ANSWER),),
        (
            of(
                _ASK,
                Message("assistant", '{"name": "look_up", "arguments": "code=J20.9"}'),
                Message("tool", "1"),
                _ANSWER,
            ),
        ),
        (of(_ASK, Message("assistant", '{"name": "look_up", "arguments": {"code": }'), Message("tool", "1"), _ANSWER),),
        (of(_ASK, Message("tool", "1"), _ANSWER),),
    ),
    passes=(
        (chat("Which code applies?", "J20.9."),),
        (chat("Any allergies?", "None."),),
        (chat("Any allergies?", "None"),),
        (chat("Hello", "Hello. What is it about?", "A code.", "Which one?", system="Be brief."),),
        (of(_ASK, Message("assistant", ""), Message("tool", "J20.9"), _ANSWER),),
        (of(_ASK, _ANSWER, Message("tool", "a"), Message("tool", "b"), _ANSWER),),
        (of(_ASK, Message("assistant", _CALL), Message("tool", "1"), _ANSWER),),
        (of(_ASK, Message("assistant", _CALL)),),
        (of(_ASK, Message("assistant", f'I look.\n{{"tool_calls": [{_CALL}]}}'), Message("tool", "1"), _ANSWER),),
        (chat("Allergies: none\nWhich code applies?", "Allergies: None"),),
    ),
    about="Blocks training: no turns, an unknown role, no final answer, an empty answer. Warns: an empty or blank "
    "turn, a system turn that is not first, two user or assistant turns in a row (tool results exempt), the assistant "
    "first, no user turn, turns and fields such as NaN, null or undefined, a tool call whose arguments are no JSON "
    "object or that gets no result, and a result that nobody asked for. An example in which the assistant never says "
    "anything is proposed for dropping, safely: it teaches nothing. A bare None as an answer is a word in many sets "
    "and passes.",
)

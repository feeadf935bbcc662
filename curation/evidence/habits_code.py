"""Habits of code: whether it stands in a block, and what the block is labelled."""

from __future__ import annotations

import re

from curation.evidence.habits_answer import ABSENT, Answer, Edit, Habit, Range

_FENCE = re.compile(
    r"^[ \t]{0,3}```[ \t]*([^\s`]*)[^\n`]*\n(.*?)(?:^[ \t]{0,3}```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_LINE = re.compile(
    r"[ \t]*(?:"
    r"(?:async )?def \w+\(.*|class \w+[\w(), .]*[:{]|(?:from [\w.]+ )?import [\w.{*][\w., {}*]*;?(?: from .*)?"
    r"|(?:for|while|if|elif|else if|switch|catch) ?\(.*|(?:for|while|if|elif|with|except|try|else|finally)\b.*:"
    r"|(?:return|raise|yield|throw|await|break|continue|pass)\b(?:.*[\w)\]\"';])?|@\w+.*"
    r"|(?:const|let|var|int|float|double|char|bool|string|String|void|auto|public|private|static|function|func|fn|"
    r"package|using|namespace|struct|#include|#define)\b.*[;{(>)\"=\w]"
    r"|[\w.\[\]\"']+(?: *,[ \w.]+)* *(?:[-+*/|&%]?=|:=|<-) *\S.*|[\w.]+\(.*\)[;:]?|[})\]]+[;,)]*|\} ?else.*\{"
    r"|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|FROM|WHERE|GROUP BY|ORDER BY|JOIN|LEFT JOIN|VALUES)\b.*"
    r"|</?[a-zA-Z][\w-]*(?: [^>]*)?/?>.*|(?:\$|>>>) ?\S.*|(?:sudo |pip |npm |git |cd |docker )\S.*|(?:#|//|--) .*"
    r")[ \t]*"
)
_SURE = re.compile(
    r"^[ \t]*(?:(?:async )?def \w+\(|class \w+[\w(), .]*[:{]|(?:from [\w.]+ )?import [\w.]+$|#include|function \w*\("
    r"|(?:public|private|static) |(?:const|let|var) \w+ ?=|SELECT .*|INSERT INTO |CREATE TABLE |<!DOCTYPE|<html"
    r"|(?:for|while|if) .*(?::|\{)$|return .*;|\w+ = .*[\[({\"'\w].*$|print\(|console\.log\(|System\.out)",
    re.MULTILINE,
)
_HINTS = ("=", "(", ";", "SELECT", "import ", "<")
_BARE, _FENCED = "write code without a block", "put code in a block"
_UNLABELLED = "leave code blocks without a label"
_LABEL = "label code blocks "
LEAST_LINES = 2
_LEAST_SHARE = 0.8


def _fences(answer: Answer) -> list[re.Match[str]]:
    return list(_FENCE.finditer(answer.text)) if "```" in answer.text else []


def bare_code(answer: Answer) -> list[Range]:
    """Runs of lines that read as code and stand in no block: the longest from a line that surely is code."""
    text = answer.prose
    if "\n" not in text or not any(hint in text for hint in _HINTS) or not _SURE.search(text):
        return []
    found: list[Range] = []
    run: list[tuple[Range, bool, bool]] = []

    def close() -> None:
        while run and not run[-1][1]:
            run.pop()
        like = sum(1 for _, is_like, _ in run if is_like)
        if like >= LEAST_LINES and any(sure for *_, sure in run) and like >= _LEAST_SHARE * len(run):
            found.append((run[0][0][0], run[-1][0][1]))
        run.clear()

    at, blank = 0, False
    for line in text.split("\n"):
        end = at + len(line)
        if not line.strip():
            blank = True
        else:
            like = bool(_LINE.fullmatch(line)) and "\x00" not in line
            indented = line[0] in " \t" and bool(run)
            if not (like or indented) or (blank and not like):
                close()
            if like or (indented and run):
                run.append(((at, at + len(line.rstrip())), like or indented, bool(_SURE.match(line))))
            blank = False
        at = end + 1
    close()
    return found


def _fence(answer: Answer) -> str | None:
    if bare_code(answer):
        return _BARE
    return _FENCED if "```" in answer.text else None


def _fix_fence(answer: Answer, norm: str) -> list[Edit]:
    if norm != _FENCED:
        return []
    edits: list[Edit] = []
    for start, end in bare_code(answer):
        before = "" if start == 0 or answer.text[start - 1] == "\n" else "\n"
        edits += [(start, start, f"{before}```\n"), (end, end, "\n```")]
    return edits


def _label(answer: Answer) -> str | None:
    labels = {match[1].lower() for match in _fences(answer)}
    if not labels:
        return None
    if labels == {""}:
        return _UNLABELLED
    if "" in labels:
        return "label some code blocks"
    return _LABEL + " and ".join(sorted(labels))


def _labelled(answer: Answer) -> str | None:
    label = _label(answer)
    if label is None or not label.startswith(_LABEL):
        return label
    return "label code blocks with their language"


def _label_spans(answer: Answer, norm: str) -> list[Range]:
    return [(m.start(), m.end(1)) for m in _fences(answer)]


def _fix_label(answer: Answer, norm: str) -> list[Edit]:
    """Only where none is given: a wrong label may be right about its code."""
    wanted = norm.removeprefix(_LABEL)
    if norm == _UNLABELLED:
        return [(*m.span(1), "") for m in _fences(answer) if m[1]]
    if not norm.startswith(_LABEL) or " " in wanted:
        return []
    return [(*m.span(1), wanted) for m in _fences(answer) if not m[1]]


CODE: tuple[Habit, ...] = (
    Habit("code-fence", _fence, lambda a, n: bare_code(a), _fix_fence, safe=False, never=frozenset({_BARE})),
    Habit(
        "code-fence",
        lambda a: "use code blocks" if "```" in a.text else "use no code blocks",
        usual=ABSENT,
        ignored=frozenset({"use code blocks"}),
    ),
    Habit("code-language", _label, _label_spans, _fix_label, ABSENT, safe=False,
          never=frozenset({"label some code blocks"})),
    Habit("code-language", _labelled, _label_spans, usual=ABSENT, safe=False,
          never=frozenset({"label some code blocks", _UNLABELLED})),
)  # fmt: skip

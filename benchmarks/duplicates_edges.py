"""What the duplicate checks do with input that breaks other tools: nothing in it, far too much of it, or no spaces.

``python -m benchmarks.duplicates_edges [--rows 100000] [--megabytes 10]``
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import findings, harness, made
from benchmarks.harness import Figure

Rows = list[tuple[str, str]]
Pairs = list[tuple[int, int]]  # rows, from 0, that must stand in one connected group

_CLAUSES = {
    "Chinese": (
        "患者昨晚开始发烧并伴有咳嗽",
        "建议多喝水并在家休息三天",
        "如果体温超过三十九度请立即就医",
        "药物应在饭后服用以免伤胃",
        "目前没有发现肺部感染的迹象",
        "请记录每天早晚两次的血压",
        "孩子的皮疹已经明显消退",
        "下周需要再做一次血液检查",
        "避免剧烈运动直到疼痛消失",
        "过敏史中没有青霉素反应的记录",
    ),
    "Japanese": (
        "患者は昨夜から熱と咳が続いています",
        "水分を十分に取り三日間自宅で休んでください",
        "体温が三十九度を超えたらすぐに受診してください",
        "薬は胃を守るため食後に飲んでください",
        "現在のところ肺炎の兆候は見られません",
        "朝と晩の二回血圧を記録してください",
        "お子さんの発疹はかなり良くなりました",
        "来週もう一度血液検査が必要です",
        "痛みが消えるまで激しい運動は避けてください",
        "ペニシリンへの反応は記録されていません",
    ),
    "Thai": (
        "ผู้ป่วยมีไข้และไอตั้งแต่เมื่อคืนนี้",
        "ควรดื่มน้ำมากๆและพักผ่อนที่บ้านสามวัน",
        "ถ้าอุณหภูมิสูงกว่าสามสิบเก้าองศาให้รีบพบแพทย์",
        "ควรกินยาหลังอาหารเพื่อไม่ให้ระคายกระเพาะ",
        "ขณะนี้ยังไม่พบอาการติดเชื้อที่ปอด",
        "กรุณาบันทึกความดันโลหิตทุกเช้าและเย็น",
        "ผื่นของเด็กดีขึ้นอย่างเห็นได้ชัด",
        "สัปดาห์หน้าต้องตรวจเลือดอีกครั้ง",
        "หลีกเลี่ยงการออกกำลังกายหนักจนกว่าจะหายปวด",
        "ไม่มีประวัติแพ้ยาเพนิซิลลิน",
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of input.

    Attributes:
        name: For the table.
        rows: Prompts and answers.
        together: Pairs of rows that must be found together.
        apart: Pairs of rows that no finding may join.
    """

    name: str
    rows: Rows
    together: Pairs
    apart: Pairs


def unspaced(language: str) -> Case:
    """Two rows in a script without spaces, and four near-copies of each: copies together, the two rows apart."""
    draw = random.Random(language)
    rows: Rows = []
    together: Pairs = []
    for clauses in (_CLAUSES[language][:5], _CLAUSES[language][5:]):
        prompt, answer = "，".join(clauses[:2]), "，".join(clauses[2:])
        base = len(rows)
        rows += [
            (prompt, answer),
            (prompt, _doubled(answer, draw)),
            (_doubled(prompt, draw), answer),
            (_doubled(prompt, draw), _doubled(answer, draw)),
            (f"{prompt}。", answer.replace("，", "、 ")),
        ]
        together += [(base, copy) for copy in range(base + 1, len(rows))]
    apart = [(left, right) for left in range(5) for right in range(5, 10)]
    return Case(f"{language}: two rows and their near-copies", rows, together, apart)


def _doubled(text: str, draw: random.Random) -> str:
    """The text with one of its characters twice."""
    place = draw.randrange(len(text))
    return text[:place] + text[place] + text[place:]


def cases(rows: int, megabytes: float) -> Iterator[Callable[[], Case]]:
    """Makers of all cases; the large ones take memory only when it is their turn."""
    ordinary = list(islice(made.rows(made.Recipe(40, copies=0.0)), 40))
    size = int(megabytes * 1e6)

    def long_texts() -> Case:
        many = " ".join(f"{p} {a}" for p, a in islice(made.rows(made.Recipe(size // 1_000 + 10, copies=0.0)), None))
        first = many[:size]
        second = first.replace(" ka ", " kaka ", 20)
        third = " ".join(reversed(first.split()))
        return Case("texts of that many MB", [("Sum this up.", t) for t in (first, second, third)], [(0, 1)], [])

    def one_long_word() -> Case:
        words = [("What is this?", "a" * size), ("Name the capital of France.", "b" * size)]
        return Case("one word of that many MB", [*words, words[0]], [(0, 2)], [(0, 1)])

    def repeated_word() -> Case:
        texts = [("Go on.", "la " * (size // 3)), ("Go on.", "la " * (size // 3 - 5) + "lo")]
        return Case("one word over and over, that many MB", texts, [], [])

    def strange() -> Case:
        texts = [
            "\x00\x01\x02",
            "\u200b\u200b",
            "﷽" * 300,
            "a\u0301" * 200,
            "🙂" * 50,
            "...",
            "\ufffd" * 30,
            "\u202egnol",
        ]
        return Case("control, invisible, expanding characters", [(t, t) for t in texts], [], [])

    yield lambda: Case("empty prompts and answers", [("", ""), ("", "Yes."), ("Why?", ""), ("", ""), *ordinary], [], [])
    yield lambda: Case("blank prompts and answers", [(" \n", "\t"), ("?!", "..."), *ordinary], [], [])
    yield lambda: Case(
        "one-word texts",
        [("Yes?", "Yes."), ("yes", "YES"), ("No?", "No."), ("K29.01", "K29.00"), ("K29.00", "K29.01")],
        [(0, 1)],
        [(0, 2), (1, 2)],
    )
    yield strange
    yield long_texts
    yield one_long_word
    yield repeated_word
    yield lambda: Case(f"one row {rows:,} times", ordinary[:1] * rows, [(0, rows - 1)], [])
    yield lambda: Case(
        f"{rows:,} rows that differ in punctuation and spaces only",
        [(ordinary[0][0], f"{ordinary[0][1]}{'!' * (i % 50)}{' ' * (i // 50)}?") for i in range(rows)],
        [(0, rows - 1), (rows // 3, rows // 2)],
        [],
    )
    yield lambda: Case(
        f"{rows:,} different answers to one prompt",
        [(ordinary[0][0], answer) for _, answer in islice(made.rows(made.Recipe(rows, copies=0.0)), rows)],
        [],
        [],
    )
    yield lambda: Case(
        f"{rows:,} different prompts with one answer",
        [(prompt, ordinary[0][1]) for prompt, _ in islice(made.rows(made.Recipe(rows, copies=0.0)), rows)],
        [],
        [],
    )
    yield lambda: unspaced("Chinese")
    yield lambda: unspaced("Japanese")
    yield lambda: unspaced("Thai")


def measure(case: Case, folder: Path) -> tuple[list[Figure], list[str]]:
    """Run the command over a case; what it found and how long it took."""
    path, answer = folder / "edge.jsonl", folder / "edge.json"
    with open(path, "w", encoding="utf-8") as sink:
        sink.writelines(made.line_of(*row) for row in case.rows)
    run = harness.run_process(harness.check_command(path), output=answer)
    document: dict[str, Any] = harness.read_json(answer)
    joined = findings.groups(len(case.rows), findings.read(document))
    told = ", ".join(f"{name.split('.')[1]} {count:,}" for name, count in document["counts"].items() if count)
    rejected = f"; {len(document['rejected']):,} lines rejected" if document["rejected"] else ""
    figures = [
        Figure(f"{case.name}: seconds", run.wall_s, digits=1, note=f"{told or 'no findings'}{rejected}"),
        Figure("  peak memory, GB", run.peak_bytes / 1e9, digits=2),
    ]
    for what, pairs, bar in (("found together", case.together, 1.0), ("joined wrongly", case.apart, 0.0)):
        if pairs:
            hits = sum(joined.root(a) == joined.root(b) for a, b in pairs)
            note = f"{hits} of {len(pairs)} pairs"
            figures.append(Figure(f"  {what}, share of pairs", hits / len(pairs), bar, "=", note=note))
    return figures, [f"{case.name}: {note}" for note in document["notes"] if not note.startswith("duplicates.semantic")]


def main() -> int:
    """Measure and print; 1 if a bar is missed. A crash is an error that names the case's command."""
    parser = harness.options("The duplicate checks on bad input")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the large cases")
    parser.add_argument("--megabytes", type=float, default=10.0, help="size of the long texts")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    remarks: list[str] = []
    with harness.data_folder(chosen.data) as folder:
        for make in cases(chosen.rows, chosen.megabytes):
            case = make()
            harness.say(case.name)
            more, notes = measure(case, folder)
            figures += more
            remarks += notes
    return harness.report(f"Near-duplicates: bad input ({chosen.megabytes:g} MB texts)", figures, remarks)


if __name__ == "__main__":
    harness.run_main(main)

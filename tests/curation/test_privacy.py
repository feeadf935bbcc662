"""Personal data: what counts as which kind, one placeholder for one value, and fixes that spoil nothing else."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.harness import SHARED_DATA
from benchmarks.privacy_made import Made, made
from benchmarks.privacy_quality import ALIKE, BARS, LABELS
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Finding, Message
from curation.checks import CHECKS
from curation.checks.base import chat, of
from curation.evidence.batch import Batch
from curation.evidence.settings import Settings
from curation.runner import run_checks

PRIVACY = [check for check in CHECKS if check.family == "privacy" and check.cost == "fast"]
pieces = st.sampled_from(
    [
        "marta@x.org", "mailto:jo@web.de", "https://a.org/u?mail=jo@web.de&tel=+442079460958", "(212) 555-0134",
        "call 415 555 0199", "Tel.", "or", "4000 0012 3456 7899", "4000001234567899",
        "4000 0012 3456 7899 020 7946 0958", "555-0199", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000",
        "812-45-6789", "ssn", "84.17.45.12", "2a02:8071::b696:3c00", "password: hunter2hunter2",
        "password: jo1@web.de", "ghp_" + "a1B2" * 9, "postgres://u:p4ssw0rd@db.io/x", "order", "[EMAIL_1]",
        "[PHONE_2]", "[CARD_1] 4000", "-----BEGIN PRIVATE KEY-----\nMIIE1 jo@web.de", "2024-05-11 10:30",
        "jo (at) web (dot) de", "token=abcdefgh1234567", "/", "+1", "0033 6 12 34 56 78", "x12", ",", "(", ")", "\n",
        "İ", "@", ":",
    ]
)  # fmt: skip
texts = st.lists(st.one_of(pieces, st.text("0123456789 -.+()@:ax", max_size=12)), max_size=7).flatmap(
    lambda parts: st.sampled_from([" ", ""]).map(lambda gap: gap.join(parts))
)
conversations = st.lists(texts, min_size=1, max_size=3).map(lambda turns: chat(*turns))


def found(example: Example) -> list[Finding]:
    batch = Batch([example])
    return [finding for check in PRIVACY for finding in check.run(batch)]


def kinds(text: str) -> dict[str, list[str]]:
    return {f.reason: [text[span.start : span.end] for span in f.spans] for f in found(chat(text, "Noted."))}


def applied(example: Example, findings: Sequence[Finding]) -> Example:
    """The example after all of the edits; none may touch what another one does."""
    contents = [message.content for message in example.messages]
    edits = [edit for finding in findings if finding.proposal for edit in finding.proposal.replacements]
    last = (len(contents), 0)
    for edit in sorted(edits, key=lambda r: (r.turn, r.start), reverse=True):
        assert edit.turn < last[0] or edit.end <= last[1], "two kinds claim the same words"
        contents[edit.turn] = contents[edit.turn][: edit.start] + edit.text + contents[edit.turn][edit.end :]
        last = (edit.turn, edit.start)
    messages = tuple(Message(m.role, text) for m, text in zip(example.messages, contents, strict=True))
    return Example(example_id(messages), messages)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conversations)
def test_no_two_kinds_claim_the_same_words_and_each_fix_makes_its_check_pass(row: Example) -> None:
    findings = found(row)
    applied(row, findings)
    for finding in findings:
        mended = applied(row, [finding])
        assert finding.check not in {again.check for again in found(mended)}, mended
        assert len(re.findall(r"\[[A-Z]+_\d+\]", " ".join(m.content for m in mended.messages))) >= len(finding.spans)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conversations)
def test_all_fixes_one_after_the_other_leave_nothing(row: Example) -> None:
    for _ in range(2):
        for check in PRIVACY:
            row = applied(row, list(check.run(Batch([row]))))
    assert found(row) == []


@settings(max_examples=100, deadline=None)
@given(conversations)
def test_a_placeholder_that_stands_there_stays_and_its_number_is_not_given_again(row: Example) -> None:
    standing = [re.findall(r"\[[A-Z]+_\d+\]", message.content) for message in row.messages]
    mended = applied(row, found(row))
    for message, old in zip(mended.messages, standing, strict=True):
        now = re.findall(r"\[[A-Z]+_\d+\]", message.content)
        assert all(now.count(mark) >= old.count(mark) for mark in old if mark.startswith(("[EMAIL", "[PHONE", "[CARD")))


def test_numbers_go_on_from_the_placeholders_that_stand_there() -> None:
    row = chat("Write to [EMAIL_2], [EMAIL_7] or ann@clinic.org.", "I wrote to ann@clinic.org.")
    assert applied(row, found(row)).answer == "I wrote to [EMAIL_8]."


@pytest.mark.parametrize(
    ("one", "other"),
    [("Card 4000 0012 3456 7899", "card 4000-0012-3456-7899"), ("card 4000001234567899", "card 4000 0012 3456 7899"),
     ("IBAN DE89 3704 0044 0532 0130 00", "iban de89370400440532013000"), ("SSN 536-22-1234", "SSN 536221234"),
     ("Call (212) 555-0134", "call +1 212.555.0134"), ("Tel. 020 7946 0958", "phone +44 20 7946 0958"),
     ("jo@web.de", "JO@Web.de"), ("jo@web.de", "?mail=jo%40web.de"),
     ("from 2a02:8071::b696:3c00", "at 2A02:8071:0::B696:3C00"),
     ("tel 415-555-0199 x12", "tel 4155550199")],
)  # fmt: skip
def test_one_value_in_two_spellings_has_one_placeholder(one: str, other: str) -> None:
    row = chat(one, other)
    (finding,) = found(row)
    assert finding.proposal is not None
    first, second = finding.proposal.replacements
    assert first.text == second.text and (first.turn, second.turn) == (0, 1)


def test_the_word_that_ends_an_address_does_not_name_a_secret() -> None:
    assert kinds("marta@x.orgpassword: jo1@web.de") == {"email": ["marta@x.orgpassword", "jo1@web.de"]}


def test_two_values_have_two_placeholders_in_all_turns() -> None:
    row = chat("a@x.org and b@x.org", "b@x.org then a@x.org", "a@x.org", "Noted.")
    assert [m.content for m in applied(row, found(row)).messages] == [
        "[EMAIL_1] and [EMAIL_2]", "[EMAIL_2] then [EMAIL_1]", "[EMAIL_1]", "Noted.",
    ]  # fmt: skip


def test_a_number_that_was_called_a_phone_once_is_one_in_every_turn() -> None:
    row = chat("Call me at 4155550199.", "So 4155550199 it is; order 4155550198 follows.")
    assert applied(row, found(row)).answer == "So [PHONE_1] it is; order 4155550198 follows."


def test_a_number_that_answers_the_question_for_a_phone_is_one() -> None:
    assert found(chat("Hello", "What is your phone number?", "4155550199", "Thanks."))[0].reason == "phone"
    assert not found(chat("Hello", "What is your order number?", "4155550199", "Thanks."))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("https://portal.org/reset?user=jo@web.de&x=1", {"email": ["jo@web.de"]}),
     ("Card 4000 0012 3456 7899, mobile 020 7946 0958", {"card": ["4000 0012 3456 7899"], "phone": ["020 7946 0958"]}),
     ("Phone (020 7946 0958)", {"phone": ["020 7946 0958"]}),
     ("Call +44 (0)20 7946 0958 ext. 12 now", {"phone": ["+44 (0)20 7946 0958 ext. 12"]}),
     ("password: jo1@web.de", {"secret": ["jo1@web.de"]}),
     ("postgres://admin:s3cr3tpw@db.intern.net/app", {"secret": ["s3cr3tpw"]}),
     ("phone DE89370400440532013000", {"iban": ["DE89370400440532013000"]}),
     ("SSN 536-22-1234 tel 212-555-0134", {"ssn": ["536-22-1234"], "phone": ["212-555-0134"]}),
     ("Visa 4000 0012 3456 7899 123", {"card": ["4000 0012 3456 7899"]}),
     ("jo@web.de,ann@web.de", {"email": ["jo@web.de", "ann@web.de"]}),
     ("call 84.17.45.12", {"ip": ["84.17.45.12"]})],
)  # fmt: skip
def test_each_kind_takes_its_own_words_whole(text: str, expected: dict[str, list[str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Order 4155550199 ships today; call us about it.", "The phone call of 2024-05-11 10:30 took 12 minutes",
     "phone model 2024.1234567", "cell count 4500000 per ml", "call center handled 12 345 678 calls",
     "text[1000000:2000000]", "call f(1234567, 7654321)", "contact lens lot 12345678", "Ring 0 of 1234567.8 units",
     "commit 1234567890abcdef1234567890abcdef12345678", "v1.2.3.4 to 1.2.3.5", "bumped from 10.4.2.1 to 11.0.2.4",
     "section 4.1.2.3", "123-45-6789-0", "978-3-16-148410-0", "at 51.507351, -0.127758", "€1.234.567,89",
     "1 234 567 people", "2019-2020", "12.05.2021 14:00", "PMID 31452104", "NCT01234567", "doi:10.1038/s41586.020.2649",
     "IMEI 356938035643809", "EAN 4006381333931", "1Z999AA10123456784", "a@b", "x @ y.z", "@media (min-width:1px)",
     "foo@2x.png", "git@github.com:a/b.git", "The tokens: 1024abc, 2048", "secret santa is on 2024-12-06abc",
     "key: value2", "password = getpass.getpass2()", "10:30:15:20", "DE89 1234", "0.4000001234567899",
     "192.168.0.1 and 10.1.2.3", "[PHONE_1], [EMAIL_1] and [CARD_1]", "call 911", "from 1000000 to 2000000",
     "telephone poles: 1,200,300", "fax machines 3 000 000"],
)  # fmt: skip
def test_what_only_looks_like_personal_data_passes(text: str) -> None:
    assert kinds(text) == {}


@pytest.mark.parametrize(
    ("row", "safe"),
    [(chat("My mail is jo.byrne@web.de", "I wrote to jo.byrne@web.de."), True),
     (chat("How do I reach you?", "Write to jo.byrne@web.de."), False),
     (chat("Write to support@shop.org", "Done."), False),
     (chat("Write to jo@example.com", "Done."), False),
     (chat("```\nmail = 'jo@web.de'\n```", "Done."), False),
     (chat("Hi", "Done.", system="Mail jo.byrne@web.de if asked."), False),
     (of(Message("user", "Look"), Message("tool", '{"mail": "jo.byrne@web.de"}'), Message("assistant", "Done.")), True),
     (chat("My card is 4000 0012 3456 7899", "Noted."), True),
     (chat("Pay to DE89 3704 0044 0532 0130 00", "Noted."), True),
     (chat("Is IBAN DE89 3704 0044 0532 0130 00 valid?", "Yes."), False),
     (chat("My SSN is 536-22-1234", "Noted."), True), (chat("It says 536-22-1234", "Noted."), False),
     (chat("Call me at 212-555-0134", "Noted."), False), (chat("From 84.17.45.12", "Noted."), False),
     (chat("password: hunter2hunter2", "Noted."), False)],
)  # fmt: skip
def test_a_placeholder_is_safe_only_where_it_cannot_change_what_the_row_teaches(row: Example, safe: bool) -> None:
    (finding,) = found(row)
    assert finding.proposal is not None and finding.proposal.safe is safe


@pytest.mark.parametrize("set_name", ["made", "pii_large"])
def test_the_bars_of_precision_and_recall_hold(set_name: str) -> None:
    path = SHARED_DATA / "pii_large.json.gz"
    if set_name == "made":
        texts = made(4)
    elif path.exists():
        rows = json.loads(gzip.decompress(path.read_bytes()))
        texts = [
            Made(row["full_text"], tuple((LABELS[s["entity_type"]], s["start_position"], s["end_position"])
                                         for s in row["spans"] if s["entity_type"] in LABELS), 0, "")
            for row in rows
        ]  # fmt: skip
    else:
        pytest.skip("pii_large.json.gz is not beside this checkout")
    by_id = {chat(text.text, "Noted.").id: text for text in texts}
    report = run_checks([chat(text.text, "Noted.") for text in by_id.values()], ["privacy"])
    for kind, (precision, recall) in BARS.items():
        places = {(f.example_id, s.start, s.end) for f in report.findings if f.reason == kind for s in f.spans}
        labelled = {(i, a, b) for i, text in by_id.items() for k, a, b in text.spans if ALIKE.get(k, k) == kind}
        right = sum(any(i == j and a < d and c < b for j, c, d in labelled) for i, a, b in places)
        hit = sum(any(i == j and a < d and c < b for j, c, d in places) for i, a, b in labelled)
        assert right >= precision * len(places) and hit >= recall * len(labelled), kind


NAMES = ("marta", "okafor", "tobias")


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT without layers whose embeddings tell the three names from all other words; 16 tokens at once."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tagger")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *NAMES, "was", "seen", "the", ".", ",", "and"]
    config = BertConfig(
        vocab_size=len(words), hidden_size=4, num_hidden_layers=0, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=18, id2label={0: "O", 1: "B-PER", 2: "I-PER"},
        label2id={"O": 0, "B-PER": 1, "I-PER": 2},
    )  # fmt: skip
    model: Any = BertForTokenClassification(config)
    with torch.no_grad():
        for parameter in model.bert.embeddings.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.bert.embeddings.word_embeddings.weight[:, 1] = 1.0
        for name in NAMES:
            model.bert.embeddings.word_embeddings.weight[words.index(name)] = torch.tensor([1.0, 0.0, 0.0, 0.0])
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        model.classifier.weight[0, 1] = model.classifier.weight[1, 0] = 10.0
    model.save_pretrained(folder)
    cutter = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    cutter.normalizer = normalizers.Lowercase()
    cutter.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    PreTrainedTokenizerFast(tokenizer_object=cutter, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    return folder


def by_name(rows: Sequence[Example], model: Path | None) -> tuple[list[Finding], tuple[str, ...]]:
    report = run_checks(rows, ["privacy.name"], settings=Settings(name_model=str(model) if model else None))
    return list(report.findings), report.notes


def test_names_are_found_by_the_model_in_texts_of_any_length(tagger: Path) -> None:
    long = "the and " * 60
    row = chat(f"{long}Marta was seen. {long}Tobias, Marta!", "Tobias and MARTA.")
    (finding,), _ = by_name([row], tagger)
    mended = applied(row, [finding])
    assert mended.messages[0].content == f"{long}[NAME_1] was seen. {long}[NAME_2], [NAME_1]!"
    assert mended.answer == "[NAME_2] and [NAME_1]."
    assert finding.proposal is not None and not finding.proposal.safe
    assert by_name([mended], tagger)[0] == []


def test_without_a_model_the_report_says_that_names_were_not_looked_for() -> None:
    findings, notes = by_name([chat("Marta was seen.", "Noted.")], None)
    assert not findings and any("privacy.name did not run" in note and "name_model" in note for note in notes)
    notes = run_checks([chat("Marta was seen.", "Noted.")], ["privacy"]).notes
    assert any("privacy.name did not run" in note for note in notes)


def test_a_model_that_is_not_there_or_tags_no_persons_is_refused(tagger: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no folder"):
        by_name([chat("Marta was seen.", "Noted.")], tmp_path)
    for file in tagger.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    told = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    told |= {"id2label": {"0": "O", "1": "B-LOC", "2": "I-LOC"}, "label2id": {"O": 0, "B-LOC": 1, "I-LOC": 2}}
    (tmp_path / "config.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InputError, match="does not tag persons"):
        by_name([chat("Marta was seen.", "Noted.")], tmp_path)


def test_the_name_model_is_told_in_the_settings_file(tagger: Path, tmp_path: Path) -> None:
    file = tmp_path / "finetooth.toml"
    file.write_text('[check]\nname_model = "models/ner"\n', encoding="utf-8")
    assert Settings.from_toml(file).name_model == str(tmp_path / "models" / "ner")
    file.write_text("[check]\nname_model = 3\n", encoding="utf-8")
    with pytest.raises(InputError, match="name_model"):
        Settings.from_toml(file)

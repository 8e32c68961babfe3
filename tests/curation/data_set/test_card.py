"""Cards of data sets: what was recorded, each in its place; nothing made up, and nothing that acts."""

import re

import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import ExportError
from tests._shared.test_markup import read
from tests.curation.data_set.test_data_set import (
    CLASSES,
    N,
    augmentation,
    frame,
    labels_of,
    result,
    split_of,
)

HOSTILE = "<script>alert('x')</script> **b** [a](javascript:x) | `c`\n# h\x1b[31m \u202e"


@pytest.fixture
def of_run(tmp_path):
    rules = [lk.keywords("text 1", label=1).rule(name="one"), lk.keywords("text 2", label=0).rule(name="two")]
    frame().assign(gold=[1, 0] * 100).to_csv(tmp_path / "c.csv", index=False)
    run = lk.run(
        rules, tmp_path / "c.csv", tmp_path / "run", id="id", gold="gold", labels=CLASSES, progress=False, report=False
    )
    data_set = lk.create_dataset(
        tmp_path / "ds", run=run, columns=["text"], about={"purpose": "to try cards", "licence": "CC0"}
    )
    data_set = data_set.take(split_of())
    train = data_set.table(split="train").column("id").to_pylist()
    data_set = data_set.take(result("balance", notes=["7 rows are repeated"], id=[*train, "e1", "e2"]))
    return data_set.take(augmentation(["e1"]))


def section(text, title):
    return text.partition(f"## {title}")[2].partition("\n## ")[0]


def test_a_card_says_what_was_recorded(of_run):
    text = of_run.card().to_markdown()
    assert "**purpose**: to try cards" in section(text, "What the author says")
    assert of_run.manifest["corpus"]["fingerprint"] in text
    rules = section(text, "Rules")
    summary = lk.RunFolder(of_run.path.parent / "run").summary
    for name in ("one", "two"):
        row = next(line for line in rules.splitlines() if line.startswith(f"| {name} |"))
        assert f"{summary.loc[name, 'coverage'] * 100:.1f}%" in row
        assert f"{summary.loc[name, 'precision'] * 100:.1f}%" in row
    assert "accuracy of labels" in section(text, "Label quality")
    assert "**certificate**: not recorded" in section(text, "Label quality")
    parts = section(text, "Rows by part and class")
    assert re.search(r"\| test \| 40 \|", parts)
    assert re.search(r"\| train \| 163 \|", parts)
    steps = section(text, "Steps")
    assert [one in steps for one in ("create\\_dataset", "split", "balance", "augment")] == [True] * 4
    limits = section(text, "Known biases and limits")
    assert "7 rows are repeated" in limits
    assert "rows were made by transformations" in limits
    assert "not as frequent as in the source" in limits
    again = section(text, "Versions, and how to reproduce this one")
    assert "open\\_dataset\\('ds', 4\\)" in again
    assert again.count("rows") == 4


def test_what_was_not_recorded_is_said(tmp_path):
    data_set = lk.create_dataset(tmp_path / "bare", frame(), labels_of(), id="id")
    text = data_set.card().to_markdown()
    for title in ("What the author says", "Rules", "Slices"):
        assert "not recorded" in section(text, title)
    quality = section(text, "Label quality")
    facts = [line for line in quality.splitlines() if "where the prior is from" not in line and line]
    assert all(line.endswith(": not recorded") for line in facts)
    assert len(facts) == 11
    assert "0%" not in quality


def test_a_certificate_and_agreement_are_shown(of_run, tmp_path):
    run = of_run.path.parent / "run"
    labels = lk.RunFolder(run).labels()
    covered = labels.ids[labels.is_covered].tolist()
    truth = dict(zip(covered, labels.hard()[labels.is_covered].tolist(), strict=True))
    from labelkit.runs.certify_run import certify_run

    certificate = certify_run(run, truth, 0.3)
    votes = lk.LabelMatrix.of([[0, 0], [1, 1], [1, 0]] * 10, names=["ann", "bob"], classes=CLASSES)
    agreement = lk.agreement(votes)
    data_set = lk.create_dataset(tmp_path / "certified", run=run, columns=["text"], agreement=agreement)
    html = data_set.card().to_html()
    assert certificate.statement in read(html).text
    assert "agreement of people not recorded" not in " ".join(read(html).text.split())


def hostile(tmp_path):
    labels = labels_of()
    data_set = lk.create_dataset(tmp_path / "h", frame(), labels, id="id", about={HOSTILE: HOSTILE})
    ids = [f"e{i}" for i in range(N)]
    given = result(HOSTILE, notes=[HOSTILE], id=ids, split=[HOSTILE] * N, slices=[[HOSTILE]] * N)
    return data_set.take(given)


def test_texts_with_scripts_act_nowhere(tmp_path):
    card = hostile(tmp_path).card()
    html = card.to_html()
    page = read(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script>alert('x')</script>" in page.text
    assert "default-src 'none'" in html
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert "http" not in re.sub(r"http-equiv|https://\S+ of labelkit", "", html)
    text = card.to_markdown()
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"(?<!\\)\*\*b", text)
    assert "\x1b" not in text + html
    assert "\u202e" not in text + html
    assert all(line.startswith(("#", "-", "|")) for line in text.splitlines() if line)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} <= {2, 4, 5, 6, 7, 8}


def test_a_card_is_of_its_version(of_run):
    old = lk.open_dataset(of_run.path, 2).card()
    assert old.title == "ds, version 2"
    assert "augment" not in section(old.to_markdown(), "Steps")
    assert old.to_dict()["counts"]["made"] == 0
    assert lk.open_dataset(of_run.path, 2).card().to_html() == old.to_html()


def test_cards_are_written_by_suffix(of_run, tmp_path, capsys):
    card = of_run.card()
    assert card.save(tmp_path / "card.md").read_text("utf-8") == card.to_markdown()
    assert card.save(tmp_path / "card.html").read_text("utf-8") == card.to_html()
    with pytest.raises(ExportError, match="exists already"):
        card.save(tmp_path / "card.md")
    with pytest.raises(ExportError, match=r"neither \.md nor"):
        card.save(tmp_path / "card.docx")
    with pytest.raises(SystemExit) as ended:
        main(["card", f"{of_run.path}@2", "--out", str(tmp_path / "card.md"), "--force"])
    assert ended.value.code == 0
    assert "version 2" in (tmp_path / "card.md").read_text("utf-8")
    with pytest.raises(SystemExit):
        main(["card", str(of_run.path), "--out", str(tmp_path / "card.md")])
    assert "Hint: --force replaces it" in capsys.readouterr().err


def test_rows_of_no_part_are_counted(tmp_path):
    data_set = lk.create_dataset(tmp_path / "some", frame(), labels_of(), id="id")
    step = result("split", id=["e0", "e1"], split=pa.array(["test", "train"]))
    assert "(none)" in str(data_set.take(step).card())


def test_names_of_parts_act_nowhere_and_folders_are_quoted(tmp_path):
    votes = lk.LabelMatrix.of([[0], [1]] * 2, classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    data_set = lk.create_dataset(tmp_path / "my set", {"text": list("abcd")}, labels, training="<b>train</b>")
    text = data_set.card().to_markdown()
    assert r"(training parts: \<b\>train\</b\>)" in text
    assert r"labelkit verify 'my set'" in text.replace("\\", "")

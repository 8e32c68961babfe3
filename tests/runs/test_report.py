"""The report of a run: one file that tells what the folder holds, and in which nothing of the corpus acts."""

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import example as explicitly, given, strategies as st

import labelkit as lk
from labelkit._shared.markup import visible
from labelkit.cli import cli
from labelkit.exceptions import CorpusError, RunFolderError
from labelkit.runs.match_patterns import finders_of
from labelkit.runs.report import _read_parts as report_parts
from labelkit.runs.report._example_rows import MOST_BYTES, ExampleTable, LabeledRow, pieces
from labelkit.runs.report._page import in_script
from labelkit.runs.report._remarks import remarks_of
from labelkit.runs.report._sample import PER_KIND, PER_LF, PER_PAIR, PER_WHOLE, Chosen, PairCounts

RULES = '''
from enum import IntEnum
from labelkit import ABSTAIN, column, keywords, labeling_function, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None:
    """Asks the <b>viewer</b> to come over."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""

@keywords("love", "great", label=Label.HAM)
def praise(text: str) -> None: ...

@labeling_function
def short(text: str) -> int:
    """Genuine comments are short."""
    if "crash" in text:
        raise ValueError("I <i>crash</i>")
    return Label.HAM if len(text) < 12 else ABSTAIN

looped = [keywords(word, label=Label.SPAM).rule(name=f"has_{word}") for word in ("free", "nothing")]
'''

NASTY = "</script><script>window.hacked = 1</script><!-- <img src=x onerror='window.hacked=2'> subscribe \u2028"


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(RULES)
    return path


@pytest.fixture
def frame():
    texts = ["subscribe, I love it", "check out http://x.example", "great song", "hm", "what a long comment about it"]
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(200)],
            "text": [f"{texts[i % 5]} {i}" for i in range(200)],
            "spam": [(1, 1, 0, 0, 0)[i % 5] for i in range(200)],
        }
    )


@pytest.fixture
def run_of(rules, tmp_path):
    """Make a run over a frame, written to a file first."""

    def make(frame, name="out", **options):
        path = tmp_path / "corpus.parquet"
        if not path.exists():
            frame.to_parquet(path)
        return lk.run(rules, path, tmp_path / name, id="id", **options)

    return make


class Page(HTMLParser):
    """A page taken apart: its elements with their attributes, its text, and that its tags fit together."""

    VOID = frozenset({"meta", "rect", "input", "br"})

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts, self.scripts = [], [], [], []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"script", "style"}:
            self.scripts.append((self.open[-1], data))
        else:
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    @property
    def data(self):
        return json.loads(self.scripts[1][1])

    def shown(self, place):
        """The text of one example."""
        cells = self.data["rows"][place][1]
        return ["".join(p if isinstance(p, str) else p[0] for p in ([c] if isinstance(c, str) else c)) for c in cells]


def report_of(folder, **options):
    return Page(lk.write_report(folder, **options))


# What a run does ------------------------------------------------------------------------------------------------------


def test_a_run_writes_its_report_unless_told_not_to(run_of, frame):
    assert (run_of(frame).path / "report.html").is_file()
    assert not (run_of(frame, "silent", report=False).path / "report.html").exists()


def test_the_same_run_gives_the_same_bytes_whatever_the_folder_and_the_workers(run_of, frame):
    one, two = run_of(frame), run_of(frame, "elsewhere", workers=2)
    first = (one.path / "report.html").read_bytes()
    assert (two.path / "report.html").read_bytes() == first
    assert lk.write_report(one, history=False).read_bytes() == first


def test_the_command_line_writes_the_report_and_says_where(run_of, frame, tmp_path):
    folder = run_of(frame)
    done = CliRunner().invoke(cli, ["report", str(folder.path), "--out", str(tmp_path / "r.html")])
    assert done.exit_code == 0, done.output
    assert done.output == f"written to {tmp_path / 'r.html'}\n"
    assert "asks" in Page(tmp_path / "r.html").text


# One file, in which nothing else runs ---------------------------------------------------------------------------------


def test_the_page_loads_nothing_and_allows_its_own_script_and_style_alone(run_of, frame):
    page = Page(run_of(frame, gold="spam").path / "report.html")
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    for kind, text in (page.scripts[0], page.scripts[2]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}], tag
        assert attributes.get("href", "#").startswith("#")
        assert tag not in {"link", "img", "iframe", "object", "base"}
    assert "url(" not in page.scripts[0][1]
    assert "@import" not in page.scripts[0][1]


def test_every_link_leads_to_something_and_no_id_stands_twice(run_of, frame):
    page = Page(run_of(frame).path / "report.html")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for tag, attributes in page.elements if tag == "a"} <= set(ids)
    labels = [a[name] for _, a in page.elements for name in ("aria-labelledby",) if name in a]
    assert set(labels) <= set(ids)


def test_a_script_in_a_comment_is_text(run_of, frame):
    frame.loc[0, "text"] = NASTY
    frame.loc[1, "id"] = "<script>window.hacked = 3</script>"
    page = Page(run_of(frame.head(2)).path / "report.html")
    assert [kind for kind, _ in page.scripts] == ["style", "script", "script"]
    assert visible(NASTY) in [page.shown(place)[0] for place in range(2)]
    assert "<script>window.hacked = 3</script>" in [row[0] for row in page.data["rows"]]
    assert "Asks the <b>viewer</b> to come over." in page.text
    assert "b" not in {tag for tag, _ in page.elements}


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=4), max_leaves=8))
def test_json_in_a_script_element_cannot_end_it(value):
    text = in_script(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_escape_sequences_and_marks_of_direction_are_shown_instead_of_acting(run_of, frame):
    frame.loc[0, "text"] = "subscribe \x1b[31mred\x1b[0m \u202egnirts\u202c \x00 שלום"
    page = Page(run_of(frame.head(5)).path / "report.html")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.source)
    assert "subscribe ␛[31mred␛[0m <U+202E>gnirts<U+202C> ␀ שלום" in [page.shown(place)[0] for place in range(5)]


def test_a_megabyte_on_a_line_is_cut_to_what_stands_around_the_match(run_of, frame):
    frame.loc[0, "text"] = "a " * 50_000 + "please subscribe now " + "b " * 450_000
    page = Page(run_of(frame.head(5)).path / "report.html")
    (shown,) = [page.shown(place)[0] for place in range(5) if "please subscribe" in page.shown(place)[0]]
    assert len(shown) < 700
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(page.source) < 200_000


# What it says ---------------------------------------------------------------------------------------------------------


def test_the_table_holds_the_numbers_of_the_summary(run_of, frame):
    folder = run_of(frame, gold="spam")
    page = Page(folder.path / "report.html")
    rows = [a for tag, a in page.elements if tag == "tr" and "data-kind" in a]
    assert [row["data-kind"] for row in rows] == [rule["kind"] for rule in folder.manifest["rules"]]
    cells = [
        a["data-value"] for tag, a in page.elements if tag == "td" and a.get("class") == "num" and "data-value" in a
    ]
    given = np.array([float(cell or "nan") for cell in cells]).reshape(len(rows), -1)
    columns = ["coverage", "overlaps", "conflicts", "model_precision", "precision"]
    assert np.allclose(given, folder.summary[columns].iloc[:-1], equal_nan=True, rtol=1e-5)
    assert "80.0% have a vote" in page.text
    assert f"{folder.manifest['evaluation']['accuracy']:.1%}" in page.text


def test_examples_carry_texts_votes_labels_and_gold(run_of, frame):
    folder = run_of(frame, gold="spam")
    page = Page(folder.path / "report.html")
    data, matrix = page.data, folder.matrix()
    labels = folder.labels()
    hard, place_of = labels.hard(), {example: i for i, example in enumerate(matrix.ids.tolist())}
    for place, (example, _, votes, label, top, gold) in enumerate(data["rows"]):
        i = place_of[example]
        assert page.shown(place) == [frame["text"][i]]
        assert dict(zip(votes[::2], votes[1::2], strict=True)) == {
            j: int(vote) for j, vote in enumerate(matrix.votes[i]) if vote >= 0
        }
        assert label == hard[i]
        assert top == pytest.approx(labels.proba[i].max(), abs=1e-3)
        assert gold == frame["spam"][i]
    marked = [piece for row in data["rows"] for cell in row[1] if isinstance(cell, list) for piece in cell]
    assert ["subscribe", 0] in marked
    assert ["http://", 1] in marked


def test_each_pair_that_disagrees_leads_to_examples_where_it_does(run_of, frame):
    folder = run_of(frame)
    page, matrix = Page(folder.path / "report.html"), folder.matrix()
    votes = matrix.votes.astype(int)
    brute = {
        (i, j): int(((votes[:, i] >= 0) & (votes[:, j] >= 0) & (votes[:, i] != votes[:, j])).sum())
        for i, j in combinations(range(votes.shape[1]), 2)
    }
    assert {(i, j): n for i, j, n, _, _ in page.data["pairs"]} == {pair: n for pair, n in brute.items() if n}
    place_of = {example: i for i, example in enumerate(matrix.ids.tolist())}
    for i, j, n, both, places in page.data["pairs"]:
        assert both >= n
        assert len(places) == min(n, PER_PAIR)
        for place in places:
            row = votes[place_of[page.data["rows"][place][0]]]
            assert row[i] != row[j]


def test_cards_show_docstring_text_and_what_is_looked_for(run_of, frame):
    page = Page(run_of(frame).path / "report.html")
    assert "Genuine comments are short." in page.text
    assert "return Label.HAM if len(text) < 12 else ABSTAIN" in page.text
    assert "SPAM: one of “free”" in page.text  # made in a loop: no text of its own
    assert "It has no docstring." in page.text


def test_a_rule_of_which_nothing_is_known_says_so(run_of, frame):
    folder = run_of(frame)
    manifest = json.loads((folder.path / "manifest.json").read_text())
    for rule in manifest["rules"]:
        rule["source"], rule["looks_for"], rule["doc"] = "", [], ""
    (folder.path / "manifest.json").write_text(json.dumps(manifest))
    assert "Its text is not known" in report_of(folder.path).text


def test_findings_link_to_their_rules(run_of, frame):
    folder = run_of(frame)
    page = Page(folder.path / "report.html")
    names = [rule["name"] for rule in folder.manifest["rules"]]
    remarks = re.search(r'<section[^>]*id="remarks".*?</section>', page.source, re.DOTALL)[0]
    findings = lk.what_to_fix(folder.patterns(), model=folder.model())
    for finding, item in zip(findings, remarks.split("<li>")[1:], strict=True):
        assert f"{finding.problem[1:]} [{finding.code}]" in item
        for name in finding.lfs:
            assert f'<a href="#rule-{names.index(name)}">{name}</a>' in item
    assert "Never votes" in page.text


def test_a_finding_about_a_class_names_the_class_and_some_of_its_rules():
    votes = np.where(np.arange(1_000)[:, None] % 2 == 0, 0, np.full(9, -1))
    votes[:, 8] = np.where(np.arange(1_000) % 20 == 1, 1, -1)
    patterns = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"]).patterns
    gold = np.zeros((len(patterns), 2), int)
    gold[np.arange(len(patterns)), (patterns.outcomes[:, 0] < 0).astype(int)] = patterns.counts
    manifest = {"rejects": 0, "examples": 1_000, "gold": "spam"}
    remarks = remarks_of(manifest, replace(patterns, gold=gold), None)
    item = next(remark for remark in remarks if remark.title == "few votes for it [LK958]")
    assert (item.subject, [rule.name for rule in item.rules], item.n_more) == ("SPAM", ["lf8"], 0)
    copies = next(remark for remark in remarks if remark.title == "the same rule twice [LK964]")
    assert (copies.subject, len(copies.rules)) == ("", 2)
    no_vote = next(remark for remark in remarks if remark.title == "no vote [LK957]")
    assert "`labelkit suggest RUN` (in Python lk.suggest(matrix, corpus)) proposes rules" in no_vote.text


def test_the_page_shows_commands_as_code(run_of, frame):
    remarks = _items((run_of(frame, gold="spam").path / "report.html").read_text("utf-8"))
    no_vote = next(remark for remark in remarks if "LK957" in remark)
    assert "<code>labelkit suggest RUN</code> (in Python lk.suggest(matrix, corpus)) proposes rules" in no_vote
    assert "`" not in no_vote


def _items(html: str) -> list[str]:
    return re.findall("<li>.*?</li>", html, re.DOTALL)


def test_the_report_shows_intervals_where_they_are_wide_and_those_of_f1(run_of, frame):
    folder = run_of(frame, gold="spam")
    text, row = Page(folder.path / "report.html").text, folder.summary.iloc[0]
    assert row["coverage_high"] - row["coverage_low"] > 0.1
    assert f"{row['coverage_low']:.1%} to {row['coverage_high']:.1%}" in text
    for low, high in [*folder.manifest["evaluation"]["f1_intervals"].values()]:
        assert f"{low:.1%} to {high:.1%}" in text


def test_faults_and_rejected_rows_are_told(rules, frame, tmp_path):
    frame.loc[3, "text"] = "crash"
    path = tmp_path / "corpus.csv"
    path.write_text(frame.to_csv(index=False) + 'c999,"<b>broken</b>",0,too,many\n')
    folder = lk.run(rules, path, tmp_path / "out", id="id", on_fault="record", on_bad_row="reject", gold="spam")
    page = Page(folder.path / "report.html")
    assert "1 vote could not be made" in page.text
    assert "I <i>crash</i>" in page.text
    assert "1 row could not be read" in page.text
    assert "broken" in page.text
    assert page.shown(0) == [frame.set_index("id")["text"][page.data["rows"][0][0]]]
    short = [rule["name"] for rule in folder.manifest["rules"]].index("short")
    assert not [row for row in page.data["rows"] if row[0] == "c3" and [short, 0] == row[2][:2]]


def test_a_run_in_which_no_rule_votes_says_so(run_of, frame):
    frame["text"] = "neither short nor anything else that matters"
    page = Page(run_of(frame).path / "report.html")
    assert "No rule voted on any example, so there is no label." in page.text
    assert "0.0% have a vote" in page.text
    assert page.data["pairs"] == []
    assert len(page.data["lists"]["uncovered"]) == PER_WHOLE


def test_gold_of_three_rows_comes_with_a_warning_and_a_wide_interval(run_of, frame):
    folder = run_of(frame, gold={"c0": "SPAM", "c1": "SPAM", "c2": "HAM"})
    text = Page(folder.path / "report.html").text
    assert "3 examples with gold" in text
    assert "That is too few to say much" in text
    low, high = folder.manifest["evaluation"]["accuracy_interval"]
    assert f"{low:.1%} to {high:.1%}" in text


def test_runs_beside_it_are_told_of_with_the_version_of_the_rule(run_of, rules, frame):
    run_of(frame, "first")
    rules.write_text(RULES.replace('"check out", label', '"check out", "please", label'))
    second = run_of(frame, "second")
    assert "Other runs" not in Page(second.path / "report.html").text
    (second.path.parent / "broken").mkdir()
    (second.path.parent / "broken" / "manifest.json").write_text("{")
    text = report_of(second.path).text
    assert text.count("Other runs") == len(second.manifest["rules"])
    assert re.search(r"first \d{4}-\d\d-\d\d \d\d:\d\d another this corpus 40.0%", text)
    assert re.search(r"first \d{4}-\d\d-\d\d \d\d:\d\d this version this corpus", text)


def test_many_classes_have_names_and_colours_that_come_again(tmp_path):
    lfs = [lk.keywords(f"w{c}", label=c).rule(name=f"rule{c}") for c in range(12)]
    names = [f"class <{c}>" for c in range(12)]
    folder = lk.run(lfs, [f"w{i % 12} w{i % 5}" for i in range(120)], tmp_path / "out", labels=names)
    page = Page(folder.path / "report.html")
    assert "class <11>" in page.text
    assert page.data["classes"] == names


# Where the texts come from --------------------------------------------------------------------------------------------


def test_a_corpus_that_is_gone_or_has_changed_is_told_and_ids_and_votes_are_shown(run_of, frame, tmp_path):
    folder = run_of(frame)
    before = Page(folder.path / "report.html").data
    frame.assign(text="another").to_parquet(tmp_path / "corpus.parquet")
    page = report_of(folder.path)
    assert "corpus.parquet has changed since the run" in page.text
    assert [row[0] for row in page.data["rows"]] == [row[0] for row in before["rows"]]
    assert [row[2] for row in page.data["rows"]] == [row[2] for row in before["rows"]]
    assert all(row[1] == [] for row in page.data["rows"])
    (tmp_path / "corpus.parquet").unlink()
    assert "corpus.parquet is not there any more" in report_of(folder.path).text


def test_a_corpus_can_be_given_and_is_held_against_the_ids(run_of, frame, tmp_path):
    folder = run_of(frame)
    (tmp_path / "corpus.parquet").unlink()
    page = report_of(folder.path, corpus=frame)
    assert page.shown(0)[0] in set(frame["text"])
    assert "not known to be the same" in page.text
    with pytest.raises(RunFolderError, match="not the corpus of the run"):
        lk.write_report(folder, corpus=frame.iloc[::-1])
    with pytest.raises(RunFolderError, match="not the corpus of the run"):
        lk.write_report(folder, corpus=frame.head(3))
    with pytest.raises(CorpusError, match="no_such"):
        lk.write_report(folder, corpus=tmp_path / "no_such.csv")


def test_a_corpus_without_ids_must_have_as_many_rows(rules, frame, tmp_path):
    folder = lk.run(rules, frame, tmp_path / "out")
    assert Page(folder.path / "report.html").shown(0)
    assert "read its corpus from memory" in report_of(folder.path).text
    assert report_of(folder.path, corpus=frame).shown(0)[0] in set(frame["text"])
    with pytest.raises(RunFolderError, match="not the corpus of the run"):
        lk.write_report(folder, corpus=frame.head(100))


def test_an_iterator_leaves_no_texts_and_the_report_says_so(rules, frame, tmp_path):
    folder = lk.run(rules, iter(frame.to_dict("records")), tmp_path / "out", id="id")
    page = Page(folder.path / "report.html")
    assert "The examples have no texts: " in page.text
    assert page.data["rows"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_text_file_is_read_again_as_it_was_in_the_run(suffix, frame, tmp_path):
    frame["n_likes"] = range(200)
    path = tmp_path / f"corpus.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_json(path, orient="records", lines=True)
    lines = path.read_text().splitlines()
    lines.insert(5, "cX,text,0,not a number" if suffix == "csv" else '{"id": "cX", "text": "t", "n_likes": "x"}')
    path.write_text("\n".join(lines) + "\n")
    rules = tmp_path / "numbers.py"
    rules.write_text(
        "from labelkit import labeling_function\n@labeling_function\ndef liked(n_likes: int, text: str) -> int:\n"
        "    return 1 if n_likes > 99 else 0"
    )
    folder = lk.run(rules, path, tmp_path / "out", on_bad_row="reject", labels=["NO", "YES"])
    assert folder.manifest["rejects"] == 1
    for page in (Page(folder.path / "report.html"), report_of(folder.path)):
        for place, row in enumerate(page.data["rows"]):
            text, likes = page.shown(place)
            assert row[2] == [0, int(int(likes) > 99)]
            assert text.endswith(f" {likes}")


def test_of_a_large_run_evenly_spread_parts_are_looked_through(run_of, frame, monkeypatch):
    frame = pd.concat([frame] * 41, ignore_index=True)
    frame["id"] = [f"c{i}" for i in range(len(frame))]
    folder = run_of(frame, batch_size=1024)
    assert len(list((folder.path / "votes").iterdir())) == 9
    monkeypatch.setattr(report_parts, "MOST_ROWS", 3_000)
    page = report_of(folder.path)
    assert "Examples were looked for in 2,056 rows" in page.text
    text_of = dict(zip(frame["id"], frame["text"], strict=True))
    assert [page.shown(i) for i in range(len(page.data["rows"]))] == [[text_of[row[0]]] for row in page.data["rows"]]
    assert {0, 4} <= {int(row[0][1:]) // 1024 for row in page.data["rows"]} <= {0, 4, 8}


# Folders that are none ------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_run_folder_is_refused_with_a_hint(tmp_path):
    with pytest.raises(RunFolderError, match="there is no folder"):
        lk.write_report(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunFolderError, match="not a run folder") as caught:
        lk.write_report(tmp_path / "empty")
    assert "labelkit run" in caught.value.hint


def test_a_run_that_was_killed_half_way_is_told_apart(tmp_path):
    (tmp_path / ".out.partial").mkdir()
    with pytest.raises(RunFolderError, match="was stopped before its end") as caught:
        lk.write_report(tmp_path / "out")
    assert "goes on" in caught.value.hint


@pytest.mark.parametrize(
    "damage", ["votes", "labels", "cut", "patterns", "summary.csv", "manifest.json", "faults.parquet"]
)
def test_a_folder_that_is_not_whole_is_refused(run_of, frame, damage):
    folder = run_of(frame).path
    if damage in {"cut", "patterns"}:
        part = folder / ("patterns.parquet" if damage == "patterns" else "votes/part-00000.parquet")
        part.write_bytes(part.read_bytes()[:500])
    elif damage == "manifest.json":
        (folder / damage).write_text('{"rules": [')
    elif "." in damage:
        (folder / damage).unlink()
    else:
        shutil.rmtree(folder / damage)
    with pytest.raises(RunFolderError) as caught:
        lk.write_report(folder)
    assert caught.value.hint


def test_a_model_that_cannot_be_read_back_does_not_keep_the_report_from_being_made(run_of, frame):
    folder = run_of(frame)
    known = json.loads((folder.path / "model" / "model.json").read_text())
    (folder.path / "model" / "model.json").write_text(json.dumps(known | {"model": "MyOwnModel"}))
    assert "Never votes" in report_of(folder.path).text


def test_a_run_of_an_earlier_version_has_a_report_too(run_of, frame):
    folder = run_of(frame, gold="spam")
    (folder.path / "patterns.parquet").unlink()
    manifest = json.loads((folder.path / "manifest.json").read_text())
    for rule in manifest["rules"]:
        for name in ("source", "looks_for", "finds", "module"):
            rule.pop(name, None)
    manifest["corpus"].pop("columns")
    manifest["corpus"].pop("types")
    for name in [name for name in manifest["evaluation"] if name.endswith(("_interval", "_intervals"))]:
        if name != "accuracy_interval":
            manifest["evaluation"].pop(name)
    summary = folder.summary
    bounds = [name for name in summary if name.endswith(("_low", "_high")) and not name.startswith("precision")]
    summary.drop(columns=bounds).to_csv(folder.path / "summary.csv")
    (folder.path / "manifest.json").write_text(json.dumps(manifest))
    page = report_of(folder.path)
    assert page.shown(0)[0] in set(frame["text"])
    assert "Too little gold" not in page.text


# Laws -----------------------------------------------------------------------------------------------------------------

matrices = st.integers(1, 5).flatmap(
    lambda m: st.lists(st.lists(st.integers(-1, 2), min_size=m, max_size=m), min_size=1, max_size=40)
)


@given(matrices)
def test_pairs_are_counted_as_one_would_by_hand(votes):
    matrix = lk.LabelMatrix.of(votes, classes=3)
    counts = PairCounts.of(matrix.patterns)
    rows = np.array(votes)
    for i, j in combinations(range(rows.shape[1]), 2):
        together = (rows[:, i] >= 0) & (rows[:, j] >= 0)
        assert counts.both[i, j] == counts.both[j, i] == together.sum()
        assert counts.against[i, j] == (together & (rows[:, i] != rows[:, j])).sum()


@given(matrices, st.data())
def test_every_list_holds_examples_of_its_kind_as_many_as_there_are_up_to_its_bound(votes, data):
    rows = np.array(votes)
    some = st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows))
    labels, gold = np.array(data.draw(some)), np.array(data.draw(some))
    top = np.linspace(0.3, 0.9, len(rows))
    pairs = PairCounts.of(lk.LabelMatrix.of(rows, classes=3).patterns).conflicting()
    chosen = Chosen.among(rows, labels, top, gold, pairs)
    covered = (rows >= 0).any(axis=1)
    expected = [(chosen.uncovered, ~covered, PER_WHOLE)]
    for j, column in enumerate(rows.T):
        voted = column >= 0
        expected += [
            (chosen.by_lf[j], voted, PER_LF),
            (chosen.overruled[j], voted & (labels >= 0) & (labels != column), PER_KIND),
            (chosen.wrong[j], voted & (gold >= 0) & (gold != column), PER_KIND),
        ]
    for (i, j), found in chosen.by_pair.items():
        expected.append((found, (rows[:, i] >= 0) & (rows[:, j] >= 0) & (rows[:, i] != rows[:, j]), PER_PAIR))
    for found, fits, most in expected:
        assert len(found) == len(set(map(int, found))) == min(most, fits.sum())
        assert all(fits[i] for i in found)
    assert [top[i] for i in chosen.unsure] == sorted(top[covered])[:PER_WHOLE]


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.integers(0, 3)), max_size=5)


@given(st.text(max_size=60), spans)
def test_a_short_text_is_kept_whole_and_marked_where_rules_matched(text, given_spans):
    matches = [(a, min(a + n, len(text)), lf) for a, n, lf in given_spans if a < len(text)]
    found = pieces(text, matches, 100)
    assert "".join(piece if isinstance(piece, str) else piece[0] for piece in found) == visible(text)
    marked = "".join(visible(c) for i, c in enumerate(text) if any(a <= i < b for a, b, _ in matches))
    assert "".join(piece[0] for piece in found if not isinstance(piece, str)) == marked


@given(st.integers(400, 3_000), spans, st.integers(1, 50))
@explicitly(400, [(0, 9, 0), (7, 1, 0), (9, 10, 0)], 15)
def test_a_long_text_is_cut_around_its_first_match(length, given_spans, times):
    text = "x" * length
    matches = [(min(a * times, length - 1), min(a * times + n, length), lf) for a, n, lf in given_spans]
    matches = [match for match in matches if match[0] < match[1]]
    found = pieces(text, matches, 100)
    shown = "".join(piece if isinstance(piece, str) else piece[0] for piece in found)
    assert "…" in shown
    assert len(shown) <= 100 + 60 + 10
    if matches:
        assert any(not isinstance(piece, str) for piece in found)


def test_examples_stop_where_there_is_no_more_room():
    table = ExampleTable(["text"], {})
    table.fill(range(100_000), lambda i: LabeledRow(i, ("é" * 600,), [(0, 1)], 1, 0.5))
    assert MOST_BYTES - 2_000 < table.n_bytes <= MOST_BYTES
    assert table.listed([0, 99_999]) == [0]
    assert len(json.dumps(table.rows, ensure_ascii=False).encode()) < MOST_BYTES + 3 * len(table.rows)


def test_marks_are_of_the_class_that_was_voted_for():
    tone = lk.keywords({"free": 1, "love": 0}).rule(name="tone")
    from labelkit.runs.match_patterns import match_patterns

    finders = finders_of([{"finds": match_patterns(tone)}])
    table = ExampleTable(["text"], finders)
    table.fill([0], lambda i: LabeledRow(i, ("free love",), [(0, 1)], 1, 0.9))
    assert table.rows[0][1] == [[["free", 0], " love"]]

"""Votes are kept on disk, and used again only where they would be the same."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.apply.plan import CHUNK, Plan
from labelkit.apply.vote_cache import CHECKSUM_BYTES, VoteCache, VoteFile, why_not
from labelkit.cli import main
from tests.waiting import GUARD

RULES = '''
import labelkit as lk

LIMIT = 5

def is_long(text):
    return len(text) > LIMIT

def makes(word):
    @lk.labeling_function(name="made")
    def rule(text):
        return 1 if word in text else None
    return rule

made = makes("free")

@lk.keywords("free", "win", label=1)
def offers(text): "Keywords."

@lk.lookup("words.txt", match="phrase", label=0)
def listed(text): "A list in a file."

@lk.column
def shout(text):
    return text.upper()

@lk.regex("FREE|NICE", label=1)
def shouted(shout): "Of a derived column."

@lk.labeling_function
def long(text):
    """Long texts."""
    return 1 if is_long(text) else None

@lk.labeling_function
def large(n: int):
    return 0 if n > 2 else None
'''

N_ROWS = 3 * CHUNK + 7
FRAME = pd.DataFrame({"text": ["free stuff", "nice", "hm", "win now please"] * N_ROWS, "n": range(4 * N_ROWS)}).head(
    N_ROWS
)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "words.txt").write_text("nice\nhm\n")
    FRAME.to_parquet(tmp_path / "corpus.parquet", row_group_size=CHUNK)
    settle(tmp_path / "corpus.parquet")
    return tmp_path


@pytest.fixture
def cache(tmp_path):
    return VoteCache(tmp_path / "cache")


def settle(path, seconds=60):
    """Make a file look as if it had been written a while ago."""
    when = time.time() - seconds
    os.utime(path, (when, when))


def rules(project, **edits):
    """Collect the rules of a project, with words of their source replaced."""
    source = RULES
    for old, new in edits.items():
        assert EDITED[old] in source
        source = source.replace(EDITED[old], new)
    (project / "rules.py").write_text(source)
    return lk.collect(project / "rules.py", labels=["HAM", "SPAM"])


EDITED = {
    "keyword": '"free", "win"',
    "pattern": '"FREE|NICE"',
    "label": '"win", label=1',
    "helper": "len(text) > LIMIT",
    "constant": "LIMIT = 5",
    "closure": 'makes("free")',
    "column": "text.upper()",
    "body": "0 if n > 2",
    "docstring": '"""Long texts."""',
    "code": "return 1 if is_long",
}


def found(cache, lfs, corpus):
    """The rules whose votes are kept."""
    opened = lk.Applier(lfs).open(corpus)
    entries = {lf.name: cache.entry(lf, opened, lfs.space) for lf in lfs}
    return {name for name, entry in entries.items() if entry is not None and entry.exists}


ALL = {"made", "offers", "listed", "shouted", "long", "large"}


def test_all_rules_are_kept_and_found_again(project, cache):
    lfs, corpus = rules(project), project / "corpus.parquet"
    assert found(cache, lfs, corpus) == set()
    first = lk.Applier(lfs).apply(corpus, cache=cache)
    assert found(cache, lfs, corpus) == ALL
    again = lk.Applier(rules(project)).apply(corpus, cache=cache)
    plain = lk.Applier(lfs).apply(corpus, cache=False)
    assert np.array_equal(first.votes, plain.votes)
    assert np.array_equal(again.votes, plain.votes)
    assert again.votes.dtype == plain.votes.dtype


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        ({"keyword": '"free", "lose"'}, {"offers"}),
        ({"pattern": '"FREE"'}, {"shouted"}),
        ({"label": '"win", label=0'}, {"offers"}),
        ({"helper": "len(text) > LIMIT + 1"}, {"long"}),
        ({"constant": "LIMIT = 6"}, {"long"}),
        ({"closure": 'makes("win")'}, {"made"}),
        ({"column": "text.upper() + '!'"}, {"shouted"}),
        ({"body": "0 if n > 3"}, {"large"}),
        ({"docstring": '"""Texts that are long."""'}, set()),
        ({"code": "# a comment\n    return 1 if  is_long"}, set()),
        ({}, set()),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_an_edit_is_waited_for_by_the_rules_that_it_changes_alone(project, cache, edit, changed):
    lk.Applier(rules(project)).apply(project / "corpus.parquet", cache=cache)
    lfs = rules(project, **edit)
    assert ALL - found(cache, lfs, project / "corpus.parquet") == changed
    votes = lk.Applier(lfs).apply(project / "corpus.parquet", cache=cache).votes
    assert np.array_equal(votes, lk.Applier(lfs).apply(project / "corpus.parquet", cache=False).votes)


def test_a_changed_list_of_words_changes_its_rule(project, cache):
    lk.Applier(rules(project)).apply(project / "corpus.parquet", cache=cache)
    (project / "words.txt").write_text("nice\nplease\n")
    assert ALL - found(cache, rules(project), project / "corpus.parquet") == {"listed"}


def test_only_the_rules_that_changed_are_called(project, cache, monkeypatch):
    called = []
    begin = Plan.begin
    monkeypatch.setattr(Plan, "begin", lambda plan, table: called.append(plan.lfs.names) or begin(plan, table))
    lk.Applier(rules(project)).apply(project / "corpus.parquet", cache=cache)
    called.clear()
    lk.Applier(rules(project, keyword='"free"')).apply(project / "corpus.parquet", cache=cache, batch_size=CHUNK)
    assert set(called) == {("offers",)}
    called.clear()
    lk.Applier(rules(project, keyword='"free"')).apply(project / "corpus.parquet", cache=cache)
    assert called == []


# ------------------------------------------------------------------------------------------------------ the corpus


def changed_corpus(project, **columns):
    FRAME.assign(**columns).to_parquet(project / "corpus.parquet", row_group_size=CHUNK)


def test_a_corpus_that_changed_is_voted_on_anew(project, cache):
    lfs = rules(project)
    lk.Applier(lfs).apply(project / "corpus.parquet", cache=cache)
    changed_corpus(project, text=FRAME["text"].str.replace("nice", "free"))
    assert found(cache, lfs, project / "corpus.parquet") == {"large"}
    votes = lk.Applier(lfs).apply(project / "corpus.parquet", cache=cache).votes
    assert np.array_equal(votes, lk.Applier(lfs).apply(project / "corpus.parquet", cache=False).votes)


def test_a_new_column_changes_nothing_for_rules_that_do_not_read_it(project, cache):
    lfs = rules(project)
    lk.Applier(lfs).apply(project / "corpus.parquet", cache=cache)
    changed_corpus(project, extra=1.5)
    assert found(cache, lfs, project / "corpus.parquet") == ALL


def test_a_file_written_again_within_the_tick_of_a_clock_is_not_mistaken(project, cache):
    """Same size, same time: what is remembered of a file that was written a moment ago is not trusted."""
    lfs, path = lk.LabelingFunctions(rules(project)[["offers"]]), project / "lines.jsonl"
    path.write_text('{"text": "free"}\n' * 50)
    stamp = path.stat()
    lk.Applier(lfs).apply(path, cache=cache)
    path.write_text('{"text": "nice"}\n' * 50)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert (lk.Applier(lfs).apply(path, cache=cache).votes == -1).all()


CORPORA = {
    "pandas": lambda project: FRAME,
    "arrow": lambda project: pa.Table.from_pandas(FRAME),
    "dicts": lambda project: FRAME.to_dict("records"),
    "parquet": lambda project: project / "corpus.parquet",
    "csv": lambda project: FRAME.to_csv(project / "corpus.csv", index=False) or project / "corpus.csv",
    "jsonl": lambda project: FRAME.to_json(project / "c.jsonl", orient="records", lines=True) or project / "c.jsonl",
}


@pytest.mark.parametrize("kind", CORPORA)
@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"workers": 2, "engine": "process"}, {"batch_size": CHUNK}])
def test_every_corpus_and_engine_gives_the_same_votes_with_a_cache(project, cache, kind, options):
    corpus, lfs = CORPORA[kind](project), rules(project)
    plain = lk.Applier(lfs).apply(CORPORA[kind](project), cache=False)
    for made in (lfs, lfs, rules(project, keyword='"win"'), rules(project)):
        expected = plain if made is lfs else lk.Applier(made).apply(CORPORA[kind](project), cache=False)
        matrix = lk.Applier(made).apply(corpus, cache=cache, **options)
        assert np.array_equal(matrix.votes, expected.votes)
    assert found(cache, lfs, corpus) == ALL


def test_an_iterator_is_not_kept(project, cache):
    lfs = rules(project)
    lk.Applier(lfs).apply(iter(FRAME.to_dict("records")), cache=cache)
    assert cache.size() == (0, 0)


def test_ids_and_gold_of_the_corpus_are_read_though_no_rule_votes(project, cache):
    FRAME.assign(id=[f"e{n}" for n in range(N_ROWS)], gold=FRAME["n"] % 2).to_parquet(project / "named.parquet")
    lfs, expected = rules(project), [f"e{n}" for n in range(N_ROWS)]
    for _ in range(2):
        assert lk.Applier(lfs).apply(project / "named.parquet", id="id", cache=cache).ids.tolist() == expected
    folders = [
        lk.run(lfs, project / "named.parquet", project / f"out{n}", id="id", gold="gold", cache=given)
        for n, given in enumerate([cache, cache, False])
    ]
    one, two, three = (folder.manifest["evaluation"] for folder in folders)
    assert one == two == three
    assert np.array_equal(folders[1].matrix().votes, folders[2].matrix().votes)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sets(st.sampled_from(["free", "nice", "win", "hm"]), min_size=1), min_size=1, max_size=4))
def test_whatever_was_voted_before_the_votes_are_those_of_the_rules(tmp_path_factory, lists):
    cache = VoteCache(tmp_path_factory.mktemp("shared"))
    for words in lists:
        lfs = [lk.keywords(word, label=1).rule(name=word) for word in sorted(words)]
        matrix = lk.Applier(lfs, labels=2).apply(FRAME.head(200), cache=cache)
        assert np.array_equal(matrix.votes, lk.Applier(lfs, labels=2).apply(FRAME.head(200), cache=False).votes)


# ------------------------------------------------------------------------------------------ rules that are not kept


def test_a_rule_that_may_answer_differently_is_not_kept_and_says_why(cache):
    import random

    @lk.labeling_function
    def lucky(text):
        return 1 if random.random() < 0.5 else None

    lk.Applier([lucky], labels=2).apply(FRAME, cache=cache)
    assert cache.size() == (0, 0)
    assert why_not(lucky) == ("uses random.random, which gives another answer each time",)


def test_its_author_knows_better(cache):
    import random

    @lk.labeling_function(cache=True)
    def seeded(text):
        return random.Random(text).randrange(2)

    @lk.labeling_function(cache=False)
    def plain(text):
        return 1

    lk.Applier([seeded, plain], labels=2).apply(FRAME, cache=cache)
    assert cache.size()[0] == 1
    assert why_not(seeded) == ()
    assert why_not(plain) == ("its decorator says cache=False",)


def test_a_rule_that_failed_is_tried_again(cache):
    @lk.labeling_function
    def fails(n):
        return 1 // (n - 5)

    lfs = [fails, lk.keywords("free", label=1).rule(name="free", column="text")]
    for _ in range(2):
        matrix = lk.Applier(lfs, labels=2).apply(FRAME, cache=cache, on_fault="record")
        assert [fault.row for fault in matrix.faults if fault.error == "ZeroDivisionError"] == [5]
    assert cache.size()[0] == 1


def test_a_rule_defined_again_in_a_session_is_a_new_rule(cache):
    """As in a notebook, where the cell of a rule is run again after an edit."""
    scope = {"lk": lk, "__name__": "__main__"}
    for word, expected in (("free", "free stuff"), ("nice", "nice"), ("free", "free stuff")):
        exec(f"@lk.labeling_function\ndef rule(text):\n    return 1 if {word!r} in text else None", scope)
        votes = lk.Applier([scope["rule"]], labels=2).apply(FRAME, cache=cache).votes.ravel()
        assert set(FRAME["text"][votes == 1]) == {expected}
    assert cache.size()[0] == 2


# ------------------------------------------------------------------------------------------------------ the folder


def test_small_corpora_are_not_kept_unless_asked_for(project, cache_folder):
    lfs = rules(project)
    before = VoteCache().size()
    lk.Applier(lfs).apply(FRAME)
    assert VoteCache().size() == before
    lk.Applier(lfs).apply(pd.concat([FRAME] * 4))
    assert VoteCache().size()[0] == before[0] + len(lfs)
    assert VoteCache().folder.is_relative_to(cache_folder)


@pytest.mark.parametrize("off", ["off", "OFF", " off "])
def test_the_cache_can_be_turned_off(project, cache, monkeypatch, capsys, off):
    monkeypatch.setenv("LABELKIT_CACHE", off)
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "home"))
    monkeypatch.chdir(project)
    lk.Applier(rules(project)).apply(FRAME, cache=True)
    with pytest.raises(SystemExit):
        main(["cache", "info"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("LABELKIT_CACHE is off: nothing is kept")
    assert second.startswith("0 columns of votes")
    assert not (project / off).exists()


DAMAGES = {
    "cut off": lambda content: content[:-1],
    "cut off to nothing": lambda content: b"",
    "longer": lambda content: content + b"\1",
    "of other votes": lambda content: b"\1" * len(content),
    "of the right length, with -5": lambda content: np.full(N_ROWS, -5, np.int8).tobytes(),
    "of the right length, with 1": lambda content: np.full(N_ROWS, 1, np.int8).tobytes(),
    "one bit": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "zeros": lambda content: bytes(len(content)),
    "the checksum": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_is_no_entry_and_is_written_anew(project, cache, damage):
    """Such as one that was cut off when the disk was full."""
    lfs = rules(project)
    expected = lk.Applier(lfs).apply(project / "corpus.parquet", cache=cache).votes
    contents = {path: path.read_bytes() for path in cache.folder.glob("??/*.int8")}
    for path, content in contents.items():
        path.write_bytes(DAMAGES[damage](content))
    applier = lk.Applier(lfs)
    assert np.array_equal(applier.apply(project / "corpus.parquet", cache=cache).votes, expected)
    assert applier.remembered == ()
    assert {path: path.read_bytes() for path in contents} == contents


def test_a_column_that_was_sealed_with_votes_out_of_range_is_no_entry(project, cache):
    lfs, corpus = lk.LabelingFunctions(rules(project)[["offers"]]), project / "corpus.parquet"
    expected = lk.Applier(lfs).apply(corpus, cache=cache).votes
    (path,) = cache.folder.glob("??/*.int8")
    for vote in (-5, -2, 2, 100):
        draft = path.with_name("draft")
        draft.write_bytes(np.full(N_ROWS, vote, np.int8).tobytes())
        VoteFile(path, exists=True).seal(draft)
        assert np.array_equal(lk.Applier(lfs).apply(corpus, cache=cache).votes, expected)


def test_a_column_under_the_name_of_another_is_no_entry(project, cache):
    lfs, corpus = rules(project), project / "corpus.parquet"
    expected = lk.Applier(lfs).apply(corpus, cache=cache).votes
    paths = sorted(cache.folder.glob("??/*.int8"))
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    assert np.array_equal(lk.Applier(lfs).apply(corpus, cache=cache).votes, expected)


@pytest.mark.parametrize("links", [True, False])
def test_columns_that_another_process_removes_meanwhile_are_there_until_the_end(project, cache, monkeypatch, links):
    def without_links(*_):
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr("pathlib.Path.hardlink_to", without_links)
    lfs, corpus = rules(project), project / "corpus.parquet"
    expected = lk.Applier(lfs).apply(corpus, cache=cache).votes
    applier = lk.Applier(lfs)
    voting = applier.stream(applier.open(corpus), lambda batch, votes: votes.votes, batch_size=CHUNK, cache=cache)
    parts = [next(voting).result]
    cache.clear()
    parts += [delivered.result for delivered in voting]
    assert np.array_equal(np.concatenate(parts), expected)
    assert list(cache.folder.glob("??/.*")) == []


# -------------------------------------------------------------------------------------- rows that are left out


BAD = b"id,text,other\n" + b"".join(
    b"%d,%s,%s\n" % (n, b"free \xff" if n in (7, 300) else b"free" if n % 3 else b"nice", b"\xff" if n == 9 else b"hm")
    for n in range(500)
)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("options", [{}, {"id": "id"}, {"workers": 2}, {"workers": 2, "engine": "process"}])
def test_rows_that_are_left_out_are_the_same_with_a_cache(project, cache, kind, options):
    path = project / f"bad.{kind}"
    if kind == "csv":
        path.write_bytes(BAD)
    else:
        rows = [row.split(b",") for row in BAD.splitlines()[1:]]
        path.write_bytes(b"".join(b'{"id": %s, "text": "%s", "other": "%s"}\n' % tuple(row) for row in rows))
    of_text = lk.keywords("free", label=1, column="text").rule(name="of_text")
    of_other = lk.keywords("hm", label=0, column="other").rule(name="of_other")
    another = lk.keywords("nice", label=0, column="text").rule(name="another")
    for lfs in ([of_text], [of_text], [of_other], [of_text, of_other], [of_text, of_other, another], [another]):
        expected = votes_and_rejects(lfs, path, cache=False, **options)
        assert votes_and_rejects(lfs, path, cache=cache, **options) == expected
        assert votes_and_rejects(lfs, path, cache=cache, **options) == expected


def votes_and_rejects(lfs, path, **options):
    applier = lk.Applier(lfs, labels=2)
    corpus = applier.open(path, id=options.pop("id", None), on_bad_row="reject")
    matrix = applier.apply(corpus, **options)
    return matrix.votes.tolist(), matrix.ids.tolist(), [reject.row for reject in corpus.rejects]


def test_a_run_that_leaves_rows_out_is_the_same_from_the_cache_and_after_an_interruption(project, cache, monkeypatch):
    (project / "bad.csv").write_bytes(BAD)
    lfs = lk.LabelingFunctions([lk.keywords("free", label=1, column="text").rule(name="free")], labels=2)

    def run(out, kept=False):
        options = {"id": "id", "on_bad_row": "reject", "report": False, "cache": kept}
        return lk.run(lfs, project / "bad.csv", project / out, **options)

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    folders = [run("one", cache), run("two", cache), run("three")]
    with monkeypatch.context() as patch:
        patch.setattr("labelkit.runs.pipeline.write_votes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run("again")
    folders.append(run("again"))
    assert {folder.manifest["examples"] for folder in folders} == {498}
    assert len({(folder.path / "rejects.jsonl").read_text() for folder in folders}) == 1
    assert len((folders[0].path / "rejects.jsonl").read_text().splitlines()) == 2


def test_a_run_that_stops_leaves_no_draft_and_keeps_nothing(project, cache):
    @lk.labeling_function
    def fails(n):
        return 1 // (n - 3000)

    lfs = [fails, lk.keywords("free", label=1).rule(name="free", column="text")]
    with pytest.raises(lk.LabelkitError):
        lk.Applier(lfs, labels=2).apply(FRAME, cache=cache, batch_size=CHUNK)
    assert [path for path in cache.folder.rglob("*") if path.is_file() and path.parent.name != "corpora"] == []


def test_drafts_of_killed_processes_are_removed_in_time(project, cache):
    lfs = rules(project)
    lk.Applier(lfs).apply(FRAME, cache=cache)
    old = cache.folder / "ab" / ".abc.int8.xyz.draft"
    old.parent.mkdir(exist_ok=True)
    old.write_bytes(b"\1" * 10)
    young = old.with_name(".young.draft")
    young.write_bytes(b"")
    settle(old, 2 * 24 * 3600)
    lk.Applier(rules(project, keyword='"hm"')).apply(FRAME, cache=cache)
    assert not old.exists()
    assert young.exists()


def test_what_dead_processes_left_goes_with_the_next_use(project, cache):
    lfs = rules(project)
    lk.Applier(lfs).apply(FRAME, cache=cache)
    (cache.folder / "ab").mkdir(exist_ok=True)
    program = "import sys; from pathlib import Path; from labelkit._shared.files import draft_of"
    for suffix in (".draft", ".held"):
        write = f"draft_of(Path({str(cache.folder / 'ab' / 'abc.int8')!r}), {suffix!r}).write_bytes(b'half')"
        subprocess.run([sys.executable, "-c", f"{program}; {write}"], check=True)
    assert len(list(cache.folder.glob("*/.*"))) == 2
    lk.Applier(lfs).apply(FRAME, cache=cache)  # from the cache alone
    assert list(cache.folder.glob("*/.*")) == []


def test_what_was_not_used_for_longest_goes_when_there_is_no_room(tmp_path):
    cache = VoteCache(tmp_path, max_bytes=2 * (N_ROWS + CHECKSUM_BYTES))
    lfs = {word: [lk.keywords(word, label=1).rule(name=word, column="text")] for word in ("free", "nice", "win")}
    before = set()
    for age, word in ((3000, "free"), (2000, "nice")):
        lk.Applier(lfs[word], labels=2).apply(FRAME, cache=cache)
        columns = set(cache.folder.glob("??/*.int8"))
        for path in columns - before:
            settle(path, age)
        before = columns
    lk.Applier(lfs["free"], labels=2).apply(FRAME, cache=cache)  # is used, so that the other is the oldest
    lk.Applier(lfs["win"], labels=2).apply(FRAME, cache=cache)
    kept = {word for word, some in lfs.items() if found(cache, lk.LabelingFunctions(some, labels=2), FRAME)}
    assert kept == {"free", "win"}


def test_a_folder_that_cannot_be_written_to_is_no_reason_to_fail(project, tmp_path):
    (tmp_path / "file").write_text("in the way")
    lfs = rules(project)
    matrix = lk.Applier(lfs).apply(project / "corpus.parquet", cache=tmp_path / "file" / "cache")
    assert np.array_equal(matrix.votes, lk.Applier(lfs).apply(project / "corpus.parquet", cache=False).votes)


def test_two_processes_may_share_a_cache(project):
    script = project / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import labelkit as lk
        for _ in range(5):
            lfs = lk.collect({str(project / "rules.py")!r}, labels=2)
            matrix = lk.Applier(lfs).apply({str(project / "corpus.parquet")!r}, cache={str(project / "shared")!r})
            print(matrix.votes.sum(dtype=int))
        """)
    )
    running = [subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=GUARD)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len({votes for one in told for votes in one}) == 1


def test_an_interrupted_run_goes_on_with_what_is_kept(project, cache):
    rule = project / "fails.py"
    rule.write_text(RULES + "\n@lk.labeling_function\ndef fails(n):\n    return 1 // (n - 3000) if n else 0\n")
    lfs = lk.collect(rule, labels=2)
    corpus = project / "corpus.parquet"
    lk.Applier(rules(project)).apply(corpus, cache=cache)
    with pytest.raises(lk.LabelkitError):
        lk.run(lfs, corpus, project / "out", batch_size=CHUNK, cache=cache)
    folder = lk.run(lfs, corpus, project / "out", batch_size=CHUNK, cache=cache, on_fault="record")
    whole = lk.run(lfs, corpus, project / "whole", batch_size=CHUNK, cache=False, on_fault="record")
    assert np.array_equal(folder.matrix().votes, whole.matrix().votes)
    assert found(cache, lfs, corpus) == ALL


def command(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "labelkit.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=GUARD, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_says_what_is_kept_and_clears_it(project):
    (project / "rules.py").write_text(
        RULES + "\nimport random\n@lk.labeling_function\ndef lucky(text):\n    return int(random.random() * 2)\n"
    )
    pd.concat([FRAME] * 4).to_parquet(project / "corpus.parquet")
    here = {"LABELKIT_CACHE": str(project / "kept")}
    run = ("run", project / "rules.py", project / "corpus.parquet", "--labels", "HAM,SPAM", "--force", "--quiet")
    command(*run, "--out", project / "out", "--no-cache", **here)
    assert command("cache", "info", **here).startswith("0 columns of votes")
    command(*run, "--out", project / "out", **here)
    told = command("cache", "info", project / "rules.py", "--labels", "HAM,SPAM", **here)
    assert told.startswith("6 columns of votes")
    again = command(*run[:-1], "--out", project / "again", **here)
    assert "7 rules voted on 12,316 examples" in again
    assert "(the votes of 6 are from the vote cache: the same rules were applied to the same values before" in again
    assert "  offers: can be kept\n" in told
    assert "  lucky: cannot be kept: uses random.random, which gives another answer each time\n" in told
    assert command("cache", "clear", **here).startswith("6 columns of votes removed")
    assert command("cache", "info", **here).startswith("0 columns of votes")


def test_a_run_says_whose_votes_it_used_where_only_another_folder_was_run(tmp_path):
    """The starter project is the same in each folder, and so are its votes: a check stores none."""
    here = {"LABELKIT_CACHE": str(tmp_path / "kept")}
    for folder, cached in (("one", False), ("two", True)):
        command("init", tmp_path / folder, "--quiet", **here)
        paths = (tmp_path / folder / "labeling_functions" / "comments.py", tmp_path / folder / "comments.csv")
        command("check", *paths, **here)
        first = command("run", *paths, "--out", tmp_path / folder / "out", **here).splitlines()[0]
        assert ("are from the vote cache" in first) is cached
        assert ("before, in this folder or another)" in first) is cached


@pytest.mark.parametrize("given", ["4 GB", "-5", ""])
def test_a_size_that_is_no_number_is_an_error(monkeypatch, given):
    monkeypatch.setenv("LABELKIT_CACHE_BYTES", given)
    with pytest.raises(lk.LabelkitError, match=f"LABELKIT_CACHE_BYTES='{given}' is not a number of bytes"):
        VoteCache()


def test_a_wide_label_space_is_kept_too(cache):
    lfs = [lk.keywords("free", label=200).rule(name="free", column="text")]
    for _ in range(2):
        votes = lk.Applier(lfs, labels=300).apply(FRAME, cache=cache).votes
        assert votes.dtype == np.int16
        assert set(votes.ravel().tolist()) == {-1, 200}

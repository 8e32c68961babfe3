"""A check finds out before a long run: examples, mistakes, columns, gates, on the first rows of a corpus."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.checks.tried_rows import try_rules
from labelkit.exceptions import CorpusError, GoldError, LabelkitError


def lfs_of(*rules, labels=("HAM", "SPAM")):
    return lk.LabelingFunctions(rules, labels=list(labels))


def word(name, column="text", label=1, **options):
    return lk.keywords(name, label=label).rule(name=f"says_{name}", column=column, **options)


@pytest.fixture
def corpus():
    texts = ["win win"] * 30 + ["love"] * 60 + ["hm"] * 110
    return {"text": texts, "gold": [1] * 20 + [0] * 70 + [-1] * 110}


def test_rules_without_a_corpus_are_checked_by_their_source_and_examples():
    report = check_rules(lfs_of(word("win", examples={"win": 1, "loss": 1})))
    assert not report.ok
    assert report.n_examples == 2
    assert "error: says_win('loss') voted ABSTAIN, but its example expects SPAM" in str(report)
    assert str(report).endswith("1 error")
    assert check_rules(lfs_of(word("win"))).clean


def test_the_first_rows_of_a_corpus_are_tried(corpus):
    report = check_rules(lfs_of(word("win"), word("love", label=0)), corpus, rows=50)
    assert report.n_rows == 50
    assert report.votes == {"says_win": 30, "says_love": 20}
    assert report.clean
    assert str(report).endswith("no problems")
    assert check_rules(lfs_of(word("win")), corpus).n_rows == 200


def test_every_rule_that_reads_an_unknown_column_is_named_and_the_others_are_tried(corpus):
    report = check_rules(lfs_of(word("win"), word("love", column="texd"), word("hm", column="gold")), corpus)
    assert [(p.severity, p.rule) for p in report.problems] == [("error", "says_love"), ("error", "says_hm")]
    assert report.problems[0].hint.startswith("did you mean 'text'? lk.open_corpus(")
    assert "looks for text in column 'gold', which holds int64" in report.problems[1].message
    assert report.votes == {"says_win": 30}


def test_a_corpus_that_fits_no_rule_or_has_no_rows_is_an_error(corpus):
    with pytest.raises(CorpusError, match="reads column 'texd'") as error:
        check_rules(lfs_of(word("win", column="texd")), corpus)
    assert error.value.hint.startswith("did you mean 'text'? lk.open_corpus(")
    with pytest.raises(CorpusError, match="no rows"):
        check_rules(lfs_of(word("win")), {"text": np.array([], dtype=object)})


def test_faults_are_recorded_and_the_check_goes_on(corpus):
    @lk.labeling_function
    def fails(text):
        return 1 if text == "hm" else text.index("love")

    report = check_rules(lfs_of(fails, word("win")), corpus)
    (problem,) = [p for p in report.problems if p.severity == "error"]
    assert problem.message.startswith("failed on 30 of 200 rows, the first in row 0: ValueError: substring not found")


@pytest.mark.parametrize("gold", ["gold", "array", "mapping"])
def test_gates_are_judged_with_gold_in_any_form(corpus, gold):
    gold = {"gold": "gold", "array": corpus["gold"], "mapping": dict(enumerate(corpus["gold"][:90]))}[gold]
    kept = lk.expect(coverage=0.1, precision=0.5)(word("win"))
    broken = lk.expect(precision=0.5, conflicts=(0.5, None))(word("love"))
    report = check_rules(lfs_of(kept, broken), corpus, gold=gold)
    assert [judged.outcome for judged in report.judgements] == ["kept", "kept", "broken", "broken"]
    assert not report.ok
    text = str(report)
    assert "4 of 4 gates (what a rule promises by @expect) were judged: 2 kept, 2 broken" in text
    assert "error: says_love: expected precision of at least 50%, found 0.0%" in text


def test_gates_that_cannot_be_judged_are_said_to_be_so(corpus):
    gated = lfs_of(lk.expect(coverage=0.1, precision=0.5)(word("win")))
    assert "2 gates (what a rule promises by @expect) were not judged: that needs a corpus" in str(check_rules(gated))
    report = check_rules(gated, corpus)
    assert report.clean
    assert "2 of 2 gates (what a rule promises by @expect) were judged: 1 kept, 1 unknown" in str(report)
    assert "note: 1 gate could not be judged: a precision needs gold [LK914]" in str(report)


def test_an_undecided_gate_is_a_note(corpus):
    report = check_rules(lfs_of(lk.expect(coverage=0.2)(word("win"))), corpus)
    assert report.clean
    (note,) = report.problems
    assert (note.severity, report.judgements[0].outcome) == ("note", "undecided")
    assert "too few to tell" in note.message
    n_rows = report.n_rows
    assert note.hint == f"all {n_rows} rows were tried: check with a larger corpus, or widen the range of the gate"


def test_overlaps_are_counted_among_all_rules_and_those_that_do_not_fit_are_left_out(corpus):
    gated = lk.expect(overlaps=(0.1, 0.2))(word("win"))
    report = check_rules(lfs_of(gated, word("love", column="nope"), word("Win")), corpus)
    assert report.judgements[0].outcome == "kept"


def test_errors_stand_first_then_warnings_then_notes_in_the_order_of_the_rules(corpus):
    rules = lfs_of(
        lk.regex(r"\s+$", label=1).rule(name="square"),
        word("nothing"),
        word("win", examples={"loss": 1}),
        word("love", column="nope"),
    )
    report = check_rules(rules, corpus)
    assert [(p.severity, p.rule) for p in report.problems] == [
        ("error", "says_win"),
        ("error", "says_love"),
        ("warning", "square"),
        ("warning", "says_nothing"),
        ("note", "square"),
    ]


def test_gold_by_id_needs_ids(tmp_path):
    (tmp_path / "corpus.csv").write_text("id,text\na,win\nb,love\nc,win\n")
    (tmp_path / "gold.csv").write_text("id,gold\nc,1\n")
    sample = try_rules(lfs_of(word("win")), tmp_path / "corpus.csv", gold=tmp_path / "gold.csv", id="id")
    assert sample.gold.tolist() == [-1, -1, 1]
    with pytest.raises(GoldError, match="neither a column of the corpus nor a file"):
        try_rules(lfs_of(word("win")), tmp_path / "corpus.csv", gold="nope")


@pytest.mark.parametrize("rows", [0, -5, True, 2.5])
def test_a_number_of_rows_is_at_least_one(corpus, rows):
    with pytest.raises(LabelkitError, match="is not a number of rows"):
        check_rules(lfs_of(word("win")), corpus, rows=rows)


@pytest.mark.parametrize(
    ("n_rows", "options", "hint"),
    [
        (200, {"rows": 200}, "all 200 rows were tried: check with a larger corpus, or widen the range of the gate"),
        (200, {"rows": 201}, "all 200 rows were tried: check with a larger corpus, or widen the range of the gate"),
        (200, {"rows": 100}, "try more rows: --rows 10000"),
        (200, {"sample": 100}, "try more rows: --sample 10000"),
        (200, {"sample": 200}, "all 200 rows were tried: check with a larger corpus, or widen the range of the gate"),
        (20_000, {"rows": 10_000}, "try more rows: --rows 100000"),
    ],
)
def test_an_undecided_gate_says_what_decides_it(n_rows, options, hint):
    frame = pd.DataFrame({"text": ["win" if i % 10 == 0 else "no" for i in range(n_rows)]})
    bound = 0.14 if n_rows == 200 else 0.102
    tried = check_rules(lfs_of(lk.expect(coverage=bound)(word("win"))), frame, **options)
    assert [judged.outcome for judged in tried.judgements] == ["undecided"]
    (note,) = [problem for problem in tried.problems if problem.code == "LK913"]
    assert note.hint == hint


def test_a_precision_that_is_undecided_is_decided_by_more_gold():
    gold = np.full(200, -1)
    gold[[0, 2, 4]] = [1, 0, 1]
    frame = pd.DataFrame({"text": ["win", "no"] * 100})
    lfs = lfs_of(lk.expect(precision=0.9)(word("win")))
    (note,) = [one for one in check_rules(lfs, frame, gold=gold).problems if one.code == "LK913"]
    assert note.hint == "give gold for more of its 100 votes, drawn at random"
    (note,) = [one for one in check_rules(lfs, frame, gold=gold, rows=50).problems if one.code == "LK913"]
    assert note.hint == "give gold for more of its 25 votes, drawn at random; or try more rows: --rows 10000"
    gold[::2] = [1, 0] + [1] * 7 + [0] + [1] * 90
    few = check_rules(lfs, frame[:20], gold=gold[:20])
    (note,) = [one for one in few.problems if one.code == "LK913"]
    assert note.hint == "all 20 rows were tried: check with a larger corpus, or widen the range of the gate"


def never(text):
    """Fail."""
    raise ValueError(text)


def test_a_gate_that_is_not_judged_says_what_is_missing():
    gold = np.where(np.arange(200) < 100, np.arange(200) % 2, -1)
    frame = pd.DataFrame({"text": ["hm"] * 100 + ["win"] * 40 + ["love"] * 60})
    promised = lk.expect(precision=0.9)

    def notes(*rules, **options):
        report = check_rules(lfs_of(*map(promised, rules)), frame, **options)
        return [(one.message, one.hint) for one in report.problems if one.code == "LK914"]

    win, love, yes = word("win"), word("love"), word("yes")
    name_it = "name the gold labels: --gold COLUMN or --gold FILE"
    assert notes(win, yes) == [("2 gates could not be judged: a precision needs gold", name_it)]
    no_gold = "1 gate could not be judged: no vote of says_win has gold in the rows that were tried"
    assert notes(win, gold=gold) == [(no_gold, "give gold for some of its 40 votes, drawn at random")]
    more = "try more rows: --rows 10000"
    some = "give gold for some of its 20 votes, drawn at random"
    assert notes(win, gold=gold, rows=120) == [(no_gold, f"{some}; or {more}")]
    silent = "1 gate could not be judged: says_yes has no vote in the rows that were tried"
    look = "look at the rule: it votes on none of the 200 rows"
    assert notes(yes, gold=gold) == [(silent, look)]
    assert notes(yes, gold=gold, rows=120) == [(silent, f"{more}; or {look.replace('200', '120')}")]
    (both,) = notes(win, love, gold=gold)
    assert both[0] == "2 gates could not be judged: no vote of says_win, says_love has gold in the rows that were tried"
    assert both[1] == "give gold for some of their 100 votes, drawn at random"
    failing = lk.labeling_function(never)
    mend = "mend the rule: its error is among the problems (LK907)"
    assert notes(failing) == [("1 gate could not be judged: never failed on every row", mend)]
    assert len(notes(failing, win, yes, gold=gold)) == 3


def test_all_of_the_rows_that_are_asked_for_are_tried():
    frame = pd.DataFrame({"text": ["no"] * 70_000 + ["win"] * 10_000})
    assert check_rules(lfs_of(word("win")), frame, rows=80_000).votes == {"says_win": 10_000}


def test_classes_that_are_given_beside_rules_count():
    with pytest.raises(LabelkitError, match="classes"):
        check_rules(lfs_of(word("win")), labels=["HAM"])
    assert check_rules(lfs_of(word("win")), labels=["HAM", "SPAM", "OTHER"]).ok

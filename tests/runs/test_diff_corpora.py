"""A difference says in what the corpora of two runs differ, and compares what both have."""

import pytest

import labelkit as lk
from labelkit.exceptions import MatrixError

RULES = [
    lk.keywords("subscribe", "check out", "free", label=1).rule(name="asks", column="text"),
    lk.keywords("love", "great", "song", label=0).rule(name="loves", column="text"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diffs")
    comments = lk.load_comments(200)
    comments.to_csv(folder / "c.csv", index=False)
    comments.rename(columns={"text": "Body"}).to_csv(folder / "other.csv", index=False)
    comments.assign(text=comments["text"].str.upper()).to_csv(folder / "loud.csv", index=False)
    made = iter(range(100))

    def run_with(file="c.csv", **options):
        place = folder / f"run{next(made)}"
        options = {"id": "id", "report": False, "progress": False, **options}
        return lk.run(RULES, folder / file, place, labels=["HAM", "SPAM"], **options)

    return run_with


@pytest.mark.parametrize(
    ("options", "n", "said"),
    [
        ({}, 200, None),
        ({"limit": 150}, 150, "rows: all before, the first 150 rows after"),
        ({"sample": 50}, 50, "rows: all before, a random sample of 50 of the rows (seed 0) after"),
        ({"rename": {"what": "spam"}}, 200, "names of columns: as by default before, what=spam after"),
        (
            {"rename": {"what": "spam"}, "limit": 9},
            9,
            "rows: all before, the first 9 rows after; names of columns: as by default before, what=spam after",
        ),
        ({"encoding": "utf-8"}, 200, "encoding: as by default before, utf-8 after"),
    ],
)
def test_the_difference_is_named_and_what_both_have_is_compared(run, options, n, said):
    before, after = run(), run(**options)
    there, back = lk.diff(before, after, gold="spam"), lk.diff(after, before)
    assert (there.n_examples, there.only_before, back.only_after) == (n, 200 - n, 200 - n)
    assert not len(there.votes)
    assert not len(there.labels)
    assert there.gold["gold"].tolist() == [n, n]
    if said is None:
        assert not there.notes
        return
    assert there.notes[0] == f"the corpora differ: {said}"
    assert there.notes[1] == f"compared is what both have: {n} examples, matched by their ids"


def test_other_content_is_told_from_another_way_to_read_it(run):
    notes = lk.diff(run(), run("other.csv", rename={"text": "Body"})).notes
    assert notes[0].startswith("the corpora differ: content: '")
    assert "; names of columns: as by default before, text=Body after" in notes[0]
    notes = lk.diff(run(), run("loud.csv", sample=20)).notes
    assert "content: '" in notes[0]
    assert "; rows: all before, a random sample of 20" in notes[0]


def test_positions_are_those_in_the_whole_corpus(run):
    found = lk.diff(run(id=None), run(id=None, sample=40))
    assert (found.n_examples, found.only_before) == (40, 160)
    assert not len(found.votes)
    assert found.notes[1].endswith(
        "40 examples, matched by their positions in the whole corpus, since they have no ids"
    )


def test_ids_on_one_side_alone_are_named(run):
    with pytest.raises(MatrixError, match=r"ids: column 'id' before, positions after"):
        lk.diff(run(), run(id=None))

"""A text column is proposed by its content, never the ids, codes or classes."""

import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.corpus.likely_text import likely_text
from labelkit.exceptions import CorpusError

TICKETS = pd.DataFrame(
    {
        "Ticket No.": [f"T {number} of the year 2026, first half" for number in range(6)],
        "Typ": ["Wasser", "Strom"] * 3,
        "Gemeldet am": ["2026-01-02"] * 6,
        "Die Meldung": ["der Keller steht unter Wasser", "kein Strom im Haus"] * 3,
    }
)
FREE = lk.keywords("free").rule(name="free", label=0)


def test_the_longest_texts_are_proposed_and_never_the_ids():
    assert likely_text(lk.open_corpus(TICKETS, id="Ticket No.")) == "Die Meldung"
    assert likely_text(lk.open_corpus(TICKETS[["Typ", "Gemeldet am"]])) is None
    assert likely_text(lk.open_corpus(TICKETS[["Ticket No."]], id="Ticket No.")) is None
    assert likely_text(lk.open_corpus(pd.DataFrame({"a": [None, None], "n": [1, 2]}))) is None
    assert likely_text(lk.open_corpus(TICKETS[:0])) is None


def test_what_is_read_once_is_left_alone():
    rows = iter(TICKETS.to_dict("records"))
    corpus = lk.open_corpus(rows)
    assert likely_text(corpus) is None
    assert sum(len(batch) for batch in corpus.batches(["Typ"], 4)) == 6


def test_the_hint_names_the_text(tmp_path, monkeypatch, capsys):
    with pytest.raises(CorpusError, match=r"rename={'text': 'Die Meldung'}\) reads 'Die Meldung', or another column"):
        lk.Applier([FREE], labels=["A", "B"]).apply(TICKETS, id="Ticket No.")
    with pytest.raises(CorpusError, match=r"rename={'text': 'COLUMN'}\) reads a column under this name"):
        lk.Applier([FREE], labels=["A", "B"]).apply(TICKETS[["Ticket No.", "Typ"]], id="Ticket No.")
    monkeypatch.chdir(tmp_path)
    TICKETS.to_csv("tickets.csv", index=False)
    (tmp_path / "rules.py").write_text("import labelkit as lk\nfree = lk.keywords('free').rule(name='free', label=0)\n")
    with pytest.raises(SystemExit):
        main(["run", "rules.py", "tickets.csv", "--out", "out", "--id", "Ticket No.", "--labels", "A,B"])
    assert "--map text='Die Meldung' reads 'Die Meldung', or another column" in capsys.readouterr().err

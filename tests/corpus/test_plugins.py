"""Sources of other packages: the page of the documentation as a package, and packages that are broken."""

from __future__ import annotations

import mailbox
import re
from pathlib import Path

import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.corpus import open_corpus, plugins
from labelkit.exceptions import CorpusError

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "sources.md"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return what installs a package: its module, and its entry points."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def install(name, code, entries):
        (folder / f"{name}.py").write_text(code)
        about = folder / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[labelkit.sources]\n" + "".join(f"{line}\n" for line in entries))
        plugins._entry_points.cache_clear()

    plugins._entry_points.cache_clear()
    yield install
    plugins._entry_points.cache_clear()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def an_inbox(path):
    box = mailbox.mbox(path)
    for number, subject in enumerate(("win", "hello")):
        message = mailbox.mboxMessage()
        message["Message-ID"], message["Subject"] = f"<{number}>", subject
        message.set_payload(f"text {number}\n")
        box.add(message)
    box.close()
    return path


def ids(corpus):
    return [name for batch in corpus.batches(["text"], 10) for name in batch.table.column(0).to_pylist()]


def test_the_page_is_a_package_that_works(installed, tmp_path):
    code = (
        blocks("python")[0]
        + "\n\ndef from_server(address):\n    return Mailbox(_INBOX)\n\n\ndef from_folder(box):\n    return Mailbox(_INBOX)\n"
    )
    path = an_inbox(tmp_path / "inbox.mbox")
    entries = [line.replace('"', "") for line in blocks("toml")[0].splitlines()[1:]]
    installed("labelkit_mailbox", f"from pathlib import Path\n\n_INBOX = Path({str(path)!r})\n{code}", entries)
    corpus = open_corpus(path, id="id", rename={"title": "subject"})
    assert ids(corpus) == ["text 0\n", "text 1\n"]
    assert corpus.column_names == ("id", "title", "text")
    assert corpus.path == path
    assert ids(open_corpus("imap://server/inbox")) == ids(corpus)
    assert ids(open_corpus(mailbox.Maildir(tmp_path / "maildir"))) == ids(corpus)
    (tmp_path / "folder").mkdir()
    an_inbox(tmp_path / "folder" / "a.mbox")
    an_inbox(tmp_path / "folder" / "b.mbox")
    assert len(ids(open_corpus(tmp_path / "folder"))) == 4
    rule = lk.keywords("win", label=1).rule(name="wins", column="subject")
    lfs = lk.LabelingFunctions([rule], labels=["ham", "spam"])
    run = lk.run(lfs, path, tmp_path / "run", id="id")
    assert len(run.labels()) == 2


def test_a_broken_package_is_named_and_breaks_no_other_format(installed, tmp_path):
    installed("broken", "import nowhere_at_all\n", [".xyz = broken:Reader"])
    (tmp_path / "a.xyz").write_text("x")
    (tmp_path / "a.csv").write_text("text\nhi\n")
    with pytest.raises(CorpusError, match=r"(?s)the package 'broken' opens .xyz.*nowhere_at_all.*uninstall"):
        open_corpus(tmp_path / "a.xyz")
    assert ids(open_corpus(tmp_path / "a.csv")) == ["hi"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def read(path):\n    return 1 / 0\n", "ZeroDivisionError"),
        ("def read(path):\n    return [1]\n", "returned a list"),
        ("", "AttributeError"),
    ],
)
def test_what_fails_names_its_package(installed, tmp_path, code, message):
    name = f"failing_{len(code)}"  # a module stays imported
    installed(name, code, [f".xyz = {name}:read"])
    (tmp_path / "a.xyz").write_text("x")
    with pytest.raises(CorpusError, match=rf"(?s)'failing_.*{message}"):
        open_corpus(tmp_path / "a.xyz")


def test_two_packages_for_one_suffix_are_an_error(installed, tmp_path):
    installed("one", "", [".xyz = one:read"])
    installed("two", "", [".xyz = two:read"])
    (tmp_path / "a.xyz").write_text("x")
    with pytest.raises(CorpusError, match=r"'one' and the package 'two' both open .xyz"):
        open_corpus(tmp_path / "a.xyz")


def test_what_labelkit_reads_is_not_replaced(installed, tmp_path):
    installed("greedy", "", [".csv = greedy:read", "builtins.list = greedy:read", "s3:// = greedy:read"])
    (tmp_path / "a.csv").write_text("text\nhi\n")
    assert ids(open_corpus(tmp_path / "a.csv")) == ["hi"]
    assert ids(open_corpus(["hi"])) == ["hi"]


class Wrong(lk.Source):
    schema = pa.schema({"text": pa.string(), "n": pa.int64()})

    def __init__(self, batch):
        self.batch = batch

    def batches(self, columns):
        yield self.batch


@pytest.mark.parametrize(
    ("batch", "message"),
    [([1], "gave a batch without 'text'"), (pa.record_batch({"n": [1]}), "gave a batch without 'text'")],
)
def test_a_batch_that_lacks_a_column_is_an_error(batch, message):
    with pytest.raises(CorpusError, match=message):
        ids(open_corpus(Wrong(batch)))


def test_columns_are_delivered_in_the_type_of_the_schema():
    batch = pa.record_batch({"text": pa.array(["a"]).dictionary_encode(), "n": [1]})
    corpus = open_corpus(Wrong(batch))
    assert ids(corpus) == ["a"]
    assert (corpus.n_rows, corpus.fingerprint()) == (None, "")

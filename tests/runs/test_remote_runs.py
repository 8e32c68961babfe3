"""Run folders at addresses: in an S3-compatible store, in memory, and in a folder that is named by an address."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import labelkit as lk
from labelkit.cli import cli
from labelkit.exceptions import RunFolderError
from labelkit.runs.certify_run import certify_run
from labelkit.runs.local_copies import _copy_of
from labelkit.runs.remote_place import LEASE, WRITER, RemotePlace, address_of

fsspec = pytest.importorskip("fsspec")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning"
)  # of the stores' clients

RULES = """
from enum import IntEnum

import labelkit as lk

class Kind(IntEnum):
    HAM = 0
    SPAM = 1

@lk.labeling_function()
def spam(text):
    return 1 if "win" in text else -1

@lk.labeling_function()
def ham(text):
    return 0 if "hi" in text else -1
"""
TEXTS = [f"win {i}" if i % 3 == 0 else f"hi {i}" for i in range(3_000)]


@lk.labeling_function()
def spam(text):
    return 1 if "win" in text else -1


@lk.labeling_function()
def ham(text):
    return 0 if "hi" in text else -1


def run(out, texts=TEXTS, rules=(spam, ham), **options):
    options = {"labels": ["HAM", "SPAM"], "progress": False, "report": False, "batch_size": 1_024, **options}
    return lk.run(list(rules), list(texts), out, **options)


@pytest.fixture(scope="module")
def s3_server():
    pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST1234")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        fsspec.filesystem("s3").mkdir("runs")
        yield "s3://runs"
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of one's own, so that nothing that another test fetched is at hand."""
    monkeypatch.setenv("LABELKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(params=["memory", "file", "s3"])
def url(request, tmp_path, cache):
    if request.param == "s3":
        return f"{request.getfixturevalue('s3_server')}/{tmp_path.name}/first"
    return f"memory://{tmp_path.name}/first" if request.param == "memory" else f"file://{tmp_path}/store/first"


@pytest.fixture
def folder_url(tmp_path, cache):
    return f"file://{tmp_path}/store/first"


def files_at(url):
    system, root = fsspec.core.url_to_fs(url)
    system.invalidate_cache()
    found = system.find(root)
    return {name[len(system._strip_protocol(root)) :].lstrip("/"): system.cat_file(name) for name in found}


def without_times(files):
    return {name: content for name, content in files.items() if "timings" not in name}


def local_files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def elsewhere(monkeypatch, tmp_path, name):
    """Act as on another machine, which has fetched and made nothing."""
    monkeypatch.setenv("LABELKIT_CACHE", str(tmp_path / name))


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("s3://bucket/a", "s3://bucket/a"),
        (Path("s3://bucket/a/"), "s3://bucket/a"),
        (Path("gs://bucket/a b@3"), "gs://bucket/a b@3"),
        (Path("memory://a"), "memory:///a"),
        (Path("file:///x/a"), "file:///x/a"),
        (Path("simplecache::s3://bucket/a"), "simplecache::s3://bucket/a"),
        (Path("c:/runs/a"), None),
        (Path("runs/a:/b"), None),
        (Path("runs/s3://b"), None),
        (Path("a"), None),
    ],
)
def test_an_address_is_known_also_as_a_path(path, address):
    assert address_of(path) == address


def test_a_run_at_an_address_is_that_of_a_local_folder(url, tmp_path):
    there, local = run(url), run(tmp_path / "local")
    assert without_times(files_at(url)) == without_times(local_files(local.path))
    opened = lk.RunFolder(url)
    assert (opened.matrix().votes == local.matrix().votes).all()
    assert (opened.labels().proba == local.labels().proba).all()
    assert len(opened.patterns()) == len(local.patterns())
    assert opened.summary.equals(local.summary)
    assert opened.place == there.place == str(RemotePlace.at(url))
    assert url.split("://")[1].split("/")[-1] in opened.describe()
    assert str(opened.path) not in opened.describe()


def test_a_finished_run_is_found_and_another_is_refused(url):
    run(url)
    assert run(url).was_finished
    with pytest.raises(RunFolderError, match=r"exists already, and is not what this run would make") as caught:
        run(url, TEXTS[:2_000])
    assert "://" in caught.value.message
    assert len(run(url, TEXTS[:2_000], force=True).matrix()) == 2_000
    assert len(lk.RunFolder(url).matrix()) == 2_000
    assert "votes/part-00002.parquet" not in files_at(url)


def test_versions_at_an_address(url, tmp_path, monkeypatch):
    run(url)
    elsewhere(monkeypatch, tmp_path, "b")
    grown = run(url, [*TEXTS, "win it", "hi you"], update=True)
    assert (grown.layout.number, len(grown.labels())) == (2, 3_002)
    elsewhere(monkeypatch, tmp_path, "c")
    assert len(lk.RunFolder(f"{url}@1").matrix()) == 3_000
    assert len(lk.RunFolder(url, 1).labels()) == 3_000
    assert [one.n_examples for one in lk.history(url).versions] == [3_000, 3_002]
    assert lk.verify(url) == lk.verify(f"{url}@1") == []
    assert lk.diff(f"{url}@1", url).to_dict()["examples"]
    again = lk.restore(url, 1)
    assert (again.layout.number, len(lk.RunFolder(url).matrix())) == (3, 3_000)
    fresh = run(tmp_path / "local")
    assert again.summary.equals(fresh.summary)


def test_only_what_is_asked_for_is_fetched(folder_url, tmp_path, monkeypatch):
    run(folder_url)
    elsewhere(monkeypatch, tmp_path, "b")
    opened = lk.RunFolder(folder_url)
    assert opened.manifest["examples"] == 3_000
    assert len(opened.summary) == 3
    assert list(opened.path.rglob("part-*")) == []
    assert opened.layout.part("votes", 1).is_file()
    assert [path.name for path in opened.path.rglob("part-*")] == ["part-00001.parquet"]
    opened.matrix()
    assert not list((opened.path / "labels").iterdir())


def test_files_are_fetched_once(folder_url, monkeypatch):
    run(folder_url)
    fetched = []
    fetch = RemotePlace.fetch
    monkeypatch.setattr(RemotePlace, "fetch", lambda self, name, to: (fetched.append(name), fetch(self, name, to))[1])
    lk.RunFolder(folder_url).labels()
    lk.RunFolder(folder_url).labels()
    assert len(fetched) == len(set(fetched))


def test_votes_and_labels_of_a_finished_run_are_not_fetched_to_say_that_it_is_finished(
    folder_url, tmp_path, monkeypatch
):
    run(folder_url)
    elsewhere(monkeypatch, tmp_path, "b")
    fetched = []
    fetch = RemotePlace.fetch
    monkeypatch.setattr(RemotePlace, "fetch", lambda self, name, to: (fetched.append(name), fetch(self, name, to))[1])
    assert run(folder_url).was_finished
    assert [name for name in fetched if "part-" in name] == []


def test_nothing_of_a_run_that_was_replaced_meanwhile_is_mixed_in(folder_url, tmp_path, monkeypatch):
    run(folder_url)
    elsewhere(monkeypatch, tmp_path, "b")
    before = lk.RunFolder(folder_url)
    elsewhere(monkeypatch, tmp_path, "c")
    run(folder_url, TEXTS[::-1], force=True)
    with pytest.raises(RunFolderError, match="the run was replaced while it was read"):
        before.matrix()
    assert lk.RunFolder(folder_url).matrix().votes.tolist() == run(tmp_path / "x", TEXTS[::-1]).matrix().votes.tolist()


def test_a_damaged_file_is_refused_and_listed(folder_url, tmp_path, monkeypatch):
    run(folder_url)
    part = tmp_path / "store/first/votes/part-00001.parquet"
    part.write_bytes(bytes([255]) + part.read_bytes()[1:])
    (tmp_path / "store/first/summary.csv").unlink()
    elsewhere(monkeypatch, tmp_path, "b")
    assert lk.verify(folder_url) == ["summary.csv is missing", "votes/part-00001.parquet was changed"]
    with pytest.raises(RunFolderError, match=r"votes/part-00001.parquet of .* is not what its run wrote"):
        lk.RunFolder(folder_url).matrix()
    shown = CliRunner().invoke(cli, ["verify", folder_url], standalone_mode=False)
    assert shown.return_value == 1
    assert "votes/part-00001.parquet was changed" in shown.output


# Stopped at any moment ------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is killed here."""


def stop_after(monkeypatch, n):
    """Stop at the n-th file that is written or removed; returns how many there were."""
    seen = []

    def stopping(method):
        def called(self, *arguments):
            seen.append(arguments)
            if len(seen) > n:
                raise Killed
            return method(self, *arguments)

        return called

    monkeypatch.setattr(RemotePlace, "put", stopping(RemotePlace.put))
    monkeypatch.setattr(RemotePlace, "_remove", stopping(RemotePlace._remove))
    return seen


def readable(url):
    """Return the number of rows that a reader finds; None if it is refused."""
    try:
        return len(lk.RunFolder(url).labels())
    except RunFolderError:
        return None


@pytest.mark.parametrize("replaces", [False, True])
def test_an_upload_that_is_stopped_anywhere_goes_on(tmp_path, cache, replaces):
    wanted = without_times(local_files(run(tmp_path / "local").path))
    n, found = 0, set()
    while True:
        url = f"file://{tmp_path}/store/{n}"
        if replaces:
            run(url, TEXTS[:1_500])
        with pytest.MonkeyPatch.context() as patched:
            try:
                stop_after(patched, n)
                run(url, force=replaces)
                break
            except Killed:
                pass
        with pytest.MonkeyPatch.context() as patched:
            elsewhere(patched, tmp_path, f"other-{n}")
            found.add(readable(url))
        assert run(url).was_finished
        assert without_times(files_at(url)) == wanted
        n += 3
    assert n > 9
    assert found <= {None, 3_000, *([1_500] if replaces else [])}
    assert None in found


def test_a_killed_process_leaves_nothing_that_is_read_and_goes_on(folder_url, tmp_path):
    script = tmp_path / "go.py"
    (tmp_path / "rules.py").write_text(RULES)
    script.write_text(
        "import os, signal, sys\nimport labelkit as lk\nfrom labelkit.runs.remote_place import RemotePlace\n"
        "put = RemotePlace.put\n"
        "def killing(self, name, path):\n"
        "    if name == sys.argv[1]:\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    put(self, name, path)\n"
        "RemotePlace.put = killing\n"
        f"texts = {TEXTS!r}\n"
        f"lk.run('rules.py', texts, {folder_url!r}, progress=False, report=False, batch_size=1024)\n"
    )
    ended = subprocess.run([sys.executable, str(script), "manifest.json"], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    with pytest.raises(RunFolderError, match="is being written, or its writer was stopped"):
        lk.RunFolder(folder_url)
    assert "votes/part-00002.parquet" in files_at(folder_url)
    subprocess.run([sys.executable, str(script), "nothing"], cwd=tmp_path, check=True)
    assert len(lk.RunFolder(folder_url).matrix()) == 3_000
    assert lk.verify(folder_url) == []
    assert WRITER not in files_at(folder_url)


# Two writers ----------------------------------------------------------------------------------------------------------


def test_who_comes_second_does_not_overwrite_who_came_first(url, tmp_path, monkeypatch):
    run(url)
    send = RemotePlace.send

    def late(self, folder, base):
        monkeypatch.setattr(RemotePlace, "send", send)
        with monkeypatch.context() as other:
            elsewhere(other, tmp_path, "b")
            run(url, [*TEXTS, "win first"], update=True)
        return send(self, folder, base)

    monkeypatch.setattr(RemotePlace, "send", late)
    longer = [*TEXTS, "win first", "hi second"]
    with pytest.raises(RunFolderError, match="was written by somebody else while this run was made"):
        run(url, longer, update=True)
    assert len(lk.RunFolder(url).matrix()) == 3_001
    assert len(run(url, longer, update=True).matrix()) == 3_002
    assert [one.n_examples for one in lk.history(url).versions] == [3_000, 3_001, 3_002]


def writer(**changes):
    return json.dumps({"host": "another", "pid": 7, "time": time.time(), "to": "x", **changes}).encode()


def test_a_place_that_somebody_writes_is_refused(url):
    system, root = fsspec.core.url_to_fs(url)
    system.makedirs(root, exist_ok=True)
    system.pipe_file(f"{root}/{WRITER}", writer())
    with pytest.raises(RunFolderError, match=r"another run writes to .*: process 7 on another"):
        run(url)
    with pytest.raises(RunFolderError, match="is being written"):
        lk.RunFolder(url)
    system.pipe_file(f"{root}/{WRITER}", writer(time=time.time() - LEASE - 1))
    assert len(run(url).matrix()) == 3_000
    assert WRITER not in files_at(url)


def test_an_upload_that_stopped_elsewhere_is_replaced_by_force_alone(folder_url, tmp_path):
    store = tmp_path / "store/first"
    store.mkdir(parents=True)
    (store / WRITER).write_bytes(writer(time=0))
    (store / "left.parquet").write_bytes(b"half")
    with pytest.raises(RunFolderError, match="was stopped"):
        run(folder_url)
    run(folder_url, force=True)
    assert not (store / "left.parquet").exists()


# Refused --------------------------------------------------------------------------------------------------------------


def test_what_is_no_run_is_refused(folder_url, tmp_path):
    with pytest.raises(RunFolderError, match="there is no folder 'file:///"):
        lk.RunFolder(folder_url)
    (tmp_path / "store/first").mkdir(parents=True)
    (tmp_path / "store/first/a.csv").write_text("a")
    with pytest.raises(RunFolderError, match=r"it has no manifest\.json"):
        lk.RunFolder(folder_url)
    for force in (False, True):
        with pytest.raises(RunFolderError, match="is not a run folder"):
            run(folder_url, force=force)
    assert (tmp_path / "store/first/a.csv").read_text() == "a"
    with pytest.raises(RunFolderError, match="is a web address"):
        lk.RunFolder("https://example.org/run")
    run(f"{folder_url}2")
    with pytest.raises(RunFolderError, match="has no version 7"):
        lk.RunFolder(f"{folder_url}2@7")


def test_messages_and_files_have_no_secrets(tmp_path, cache, s3_server):
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(RunFolderError) as caught:
        lk.RunFolder("s3://bob:hunter2@no-such-bucket/first")
    assert "hunter2" not in str(caught.value)
    url = f"{s3_server}/{tmp_path.name}/first"
    run(url)
    assert not any(b"hunter2" in content for content in files_at(url).values())
    assert not any(b"hunter2" in content for content in local_files(cache).values())


# Commands and other functions -----------------------------------------------------------------------------------------


def test_commands_take_addresses(folder_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rules.py").write_text(RULES)
    Path("mails.csv").write_text("id,text\n" + "".join(f"{i},{text}\n" for i, text in enumerate(TEXTS)))

    def command(*arguments):
        shown = CliRunner().invoke(cli, [*arguments], catch_exceptions=False)
        assert shown.exit_code == 0, shown.output
        return shown.output

    assert f"written to {folder_url}" in command(
        "run", "rules.py", "mails.csv", "--id", "id", "--out", folder_url, "--quiet"
    )
    elsewhere(monkeypatch, tmp_path, "b")
    assert "spam" in command("summarize", folder_url)
    assert "win" in command("view", folder_url, "--labeled-by", "spam")
    assert "spam" in command("why", folder_url, "3")
    assert folder_url in command("history", folder_url)
    assert f"{folder_url}: whole and unchanged (1 version)" in command("verify", folder_url)
    command("export", folder_url, "--to", "out.csv")
    assert len(Path("out.csv").read_text().splitlines()) == 3_001
    assert f"written to {folder_url}/report.html" in command("report", folder_url)
    assert (tmp_path / "store/first/report.html").is_file()
    assert lk.verify(folder_url) == []


def test_votes_are_labeled_from_an_address_to_an_address(url, tmp_path):
    votes = lk.apply_to_folder([spam, ham], TEXTS, f"{url}-votes", labels=["HAM", "SPAM"], progress=False)
    model = lk.fit_votes(f"{url}-votes")
    labeled = lk.label_to_folder(f"{url}-votes", model, url)
    assert not votes.is_labeled
    assert labeled.is_labeled
    assert len(lk.RunFolder(url).labels()) == 3_000


def test_a_folder_that_was_copied_to_a_store_is_read(tmp_path, cache):
    run(tmp_path / "local")
    url = f"memory://{tmp_path.name}/copied"
    fsspec.filesystem("memory").put(str(tmp_path / "local"), f"/{tmp_path.name}/copied", recursive=True)
    assert len(lk.RunFolder(url).matrix()) == 3_000
    assert _copy_of(lk.RunFolder(url).path).place == RemotePlace.at(url)


def test_gold_certifies_a_run_at_an_address(folder_url, tmp_path, monkeypatch):
    gold = ["SPAM" if "win" in text else "HAM" for text in TEXTS]
    run(folder_url, gold=gold, report=True)
    elsewhere(monkeypatch, tmp_path, "b")
    certificate = certify_run(folder_url, gold, max_error=0.1)
    elsewhere(monkeypatch, tmp_path, "c")
    assert "certificate" in lk.RunFolder(folder_url).manifest
    assert lk.RunFolder(folder_url).layout.number == 2
    assert certificate.statement.split(":")[0] in files_at(folder_url)["report.html"].decode()
    assert lk.verify(folder_url) == []


def test_a_certificate_of_labels_that_were_replaced_at_the_address_is_refused(folder_url, tmp_path, monkeypatch):
    gold = ["SPAM" if "win" in text else "HAM" for text in TEXTS]
    opened = run(folder_url)
    assert opened.manifest["examples"] == 3_000
    run(folder_url, [*TEXTS, "win one more"], update=True)
    before = files_at(folder_url)
    with pytest.raises(RunFolderError, match="was updated since it was opened") as caught:
        certify_run(opened, gold, max_error=0.1)
    assert caught.value.code == "LK502"
    assert files_at(folder_url) == before
    assert lk.verify(folder_url) == []


def test_other_processes_open_the_address_again(folder_url, tmp_path, monkeypatch):
    run(folder_url)
    elsewhere(monkeypatch, tmp_path, "b")
    run(folder_url, [*TEXTS, "win"], update=True)
    sent = [pickle.dumps(lk.RunFolder(folder_url)), pickle.dumps(lk.RunFolder(f"{folder_url}@1"))]
    elsewhere(monkeypatch, tmp_path, "c")
    assert [len(pickle.loads(one).labels()) for one in sent] == [3_001, 3_000]


def test_functions_of_data_sets(folder_url, tmp_path):
    run(folder_url, corpus := TEXTS)
    made = lk.create_dataset(tmp_path / "set", corpus, run=folder_url)
    assert len(made) == 3_000
    with pytest.raises(RunFolderError, match="those stand in local folders"):
        lk.create_dataset(f"file://{tmp_path}/other", corpus, run=folder_url)
    with pytest.raises(RunFolderError, match=r"'file://.*first' is a run, and no data set"):
        lk.open_dataset(folder_url)
    fsspec.filesystem("memory").put(str(tmp_path / "set"), f"/{tmp_path.name}/set", recursive=True)
    with pytest.raises(RunFolderError, match="is a data set; only runs are read from addresses"):
        lk.RunFolder(f"memory://{tmp_path.name}/set")


def test_a_sample_is_drawn_of_a_run_at_an_address(folder_url, tmp_path):
    run(folder_url)
    out = tmp_path / "sample.csv"
    arguments = ["sample", folder_url, "--method", "stratified", "--by", "label", "--n", "20", "--out", str(out)]
    shown = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert shown.exit_code == 0
    assert len(out.read_text().splitlines()) == 21

"""The cache folder is its user's alone, and no link in it is followed."""

import os
import stat
import sys

import pytest

import labelkit as lk
from labelkit._shared import cache_folder
from labelkit.apply.vote_cache import VoteCache
from labelkit.exceptions import StopRunError
from labelkit.rules.prompts.answer_store import AnswerStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")

TEXTS = ["free money", "hello", "free"]


def apply(cache):
    return lk.Applier([lk.keywords("free", label=1).rule(name="free")], labels=2).apply(TEXTS, cache=cache)


def entries(folder):
    return sorted(path for path in folder.rglob("*.int8") if not path.name.startswith("."))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def victim(tmp_path):
    """A folder outside with files that are called as those of a cache are."""
    folder = tmp_path / "victim"
    (folder / "ab").mkdir(parents=True)
    for name in ("ab/0123456789abcdef.int8", "ab/.0123456789abcdef.int8.x.draft", "precious.json", "ab.int8"):
        (folder / name).write_bytes(b"precious")
        os.utime(folder / name, (0, 0))
    return folder


def unharmed(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files) == 4 and all(path.read_bytes() == b"precious" and path.stat().st_mtime == 0 for path in files)


def test_the_folder_is_made_for_its_user_alone(tmp_path):
    folder = tmp_path / "new" / "cache"
    apply(folder)
    assert mode(folder) == 0o700
    assert mode(folder / "votes-2") == 0o700
    assert len(entries(folder)) == 1


@pytest.mark.parametrize("before", [0o755, 0o775, 0o750])
def test_a_folder_of_caches_that_others_could_read_is_closed(tmp_path, before):
    folder = tmp_path / "cache"
    (folder / "votes-2").mkdir(parents=True)
    for one in (folder, folder / "votes-2"):
        one.chmod(before)
    apply(folder)
    assert mode(folder) == 0o700


def test_a_folder_of_other_things_keeps_its_permissions(tmp_path):
    (tmp_path / "cache").mkdir(mode=0o755)
    (tmp_path / "cache" / "notes.txt").write_text("mine")
    before = mode(tmp_path / "cache")
    apply(tmp_path / "cache")
    assert mode(tmp_path / "cache") == before
    assert mode(tmp_path / "cache" / "votes-2") == 0o700


def refuse(tmp_path, folder, reason):
    with pytest.warns(UserWarning, match=reason) as caught:
        matrix = apply(folder)
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    assert matrix.votes.ravel().tolist() == [1, -1, 1]
    assert not entries(tmp_path)
    assert VoteCache(folder).clear() == 0
    with pytest.raises(StopRunError, match=reason):
        AnswerStore(folder / "answers.sqlite")


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    refuse(tmp_path, tmp_path / "cache", "it is a link")


def test_a_folder_that_anybody_may_write_to_is_refused(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    refuse(tmp_path, tmp_path / "cache", "anybody may write")


def test_a_folder_in_one_that_anybody_may_write_to_is_refused_unless_it_is_sticky(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    refuse(tmp_path, tmp_path / "open" / "cache", "anybody may replace")
    (tmp_path / "open").chmod(0o1777)
    apply(tmp_path / "open" / "cache")
    assert len(entries(tmp_path / "open")) == 1


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    refuse(tmp_path, tmp_path / "cache", "another user")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.warns(UserWarning, match="it is not a folder"):
        apply(tmp_path / "cache")


@pytest.mark.parametrize("place", ["votes-2", "votes-2/ab", "votes-2/corpora", "every folder"])
def test_a_link_in_the_cache_is_not_followed(tmp_path, victim, place):
    cache = tmp_path / "cache"
    if place == "every folder":
        (cache / "votes-2").mkdir(parents=True)
        for number in range(256):
            (cache / "votes-2" / f"{number:02x}").symlink_to(victim)
        apply(cache)
    else:
        (cache / place).parent.mkdir(parents=True, exist_ok=True)
        (cache / place).symlink_to(victim)
    kept = VoteCache(cache, max_bytes=0)
    assert kept.size() == (0, 0)
    kept.prune()
    kept.clear()
    assert unharmed(victim)


@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_a_link_in_the_place_of_votes_is_neither_read_nor_written_through(tmp_path, link):
    apply(tmp_path / "cache")
    (entry,) = entries(tmp_path)
    other = tmp_path / "other"
    other.write_bytes(entry.read_bytes() if link == "symbolic" else b"precious")
    os.utime(other, (0, 0))
    before = other.read_bytes()
    entry.unlink()
    if link == "symbolic":
        entry.symlink_to(other)
    else:
        entry.hardlink_to(other)
    assert apply(tmp_path / "cache").votes.ravel().tolist() == [1, -1, 1]
    VoteCache(tmp_path / "cache").clear()
    assert other.read_bytes() == before
    assert other.stat().st_mtime == 0
    assert not entries(tmp_path)


def test_answers_are_for_their_user_alone_and_no_link_is_followed(tmp_path):
    store = AnswerStore(tmp_path / "cache" / "answers.sqlite")
    store.close()
    assert mode(tmp_path / "cache") == 0o700
    assert mode(store.path) == 0o600
    (tmp_path / "other").write_bytes(b"")
    store.path.unlink()
    store.path.symlink_to(tmp_path / "other")
    with pytest.raises(StopRunError, match="it is a link"):
        AnswerStore(store.path)
    assert (tmp_path / "other").read_bytes() == b""


def test_a_system_without_users_has_no_permissions(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "geteuid")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    assert cache_folder.make_private(tmp_path / "cache") == ""
    apply(tmp_path / "cache")
    assert len(entries(tmp_path)) == 1

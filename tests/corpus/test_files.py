"""Files are hashed once where it is certain that they are the same, and else anew."""

import os

import pytest

from labelkit.corpus import _files
from labelkit.corpus._files import fingerprint_files, fingerprint_of_first


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "DIGESTED_BYTES", 10)
    _files._digest_kept.cache_clear()
    path = tmp_path / "c.csv"
    path.write_bytes(b"0123456789" * 2 + b"abc")
    return path


def pieces_kept():
    return _files._digest_kept.cache_info().currsize


def test_a_settled_file_is_read_once_for_the_hash_of_the_whole_and_of_its_beginning(file, monkeypatch):
    fresh = fingerprint_files([file]), *fingerprint_of_first(file, [20, 23])
    assert pieces_kept() == 0  # it was written a moment ago
    monkeypatch.setattr(_files, "SETTLED_SECONDS", -1e9)
    whole = fingerprint_files([file])
    assert pieces_kept() == 3
    assert (whole, *fingerprint_of_first(file, [20, 23])) == fresh
    assert pieces_kept() == 3
    assert fingerprint_of_first(file, [23]) == [whole]


def test_a_settled_file_that_is_written_again_with_as_many_bytes_has_another_hash(file, monkeypatch):
    monkeypatch.setattr(_files, "SETTLED_SECONDS", -1e9)
    before, head = fingerprint_files([file]), fingerprint_of_first(file, [12])
    file.write_bytes(b"9876543210" * 2 + b"abc")
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))  # whatever the clock of the file system is
    assert fingerprint_files([file]) != before
    assert fingerprint_of_first(file, [12]) != head

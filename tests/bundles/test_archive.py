"""A bundle that was damaged or changed is refused, in one line that names what changed."""

import json
import random
import stat
import zipfile

import pytest

import labelkit as lk
from labelkit.bundles._archive import read_archive, write_archive
from labelkit.exceptions import BundleError

MEMBERS = {"files/rules.py": b"X = 1\n", "files/data/words.txt": b"love\n", "model/model.json": b"{}"}


@pytest.fixture
def small(tmp_path):
    write_archive(tmp_path / "a.labelkit", {"classes": ["A"]}, MEMBERS)
    return tmp_path / "a.labelkit"


def rewritten(path, change, **options):
    """Write the members anew as a zip tool does, with a change of the list of names and contents."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in change(members):
            archive.writestr(name, data)


def refusal(path):
    with pytest.raises(BundleError) as caught:
        lk.load_bundle(path)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value.message


def test_it_is_read_as_it_was_written(small):
    manifest, members = read_archive(small)
    assert {name: data for name, data in members.items() if name != "manifest.json"} == MEMBERS
    assert manifest["classes"] == ["A"]


@pytest.mark.parametrize("name", [*MEMBERS, "manifest.json"])
def test_a_changed_member_is_named(small, name):
    rewritten(small, lambda members: [(n, b"#" + data if n == name else data) for n, data in members])
    assert f"{name!r}" in refusal(small) or "manifest.json that cannot be read" in refusal(small)


@pytest.mark.parametrize("name", [*MEMBERS, "manifest.json"])
def test_a_removed_member_is_named(small, name):
    rewritten(small, lambda members: [pair for pair in members if pair[0] != name])
    assert name in refusal(small)


def test_an_added_member_is_named(small):
    rewritten(small, lambda members: [*members, ("files/more.py", b"")])
    assert "'files/more.py' was added" in refusal(small)


def test_a_manifest_that_was_written_again_is_noticed(small):
    """Its digests fit, but the file is not the one that was written."""
    rewritten(
        small, lambda members: [(n, d.replace(b'"A"', b'"B"') if n == "manifest.json" else d) for n, d in members]
    )
    assert "is damaged: its digest" in refusal(small)


def test_no_flipped_bit_goes_unnoticed(small):
    data, draw = small.read_bytes(), random.Random(0)
    for _ in range(300):
        place, bit = draw.randrange(len(data)), 1 << draw.randrange(8)
        small.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
        refusal(small)
    for length in (0, 1, 21, len(data) // 2, len(data) - 1):
        small.write_bytes(data[:length])
        refusal(small)
    small.write_bytes(data + b"more")
    refusal(small)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"format": 1}', '{"format": 1, "members": []}', '{"format": 1, "members": 3}',
             '{"format": 1, "members": {"a": {"sha256": 1}}}', "[" * 10_000, '{"format": 99, "members": {}}', "\xff"]
)  # fmt: skip
def test_a_bad_manifest_is_refused(small, text):
    rewritten(small, lambda members: [(n, text.encode("latin-1") if n == "manifest.json" else d) for n, d in members])
    assert "manifest.json" in refusal(small) or "format 99" in refusal(small)


@pytest.mark.parametrize(
    "name", ["../out.py", "/etc/out.py", "a/../../out.py", "C:/out.py", "a\\b.py", "a//b.py", "d/"]
)
def test_members_that_would_be_written_elsewhere_are_refused(small, name):
    rewritten(small, lambda members: [*members, (name, b"")])
    assert "outside of its folder" in refusal(small)


def test_links_are_refused(small):
    link = zipfile.ZipInfo("files/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    rewritten(small, lambda members: [*members, (link, b"/etc/passwd")])
    assert "'files/link' that is no plain file" in refusal(small)


def test_what_is_compressed_is_refused_before_it_is_unpacked(small):
    rewritten(small, lambda members: [*members, ("bomb", bytes(10_000_000))], compression=zipfile.ZIP_DEFLATED)
    assert "claims to hold more bytes than it has" in refusal(small)
    write_archive(small, {}, MEMBERS)
    rewritten(small, lambda members: members, compression=zipfile.ZIP_DEFLATED)
    assert "is compressed" in refusal(small) or "more bytes" in refusal(small)


def test_a_member_that_stands_twice_is_refused(small):
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(small, lambda members: [*members, members[0]])
    assert "stands twice" in refusal(small)


def test_a_member_count_is_bounded(small):
    rewritten(small, lambda members: [*members, *((f"n{i}", b"") for i in range(10_001))])
    assert "more than 10,000" in refusal(small)


@pytest.mark.parametrize("key", ["rules", "modules", "classes", "versions", "rule_modules", "corpus"])
def test_a_manifest_that_lacks_a_part_is_refused(packed, tmp_path, key):
    manifest, members = read_archive(packed)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    path = tmp_path / "b.labelkit"
    write_archive(path, {k: v for k, v in manifest.items() if k != key}, rest)
    if key == "corpus":
        lk.load_bundle(path).close()
    else:
        assert key in refusal(path)


def test_what_is_no_file_or_no_zip_is_refused(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "none.labelkit")
    assert "is a folder, and not a bundle" in refusal(tmp_path)
    (tmp_path / "text").write_text("hello")
    assert "is no whole zip file" in refusal(tmp_path / "text")


def test_a_rule_that_was_changed_with_its_digest_is_refused_by_its_fingerprint(packed, tmp_path):
    manifest, members = read_archive(packed)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    rest["files/rules.py"] = rest["files/rules.py"].replace(b'"subscribe"', b'"unsubscribe"')
    path = tmp_path / "b.labelkit"
    write_archive(path, manifest, rest)
    assert "rule 'asks' of the bundle" in refusal(path)
    assert json.loads(json.dumps(manifest["classes"])) == ["HAM", "SPAM"]

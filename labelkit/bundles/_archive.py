"""Write and read the file of a bundle: a zip whose bytes depend on its content alone.

Members are stored, not compressed, with one date and one mode, in the order of their names. So the same content is the
same bytes on every machine, and a bundle is never larger when it is unpacked. ``manifest.json`` lists every other
member with its digest, and the comment of the zip is a digest of all bytes before it: whatever changes is noticed, and
the member that changed is named. A digest shows damage and mistakes. It is no signature: whoever writes a bundle can
write any code into it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from labelkit._shared.files import replaced
from labelkit._shared.near_names import path_hint
from labelkit._shared.unreadable import opening
from labelkit._shared.what_stands import A_BUNDLE, A_RUN, what_stands
from labelkit.exceptions import BundleError

FORMAT: Final = 1
"""Version of the layout; raised when an older labelkit could not read it."""

MANIFEST: Final = "manifest.json"
MOST_MEMBERS: Final = 10_000
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = (stat.S_IFREG | 0o600) << 16
_SIGN: Final = b"labelkit bundle sha256="


def write_archive(path: Path, manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    """Write a bundle beside its place, and move it there when it is whole."""
    described = {name: {"sha256": digest_of(data), "bytes": len(data)} for name, data in sorted(members.items())}
    text = json.dumps({**manifest, "format": FORMAT, "members": described}, indent=1, sort_keys=True)
    with replaced(path) as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
            for name, data in sorted({**members, MANIFEST: f"{text}\n".encode()}.items()):
                info = zipfile.ZipInfo(name, _DATE)
                info.external_attr = _MODE
                info.create_system = 3
                archive.writestr(info, data)
            archive.comment = _SIGN + b"0" * 64
        data = draft.read_bytes()
        draft.write_bytes(data[:-64] + digest_of(data[:-64]).encode())


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a bundle into memory: its manifest and its members, checked.

    Raises
    ------
    BundleError
        If it is no bundle, is damaged, or a member was changed, added or removed since it was written.
    """
    try:
        with opening(BundleError):
            data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL
        if (stands := what_stands(path)) is not None and path.is_dir():
            raise _no_bundle(path, stands) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise BundleError(
            f"the bundle {str(path)!r} cannot be read: {reason}",
            hint=path_hint(path, "labelkit bundle RUN --out FILE writes one"),
            code="LK201",
        ) from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members_of(archive, len(data), path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, BundleError):
            raise
        stands = what_stands(path)
        if stands not in {A_BUNDLE, "a file", None}:
            raise _no_bundle(path, str(stands)) from None
        raise refused(path, f"is no whole zip file ({error})") from None
    manifest = _manifest_of(members, path)
    _compare(manifest["members"], members, path)
    if data[-64:] != digest_of(data[:-64]).encode() or data[-64 - len(_SIGN) : -64] != _SIGN:
        raise refused(path, "is damaged: its digest is not that of its bytes")
    return manifest, members


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def extract(members: Mapping[str, bytes], folder: Path) -> None:
    """Write members into an empty folder; their names were checked."""
    for name, data in members.items():
        target = folder.joinpath(*PurePosixPath(name).parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)


def _members_of(archive: zipfile.ZipFile, n_bytes: int, path: Path) -> dict[str, bytes]:
    """Read all members, after a look at their descriptions: nothing is unpacked that is not a plain stored file."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise refused(path, f"has {len(infos):,} members, more than {MOST_MEMBERS:,}")
    if sum(info.file_size for info in infos) > n_bytes:
        raise refused(path, "claims to hold more bytes than it has")
    members: dict[str, bytes] = {}
    for info in infos:
        problem = _problem_of(info)
        if problem or info.filename in members:
            raise refused(path, f"has a member {info.filename!r} that {problem or 'stands twice'}")
        try:
            members[info.filename] = archive.read(info)
        except zipfile.BadZipFile as error:
            raise refused(path, f"is damaged in {info.filename!r} ({error})") from None
    return members


def _problem_of(info: zipfile.ZipInfo) -> str:
    name, kind = info.filename, stat.S_IFMT(info.external_attr >> 16)
    parts = name.split("/")
    if not name or "\\" in name or "\0" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        return "would be written outside of its folder"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file, but a link or device"
    if info.compress_type != zipfile.ZIP_STORED:
        return "is compressed, which no member of a bundle is"
    return "is encrypted" if info.flag_bits & 1 else ""


def _manifest_of(members: Mapping[str, bytes], path: Path) -> dict[str, Any]:
    if MANIFEST not in members:
        raise refused(path, f"has no {MANIFEST}")
    try:
        manifest = json.loads(members[MANIFEST].decode())
        format_ = manifest["format"]
        listed = {str(name): (str(one["sha256"]), int(one["bytes"])) for name, one in manifest["members"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refused(path, f"has a {MANIFEST} that cannot be read ({type(error).__name__}: {error})") from None
    if format_ != FORMAT:
        raise BundleError(
            f"the bundle {str(path)!r} has format {format_!r}, and this labelkit reads format {FORMAT}",
            hint="bundle the run again with this version, or install the one that wrote it",
            code="LK551",
        )
    return {**manifest, "members": {name: sha for name, (sha, _) in listed.items()}}


def _compare(listed: Mapping[str, str], members: Mapping[str, bytes], path: Path) -> None:
    """Hold the members against the manifest."""
    missing = [name for name in listed if name not in members]
    added = [name for name in members if name not in listed and name != MANIFEST]
    changed = [name for name, data in members.items() if name in listed and digest_of(data) != listed[name]]
    for what, names in (("was removed", missing), ("was added", added), ("was changed", changed)):
        if names:
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise refused(path, f"is not as it was written: {names[0]!r}{more} {what}")


def _no_bundle(path: Path, stands: str) -> BundleError:
    """Make the error for a path at which something else is."""
    hint = "give the file that `labelkit bundle RUN --out FILE` wrote; `labelkit predict` takes it before the corpus"
    if stands == A_RUN:
        hint = f"`labelkit bundle {shlex.quote(str(path))} --out FILE.labelkit` comes first: give that file"
    return BundleError(f"{str(path)!r} is {stands}, and not a bundle", hint=hint, code="LK551")


def refused(path: Path, what: str) -> BundleError:
    """Make the error for a bundle that is not as it was written."""
    return BundleError(
        f"the bundle {str(path)!r} {what}",
        hint="bundle the run again, or copy the file again from where it was made",
        code="LK551",
    )

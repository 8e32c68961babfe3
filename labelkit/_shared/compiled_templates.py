"""Keep compiled templates in the user's cache folder: compiling those of a report takes as long as a small run.

A file of the cache is code that will run, so the folder is its user's alone (:mod:`labelkit._shared.cache_folder`), and
a file that does not bear the digest of its content, as a damaged one, is no entry.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import jinja2

from labelkit._shared.cache_folder import default_folder, is_file_of_user, keeps_nothing, make_private
from labelkit._shared.files import replaced

DIGEST_BYTES: Final = 32


class CompiledTemplates(jinja2.BytecodeCache):
    """Compiled templates of this version of Jinja2 and of Python.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_user(cls) -> CompiledTemplates | None:
        """Return those in the user's cache folder; None if there is to be none, or it is not safe."""
        folder = default_folder()
        if keeps_nothing() or make_private(folder):
            return None
        place = folder / f"templates-{jinja2.__version__}-{sys.implementation.cache_tag}"
        return None if make_private(place) else cls(place)

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Load a template, if it is there and whole; Jinja2 compares it with the source."""
        path = self._path(bucket)
        if not is_file_of_user(path):
            return
        with suppress(OSError):
            content = path.read_bytes()
            if blake2b(content[DIGEST_BYTES:], digest_size=DIGEST_BYTES).digest() == content[:DIGEST_BYTES]:
                bucket.bytecode_from_string(content[DIGEST_BYTES:])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep a template; where there is no room for it, it is compiled again."""
        compiled = bucket.bytecode_to_string()
        with suppress(OSError), replaced(self._path(bucket), one_of_many=True) as draft:
            draft.write_bytes(blake2b(compiled, digest_size=DIGEST_BYTES).digest() + compiled)

    def clear(self) -> None:
        """Remove all of them."""
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)

    def _path(self, bucket: jinja2.bccache.Bucket) -> Path:
        return self.folder / bucket.key

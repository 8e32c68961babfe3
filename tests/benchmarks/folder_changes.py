"""The steps by which a run folder changes other than by runs, as rules of a state machine."""

from __future__ import annotations

import shutil
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import labelkit as lk
from labelkit.exceptions import LabelkitError
from labelkit.runs.certify_run import certify_run
from labelkit.runs.versions import verify
from tests.benchmarks.project_changes import ProjectChanges

APART = ("timings.json", "version.json")
"""Files that differ whenever the same run is made."""

SEEN: Counter[str] = Counter()
"""What the steps came to."""


def contents(folder: Path, *, versions: bool = False) -> dict[str, bytes]:
    """Return the bytes of a run folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in files
        if versions or (file.name not in APART and folder / "versions" not in file.parents)
    }


class FolderChanges(ProjectChanges):
    """A project that changes, and its run folder, with which people do something else than runs."""

    def __init__(self) -> None:
        super().__init__()
        self.out = self.place / "out"

    @rule(copied=st.booleans())
    @precondition(lambda self: self.out.exists())
    def move_folder(self, copied: bool) -> None:
        """Bring the folder elsewhere, or copy it to another disk, and back."""
        away = self.place / "away"
        if copied:
            shutil.copytree(self.out, away, copy_function=shutil.copyfile)
            shutil.rmtree(self.out)
            shutil.copytree(away, self.out, copy_function=shutil.copyfile)
            shutil.rmtree(away)
        else:
            self.out.rename(away)
            assert verify(away) == []
            away.rename(self.out)
        assert verify(self.out) == []

    @rule(max_error=st.sampled_from([0.01, 0.3, 0.6]))
    @precondition(lambda self: self.out.exists())
    def certify(self, max_error: float) -> None:
        """Certify what it has; a run that is made again says nothing of that."""
        before = contents(self.out)
        labels = lk.RunFolder(self.out).labels()
        audit = {id_: int(i % 7 == 0) for i, id_ in enumerate(labels.ids.tolist()) if i % 2}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = certify_run(self.out, audit, max_error)
            except LabelkitError as error:
                assert contents(self.out) == before
                SEEN[f"certificate refused {error.code}"] += 1
                return
        SEEN["certified" if found.n_kept else "not certified"] += 1
        assert verify(self.out) == []
        after = contents(self.out)
        assert {name for name in before if after.get(name) != before[name]} <= {"manifest.json", "report.html"}

    @rule(share=st.floats(0, 1))
    @precondition(lambda self: self.out.exists())
    def restore(self, share: float) -> None:
        """Go back to an old version."""
        current = lk.history(self.out).versions[-1].number
        if current > 1:
            number = 1 + int(share * (current - 2))
            before = contents(lk.RunFolder(self.out, number).layout.folder)
            lk.restore(self.out, number)
            assert contents(self.out) == before
            assert verify(self.out) == []
            self.untouched = False
            SEEN["restored"] += 1

"""Four programs of the kind that Snorkel's users have, with nothing but the imports changed."""

from __future__ import annotations

import numbers
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import labelkit as lk

PROGRAMS = Path(__file__).with_name("programs")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings(
        "ignore:Input has data type int64:FutureWarning"
    ),  # of Snorkel's analysis by scipy.sparse,
]


def run(program, folder, *, migrated):
    """Run a copy of the program, its imports as they are or migrated."""
    folder.mkdir()
    path = shutil.copy(PROGRAMS / f"{program}.py", folder / f"{program}_{'ours' if migrated else 'theirs'}.py")
    if migrated:
        assert lk.migrate_snorkel(path, write=True).by_hand == ()
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(path.read_text("utf-8"), path, "exec"), vars(module))
        return module.main(folder)
    finally:
        del sys.modules[module.__name__]


def check_equal(ours, theirs, tolerance):
    """Compare values of any kind, with their types; floats to within a tolerance."""
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=tolerance)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance if theirs.dtype.kind == "f" else 0)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            check_equal(ours[key], value, tolerance)
    elif isinstance(theirs, list | tuple):
        assert type(ours) is type(theirs)
        for one, other in zip(ours, theirs, strict=True):
            check_equal(one, other, tolerance)
    elif isinstance(theirs, numbers.Real):
        assert ours == pytest.approx(theirs, abs=tolerance)
    else:
        assert ours == theirs


@pytest.mark.parametrize("program", ["spam", "relations", "crowd", "augmentation"])
def test_a_program_gives_the_same_with_its_imports_changed(program, tmp_path, monkeypatch):
    nlp = pytest.importorskip("snorkel.labeling.lf.nlp")
    monkeypatch.delattr(nlp.NLPLabelingFunction, "_nlp_config", raising=False)  # one for a process
    theirs = run(program, tmp_path / "theirs", migrated=False)
    ours = run(program, tmp_path / "ours", migrated=True)
    assert list(ours) == list(theirs)
    differing = {}
    for key, value in theirs.items():
        try:
            check_equal(ours[key], value, tolerance=1e-3)
        except AssertionError as error:
            differing[key] = str(error)
    assert not differing, "\n\n".join(f"{key}: {reason}" for key, reason in differing.items())

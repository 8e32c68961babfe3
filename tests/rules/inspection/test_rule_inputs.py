"""The inputs of rules, and their descriptions, say the same of the same moment."""

from pathlib import Path

import pytest

import labelkit as lk
from labelkit.rules.inspection.rule_inputs import fingerprints_of_all, inputs_of_all

MODULES = Path(__file__).parents[3] / "labeling_functions"


@pytest.mark.parametrize("module", ["comments", "moderation"])
def test_inputs_have_the_fingerprints_of_the_descriptions(module):
    path = MODULES / f"{module}.py"
    expected = fingerprints_of_all(lk.collect(path))
    lfs = lk.collect(path)
    assert [one.fingerprint for one in inputs_of_all(lfs)] == expected
    assert [one.fingerprint for one in lfs.inputs().values()] == expected
    assert [info.fingerprint for info in lfs.infos] == expected == [info.fingerprint for info in lk.collect(path).infos]


def test_of_a_rule_that_changes_what_it_reads_the_first_fingerprint_counts(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\nSEEN = []\n@lk.labeling_function\ndef rule(text):\n    SEEN.append(text)\n    return 1\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=2)
    (first,) = (one.fingerprint for one in lfs.inputs().values())
    lk.Applier(lfs).apply(["a", "b"], on_fault="record")
    assert [one.fingerprint for one in inputs_of_all(lfs)] == [first] == fingerprints_of_all(lfs)


def test_descriptions_stay_as_they_were_first_asked_for(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\nLIMIT = [1]\n@lk.labeling_function\ndef rule(text):\n    return len(text) > LIMIT[0]\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=2)
    before = lfs.infos
    lfs[0].body.function.__globals__["LIMIT"][0] = 2
    assert lfs.inputs()["rule"].fingerprint != before[0].fingerprint
    assert lfs.infos is before

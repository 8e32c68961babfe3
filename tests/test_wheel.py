"""What is installed is what was tested: the wheel, in an environment of its own, from another folder."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.waiting import GUARD

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=GUARD)
    (made,) = folder.glob("labelkit-*.whl")
    return made


def without_path():
    """The environment without the path by which labelkit may be importable here."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_the_wheel_holds_the_package_its_templates_and_its_type_marker(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "labelkit/py.typed",
        "labelkit/cli/skill.md.txt",
        "labelkit/datasets/starter/comments.py.txt",
        "labelkit/apply/engines/processes.py",
        "labelkit/_shared/result.html.jinja",
        "labelkit/_shared/base.css",
        "labelkit/annotate/page/page.html.jinja",
        "labelkit/annotate/page/style.css",
        "labelkit/annotate/page/script.js",
        "labelkit/views/view.html.jinja",
        "labelkit/runs/report/templates/page.html.jinja",
        "labelkit/runs/report/style.css",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "labeling_functions/"))]


def test_the_installed_wheel_runs_check_and_run_from_another_folder(wheel, tmp_path):
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=GUARD)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run([str(part) for part in install], check=True, capture_output=True, timeout=GUARD)
    # The dependencies are those of this environment; labelkit itself can come only from the wheel, since the file that
    # makes an editable install importable is not read in a folder that stands on the path like this.
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    work = tmp_path / "elsewhere"
    work.mkdir()

    def run(*command):
        return subprocess.run(
            command, cwd=work, env=without_path(), capture_output=True, text=True, check=False, timeout=GUARD
        )

    where = run(python, "-c", "import labelkit; print(labelkit.__file__)")
    assert str(home) in where.stdout, where.stderr
    assert run(home / "bin" / "labelkit", "init", "first").returncode == 0
    check = run(home / "bin" / "labelkit", "check", "first/labeling_functions/comments.py", "first/comments.csv")
    assert check.returncode == 0, check.stderr
    command = "run first/labeling_functions/comments.py first/comments.csv --out out --workers 2 --batch-size 1024"
    done = run(home / "bin" / "labelkit", *command.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert (work / "out" / "labels" / "part-00000.parquet").is_file()
    assert "Rule by rule" in (work / "out" / "report.html").read_text("utf-8")


# --------------------------------------------------------------- the user's lines, however labelkit is installed

RULES = """
import numpy as np
import labelkit as lk

LIMIT = 3

def helper(text):
    return 1 // (len(text) - len(text))

@lk.labeling_function
def broken(text):
    return helper(text)

@lk.labeling_function(examples={"a": 1})
def cached(text):
    return 1 if np.log(len(text) + 1) < LIMIT else None

@lk.regex(r"(x+)+$", label=1)
def hopeless(text): "Never ends on a bad text."

@lk.keywords("free", "win", label=1)
def offers(text): "Keywords."
"""

PROBE = """
import json, sys, warnings
import pandas as pd
import labelkit as lk
from labelkit._shared import memory
from labelkit.apply.vote_cache import why_not
from labelkit.checks.lint import lint
from labelkit.matching import column_scan
from labelkit.rules.inspection._origin import is_ours

lfs = lk.collect("rules.py", labels=2)
facts = {"file": lk.__file__}
matrix = lk.Applier(lfs).apply(["free now", "hm"], on_fault="record")
facts["fault"] = matrix.faults[0].message
facts["cached"] = {lf.name: why_not(lf) for lf in lfs}
facts["ours"] = [is_ours(thing) for thing in (lk, lk.collect, lk.Applier, pd, pd.DataFrame, lfs["broken"].body.function)]
facts["lint"] = [problem.rule for problem in lint(lfs)]

votes = lk.Applier(lfs[["offers"]]).apply(["free now", "hm"] * 100)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    memory.MUCH = memory.LITTLE = 0.0
    lk.DawidSkene().fit(votes)  # the line of the warning
facts["warning"] = [(warning.filename, warning.lineno) for warning in caught if "GB" in str(warning.message)]

column_scan.WORTH_COMPILING = 0
many = pd.DataFrame({"text": ["free now", "hm", "x win", None] * 50})
scanned = lk.Applier(lfs[["offers"]]).apply(many, cache=False)
facts["compiled"] = "numba" in sys.modules
facts["scanned"] = scanned.votes.ravel()[:4].tolist()
print(json.dumps(facts))
"""


def site_folder(form, wheel, folder):
    """Make an environment with labelkit as an editable install, as an unpacked wheel, or as a zip file on the path."""
    home = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=GUARD)
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if form == "wheel":
        zipfile.ZipFile(wheel).extractall(site)
        return home / "bin" / "python", site
    place = ROOT if form == "editable" else wheel
    (site / "labelkit.pth").write_text(f"{place}\n")
    return home / "bin" / "python", place


@pytest.fixture(scope="module", params=["editable", "wheel", "zip"])
def installed(request, wheel, tmp_path_factory):
    """A Python with labelkit installed in one of three ways, the place of labelkit, and a folder with rules."""
    folder = tmp_path_factory.mktemp(request.param)
    python, place = site_folder(request.param, wheel, folder)
    work = folder / "labelkit_rules"  # a name that begins as labelkit's folder does
    work.mkdir()
    (work / "rules.py").write_text(RULES)
    (work / "probe.py").write_text(PROBE)

    def run(*arguments):
        command = [str(python), *arguments]
        return subprocess.run(
            command, cwd=work, env=without_path(), capture_output=True, text=True, check=False, timeout=GUARD
        )

    return run, place


def line_of(source, text):
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


def test_faults_warnings_and_the_cache_tell_the_users_code_from_labelkit_however_it_is_installed(installed):
    run, place = installed
    done = run("probe.py")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["file"].startswith(f"{place}/labelkit/")
    message = f"integer division or modulo by zero (rules.py, line {line_of(RULES, '1 // ')})"
    assert facts["fault"] == message
    assert facts["ours"] == [False, False, False, False, False, True]
    assert facts["cached"] == {name: [] for name in ("broken", "cached", "hopeless", "offers")}
    assert facts["lint"] == ["hopeless"]
    ((file, line),) = facts["warning"]
    assert (Path(file).name, line) == ("probe.py", line_of(PROBE, "the line of the warning"))
    assert facts["compiled"]
    assert facts["scanned"] == [1, -1, 1, -1]


def test_a_failing_rule_is_shown_by_its_own_lines_in_pytest_however_labelkit_is_installed(installed):
    run, _ = installed
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "rules.py", "-k", "cached or broken")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    text = RULES.replace("@lk.labeling_function\ndef broken", "@lk.labeling_function(examples={'a': 1})\ndef broken")
    code = f"from pathlib import Path; Path('failing.py').write_text({text!r})"
    assert run("-c", code).returncode == 0
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "failing.py", "-k", "broken")
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    assert f"failing.py:{line_of(text, '1 // ')}: ZeroDivisionError" in done.stdout
    assert "labelkit/checks" not in done.stdout
    assert "labelkit/rules" not in done.stdout


def test_a_starter_project_is_made_checked_and_run_however_labelkit_is_installed(installed):
    run, _ = installed
    assert run("-m", "labelkit", "init", "first").returncode == 0
    check = run("-m", "labelkit", "check", "first/labeling_functions/comments.py", "first/comments.csv")
    assert check.returncode == 0, check.stderr
    command = "run first/labeling_functions/comments.py first/comments.csv --out out --workers 2 --batch-size 1024"
    done = run("-m", "labelkit", *command.split())
    assert (done.returncode, done.stderr) == (0, "")


def test_each_core_dependency_has_an_oldest_version():
    script = subprocess.run(
        [sys.executable, ROOT / ".ci" / "lower_bounds.py"], check=True, capture_output=True, text=True
    )
    pins = dict(line.split("==") for line in script.stdout.splitlines())
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert [f"{name}>={version}" for name, version in pins.items()] == dependencies


def test_the_metadata_of_the_wheel_are_fit_to_be_published(wheel):
    script = subprocess.run(
        [sys.executable, ROOT / ".ci" / "release_metadata.py", wheel], check=False, capture_output=True, text=True
    )
    assert (script.returncode, script.stderr) == (0, "")

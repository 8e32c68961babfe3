"""What is installed is what was tested: the wheel, in an environment of its own, from another folder."""

import os
import subprocess
import sys
import sysconfig
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


def test_the_wheel_holds_the_package_its_templates_and_its_type_marker(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "labelkit/py.typed",
        "labelkit/datasets/starter/comments.py.txt",
        "labelkit/apply/engines/processes.py",
        "labelkit/_shared/result.html.jinja",
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
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command):
        return subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=GUARD
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

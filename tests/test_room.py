"""What does not fit into memory is refused beforehand, and what takes much is announced."""

import subprocess
import sys
import warnings

import pytest

from labelkit import _room
from labelkit._room import check_room, free_memory
from labelkit.exceptions import ModelError


def test_what_fits_is_passed_over_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_room(1e6, "a table")


def test_what_takes_much_is_announced_and_the_warning_points_at_the_caller(monkeypatch):
    monkeypatch.setattr(_room, "free_memory", lambda: 12e9)
    with pytest.warns(UserWarning, match=r"a table takes 9\.0 GB of the 12\.0 GB that are free\. Hint: less") as caught:
        check_room(9e9, "a table", hint="less")
    assert caught[0].filename == __file__


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(_room, "free_memory", lambda: 12e9)
    with pytest.raises(ModelError, match=r"a table takes 13\.0 GB, and 12\.0 GB are free\nHint: less"):
        check_room(13e9, "a table", hint="less")


@pytest.mark.parametrize(
    ("limit", "left"), [("3000000000", 1.2e9), ("max", float("inf")), ("many", float("inf")), (None, float("inf"))]
)
def test_a_container_may_leave_less_than_the_machine_has(tmp_path, limit, left):
    (tmp_path / "memory.current").write_text("2000000000\n")
    (tmp_path / "memory.stat").write_text("anon 1500000000\ninactive_file 200000000\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
    assert _room._of_container(tmp_path) == left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_process_may_be_limited():
    program = (
        "import resource; from labelkit._room import free_memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); print(free_memory())"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 0 < float(found.stdout) <= 2**33
    assert free_memory() > 0

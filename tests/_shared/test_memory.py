"""What does not fit into memory is refused beforehand, and what takes much is announced."""

import subprocess
import sys
import warnings

import pytest

from labelkit._shared import memory
from labelkit._shared.memory import check_room, free_memory
from labelkit.exceptions import ModelError


def test_what_fits_is_passed_over_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_room(1e6, "a table")


def test_what_takes_much_is_announced_and_the_warning_points_at_the_caller(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 12e9)
    with pytest.warns(
        UserWarning, match=r"a table takes 9\.0 GB of the 12\.0 GB that are free \[LK411\]\. Hint: less"
    ) as caught:
        check_room(9e9, "a table", hint="less")
    assert caught[0].filename == __file__


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 12e9)
    with pytest.raises(ModelError, match=r"a table takes 13\.0 GB, and 12\.0 GB are free \[LK\d{3}\]\nHint: less"):
        check_room(13e9, "a table", hint="less")


def test_little_is_not_asked_about(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 0.0)
    check_room(1e6, "a table")


def _group(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")


def _process_in(root, *lines):
    _group(root / "proc/self", {"cgroup": "\n".join(lines)})


STAT = "anon 1500000000\ninactive_file 200000000\nactive_file 100000000\nslab_reclaimable 5"


@pytest.mark.parametrize(("limit", "left"), [("3000000000", 1_300_000_005), ("max", float("inf")), ("x", float("inf"))])
@pytest.mark.parametrize("group", ["", "a.slice", "a.slice/b.scope"])
def test_a_container_may_leave_less_than_the_machine_has(tmp_path, limit, left, group):
    _process_in(tmp_path, "0::/a.slice/b.scope")
    limited = {"memory.max": limit, "memory.current": 2_000_000_000, "memory.stat": STAT}
    _group(tmp_path / "sys/fs/cgroup/a.slice/b.scope", {"memory.max": "max", "memory.current": 1, "memory.stat": ""})
    _group(tmp_path / "sys/fs/cgroup" / group, limited)
    assert memory._of_groups(tmp_path) == left


def test_an_older_container_too(tmp_path):
    _process_in(tmp_path, "9:name=systemd:/", "4:cpu,memory:/docker/1", "0::/")
    stat = "total_inactive_file 1000\ntotal_active_file 500"
    whole = {"memory.limit_in_bytes": 2**63 - 4096, "memory.usage_in_bytes": 5_000, "memory.stat": stat}
    _group(tmp_path / "sys/fs/cgroup/memory", whole)
    assert memory._of_groups(tmp_path) > 2**62
    _group(tmp_path / "sys/fs/cgroup/memory/docker/1", {**whole, "memory.limit_in_bytes": 10_000})
    assert memory._of_groups(tmp_path) == 6_500


def test_no_container_is_no_limit(tmp_path):
    assert memory._of_groups(tmp_path) == float("inf")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_process_may_be_limited():
    program = (
        "import resource; from labelkit._shared.memory import free_memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); print(free_memory())"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 0 < float(found.stdout) <= 2**33
    assert free_memory() > 0

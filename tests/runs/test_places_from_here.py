"""A run is read from any folder of its project: its corpus, gold and rules are found from the file of the project."""

import shlex

import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.datasets.starter_project import make_project
from labelkit.runs._places_from_here import with_places_from_here


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "p"
    make_project(folder)
    monkeypatch.chdir(folder)
    called(capsys, "run")
    (folder / "below" / "deeper").mkdir(parents=True)
    return folder


def called(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    out, err = capsys.readouterr()
    assert ended.value.code == 0, err
    return out


@pytest.mark.parametrize("place", ["below", "below/deeper"])
@pytest.mark.parametrize(
    "command",
    [
        "view --labeled-by link --n 3",
        "why cdfe345e963",
        "suggest",
        "bundle --out b.labelkit",
        "export --to e.csv --columns text",
    ],
)
def test_a_command_below_reads_what_it_reads_above(command, place, project, monkeypatch, capsys):
    above = called(capsys, f"{command} --force" if "--out" in command or "--to" in command else command)
    monkeypatch.chdir(project / place)
    below = called(capsys, command)
    assert "not there any more" not in below
    if "suggest" not in command:  # it names the folder of the run
        assert below == above
    for name in ("b.labelkit", "e.csv"):
        if name in command:
            assert (project / place / name).read_bytes() == (project / name).read_bytes()


def test_the_command_that_is_advised_below_works_there(project, monkeypatch, capsys):
    monkeypatch.chdir(project / "below")
    text = called(capsys, "fix")
    command = next(line for line in text.splitlines() if "--update --teach" in line).strip().strip("`")
    assert "../comments.csv" in command
    assert "finished" not in called(capsys, command.removeprefix("labelkit "))


def test_a_run_made_below_is_read_above(project, monkeypatch, capsys):
    monkeypatch.chdir(project / "below")
    called(capsys, "run --out ../runs/other")
    monkeypatch.chdir(project)
    assert "text:" in called(capsys, "why runs/other cdfe345e963")


def test_what_is_held_out_is_refused_below_too(project, monkeypatch, capsys):
    settings = project / "labelkit.toml"
    settings.write_text('heldout = "comments.csv"\n' + settings.read_text())
    monkeypatch.chdir(project / "below")
    with pytest.raises(SystemExit) as ended:
        main(["summarize"])
    assert ended.value.code == 1
    assert "held out" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["run", "runs/first", "out/runs/first"])
def test_without_a_file_of_the_project_the_folders_above_the_run_are_looked_in(out, tmp_path, monkeypatch, capsys):
    make_project(tmp_path / "p")
    (tmp_path / "p" / "labelkit.toml").unlink()
    (tmp_path / "p" / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "p")
    called(capsys, f"run labeling_functions comments.csv --id id --out {out}")
    above = called(capsys, f"why {out} cdfe345e963")
    monkeypatch.chdir("notebooks")
    assert called(capsys, f"why ../{out} cdfe345e963") == above
    assert "text:" in above
    for name in ("comments.csv", "labeling_functions"):  # another one than the run read
        (tmp_path / "p" / name).rename(tmp_path / "p" / f"old_{name}")
    (tmp_path / "p" / "comments.csv").write_text("id,text\ncdfe345e963,another\n")
    with pytest.raises(SystemExit):
        main(["bundle", f"../{out}", "--out", "b.labelkit"])
    assert "another" not in "".join(capsys.readouterr())


def test_paths_that_are_there_or_nowhere_stay(project):
    run = lk.RunFolder("runs/first")
    assert run.manifest["corpus"]["path"] == "comments.csv"
    gone = {"corpus": {"path": "nowhere.csv"}, "rules": [{"file": None}, {}], "gold_file": "s3://bucket/gold.csv"}
    assert with_places_from_here(gone, project / "runs" / "first") == gone

"""The file that teaches a coding assistant is true: its commands run in order, and their documents have what it names."""

import json
import re
import shlex

import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import cli, main
from labelkit.datasets.starter_project import make_project

BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]*(?:\n[^`\n]+)?)`")


@pytest.fixture
def project(tmp_path, monkeypatch):
    make_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    return tmp_path / "p"


def called(capsys, command, status=0):
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command) if isinstance(command, str) else command)
    out, err = capsys.readouterr()
    assert ended.value.code == status, (command, err)
    return out if status == 0 else err


def skill_of(capsys):
    return called(capsys, "skill --to -")


def at(document, path):
    """All values at a path such as ``gold[].p_value``."""
    name, _, rest = path.partition(".")
    value = document[name.removesuffix("[]")]
    for one in value if name.endswith("[]") else [value]:
        yield from at(one, rest) if rest else [one]


def documents_of(capsys, project, skill):
    """Follow the file from top to bottom as an assistant does; return the document of each call."""
    module = project / "labeling_functions" / "comments.py"
    calls = []
    for kind, block in BLOCKS.findall(skill):
        if kind == "python":
            module.write_text(f"{module.read_text(encoding='utf-8')}\n\n{block}", encoding="utf-8")
        elif kind == "shell":
            for line in block.splitlines():
                words = shlex.split(line)
                assert words[0] == "labelkit"
                calls.append((words[1], words, json.loads(called(capsys, [*words[1:], "--json", "--quiet"]))))
    return calls


def test_its_commands_run_in_order_and_say_what_it_promises(project, capsys):
    skill = skill_of(capsys)
    calls = documents_of(capsys, project, skill)
    names = [name for name, _, _ in calls]
    assert names == ["sample", "check", "run", "fix", "view", "view", "view", "suggest", "check", "run", "diff"]
    last = {name: document for name, _, document in calls}
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", skill, re.MULTILINE)
    assert {name for name, _ in rows} == {"check", "run", "fix", "view", "suggest", "diff"}
    for name, cell in rows:
        for path in re.findall(r"`([^`]+)`", cell):
            assert list(at(last[name], path)), (name, path)
    before, after = (document for name, _, document in calls if name == "run")
    assert after["covered"] > before["covered"]
    assert "promises" in {rule["rule"] for rule in last["diff"]["rules"] if rule["status"] == "added"}
    assert all(gate["outcome"] != "broken" for gate in last["check"]["gates"])
    assert {gate["rule"] for gate in last["check"]["gates"]} >= {"promises", "praise"}
    assert pd.read_csv("rows.csv")["text"].notna().any()


def test_what_it_names_in_passing_is_there(project, capsys):
    skill = skill_of(capsys)
    documents_of(capsys, project, skill)
    prose = BLOCKS.sub("", skill)
    an_id = lk.RunFolder("runs/first").matrix().ids[0]
    calls = [one for one in INLINE.findall(prose) if one.startswith("labelkit ")]
    assert sorted(one.split()[1] for one in calls) == ["history", "why"]
    for call in calls:
        called(capsys, [*" ".join(call.split()).replace(" ID", f" {an_id}").split()[1:], "--json"])
    options = {name for command in cli.commands.values() for one in command.params for name in one.opts}
    flags = {flag for one in INLINE.findall(prose) for flag in re.findall(r"--[\w-]+", one)}
    assert flags <= options
    names = {name for one in INLINE.findall(prose) for name in re.findall(r"\blk\.(\w+)", one)}
    assert names <= set(lk.__all__)
    assert {"near", "unnegated", "at_least"} <= names
    broad = next(one for one in INLINE.findall(prose) if "idiot-proof" in one)
    program = f"{broad}\ndef insult(text: str) -> None:\n    'An insult.'"
    space = {"lk": lk, "Label": type("Label", (), {"SPAM": 1})}
    exec(program, space)
    rule = space["insult"]
    assert (rule("you idiot"), rule("the idiot-proof guide")) == (1, lk.ABSTAIN)


def test_without_a_project_stand_ins_take_the_places(tmp_path, capsys, monkeypatch):
    make_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    (tmp_path / "p" / "labelkit.toml").unlink()
    skill = skill_of(capsys)
    assert "labelkit check RULES CORPUS --gold GOLD\n" in skill
    for name, place in {"RULES": "labeling_functions/comments.py", "CORPUS": "comments.csv", "GOLD": "spam"}.items():
        skill = re.sub(rf"\b{name}\b", place, skill)
    skill = re.sub(r"\bRUN\b", "runs/one", skill)
    assert len(documents_of(capsys, tmp_path / "p", skill)) == 11


@pytest.mark.parametrize("heldout", ['"kept/gold.csv"', '["kept/gold.csv", "more.csv"]'])
def test_held_out_gold_is_named_as_forbidden_and_measured_by_a_person(heldout, project, capsys):
    config = project / "labelkit.toml"
    config.write_text(f"heldout = {heldout}\n{config.read_text(encoding='utf-8')}", encoding="utf-8")
    (project / "kept").mkdir()
    frame = pd.read_csv("comments.csv").rename(columns={"spam": "gold"})[["id", "gold"]]
    frame.iloc[:200].to_csv("kept/gold.csv", index=False)
    skill = skill_of(capsys)
    assert "Do not open `kept/gold.csv`" in skill
    shell = [block for kind, block in BLOCKS.findall(skill) if kind == "shell"]
    assert not any("kept" in block or "--final" in block for block in shell)
    (measure,) = [block.strip() for kind, block in BLOCKS.findall(skill) if kind == "console"]
    refused = called(capsys, measure.removeprefix("labelkit ").replace(" --final", ""), status=1)
    assert "is held out by labelkit.toml" in refused
    document = json.loads(called(capsys, f"{measure.removeprefix('labelkit ')} --json"))
    assert document["gold"] == {"given": 200, "matched": 200}


def test_a_skill_has_front_matter_with_the_name_of_its_folder(project, capsys):
    document = json.loads(called(capsys, "skill --json"))
    assert document["path"] == ".agents/skills/labelkit/SKILL.md"
    for path, name in {
        document["path"]: "labelkit",
        ".other/skills/spam-rules/SKILL.md": "spam-rules",
        "My Folder/SKILL.md": "labelkit",
        "-a--b/SKILL.md": "labelkit",
    }.items():
        called(capsys, ["skill", "--to", path, "--force"])
        text = (project / path).read_text(encoding="utf-8")
        head, _, body = text.removeprefix("---\n").partition("\n---\n\n")
        assert head.splitlines()[0] == f"name: {name}"
        assert head.splitlines()[1] == "description: >-"
        assert 1 <= len(head.split(">-\n")[1].strip()) <= 1024
        assert body == skill_of(capsys)
        assert len(text.splitlines()) < 500


def test_any_other_file_has_the_text_alone_and_none_is_overwritten(project, capsys):
    called(capsys, "skill --to AGENTS.md")
    assert (project / "AGENTS.md").read_text(encoding="utf-8") == skill_of(capsys)
    (project / "AGENTS.md").write_text("ours\n", encoding="utf-8")
    error = called(capsys, "skill --to AGENTS.md", status=1)
    assert "exists already" in error
    assert "labelkit skill --to - >> AGENTS.md" in error
    assert (project / "AGENTS.md").read_text(encoding="utf-8") == "ours\n"
    called(capsys, "skill --to AGENTS.md --force")
    assert (project / "AGENTS.md").read_text(encoding="utf-8").startswith("# Write and test")

"""Of a conflict, the words of each side are shown, however long the text is."""

import pytest

import labelkit as lk
from labelkit._shared.markup import cells_of

LONG = "bonjour " * 30
TEXT = f"{LONG}gratuit {LONG}merci {LONG}"


@pytest.fixture
def shown():
    rules = [
        lk.keywords("gratuit", label=1).rule(name="free"),
        lk.keywords("merci", label=0).rule(name="thanks"),
        lk.keywords("bonjour", label=0).rule(name="hello"),
    ]
    matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply([TEXT, "gratuit", "merci beaucoup"])
    return lambda **question: lk.view(matrix, [TEXT, "gratuit", "merci beaucoup"], rules, **question)


def test_each_side_of_a_conflict_has_a_line_with_its_words(shown):
    lines = str(shown(conflict=("free", "thanks"))).splitlines()[1:]
    assert any(line.split("SPAM: ")[-1].count("»gratuit«") for line in lines if "SPAM: " in line)
    assert any("»merci«" in line for line in lines if "HAM: " in line)


def test_the_rules_that_are_asked_about_are_shown_first(shown):
    ham = next(line for line in str(shown(conflict=True)).splitlines() if "HAM: " in line)
    assert "»bonjour«" in ham  # the first match of its side
    ham = next(line for line in str(shown(conflict=("free", "thanks"))).splitlines() if "HAM: " in line)
    assert "»merci«" in ham


def test_an_example_without_a_conflict_has_one_line(shown):
    text = str(shown(labeled_by="free", pattern={"thanks": None}))
    assert text.splitlines()[1].split(maxsplit=1)[1] == "»gratuit«"


@pytest.mark.parametrize("width", [40, 70, 160])
def test_lines_are_as_wide_as_asked(shown, width):
    lines = shown(conflict=("free", "thanks")).to_string(width).splitlines()
    assert all(cells_of(line) <= width for line in lines if "«" in line)
    assert sum("«" in line for line in lines) == 2


def test_the_command_takes_a_width(tmp_path, capsys, monkeypatch):
    from labelkit.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(
        'import labelkit as lk\nfree = lk.keywords("gratuit", label=1).rule(name="free")\n'
        'thanks = lk.keywords("merci", label=0).rule(name="thanks")\n'
    )
    (tmp_path / "c.csv").write_text(f"text\n{TEXT}\n")
    lk.run("rules.py", "c.csv", "out", labels=["HAM", "SPAM"], progress=False, report=False)
    for width in (60, 200):
        with pytest.raises(SystemExit) as ended:
            main(["view", "out", "--conflicts", "--width", str(width)])
        assert ended.value.code == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if "«" in line]
        assert len(lines) == 2
        assert all(width - 12 < cells_of(line) <= width for line in lines)

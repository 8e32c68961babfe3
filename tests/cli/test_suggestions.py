"""What is suggested for an option, a command or a key that there is not."""

import pytest

from labelkit.cli import main


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    return ended.value.code, capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("view r --uncoverd", "Error: No such option '--uncoverd'. Did you mean '--uncovered'?"),
        ("view r --UNCOVERED", "Error: No such option '--UNCOVERED'. Did you mean '--uncovered'?"),
        ("view r --no-golds", "Error: No such option '--no-golds'. Did you mean '--no-gold'?"),
        ("view r --nolabel", "Error: No such option '--nolabel'. Did you mean '--no-label'?"),
        ("view r -n 2", "Error: No such option '-n'. Did you mean '--n'?"),
        ("view r -gold spam", "Error: No such option '-g'. Did you mean '--gold'?"),
        ("export r --out x.csv", "Error: No such option '--out'. Did you mean '--to'?"),
        ("bundle r --to x.csv", "Error: No such option '--to'. Did you mean '--out'?"),
        ("run --seed 3", "Error: No such option '--seed'. Did you mean '--random-state'?"),
        ("run --rand 3", "Error: No such option '--rand'. Did you mean '--random-state'?"),
        ("run --map_label a=B", "Error: No such option '--map_label'. Did you mean '--map-label'?"),
        ("summarize -x", "Error: No such option '-x'."),
        ("lint", "Error: No such command 'lint'. Did you mean 'check'?"),
        ("Sumarize", "Error: No such command 'Sumarize'. Did you mean 'summarize'?"),
        ("cache clea", "Error: No such command 'clea'. Did you mean 'clear'?"),
        ("quux", "Error: No such command 'quux'."),
    ],
)
def test_what_was_meant_is_named_and_nothing_else(command, last, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert called(capsys, *command.split()) == (2, last)


def test_a_word_that_is_an_option_is_no_argument_of_the_flag_before_it(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    last = "Error: Invalid value for '--n': 0 is not in the range x>=1."
    assert called(capsys, "view", "r", "--wrong", "--n", "0") == (2, last)


@pytest.mark.parametrize("table", ["", "[run]\n"])
@pytest.mark.parametrize(("key", "meant"), [("ID", "id"), ("Corpus", "corpus"), ("MAP_LABEL", "map-label")])
def test_a_key_is_compared_without_case(table, key, meant, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labelkit.toml").write_text(f'{table}{key} = "a"\n')
    assert called(capsys, "run", "rules.py", "c.csv", "--out", "r") == (1, f"Hint: did you mean {meant!r}?")

"""Hints spell the functions of labelkit as the module of the rules does, and run when they are pasted."""

import re
from pathlib import Path

import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import CollectError, CorpusError

HEADS = {
    "import labelkit as lk\n": "lk.{}",
    "import labelkit\n": "labelkit.{}",
    "from labelkit import *\n": "{}",
    "from labelkit import keywords, between\n": "{}",
}
TEXTS = {"id": ["a", "b"], "text": ["café noir", "café"]}


def used(head, name):
    return HEADS[head].format(name)


@pytest.mark.parametrize("head", HEADS)
def test_the_remedy_of_a_check_runs_in_the_module(tmp_path, head):
    """LK918 gives a line to paste at the top of the module; afterwards nothing is found."""
    module = tmp_path / "rules.py"
    rule = f'{used(head, "keywords")}("café", label=1).rule(name="coffee")\n'
    module.write_text(f"{head}coffee = {rule}", "utf-8")
    corpus = {"text": ["cafe\u0301 noir", "café"]}
    (problem,) = (one for one in check_rules(module, corpus, labels=["A", "B"]).problems if one.code == "LK918")
    line = re.search(r"text = [^()]*\([^()]*\)", problem.hint)[0]
    assert line.startswith(f"text = {used(head, 'normalized_text')}(")
    more = re.search(r"\((from labelkit import \w+)\)", problem.hint)
    module.write_text(f"{head}{more[1] if more else ''}\n{line}\ncoffee = {rule}", "utf-8")
    assert not [one for one in check_rules(module, corpus, labels=["A", "B"]).problems if one.code == "LK918"]


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ('import labelkit as lk\ntext = labelkit.normalized_text("text")\n', "this module knows it as lk"),
        ("import labelkit as lk\n@column\ndef n(text: str): return text\n", "write lk.column"),
        ("import labelkit\n@keyword('a', label=1)\ndef n(text): ...\n", "write labelkit.keywords"),
        ('r = lk.keywords("a", label=1)\n', "import labelkit as lk"),
        ('r = labelkit.keywords("a", label=1)\n', "import labelkit"),
        ('r = keywords("a", label=1)\n', "from labelkit import keywords"),
        ("import labelkit as lk\nr = qqq\n", None),
        ("r = qqq\n", None),
    ],
)
def test_an_undefined_name_of_labelkit_is_told(tmp_path, source, hint):
    (tmp_path / "rules.py").write_text(source, "utf-8")
    with pytest.raises(CollectError) as error:
        lk.collect(tmp_path / "rules.py", labels=["A", "B"])
    assert (error.value.code, error.value.hint) == ("LK114", hint)


def pasted(hint):
    """Write the derived column of a hint, which stands on one line there, as a module has it."""
    found = re.search(r"(@[\w.]+) (def \w+\(.*?\)): (return .*?)(?: in the rule's module| reads them)", hint)
    return f"{found[1]}\n{found[2]}:\n    {found[3]}\n"


@pytest.mark.parametrize(
    ("numbers", "right"),
    [
        (["3,5", "12,25", "", "7"], [1, 0, 0, 1]),
        (["1\u202f234,5", "3,25", "", "1\u00a0000"], [0, 1, 0, 0]),
        (["1.234,50", "4,5", "", "5"], [0, 1, 0, 1]),
        (["3.5", "12.25", "", "7"], [1, 0, 0, 1]),
    ],
)
def test_the_remedy_for_numbers_in_a_csv_file_reads_them(tmp_path, numbers, right):
    rows = "".join(f'{i};"{number}"\n' for i, number in enumerate(numbers))
    Path(tmp_path / "c.csv").write_text(f"id;Note\n{rows}", "utf-8")
    head, rule = "import labelkit as lk\n", 'low = lk.between(0, 9, column="{}", label=1).rule(name="low")\n'
    module = tmp_path / "rules.py"
    module.write_text(head + rule.format("Note"), "utf-8")
    with pytest.raises(CorpusError) as error:
        lk.Applier(lk.collect(module, labels=["A", "B"])).apply(tmp_path / "c.csv", id="id", progress=False)
    assert (error.value.code, "decimal comma" in error.value.hint) == ("LK209", "," in numbers[0] or "," in numbers[1])
    module.write_text(head + pasted(error.value.hint) + rule.format("Note_number"), "utf-8")
    matrix = lk.Applier(lk.collect(module, labels=["A", "B"])).apply(tmp_path / "c.csv", id="id", progress=False)
    assert (matrix.votes[:, 0] == 1).tolist() == [bool(one) for one in right]


def test_a_decimal_comma_in_a_number_is_told(tmp_path):
    (tmp_path / "c.csv").write_text("id;Note\n1;3,5\n", "utf-8")

    @lk.labeling_function
    def low(Note: float) -> int | None:
        return 1 if Note < 9 else None

    with pytest.raises(
        CorpusError, match=r'a decimal comma: annotate str, .* return float\(Note.replace\(",", "."\)\)'
    ):
        lk.Applier([low], labels=["A", "B"]).apply(tmp_path / "c.csv", id="id", progress=False)

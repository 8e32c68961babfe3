"""Messages and advice are in the spelling of where the user stands."""

import re
from pathlib import Path

import labelkit as lk
from labelkit._shared.command_line import as_both, as_commands, as_on_command_line

FINDINGS = Path(lk.__file__).parent / "analysis" / "what_to_fix"


def test_every_function_that_a_finding_names_has_a_command():
    lines = [line for file in FINDINGS.glob("_*.py") for line in file.read_text().splitlines() if ">>>" not in line]
    named = {name for line in lines for name in re.findall(r"\blk\.\w+\([^)]*\)|\blk\.\w+", line)}
    assert named
    assert [name for name in sorted(named) if "lk." in as_commands(name, "runs/first")] == []


def test_the_folder_of_a_command_can_be_pasted():
    assert as_commands("lk.suggest(matrix, corpus) helps", "my runs") == "`labelkit suggest 'my runs'` helps"
    both = "see `labelkit fix RUN` (in Python lk.what_to_fix(run.patterns()))"
    assert as_both("see lk.what_to_fix(run.patterns())") == both


def test_numbers_that_are_none_are_spelled_as_others_are():
    said = "alpha=nan and at_least=inf must be in (0, 1), and at_least=-inf too; alpha=nanny is no number"
    expected = "--alpha nan and --at-least inf must be in (0, 1), and --at-least -inf too; alpha=nanny is no number"
    assert as_on_command_line(said) == expected

"""Every failure has a code; every code is raised somewhere, and has a section with cause and remedy."""

from __future__ import annotations

import ast
import inspect
import pickle
import re

import click
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit import exceptions
from labelkit._shared.error_codes import error_sections
from labelkit._shared.user_errors import described, warn
from labelkit.analysis.what_to_fix.findings import PROBLEMS
from labelkit.apply.engines.spark import _of_worker
from labelkit.cli import cli
from labelkit.exceptions import LabelkitError, parts_of_text
from labelkit.rules.databases.table import UnreachableError
from labelkit.runs.remote_place import PlaceChangedError
from tests.error_mistakes import MISTAKES, message_of
from tests.package_source import PACKAGE, nodes_of_files

PAGE = (PACKAGE / "_shared" / "error_codes.md").read_text(encoding="utf-8")
SECTIONS = error_sections()
ERRORS = [one for one in vars(exceptions).values() if inspect.isclass(one) and issubclass(one, LabelkitError)]
ERRORS += [UnreachableError, PlaceChangedError]
CODE = re.compile(r"LK\d{3}")


def places_of_codes():
    """Codes that the source names, each with where."""
    for file, nodes in nodes_of_files().items():
        documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in documentation and CODE.fullmatch(node.value):
                yield node.value, f"{file.relative_to(PACKAGE)}:{node.lineno}"


def test_every_code_of_the_source_has_a_section_and_every_section_a_failure():
    named = dict(places_of_codes())
    assert {code: place for code, place in named.items() if code not in SECTIONS} == {}
    assert set(SECTIONS) - set(named) == set()


def test_every_section_is_written_as_the_others_are():
    headings = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
    assert headings == list(SECTIONS) == sorted(SECTIONS)
    assert len(headings) == len(set(headings)) > 150
    for code, section in SECTIONS.items():
        assert CODE.fullmatch(code)
        for text in (section.title, section.cause, section.remedy):
            assert len(text.split()) > 1, code
            assert text.endswith((".", "...")), code


def test_every_code_is_of_an_area_of_the_page():
    areas = [part.split("\n### ") for part in PAGE.split("## ") if part.startswith(("R", "C", "V", "L", "S", "W"))]
    assert len(re.findall(r"^## ", PAGE, re.MULTILINE)) == 8, areas
    for area in re.split(r"^## .*\n", PAGE, flags=re.MULTILINE)[1:]:
        assert len({code[2] for code in re.findall(r"^### (LK\d{3})$", area, re.MULTILINE)}) == 1


def test_every_kind_of_error_has_a_code_of_its_own():
    own = {kind: vars(kind).get("code") for kind in ERRORS}
    assert {kind for kind, code in own.items() if code not in SECTIONS} == set()
    assert len(set(own.values())) == len(own)
    declared = {
        node.name
        for nodes in nodes_of_files().values()
        for node in nodes
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & {k.__name__ for k in ERRORS}
    }
    assert declared <= {kind.__name__ for kind in ERRORS}


def test_an_error_that_tells_of_another_keeps_its_code():
    """Where a hint is passed on, so is the code."""
    without = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file, nodes in nodes_of_files().items()
        for node in nodes
        if isinstance(node, ast.Call)
        and re.search(r"(^|\.)([A-Z]\w*Error|type\(error\)|Problem)$", ast.unparse(node.func))
        if any(re.search(r"\w\.hint\b", ast.unparse(part.value)) for part in node.keywords if part.arg == "hint")
        if "code" not in {part.arg for part in node.keywords}
    ]
    assert without == []


def test_every_warning_has_a_code():
    """One function warns, and takes the code."""
    calls = {
        file.name
        for file, nodes in nodes_of_files().items()
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
    }
    assert calls == {"user_errors.py"}
    with pytest.warns(UserWarning, match=r"^it is given twice \[LK220\]\. Hint: name it once$"):
        warn("it is given twice. Hint: name it once", code="LK220")


def test_findings_have_codes_of_their_own():
    codes = [code for code, _ in PROBLEMS.values()]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("LK9") for code in codes)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.sampled_from(ERRORS), TEXTS, st.none() | TEXTS, st.none() | st.sampled_from(sorted(SECTIONS)))
def test_an_error_is_the_same_after_a_journey(kind, message, hint, code):
    error = kind(message, hint=hint, code=code)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (back.message, back.hint, back.code, str(back)) == (message, hint, code or kind.code, str(error))
    assert (error.message, error.code) == (message, code or kind.code)
    assert str(error) == f"{message} [{error.code}]" + ("" if hint is None else f"\nHint: {hint}")
    if "\nHint: " not in message and not CODE.search(message):
        assert parts_of_text(str(error)) == (message, error.code, hint)


def test_a_rule_that_returns_no_vote_is_told_with_one_code_and_one_hint():
    applier = lk.Applier([lk.labeling_function(lambda text: "SPAM", name="named")], labels=["HAM", "SPAM"])
    with pytest.raises(lk.exceptions.FaultError) as caught:
        applier.apply(["free"], progress=False)
    assert str(caught.value) == (
        "rule 'named' failed on the example of row 0: VoteError: 'SPAM' (str) is not a vote [LK300]\n"
        "Hint: return the class's number 1 or its enum member, not its name; "
        'on_fault="record" (--on-fault record) goes on, and keeps a table of the faults'
    )
    with pytest.raises(lk.exceptions.TooManyFaultsError) as caught:
        applier.apply(["free"] * 3, on_fault="record", max_faults=1, progress=False)
    assert str(caught.value).count("[LK") == str(caught.value).count("Hint: ") == 1
    assert caught.value.code == "LK131"


def test_the_line_of_a_rule_stands_before_the_code_of_what_it_raised():
    def raises():
        raise LabelkitError("no", hint="yes", code="LK204")

    with pytest.raises(LabelkitError) as caught:
        raises()
    line = raises.__code__.co_firstlineno + 1
    assert described(caught.value) == ("LabelkitError", f"no (test_error_codes.py, line {line}) [LK204]\nHint: yes")


def test_an_error_that_a_worker_of_spark_raised_has_its_code():
    text = (
        "Traceback (most recent call last):\nlabelkit.exceptions.FaultError: it failed [LK130]\nHint: mend it\n\n\tat x"
    )
    error = _of_worker(text)
    assert (type(error), error.message, error.hint, error.code) == (
        lk.exceptions.FaultError,
        "it failed",
        "mend it",
        "LK130",
    )
    error = _of_worker("labelkit.exceptions.StopRunError: no money [LK642]\n")
    assert (error.message, error.hint, error.code) == ("no money", None, "LK642")


# The texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", MISTAKES)
@pytest.mark.filterwarnings("ignore")
def test_the_example_of_a_section_is_what_the_mistake_gives(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message_of(code, tmp_path) == SECTIONS[code].example.rstrip("\n")


def test_an_example_is_of_a_mistake_that_is_made():
    assert {code for code, section in SECTIONS.items() if section.example} == set(MISTAKES)


def commands(group=cli, name="labelkit"):
    for word, command in group.commands.items():
        yield f"{name} {word}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")


COMMANDS = dict(commands())
OPTIONS = {
    option for command in COMMANDS.values() for one in command.params for option in [*one.opts, *one.secondary_opts]
}


@pytest.mark.parametrize("code", SECTIONS)
def test_what_a_section_names_is_there(code):
    section = SECTIONS[code]
    for quoted in re.findall(r"`([^`]+)`", f"{section.cause} {section.remedy}"):
        for name in re.findall(r"\b(?:labelkit|lk)\.(?!toml\b)(\w+)", quoted):
            assert hasattr(lk, name), quoted
        command = re.match(r"labelkit ([a-z-]+)", quoted)
        if command:
            there = {option for one in COMMANDS[command[0]].params for option in [*one.opts, "--help"]}
            assert set(re.findall(r"(?<!\S)--[a-z-]+", quoted)) <= there, quoted
        else:
            assert set(re.findall(r"(?<!\S)--[a-z-]+", quoted)) <= OPTIONS, quoted


# explain --------------------------------------------------------------------------------------------------------------


def test_explain_takes_codes_and_whole_messages():
    (section,) = lk.explain_error("CorpusError: the file 'a.csv' is empty [LK204]").sections
    assert section == SECTIONS["LK204"]
    both = lk.explain_error("lk204", "LK205", "LK204")
    assert [one.code for one in both.sections] == ["LK204", "LK205"]
    assert both.to_dict()["errors"][1]["title"] == SECTIONS["LK205"].title
    assert "LK204: There are no rows.\n\nCause: " in str(both)


def test_explain_without_a_code_lists_them_all():
    lines = str(lk.explain_error()).splitlines()
    assert len(lines) == len(SECTIONS)
    assert "LK205  An id names several examples." in lines


@pytest.mark.parametrize("code", ["LK999", "205", "", "LK"])
def test_an_unknown_code_is_refused(code):
    with pytest.raises(LabelkitError, match=r"there is no code .* \[LK606\]\nHint: labelkit explain lists"):
        lk.explain_error(code)

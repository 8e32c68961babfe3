"""Code of users is told from labelkit's own by its file, by whatever path labelkit was reached."""

import sys
import warnings

import pytest

import labelkit
from labelkit._shared import user_errors
from labelkit._shared.user_errors import PACKAGE, described, is_of_labelkit, stack_level
from labelkit.rules.inspection._origin import is_ours


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (labelkit.__file__, True),
        (str(PACKAGE / "rules" / "lookup.py"), True),
        (f"{PACKAGE}_rules/rules.py", False),
        (str(PACKAGE.parent / "rules.py"), False),
        ("rules.py", False),
        ("<stdin>", False),
        ("labelkit/rules.py", False),
    ],
)
def test_a_file_is_labelkits_if_it_lies_in_its_folder(file, expected):
    assert is_of_labelkit(file) is expected


def test_a_folder_that_is_reached_by_a_link_is_the_same_folder(tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(PACKAGE)
    assert is_of_labelkit(str(link / "cli.py"))
    monkeypatch.setattr(user_errors, "PACKAGE", link)
    is_of_labelkit.cache_clear()
    assert is_of_labelkit(str(PACKAGE / "cli.py"))
    is_of_labelkit.cache_clear()


def test_packages_in_folders_of_packages_are_not_of_the_project(tmp_path, monkeypatch):
    """Wherever such a folder is: the user's own, or that of another environment on the path."""
    site = tmp_path / "site-packages"
    site.mkdir()
    for folder, name in ((site, "installed_one"), (tmp_path, "module_of_mine")):
        (folder / f"{name}.py").write_text("def f(text): return text\nclass C: pass\n")
        monkeypatch.syspath_prepend(folder)
    import installed_one
    import module_of_mine

    assert [is_ours(thing) for thing in (installed_one, installed_one.f, installed_one.C)] == [False] * 3
    assert [is_ours(thing) for thing in (module_of_mine, module_of_mine.f, module_of_mine.C)] == [True] * 3
    del sys.modules["installed_one"], sys.modules["module_of_mine"]


def run(source, file, **names):
    exec(compile(source, file, "exec"), names)
    return names


def test_an_error_names_the_last_line_of_the_users_file_that_labelkit_called():
    library = run("def fail(text): raise ValueError('no')", "/elsewhere/library.py")["fail"]
    rule = run("\ndef rule(text):\n    return fail(text)", "/project/rules.py", fail=library)["rule"]
    call = run("def call(rule): rule('a')", str(PACKAGE / "apply" / "applier.py"))["call"]
    with pytest.raises(ValueError, match="no") as caught:
        call(rule)
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # as labelkit catches it
    assert described(caught.value) == ("ValueError", "no (rules.py, line 3)")


def test_a_warning_points_at_the_line_that_called_labelkit():
    inner = run(
        "import warnings\ndef inner(): warnings.warn('much', stacklevel=stack_level())\ndef outer(): inner()",
        str(PACKAGE / "label_models" / "ibcc.py"),
        stack_level=stack_level,
    )["outer"]
    user = run("def fit():\n\n    outer()", f"{PACKAGE}_rules/train.py", outer=inner)["fit"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        user()
    assert [(warning.filename, warning.lineno) for warning in caught] == [(f"{PACKAGE}_rules/train.py", 3)]

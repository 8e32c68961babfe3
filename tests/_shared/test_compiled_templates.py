"""Compiled templates are kept for the next process; one that is damaged, or that others may write, is not run."""

from __future__ import annotations

import jinja2
import pytest

from labelkit._shared.compiled_templates import CompiledTemplates


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LABELKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rendered(source="{{ a }}!"):
    """Render in a new environment; return the text, and whether the template was compiled."""
    compiled = []

    class Watched(jinja2.Environment):
        def compile(self, *arguments, **options):
            compiled.append(arguments)
            return super().compile(*arguments, **options)

    loader = jinja2.DictLoader({"page": source})
    text = Watched(loader=loader, bytecode_cache=CompiledTemplates.of_user()).get_template("page").render(a="hi")
    return text, bool(compiled)


def test_a_template_is_compiled_once():
    assert [rendered(), rendered()] == [("hi!", True), ("hi!", False)]


def test_an_edited_template_is_compiled_anew():
    rendered()
    assert rendered("{{ a }}?") == ("hi?", True)


@pytest.mark.parametrize("damage", [lambda b: b[:40], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda _: b""])
def test_a_damaged_file_is_no_entry_and_is_written_anew(folder, damage):
    rendered()
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    file.write_bytes(damage(file.read_bytes()))
    assert [rendered(), rendered()] == [("hi!", True), ("hi!", False)]


def test_a_folder_that_anybody_may_write_is_not_used(folder):
    rendered()
    (place,) = folder.iterdir()
    place.chmod(0o777)
    assert rendered() == ("hi!", True)


def test_a_link_is_not_followed(folder, tmp_path):
    rendered()
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert rendered()[1]


@pytest.mark.parametrize("cache", ["off", "/proc/no/such/folder"])
def test_without_a_cache_folder_templates_are_compiled(monkeypatch, cache):
    monkeypatch.setenv("LABELKIT_CACHE", cache)
    assert [rendered(), rendered()] == [("hi!", True), ("hi!", True)]


def test_they_can_be_removed(folder):
    rendered()
    CompiledTemplates.of_user().clear()
    assert not [path for path in folder.rglob("*") if path.is_file()]

"""Templates escape every value, and a name that is missing is an error."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

import labelkit
from labelkit._shared.templates import environment

PACKAGE = Path(labelkit.__file__).parent
TEMPLATES = sorted(PACKAGE.rglob("*.jinja"))
NAMES = [str(path.relative_to(PACKAGE).as_posix()) for path in TEMPLATES]


def test_values_are_escaped_and_made_visible_once():
    render = environment().from_string('<p title="{{ text }}">{{ text }}{{ number }}{{ markup }}</p>').render
    source = render(text="<\x1b\ud800'\"&", number=3, markup=Markup("<b>"))
    assert source == '<p title="&lt;␛\ufffd&#39;&#34;&amp;">&lt;␛\ufffd&#39;&#34;&amp;3<b></p>'


@pytest.mark.parametrize("source", ["{{ missing }}", "{{ x.missing }}", "{% if missing %}{% endif %}"])
def test_a_missing_name_is_an_error(source):
    with pytest.raises(UndefinedError):
        environment().from_string(source).render(x={})


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles_and_trusts_no_value(name):
    source = (PACKAGE / name).read_text("utf-8")
    environment().get_template(name)
    assert not re.search(r"\|\s*safe|autoescape|Markup", source)
    assert not re.search(r"=\s*\{\{", re.sub(r"\{%.*?%\}", "", source)), "an attribute without quotes"
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", source)


def test_only_files_of_the_package_json_for_a_script_and_rendered_markdown_are_trusted():
    trusting = {
        str(path.relative_to(PACKAGE).as_posix()): count
        for path in PACKAGE.rglob("*.py")
        if (count := len(re.findall(r"\bMarkup\(", path.read_text("utf-8"))))
    }
    rendered_markdown = {"annotate/server.py": 2}  # of a renderer that lets no HTML through
    files = {"_shared/templates.py": 1, "runs/report/_page.py": 3, "curation/data_set/card.py": 1}
    assert trusting == {**files, **rendered_markdown}


def test_no_code_writes_html_of_its_own():
    writing = {
        str(path.relative_to(PACKAGE).as_posix())
        for path in PACKAGE.rglob("*.py")
        if re.search(r"html\.escape|</(?:td|tr|div|p|span|section)>", path.read_text("utf-8"))
    }
    assert writing <= {"_shared/templates.py", "annotate/_guidelines.py"}  # in doctests


def test_templates_are_read_from_a_zip_of_the_package(tmp_path):
    archive = tmp_path / "labelkit.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                file.write(path, path.relative_to(PACKAGE.parent))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import labelkit as lk\n"
        "assert lk.__file__.startswith(sys.argv[1]), lk.__file__\n"
        "rule = lk.keywords('a', label=1).rule(name='<b>')\n"
        "run = lk.run([rule], ['a', 'b'], sys.argv[2], labels=2, progress=False)\n"
        "print('&lt;b&gt;' in run.matrix()._repr_html_(), '&lt;b&gt;' in (run.path / 'report.html').read_text('utf-8'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(archive), str(tmp_path / "out")],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "True"], done.stderr

"""Modules that are no valid Python: the error says what mostly leads there, for people who seldom write Python."""

import pytest

import labelkit as lk
from labelkit.exceptions import CollectError

RULE = '@lk.keywords("free", label=1)\n'
BODY = 'def free(text):\n    """Free."""\n'


def error_of(tmp_path, source):
    module = tmp_path / "rules.py"
    module.write_bytes(source if isinstance(source, bytes) else f"import labelkit as lk\n{source}".encode())
    with pytest.raises(CollectError) as caught:
        lk.collect(module, labels=["HAM", "SPAM"])
    assert caught.value.code == "LK114"
    return caught.value


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        *((f"@lk.keywords({a}free{b}, label=1)\n{BODY}", "straight ones") for a, b in ("“”", "„“", "‘’", "«»")),
        ("LEAST = –1\n", "write - of the keyboard"),
        (f"{RULE}def free(text): …\n", "three dots"),
        (f'@lk.keywords("free"，label=1)\n{BODY}', "keyboard set to English"),
        (f'@lk.keywords("free",\u00a0label=1)\n{BODY}', "invisible character"),
        (f'@lk.keywords("free",\u200blabel=1)\n{BODY}', "invisible character"),
        (f'@lk.keywords("free, label=1)\n{BODY}', "ends with the quote that it begins with"),
        (f"@lk.keywords('don't', label=1)\n{BODY}", '"don\'t"'),
        (f'@lk.regex(r"free\\", label=1)\n{BODY}', "before the last quote"),
        (f'{RULE}def free(text):\n    """Free.\n', '""" closes it'),
        (f'@lk.keywords("free", label=1\n{BODY}', "closed"),
        (f'@lk.keywords("free" label=1)\n{BODY}', "commas between them"),
        (f'@lk.keywords("say "free" now", label=1)\n{BODY}', "' is used"),
        (f"{RULE}def free(text):\n\n{RULE}{BODY}", "a docstring"),
        (RULE, "def my_rule(text):"),
        (f"{RULE} {BODY}", "equally many spaces"),
        (f"{RULE}def free(text):\n\tif text:\n        return 1\n", "four spaces in place of each tab"),
        (f'{RULE}def free(text)\n    """Free."""\n', "ends with a colon"),
        (f'@lk.similar_to(["free"], threshold=0,8, label=1)\n{BODY}', "has a point: 0.5"),
        (f'@lk.lookup("C:\\Users\\ann\\free.txt", label=1)\n{BODY}', 'r"C:\\Users"'),
        (f"{RULE}def is-free(text): ...\n", "my_rule"),
        (f"{RULE}def my-rule(text): ...\n", "my_rule"),
        (f"{RULE}def class(text): ...\n", "my_rule"),
        (f"{RULE}def 2nd(text): ...\n", "my_rule"),
        ("größe = 1\n".encode("cp1252"), "as UTF-8"),
        ("größe = 1\n".encode("utf-16"), "as UTF-8"),
        (b"{\\rtf1\\ansi import labelkit}", "as plain text"),
    ],
)
def test_the_hint_names_the_habit(tmp_path, source, hint):
    assert hint in error_of(tmp_path, source).hint


def test_what_python_says_in_full_has_no_hint(tmp_path):
    assert error_of(tmp_path, "if 1 = 1:\n    pass\n").hint is None
    assert error_of(tmp_path, "def broken(:\n    pass\n").hint is None


def test_an_error_without_a_line_names_the_file_alone(tmp_path):
    assert "line None" not in error_of(tmp_path, "größe = 1\n".encode("utf-16")).message

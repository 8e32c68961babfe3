"""Secrets in the source of rules: nothing that a run writes or says holds one."""

import io
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit._shared.secrets import masked
from labelkit._shared.source_secrets import masked_source
from labelkit.cli import main

SECRET = "S3cretOfTheTest9"
HEAD = """
import labelkit as lk
from labelkit import keywords, labeling_function

def client(*given, **named):
    return SERVICE

class SERVICE:
    pass

"""

PLACES = {
    "a local name": 'api_key = "{0}"',
    "a name of one's own kind": 'vendor_token = "{0}"',
    "a camel-cased name": 'dbPassword = "{0}"',
    "an annotated name": 'password: str = "{0}"',
    "one of two names": 'user, password = "bob", "{0}"',
    "a f-string": 'auth_token = f"{0}{{len(text)}}"',
    "bytes": "secret = b'{0}'",
    "bytes of a text": 'secret = "{0}".encode()',
    "a call around it": 'secret = str("{0}")',
    "several lines": 'password = """\n{0}\n"""',
    "two texts": 'password = ("{0}"\n        "")',
    "a sum": 'password = "{0}" + "-and-more"',
    "a list": 'api_keys = ["{0}", "{0}2"]',
    "a value of a dict": 'settings = {{"password": "{0}", "host": "db"}}',
    "a dict of secrets": 'SECRETS = {{"prod": "{0}"}}',
    "a keyword argument": 'client(api_key="{0}")',
    "an argument after its name": 'setattr(SERVICE, "password", "{0}")',
    "an item": 'settings = {{}}\n    settings["access_key"] = "{0}"',
    "an attribute": 'SERVICE.password = "{0}"',
    "a walrus": 'client(secret := "{0}")',
    "a comparison": 'client("x" == "y" or text == "b" or (secret := "c") == "{0}")',
    "a default of the environment": 'import os\n    api_key = os.environ.get("NO_SUCH_KEY", "{0}")',
    "a comment": "# password: {0}",
    "a comment with =": "x = 1  # api_key={0}, of bob",
    "an address": 'url = "postgresql://bob:{0}@db.example/shop"',
    "a connection string": 'dsn = "host=db user=bob password={0} dbname=shop"',
    "a login": 'auth = ("bob", "{0}")',
    "a login as an argument": 'client("http://x", auth=("bob", "{0}"))',
    "a login of a class of its own": 'HTTPBasicAuth = client\n    client(auth=HTTPBasicAuth("bob", "{0}"))',
    "a header": 'headers = {{"Authorization": "Bearer {0}"}}',
}

SHAPES = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0123456789_abcdefghijklmnop",
    "xoxb-123456789012-abcdefABCDEF",
    "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "sk-proj-abcdef1234567890ABCDEF",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "glpat-abcdefghij1234567890",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA\\n-----END RSA PRIVATE KEY-----",
]


def rules_with(line, *, secret=SECRET):
    """Return a module of rules of which one has a line with a secret, and fails with it in the message."""
    return (
        HEAD
        + f'''
@labeling_function
def careless(text: str, about: str = "x") -> int:
    """Looks at the text."""
    {line.format(secret)}
    if "fail" in text:
        raise ValueError("the service refused {secret}")
    return 1 if "free" in text else 0

@keywords("free", label=1)
def free(text: str) -> None:
    """Free."""
'''
    )


def all_bytes(folder):
    """Read each file below a folder, with the members of archives and the pages and metadata of tables."""
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        content = path.read_bytes()
        yield path, content
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((path, archive.read(name)) for name in archive.namelist())
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path, repr([table.schema.metadata, table.to_pylist()]).encode()


def holders(folder, secret):
    return sorted({path.name for path, content in all_bytes(folder) if secret.encode() in content})


def run_of(rules, folder, **options):
    texts = ["free money", "hello there", "please fail", "free fail"] * 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELKIT_CACHE", str(folder / "cache"))
        out = folder / "out"
        options = {"on_fault": "record", "model": "MajorityVote", "cache": True, "labels": ["HAM", "SPAM"], **options}
        return lk.run(rules, {"text": texts}, out, **options)


@pytest.mark.parametrize("place", PLACES)
def test_no_byte_of_a_run_or_of_the_cache_holds_a_secret_of_a_rule(tmp_path, place):
    path = tmp_path / "rules.py"
    path.write_text(rules_with(PLACES[place]))
    folder = run_of(path, tmp_path)
    assert not holders(tmp_path / "out", SECRET)
    assert not holders(tmp_path / "cache", SECRET)
    assert len(folder.faults) == 10
    source = folder.manifest["rules"][0]["source"]
    assert "***" in source
    assert 'if "fail" in text' in source


def test_a_default_a_lexicon_and_a_declared_rule_hold_no_secret(tmp_path):
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    path = tmp_path / "rules.py"
    path.write_text(
        HEAD
        + f"""
TOKEN = "{SECRET}"
listed = lk.rules_from("words.csv", label={{"SPAM": 1}}, key="word", column="text", name="listed")
declared = keywords("free", TOKEN, label=1).rule(name="declared")

@labeling_function
def with_default(text: str, *, api_key: str = "{SECRET}") -> int:
    \"\"\"Asks with password={SECRET}.\"\"\"
    return 0
"""
    )
    (tmp_path / "words.csv").write_text(f"word,label\nfree,SPAM\n{token},SPAM\n")
    folder = run_of(path, tmp_path)
    assert len(folder.manifest["rules"]) == 3
    assert not holders(tmp_path / "out", SECRET)
    assert not holders(tmp_path / "out", token)


@pytest.mark.parametrize("secret", SHAPES)
def test_a_token_is_known_by_its_shape_wherever_it_stands(tmp_path, secret):
    path = tmp_path / "rules.py"
    path.write_text(rules_with('client("{0}")', secret=secret))
    run_of(path, tmp_path)
    assert not holders(tmp_path / "out", secret[:30])
    assert secret[:30] not in masked(f"it was {secret}.")


def test_another_secret_is_another_rule(tmp_path):
    prints = []
    for number in (1, 2):
        path = tmp_path / str(number) / "rules.py"
        path.parent.mkdir()
        path.write_text(rules_with(PLACES["a local name"], secret=f"{SECRET}{number}"))
        folder = run_of(path, path.parent)
        prints.append(folder.manifest["rules"][0]["fingerprint"])
        assert not holders(path.parent / "out", SECRET)
    assert prints[0] != prints[1]
    assert SECRET not in str(lk.diff(tmp_path / "1" / "out", tmp_path / "2" / "out"))


@pytest.mark.parametrize("debug", [False, True])
def test_the_terminal_shows_no_secret(tmp_path, capsys, debug):
    (tmp_path / "rules.py").write_text(rules_with(PLACES["a local name"]))
    (tmp_path / "texts.csv").write_text("text\nfree fail\n")
    arguments = ["run", str(tmp_path / "rules.py"), str(tmp_path / "texts.csv"), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="1"):
        main([*arguments, "--labels", "HAM,SPAM", *["--debug"] * debug])
    shown = "".join(capsys.readouterr())
    assert "the service refused ***" in shown
    assert SECRET not in shown


def test_a_module_that_fails_with_a_secret_does_not_show_it(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(f'password = "{SECRET}"\nraise RuntimeError("no login with {SECRET}")\n')
    with pytest.raises(lk.LabelkitError, match=r"no login with \*\*\*") as caught:
        lk.collect(path)
    assert SECRET not in str(caught.value)


def test_what_holds_no_secret_is_shown_as_it_is():
    source = """@keywords("password", "reset your password", "secret: the word", label=SPAM)
def asks_for_password(text, key="text", token="free", password_words=("forgot password",)):
    password = os.environ["DB_PASSWORD"]
    tokens = text.split()
    secretary = "Miss Moneypenny"
    return SPAM if token == "free" and password == get(password) else ABSTAIN"""
    assert masked_source(source) == source
    for text in ("the password is wrong", "token: expected, got 'x'", "api_key=None", "column 'key': 3", "key='text'"):
        assert masked(text) == text


def test_a_saved_matrix_and_model_hold_no_secret_of_a_docstring(tmp_path):
    @lk.labeling_function
    def careless(text: str) -> int:
        """Logs in with password=S3cretOfTheTest9."""
        return 0 if "x" in text else 1

    matrix = lk.Applier([careless], labels=2).apply(["x", "y"])
    matrix.save(tmp_path / "votes.parquet")
    lk.MajorityVote().fit(matrix).save(tmp_path / "model")
    matrix.patterns.save(tmp_path / "patterns.parquet")
    assert not holders(tmp_path, SECRET)
    assert json.loads((tmp_path / "model" / "model.json").read_text())


@pytest.mark.parametrize(
    "text", ["a" * 2_000_000, "://a:" * 200_000, "eyJaaaaaaaa-" * 100_000, "?token" * 200_000, "key=" * 300_000]
)
def test_a_long_text_is_masked_in_linear_time(text):
    """A quadratic search would not end here."""
    assert masked(text + " password=hunter2").endswith("***")


@pytest.mark.parametrize("other", ["", "API_KEY = 'k-123456'\n", "# password = swordfish1\n", "def broken(:\n"])
@pytest.mark.parametrize(
    "part",
    ["def rule(text):\n    return 'k-123456' in text\n", "def rule(text, token=b'swordfish1'):\n    return text\n"],
)
def test_a_part_of_a_file_is_masked_as_by_itself_with_the_secrets_of_the_rest(part, other):
    expected = masked_source(part)
    for secret in ("k-123456", "swordfish1"):
        expected = expected.replace(secret, "***") if secret in other else expected
    assert masked_source(part, other + part) == expected

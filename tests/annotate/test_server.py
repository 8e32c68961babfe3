"""The server answers its own page alone: no token, no answer; nothing that is sent to it breaks it."""

import json
import threading
import urllib.error
import urllib.request

import pandas as pd
import pytest

import labelkit as lk
from labelkit.annotate._guidelines import rendered_guidelines
from labelkit.exceptions import AnnotationError

pytest.importorskip("starlette", reason="the extra annotate is not installed")
pytest.importorskip("uvicorn", reason="the extra annotate is not installed")


@pytest.fixture
def opened(tmp_path):
    corpus = [f"text {i} <b>" for i in range(30)]
    (tmp_path / "g.md").write_text("# Task\n\nBe <script>kind</script>.\n\n## SPAM\n\n*Clicks*.\n", encoding="utf-8")
    rules = [lk.keywords("text", label=1).rule(name="says_text")]
    options = {"guidelines": tmp_path / "g.md", "sample": 30, "labels": ["HAM", "SPAM"]}
    with lk.AnnotationSession(corpus, tmp_path / "gold.parquet", rules=rules, **options) as session:
        yield session


@pytest.fixture
def server(opened):
    with opened.serve() as server:
        yield server


def ask(url, values=None, *, headers=(), method=None):
    data = values if isinstance(values, bytes | None) else json.dumps(values).encode()
    request = urllib.request.Request(url, data, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def test_only_who_knows_the_token_is_answered(server):
    host = server.url.split("/")[2]
    assert host.startswith("127.0.0.1:")
    short, other = f"{server.url[:-2]}/", f"http://{host}/%C3%A9"
    for url in (
        f"http://{host}/",
        f"http://{host}/x/",
        f"http://{host}/x/do/next",
        short,
        f"{other}/",
        f"{other}/script.js",
    ):
        assert ask(url)[0] in (404, 405), url
        assert ask(url, {"annotator": "ann"})[0] in (404, 405), url
    assert ask(server.url)[0] == 200


def test_a_request_in_another_name_is_refused(server):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example"):
        assert ask(server.url, headers={"Host": host})[0] == 400


def test_the_page_forbids_all_that_is_not_its_own(server):
    _, headers, page = ask(server.url)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "<style" not in page
    assert page.count("<script") == 1
    assert "&lt;script&gt;kind" in page
    for name in ("script.js", "style.css"):
        status, _, content = ask(server.url + name)
        assert status == 200
        assert "http://" not in content
        assert "https://" not in content
    assert ask(f"{server.url}page.html.jinja")[0] == 404


@pytest.mark.parametrize(
    ("action", "values", "status"),
    [
        ("next", b"", 422),
        ("next", b"[1]", 422),
        ("next", b"[" * 100_000, 422),
        ("next", b"\xff", 422),
        ("next", {"annotator": "a" * 2_000_000}, 422),
        ("next", {"annotator": None}, 422),
        ("answer", {"annotator": "ann"}, 422),
        ("answer", {"annotator": "ann", "key": {"a": 1}, "label": "HAM"}, 422),
        ("answer", {"annotator": "ann", "key": "[]", "label": "HAM"}, 422),
        ("answer", {"annotator": "ann", "key": "0", "label": ["HAM"]}, 422),
        ("answer", {"annotator": "ann", "key": "0", "label": None, "status": []}, 422),
        ("back", {"annotator": "ann", "key": "no"}, 422),
        ("rule", {"annotator": "ann", "words": "text", "label": "HAM"}, 422),
        ("rule", {"annotator": "ann", "words": ["text"], "label": []}, 422),
        ("rule", {"annotator": "ann", "words": ["text"], "label": "HAM", "column": ["x"]}, 422),
        ("nothing", {"annotator": "ann"}, 404),
    ],
)
def test_nothing_that_is_sent_breaks_it(server, action, values, status):
    code, _, content = ask(f"{server.url}do/{action}", values)
    assert code == status, content
    assert ask(f"{server.url}do/next", {"annotator": "ann"})[0] == 200


def test_many_answer_at_once_and_all_is_kept(opened, server, tmp_path):
    asked = {}

    def work(name):
        asked[name] = []
        while (example := json.loads(ask(f"{server.url}do/next", {"annotator": name})[2])["example"]) is not None:
            asked[name].append(example["key"])
            values = {"annotator": name, "key": example["key"], "label": "SPAM", "seconds": 1}
            assert ask(f"{server.url}do/answer", values)[0] == 200

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ann", "bob", "cid")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.close()
    table = pd.read_parquet(tmp_path / "gold.parquet")
    assert sorted(set(table["row"])) == list(range(30))
    assert len(table) == sum(map(len, asked.values())) <= 32  # at the end, two may look at the last one


def test_a_port_that_is_taken_is_an_error(opened, server):
    port = int(server.url.split(":")[2].split("/")[0])
    with pytest.raises(AnnotationError, match=f"port {port} cannot be used"):
        opened.serve(port=port)
    with pytest.raises(AnnotationError, match="cannot be used"):
        opened.serve(port=99_999)


@pytest.mark.parametrize(
    ("markdown", "absent"),
    [
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[a](javascript:alert(1))", "href"),
        ("![a](https://x.example/a.png)", "<img"),
        ("[a](data:text/html;base64,AAAA)", "href"),
        ("<a href='https://x'>a</a>", "<a"),
        ("```html\n<script>1</script>\n```", "<script"),
        ("a \u202e b \x1b", "\u202e"),
    ],
)
def test_nothing_in_guidelines_acts(markdown, absent):
    assert absent not in rendered_guidelines(markdown, ["HAM"]).general


def test_sections_of_guidelines_are_those_of_classes():
    guidelines = rendered_guidelines(
        "# Task\nall\n## **Ham**\nfine\n### Example\n> hi\n## Others\nrest\n## SPAM\nbad [l](https://x.example)\n",
        ["HAM", "SPAM", "X"],
    )
    assert "fine" in guidelines.by_class["HAM"]
    assert "Example" in guidelines.by_class["HAM"]
    assert "rest" in guidelines.general
    assert 'rel="noopener noreferrer"' in guidelines.by_class["SPAM"]
    assert set(guidelines.by_class) == {"HAM", "SPAM"}

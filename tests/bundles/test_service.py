"""The service of docs/how_to/service.md, run as it stands there."""

import json
import re
import threading
from pathlib import Path

import pytest

import labelkit as lk

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "service.md"


@pytest.fixture
def client(packed, monkeypatch):
    pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    monkeypatch.setenv("BUNDLE", str(packed))
    scope = {"__name__": "service"}
    exec(
        compile(re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL).group(1), str(PAGE), "exec"),
        scope,
    )
    with testclient.TestClient(scope["app"]) as client:
        yield client


def test_it_labels_and_explains(client, loaded):
    text = {"text": "Subscribe to https://me"}
    assert client.post("/label", json=text).json() == {"label": "SPAM"}
    assert client.post("/label", json={"text": None}).json() == {"label": None}
    shares = client.post("/proba", json={"records": [text, {"text": "hm"}]}).json()["proba"]
    assert [list(row.values()) for row in shares] == loaded.predict_proba([text, {"text": "hm"}]).tolist()
    why = client.post("/explain", json=text).json()
    assert [(vote["rule"], vote["matches"]) for vote in why["votes"]] == [
        ("asks", ["Subscribe"]),
        ("link", ["https://"]),
    ]
    assert client.get("/health").json() == {"rules": 5, "classes": ["HAM", "SPAM"], "faults": 0}


def test_the_call_that_the_page_shows_is_answered(client):
    body = re.search(r"-d '(.*)'", PAGE.read_text("utf-8")).group(1)
    assert client.post("/label", json=json.loads(body)).json() == {"label": "SPAM"}


@pytest.mark.parametrize("record", [{"txt": "love"}, {"text": 5}])
def test_a_record_that_cannot_be_labeled_is_answered_with_the_reason(client, record):
    answer = client.post("/label", json=record)
    assert answer.status_code == 422
    assert "column 'text'" in answer.json()["error"]
    assert answer.json()["hint"]


def test_threads_get_their_own_answers(client, loaded, frame):
    texts = frame["text"].fillna("").tolist()[:24]
    expected, answers = [loaded.predict(text) for text in texts], []

    def ask():
        answers.append([client.post("/label", json={"text": text}).json()["label"] for text in texts])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8
    assert lk.LabelkitError

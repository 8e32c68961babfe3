"""The widget of a notebook asks the same session: in a real browser, its messages go to the real widget and back."""

import json

import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import AnnotationError
from tests.browser import find, needs_browser, press, started, wait_for
from tests.waiting import wait_until

pytest.importorskip("anywidget", reason="the extra annotate is not installed")

NASTY = "</div><script>window.hacked = 1</script> love it"

FRONT_END = """
window.outbox = [];
const listeners = [];
const model = {
  get: (name) => window.traits[name],
  send: (message) => window.outbox.push(message),
  on: (event, listener) => listeners.push(listener),
};
window.deliver = (message) => listeners.forEach((listener) => listener(message));
const blob = new Blob([arguments[0]], { type: "text/javascript" });
window.traits = arguments[1];
const done = arguments[arguments.length - 1];
import(URL.createObjectURL(blob)).then((module) => {
  module.default.render({ model, el: document.body });
  document.querySelector(".labelkit-annotate").focus();
  done(true);
});
"""


@pytest.fixture
def session(tmp_path):
    rules = [lk.keywords("subscribe", label=1).rule(name="asks"), lk.keywords("love", label=0).rule(name="loves")]
    texts = [NASTY, "subscribe now", "hm", "love love", "subscribe"]
    frame = pd.DataFrame({"id": [f"c{i}" for i in range(5)], "text": texts})
    options = {"rules": rules, "labels": ["HAM", "SPAM"], "id": "id"}
    with lk.AnnotationSession(frame, tmp_path / "gold.parquet", **options) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


class Kernel:
    """Carries the messages of the front end to the widget, and its replies back."""

    def __init__(self, widget, page):
        self.widget, self.page, self.replies = widget, page, []
        widget.send = self.replies.append  # what a comm would carry

    def work(self):
        for message in self.page.execute_script("return window.outbox.splice(0)"):
            self.widget._handle_custom_msg(message, [])
        while self.replies:
            self.page.execute_script("window.deliver(arguments[0])", self.replies.pop(0))
        return True

    def until(self, text):
        wait_until(lambda: self.work() and text in find(self.page, "body").text)


@needs_browser
def test_examples_are_labeled_by_keyboard_in_a_notebook(browser, session):
    widget = session.widget("ann")
    browser.get("data:text/html,<body></body>")
    traits = {"classes": widget.classes, "title": widget.title}
    assert browser.execute_async_script(FRONT_END, widget._esm, traits)
    kernel = Kernel(widget, browser)
    kernel.until("0 of 5")
    assert find(browser, ".labelkit-annotate").get_attribute("data-lm-suppress-shortcuts") == "true"
    assert not browser.execute_script("return document.querySelectorAll('mark').length")  # votes come after the answer
    for number in range(4):
        press(browser, "2")
        kernel.until(f"{number + 1} of 5")
    press(browser, "u")
    kernel.until("All done")
    press(browser, "b")
    kernel.until("Example c")
    press(browser, "1")
    kernel.until("5 of 5")
    assert not browser.execute_script("return window.hacked")
    labels = list(session.labels().values())
    assert sorted(labels) == ["HAM", "SPAM", "SPAM", "SPAM", "SPAM"]
    assert wait_for(browser, "return document.querySelector('[role=status]').textContent") == "HAM kept."


def test_messages_that_make_no_sense_are_answered(session):
    widget, replies = session.widget("ann"), []
    widget.send = replies.append
    for message in (
        {"number": 1, "action": "no"},
        "text",
        {"number": 2, "action": "answer", "key": '"x"', "label": "HAM"},
    ):
        widget._handle_custom_msg(message, [])
    assert replies[0] == {"number": 1, "error": "there is no such action", "hint": ""}
    assert replies[1]["error"]
    assert "none of the examples" in replies[2]["error"]
    assert session.status().n_done == 0
    json.dumps(replies)


def test_somebody_has_to_be_named(session):
    with pytest.raises(AnnotationError, match="name"):
        session.widget()

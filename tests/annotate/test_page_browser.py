"""The page to label on, in a real browser and by keyboard; skipped where Chromium or the extra is missing.

``LABELKIT_SCREENSHOTS=folder`` keeps pictures of the page in light and dark, wide and narrow, for people to look at.
"""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import labelkit as lk
from tests.browser import CONTRAST, all_of, find, look, needs_browser, press, started, wait_for

pytest.importorskip("starlette", reason="the extra annotate is not installed")
pytest.importorskip("uvicorn", reason="the extra annotate is not installed")

pytestmark = needs_browser

NASTY = "</script><script>window.hacked = 1</script><!-- <img src=x onerror='window.hacked=2'> subscribe"

RULES = """
from enum import IntEnum
from labelkit import keywords, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None: ...

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None: ...

@keywords("love", "great", label=Label.HAM)
def praise(text: str) -> None: ...
"""

GUIDELINES = """# What is spam?

A comment is spam if it **wants something** of the viewer. When in doubt, press `u`.

## HAM

About the video, or the people in it.

- "great song" is an example

## SPAM

Asks for clicks, subscriptions or money.

> check out my channel
"""

TEXTS = ["please subscribe", "I love it", "check out http://x.example", "great song", "hm"]


def project(folder):
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "guidelines.md").write_text(GUIDELINES, encoding="utf-8")
    frame = pd.DataFrame({"id": [f"c{i}" for i in range(100)], "text": [f"{TEXTS[i % 5]} {i}" for i in range(100)]})
    frame.to_csv(folder / "corpus.csv", index=False)
    return folder


@pytest.fixture
def place(tmp_path):
    return project(tmp_path)


@contextmanager
def serving(place, **options):
    """The page of a session in this process; yields the server."""
    rules = lk.collect(place / "rules.py")
    session = lk.AnnotationSession(place / "corpus.csv", place / "gold.parquet", rules=rules, id="id", **options)
    with session, session.serve() as server:
        yield server


@contextmanager
def command_serving(place, *options):
    """The command, as a user starts it; yields the process with the address."""
    command = [sys.executable, "-m", "labelkit", "annotate", "corpus.csv", "--rules", "rules.py", "--id", "id"]
    more = ["--out", "gold.parquet", "--log-format", "json", "--no-open", *options]
    root = Path(lk.__file__).parents[1]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [*command, *more], cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    try:
        process.events = []
        for line in process.stderr:
            process.events.append(json.loads(line))
            if "url" in process.events[-1]:
                process.url = process.events[-1]["url"]
                break
        else:
            raise AssertionError(process.events)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        process.stdout.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(autouse=True)
def _fresh(browser):
    look(browser)
    browser.get("about:blank")
    browser.get_log("browser")


def begin(browser, url, name):
    """Open the page in a new tab, as another person does, and type a name."""
    from selenium.webdriver.common.keys import Keys

    browser.switch_to.new_window("tab")
    look(browser)
    browser.get(url)
    wait_for(browser, "return document.querySelector('#name-dialog').open")
    press(browser, *name, Keys.ENTER)
    wait_for(browser, "return !document.querySelector('#name-dialog').open")
    return browser.current_window_handle


def shown(browser):
    wait_for(browser, "return document.body.getAttribute('aria-busy') === null")
    return browser.execute_script("return state.example && state.example.key")


def text(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('#fields .text')].map(e => e.textContent).join()"
    )


def key_for(browser):
    return "2" if re.search("subscribe|check out", text(browser)) else "1"


def answer(browser, key):
    """Press a key, and wait until the answer is kept and another example is shown."""
    before = browser.execute_script("return state.shown")
    press(browser, key)
    wait_for(browser, "return state.shown !== arguments[0] && !state.busy", before)


def answers(place):
    """The answers that were kept: those of the log."""
    lines = (place / "gold.parquet.log").read_text("utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == "answer"]


def no_problems(browser):
    return browser.get_log("browser") == []


def test_twenty_examples_by_keyboard_with_a_kill_in_between_lose_nothing(browser, place):
    given = {}
    with command_serving(place, "--sample", "20") as process:
        begin(browser, process.url, "ann")
        for _ in range(9):
            key = shown(browser)
            given[key] = pressed = key_for(browser)
            answer(browser, pressed)
        assert find(browser, "#count").text == "9 of 20 · 9 by you"
        assert no_problems(browser)
        process.send_signal(signal.SIGKILL)
        process.wait()
        press(browser, "1")  # nobody is there to keep it, and so the page says
        wait_for(browser, "return !document.querySelector('#problem').hidden")
        assert "Not kept" in find(browser, "#problem").text
    assert len(answers(place)) == 9
    browser.get_log("browser")
    with command_serving(place, "--sample", "20") as process:
        begin(browser, process.url, "ann")
        assert find(browser, "#count").text == "9 of 20 · 9 by you"
        while (key := shown(browser)) is not None:
            assert key not in given
            given[key] = pressed = key_for(browser)
            answer(browser, pressed)
        assert find(browser, "#example-title").text == "All done"
        assert find(browser, "#count").text == "20 of 20 · 20 by you"
        assert no_problems(browser)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        assert process.returncode == 0
        assert "20 of 20 examples done" in out
    expected = {json.loads(key): {"1": "HAM", "2": "SPAM"}[pressed] for key, pressed in given.items()}
    assert len(expected) == 20
    assert lk.read_gold(place / "gold.parquet").to_dict() == expected
    table = pd.read_parquet(place / "gold.parquet")
    assert (table["seconds"] > 0).all()
    assert (table["inclusion_probability"] == 0.2).all()
    assert set(table["annotator"]) == {"ann"}
    run = lk.run(place / "rules.py", place / "corpus.csv", place / "run", id="id", gold=str(place / "gold.parquet"))
    assert run.manifest["gold"]


def test_two_people_answer_at_once_and_both_are_kept(browser, place):
    with serving(place, sample=6, double=0.5) as server:
        tabs = [begin(browser, server.url, name) for name in ("ann", "bob")]
        asked = {tab: [] for tab in tabs}
        alive = list(tabs)
        while alive:
            for tab in list(alive):
                browser.switch_to.window(tab)
                key = shown(browser)
                if key is None:
                    alive.remove(tab)
                    continue
                asked[tab].append(key)
                answer(browser, "1" if tab == tabs[0] else "2")
            alive = [tab for tab in alive if len(asked[tab]) < 20]
        both = set(asked[tabs[0]]) & set(asked[tabs[1]])
        assert len(both) >= 3
        assert len({*asked[tabs[0]], *asked[tabs[1]]}) == 6
        assert "disputed" in find(browser, "#estimates-note").text
    kept = {(event["annotator"], json.dumps(event["item"])): event["label"] for event in answers(place)}
    assert kept == {
        **{("ann", key): "HAM" for key in asked[tabs[0]]},
        **{("bob", key): "SPAM" for key in asked[tabs[1]]},
    }
    with serving(place, adjudicate=True) as server:
        begin(browser, server.url, "cid")
        n = 0
        while shown(browser) is not None:
            assert {item.text.split(":")[0] for item in all_of(browser, "#others li")} == {"ann", "bob"}
            answer(browser, "2")
            n += 1
        assert n == len(both)
    gold = lk.read_gold(place / "gold.parquet")
    assert len(gold) == 6
    assert (gold.loc[[json.loads(key) for key in both]] == "SPAM").all()


def test_a_browser_that_is_closed_in_mid_answer_loses_nothing_that_was_kept(browser, place):
    with serving(place, sample=5) as server:
        first = begin(browser, server.url, "ann")
        answer(browser, "1")
        present = shown(browser)
        press(browser, "n", *"half a note")
        browser.close()
        browser.switch_to.window(browser.window_handles[0])
        second = begin(browser, server.url, "ann")
        assert second != first
        assert shown(browser) == present
        assert find(browser, "#count").text == "1 of 5 · 1 by you"
        assert find(browser, "#note").get_attribute("value") == ""


def test_skip_unsure_note_and_back_by_keyboard(browser, place):
    from selenium.webdriver.common.keys import Keys

    with serving(place, sample=5) as server:
        begin(browser, server.url, "ann")
        skipped = shown(browser)
        answer(browser, "s")
        unsure = shown(browser)
        press(browser, "n", *"which 1 or 2?", Keys.ESCAPE)
        answer(browser, "u")
        labeled = shown(browser)
        answer(browser, "2")
        assert find(browser, "#note").get_attribute("value") == ""
        answer(browser, "b")
        assert shown(browser) == labeled
        assert "You answered SPAM" in find(browser, "#again").text
        assert find(browser, ".class[data-label=SPAM]").get_attribute("aria-pressed") == "true"
        answer(browser, "1")
        answer(browser, "b")
        answer(browser, "b")
        assert shown(browser) == unsure
        assert find(browser, "#note").get_attribute("value") == "which 1 or 2?"
        assert "unsure" in find(browser, "#again").text
        answer(browser, "2")
        while (key := shown(browser)) != skipped:
            answer(browser, "1")
            assert key not in (unsure, labeled)
        answer(browser, "1")
        assert shown(browser) is None
        assert no_problems(browser)
    kept = {json.dumps(event["item"]): event for event in answers(place)}
    assert kept[labeled]["label"] == "HAM"
    assert kept[unsure]["note"] == "which 1 or 2?"
    assert kept[skipped]["status"] == "labeled"
    assert len(answers(place)) == 8


def test_votes_are_shown_after_the_answer(browser, place):
    with serving(place) as server:
        begin(browser, server.url, "ann")
        while "subscribe" not in text(browser):
            answer(browser, "1")
        assert all_of(browser, "#fields mark") == []
        assert not find(browser, "#votes-before").is_displayed()
        answer(browser, "2")
        assert [mark.text for mark in all_of(browser, "#before-fields mark")] == ["subscribe"]
        assert "asks" in find(browser, "#before-votes").text
        assert "SPAM kept" in find(browser, "#said").text
        rows = [row.text for row in all_of(browser, "#shares tr")]
        assert any(row.startswith("SPAM") for row in rows)
        assert any(row.startswith("most rules are right") for row in rows)
    with serving(place, show_votes=True) as server:
        begin(browser, server.url, "bob")
        assert find(browser, "#votes-before").is_displayed()


def test_a_held_key_and_a_key_in_a_field_answer_nothing(browser, place):
    from selenium.webdriver.common.keys import Keys

    with serving(place) as server:
        begin(browser, server.url, "ann")
        present = shown(browser)
        press(browser, "n", "1", "2", Keys.ENTER)
        browser.execute_script(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: '1', repeat: true}));"
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: '1', ctrlKey: true}));"
        )
        assert shown(browser) == present
        assert find(browser, "#note").get_attribute("value") == "12"
        browser.execute_script(
            "for (let i = 0; i < 5; i++) document.dispatchEvent(new KeyboardEvent('keydown', {key: '1'}))"
        )
        wait_for(browser, "return !state.busy && state.example.key !== arguments[0]", present)
    assert len(answers(place)) == 1  # the other four were for no example that was seen


def test_texts_of_all_kinds_are_shown_and_none_acts(browser, place):
    texts = {
        "a": NASTY,
        "b": "x" * 1_000_000,
        "c": "\u202esubscribe\u202c \x1b[31m http://x",
        "d": "שלום subscribe",
        "e": "",
    }
    pd.DataFrame({"id": texts.keys(), "text": texts.values()}).to_parquet(place / "nasty.parquet")
    pd.read_parquet(place / "nasty.parquet").to_json(place / "nasty.jsonl", orient="records", lines=True)
    (place / "corpus.csv").unlink()
    (place / "nasty.jsonl").rename(place / "corpus.csv")
    with serving(place, format="jsonl", show_votes=True) as server:
        begin(browser, server.url, "ann")
        seen = {}
        while (key := shown(browser)) is not None:
            seen[json.loads(key)] = text(browser)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 1280
            styles = browser.execute_script(
                "return [...document.querySelectorAll('#fields .text')].map(e => [e.dir, getComputedStyle(e).unicodeBidi])"
            )
            assert set(map(tuple, styles)) == {("auto", "isolate")}
            answer(browser, "2")
        assert browser.execute_script("return window.hacked") is None
        assert no_problems(browser)
    assert seen["a"] == NASTY
    assert len(seen["b"]) == 1_000_000
    assert seen["c"].startswith("<U+202E>subscribe<U+202C> ␛[31m")
    assert seen["d"] == texts["d"]


def test_the_policy_stops_what_would_be_put_in_later(browser, place):
    with serving(place) as server:
        begin(browser, server.url, "ann")
        browser.get_log("browser")
        browser.execute_script(
            "const s = document.createElement('script'); s.textContent = 'window.hacked = 5'; document.body.append(s);"
            "const i = document.createElement('div'); i.innerHTML = '<img src=x onerror=\"window.hacked = 6\">';"
            "document.body.append(i);"
        )
        assert browser.execute_script("return window.hacked") is None
        assert len(browser.get_log("browser")) >= 2
        loaded = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
        assert all(name.startswith(server.url) for name in loaded)


def test_a_corpus_that_changes_under_the_page_is_said(browser, place):
    with serving(place, sample=5) as server:
        begin(browser, server.url, "ann")
        answer(browser, "1")
        assert not find(browser, "#changed").is_displayed()
        frame = pd.read_csv(place / "corpus.csv")
        frame.assign(text="another text").to_csv(place / "corpus.csv", index=False)
        answer(browser, "1")
        assert find(browser, "#changed").is_displayed()
    with serving(place, sample=5) as server:
        begin(browser, server.url, "ann")
        assert find(browser, "#count").text == "0 of 5 · 0 by you"
        assert "another text" in text(browser)


def test_a_rule_is_made_of_words_on_the_page(browser, place):
    from selenium.webdriver.common.keys import Keys

    with serving(place) as server:
        begin(browser, server.url, "ann")
        while "subscribe" not in text(browser):
            answer(browser, "1")
        answer(browser, "2")
        browser.execute_script(
            "const node = document.querySelector('#before-fields mark').firstChild;"
            "getSelection().setBaseAndExtent(node, 0, node, node.length)"
        )
        press(browser, "r")
        assert find(browser, "#words").get_attribute("value") == "subscribe"
        press(browser, *", check out", Keys.TAB, "S", Keys.ENTER)
        browser.execute_script("document.querySelector('#rule-class').value = 'SPAM'")
        find(browser, "#rule-form button[type=submit]").click()
        wait_for(browser, "return !document.querySelector('#rule-source').hidden")
        assert "Labels 40.0%" in find(browser, "#rule-count").text
        assert "by 100 examples" in find(browser, "#rule-count").text
        assert '@keywords("subscribe", "check out", label=Label.SPAM)' in find(browser, "#rule-source").text
        press(browser, Keys.ESCAPE)
        assert not find(browser, "#rule-dialog").is_displayed()


# For every eye ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guided(tmp_path_factory):
    place = project(tmp_path_factory.mktemp("guided"))
    with serving(place, guidelines=place / "guidelines.md") as server:
        yield server


@pytest.fixture
def labeled(browser, guided):
    """The page after some answers, with all that it can show."""
    begin(browser, guided.url, "ann")
    for _ in range(4):
        answer(browser, key_for(browser))
    yield browser
    assert no_problems(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(labeled, scheme):
    look(labeled, scheme=scheme)
    ground = labeled.execute_script("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert brightness < 60 if scheme == "dark" else brightness > 200
    assert labeled.execute_script(CONTRAST) == []
    press(labeled, "r")
    assert labeled.execute_script(CONTRAST) == []


@pytest.mark.parametrize("width", [360, 390, 800, 1600])
def test_no_width_makes_the_page_scroll_sideways(labeled, width):
    look(labeled, width=width)
    assert labeled.execute_script("return document.documentElement.scrollWidth") <= width
    press(labeled, "r")
    assert find(labeled, "#rule-dialog").rect["width"] <= width


def test_everything_has_a_name_and_can_be_reached_by_keyboard(labeled):
    from selenium.webdriver.common.keys import Keys

    unnamed = labeled.execute_script(
        "return [...document.querySelectorAll('button, input, select, progress, a, dialog, section, aside')].filter(e =>"
        " !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')"
        " || (e.labels && e.labels.length))).map(e => e.outerHTML.slice(0, 100))"
    )
    assert unnamed == []
    assert find(labeled, "html").get_attribute("lang") == "en"
    assert find(labeled, "#said").get_attribute("aria-live") == "polite"
    assert labeled.switch_to.active_element.get_attribute("id") == "example"
    reached = set()
    for _ in range(30):
        press(labeled, Keys.TAB)
        element = labeled.switch_to.active_element
        reached.add(element.get_attribute("id") or element.get_attribute("data-label"))
    assert {"HAM", "SPAM", "skip", "unsure", "back", "rule", "guide", "note", "who"} <= reached
    levels = [int(heading.tag_name[1]) for heading in all_of(labeled, "h1, main h2, main aside h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1


SEEN = """
const text = document.querySelector(".text").getBoundingClientRect();
const rows = Array.from({length: Math.floor(text.height / 5)}, (_, n) => text.top + 5 * n);
return 5 * rows.filter((y) => document.elementFromPoint(text.left + 20, y)?.closest(".text")).length;
"""
"""How many pixels of the height of the text are in view, and not covered."""


@pytest.mark.parametrize("n_classes", [5, 40, 150])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 640)])
def test_many_classes_leave_the_text_in_view_and_all_can_be_chosen(browser, tmp_path, n_classes, width, height):
    labels = [f"class_number_{n}" for n in range(n_classes)]
    texts = ["word " * 400, "another word " * 400]
    session = lk.AnnotationSession(texts, tmp_path / "gold.parquet", labels=labels)
    with session, session.serve() as server:
        begin(browser, server.url, "ann")
        look(browser, width=width, height=height)
        assert browser.execute_script(SEEN) >= 100
        before = browser.execute_script("return state.shown")
        all_of(browser, ".class")[-1].click()
        wait_for(browser, "return state.shown !== arguments[0] && !state.busy", before)
        assert no_problems(browser)
        assert list(session.labels().values()) == [labels[-1]]


def test_guidelines_stand_beside_and_can_be_put_away(labeled):
    guidelines = find(labeled, "#guidelines")
    assert "wants something" in guidelines.text
    assert "Asks for clicks" in guidelines.text
    press(labeled, "g")
    assert not guidelines.is_displayed()
    assert find(labeled, "#guide").get_attribute("aria-expanded") == "false"
    press(labeled, "g")
    assert guidelines.is_displayed()


@pytest.mark.skipif("LABELKIT_SCREENSHOTS" not in os.environ, reason="LABELKIT_SCREENSHOTS names no folder")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pictures_for_people(labeled, scheme, width):
    look(labeled, width=width, scheme=scheme, height=900 if width > 400 else 1_500)
    folder = Path(os.environ["LABELKIT_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    assert labeled.save_screenshot(str(folder / f"annotate-{scheme}-{width}.png"))
    press(labeled, "r")
    assert labeled.save_screenshot(str(folder / f"annotate-rule-{scheme}-{width}.png"))

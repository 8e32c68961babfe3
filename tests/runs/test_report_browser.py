"""The report in a real browser: headless Chromium, driven by Selenium; skipped where either is missing.

``LABELKIT_SCREENSHOTS=folder`` keeps pictures of the report in light and dark, wide and narrow, for people to look at.
"""

import os
import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import labelkit as lk
from tests.browser import CONTRAST, all_of, find, look, needs_browser, press, started, wait_for

pytestmark = needs_browser

NASTY = "</script><script>window.hacked = 1</script><!-- <img src=x onerror='window.hacked=2'> subscribe"

RULES = '''
from enum import IntEnum
from labelkit import ABSTAIN, keywords, labeling_function, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None:
    """Asks the <script>window.hacked = 4</script> viewer to come over."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""

@keywords("love", "great", label=Label.HAM)
def praise(text: str) -> None: ...

@labeling_function
def short(text: str) -> int:
    """Genuine comments are short."""
    return Label.HAM if len(text) < 16 else ABSTAIN

@keywords("never said", label=Label.HAM)
def silent(text: str) -> None: ...

@regex(r"<\\w+|[א-ת]|\u202e", label=Label.SPAM)
def odd(text: str) -> None:
    """What may act in a page."""
'''


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "rules.py").write_text(RULES)
    texts = ["subscribe, I love it", "check out http://x.example", "great song", "hm", "a long comment about the video"]
    frame = pd.DataFrame({"id": range(500), "text": [f"{texts[i % 5]} {i}" for i in range(500)]})
    frame["spam"] = (frame["id"] % 5 < 2).astype(int)
    frame.loc[:4, "text"] = [
        NASTY,
        "x" * 1_000_000,
        "\u202esubscribe\u202c \x1b[31m http://x",
        "hm <b>bold</b>",
        "שלום subscribe",
    ]
    frame.to_parquet(folder / "corpus.parquet")
    run = lk.run(folder / "rules.py", folder / "corpus.parquet", folder / "out", id="id", gold="spam")
    return run.path / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, report):
    """The report, opened anew, with what a test asks of it."""
    look(browser)
    browser.get("about:blank")
    browser.get(report.as_uri())
    browser.get_log("browser")
    yield browser
    assert browser.get_log("browser") == []  # no error, no violation of the policy


def names(page):
    return [row.text.split()[0] for row in all_of(page, "#rules-table tbody tr") if row.is_displayed()]


def click(page, selector):
    element = find(page, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    element.click()
    return element


def emptied(page, selector):
    """A field as it is after a person deleted what stood in it."""
    from selenium.webdriver.common.keys import Keys

    element = find(page, selector)
    element.send_keys(Keys.CONTROL, "a")
    element.send_keys(Keys.NULL, Keys.DELETE)
    return element


# Nothing acts, nothing is loaded --------------------------------------------------------------------------------------


def test_the_page_opens_without_an_error_and_asks_for_nothing_else(browser, report):
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(report.as_uri())
    assert browser.title.endswith("labelkit")
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_a_script_in_a_comment_is_shown_and_not_run(page):
    click(page, "#open-all")
    wait_for(page, "return document.querySelectorAll('.example').length > 10")
    shown = page.execute_script("return [...document.querySelectorAll('.example .text')].map(e => e.textContent)")
    assert NASTY in shown
    assert "<script>window.hacked = 4</script>" in find(page, "#rule-0 .doc").text
    assert page.execute_script("return window.hacked") is None
    assert len(all_of(page, "script")) == 2
    assert all_of(page, "main img, main b") == []


def test_the_policy_stops_what_would_be_put_in_later(page):
    page.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 5'; document.body.append(s);"
        "const i = document.createElement('div'); i.innerHTML = '<img src=x onerror=\"window.hacked = 6\">';"
        "document.body.append(i);"
    )
    assert page.execute_script("return window.hacked") is None
    assert len(page.get_log("browser")) >= 2  # the browser said no, and so says its log


def test_texts_from_right_to_left_do_not_turn_what_stands_beside_them(page):
    click(page, "#rule-5 summary")
    wait_for(page, "return document.querySelectorAll('#rule-5 .example').length")
    shown = page.execute_script("return [...document.querySelectorAll('.example')].map(e => e.textContent)")
    assert any("שלום" in text for text in shown)
    assert any("<U+202E>subscribe<U+202C> ␛[31m" in text for text in shown)
    assert not any(re.search("[\u202a-\u202e\u2066-\u2069\x1b]", text) for text in shown)
    styles = page.execute_script(
        "return [...document.querySelectorAll('.example .text')].map(e => [e.dir, getComputedStyle(e).unicodeBidi])"
    )
    assert set(map(tuple, styles)) == {("auto", "isolate")}


# The rules: sort, filter, open ----------------------------------------------------------------------------------------


def test_a_click_on_a_head_sorts_and_says_so_and_another_turns_it_round(page):
    before = names(page)
    click(page, "[data-sort=coverage]")
    shares = [float(cell.text.split("%")[0]) for cell in all_of(page, "#rules-table tbody td:nth-child(3)")]
    assert shares == sorted(shares, reverse=True)
    assert find(page, "[data-sort=coverage]").find_element("xpath", "..").get_attribute("aria-sort") == "descending"
    click(page, "[data-sort=coverage]")
    assert [float(cell.text.split("%")[0]) for cell in all_of(page, "#rules-table tbody td:nth-child(3)")] == shares[
        ::-1
    ]
    click(page, "[data-sort=name]")
    assert names(page) == sorted(before)
    assert [th.get_attribute("aria-sort") for th in all_of(page, "#rules-table th[aria-sort]")].count("none") == 6


def test_what_is_undefined_stands_last_however_one_sorts(page):
    for _ in range(2):
        click(page, "[data-sort=precision]")
        assert names(page)[-1] == "silent"


def test_filters_hide_rules_and_count_those_that_are_left(page):
    find(page, "#find").send_keys("genuine SHORT")
    assert names(page) == ["short"]
    assert find(page, "#n-shown").text == "1 of 6 rules"
    emptied(page, "#find").send_keys("nothing of the kind")
    assert names(page) == []
    assert find(page, "#no-rules").is_displayed()
    emptied(page, "#find")
    find(page, "#of-class option[value='1']").click()
    assert names(page) == ["asks", "link", "odd"]
    find(page, "#of-kind").send_keys("regex")
    assert names(page) == ["link", "odd"]


def test_a_link_opens_the_card_of_its_rule_with_examples_and_marks(page):
    click(page, "#rules-table a[href='#rule-0']")
    wait_for(page, "return document.querySelectorAll('#rule-0 .example').length > 0")
    assert find(page, "#rule-0").get_attribute("open") is not None
    assert page.switch_to.active_element.tag_name == "summary"
    marks = {mark.text.lower() for mark in all_of(page, "#rule-0 mark.on")}
    assert marks <= {"subscribe", "check out"}
    assert marks
    assert "label" in find(page, "#rule-0 .example .told").text
    assert all(len(text.text) < 800 for text in all_of(page, "#rule-0 .example .text"))


# Pairs that disagree --------------------------------------------------------------------------------------------------


def test_a_pair_opens_examples_on_which_both_vote_and_escape_goes_back(page):
    from selenium.webdriver.common.keys import Keys

    button = click(page, ".pairs button")
    dialog = find(page, "#dialog")
    assert dialog.is_displayed()
    one, other = find(page, "#dialog-title").text.split(" against ")
    assert f"{one} and {other} disagree on 99 of the 99 examples" in find(page, "#dialog-told").text
    for example in all_of(page, "#dialog .example"):
        votes = {v.text.split()[0]: v.text.split()[1] for v in example.find_elements("css selector", ".vote.on")}
        assert set(votes) == {one, other}
        assert votes[one] != votes[other]
    assert all_of(page, "#dialog .example")
    press(page, Keys.ESCAPE)
    assert not dialog.is_displayed()
    assert page.switch_to.active_element == button


def test_the_map_is_walked_by_arrow_keys_and_tells_where_one_is(page):
    from selenium.webdriver.common.keys import Keys

    stops = all_of(page, ".map button[tabindex='0']")
    assert len(stops) == 1
    page.execute_script("arguments[0].focus()", stops[0])
    told = find(page, "#map-told").text
    assert "disagree on" in told
    press(page, Keys.ARROW_RIGHT)
    moved = page.switch_to.active_element
    assert moved != stops[0]
    assert moved.get_attribute("tabindex") == "0"
    assert len(all_of(page, ".map button[tabindex='0']")) == 1
    assert find(page, "#map-told").text != told
    press(page, Keys.ENTER)
    assert find(page, "#dialog").is_displayed()
    click(page, "#dialog-close")
    assert not find(page, "#dialog").is_displayed()


# By keyboard, for every eye -------------------------------------------------------------------------------------------


def test_everything_can_be_done_without_a_mouse(page):
    from selenium.webdriver.common.keys import Keys

    press(page, Keys.TAB)
    skip = page.switch_to.active_element
    assert skip.text == "Skip to the content"
    assert skip.rect["y"] >= 0
    press(page, Keys.ENTER)
    reached = set()
    for _ in range(200):
        press(page, Keys.TAB)
        element = page.switch_to.active_element
        outline = page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", element)
        assert outline != "none", element.get_attribute("outerHTML")[:200]
        kind = next(
            (f"{n}={v}" for n in ("data-sort", "data-pair", "id", "href") if (v := element.get_attribute(n))),
            element.tag_name,
        )
        reached.add(kind.split("#")[-1] if "href" in kind else kind)
        if element.get_attribute("data-sort") == "name":
            press(page, Keys.ENTER)
            assert element.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
        if element.tag_name == "summary" and "asks" in element.text:
            press(page, Keys.ENTER)
            wait_for(page, "return document.querySelector('#rule-0').open")
            break
    assert {
        "id=find",
        "id=of-class",
        "id=of-kind",
        "data-sort=coverage",
        "data-pair=0",
        "rule-0",
        "id=open-all",
    } <= reached


def test_fields_buttons_and_headings_have_names_and_an_order(page):
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('button, input, select, summary, a')].filter(e =>"
        " !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length))"
        " && !e.closest('dialog')).map(e => e.outerHTML.slice(0, 100))"
    )
    assert unnamed == []
    levels = [int(h.tag_name[1]) for h in all_of(page, "h1, main h2, main h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert find(page, "html").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, scheme):
    look(page, scheme=scheme)
    click(page, "#open-all")
    wait_for(page, "return document.querySelectorAll('.example').length > 10")
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert brightness < 60 if scheme == "dark" else brightness > 200
    assert page.execute_script(CONTRAST) == []


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_no_width_makes_the_page_scroll_sideways(page, width):
    look(page, width=width)
    click(page, "#open-all")
    wait_for(page, "return document.querySelectorAll('.example').length > 10")
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_without_a_vote_the_page_works_as_well(browser, tmp_path):
    rule = lk.keywords("never said", label=0).rule(name="silent")
    folder = lk.run([rule], ["a text"] * 20, tmp_path / "out", labels=["HAM", "SPAM"])
    browser.get_log("browser")
    browser.get((folder.path / "report.html").as_uri())
    assert "No rule voted" in find(browser, "#conflicts").text
    click(browser, "[data-sort=estimated]")
    click(browser, "#examples summary")
    wait_for(browser, "return document.querySelectorAll('#examples .example').length === 12")
    assert browser.get_log("browser") == []


@pytest.mark.skipif("LABELKIT_SCREENSHOTS" not in os.environ, reason="LABELKIT_SCREENSHOTS names no folder")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1280])
def test_pictures_for_people(page, scheme, width):
    look(page, width=width, scheme=scheme, height=4_000)
    click(page, "#rule-0 summary")
    wait_for(page, "return document.querySelectorAll('#rule-0 .example').length > 0")
    folder = Path(os.environ["LABELKIT_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    assert page.save_screenshot(str(folder / f"report-{scheme}-{width}.png"))

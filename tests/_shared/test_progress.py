"""Without a terminal, progress is a line in the log from time to time: by rows, and by a clock that the test moves."""

import logging
import threading

import pytest

from labelkit._shared import progress
from labelkit._shared.events import LOGGER, log_event
from labelkit._shared.progress import SHOWN_AS, ProgressLines, shown_progress
from tests.waiting import wait_until


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, "labelkit")
    return lambda: [(record.event, record.getMessage()) for record in caplog.records]


def test_a_line_comes_with_each_tenth_of_the_rows(logged):
    clock = Clock()
    lines = ProgressLines(1_000, clock=clock)
    for _ in range(100):
        clock.seconds += 0.1
        lines.update(10)
    assert len(logged()) == 9
    assert logged()[0] == ("progress", "100 of 1,000 rows (10%), 100 rows/s, 9 s left")


def test_a_batch_of_many_tenths_is_one_line_and_the_end_is_none(logged):
    clock = Clock()
    lines = ProgressLines(100, clock=clock)
    clock.seconds = 10.0
    lines.update(55)
    lines.update(45)
    assert [message for _, message in logged()] == ["55 of 100 rows (55%), 5 rows/s, 8 s left"]


def test_a_slow_run_is_heard_of_each_half_minute(logged):
    clock = Clock()
    lines = ProgressLines(1_000_000, clock=clock)
    for seconds in (29, 31, 40, 62):
        clock.seconds = float(seconds)
        lines.update(1)
    assert [message.split(" ")[0] for _, message in logged()] == ["2", "4"]


def test_where_the_number_of_rows_is_not_known_the_rows_stand_alone(logged):
    clock = Clock()
    lines = ProgressLines(None, clock=clock)
    clock.seconds = 30.0
    lines.update(60_000)
    assert logged() == [("progress", "60,000 rows, 2,000 rows/s")]


def test_the_speed_of_a_run_that_goes_on_is_that_of_its_own_rows(logged):
    clock = Clock()
    lines = ProgressLines(1_000, 800, clock=clock)
    clock.seconds = 10.0
    lines.update(100)
    assert logged() == [("progress", "900 of 1,000 rows (90%), 10 rows/s, 10 s left")]


def test_fields_are_numbers(logged, caplog):
    clock = Clock()
    lines = ProgressLines(100, clock=clock)
    clock.seconds = 1.0
    lines.update(50)
    assert logged()
    assert caplog.records[0].fields == {"rows": 50, "of": 100, "rows_per_second": 50.0, "seconds_left": 1.0}


def test_a_batch_that_takes_long_is_heard_of_before_its_end(logged, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.01)
    with shown_progress(10, 0, shown=None):
        wait_until(logged)
    assert logged()[0][1].startswith("0 of 10 rows (0%)")
    assert not [thread.name for thread in threading.enumerate() if thread.name == "labelkit-progress"]


def test_the_program_chooses_where_its_caller_does_not(capsys, logged):
    chosen = SHOWN_AS.set("nothing")
    try:
        with shown_progress(10, 0, shown=None) as shown:
            shown.update(5)
    finally:
        SHOWN_AS.reset(chosen)
    assert not logged()
    with shown_progress(10, 0, shown=None) as shown:
        shown.update(5)
    assert [event for event, _ in logged()] == ["progress"]
    assert capsys.readouterr().err == ""
    with shown_progress(10, 0, shown=True) as shown:
        shown.update(5)
    assert "rows" in capsys.readouterr().err


def test_nothing_is_logged_unless_somebody_listens(capsys):
    log_event("resumed", "resumed at row 7", rows=7)
    assert not LOGGER.isEnabledFor(logging.INFO)
    assert capsys.readouterr() == ("", "")

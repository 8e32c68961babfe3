"""No text of a table is run as a formula, and every text is found again."""

import re

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from labelkit._shared.spreadsheets import harmless, harmless_column, restored

SIGNS = "=+-@\t\r\n＝＋－＠"

numbers = st.from_regex(r"'{0,2}-[0-9]{1,3}([.,][0-9]{1,2})?([eE][+-]?[0-9])?[+ \n]?", fullmatch=True)

texts = st.one_of(
    numbers,
    st.text(st.sampled_from(f"'{SIGNS} a"), max_size=6),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@given(st.lists(st.none() | texts, max_size=20))
def test_a_column_is_made_harmless_as_each_text_is_and_each_is_found_again(given_texts):
    column = harmless_column(pa.array(given_texts, pa.string())).to_pylist()
    assert column == [None if text is None else harmless(text) for text in given_texts]
    assert [None if text is None else restored(text) for text in column] == given_texts
    assert not [text for text in column if text and text[0] in SIGNS and not is_negative(text)]


def is_negative(text):
    """Return whether a text is a negative number in ASCII, without spaces, whose fraction may stand behind a comma.

    Negative times are none; no text that is drawn here is one.
    """
    digits = text[1:].replace(",", ".", 1)
    try:
        return text[0] == "-" and digits[0] in "0123456789" and not re.search(r"[\s_]", digits) and float(digits) >= 0
    except (ValueError, IndexError):
        return False


TIMES = ["-1 day, 23:59:55", "-3 days, 0:00:00", "-1 days +23:59:55.5", "-00:05:00", "-1:30:00.25"]


@pytest.mark.parametrize("number", ["-5", "-1.5", "-1,5", "-2.5e-10", "-0", "-inf", *TIMES])
def test_a_negative_number_or_time_stays(number):
    assert harmless(number) == restored(number) == number
    assert restored(harmless(f"'{number}")) == f"'{number}"
    assert harmless_column(pa.array([number])).to_pylist() == [number]


@pytest.mark.parametrize(
    "text",
    [
        "-5+cmd|' /C calc'!A0",
        "-1.5.2",
        "-",
        "-a",
        "-5 ",
        "-5\n",
        "+5",
        "--5",
        "-1-1",
        "-٣",
        "-1:30",
        "-1 day",
        "-info",
        "-00:05:00+1",
        "-1 day, 1:00:00-2",
    ],
)
def test_what_only_begins_like_a_number_does_not(text):
    assert harmless(text) == f"'{text}"
    assert harmless_column(pa.array([text])).to_pylist() == [f"'{text}"]

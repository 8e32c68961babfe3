"""No text of a table is run as a formula, and every text is found again."""

import pyarrow as pa
from hypothesis import given, strategies as st

from labelkit._shared.spreadsheets import harmless, harmless_column, restored

SIGNS = "=+-@\t\r\n＝＋－＠"

texts = st.one_of(
    st.text(st.sampled_from(f"'{SIGNS} a"), max_size=6),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@given(st.lists(st.none() | texts, max_size=20))
def test_a_column_is_made_harmless_as_each_text_is_and_each_is_found_again(given_texts):
    column = harmless_column(pa.array(given_texts, pa.string())).to_pylist()
    assert column == [None if text is None else harmless(text) for text in given_texts]
    assert [None if text is None else restored(text) for text in column] == given_texts
    assert not [text for text in column if text and text[0] in SIGNS]

"""Files of a corpus are held against those of an earlier one: behind the old ones, new ones stand, or an error says what does not fit."""

from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from labelkit.corpus.growth import check_growth
from labelkit.exceptions import CorpusError

FILES = [
    (name, size, f"d{size}") for name, size in [("a.csv", 3), ("b.csv", 5), ("c.csv", 7), ("d.csv", 9), ("e.csv", 11)]
]


@given(
    st.lists(st.sampled_from(FILES), unique=True, max_size=4), st.lists(st.sampled_from(FILES), unique=True, max_size=5)
)
def test_only_new_files_behind_the_old_ones_are_more_rows(before, now):
    if now[: len(before)] == before:
        check_growth(before, now, lambda _name, _size: "")
    else:
        with pytest.raises(CorpusError, match="the rows that were voted on have changed"):
            check_growth(before, now, lambda _name, _size: "")


@pytest.mark.parametrize("order", [one for one in permutations(FILES[:3]) if list(one) != FILES[:3]])
@pytest.mark.parametrize("n_new", [0, 1])
def test_files_in_another_order_are_named(order, n_new):
    with pytest.raises(CorpusError, match=r"the rows of '\w.csv' stand behind those of '\w.csv' now"):
        check_growth(FILES[:3], [*order, *FILES[3 : 3 + n_new]], lambda _name, _size: "")


def test_a_new_file_before_old_ones_is_named():
    with pytest.raises(CorpusError, match=r"new file 'd.csv' stands before old ones"):
        check_growth(FILES[:3], [FILES[0], FILES[3], *FILES[1:3], FILES[4]], lambda _name, _size: "")

"""Lists that are written as text hold names with commas, in quotes or as they are."""

import pytest
from hypothesis import given, strategies as st

from labelkit._shared.written_lists import as_entry, entries_written, names_and_more, names_written
from labelkit._shared.written_pairs import as_pair, columns_written, meanings_written, values_first

NAMES = st.text('ab ,"=', min_size=1).filter(str.strip)


@given(st.lists(NAMES, min_size=1))
def test_names_that_are_written_as_entries_are_read_back(names):
    assert entries_written([",".join(map(as_entry, names))]) == names
    assert entries_written(map(as_entry, names)) == names
    assert names_written([",".join(map(as_entry, names))] if len(names) > 1 else map(as_entry, names), list) == names


def test_a_whole_name_comes_first():
    there = ["Name, Meldung", "Ort", "Name"]
    assert names_written(["Name, Meldung"], lambda: there) == ["Name, Meldung"]
    assert names_written(["Name, Meldung,Ort", "Name"], lambda: there) == ["Name, Meldung", "Ort", "Name"]
    assert names_written(['"Name, Meldung",Ort'], lambda: there) == ["Name, Meldung", "Ort"]


def test_a_name_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(ValueError, match=r"""there is no 'Nam'; there are 'Name, Meldung', 'Ort'\. .*'"Name, Mel"""):
        names_written(["Nam, Meldung"], lambda: ["Name, Meldung", "Ort"])


def test_names_without_commas_are_left_to_who_knows_them():
    assert names_written(["a, b"], lambda: ["c"]) == ["a", "b"]
    assert names_written(["a"], lambda: pytest.fail("not needed")) == ["a"]


def test_pairs_in_quotes_hold_commas_and_equal_signs():
    assert columns_written(['"text=a, b=c",x=y']) == {"text": "a, b=c", "x": "y"}
    assert meanings_written(['"so, so=HAM",x=']) == {"so, so": "HAM", "x": ""}
    assert values_first(["web, old=20,new=3"]) == ["web, old=20", "new=3"]


HALVES = NAMES.filter(lambda name: name == name.strip())


@given(st.dictionaries(HALVES, HALVES | st.just(""), min_size=1))
def test_pairs_of_any_names_are_read_back(meanings):
    pairs = [as_pair(value, label) for value, label in meanings.items()]
    assert meanings_written([",".join(pairs)]) == meanings_written(pairs) == meanings
    columns = {new: old or "x" for new, old in meanings.items()}
    assert columns_written([",".join(as_pair(new, old) for new, old in columns.items())]) == columns
    numbers = [as_pair(value, "0.5") for value in meanings]
    assert values_first([",".join(numbers)]) == [f"{value}=0.5" for value in meanings]


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ('"junk, a"=SPAM,ok="HAM, or so"', {"junk, a": "SPAM", "ok": "HAM, or so"}),
        (' "junk" = "x=y" , "so, so"=', {"junk": "x=y", "so, so": ""}),
        ('"say ""hi"""=HAM', {'say "hi"': "HAM"}),
        ('5" pipe=HAM', {'5" pipe': "HAM"}),
    ],
)
def test_each_half_of_a_pair_may_be_in_quotes(text, meanings):
    assert meanings_written([text]) == meanings


def test_a_comma_without_quotes_is_told_with_the_remedy():
    with pytest.raises(ValueError, match=r"^or so: write VALUE=CLASS, .* in quotes$"):
        meanings_written(["ok=HAM, or so"])


def test_the_first_names_are_listed_and_the_others_counted():
    names = [f"c{i}" for i in range(2_005)]
    assert names_and_more(names[:3], 3) == "c0, c1, c2"
    assert names_and_more(iter(names), 2) == "c0, c1 and 2,003 more"
    assert names_and_more([], 2) == ""
    assert names_and_more(map(repr, names[:2]), 1) == "'c0' and 1 more"

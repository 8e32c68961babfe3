"""The fields that a function reads of its row, from its source; or nothing, where that cannot be told."""

import functools

import pytest

from labelkit.rules.inspection.row_reads import reads_of_row


def attributes_and_items(x):
    return x.text.lower() in x["title"] and x.text


def in_comprehensions(x, words):
    return any(word in x.text for word in words) and list(x["tags"])


def in_an_inner_function(x):
    def inner():
        return x.text

    return inner()


def writes_and_returns(x):
    x.lower = x.text.lower()
    x["n"] = len(x.lower)
    return x


def changes_in_place(x):
    x.text = x.text.lower()
    x.likes += 1
    return x


def returns_early(x):
    if x.likes < 3:
        return x
    x.text = x.text.lower()
    return x


@pytest.mark.parametrize(
    ("function", "reads", "writes"),
    [
        (attributes_and_items, {"text", "title"}, set()),
        (in_comprehensions, {"text", "tags"}, set()),
        (in_an_inner_function, {"text"}, set()),
        (writes_and_returns, {"text"}, {"lower", "n"}),
        (changes_in_place, {"text", "likes"}, {"text", "likes"}),
        (returns_early, {"text", "likes"}, set()),
    ],
)
def test_fields_are_those_that_are_named(function, reads, writes):
    fields = reads_of_row(function)
    assert (fields.reads, fields.writes) == (reads, writes)


def handed_on(x):
    return len(x)


def aliased(x):
    y = x
    return y.text


def bound_again(x):
    x = x.strip()
    return x.text


def shadowed(x):
    return [x.text for x in x.rows]


def computed_name(x, name):
    return x[name]


def by_number(x):
    return x[0]


def of_a_series(x):
    return x.to_dict()


def perhaps_written(x):
    if x.likes:
        x.lower = "a"
    return x.lower


def tried(x):
    try:
        return x.text
    except AttributeError:
        return x.body


def removed(x):
    del x.text
    return 1


class Called:
    def __call__(self, x):
        return x.text


@functools.lru_cache
def cached(x):
    return x.text


@pytest.mark.parametrize(
    "function",
    [
        *(handed_on, aliased, bound_again, shadowed, computed_name, by_number, of_a_series, perhaps_written, tried),
        *(removed, Called(), cached, len, lambda x: x.text),
    ],
)
def test_what_cannot_be_told_is_not_guessed(function):
    assert reads_of_row(function) is None


def test_what_one_function_writes_the_next_need_not_find():
    def reads_lower(x):
        return x.lower_text

    def lower(x):
        x.lower_text = x.text.lower()
        return x

    both = reads_of_row(lower).then(reads_of_row(reads_lower))
    assert (both.reads, both.writes) == ({"text"}, {"lower_text"})

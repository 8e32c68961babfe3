"""The table of sources that are no local files x bad input: each cell names the test that holds it, or says why not.

Formats of files are in ``test_formats.py``; ``test_remote.py`` holds each of them at an address against a file.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent

INPUTS = (
    "unreachable",
    "no or wrong credentials",
    "not there",
    "lost in the middle",
    "changes while it is read",
    "cannot be read",
    "values of several types",
    "no rows",
    "a column twice",
    "larger than memory",
)

BAD_INPUT = {
    "addresses": {
        "unreachable": "test_remote.py::test_a_store_that_cannot_be_read_is_an_error",
        "no or wrong credentials": "test_remote.py::test_missing_keys_are_named",
        "not there": "test_remote.py::test_answers_of_a_server_that_are_no_file",
        "lost in the middle": "test_remote.py::test_a_connection_that_breaks_off_is_tried_again",
        "changes while it is read": "test_remote.py::test_a_file_that_is_written_again_is_noticed",
        "cannot be read": "test_remote.py::test_each_format_at_an_address_is_as_a_file_is",
        "values of several types": "as in a file: test_formats.py",
        "no rows": "test_remote.py::test_an_empty_and_a_strange_file_are_errors",
        "a column twice": "as in a file: test_formats.py",
        "larger than memory": "test_remote.py::test_a_large_file_is_never_in_memory_as_a_whole",
    },
    "queries": {
        "unreachable": "test_sql_query.py::test_a_database_that_cannot_be_reached_is_an_error",
        "no or wrong credentials": "test_sql_query.py::test_a_wrong_password_is_an_error_without_it",
        "not there": "test_sql_query.py::test_wrong_sql_is_an_error_with_the_message_of_the_database",
        "lost in the middle": "test_sql_query.py::test_a_connection_that_is_lost_is_an_error",
        "changes while it is read": "test_sql_query.py::test_rows_stay_whatever_becomes_of_the_table",
        "cannot be read": "test_sql_query.py::test_a_query_that_writes_is_refused",
        "values of several types": "test_sql_query.py::test_values_of_two_types_are_an_error_with_their_row",
        "no rows": "test_sql_query.py::test_no_rows_are_rows",
        "a column twice": "test_sql_query.py::test_a_column_that_stands_twice_is_an_error_when_it_is_read",
        "larger than memory": "test_sql_query.py::test_memory_is_bounded",
    },
    "lazy frames and relations": {
        "unreachable": "nothing is reached",
        "no or wrong credentials": "nothing is reached",
        "not there": "test_lazy_frames.py::test_what_cannot_be_computed_is_an_error_in_one_line",
        "lost in the middle": "nothing is reached",
        "changes while it is read": "test_lazy_frames.py::test_order_stays_where_each_computation_has_its_own",
        "cannot be read": "test_lazy_frames.py::test_a_type_that_cannot_be_kept_is_named",
        "values of several types": "their columns have one type",
        "no rows": "test_lazy_frames.py::test_no_rows_are_rows",
        "a column twice": "both refuse it themselves",
        "larger than memory": "test_lazy_frames.py::test_a_full_disk_is_an_error",
    },
    "data sets of Hugging Face": {
        "unreachable": "nothing is reached: the library has loaded it",
        "no or wrong credentials": "nothing is reached",
        "not there": "test_hugging_face.py::test_splits_are_named",
        "lost in the middle": "nothing is reached",
        "changes while it is read": "test_hugging_face.py::test_a_saved_folder_is_a_path",
        "cannot be read": "test_hugging_face.py::test_a_damaged_folder_is_an_error",
        "values of several types": "their columns have one type",
        "no rows": "test_hugging_face.py::test_no_rows_are_rows",
        "a column twice": "the library refuses it itself",
        "larger than memory": "test_hugging_face.py::test_a_range_is_read_without_the_rest",
    },
}


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_each_cell_names_a_test_or_a_reason(kind):
    assert tuple(BAD_INPUT[kind]) == INPUTS
    for cell in BAD_INPUT[kind].values():
        named = re.fullmatch(r"(test_\w+\.py)::(test_\w+)", cell)
        assert named or len(cell.split()) > 2
        assert named is None or f"def {named[2]}(" in (HERE / named[1]).read_text(), cell

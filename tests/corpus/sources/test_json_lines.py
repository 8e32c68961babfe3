"""The remedy for columns of JSON Lines with numbers and texts is one step, and works."""

import json
import re
import shutil
import subprocess

import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

ROWS = [{"k": "a", "n": 5}, {"k": "b", "n": None}, {"k": "c", "n": "many"}, {"k": "d"}, {"k": "e", "n": 1.5}]


def written(path, rows, name="n"):
    renamed = [{name if key == "n" else key: value for key, value in row.items()} for row in rows]
    lines = [json.dumps(row) for row in renamed]
    path.write_text(json.dumps(renamed) if path.suffix == ".json" else "".join(f"{line}\n" for line in lines))
    return path


def values(path, name, **options):
    batches = lk.open_corpus(path, **options).batches([name], 100)
    return [value for batch in batches for value in batch.table[name].to_pylist()]


def refused(path, name, **options):
    with pytest.raises(CorpusError) as caught:
        values(path, name, **options)
    return caught.value.hint


@pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq")
@pytest.mark.parametrize("file_name", ["a.jsonl", "a b.jsonl", "a.json"])
@pytest.mark.parametrize("name", ["n", "how many", "größe", "it's"])
@pytest.mark.parametrize("kind", [None, str, int])
def test_a_column_of_numbers_and_texts_is_read_after_the_command_of_the_hint(file_name, name, kind, tmp_path):
    path = written(tmp_path / file_name, ROWS, name)
    hint = refused(path, name, types={} if kind is None else {name: kind})
    assert 'on_bad_row="reject" leaves such rows out' in hint
    command = re.search(r"(jq .* > text\.jsonl);", hint)[1]
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert values(tmp_path / "text.jsonl", name, types={name: str}) == ["5", None, "many", None, "1.5"]


def test_what_another_type_of_the_column_mends_is_told_so(tmp_path):
    rows = [{"n": 5}] * 3 + [{"n": 1.5}]
    hint = refused(written(tmp_path / "a.jsonl", rows), "n", types={"n": int})
    assert "types={'n': float}" in hint
    assert values(tmp_path / "a.jsonl", "n", types={"n": float}) == [5.0, 5.0, 5.0, 1.5]

"""Checkpoint files: the history in arrays, and histories that are no table of numbers."""

import json

import numpy as np
import pytest

import bpnet.storage.checkpoints
from bpnet.storage.checkpoints import read_checkpoint_file, write_checkpoint_file
from bpnet.storage.rows import rows_of, table_of

THETA = {"theta": np.arange(3.0)}


def header_of(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["bpnet-checkpoint"])


def row(k):
    return {"epoch": k, "train_cost": 0.1 / k, "validation_cost": float("nan"), "seconds": 1e-300}


def test_the_history_lies_in_arrays(tmp_path):
    path, rows = tmp_path / "a", [row(k) for k in range(1, 9)]
    write_checkpoint_file(path, THETA, {"epochs": 8, "history": rows})
    assert header_of(path)["history"] == {"columns": list(row(1))}
    arrays, header = read_checkpoint_file(path)
    assert list(arrays) == ["theta"]
    assert repr(header["history"]) == repr(rows), "integers, NaN and the order of columns come back"


def test_a_long_history_takes_no_more_of_the_header(tmp_path):
    path = tmp_path / "a"
    rows = [dict.fromkeys(row(1), 0.1234567890123456)] * 600_000
    write_checkpoint_file(path, THETA, {"history": rows})
    assert len(json.dumps(header_of(path))) < 1000
    assert read_checkpoint_file(path)[1]["history"] == rows


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{}],
        [{"epoch": 1}, {"epoch": 2, "more": 3}],
        [{"epoch": 1, "name": "text"}],
        [{"epoch": 1, "flag": True}],
        [{"epoch": 1, "figure": None}],
        [{"epoch": 1, "figure": [1.0]}],
        [{"epoch": 1}, {"epoch": 2.5}],
        [{"epoch": 2**70}],
    ],
)
def test_what_is_no_table_of_numbers_stays_as_it_is(tmp_path, rows):
    assert table_of(rows) is None
    write_checkpoint_file(tmp_path / "a", THETA, {"history": rows})
    found = read_checkpoint_file(tmp_path / "a")[1]["history"]
    assert found == rows
    assert repr(found) == repr(rows)


@pytest.mark.parametrize("value", [np.float32(0.1), np.float64(0.1), np.float16(0.1)])
def test_numpys_floats_become_pythons_of_the_same_value(tmp_path, value):
    write_checkpoint_file(tmp_path / "a", THETA, {"history": [{"cost": value}]})
    (found,) = read_checkpoint_file(tmp_path / "a")[1]["history"]
    assert type(found["cost"]) is float
    assert found["cost"] == value


@pytest.mark.parametrize(
    ("names", "arrays", "words"),
    [
        (["a", "b"], {"h.a": np.ones(2)}, "h.b is missing"),
        (["a", "b"], {"h.a": np.ones(2), "h.b": np.ones(3)}, "h.b has 3 rows, h.a 2"),
        (["a"], {"h.a": np.ones((2, 1))}, r"float64 of shape \(2, 1\)"),
        (["a"], {"h.a": np.ones(2, "int8")}, "not int8"),
        (["a"], {"h.a": np.ones(2, "float32")}, "not float32"),
        ([], {}, "history.columns must be a list of names"),
        ("ab", {}, "history.columns must be a list of names"),
        ([1], {}, "history.columns must be a list of names"),
        (None, {}, "history.columns must be a list of names"),
    ],
)
def test_columns_that_do_not_go_together(names, arrays, words):
    with pytest.raises((TypeError, ValueError), match=words):
        rows_of(names, "h.", arrays)


def test_a_file_of_the_first_version_reads(tmp_path, monkeypatch):
    """Whose history is in the header."""
    rows = [row(k) for k in range(1, 4)]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.storage.checkpoints, "_VERSIONS", (1,))
        patched.setattr(bpnet.storage.checkpoints, "table_of", lambda rows: None)
        write_checkpoint_file(tmp_path / "a", THETA, {"history": rows})
    assert header_of(tmp_path / "a")["schema_version"] == 1
    assert repr(read_checkpoint_file(tmp_path / "a")[1]["history"]) == repr(rows)


def test_a_history_without_its_columns_is_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(bpnet.storage.checkpoints, "table_of", lambda rows: None)
    for history in ({}, {"columns": ["epoch"]}):
        write_checkpoint_file(tmp_path / "a", THETA, {"history": history})
        with pytest.raises(ValueError, match=r"a' cannot be read, or is damaged: "):
            read_checkpoint_file(tmp_path / "a")

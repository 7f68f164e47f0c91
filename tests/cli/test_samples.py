"""bpnet predict: samples come and go some rows at a time, output is whole or not there."""

import csv
import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.cli import main
from bpnet.data import Preprocessing, read_table

ROWS = 20_000  # more than a part of any format


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def net():
    """A network of the library, saved as ``net.safetensors``."""
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0)
    net.save("net.safetensors")
    return net


@pytest.fixture
def table_net():
    """One of a table of numbers and words, saved as ``table.safetensors``."""
    columns = [
        {"kind": "numeric", "name": "a", "mean": 0.5, "scale": 2.0},
        {"kind": "categorical", "name": "b", "categories": ["1", "2", "x"]},
    ]
    rest = {"target": "y", "classes": None, "target_mean": 1.0, "target_scale": 3.0, "ignored": []}
    net = bpnet.Network([4, 3, 1], activations=["tanh", "identity"], seed=0)
    net.metadata = {
        "target": "y",
        "preprocessing": {"schema_version": 1, "columns": columns, **rest},
    }
    net.save("table.safetensors")
    return net


def x(rows=ROWS, dtype=np.float32):
    return np.random.default_rng(0).integers(-9, 10, (rows, 3)).astype(dtype)


def write(kind, values):
    """The values as a file of this kind; returns its name."""
    name = {"idx": "x-ubyte", "idx.gz": "x-ubyte.gz"}.get(kind, f"x.{kind}")
    columns = {f"c{k}": column for k, column in enumerate(values.T)}
    if kind == "csv":
        lines = [",".join(columns), *(",".join(map(str, row)) for row in values.tolist())]
        Path(name).write_text("\n".join(lines))
    elif kind == "parquet":
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        files = pytest.importorskip("pyarrow.parquet", reason="writes Parquet with pyarrow")
        files.write_table(arrow.table(columns), name, row_group_size=7000)
    elif kind == "npz":
        np.savez(name, **columns)
    elif kind == "npy":
        np.save(name, values)
    else:
        import gzip

        content = bytes([0, 0, 9, 2]) + np.array(values.shape, ">u4").tobytes()
        content += values.astype(np.int8).tobytes()
        Path(name).write_bytes(gzip.compress(content) if kind == "idx.gz" else content)
    return name


def predict(capsys, *argv):
    code = main(["predict", *argv])
    told, errors = capsys.readouterr()
    return code, list(csv.reader(told.splitlines())), errors


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "npy", "idx", "idx.gz"])
class TestFormats:
    def test_rows_are_those_of_the_file_in_its_order(self, capsys, net, kind):
        values = x()
        code, (header, *rows), errors = predict(capsys, "net.safetensors", write(kind, values))
        assert (code, errors) == (0, "")
        assert header == ["prediction", "probability_0", "probability_1"]
        assert len(rows) == ROWS
        assert [int(row[0]) for row in rows] == net.predict(values).tolist()
        found = np.array([row[1:] for row in rows], dtype=float)
        np.testing.assert_allclose(found, net.predict_proba(values), rtol=1e-5)

    def test_whole_pixels_are_told_apart_over_the_whole_file(self, capsys, net, kind):
        net.metadata = {"pixel_maximum": 10}
        net.save("net.safetensors")
        whole = x(dtype=np.int8)
        code, (_, *rows), errors = predict(capsys, "net.safetensors", write(kind, whole))
        assert code == 0
        assert "divided by 10" in errors
        assert [int(row[0]) for row in rows] == net.predict(whole / np.float32(10)).tolist()
        if kind.startswith("idx"):
            return
        fractions = whole.astype(np.float64)
        if kind == "csv":  # only the last cell shows it
            name = write(kind, whole)
            Path(name).write_text(Path(name).read_text() + ".5")
            fractions[-1, -1] += 0.5
        else:
            name = write(kind, fractions)
        code, (_, *rows), errors = predict(capsys, "net.safetensors", name)
        assert (code, errors) == (0, "")
        assert [int(row[0]) for row in rows] == net.predict(fractions).tolist()

    def test_what_a_network_cannot_take_is_named_with_its_row(self, capsys, net, kind):
        if kind.startswith("idx"):
            pytest.skip("holds integers")
        for bad in (np.nan, np.inf, 1e39):
            values = x(dtype=np.float64)
            values[ROWS - 3, 1] = bad
            name = write(kind, values)
            Path("out.csv").write_text("earlier")
            for out in ([], ["--out", "out.csv"]):
                code, rows, errors = predict(capsys, "net.safetensors", name, *out)
                assert (code, rows) == (2, [])
                assert f"{name}, row {ROWS - 2}, column 2 of the features: {bad}" in errors
            assert Path("out.csv").read_text() == "earlier"
            assert not list(Path().glob(".*"))


@pytest.mark.parametrize("kind", ["csv", "parquet", "npy", "idx"])
def test_memory_does_not_grow_with_the_file(net, kind):
    peaks = []
    for rows in (2 * ROWS, 4 * ROWS):
        name = write(kind, x(rows, np.float64))
        tracemalloc.start()
        try:
            assert main(["predict", "net.safetensors", name, "--out", "out.csv"]) == 0
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    unpacked = 2 * ROWS * 3 * 8
    assert peaks[1] - peaks[0] < 0.8 * unpacked


def test_a_table_in_parts_is_encoded_as_a_whole(capsys, table_net):
    rng = np.random.default_rng(0)
    cells = rng.choice(["1", "2", "x", "new", "NA", "other"], ROWS)
    cells[:15_000] = "1"  # a part of numbers alone
    lines = [f"{'' if k % 1000 == 7 else k / 8},{cell},{k}" for k, cell in enumerate(cells)]
    Path("it.csv").write_text("\n".join(["a,b,more", *lines]))
    code, (header, *rows), errors = predict(capsys, "table.safetensors", "it.csv")
    assert (code, header) == (0, ["y"])
    prep = Preprocessing.from_dict(table_net.metadata["preprocessing"])
    with pytest.warns(UserWarning, match="column") as whole:
        encoded = prep.transform(read_table("it.csv", text=["b"]))
    right = prep.inverse_target(table_net.predict(encoded))
    np.testing.assert_allclose(np.array(rows, float).ravel(), right.ravel(), rtol=1e-6, atol=1e-6)
    assert errors.splitlines() == [f"note: {one.message}" for one in whole]
    assert "column 'a' has 20 missing values, filled with the training mean 0.5" in errors
    assert "encoded as all zeros: 'new', 'other'\n" in errors


def test_rows_are_counted_over_all_parts(capsys, table_net):
    lines = [f"{k},x" for k in range(ROWS)]
    lines[18_000] = "oops,x"
    Path("it.csv").write_text("\n".join(["a,b", *lines]))
    code, rows, errors = predict(capsys, "table.safetensors", "it.csv")
    assert (code, rows) == (2, [])
    assert "it.csv: column 'a', line 18002: 'oops' is not a number" in errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", "it.csv: a header with 2 columns, but no rows"),
        ("a,b\n" + "1,x\n" * ROWS + "1\n", f"it.csv, line {ROWS + 2}: 1 field, expected 2"),
        ("a,b\n" + "1,x\n" * ROWS + '1,"x\n', f"it.csv, line {ROWS + 2}: unexpected end of data"),
    ],
)
def test_damage_at_the_end_leaves_no_output(capsys, table_net, content, message):
    Path("it.csv").write_text(content)
    for out in ([], ["--out", "out.csv"]):
        code, rows, errors = predict(capsys, "table.safetensors", "it.csv", *out)
        assert (code, rows) == (2, [])
        assert message in errors
    assert sorted(os.listdir()) == ["it.csv", "table.safetensors"]


def test_arrays_that_do_not_suit(capsys, net):
    np.save("wide.npy", np.zeros((5, 4)))
    np.save("words.npy", np.array(["a", "b"]))
    np.save("single.npy", np.array(1.0))
    np.save("none.npy", np.zeros((0, 3)))
    np.save("objects.npy", np.array([{}], dtype=object))
    for name, message in {
        "wide.npy": "wide.npy: 4 values per sample, but the network has 3 inputs",
        "words.npy": "words.npy: holds <U1, expected numbers",
        "single.npy": "single.npy: an array of shape (), expected one sample per row",
        "none.npy": "none.npy: an array of shape (0, 3), expected one sample per row",
        "objects.npy": "objects.npy: holds Python objects, which are never loaded",
        "absent.npy": "absent.npy: no such file",
    }.items():
        code, rows, errors = predict(capsys, "net.safetensors", name)
        assert (code, rows) == (2, [])
        assert f"bpnet: {message}" in errors


def test_the_way_out_of_a_limit_is_one(capsys, net):
    name = write("npz", x())
    code, _, errors = predict(capsys, "net.safetensors", name, "--max-bytes", "1000")
    assert code == 2
    assert "limit for this file is 1,000" in errors
    enough = re.search(r"(--max-bytes) (\d+)", errors).groups()
    code, rows, errors = predict(capsys, "net.safetensors", name, *enough)
    assert (code, len(rows), errors) == (0, ROWS + 1, "")


@pytest.mark.skipif(os.name != "posix", reason="makes a pipe")
@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.npz", "p.npy", "p-ubyte"])
def test_pipes_are_refused_at_once(capsys, net, name):
    os.mkfifo(name)
    code, _, errors = predict(capsys, "net.safetensors", name)
    assert code == 2
    assert f"{name}: a pipe, expected a file" in errors
    code, _, errors = predict(capsys, name, "x.csv")
    assert code == 2
    assert name in errors
    os.mkfifo("settings.toml")
    for flag in ("--config", "--data"):
        path = "settings.toml" if flag == "--config" else name
        if path == "p-ubyte" or path == "p.npy":
            continue
        assert main(["train", flag, path, *(["--target", "y"] if flag == "--data" else [])]) == 2
        assert f"{path}: a pipe, expected a file" in capsys.readouterr().err

"""bpnet trace: what it prints, of which data, and what it refuses."""

import gzip
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.cli import main

MNIST = Path(
    os.environ.get("BPNET_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"), "mnist"
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(name="t.csv", n=60):
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.4f},{'red' if b > 0.3 else 'blue'},{'p' if a > 0.5 else 'q'},{10 * a:.4f},{3 * b:.4f}"
        for a, b in rng.random((n, 2))
    ]
    Path(name).write_text("\n".join(["a,colour,kind,price,cost", *lines]))
    return name


def trained(*target, out="m"):
    flags = ["--data", table(), "--target", *target, "--epochs", "3", "--quiet", "--out", out]
    assert main(["train", *flags]) == 0
    return out


def digits(out="d"):
    net = bpnet.Network([64, 8, 10], cost="log_likelihood", seed=0)
    net.metadata = {"dataset": "digits", "pixel_maximum": 16}
    net.save(f"{out}.safetensors")
    return f"{out}.safetensors"


def printed(capsys, *arguments):
    capsys.readouterr()
    assert main(["trace", *arguments]) == 0
    return capsys.readouterr().out


def record(capsys, *arguments):
    return json.loads(printed(capsys, *arguments, "--json"))


def refused(capsys, *arguments):
    capsys.readouterr()
    before = {one.name for one in Path.cwd().iterdir()}
    assert main(["trace", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert {one.name for one in Path.cwd().iterdir()} == before
    return told.err.strip().splitlines()[-1].removeprefix("bpnet: ")


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize("target", [("kind",), ("price",), ("price", "cost")])
def test_a_row_of_a_table_is_traced_as_the_network_sees_it(target, capsys):
    model = trained(*target)
    net = bpnet.load(model)
    rows = {name: column[7:8] for name, column in bpnet.data.read_table("t.csv").items()}
    expected = bpnet.trace(net, rows)
    found = record(capsys, model, "t.csv", "--sample", "7")
    assert found.pop("data") == "t.csv"
    assert found.pop("sample") == [7]
    assert found == expected.to_dict()
    text = printed(capsys, f"{model}/model.safetensors", "t.csv", "--sample", "7")
    assert text.startswith("sample 7 of t.csv\n")
    assert text.endswith(f"{expected.table()}\n")
    names = ", ".join(map(repr, target))
    outputs = "'p', 'q'" if target == ("kind",) else f"{names}, scaled as in training"
    assert f"\noutputs: {outputs}\n" in text


def test_several_rows_are_a_mini_batch_in_the_order_asked_for(capsys):
    model = trained("kind")
    whole = bpnet.data.read_table("t.csv")
    rows = {name: column[[30, 2, 2]] for name, column in whole.items()}
    found = record(capsys, model, "t.csv", "--sample", "30", "2", "2")
    assert found["samples"] == 3
    assert found["layers"] == bpnet.trace(bpnet.load(model), rows).to_dict()["layers"]


def test_rows_of_a_table_that_is_read_in_parts(capsys, monkeypatch):
    model = trained("kind")
    expected = record(capsys, model, "t.csv", "--sample", "55", "3")
    from bpnet.tabular import labelled

    whole = labelled.read_table_parts_with

    def parts(data, options):
        for part in whole(data, options):
            yield from (part.part(k, min(k + 10, part.n_rows)) for k in range(0, part.n_rows, 10))

    monkeypatch.setattr(labelled, "read_table_parts_with", parts)
    assert record(capsys, model, "t.csv", "--sample", "55", "3") == expected
    told = refused(capsys, model, "t.csv", "--sample", "60")
    assert told == "--sample 60: t.csv has 60 samples, so numbers go from 0 to 59"


def test_what_is_wrong_with_other_rows_does_not_matter(capsys):
    model = trained("kind")
    expected = record(capsys, model, "t.csv", "--sample", "0")
    lines = Path("t.csv").read_text().splitlines()
    lines[3] = lines[3].replace(",p,", ",,").replace(",q,", ",,")
    lines[4] = lines[4].replace(",p,", ",never,").replace(",q,", ",never,")
    Path("u.csv").write_text("\n".join(lines))
    assert record(capsys, model, "u.csv")["layers"] == expected["layers"]
    told = refused(capsys, model, "u.csv", "--sample", "2")
    assert told == "--sample 2: that sample of u.csv has no value in column 'kind': choose another"
    told = refused(capsys, model, "u.csv", "--sample", "3")
    assert "'never'" in told
    assert "line 5" in told


def test_the_target_may_be_called_otherwise(capsys):
    model = trained("kind")
    Path("v.csv").write_text(Path("t.csv").read_text().replace("kind", "sort", 1))
    assert "no column 'kind'" in refused(capsys, model, "v.csv")
    found = record(capsys, model, "v.csv", "--target", "sort")
    assert found["targets"] == record(capsys, model, "t.csv")["targets"]
    assert "cannot be the target" in refused(capsys, model, "t.csv", "--target", "a")
    assert "--labels goes with networks for images" in refused(
        capsys, model, "t.csv", "--labels", "l.npy"
    )


def test_flags_say_how_the_table_is_read(capsys):
    model = trained("kind")
    Path("semicolons.csv").write_text(Path("t.csv").read_text().replace(",", ";"))
    found = record(capsys, model, "semicolons.csv", "--delimiter", ";", "--sample", "5")
    assert found["layers"] == record(capsys, model, "t.csv", "--sample", "5")["layers"]


# ------------------------------------------------------------------ images


def test_the_digits_by_name(capsys):
    model, data = digits(), bpnet.data.load_digits()
    net = bpnet.load(model)
    for flags, (x, y) in (
        ([], data.test),
        (["--part", "train"], data.train),
        (["--part", "validation"], data.validation),
    ):
        found = record(capsys, model, "digits", "--sample", "7", *flags, "--dtype", "float64")
        expected = bpnet.trace(net, x[7:8], y[7:8], dtype="float64").to_dict()
        assert found["layers"] == expected["layers"]
        assert found["dtype"] == "float64"
    assert found["data"] == "digits (validation part)"


def test_arrays_with_labels_beside_them(capsys):
    model, (x, y) = digits(), bpnet.data.load_digits().test
    np.save("x.npy", x)
    np.save("y.npy", y)
    found = record(capsys, model, "x.npy", "--labels", "y.npy", "--sample", "4", "2")
    expected = bpnet.trace(bpnet.load(model), x[[4, 2]], y[[4, 2]]).to_dict()
    assert found["layers"] == expected["layers"]
    assert "x.npy has no labels" in refused(capsys, model, "x.npy")
    np.save("short.npy", y[:3])
    told = refused(capsys, model, "x.npy", "--labels", "short.npy")
    assert told == "short.npy: 3 labels, but x.npy has more samples"
    told = refused(capsys, model, "x.npy", "--labels", "y.npy", "--sample", "359")
    assert told == "--sample 359: x.npy has 359 samples, so numbers go from 0 to 358"


def test_a_table_of_pixels(capsys):
    model, (x, y) = digits(), bpnet.data.load_digits().test
    lines = [
        ",".join(map(str, [*(16 * row).astype(int), label]))
        for row, label in zip(x[:9], y[:9], strict=True)
    ]
    Path("p.csv").write_text("\n".join([",".join(f"p{k}" for k in range(64)) + ",digit", *lines]))
    found = record(capsys, model, "p.csv", "--target", "digit", "--sample", "8")
    expected = bpnet.trace(bpnet.load(model), x[8:9], y[8:9]).to_dict()
    assert found["layers"] == expected["layers"]
    Path("p.csv").write_text(Path("p.csv").read_text() + "\n" + ",".join(["0"] * 64 + ["12"]))
    told = refused(capsys, model, "p.csv", "--target", "digit", "--sample", "9")
    assert told.startswith(
        "--sample 9: that sample of p.csv has the label 12, expected one of 0, 1"
    )


def idx(array):
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


def test_mnist_by_name(capsys):
    rng = np.random.default_rng(0)
    Path("mnist_files").mkdir()
    for part, n in (("train", 10_010), ("t10k", 5)):
        images = rng.integers(0, 256, (n, 2, 3), dtype=np.uint8)
        labels = rng.integers(0, 10, n, dtype=np.uint8)
        Path(f"mnist_files/{part}-images-idx3-ubyte").write_bytes(idx(images))
        Path(f"mnist_files/{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    net = bpnet.Network([6, 10], cost="log_likelihood", seed=0)
    net.save("m.safetensors")
    found = record(capsys, "m.safetensors", "mnist", "--data-dir", "mnist_files", "--sample", "4")
    x = images[4].reshape(1, -1) / np.float32(255)
    assert found["layers"] == bpnet.trace(net, x, labels[4:5]).to_dict()["layers"]
    assert "mnist needs --data-dir DIR" in refused(capsys, "m.safetensors", "mnist")
    told = refused(capsys, "m.safetensors", "mnist", "--data-dir", "mnist_files", "--sample", "5")
    assert told == "--sample 5: mnist (test part) has 5 samples, so numbers go from 0 to 4"
    told = refused(capsys, "m.safetensors", "mnist", "--data-dir", "nowhere")
    assert "nowhere" in told


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not there; BPNET_DATA says where it is")
def test_the_real_mnist(capsys):
    bpnet.Network([784, 10], cost="log_likelihood", seed=0).save("m.safetensors")
    by_name = record(capsys, "m.safetensors", "mnist", "--data-dir", str(MNIST), "--sample", "9999")
    images = gzip.decompress((MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())
    assert np.allclose(
        by_name["layers"][0]["quantities"]["a"]["values"][0],
        np.frombuffer(images[-784:], np.uint8) / 255,
        atol=1e-7,
    )
    told = refused(capsys, "m.safetensors", "mnist", "--data-dir", str(MNIST), "--sample", "10000")
    assert (
        told == "--sample 10000: mnist (test part) has 10000 samples, so numbers go from 0 to 9999"
    )


# ------------------------------------------------------------------ what is shown


def test_one_layer_alone(capsys):
    model = digits()
    text = printed(capsys, model, "digits", "--sample", "7", "--layer", "1")
    assert "layer 1: 8 sigmoid" in text
    assert "layer 2" not in text
    assert "delta^1 = ((w^2)^T delta^2) * sigma'(z^1)  (BP2)" in text
    found = record(capsys, model, "digits", "--sample", "7", "--layer", "1")
    assert [one["layer"] for one in found["layers"]] == [1]


def test_a_model_without_a_table_and_numbers_as_targets(capsys):
    net = bpnet.Network([2, 3, 1], activations=["tanh", "identity"], seed=0)
    net.save("r.safetensors")
    Path("r.csv").write_text("a,b,price\n1,2,3\n4,5,6\n")
    found = record(capsys, "r.safetensors", "r.csv", "--target", "price", "--sample", "1")
    expected = bpnet.trace(net, np.array([[4.0, 5.0]]), np.array([[6.0]])).to_dict()
    assert found["layers"] == expected["layers"]
    assert "--target COLUMN leaves one out" in refused(capsys, "r.safetensors", "r.csv")
    Path("s.csv").write_text("a,b\n1,2\n")
    assert "--target COLUMN must name" in refused(capsys, "r.safetensors", "s.csv")


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize("number", ["60", "-1", "1000000"])
def test_a_number_out_of_range_is_refused_with_the_range(number, capsys):
    told = refused(capsys, trained("kind"), "t.csv", "--sample", "7", number)
    assert told == f"--sample {number}: t.csv has 60 samples, so numbers go from 0 to 59"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--sample", "seven"], "--sample: invalid int value: 'seven'"),
        (["--sample"], "--sample: expected at least one argument"),
        (["--layer", "3"], "--layer must be at least 0 and at most 2, not 3"),
        (["--layer", "-1"], "--layer must be at least 0 and at most 2, not -1"),
        (["--dtype", "float16"], "float16"),
        (["--part", "test"], "--part goes with digits or mnist, and t.csv is a file"),
        (["--data-dir", "."], "--data-dir goes with digits or mnist, and t.csv is a file"),
        (["--smaple", "7"], "did you mean '--sample'?"),
    ],
)
def test_wrong_flags(flags, words, capsys):
    net = bpnet.Network([4, 3, 2], seed=0)
    net.save("n.safetensors")
    table()
    capsys.readouterr()
    assert main(["trace", "n.safetensors", "t.csv", *flags]) == 2
    assert words in capsys.readouterr().err


def test_model_and_data_that_do_not_fit(capsys):
    on_table, on_digits = trained("kind"), digits()
    told = refused(capsys, on_table, "digits")
    assert told == (
        "the network was trained on a table, and digits are images: name a table with the columns "
        "'a', 'colour', 'price', 'cost'"
    )
    bpnet.Network([784, 10], seed=0).save("large.safetensors")
    told = refused(capsys, "large.safetensors", "digits")
    assert told == "digits: 64 values per sample, but the network has 784 inputs"
    assert "64 inputs" in refused(capsys, on_digits, "t.csv", "--target", "kind")
    assert "nowhere.csv" in refused(capsys, on_table, "nowhere.csv")
    assert "nowhere" in refused(capsys, "nowhere", "t.csv")
    told = refused(capsys, on_digits, "digits", "--labels", "y.npy")
    assert told == "--labels goes with a file; digits has its own labels: leave it out"
    told = refused(capsys, on_digits, "digits", "--target", "kind")
    assert told == "--target goes with a file; digits has its own labels: leave it out"
    told = refused(capsys, on_digits, "digits", "--data-dir", "x")
    assert told == "--data-dir goes with mnist; the digits are in the package: leave it out"
    Path("empty.csv").write_text("a,colour,kind,price,cost\n")
    assert "empty.csv" in refused(capsys, on_table, "empty.csv")


def test_a_folder_called_digits_does_not_matter(capsys):
    Path("digits").mkdir()
    assert record(capsys, digits("m"), "digits")["data"] == "digits (test part)"


@pytest.mark.parametrize("kind", ["parquet", "npz", "jsonl", "csv.gz"])
def test_every_format_of_tables(kind, capsys):
    model = trained("kind")
    expected = record(capsys, model, "t.csv", "--sample", "5")
    columns = bpnet.data.read_table("t.csv")
    if kind == "parquet":
        pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        pandas.DataFrame(dict(columns)).to_parquet("u.parquet")
    elif kind == "npz":
        np.savez("u.npz", **{name: np.array(column.tolist()) for name, column in columns.items()})
    elif kind == "jsonl":
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        Path("u.jsonl").write_text("\n".join(map(json.dumps, rows)))
    else:
        Path("u.csv.gz").write_bytes(gzip.compress(Path("t.csv").read_bytes()))
    assert record(capsys, model, f"u.{kind}", "--sample", "5")["layers"] == expected["layers"]


def test_several_labels_at_once(capsys):
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{int(a > 0.5)},{int(b > 0.5)}" for a, b in rng.random((60, 2))]
    Path("t.csv").write_text("\n".join(["a,warm,wet", *lines]))
    flags = ["--target", "warm", "wet", "--task", "multilabel", "--epochs", "2", "--quiet"]
    assert main(["train", "--data", "t.csv", *flags, "--out", "m"]) == 0
    found = record(capsys, "m", "t.csv", "--sample", "3")
    assert found["targets"]["values"] == [[float(one) for one in lines[3].split(",")[1:]]]
    assert "outputs: 'warm', 'wet'" in printed(capsys, "m", "t.csv", "--sample", "3")

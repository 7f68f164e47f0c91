"""bpnet predict: the columns of the CSV, and the files that it reads."""

import csv
import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _full_disk import room_for

import bpnet
from bpnet.cli import main
from bpnet.data import load_digits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, and run folders of networks for its text, its numbers and the digits."""
    path = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    lines = ["size,zip,note,kind"]
    for _ in range(100):
        size, code = rng.uniform(100, 200), rng.integers(3)
        kind = "Bär, groß" if size > 150 else "cat"
        lines.append(f'{size},0{code},{"" if code else "odd"},"{kind}"')
    (path / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    table = ["--data", str(path / "table.csv"), "--text", "zip", "--quiet", "--epochs", "60"]
    assert main(["train", *table, "--target", "kind", "--out", str(path / "kind")]) == 0
    assert main(["train", *table, "--target", "size", "--out", str(path / "size")]) == 0
    digits = ["train", "--quiet", "--epochs", "10"]
    assert main([*digits, "--out", str(path / "digits")]) == 0
    return path


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    capsys.readouterr()


def predict(capsys, *argv):
    """Rows of the CSV on standard output, its header first, and the notes."""
    assert main(["predict", *argv]) == 0
    told, notes = capsys.readouterr()
    return list(csv.reader(io.StringIO(told))), notes


def refusal(capsys, *argv):
    assert main(["predict", *argv]) == 2
    told, errors = capsys.readouterr()
    assert told == ""
    return errors


def test_labels_and_the_probability_of_each_class(capsys):
    (header, *rows), _ = predict(capsys, "kind", "table.csv")
    assert header == ["kind", "probability_Bär, groß", "probability_cat"]
    assert len(rows) == 100
    names = [name.removeprefix("probability_") for name in header[1:]]
    for label, *probabilities in rows:
        assert label == names[np.argmax([float(p) for p in probabilities])]
    with open("table.csv", encoding="utf-8", newline="") as file:
        truth = [row["kind"] for row in csv.DictReader(file)]
    assert np.mean([row[0] == kind for row, kind in zip(rows, truth, strict=True)]) > 0.9


def test_numbers_are_in_the_units_of_the_target(capsys):
    (header, *rows), _ = predict(capsys, "size/model.safetensors", "table.csv")
    assert header == ["size"]
    sizes = np.asarray(rows, dtype=float)
    assert sizes.shape == (100, 1)
    assert 100 < sizes.min() < sizes.max() < 200


def test_the_target_and_other_columns_need_not_be_there(capsys):
    whole, _ = predict(capsys, "kind", "table.csv")
    with open("table.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [f"{row['zip']},{row['size']},{row['note']},1" for row in rows]
    Path("less.csv").write_text("\n".join(["zip,size,note,more", *lines]), encoding="utf-8")
    less, notes = predict(capsys, "kind", "less.csv")
    assert less == whole
    assert "note: column 'more' is not used by this model" in notes


def test_out_writes_the_same_to_a_file(capsys):
    rows, _ = predict(capsys, "kind", "table.csv")
    assert main(["predict", "kind", "table.csv", "--out", "predictions.csv"]) == 0
    assert capsys.readouterr().out == ""
    with open("predictions.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == rows


def test_pixels_are_scaled_as_in_training(capsys):
    x, _ = load_digits().test
    net = bpnet.load("digits/model.safetensors")
    expected = [str(label) for label in net.predict(x)]
    whole = np.rint(x * 16).astype(np.uint8)
    np.savez("raw.npz", x=whole.reshape(-1, 8, 8), digit=np.zeros(len(x)))
    np.savez("scaled.npz", pixels=x, truth=np.zeros(len(x)))
    Path("t10k-images-idx3-ubyte").write_bytes(
        struct.pack(">I3I", 0x803, len(x), 8, 8) + whole.tobytes()
    )
    names = ",".join(bpnet.load("digits/model.safetensors").metadata["features"])
    Path("named.csv").write_text(
        f"label,{names}\n" + "".join(f"7,{','.join(map(str, row))}\n" for row in whole)
    )
    for argv in (["raw.npz"], ["scaled.npz", "--target", "truth"], ["t10k-images-idx3-ubyte"]):
        (header, *rows), notes = predict(capsys, "digits", *argv)
        assert header == ["digit", *(f"probability_{k}" for k in range(10))]
        assert [row[0] for row in rows] == expected
        assert ("divided by 16" in notes) == (argv[0] != "scaled.npz")
    rows, _ = predict(capsys, "digits", "named.csv")
    assert [row[0] for row in rows[1:]] == expected


def test_a_model_of_the_library_predicts_columns_in_their_order(capsys):
    bpnet.Network([2, 3], cost="log_likelihood", seed=0).save("plain.safetensors")
    bpnet.Network([2, 2], activations=["identity"], seed=0).save("values.safetensors")
    Path("two.csv").write_text("a,b\n1,2\n3,4.5\n")
    (header, *rows), _ = predict(capsys, "plain.safetensors", "two.csv")
    assert header == ["prediction", "probability_0", "probability_1", "probability_2"]
    assert len(rows) == 2
    (header, *rows), _ = predict(capsys, "values.safetensors", "two.csv")
    assert header == ["prediction_0", "prediction_1"]


def test_one_output_gives_two_probabilities(capsys):
    flags = ["--data", "table.csv", "--target", "kind", "--cost", "cross_entropy", "--epochs", "1"]
    assert main(["train", *flags, "--quiet", "--out", "binary", "--overwrite"]) == 0
    capsys.readouterr()
    (header, *rows), _ = predict(capsys, "binary", "table.csv")
    assert len(header) == 3
    assert {row[0] for row in rows} <= {"Bär, groß", "cat"}


def test_what_is_wrong_with_the_files(capsys):
    Path("text.csv").write_text("a,b\n1,x\n")
    bpnet.Network([2, 3], cost="log_likelihood", seed=0).save("plain.safetensors")
    Path("short.csv").write_text("size,note\n1,odd\n")
    for argv, message in {
        ("nowhere", "table.csv"): "there is no model file 'nowhere'",
        (".", "table.csv"): "the folder '.' has no model.safetensors",
        ("table.csv", "table.csv"): "'table.csv' is damaged, or not a bpnet model",
        ("kind", "nowhere.csv"): "nowhere.csv: no such file",
        ("kind", "short.csv"): "short.csv: no column 'zip'; there are 'size', 'note'",
        ("digits", "table.csv"): "table.csv: 4 columns, but the network has 64 inputs",
        ("plain.safetensors", "text.csv"): "text.csv: column 'b' holds text, expected numbers",
        ("kind", "table.csv", "--out", "table.csv"): "--out table.csv would overwrite the samples",
        ("kind", "table.csv", "--out", "no/x.csv"): "--out no/x.csv: There is no folder",
        ("kind", "table.csv", "--backend", "cpu"): "unknown backend 'cpu'",
    }.items():
        assert f"bpnet: {message}" in refusal(capsys, *argv)
    assert Path("table.csv").stat().st_size > 1000


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_out_does_not_destroy_what_predictions_are_made_of(capsys):
    model = Path("kind", "model.safetensors")
    before = model.read_bytes(), Path("table.csv").read_bytes()
    os.symlink("table.csv", "link.csv")
    os.link(model, "hard.safetensors")
    os.mkfifo("pipe")
    for model_given in ("kind", "kind/model.safetensors"):
        for out, words in {
            "kind/../table.csv": "would overwrite the samples, table.csv: name another file",
            "link.csv": "would overwrite the samples, table.csv: name another file",
            "hard.safetensors": f"would overwrite the model, {model}: name another file",
            "kind/model.safetensors": f"would overwrite the model, {model}: name another file",
            "kind": "This is a folder, and only regular files are replaced; without --out",
            "pipe": "This is a pipe, and only regular files are replaced; without --out",
            "/dev/null": "This is a device, and only regular files are replaced; without --out",
        }.items():
            said = refusal(capsys, model_given, "table.csv", "--out", out)
            assert said.startswith(f"bpnet: --out {out}")
            assert words in said
    assert (model.read_bytes(), Path("table.csv").read_bytes()) == before


def test_columns_are_kept_as_they_are_spelled(capsys, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(
        "id,size,zip,note,day,empty\n"
        '007,120,00,odd,2024-01-05,\n" 8 ",1.60e2,01,"a, ""b""",NA,  x\n'
    )
    flags = ["--keep", "id", "size", "day", "empty", "note", "--no-proba"]
    (header, *rows), _ = predict(capsys, "kind", str(path), *flags)
    assert header == ["id", "size", "day", "empty", "note", "kind"]
    assert rows == [
        ["007", "120", "2024-01-05", "", "odd", "cat"],
        [" 8 ", "1.60e2", "NA", "x", 'a, "b"', "Bär, groß"],
    ]


def test_a_kept_column_with_the_name_of_a_prediction_keeps_it(capsys, tmp_path):
    (header, *rows), notes = predict(capsys, "kind", "table.csv", "--keep", "kind")
    assert header[:2] == ["kind", "predicted_kind"]
    assert "note: predictions are called 'predicted_kind', as 'kind' is kept" in notes
    truth = [row["kind"] for row in csv.DictReader(io.StringIO(Path("table.csv").read_text()))]
    assert [row[0] for row in rows] == truth
    predicted = [row[0] for row in predict(capsys, "kind", "table.csv")[0][1:]]
    assert [row[1] for row in rows] == predicted
    path = tmp_path / "both.csv"
    path.write_text("size,zip,note,kind,predicted_kind\n120,00,odd,cat,dog\n")
    said = refusal(capsys, "kind", str(path), "--keep", "kind", "predicted_kind")
    assert "--keep predicted_kind: a column of predictions has that name too" in said


@pytest.mark.parametrize("suffix", [".parquet", ".npz", ".jsonl", ".csv.gz"])
def test_columns_of_other_formats_are_kept(capsys, tmp_path, suffix):
    import gzip

    path = tmp_path / f"new{suffix}"
    table = {"id": ["a", "b"], "size": [120.5, 160.0], "zip": ["00", "01"], "note": ["odd", "odd"]}
    if suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        pytest.importorskip("pyarrow.parquet").write_table(arrow.table(table), path)
    elif suffix == ".npz":
        np.savez(path, **table)
    else:
        rows = list(zip(*table.values(), strict=True))
        if suffix == ".jsonl":
            lines = [json.dumps(dict(zip(table, row, strict=True))) for row in rows]
            path.write_text("\n".join(lines))
        else:
            lines = [",".join(map(str, row)) for row in [tuple(table), *rows]]
            path.write_bytes(gzip.compress("\n".join(lines).encode()))
    (header, *rows), _ = predict(capsys, "kind", str(path), "--keep", "id", "size", "--no-proba")
    assert header == ["id", "size", "kind"]
    assert [row[0] for row in rows] == ["a", "b"]
    assert [float(row[1]) for row in rows] == [120.5, 160.0]
    assert [row[2] for row in rows] == ["cat", "Bär, groß"]


def test_what_cannot_be_kept(capsys, tmp_path):
    said = refusal(capsys, "kind", "table.csv", "--keep", "knd", "--out", str(tmp_path / "p.csv"))
    assert "table.csv: no column 'knd', did you mean 'kind'?" in said
    assert not (tmp_path / "p.csv").exists()
    np.save(tmp_path / "x.npy", np.zeros((2, 64)))
    said = refusal(capsys, "digits", str(tmp_path / "x.npy"), "--keep", "id")
    assert "--keep names columns of a table" in said
    (tmp_path / "short.csv").write_text("size,zip,note\n120,00,odd\n120,00\n")
    said = refusal(capsys, "kind", str(tmp_path / "short.csv"), "--keep", "zip")
    assert "line 3: 2 fields, expected 3" in said


def test_probabilities_can_be_left_out(capsys):
    (with_them, *rows), _ = predict(capsys, "kind", "table.csv", "--proba")
    assert with_them == ["kind", "probability_Bär, groß", "probability_cat"]
    without, _ = predict(capsys, "kind", "table.csv", "--no-proba")
    assert without == [["kind"], *([row[0]] for row in rows)]
    assert "--proba is for classes" in refusal(capsys, "size", "table.csv", "--proba")
    assert predict(capsys, "size", "table.csv", "--no-proba")[0][0] == ["size"]


def test_keeping_columns_takes_no_more_memory_for_a_longer_file(capsys, tmp_path):
    import tracemalloc

    peaks = []
    for n in (20_000, 80_000):
        path = tmp_path / f"{n}.csv"
        with path.open("w") as file:
            file.write("id,size,zip,note\n")
            file.writelines(f"person {k:06},{100 + k % 100},00,odd\n" for k in range(n))
        out = str(tmp_path / "p.csv")
        tracemalloc.start()
        assert main(["predict", "kind", str(path), "--keep", "id", "--out", out]) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    lines = Path(out).read_text().splitlines()
    assert len(lines) == 80_001
    assert lines[-1].startswith("person 079999,")


def test_several_targets_of_a_table_have_their_own_columns(capsys, tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    yes = np.array(["no", "yes"], dtype=object)
    tables = {
        "numbers": {"a": a, "b": b, "length": 5 + a, "weight": 100 * b},
        "labels": {"a": a, "b": b, "tall": yes[1 * (a > 0)], "wide": yes[1 * (b > 0)]},
    }
    expected = {
        "numbers": ["length", "weight"],
        "labels": ["tall", "wide", "probability_tall", "probability_wide"],
    }
    for name, table in tables.items():
        data = bpnet.data.load_table(table, list(table)[2:])
        cost = {"cost": "cross_entropy"} if name == "labels" else {"activations": ["identity"]}
        net = bpnet.Network([2, 2], task=data.task, seed=0, **cost)
        net.metadata = {
            "target": data.target,
            "classes": data.classes and list(data.classes),
            "preprocessing": data.preprocessing.to_dict(),
        }
        net.fit(*data.train, epochs=3, progress=False)
        net.save(tmp_path / "model.safetensors")
        np.savez(tmp_path / "x.npz", a=a, b=b)
        model = str(tmp_path / "model.safetensors")
        (header, *rows), _ = predict(capsys, model, str(tmp_path / "x.npz"))
        assert header == expected[name]
        own = net.predict({"a": a, "b": b})
        if name == "numbers":
            np.testing.assert_allclose(np.array(rows, dtype=float), own, rtol=1e-6)
        else:
            assert [row[:2] for row in rows] == own.tolist()


def test_several_labels_have_a_column_each(capsys, tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 2))
    net = bpnet.Network([2, 2], cost="binary_cross_entropy", seed=0)
    net.fit(x, (x > 0).astype(float), epochs=1, batch_size=30)
    net.metadata = {"target": "mark", "classes": ["left", "right"]}
    net.save(tmp_path / "model.safetensors")
    np.savez(tmp_path / "x.npz", x=x)
    (header, *rows), _ = predict(
        capsys, str(tmp_path / "model.safetensors"), str(tmp_path / "x.npz")
    )
    assert header == ["mark_left", "mark_right", "probability_left", "probability_right"]
    found = np.asarray(rows, dtype=float)
    assert np.array_equal(found[:, :2], net.predict(x))
    assert np.allclose(found[:, 2:], net.predict_proba(x), rtol=1e-5)


def test_labels_that_a_network_learned_are_written_as_they_are(capsys, tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 2))
    net = bpnet.Network([2, 2], cost="log_likelihood", seed=0)
    net.fit(x, np.where(x[:, 0] > 0, "right", "left"), epochs=9, optimizer="adam")
    net.save(tmp_path / "model.safetensors")
    np.savez(tmp_path / "x.npz", x=x)
    (header, *rows), _ = predict(
        capsys, str(tmp_path / "model.safetensors"), str(tmp_path / "x.npz")
    )
    assert header == ["prediction", "probability_left", "probability_right"]
    assert [row[0] for row in rows] == net.predict(x).tolist()


def test_predictions_that_find_no_room_leave_the_old_ones(capsys):
    Path("full.csv").write_text("earlier\n")
    with room_for(1000):
        assert main(["predict", "kind", "table.csv", "--out", "full.csv"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "bpnet: full.csv: File too large"
    assert Path("full.csv").read_text() == "earlier\n"
    assert not list(Path().glob(".full*"))


@pytest.mark.skipif(os.name != "posix", reason="closes a pipe as `head` does")
def test_a_reader_that_has_seen_enough():
    np.savez("many.npz", x=np.zeros((20_000, 64)))
    command = [sys.executable, "-m", "bpnet", "predict", "digits", "many.npz"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"digit,")
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=120) == 0
    assert errors == b""


def with_metadata(source, path, **changes):
    """A copy of a model file with other metadata, as `Network.save` would not write it."""
    from safetensors.numpy import load_file, save_file

    content = Path(source).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["bpnet"])
    header["metadata"].update(changes)
    save_file(load_file(source), path, {"bpnet": json.dumps(header)})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ["cat"]}, "metadata.classes has 1 entries, but the network 2 classes"),
        ({"classes": {"a": 1}}, "metadata.classes must be a list of labels, not {'a': 1}"),
        ({"classes": 5}, "metadata.classes must be a list of labels, not 5"),
        ({"target": ["kind"]}, "metadata.target must be a string, not ['kind']"),
        ({"preprocessing": {"columns": []}}, "metadata.preprocessing: "),
        ({"preprocessing": None, "features": ["a"]}, "metadata.features has 1 entries"),
    ],
)
def test_a_model_whose_metadata_do_not_fit_writes_nothing(capsys, tmp_path, changes, words):
    path, out = tmp_path / "model.safetensors", tmp_path / "out.csv"
    with_metadata("kind/model.safetensors", path, **changes)
    for more in ((), ("--out", str(out))):
        errors = refusal(capsys, str(path), "table.csv", *more)
        assert str(path) in errors
        assert words in errors
    assert not out.exists()

"""bpnet train: the run folder, what is told, and every way in which it can end."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import bpnet
import bpnet.cli.run_report
from bpnet.cli import main
from bpnet.data import load_digits

ROOT = Path(__file__).resolve().parents[2]
MNIST = Path(os.environ.get("BPNET_DATA", ROOT.parent / "shared" / "data"), "mnist")
RUN = {"settings.toml", "history.csv", "history.jsonl", "curves.png", "model.safetensors"}
FILES = RUN | {"report.json", "confusion.png"}
# As a terminal starts it: a runner of tests may have had Ctrl-C ignored, and children inherit that.
AS_IN_A_TERMINAL = """
import signal
from bpnet.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
raise SystemExit(main())
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def settings(folder):
    return tomllib.loads(Path(folder, "settings.toml").read_text(encoding="utf-8"))


@pytest.fixture
def people():
    """A table with numbers, labels, gaps and a constant."""
    rng = np.random.default_rng(0)
    lines = ["name,age,city,planet,income,buys"]
    for i in range(120):
        age, city = rng.integers(20, 80), rng.choice(["Rome", "Bonn"])
        income = 3 * age + 40 * (city == "Rome") + rng.normal()
        buys = "yes" if income > 160 else "no"
        lines.append(f"p{i},{age if i % 9 else ''},{city if i % 7 else 'NA'},Earth,{income},{buys}")
    path = Path("people.csv")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


# ---------------------------------------------------------------------- a run and its folder


def test_a_run_leaves_its_folder_and_tells_the_accuracy_of_what_it_saved(capsys):
    assert main(["train", "--epochs", "8"]) == 0
    told, progress = capsys.readouterr()
    lines = told.splitlines()
    assert lines[0].startswith("data      digits: samples 1,258 to train on, 180 to validate, 359")
    assert "defaults  of digits: hidden 64" in told
    assert "network   Network(64 -> 64 relu -> 10 softmax" in told
    assert "saved     runs/digits-1: settings.toml, history.csv, history.jsonl, curves.png" in told
    assert "epoch 8: 100%" in progress

    folder = Path("runs/digits-1")
    assert {path.name for path in folder.iterdir()} == FILES
    net = bpnet.load(folder / "model.safetensors")
    assert lines[-1] == f"test accuracy {100 * net.accuracy(*load_digits().test):.1f} %"
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_histories_have_the_columns_in_order():
    assert main(["train", "--epochs", "2", "--quiet", "--out", "run"]) == 0
    columns = ["epoch", "train_cost", "validation_cost", "train_accuracy", "validation_accuracy"]
    with open("run/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*columns, "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    lines = Path("run/history.jsonl").read_text().splitlines()
    assert [list(json.loads(line)) for line in lines] == [[*columns, "seconds"]] * 2


def test_quiet_tells_the_last_line_alone(capsys):
    assert main(["train", "--epochs", "1", "--quiet"]) == 0
    told, errors = capsys.readouterr()
    assert re.fullmatch(r"test accuracy \d+\.\d %\n", told)
    assert errors == ""


def test_runs_are_numbered_and_never_overwritten(capsys):
    for _ in range(2):
        assert main(["train", "--epochs", "1", "--quiet"]) == 0
    first = Path("runs/digits-1/history.csv").read_bytes()
    assert Path("runs/digits-2/history.csv").exists()
    capsys.readouterr()
    assert main(["train", "--epochs", "1", "--out", "runs/digits-1"]) == 2
    assert capsys.readouterr() == (
        "",
        "bpnet: runs/digits-1 is not empty: name another --out, or add --overwrite\n",
    )
    assert Path("runs/digits-1/history.csv").read_bytes() == first
    assert main(["train", "--epochs", "1", "--out", "runs/digits-1", "--overwrite"]) == 0
    assert Path("runs/digits-1/history.csv").read_bytes() != first


def test_settings_repeat_the_run_to_the_byte(people, tmp_path, monkeypatch):
    for name, flags in {
        "digits": ["--hidden", "12", "7", "--activation", "tanh", "--optimizer", "nesterov"],
        "table": ["--data", "people.csv", "--target", "income", "--cost", "huber"],
    }.items():
        assert main(["train", *flags, "--seed", "3", "--epochs", "3", "--out", name]) == 0
        Path("elsewhere").mkdir(exist_ok=True)
        monkeypatch.chdir("elsewhere")
        assert main(["train", "--config", f"../{name}/settings.toml", "--out", name]) == 0
        monkeypatch.chdir(tmp_path)
        for file in ("model.safetensors", "settings.toml"):
            assert Path("elsewhere", name, file).read_bytes() == Path(name, file).read_bytes()


def test_a_model_holds_no_path_and_what_predict_needs(people):
    assert main(["train", "--data", "people.csv", "--target", "buys", "--out", "run"]) == 0
    content = Path("run/model.safetensors").read_bytes()
    assert b"people" not in content
    assert os.fsencode(Path.cwd()) not in content
    metadata = bpnet.load("run/model.safetensors").metadata
    assert metadata["classes"] == ["no", "yes"]
    assert metadata["preprocessing"]["schema_version"] == 2


def test_without_matplotlib_it_says_that_no_picture_was_drawn(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["train", "--epochs", "1", "--out", "run"]) == 0
    assert {path.name for path in Path("run").iterdir()} == FILES - {"curves.png", "confusion.png"}
    told, notes = capsys.readouterr()
    assert "saved     run: settings.toml, history.csv, history.jsonl, model.safetensors" in told
    advice = 'a picture needs matplotlib: pip install "matplotlib>=3.8"'
    assert notes.endswith(f"note: no picture was drawn: {advice}\n")


def test_the_figures_have_those_of_simple_models_beside_them(capsys):
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'no' if k % 20 else 'yes'}" for k, (a, b) in
            enumerate(rng.random((400, 2)))]  # fmt: skip
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]))
    assert main(["train", "--data", "t.csv", "--target", "y", "--epochs", "5", "--out", "run"]) == 0
    told = capsys.readouterr().out.splitlines()
    start = told.index("test, 40 rows        accuracy  balanced accuracy  log loss")
    assert told[start + 1].split()[:5] == ["network", "95.0", "%", "50.0", "%"]
    assert told[start + 2].startswith("majority class         95.0 %             50.0 %")
    assert told[start + 3].startswith("logistic regression")
    assert told[start + 4].startswith("the network is no better than always predicting 'no'")
    assert told[-1] == "test accuracy 95.0 %"
    report = json.loads(Path("run/report.json").read_text())
    assert report["parts"]["test"]["figures"]["network"]["balanced_accuracy"] == 0.5
    assert {path.name for path in Path("run").iterdir()} == FILES | {"importance.png"}


def test_numbers_have_a_picture_of_predicted_against_true(people, capsys):
    flags = ["--data", str(people), "--target", "income", "--epochs", "2", "--out", "run"]
    assert main(["train", *flags]) == 0
    assert "ridge regression" in capsys.readouterr().out
    drawn = {path.name for path in Path("run").glob("*.png")}
    assert drawn == {"curves.png", "predicted.png", "importance.png"}


def test_a_failure_of_the_report_keeps_the_model(monkeypatch, capsys):
    def broken(*arguments, **options):
        raise ZeroDivisionError("of the report")

    monkeypatch.setattr(bpnet.cli.run_report, "make_report", broken)
    assert main(["train", "--epochs", "1", "--out", "run"]) == 0
    assert "note: no report was made: ZeroDivisionError: of the report" in capsys.readouterr().err
    assert {path.name for path in Path("run").iterdir()} == RUN


def test_pictures_of_an_earlier_run_do_not_stay(people, capsys):
    flags = ["--data", str(people), "--target", "income", "--epochs", "1", "--out", "run"]
    assert main(["train", *flags]) == 0
    assert main(["train", "--epochs", "1", "--out", "run", "--overwrite"]) == 0
    assert {path.name for path in Path("run").iterdir()} == FILES


KEPT = r"model +of epoch (\d+), the best: its validation cost, (\S+), is the lowest \((.*)\)"


def kept(told):
    """The best epoch as it is told, in the one place."""
    told = " ".join(told.split())
    assert set(re.findall(r"epoch (\d+)", told)) == {re.search(KEPT, told)[1]}
    return re.search(KEPT, told).groups()


@pytest.mark.parametrize(
    "flags", [["--folds", "0"], ["--early-stopping", "2"], ["--early-stopping", "0", "--best"]]
)
def test_there_is_one_best_epoch(people, flags, capsys):
    """Told, saved and judged is the epoch with the lowest validation cost."""
    data = ["--data", "people.csv", "--target", "buys"]
    for seed in "01":
        run = [*data, "--epochs", "40", "--seed", seed, *flags]
        assert main(["train", *run, "--out", seed]) == 0
        told = capsys.readouterr().out
        costs = [json.loads(line) for line in Path(seed, "history.jsonl").read_text().splitlines()]
        best = min(costs, key=lambda row: row["validation_cost"])
        accuracy = 100 * best["validation_accuracy"]
        figures = f"{best['validation_cost']:.4g}", f"accuracy {accuracy:.2f} %"
        assert kept(told) == (str(best["epoch"]), *figures)
        assert re.search(r"stopped early|to the end", told)[0] == (
            "to the end" if len(costs) == 40 else "stopped early"
        )
        data_of_run = bpnet.data.load_table("people.csv", "buys")
        net = bpnet.load(f"{seed}/model.safetensors")
        assert net.total_cost(*data_of_run.validation) == pytest.approx(best["validation_cost"])
        assert (
            told.splitlines()[-1] == f"test accuracy {100 * net.accuracy(*data_of_run.test):.1f} %"
        )


def test_the_last_epoch_is_saved_where_one_wants_it(capsys):
    flags = ["--epochs", "30", "--learning-rate", "0.02"]
    assert main(["train", *flags, "--no-best", "--out", "last"]) == 0
    told = capsys.readouterr().out
    assert "model     of epoch 30, the last\n" in told
    assert main(["train", *flags, "--out", "best"]) == 0
    epoch = int(kept(capsys.readouterr().out)[0])
    assert epoch < 30, "this run shows nothing"
    assert main(["train", *flags, "--no-best", "--epochs", str(epoch), "--out", "until"]) == 0
    nets = [bpnet.load(f"{name}/model.safetensors") for name in ("last", "best", "until")]
    last, best, until = (net.weights[0] for net in nets)
    assert np.array_equal(best, until)
    assert not np.array_equal(best, last)
    assert not settings("last")["best"]


def test_without_early_stopping_a_table_is_trained_to_the_end(people, capsys):
    data = ["--data", "people.csv", "--target", "buys", "--epochs", "60"]
    assert main(["train", *data, "--no-best"]) == 0
    assert "trained   60 epochs" in capsys.readouterr().out


def test_early_stopping_stops_and_goes_back(capsys):
    flags = ["--early-stopping", "1", "--learning-rate", "0.05", "--epochs", "200"]
    assert main(["train", *flags, "--out", "run"]) == 0
    told = capsys.readouterr().out
    trained = int(re.search(r"trained   (\d+) epochs .* s, stopped early", told)[1])
    assert int(kept(told)[0]) == trained - 1


# ---------------------------------------------------------------------- what it trains on


def test_digits_reach_97_percent_on_average_over_ten_seeds():
    test, reached = load_digits().test, []
    for seed in range(10):
        assert main(["train", "--quiet", "--seed", str(seed), "--out", str(seed)]) == 0
        reached.append(bpnet.load(f"{seed}/model.safetensors").accuracy(*test))
    assert np.mean(reached) >= 0.97


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"no MNIST in {MNIST}; BPNET_DATA says where")
def test_mnist_is_trained_with_the_books_settings(capsys):
    flags = ["--hidden", "30", "--epochs", "1", "--batch-size", "10", "--learning-rate", "3.0"]
    mnist = ["--dataset", "mnist", "--data-dir", str(MNIST)]
    assert main(["train", *mnist, *flags, "--out", "run"]) == 0
    told = capsys.readouterr().out
    assert "samples 50,000 to train on, 10,000 to validate, 10,000 to test" in told
    assert kept(told)[0] == "1"
    assert float(told.split()[-2]) > 80
    found = settings("run")
    assert found["activation"] == found["output_activation"] == "sigmoid"
    assert (found["cost"], found["initializer"]) == ("quadratic", "standard_normal")
    assert (found["optimizer"], found["l2"]) == ("sgd", 0.0)


def test_a_table_of_classes(people, capsys):
    assert main(["train", "--data", str(people), "--target", "buys"]) == 0
    told, notes = capsys.readouterr()
    told = " ".join(told.split())
    assert "108 to train on, 12 to test; 6 features, 2 classes (no, yes)" in told
    assert "note: column 'name' is left out: its 120 texts all differ, like identifiers" in notes
    assert (
        "note: column 'planet' is left out: it is constant (='Earth') in the training rows" in notes
    )
    assert float(told.split()[-2]) > 70
    assert settings("runs/people-1")["task"] == "classification"


def test_what_each_column_is_taken_for_is_a_table(people, capsys):
    flags = ["--data", str(people), "--target", "buys", "--epochs", "1"]
    assert main(["train", *flags]) == 0
    told = capsys.readouterr().out.splitlines()
    start = next(k for k, line in enumerate(told) if line.startswith("column "))
    assert re.split(r"  +", told[start]) == ["column", "taken for", "why", "to change it"]
    taken = {line.split()[0]: line for line in told[start + 1 : start + 6]}
    assert list(taken) == ["name", "age", "city", "planet", "income"]
    assert "left out" in taken["name"]
    assert "--categorical age" in taken["age"]
    assert main(["train", *flags, "--quiet"]) == 0
    assert re.fullmatch(r"test accuracy \d+\.\d %\n", capsys.readouterr().out)


def test_metrics_are_in_the_history_and_in_the_last_line(people, capsys):
    flags = [
        "--data",
        str(people),
        "--target",
        "income",
        "--epochs",
        "3",
        "--folds",
        "0",
        "--metrics",
        "mae",
        "rmse",
    ]
    assert main(["train", *flags, "--out", "run"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "validation_mae" in Path("run/history.csv").read_text()
    report = json.loads(Path("run/report.json").read_text())["parts"]["test"]["figures"]["network"]
    figures = f"mae {report['mae']:.4g}, rmse {report['rmse']:.4g}"
    assert last == f"test r2 {report['r2']:.3f}, {figures}"
    assert main(["train", "--epochs", "1", "--metrics", "f1", "--quiet", "--out", "digits"]) == 0
    net, (x, y) = bpnet.load("digits"), load_digits().test
    f1 = bpnet.metrics.F1()(y, net.feedforward(x))
    assert capsys.readouterr().out.endswith(f" %, f1 {f1:.3f}\n")


def test_the_last_figure_counts_rows_by_their_weight(people, capsys):
    text = Path(people).read_text().splitlines()
    rows = [f"{row},{k % 5 * 3}" for k, row in enumerate(text[1:])]
    Path(people).write_text("\n".join([f"{text[0]},weight", *rows]))
    flags = ["--data", str(people), "--target", "buys", "--epochs", "2", "--weight", "weight"]
    assert main(["train", *flags, "--quiet", "--out", "run"]) == 0
    data = bpnet.data.load_table(people, "buys", weight="weight")
    right = bpnet.load("run").predict(data.test[0]) == data.test[1]
    accuracy = 100 * np.average(right, weights=data.weights[2])
    assert abs(accuracy - 100 * right.mean()) > 0.1, "these weights show nothing"
    assert capsys.readouterr().out == f"test accuracy {accuracy:.1f} %\n"


def test_folds_choose_for_a_small_table(people, capsys):
    data = ["--data", str(people), "--target", "buys", "--hidden", "8"]
    assert main(["train", *data, "--out", "run"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    epochs, l2 = re.search(r"folds (\d+) epochs? and l2 (\S+) have the lowest cost", told).groups()
    assert "all 108 rows are trained on; --folds 0 holds some out to stop early instead" in told
    assert f"trained {epochs} epochs" in told
    kept = settings("run")
    assert (kept["epochs"], kept["l2"]) == (int(epochs), float(l2))
    assert (kept["folds"], kept["validation_share"]) == (0, 0.0)
    assert main(["train", "--config", "run/settings.toml", "--out", "again"]) == 0
    assert "lowest cost over" not in capsys.readouterr().out
    for file in ("model.safetensors", "settings.toml"):
        assert Path("again", file).read_bytes() == Path("run", file).read_bytes()
    assert main(["train", *data, "--folds", "0", "--out", "held"]) == 0
    assert "12 to validate" in " ".join(capsys.readouterr().out.split())
    assert settings("held")["early_stopping"] == 20


def test_folds_in_processes_choose_the_same(people, capsys):
    pytest.importorskip("joblib")
    data = ["--data", str(people), "--target", "buys", "--hidden", "8", "--epochs", "5"]
    for jobs in ("1", "2"):
        assert main(["train", *data, "--jobs", jobs, "--quiet", "--out", f"run{jobs}"]) == 0
    for file in ("model.safetensors", "settings.toml"):
        assert Path("run1", file).read_bytes() == Path("run2", file).read_bytes()
    assert main(["train", *data, "--jobs", "0", "--quiet", "--out", "none"]) == 2
    assert "jobs is 0: give 1 or more, or -1 for all cores" in capsys.readouterr().err


def test_folds_that_cannot_be_are_refused(people, capsys):
    data = ["--data", str(people), "--target", "buys", "--out", "run"]
    for flags, message in (
        (["--folds", "3", "--early-stopping", "4"], "does not go with --early-stopping"),
        (["--folds", "1"], "--folds 1 leaves no row to train on"),
    ):
        assert main(["train", *data, *flags]) == 2
        assert message in capsys.readouterr().err
        assert not Path("run").exists()
    assert main(["train", "--folds", "3"]) == 2
    assert "--folds goes with --data FILE" in capsys.readouterr().err


def test_ctrl_c_while_folds_are_trained_leaves_nothing(people, monkeypatch, capsys):
    def pressed(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("bpnet.training.Fit.epoch", pressed)
    assert main(["train", "--data", str(people), "--target", "buys", "--out", "run"]) == 130
    assert capsys.readouterr().err.endswith("bpnet: interrupted\n")
    assert not Path("run").exists()


def test_a_table_of_numbers(people, capsys):
    assert main(["train", "--data", str(people), "--target", "income", "--out", "run"]) == 0
    told = capsys.readouterr().out
    assert "-> 1 identity, cost=quadratic" in told
    assert re.fullmatch(r"test r2 0\.\d{3}", told.splitlines()[-1])
    assert "train_r2" in Path("run/history.csv").read_text()


def test_two_classes_and_the_binary_cross_entropy_take_one_output(people, capsys):
    data = ["--data", str(people), "--target", "buys"]
    assert main(["train", *data, "--cost", "cross_entropy", "--epochs", "2"]) == 0
    assert "-> 1 sigmoid, cost=binary_cross_entropy" in capsys.readouterr().out


def test_no_hidden_layer(capsys):
    assert main(["train", "--hidden", "--epochs", "2"]) == 0
    told = capsys.readouterr().out
    assert "hidden none" in told
    assert "Network(64 -> 10 softmax" in told


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_another_library_trains_alike(library, capsys):
    pytest.importorskip(library, reason=f"{library} is not installed")
    for backend in ("numpy", library):
        flags = ["--backend", backend, "--dtype", "float64", "--epochs", "2", "--quiet"]
        assert main(["train", *flags, "--out", backend]) == 0
    assert settings(library)["backend"] == library
    one, other = (bpnet.load(f"{name}/model.safetensors") for name in ("numpy", library))
    for a, b in zip(one.weights + one.biases, other.weights + other.biases, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- how a run can end badly


def test_divergence_saves_the_last_finite_parameters(capsys):
    flags = ["--optimizer", "sgd", "--learning-rate", "1e38", "--out", "run"]
    assert main(["train", *flags]) == 1
    told, errors = capsys.readouterr()
    assert "test accuracy" not in told
    last = [line for line in errors.splitlines() if line.startswith(("bpnet:", "the run"))]
    assert re.match(r"bpnet: the cost became \S+ in epoch 1, batch \d+ of 40", last[0])
    assert last[1] == "the run until then is in run"
    assert bpnet.load("run/model.safetensors").epochs == 0


def test_ctrl_c_saves_the_run_first(ctrl_c, monkeypatch, capsys):
    def press(self, fit, row):
        self.epoch, self._kept = 1, fit.parameters()
        ctrl_c()

    monkeypatch.setattr(bpnet.KeepBest, "on_epoch_end", press)
    assert main(["train", "--out", "run"]) == 130
    told, errors = capsys.readouterr()
    assert "interrupted" in told
    assert told.splitlines()[-1].startswith("test accuracy ")
    assert errors.endswith(
        "bpnet: interrupted; the run until then is in run; --resume run goes on\n"
    )
    assert {path.name for path in Path("run").iterdir()} == RUN | {"checkpoints"}


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process")
def test_ctrl_c_from_a_terminal():
    command = [sys.executable, "-c", AS_IN_A_TERMINAL, "train", "--epochs", "100000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path.cwd()
    ) as process:
        progress = b""
        while not re.search(rb"epoch ([2-9]|\d\d+):", progress) and process.poll() is None:
            progress += os.read(process.stderr.fileno(), 4096)
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"test accuracy" in told
    assert {path.name for path in Path("runs/digits-1").iterdir()} == RUN | {"checkpoints"}


def test_a_disk_that_fills_up_while_saving(monkeypatch, capsys):
    def full(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(bpnet.Network, "save", full)
    assert main(["train", "--epochs", "1", "--quiet", "--out", "run"]) == 1
    error = "bpnet: not written to run: model.safetensors (No space left on device): make room"
    assert capsys.readouterr().err.startswith(error)


def test_an_unwritable_folder_is_found_before_training(monkeypatch, capsys):
    def trained(*_):
        raise AssertionError("training began")

    monkeypatch.setattr(bpnet.training.Fit, "epoch", trained)
    Path("file").touch()
    assert main(["train", "--quiet", "--out", "file"]) == 2
    assert capsys.readouterr().err == "bpnet: file is no folder: name another --out\n"
    assert main(["train", "--quiet", "--out", "file/run"]) == 2
    assert "bpnet: the run folder cannot be written: " in capsys.readouterr().err


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="permissions hold for others than root alone"
)
def test_a_folder_without_permission_is_found_before_training(capsys):
    Path("closed").mkdir(mode=0o500)
    assert main(["train", "--out", "closed/run"]) == 2
    assert "closed/run: Permission denied" in capsys.readouterr().err


def test_nothing_is_left_where_a_setting_is_refused():
    assert main(["train", "--batch-size", "0"]) == 2
    assert not Path("runs").exists()


# ---------------------------------------------------------------------- from a clone


def test_the_script_runs_from_anywhere_and_uninstalled(monkeypatch):
    # Without site's start-up an editable installation is not seen, but PYTHONPATH's packages are.
    packages = [path for path in sys.path if path and Path(path).resolve() != ROOT]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(packages))
    script = ROOT / "scripts" / "train.py"
    command = [sys.executable, "-S", str(script), "--epochs", "1", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"test accuracy \d+\.\d %\n", done.stdout)
    assert Path("runs/digits-1/model.safetensors").exists()


def test_the_script_says_what_to_install():
    script = ROOT / "scripts" / "train.py"
    # Without site-packages there is no dependency.
    command = [sys.executable, "-S", "-E", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"bpnet: .*numpy.* must be installed: .*pip install .*\n", done.stderr)


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "bpnet", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, f"bpnet {bpnet.__version__}\n")

"""Where the settings of a run come from: flags, a file, the data set; and what is refused."""

import tomllib
from pathlib import Path

import pytest

from bpnet import activations, costs, initializers, normalization, optimizers, schedules
from bpnet.cli import main
from bpnet.cli.settings import OF_TABLES, SETTINGS


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b,y\n" + "1,2,0.5\n3,1,1.5\n2,2,2.5\n" * 14)


def train(*flags, config=None):
    """The settings of a short run of these flags and this file."""
    if config is not None:
        Path("config.toml").write_text(config)
        flags = ("--config", "config.toml", *flags)
    assert main(["train", "--quiet", "--overwrite", "--out", "run", *flags]) == 0
    return tomllib.loads(Path("run/settings.toml").read_text())


def refusal(capsys, *flags):
    """What is said where these flags are refused."""
    capsys.readouterr()
    assert main(["train", *flags]) == 2
    told, errors = capsys.readouterr()
    assert told == ""
    assert errors.startswith("bpnet: ")
    assert errors.count("\n") <= 2
    return errors.removeprefix("bpnet: ").rstrip("\n")


def test_every_setting_is_kept():
    flags = "--epochs 2 --optimizer momentum --dtype float64 --dropout 0.1 --normalization batch "
    flags += "--schedule step --schedule-epochs 1 --schedule-factor 0.5 --warmup 1 "
    flags += "--class-weight 3=2 --metrics F1-score --parallel serial --blocks 3"
    found = train(*flags.split())
    assert set(found) == set(SETTINGS) - {"data_dir", "data", "parallel", *OF_TABLES}
    assert (found["schedule"], found["class_weight"], found["metrics"]) == (
        "step_decay",
        "3=2",
        ["f1"],
    )
    assert (found["learning_rate"], found["momentum"]) == (0.1, 0.9)
    assert (found["backend"], found["device"], found["dtype"]) == ("numpy", "cpu", "float64")


def test_flags_win_over_the_file():
    config = 'hidden = 5\nactivation = "tanh"\nepochs = 1\nlearning_rate = 1'
    found = train("--hidden", "4", "3", config=config)
    assert (found["hidden"], found["activation"]) == ([4, 3], "tanh")
    assert found["learning_rate"] == 1.0


def test_a_flag_sets_aside_what_went_with_the_setting_it_replaces():
    train("--epochs", "1", "--optimizer", "nesterov", "--momentum", "0.5")
    earlier = Path("run/settings.toml").read_text()
    assert train(config=earlier)["momentum"] == 0.5
    found = train("--optimizer", "sgd", "--cost", "quadratic", config=earlier)
    assert "momentum" not in found
    assert found["output_activation"] == "sigmoid"
    table = ("--data", "table.csv", "--target", "y")
    found = train(*table, "--cost", "quadratic", config=earlier)
    assert "dataset" not in found
    assert (found["task"], found["hidden"]) == ("regression", [64])


def test_columns_and_rows_of_a_table_are_kept():
    lines = [f"{k},{k % 7},{k % 5},g{k % 20},{k % 3 + 1},{k / 3:.3f}" for k in range(200)]
    Path("t.csv").write_text("\n".join(["id,a,b,g,w,y", *lines]))
    flags = "--data t.csv --target y --epochs 1 --drop id --drop b --categorical a --group g "
    flags += "--weight w --test-share 0 --validation-share 0.2 --delimiter , --missing ? -9"
    found = train(*flags.split())
    kept = {
        "target": "y",
        "drop": ["id", "b"],
        "categorical": ["a"],
        "group": "g",
        "weight": "w",
        "test_share": 0.0,
        "validation_share": 0.2,
        "delimiter": ",",
        "missing": ["?", "-9"],
    }
    assert kept.items() <= found.items()
    earlier = Path("run/settings.toml").read_text()
    assert train(config=earlier) == found
    assert main(["train", "--config", "run", "--quiet", "--out", "again"]) == 0
    assert Path("again/settings.toml").read_text() == earlier
    # A flag sets aside what does not go with it.
    Path("other.csv").write_text(Path("t.csv").read_text())
    flags = "--validation other.csv --test-share 0.1 --time id --drop b"
    changed = train(*flags.split(), config=earlier)
    assert not {"validation_share", "group"} & set(changed)
    assert Path(changed["validation"]).is_absolute()
    assert train("--numeric", "a", config=earlier)["categorical"] == []
    other = train("--data", "table.csv", "--target", "y", config=earlier)
    assert not {"drop", "group", "weight", "test_share", "missing"} & set(other)


def test_another_target_sets_aside_what_suits_the_first():
    lines = [f"{k % 7},{k / 3:.3f},{'ab'[k % 2]}" for k in range(60)]
    Path("t.csv").write_text("\n".join(["a,y,kind", *lines]))
    flags = "--data t.csv --target kind --drop y --metrics auc --class-weight balanced --epochs 1"
    assert train(*flags.split())["cost"] == "categorical_cross_entropy"
    earlier = Path("run/settings.toml").read_text()
    found = train("--target", "y", config=earlier)
    assert (found["task"], found["cost"], found["output_activation"], found["drop"]) == (
        "regression", "quadratic", "identity", [],
    )  # fmt: skip
    assert not {"metrics", "class_weight"} & set(found)
    assert train("--target", "a", config=earlier)["cost"] == "categorical_cross_entropy"
    found = train("--task", "regression", config=Path("run/settings.toml").read_text())
    assert (found["target"], found["cost"]) == ("a", "quadratic")


def test_several_targets_and_labels():
    lines = [f"{k},{k * k % 11},{k / 3:.3f},{'ab'[k % 2]},{'uv'[k % 3 > 0]}" for k in range(60)]
    Path("t.csv").write_text("\n".join(["a,b,y,one,two", *lines]))
    numbers = train("--data", "t.csv", "--target", "b", "y", "--epochs", "1")
    assert (numbers["target"], numbers["task"]) == (["b", "y"], "regression")
    labels = train("--data", "t.csv", "--target", "one", "--target", "two", "--epochs", "1")
    assert (labels["target"], labels["task"]) == (["one", "two"], "multilabel")
    assert labels["cost"] == "binary_cross_entropy"


def test_a_file_without_a_header():
    Path("t.csv").write_text("".join(f"{k},{k % 7},{k / 3:.3f}\n" for k in range(60)))
    flags = ("--data", "t.csv", "--epochs", "1")
    assert train(*flags, "--no-header", "--target", "c3")["header"] is False


def test_best_and_early_stopping_go_together():
    short = "epochs = 1\n"
    assert train("--epochs", "1")["best"] is True
    assert train("--no-best", config=f"{short}best = true")["best"] is False
    # A run of an earlier version has both, and kept the best epoch all the same.
    found = train(config=f"{short}best = false\nearly_stopping = 5")
    assert (found["best"], found["early_stopping"]) == (True, 5)
    found = train("--no-best", config=f"{short}early_stopping = 5")
    assert (found["best"], found["early_stopping"]) == (False, 0)
    found = train("--early-stopping", "5", config=f"{short}best = false")
    assert (found["best"], found["early_stopping"]) == (True, 5)
    table = ("--data", "table.csv", "--target", "y", "--epochs", "1")
    found = train(*table, "--no-best")
    assert (found["best"], found["early_stopping"]) == (False, 0)


def test_an_optimizer_of_ones_own_choice_has_its_own_rate():
    assert train("--epochs", "1", "--optimizer", "sgd")["learning_rate"] == 0.1
    assert train("--epochs", "1", "--optimizer", "adam")["learning_rate"] == 0.003


def test_paths_in_a_file_are_relative_to_it(monkeypatch):
    Path("config.toml").write_text('data = "table.csv"\ntarget = "y"\nepochs = 1')
    Path("below").mkdir()
    monkeypatch.chdir("below")
    found = train("--config", "../config.toml")
    assert Path(found["data"]).samefile("../table.csv")
    assert Path(found["data"]).is_absolute()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("epocs = 3", "unknown setting 'epocs': did you mean 'epochs'?"),
        ("epochs = '3'", "epochs must be a whole number, not '3'"),
        ("epochs = [3]", "epochs must be a whole number, not [3]"),
        ("epochs = true", "epochs must be a whole number, not True"),
        ("hidden = [3, 'a']", "hidden must be a whole number or a list of such, not [3, 'a']"),
        ("l2 = '0'", "l2 must be a number, not '0'"),
        ("data = 3", "data must be text, not 3"),
        ("best = 1", "best must be true or false, not 1"),
        ("epochs = x", "Invalid value (at line 1, column 10)"),
    ],
)
def test_a_file_with_a_mistake(config, message, capsys):
    Path("config.toml").write_text(config)
    assert refusal(capsys, "--config", "config.toml") == f"config.toml: {message}"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--hiden 30", "unknown argument '--hiden': did you mean '--hidden'?"),
        ("digits", "unknown argument 'digits'"),
        (
            "--missing -x-",
            "unknown argument '-x-'; a value that begins with a dash is given",
        ),
        ("--drop a", "--drop goes with --data FILE, a table of your own: add it"),
        ("--data table.csv --target", "--data needs --target COLUMN, one of 'a', 'b', 'y'"),
        ("--data table.csv --target y --drop c", "table.csv: drop: no column 'c'"),
        ("--data table.csv --target y --validation no.csv", "no.csv: no such file"),
        (
            "--data table.csv --target y --validation table.csv --validation-share 0.2",
            "--validation FILE and --validation-share exclude each other: leave one out",
        ),
        ("--epochs ten", "argument --epochs: invalid int value: 'ten'"),
        ("--epochs -1", "epochs must be at least 0, not -1"),
        ("--batch-size 0", "batch_size must be at least 1, not 0"),
        ("--learning-rate -1", "learning_rate must be at least 0 and finite, not -1"),
        ("--l2 -1", "l2 must be at least 0 and finite, not -1"),
        ("--hidden 0", "sizes[1] must be at least 1, not 0"),
        ("--seed -1", "seed must be at least 0, not -1"),
        ("--activation rleu", "unknown activation 'rleu': did you mean 'relu'?"),
        ("--output-activation sofmax", "unknown activation 'sofmax': did you mean 'softmax'?"),
        ("--cost quadratc", "unknown cost 'quadratc': did you mean 'quadratic'?"),
        ("--initializer he", "unknown initializer 'he'"),
        (
            "--early-stopping 3 --no-best",
            "--early-stopping goes back to the best epoch, but --best is off: leave one of the two",
        ),
        ("--early-stopping -1", "early_stopping must be at least 0, not -1"),
        ("--dropout 1", "dropout must be at least 0 and less than 1, not 1"),
        ("--dropout 0.1 --hidden", "--dropout is for hidden layers, and there are none: add --hid"),
        ("--normalization batch --hidden", "--normalization is for hidden layers, and there are"),
        ("--normalization bacth", "unknown normalization 'bacth': did you mean 'batch'?"),
        ("--schedule cosin", "unknown schedule 'cosin': did you mean 'cosine'?"),
        (
            "--schedule step_decay",
            "--schedule step_decay needs --schedule-epochs N: the epoch",
        ),
        ("--schedule piecewise", "--schedule piecewise is for Python alone; by name there are con"),
        ("--schedule warmup", "--schedule warmup is for Python alone; by name there are constant"),
        ("--schedule cosine --schedule-factor 2", "--schedule-factor is for step_decay and expon"),
        ("--schedule-epochs 3", "--schedule-epochs goes with --schedule by name, such as step_dec"),
        ("--schedule cosine --schedule-epochs 0", "schedule_epochs must be at least 1, not 0"),
        ("--schedule one_cycle --warmup 2", "one_cycle begins with a warmup of its own: leave --w"),
        ("--warmup 40", "--warmup must be less than --epochs, 40, not 40"),
        (
            "--class-weight 3",
            "--class-weight takes balanced, or a class and its weight as LABE",
        ),
        ("--class-weight 3=x", "--class-weight takes balanced, or a class and its weight as LABE"),
        ("--class-weight 3=-1", "the weight of class 3 must be at least 0 and finite, not -1"),
        ("--class-weight 10=1", "--class-weight: no class '10'"),
        ("--class-weight 3=1 3=2", "--class-weight gives class '3' two weights: leave one"),
        (
            "--data table.csv --target y --class-weight balanced",
            "--class-weight is for classification, and the task is regression: leave it out",
        ),
        (
            "--metrics f2",
            "unknown metric 'f2': known are accuracy, auc, balanced_accuracy",
        ),
        ("--metrics rmse", "rmse is for regression, and the task is classification"),
        ("--optimizer adm", "unknown optimizer 'adm': did you mean 'adam'?"),
        ("--momentum 0.5", "--momentum is for momentum and nesterov, not adam"),
        ("--backend numyp", "unknown backend 'numyp': did you mean 'numpy'?"),
        ("--backend numpy --device cuda", "numpy 2"),
        ("--device cdua", "unknown device 'cdua': did you mean 'cuda'?"),
        ("--dtype float16", "unknown dtype 'float16'"),
        ("--dataset mnits", "unknown dataset 'mnits': did you mean 'mnist'?"),
        ("--dataset mnist", "--dataset mnist needs --data-dir DIR, the folder with its four files"),
        ("--dataset mnist --data-dir no", "no: no such directory"),
        ("--data-dir no", "--data-dir goes with --dataset mnist"),
        ("--target y", "--target goes with --data FILE"),
        ("--data table.csv", "--data needs --target COLUMN, one of 'a', 'b', 'y'"),
        ("--data table.csv --target z", "table.csv: no column 'z'"),
        ("--data table.csv --target y --dataset digits", "--data FILE and --dataset exclude"),
        ("--data table.csv --target y --task clasification", "no task 'clasification', did you"),
        ("--data no.csv --target y", "no.csv: no such file"),
        ("--config no.toml", "no.toml: no such file"),
        (
            "--output-activation tanh",
            "the cost categorical_cross_entropy is defined for outputs between 0 and 1",
        ),
    ],
)
def test_a_flag_with_a_mistake(flags, message, capsys):
    assert refusal(capsys, *flags.split(), "--quiet").startswith(message)
    assert not Path("runs").exists()


def test_a_device_that_is_not_here_comes_with_the_reason(monkeypatch, capsys):
    from bpnet.backends import Availability, loading

    def nowhere(name):
        return Availability(name, None, (), f"{name} is not installed")

    monkeypatch.setattr(loading, "_probe_built_in", nowhere)
    told = refusal(capsys, "--device", "cuda", "--quiet")
    assert told.startswith(
        "no installed library has the device 'cuda': cupy: cupy is not installed"
    )
    assert 'pip install "cupy-cuda13x[ctk]>=14"' in told


def test_a_table_too_small_to_validate_is_trained_all_the_same(capsys):
    # A class of a single row is only trained on, and the other one has a row to spare: the test's.
    Path("tiny.csv").write_text("a,y\n" + "".join(f"{i * i},c{min(i, 8)}\n" for i in range(10)))
    data = ("--data", "tiny.csv", "--target", "y")
    assert train(*data, "--epochs", "2")["early_stopping"] == 0
    for flag in (["--early-stopping", "3"], ["--best"]):
        told = refusal(capsys, *data, *flag)
        assert told == f"{flag[0]} needs validation samples, and there are none"


def test_help_names_all_there_is_to_choose(capsys):
    assert main(["train", "--help"]) == 0
    words = capsys.readouterr().out.translate(str.maketrans(",();", "    ")).split()
    for module in (activations, costs, initializers, optimizers, normalization, schedules):
        for name in module.BUILT_IN:
            assert name in words or name in ("warmup", "piecewise")

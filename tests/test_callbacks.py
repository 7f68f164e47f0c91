"""Callbacks: what each does at its moments, and what a checkpoint keeps of it."""

import copy
import csv
import io
import math
import struct
import sys

import numpy as np
import pytest
from _backends import parameters

import bpnet

N, SIZE = 25, 10  # batches of 10, 10 and 5


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 4)), rng.integers(0, 3, N)


@pytest.fixture
def unseen():
    rng = np.random.default_rng(1)
    return rng.standard_normal((12, 4)), rng.integers(0, 3, 12)


def classifier(backend=None, **options):
    options = {"cost": "log_likelihood", "seed": 4, "dtype": "float64", **options}
    return bpnet.Network([4, 6, 3], activations="tanh", backend=backend, **options)


def fit(net, data, **options):
    options = {"epochs": 3, "batch_size": SIZE, "optimizer": bpnet.SGD(0.5), **options}
    return net.fit(*data, **options)


class Rates(bpnet.Callback):
    """The factor of the learning rate after each epoch."""

    def __init__(self):
        self.factors = []

    def on_epoch_end(self, fit, row):
        self.factors.append(fit.rate_factor)


class Stub:
    """What a callback sees of a fit, for series of figures that no training gives."""

    def __init__(self, column="validation_cost", learning_rate=1.0, falls=True):
        self.columns, self.has_validation = ("epoch", column), True
        self.optimizer = bpnet.SGD(learning_rate)
        self.rate_factor, self.steps_done, self.stopped = 1.0, 0, None
        self.lower_is_better = lambda name: falls
        self.learning_rate_at = self.optimizer.learning_rate_at

    def stop(self, reason, now=False):
        self.stopped = reason


def played(callback, stub, figures, upto=None):
    """The factor after each epoch of a series of figures."""
    factors = []
    for epoch, figure in enumerate(figures, start=1):
        stub.steps_done += 1
        callback.on_epoch_end(stub, {"epoch": epoch, stub.columns[1]: figure})
        factors.append(stub.rate_factor)
        if stub.stopped:
            break
    return factors


# ------------------------------------------------------------------ all of them


def everyone(tmp_path):
    return [
        bpnet.EarlyStopping("train_cost"),
        bpnet.KeepBest("train_cost"),
        bpnet.ReduceOnPlateau("train_cost"),
        bpnet.HalveOnPlateau("train_cost"),
        bpnet.Budget(seconds=1000.0, steps=1000),
        bpnet.CSVLog(tmp_path / "log.csv"),
        bpnet.Progress(io.StringIO()),
    ]


def test_watching_changes_nothing(target, data, tmp_path):
    net, twin = classifier(target.backend()), classifier(target.backend())
    fit(net, data, callbacks=everyone(tmp_path))
    fit(twin, data)
    assert np.array_equal(parameters(net), parameters(twin))


@pytest.mark.parametrize("name", ["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau"])
def test_what_is_monitored_must_be_there(data, unseen, name):
    net = classifier()
    before = parameters(net)
    with pytest.raises(
        ValueError, match=f"{name} monitors 'validation_loss', but the history has epoch, train_"
    ):
        fit(
            net,
            data,
            validation=unseen,
            callbacks=[getattr(bpnet, name)(monitor="validation_loss")],
        )
    with pytest.raises(ValueError, match=r"give fit validation=\(x, y\) for validation's"):
        fit(net, data, callbacks=[getattr(bpnet, name)()])
    assert np.array_equal(parameters(net), before)


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("EarlyStopping", {"patience": 0}, ValueError, "patience must be at least 1, not 0"),
        ("EarlyStopping", {"patience": 1.5}, TypeError, "patience must be an integer, not 1.5"),
        (
            "EarlyStopping",
            {"min_delta": -1},
            ValueError,
            "min_delta must be at least 0 .*, not -1",
        ),
        (
            "EarlyStopping",
            {"min_delta": math.nan},
            ValueError,
            "min_delta must be .*, not nan",
        ),
        ("EarlyStopping", {"min_delta": "a"}, TypeError, "min_delta must be a number, not 'a'"),
        ("EarlyStopping", {"mode": "mni"}, ValueError, "unknown mode 'mni': did you mean 'min'"),
        ("KeepBest", {"mode": "up"}, ValueError, "unknown mode 'up': known are min, max"),
        (
            "ReduceOnPlateau",
            {"factor": 1.0},
            ValueError,
            "factor must be greater than 0 and less than 1, not 1",
        ),
        ("ReduceOnPlateau", {"factor": 0.0}, ValueError, "factor must be greater than 0 .*, not 0"),
        ("ReduceOnPlateau", {"patience": -1}, ValueError, "patience must be at least 0, not -1"),
        ("ReduceOnPlateau", {"cooldown": -1}, ValueError, "cooldown must be at least 0, not -1"),
        (
            "ReduceOnPlateau",
            {"min_rate": -0.1},
            ValueError,
            "min_rate must be at least 0 .*, not -0",
        ),
        ("ReduceOnPlateau", {"mode": ""}, ValueError, "unknown mode ''"),
        ("HalveOnPlateau", {"patience": 0}, ValueError, "patience must be at least 1, not 0"),
        ("HalveOnPlateau", {"lowest": 1.0}, ValueError, "lowest must be greater .* than 1, not 1"),
        ("Budget", {}, ValueError, "a budget is of seconds, of steps or of both"),
        ("Budget", {"seconds": 0}, ValueError, "seconds must be greater than 0 and finite, not 0"),
        ("Budget", {"seconds": math.inf}, ValueError, "seconds must be .* finite, not inf"),
        ("Budget", {"steps": 0}, ValueError, "steps must be at least 1, not 0"),
        ("Budget", {"steps": 2.0}, TypeError, "steps must be an integer, not 2.0"),
    ],
)
def test_settings_out_of_range(name, options, error, words):
    with pytest.raises(error, match=words):
        getattr(bpnet, name)(**options)


# ------------------------------------------------------------------ early stopping, the best epoch


def test_the_column_says_which_way_is_better(data):
    """A cost and a metric of which lower is better are to fall, others to rise; mode overrules."""

    def lateness(y, a):
        return calls.append(1) or float(len(calls))

    later = bpnet.metrics.CustomMetric(lateness, lower_is_better=False)
    for metric, mode, stopped in (
        (lateness, None, "completed"),
        (lateness, "min", "early"),
        (later, None, "completed"),
        (bpnet.metrics.CustomMetric(lateness, lower_is_better=True), None, "early"),
        (bpnet.metrics.CustomMetric(lateness, lower_is_better=True), "max", "completed"),
    ):
        calls = []
        stopping = bpnet.EarlyStopping("train_lateness", patience=1, mode=mode)
        history = fit(classifier(), data, epochs=4, metrics=[metric], callbacks=[stopping])
        assert (history.stopped, len(history)) == (stopped, 4 if stopped == "completed" else 2)


@pytest.mark.parametrize("patience", [1, 2])
def test_nan_is_no_improvement(patience):
    stopping, stub = bpnet.EarlyStopping("validation_cost", patience), Stub()
    stub.parameters = lambda: None
    stopping.on_fit_begin(stub)
    played(stopping, stub, [1.0, math.nan])
    assert (stub.stopped == "early") == (patience == 1)
    played(stopping, stub, [math.nan])
    assert stub.stopped == "early"


def test_the_best_epoch_is_kept_to_the_end(target, data, unseen):
    after, net = {}, classifier(target.backend())

    class Recorder(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            after[row["epoch"]] = parameters(fit.net)

    best = bpnet.KeepBest()
    options = {"epochs": 30, "validation": unseen, "optimizer": bpnet.SGD(1.0)}
    history = fit(net, data, callbacks=[Recorder(), best], **options)
    figures = history["validation_cost"]
    assert (best.epoch, best.figure) == (1 + int(np.argmin(figures)), min(figures))
    assert (history.stopped, len(history), history.best_epoch) == ("completed", 30, best.epoch)
    assert best.epoch < 30
    assert np.array_equal(parameters(net), after[best.epoch])


def test_the_best_epoch_may_be_looked_at_without_being_restored(target, data, unseen):
    net, best = classifier(target.backend()), bpnet.KeepBest("validation_accuracy", restore=False)
    options = {"epochs": 30, "validation": unseen, "optimizer": bpnet.SGD(1.0)}
    history = fit(net, data, callbacks=[best], **options)
    accuracies, last = history["validation_accuracy"], parameters(net)
    assert history.best_epoch is None
    assert best.epoch == 1 + int(np.argmax(accuracies)), "the first of equals"
    with best.restored():
        assert net.accuracy(*unseen) == best.figure == max(accuracies)
    assert np.array_equal(parameters(net), last)
    best.restore()
    assert net.accuracy(*unseen) == best.figure
    assert history.best_epoch == best.epoch


def test_after_ctrl_c_the_best_epoch_is_not_restored(data, ctrl_c):
    class Press(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 2:
                ctrl_c()

    net, twin, best = classifier(), classifier(), bpnet.KeepBest("train_cost", mode="max")
    history = fit(net, data, callbacks=[best, Press()])
    fit(twin, data, epochs=2)
    assert (history.stopped, history.best_epoch, best.epoch) == ("interrupted", None, 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_without_an_epoch_nothing_is_restored(data):
    net, best = classifier(), bpnet.KeepBest("train_cost")
    before = parameters(net)
    fit(net, data, epochs=0, callbacks=[best])
    with best.restored():
        pass
    assert (best.epoch, best.figure) == (None, None)
    assert np.array_equal(parameters(net), before)


# ------------------------------------------------------------------ plateaus


def series(seed, n=60):
    rng = np.random.default_rng(seed)
    return (1.0 / np.sqrt(np.arange(1, n + 1)) + rng.normal(0, 0.15, n)).round(2).tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rises", [False, True])
@pytest.mark.parametrize(
    ("factor", "patience", "min_rate", "cooldown", "min_delta"),
    [
        (0.1, 2, 0.0, 0, 0.0),
        (0.5, 0, 0.0, 0, 1e-4),
        (0.5, 1, 0.03, 3, 0.0),
        (0.3, 3, 1e-3, 1, 0.05),
    ],
)
def test_plateaus_are_pytorchs(torch, seed, rises, factor, patience, min_rate, cooldown, min_delta):
    figures = [-one for one in series(seed)] if rises else series(seed)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        theirs,
        "max" if rises else "min",
        factor,
        patience,
        threshold=min_delta,
        threshold_mode="abs",
        cooldown=cooldown,
        min_lr=min_rate,
        eps=0.0,
    )
    expected = []
    for figure in figures:
        scheduler.step(figure)
        expected.append(theirs.param_groups[0]["lr"])
    stub = Stub(learning_rate=0.4, falls=not rises)
    ours = bpnet.ReduceOnPlateau(
        "validation_cost", factor, patience, min_rate, cooldown, min_delta=min_delta
    )
    ours.on_fit_begin(stub)
    found = [0.4 * share for share in played(ours, stub, figures)]
    assert found == pytest.approx(expected, rel=1e-12)
    assert len(set(found)) > 2, "this series shows nothing"


def test_the_least_rate_of_a_schedule_is_that_of_the_moment():
    stub = Stub(learning_rate=bpnet.schedules.StepDecay(1.0, steps=3, factor=0.1))
    reduce = bpnet.ReduceOnPlateau("validation_cost", 0.5, patience=0, min_rate=0.06)
    reduce.on_fit_begin(stub)
    # after 3 steps the schedule is at 0.1, and 0.25 of it below the least
    assert played(reduce, stub, [1.0, 1.0, 1.0, 1.0]) == [1.0, 0.5, 0.5, 0.5]
    stub = Stub(learning_rate=1.0)
    reduce.on_fit_begin(stub)
    assert played(reduce, stub, [1.0] * 7)[-1] == 0.06


def test_a_reduced_rate_is_that_of_the_steps_to_come(data):
    """Ten times less from the third epoch on is what a schedule of that kind does."""
    net, twin, rates = classifier(), classifier(), Rates()
    reduce = bpnet.ReduceOnPlateau("train_cost", 0.1, patience=0, min_delta=100.0, cooldown=9)
    fit(net, data, epochs=4, callbacks=[reduce, rates])
    falling = bpnet.schedules.Piecewise([0.5, 0.05], [6])
    fit(twin, data, epochs=4, optimizer=bpnet.SGD(falling))
    assert rates.factors == [1.0, 0.1, 0.1, 0.1]
    assert parameters(net) == pytest.approx(parameters(twin), rel=1e-12)


def test_the_books_schedule_halves_and_stops():
    halve, stub = bpnet.HalveOnPlateau("validation_cost", patience=3), Stub()
    halve.on_fit_begin(stub)
    factors = played(halve, stub, [1.0, 0.5, *[0.6] * 50])
    assert factors[:8] == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
    assert factors[-1] == 1 / 128
    assert (stub.stopped, len(factors)) == ("plateau", 2 + 3 * 7)


def test_the_books_schedule_in_a_fit(data, unseen):
    rates = Rates()
    callbacks = [bpnet.HalveOnPlateau(patience=2, lowest=0.25), rates]
    history = fit(classifier(), data, epochs=500, validation=unseen, callbacks=callbacks)
    assert history.stopped == "plateau"
    assert sorted(set(rates.factors), reverse=True) == [1.0, 0.5, 0.25]


# ------------------------------------------------------------------ budgets


@pytest.mark.parametrize("steps", [1, 3, 4, 8, 9, 10])
def test_a_budget_of_steps(target, data, steps):
    net, twin = classifier(target.backend()), classifier(target.backend())
    history = fit(net, data, epochs=50, callbacks=[bpnet.Budget(steps=steps)])
    assert (history.stopped, net.steps, len(history)) == ("budget", steps, steps // 3)
    fit(twin, data, epochs=steps // 3)
    if steps % 3 == 0:
        assert np.array_equal(parameters(net), parameters(twin))
    else:
        assert not np.array_equal(parameters(net), parameters(twin))


def test_a_budget_that_is_enough(data):
    net = classifier()
    assert fit(net, data, callbacks=[bpnet.Budget(seconds=1e6, steps=100)]).stopped == "completed"
    assert net.steps == 9


def test_a_budget_of_time(data, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("bpnet.training.callbacks.budget.time.monotonic", lambda: next(clock))
    net = classifier()
    history = fit(net, data, epochs=50, callbacks=[bpnet.Budget(seconds=5)])
    assert history.stopped == "budget"  # five looks at the clock: batches 2, 1, 2, 1, 2
    assert (net.steps, len(history)) == (8, 2)


def test_a_budget_counts_anew_in_each_fit(data):
    net, budget = classifier(), bpnet.Budget(steps=4)
    for steps in (4, 8):
        assert fit(net, data, epochs=50, callbacks=[budget]).stopped == "budget"
        assert net.steps == steps


# ------------------------------------------------------------------ the log


def lines(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_log_is_the_history(data, unseen, tmp_path):
    path, seen = tmp_path / "log.csv", []

    class Look(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            seen.append(len(lines(path)))

    history = fit(
        classifier(),
        data,
        validation=unseen,
        metrics=["f1"],
        callbacks=[bpnet.CSVLog(path), Look()],
    )
    assert seen == [1, 2, 3], "each line is there when its epoch ends"
    assert [{k: float(v) for k, v in row.items()} for row in lines(path)] == list(history)
    history.to_csv(tmp_path / "history.csv")
    assert path.read_bytes() == (tmp_path / "history.csv").read_bytes()


def test_a_second_fit_goes_on_with_the_log(data, tmp_path):
    path, net = tmp_path / "log.csv", classifier()
    log = bpnet.CSVLog(path)
    first, second = fit(net, data, callbacks=[log]), fit(net, data, callbacks=[log])
    assert [int(row["epoch"]) for row in lines(path)] == [1, 2, 3, 4, 5, 6]
    assert [float(row["train_cost"]) for row in lines(path)] == [
        *first["train_cost"],
        *second["train_cost"],
    ]


def test_epochs_that_are_trained_again_are_not_told_twice(data, tmp_path):
    path, net = tmp_path / "log.csv", classifier()
    fit(net, data, epochs=2, callbacks=[bpnet.CSVLog(path)])
    early = net.copy()
    fit(net, data, epochs=3, callbacks=[bpnet.CSVLog(path)])
    with open(path, "a") as file:
        file.write("6,0.4")  # cut off in the midst of a line
    again = fit(early, data, epochs=2, optimizer=bpnet.SGD(0.1), callbacks=[bpnet.CSVLog(path)])
    assert [int(row["epoch"]) for row in lines(path)] == [1, 2, 3, 4]
    assert [float(row["train_cost"]) for row in lines(path)][2:] == again["train_cost"]
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]


def test_a_new_network_begins_the_log_anew(data, unseen, tmp_path):
    path = tmp_path / "log.csv"
    fit(classifier(), data, epochs=5, callbacks=[bpnet.CSVLog(path)])
    fit(classifier(), data, epochs=1, validation=unseen, callbacks=[bpnet.CSVLog(path)])
    ((row),) = lines(path)
    assert "validation_cost" in row


def test_a_log_of_other_columns_is_left_alone(data, unseen, tmp_path):
    path, net = tmp_path / "log.csv", classifier()
    fit(net, data, epochs=2, callbacks=[bpnet.CSVLog(path)])
    before = path.read_bytes(), parameters(net)
    with pytest.raises(
        ValueError, match=r"has epochs 1 to 2 with the columns epoch, train_cost, .* history has"
    ):
        fit(net, data, validation=unseen, callbacks=[bpnet.CSVLog(path)])
    assert path.read_bytes() == before[0]
    assert np.array_equal(parameters(net), before[1])


def test_what_is_no_log_is_left_alone(data, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary,\n")
    with pytest.raises(ValueError, match="is no log of epochs: it begins with 'dear diary'"):
        fit(classifier(), data, callbacks=[bpnet.CSVLog(path)])
    assert path.read_text() == "dear diary,\n"


def test_a_log_that_cannot_be_written_is_told_at_once(data, tmp_path):
    net = classifier()
    with pytest.raises(FileNotFoundError):
        fit(net, data, callbacks=[bpnet.CSVLog(tmp_path / "nowhere" / "log.csv")])
    assert net.epochs == 0


# ------------------------------------------------------------------ TensorBoard


def scalars(folder):
    """Tag -> [(step, value), ...] of all event files, by the format: length, checksums, message."""
    from tensorboardX.proto.event_pb2 import Event

    found, purged = {}, []
    for path in sorted(folder.iterdir()):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + length])
            at += 16 + length
            if event.HasField("session_log"):
                purged.append(event.step)
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found, purged


def test_tensorboard_has_the_history_and_the_rate(data, unseen, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    net, board = classifier(), bpnet.TensorBoard(tmp_path / "run")
    falling = bpnet.SGD(bpnet.schedules.StepDecay(0.5, steps=3, factor=0.5))
    history = fit(net, data, validation=unseen, optimizer=falling, callbacks=[board])
    found, purged = scalars(tmp_path / "run")
    tags = {f"{what}/{kind}" for what in ("cost", "accuracy") for kind in ("train", "validation")}
    assert set(found) == {*tags, "seconds", "learning_rate"}
    for tag in tags:
        what, kind = tag.split("/")
        assert [step for step, _ in found[tag]] == [1, 2, 3]
        values = [value for _, value in found[tag]]
        assert values == pytest.approx(history[f"{kind}_{what}"], rel=1e-6)
    assert found["learning_rate"] == [(1, 0.5), (2, 0.25), (3, 0.125)]
    assert purged == []


def test_tensorboard_hides_what_is_trained_again(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    net, board = classifier(), bpnet.TensorBoard(tmp_path)
    fit(net, data, callbacks=[board])
    fit(net, data, epochs=1, callbacks=[board])
    found, purged = scalars(tmp_path)
    assert sorted(step for step, _ in found["cost/train"]) == [1, 2, 3, 4]
    assert purged == [4]


def test_without_tensorboardx_the_extra_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    net = classifier()
    with pytest.raises(ImportError, match=r'pip install "bpnet-xp\[tensorboard\]"'):
        fit(net, data, callbacks=[bpnet.TensorBoard(tmp_path)])
    assert (net.epochs, list(tmp_path.iterdir())) == (0, [])


# ------------------------------------------------------------------ progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_a_bar(data, unseen):
    file = Terminal()
    history = fit(classifier(), data, validation=unseen, callbacks=[bpnet.Progress(file)])
    last = file.getvalue().split("\r")[-1]
    assert "epoch 3: 100%" in last
    assert f"cost {history['train_cost'][-1]:.3g}/{history['validation_cost'][-1]:.3g}" in last


def told(data, pause, monkeypatch, **options):
    monkeypatch.setattr("bpnet.training.callbacks.progress._PAUSE", pause)
    file = io.StringIO()
    options["callbacks"] = [*options.get("callbacks", ()), bpnet.Progress(file)]
    fit(classifier(), data, **options)
    assert "\r" not in file.getvalue()
    return [line.partition(",")[0] for line in file.getvalue().splitlines()]


def test_a_log_has_lines(data, monkeypatch):
    begin = "training for 5 epochs of 3 batches"
    ends = ["epoch 1: 20%", "epoch 5: 100%"]
    assert told(data, 99.0, monkeypatch, epochs=5) == [begin, *ends]
    all_of_them = told(data, 0.0, monkeypatch, epochs=5)
    assert all_of_them[0] == begin
    assert [line for line in all_of_them[1:] if line.endswith("0%")] == [
        f"epoch {k}: {20 * k}%" for k in range(1, 6)
    ]
    assert all_of_them[1] == "epoch 1: 13%", "within an epoch too"


def test_the_last_epoch_of_a_fit_that_ends_early_is_told(data, monkeypatch):
    class Enough(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 3:
                fit.stop("enough")

    found = told(data, 99.0, monkeypatch, epochs=10, callbacks=[Enough()])
    assert found[1:] == ["epoch 1: 10%", "epoch 3: 30%"]


# ------------------------------------------------------------------ checkpoints


def resumed(make, data, unseen, after=7, epochs=24, **options):
    """Factors and history of a fit, and of one that goes on from where it was after some epochs."""

    class Keep(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == after:
                kept.append(copy.deepcopy(fit.snapshot()))

    class Same(Keep):
        def on_epoch_end(self, fit, row):
            pass

    Same.__name__ = "Keep"
    kept, ends = [], []
    for keep, resume in ((Keep(), None), (Same(), kept)):
        net, rates = classifier(), Rates()
        options = {"epochs": epochs, "validation": unseen, **options}
        snapshot = {"resume": resume[0]} if resume else {}
        history = fit(net, data, callbacks=[make(), rates, keep], **options, **snapshot)
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
        ends.append((rows, history.stopped, history.best_epoch, parameters(net).tolist()))
    return ends, rates.factors


@pytest.mark.parametrize(
    "make",
    [
        lambda: bpnet.EarlyStopping(patience=9),
        lambda: bpnet.KeepBest("validation_accuracy"),
        lambda: bpnet.ReduceOnPlateau(patience=2, factor=0.5, cooldown=2, min_delta=0.05),
        lambda: bpnet.HalveOnPlateau(patience=3),
        lambda: bpnet.Budget(steps=31),
    ],
    ids=["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau", "Budget"],
)
def test_a_resumed_fit_ends_as_if_it_had_not_been_broken_off(data, unseen, make):
    (whole, again), _ = resumed(make, data, unseen, optimizer=bpnet.SGD(1.0))
    assert again == whole


def test_a_resumed_fit_goes_on_with_its_log(data, unseen, tmp_path):
    path = tmp_path / "log.csv"
    resumed(lambda: bpnet.CSVLog(path), data, unseen, epochs=10)
    assert [int(row["epoch"]) for row in lines(path)] == list(range(1, 11))


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_the_progress_of_a_resumed_fit(data, unseen, kind):
    files = []

    def make():
        files.append(kind())
        return bpnet.Progress(files[-1])

    resumed(make, data, unseen, epochs=10)
    text = files[1].getvalue()
    assert "100%" in text
    assert "80%" in text if kind is io.StringIO else "epoch 8" in text
    assert " 10%" not in text

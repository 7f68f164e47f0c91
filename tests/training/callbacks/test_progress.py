"""The progress bar, and lines where there is no terminal."""

import io

import pytest
from training._fits import classifier, fit, linear
from training.callbacks._resumed import resumed

import bpnet


def test_the_progress_bar_tells_epochs_and_figures(data, unseen):
    file = io.StringIO()
    history = fit(classifier(), data, validation=unseen, callbacks=[bpnet.Progress(file)])
    text = file.getvalue()
    assert "epoch 3" in text
    assert "100%" in text
    assert f"cost {history['train_cost'][-1]:.3g}/" in text
    assert f"/{history['validation_accuracy'][-1]:.3g}" in text
    assert "seconds" not in text


def test_progress_is_shown_where_it_was_asked_for(data, capfd):
    fit(classifier(), data)  # standard error is no terminal here
    fit(classifier(), data, progress=False)
    assert capfd.readouterr() == ("", "")
    fit(classifier(), data, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epoch 3" in err


def test_a_file_that_cannot_be_written_to_ends_no_fit(data):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    history = fit(classifier(), data, callbacks=[bpnet.Progress(Full())])
    assert history.stopped == "completed"


def test_the_bar_counts_epochs_from_where_training_stopped(data):
    net, file = classifier(), io.StringIO()
    fit(net, data)
    fit(net, data, epochs=2, callbacks=[bpnet.Progress(file)])
    assert "epoch 4" in file.getvalue()
    assert "epoch 5" in file.getvalue()


def test_the_bar_is_closed_after_an_error(data):
    file = io.StringIO()
    options = {"optimizer": bpnet.SGD(1e200), "callbacks": [bpnet.Progress(file)]}
    with pytest.raises(bpnet.DivergenceError):
        fit(linear(), (data[0], data[0][:, :3]), **options)
    assert file.getvalue().endswith("\n")


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

"""The history as a CSV file, also of a resumed fit."""

import csv

import numpy as np
import pytest
from _backends import parameters
from training._fits import classifier, fit
from training.callbacks._resumed import resumed

import bpnet


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


def test_a_resumed_fit_goes_on_with_its_log(data, unseen, tmp_path):
    path = tmp_path / "log.csv"
    resumed(lambda: bpnet.CSVLog(path), data, unseen, epochs=10)
    assert [int(row["epoch"]) for row in lines(path)] == list(range(1, 11))

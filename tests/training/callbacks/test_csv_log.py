"""The history as a CSV file, also of a resumed fit."""

import contextlib
import csv
import os

import numpy as np
import pytest
from _backends import parameters
from _full_disk import room_for
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
    with pytest.raises(
        ValueError, match="is not a log of epochs, as it begins with 'dear diary', not 'epoch'"
    ):
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


def test_a_full_disk_is_a_warning_and_the_log_goes_on_later(data, tmp_path, monkeypatch):
    """Rows that find no room are written as soon as there is some, and no half a row ever."""
    monkeypatch.setattr("bpnet.training.callbacks.csv_log._PAUSE", 0.0)
    path, seen = tmp_path / "log.csv", []

    class Disk(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            seen.append([int(line["epoch"]) for line in lines(path)])
            if row["epoch"] == 3:
                disk.enter_context(room_for(path.stat().st_size + 10))
            if row["epoch"] == 6:
                disk.close()

    with contextlib.ExitStack() as disk, pytest.warns(UserWarning, match="log") as told:
        history = fit(classifier(), data, epochs=8, callbacks=[bpnet.CSVLog(path), Disk()])
    assert [str(one.message) for one in told] == [
        f"the log '{path}' was not written: File too large; training goes on"
    ]
    assert seen == [[1], [1, 2], [1, 2, 3]] + [[1, 2, 3]] * 3 + [list(range(1, k)) for k in (8, 9)]
    history.to_csv(tmp_path / "history.csv")
    assert path.read_bytes() == (tmp_path / "history.csv").read_bytes()


def test_a_disk_that_stays_full_keeps_the_old_log(data, tmp_path):
    path, net = tmp_path / "log.csv", classifier()
    fit(net, data, epochs=2, callbacks=[bpnet.CSVLog(path)])
    before = path.read_bytes()
    with room_for(len(before)), pytest.warns(UserWarning, match="was not written: File too large"):
        history = fit(net, data, epochs=20, callbacks=[bpnet.CSVLog(path)])
    assert (history.stopped, len(history)) == ("completed", 20)
    assert path.read_bytes() == before
    with room_for(10), pytest.warns(UserWarning, match="was not written: File too large"):
        fit(classifier(), data, epochs=20, callbacks=[bpnet.CSVLog(path)])  # begins it anew
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]


def test_names_beside_the_log_are_left_alone(data, tmp_path):
    path = tmp_path / "log.csv"
    for _ in range(2):
        (tmp_path / "log.csv.new").write_text("notes")
        fit(classifier(), data, callbacks=[bpnet.CSVLog(path)])
        assert (tmp_path / "log.csv.new").read_text() == "notes"


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_a_log_behind_a_link_and_one_that_is_a_pipe(data, tmp_path):
    os.symlink("real.csv", tmp_path / "log.csv")
    for _ in range(2):
        fit(classifier(), data, callbacks=[bpnet.CSVLog(tmp_path / "log.csv")])
        assert (tmp_path / "log.csv").is_symlink()
        assert len(lines(tmp_path / "real.csv")) == 3
    os.mkfifo(tmp_path / "pipe")
    net = classifier()
    with pytest.raises(OSError, match="This is a pipe, and only regular files"):
        fit(net, data, callbacks=[bpnet.CSVLog(tmp_path / "pipe")])
    assert net.epochs == 0


def test_of_two_fits_with_one_log_the_second_is_told(data, tmp_path):
    path, refused = tmp_path / "log.csv", []

    class Second(bpnet.Callback):
        def on_epoch_end(self, fit_, row):
            if row["epoch"] == 2:
                for log in (bpnet.CSVLog(path), first):
                    with pytest.raises(
                        RuntimeError, match="is in use: another fit is writing to it"
                    ):
                        fit(classifier(), data, callbacks=[log])
                    refused.append(log)

    first = bpnet.CSVLog(path)
    history = fit(classifier(), data, callbacks=[first, Second()])
    assert len(refused) == 2
    assert [float(row["train_cost"]) for row in lines(path)] == history["train_cost"]
    fit(classifier(), data, callbacks=[bpnet.CSVLog(path)])

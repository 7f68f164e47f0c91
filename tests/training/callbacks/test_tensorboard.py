"""The history for TensorBoard."""

import contextlib
import sys

import pytest
from _full_disk import room_for
from training._events import scalars
from training._fits import classifier, fit

import bpnet


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


def test_a_full_disk_is_a_warning_and_what_is_missing_is_written_later(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    sizes = []

    class Disk(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            (file,) = tmp_path.glob("events*")
            sizes.append(file.stat().st_size)
            if row["epoch"] == 3:
                disk.enter_context(room_for(sizes[-1] + 50))
            if row["epoch"] == 50:
                disk.close()

    callbacks = [bpnet.TensorBoard(tmp_path), Disk()]
    with contextlib.ExitStack() as disk, pytest.warns(UserWarning, match="TensorBoard") as told:
        history = fit(classifier(), data, epochs=52, callbacks=callbacks)
    assert len(told) == 1
    assert f"not written to '{tmp_path}': File too large; training goes on" in str(told[0].message)
    assert sizes[3] == sizes[49] == sizes[2] + 50
    found, _ = scalars(tmp_path)
    values = [value for _, value in found["cost/train"]]
    assert values == pytest.approx(history["train_cost"], rel=1e-6)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # which cannot be flushed
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # from 3.13 on, too
def test_a_disk_that_stays_full_ends_no_fit(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with room_for(300), pytest.warns(UserWarning, match="File too large") as told:
        history = fit(classifier(), data, epochs=60, callbacks=[bpnet.TensorBoard(tmp_path)])
    assert (history.stopped, len(history)) == ("completed", 60)
    assert [one.category for one in told].count(UserWarning) == 1


def test_a_folder_that_is_a_file_is_told(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    (tmp_path / "file").touch()
    net = classifier()
    with pytest.raises(OSError, match="file"):
        fit(net, data, callbacks=[bpnet.TensorBoard(tmp_path / "file")])
    assert net.epochs == 0


def test_without_tensorboardx_the_extra_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    net = classifier()
    with pytest.raises(ImportError, match=r'pip install "tensorboardX>=2.6.3"'):
        fit(net, data, callbacks=[bpnet.TensorBoard(tmp_path)])
    assert (net.epochs, list(tmp_path.iterdir())) == (0, [])


def test_a_file_in_place_of_the_folder(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    (tmp_path / "run").write_text("")
    net = classifier()
    with pytest.raises(NotADirectoryError, match=r"run'$"):
        fit(net, data, callbacks=[bpnet.TensorBoard(tmp_path / "run")])
    assert net.epochs == 0

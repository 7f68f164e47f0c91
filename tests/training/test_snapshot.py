"""Files of checkpoints: their network, and those that are not whole."""

import random
import re

import numpy as np
import pytest
from _backends import host, parameters
from safetensors.numpy import save_file
from training._interrupted import EVERY, end, fit, names, network, samples

import bpnet
import bpnet.cli.run_folder
import bpnet.training.streaming


def test_load_takes_the_network_of_a_checkpoint(tmp_path, target):
    backend = target.backend("float64")
    net = network()
    net.metadata["labels"] = ["a", "b", "c"]
    fit(net, [bpnet.Checkpoint(tmp_path)])
    path = tmp_path / "epoch-0004-step-00000036.safetensors"
    read = bpnet.load(path, backend=backend, dtype="float64")
    assert np.array_equal(parameters(read), parameters(net).astype("float64"))
    assert (read.epochs, read.seed, read.metadata) == (4, 3, net.metadata)
    x = samples()[0]
    expected = net.to("numpy", dtype="float64").feedforward(x)
    np.testing.assert_allclose(host(read, read.feedforward(x)), expected, rtol=1e-12)
    with read.backend.scope():
        running = read.backend.to_numpy(read.state.running[0])
    assert np.array_equal(running, net.state.running[0].astype("float64"))


def test_a_loaded_network_can_be_trained_on(written):
    path = written / "epoch-0003-step-00000031.safetensors"
    ends = []
    for net in (network(), bpnet.load(path)):
        ends.append(end(net, fit(net, resume=path)))
    assert ends[0] == ends[1]


def refused(path, *words):
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        bpnet.read_checkpoint(path)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_cut_off_anywhere(written):
    newest = written / "epoch-0003-step-00000031.safetensors"
    content, dice = newest.read_bytes(), random.Random(0)
    for length in (0, 1, 7, 8, 9, len(content) - 1, *dice.sample(range(len(content)), 60)):
        newest.write_bytes(content[:length])
        refused(newest, "damaged", "previous=True takes the one before it")
        with pytest.raises(ValueError, match="damaged"):
            bpnet.load(newest)


def same(one, other):
    assert one.header == other.header
    assert list(one.arrays) == list(other.arrays)
    for name, array in one.arrays.items():
        assert array.tobytes() == other.arrays[name].tobytes()


def test_a_bit_that_flipped_anywhere(written):
    newest = written / "epoch-0003-step-00000031.safetensors"
    good = bpnet.read_checkpoint(newest)
    content, dice = newest.read_bytes(), random.Random(1)
    length = int.from_bytes(content[:8], "little")
    places = [*range(8), *dice.sample(range(8, 8 + length), 300)]
    places += dice.sample(range(len(content)), 100)
    noticed = 0
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << dice.randrange(8)
        newest.write_bytes(changed)
        try:
            found = bpnet.read_checkpoint(newest)
        except ValueError:
            noticed += 1
        else:
            same(found, good)  # as of a space that pads
    assert noticed > 0.95 * len(places)


@pytest.mark.parametrize("content", [b"", b"epoch,cost\n1,2\n", b"\xff" * 100, b"{}" * 9])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "it.safetensors").write_bytes(content)
    refused(tmp_path / "it.safetensors", "damaged, or not a bpnet checkpoint")


def test_a_safetensors_file_of_somebody_else_and_a_model(tmp_path):
    save_file({"a": np.ones(2)}, tmp_path / "a.safetensors")
    refused(tmp_path / "a.safetensors", "is a safetensors file, but not a bpnet checkpoint")
    network().save(tmp_path / "b.safetensors")
    refused(
        tmp_path / "b.safetensors",
        "is a model, not a checkpoint, so there is no training in it to resume",
    )


def test_a_newer_release(written, monkeypatch):
    monkeypatch.setattr(bpnet.storage.checkpoints, "_VERSIONS", (1, 2, 7))
    fit(network(), [bpnet.Checkpoint(written / "new")])
    monkeypatch.undo()
    newest = written / "new" / "epoch-0004-step-00000036.safetensors"
    refused(newest, "schema_version 7, this bpnet reads 1 and 2", "newer release")


def test_the_one_before_is_taken_when_told_to(written):
    first, newest = (written / name for name in names(written))
    newest.write_bytes(newest.read_bytes()[:-1])
    refused(written, newest.name, "previous=True takes the one before it")
    with pytest.raises(ValueError, match="damaged"):
        fit(network(), resume=written)
    for path in (written, newest):
        with pytest.warns(UserWarning, match=rf"{first.name}' is taken: .*{newest.name}.*damaged"):
            snapshot = bpnet.read_checkpoint(path, previous=True)
        assert snapshot.header["steps"] == 27
    net, alone = network(), network()
    checkpoint = bpnet.Checkpoint(written, every_steps=EVERY)
    assert end(net, fit(net, [checkpoint], resume=snapshot)) == end(
        alone, fit(alone, [bpnet.Checkpoint(written / "b", every_steps=EVERY)])
    )
    assert newest.name not in names(written)


def test_what_has_the_name_of_a_checkpoint_and_is_none_is_passed_over(written):
    first = written / names(written)[0]
    (written / "epoch-0009-step-00000099.safetensors").mkdir()
    (written / "epoch-0009-step-00000098.safetensors").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError, match="epoch-0009-step-00000099"):
        bpnet.read_checkpoint(written)
    with pytest.warns(UserWarning, match="is taken: .*00000099.*"):
        assert bpnet.read_checkpoint(written, previous=True).header["steps"] == 31
    assert first.exists()


def test_where_none_is_good_each_is_named(written):
    for path in written.iterdir():
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"epoch-0003-step-00000031.*epoch-0003-step-00000027"):
        bpnet.read_checkpoint(written, previous=True)


def test_where_there_is_none(tmp_path):
    for path in (tmp_path, tmp_path / "none", tmp_path / "no" / "epoch-0001-step-00000009"):
        with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
            bpnet.read_checkpoint(path)


def test_metadata_are_those_of_the_moment():
    net = bpnet.Network([1, 1], seed=0)
    with net.fitting([[0.0]], [[1.0]], epochs=2) as fit:
        for row in fit:
            net.metadata = {"epoch": row["epoch"]}
            assert fit.snapshot().header["network"]["metadata"] == {"epoch": row["epoch"]}

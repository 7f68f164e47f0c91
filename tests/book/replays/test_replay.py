"""Replays of the book's programs: against its loops, and against what is published."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from _backends import relative
from book.replays._programs import ARMS, PROGRAM, data

from benchmarks import book_loops as transcription
from bpnet.book import mnist_loader
from bpnet.book.replays.comparison import compare
from bpnet.book.replays.programs import MONITORED, PROGRAMS, SEED, program
from bpnet.book.replays.published import read_published
from bpnet.book.replays.replay import replay

DATA = Path(os.environ.get("BPNET_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))


def expected():
    """What the book's loops give, as one program."""
    training, validation, test = data()
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the book's stream
    net = transcription.Network([784, 6, 10])
    lists = [net.SGD(training, 3, 10, 0.5, 5.0, validation)]
    net.large_weight_initializer()
    lists.append(net.SGD(training, 2, 10, 0.25, 0.0, test))
    net = transcription.Network([784, 6, 10])
    lists.append(net.SGD(training[:20], 2, 10, 0.5, 0.1))
    return {
        arm.name: dict(zip(MONITORED, four, strict=True))
        for arm, four in zip(ARMS, lists, strict=True)
    }


@pytest.mark.parametrize("epochs", [None, 1, 2])
def test_arms_are_trained_one_after_another(epochs):
    """With fewer epochs, those that are trained are the same."""
    found = replay(PROGRAM, data(), epochs=epochs)
    right = expected()
    for arm in ARMS:
        assert set(found[arm.name]) == set(arm.monitored)
        count = min(arm.epochs, epochs or arm.epochs)
        for what, values in found[arm.name].items():
            assert len(values) == count
            bound = 0.0 if what.endswith("accuracy") else 1e-12
            assert relative(np.asarray(values), right[arm.name][what][:count]) <= bound


def test_nothing_of_the_user_s_changes(capsys):
    given = data()
    before = [list(one) for one in given]
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    seen = []
    replay(PROGRAM, given, epochs=2, on_epoch=lambda arm, epoch: seen.append((arm.name, epoch)))
    assert seen == [(arm.name, epoch) for arm in ARMS for epoch in (1, 2)]
    for one, other in zip(given, before, strict=True):
        assert all(sample is same for sample, same in zip(one, other, strict=True))
    assert random.getstate() == states[0]
    assert (np.random.get_state()[1] == states[1][1]).all()  # noqa: NPY002
    assert capsys.readouterr().out == ""


def test_programs_are_found_by_name():
    assert program("multiple_eta") is PROGRAMS["multiple_eta"]
    with pytest.raises(
        ValueError, match="unknown program 'multiple_etas': did you mean 'multiple_eta'"
    ):
        program("multiple_etas")


@pytest.mark.skipif(
    not ((DATA / "mnist").is_dir() and (DATA / "book").is_dir()),
    reason="MNIST or the published results are not there; BPNET_DATA says where",
)
@pytest.mark.parametrize(("name", "epochs"), [("weight_initialization_30", 2), ("multiple_eta", 1)])
def test_the_published_curves_begin_so(name, epochs):
    """The first epochs; `bpnet reproduce` replays all of them."""
    published = read_published(PROGRAMS[name], DATA / "book")
    found = replay(PROGRAMS[name], mnist_loader.load_data_wrapper(DATA / "mnist"), epochs=epochs)
    for one in compare(PROGRAMS[name], found, published):
        if one.arm == "eta 2.5":  # chaotic: see `bpnet.book.replays.departure`
            assert 0.0 < one.difference < 0.5
        else:
            assert (one.equal, one.departs) == (epochs, None), one

"""The summary of a network, as text and as a notebook shows it."""

import numpy as np
import pytest

import bpnet
from bpnet import Layer

X = np.random.default_rng(0).normal(size=(40, 3))
EVIL = "<b>cat & dog</b>"
WORDS = np.where(X[:, 0] > 0, EVIL, "bird")


def deep(**options):
    sizes = [
        Layer(3, noise=0.1),
        Layer(8, "relu", normalization="batch", dropout=0.5),
        Layer(8, "tanh", normalization="layer", residual=True),
        2,
    ]
    return bpnet.Network(sizes, cost="log_likelihood", seed=7, **options)


def test_each_layer_has_a_line():
    lines = deep().summary().splitlines()
    assert [line.split() for line in lines[:5]] == [
        ["layer", "kind", "size", "activation", "options", "parameters"],
        ["0", "input", "3", "noise", "0.1", "0"],
        ["1", "dense", "3", "->", "8", "relu", "batch", "norm,", "dropout", "0.5", "48"],
        ["2", "dense", "8", "->", "8", "tanh", "layer", "norm,", "residual", "88"],
        ["3", "output", "8", "->", "2", "softmax", "18"],
    ]
    assert len({len(line) for line in lines[:5]}) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [[3, 2], [3, 1], [Layer(3), Layer(5, normalization="batch"), 2]])
def test_parameters_add_up(sizes, dtype):
    net = bpnet.Network(sizes, dtype=dtype)
    lines = net.summary().splitlines()
    each = [int(line.split()[-1].replace(",", "")) for line in lines[1 : len(net.sizes) + 1]]
    total = net.model.layout.size
    assert sum(each) == total
    assert f"parameters  {total}, {total * (4 if dtype == 'float32' else 8)} bytes" in lines


def test_large_numbers_are_readable():
    text = bpnet.Network([1000, 1000, 10]).summary()
    assert "1,001,000\n" in text
    assert "parameters  1,011,010, 4.0 MB" in text


def test_what_a_network_has_learned_so_far():
    net = deep()
    text = net.summary()
    for line in ("trained     not yet", "task        classification", "seed        7",
                 "statistics  16 running, not trained", "cost        categorical_cross_entropy",
                 "backend     numpy on cpu, float32"):  # fmt: skip
        assert line in text.splitlines()
    assert "optimizer" not in text
    assert "classes" not in text
    net.fit(X, WORDS, epochs=2, batch_size=10, optimizer=bpnet.Adam(0.01), average=0.9)
    lines = net.summary().splitlines()
    assert "trained     2 epochs, 8 steps" in lines
    assert f"classes     2: '{EVIL}', 'bird'" in lines
    (line,) = (line for line in lines if line.startswith("optimizer"))
    assert line.startswith("optimizer   Adam(learning_rate=0.01")
    assert line.endswith(f", {2 * net.model.layout.size} numbers kept")
    assert any(line.startswith("average") for line in lines)


def test_a_task_that_targets_may_change_is_marked():
    net = bpnet.Network([3, 2])
    assert "task        classification, unless targets decide otherwise" in net.summary()
    net.fit(X, (X[:, :2] > 0).astype(float), epochs=1)
    assert "task        multilabel\n" in net.summary()


def test_every_backend_has_a_summary(target):
    net = bpnet.Network([3, 2], backend=target.backend())
    assert f"backend     {net.backend.name} on {net.device}, float64" in net.summary()


def test_a_prompt_shows_lines_and_a_notebook_a_table():
    net = deep()
    net.fit(X, WORDS, epochs=1)
    assert repr(net.summary()) == str(net.summary())
    html = net._repr_html_()
    assert html == net.summary()._repr_html_()
    assert html.count("<tr>") == 5
    assert EVIL not in html
    assert "&lt;b&gt;cat &amp; dog&lt;/b&gt;" in html
    assert repr(net).startswith(
        "Network(3 (noise 0.1) -> 8 relu (batch norm, dropout 0.5) -> 8 tanh"
    )


def test_wrong_metadata_do_not_keep_a_network_from_being_shown():
    net = deep()
    net.metadata["classes"] = "uvw"
    assert "classes" not in net.summary()

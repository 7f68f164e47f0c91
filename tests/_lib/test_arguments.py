"""Arguments by the names that other libraries give them."""

import pytest

import bpnet
from bpnet import schedules
from bpnet._lib import arguments


def words_of(call, **given):
    with pytest.raises(TypeError) as caught:
        call(**given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("n_epochs", "epochs"),
        ("validation_data", "validation"),
        ("validation_split", "validation"),
        ("verbose", "progress"),
        ("weight_decay", "l2"),
        ("metric", "metrics"),
        ("callback", "callbacks"),
        ("sample_weights", "sample_weight"),
    ],
)
def test_fit_knows_what_others_call_its_arguments(name, meant):
    net = bpnet.Network([1, 1])
    for call in (net.fit, net.fitting):
        words = words_of(call, x=[[0.0]], y=[[0.0]], epochs=1, **{name: 1})
        assert words == f"fit has no argument {name!r}: did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("call", "name", "hint"),
    [
        ("fit", "lr", "bpnet.SGD(learning_rate=0.1)"),
        ("fit", "momentum", "bpnet.Momentum"),
        ("fit", "loss", "cost='cross_entropy'"),
        ("fit", "random_state", "seed=0"),
        ("fit", "dropout", "bpnet.Layer(3, dropout=0.5)"),
        ("fit", "patience", "bpnet.EarlyStopping(patience=10)"),
        ("step", "shuffle", "net.fit(x, y, epochs=10, shuffle=False)"),
        ("step", "epochs", "net.fit(x, y, epochs=10)"),
    ],
)
def test_what_is_given_elsewhere(call, name, hint):
    net = bpnet.Network([1, 1])
    needed = {"epochs": 1} if call == "fit" else {}
    words = words_of(getattr(net, call), x=[[0.0]], y=[[0.0]], **needed, **{name: 1})
    assert f"has no argument {name!r}: " in words
    assert hint in words


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (bpnet.SGD, "lr", "SGD has no argument 'lr': did you mean 'learning_rate'?"),
        (bpnet.Adam, "eps", "Adam has no argument 'eps': did you mean 'epsilon'?"),
        (bpnet.Adam, "beta_2", "Adam has no argument 'beta_2': did you mean 'beta2'?"),
        (bpnet.SGD, "xyzzy", "SGD has no argument 'xyzzy'; it has learning_rate"),
        (schedules.Cosine, "T_max", "Cosine has no argument 'T_max': did you mean 'steps'?"),
    ],
)
def test_optimizers_and_schedules(kind, name, words):
    assert words_of(kind, **{name: 1}) == words


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("loss", "did you mean 'cost'?"),
        ("activation", "did you mean 'activations'?"),
        ("hidden_layer_sizes", "did you mean 'sizes'?"),
        ("optimizer", "net.fit(x, y, epochs=10, optimizer='adam')"),
        ("lr", "bpnet.SGD(learning_rate=0.1)"),
    ],
)
def test_networks(name, hint):
    words = words_of(bpnet.Network, sizes=[1, 1], **{name: 1})
    assert words.startswith(f"Network has no argument {name!r}: ")
    assert hint in words


def test_what_is_suggested_runs():
    x, y = [[0.0, 1.0]] * 10, [[0.0]] * 10
    found = [one for one in arguments._ELSEWHERE.values() if "as in " in one]
    assert len(found) > 10
    for hint in found:
        code = hint.partition("as in ")[2].replace("net.fit(...,", "net.fit(x, y, epochs=10,")
        if "EarlyStopping" in code:
            code = code.replace("epochs=10", "epochs=10, validation=0.2").replace(
                "], validation=0.2)", "])"
            )
        scope = {"bpnet": bpnet, "net": bpnet.Network([2, 3, 1], cost="bce"), "x": x, "y": y}
        exec(code, scope)

"""Names that people know from other libraries; what is saved has bpnet's own."""

import importlib

import numpy as np
import pytest

import bpnet
from bpnet import activations, costs, initializers, metrics, optimizers, schedules

X = np.random.default_rng(0).normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)

REGISTRIES = {
    activations: ("relu", "Leaky-ReLU", activations.LeakyReLU()),
    costs: ("quadratic", "Binary_CrossEntropy", costs.BinaryCrossEntropy()),
    initializers: ("zeros", "He Normal", initializers.HeNormal()),
    metrics: ("mae", "LogLoss", metrics.LogLoss()),
    optimizers: ("adam", "AdamW", bpnet.AdamW()),
}


@pytest.mark.parametrize("registry", [*REGISTRIES, schedules])
def test_each_alias_names_one_of_the_registry(registry):
    taken = {name.replace("_", "") for name in registry.BUILT_IN}
    for alias, name in registry.ALIASES.items():
        assert name in registry.BUILT_IN
        assert alias.replace("_", "") not in taken, alias
        if registry is not schedules:
            assert registry.get(alias) == registry.get(name)
    assert schedules.get("cosine_annealing", learning_rate=0.1, steps=5).steps == 5


@pytest.mark.parametrize("registry", REGISTRIES)
def test_case_hyphens_and_underscores_do_not_matter(registry):
    name, spelled, right = REGISTRIES[registry]
    assert registry.get(name.upper()) == registry.get(name)
    assert registry.get(spelled) == right


@pytest.mark.parametrize(
    ("alias", "right"),
    [
        ("mse", costs.Quadratic),
        ("bce", costs.BinaryCrossEntropy),
        ("crossentropy", costs.BinaryCrossEntropy),
        ("cross_entropy", costs.BinaryCrossEntropy),
        ("categorical_crossentropy", costs.CategoricalCrossEntropy),
        ("nll", costs.CategoricalCrossEntropy),
        ("log_likelihood", costs.CategoricalCrossEntropy),
        ("smooth_l1", costs.Huber),
        ("mae", costs.Absolute),
        ("mean_absolute_error", costs.Absolute),
    ],
)
def test_costs(alias, right):
    assert type(costs.get(alias)) is right


def test_files_have_their_own_names(tmp_path):
    net = bpnet.Network(
        [3, 4, 1],
        activations=["swish", "logistic"],
        cost="bce",
        initializer="xavier_normal",
        seed=0,
    )
    net.fit(X, Y, epochs=1, optimizer="nag", metrics=["acc", "roc_auc"])
    net.save(tmp_path / "model.safetensors")
    text = (tmp_path / "model.safetensors").read_bytes()
    for own in (b"silu", b"sigmoid", b"binary_cross_entropy"):
        assert own in text
    for alias in (b"swish", b"logistic", b"bce"):
        assert alias not in text
    assert bpnet.load(tmp_path / "model.safetensors").activations == net.activations


def test_metrics_have_their_own_columns():
    net = bpnet.Network([3, 1], activations=["linear"], cost="MSE", seed=0)
    y = X[:, 0]
    history = net.fit(X, y, epochs=1, metrics=["mean_absolute_error", "mse"], validation=(X, y))
    a = net.predict(X).astype(np.float64)
    assert abs(history["validation_mae"][0] - abs(a - y).mean()) < 1e-6
    assert abs(history["validation_mse"][0] - ((a - y) ** 2).mean()) < 1e-6


@pytest.mark.parametrize("given", ["adam", "Adam", bpnet.Adam, bpnet.Adam()])
def test_optimizers_by_name_class_and_object(given):
    def weights(optimizer):
        net = bpnet.Network([3, 2], cost="nll", seed=0)
        net.fit(X, Y, epochs=1, optimizer=optimizer)
        net.step(X, Y, optimizer=optimizer)
        with net.fitting(X, Y, epochs=1, optimizer=optimizer) as fit:
            next(iter(fit))
        return net.weights[0]

    assert np.array_equal(weights(given), weights(bpnet.Adam()))


def test_classes_that_need_arguments_say_so():
    net = bpnet.Network([3, 2], cost="nll", seed=0)
    with pytest.raises(TypeError, match=r"callbacks\[0\] is the class Checkpoint.*Checkpoint"):
        net.fit(X, Y, epochs=1, callbacks=[bpnet.Checkpoint])
    with pytest.raises(
        TypeError, match="a metric is the class CustomMetric, which needs arguments"
    ):
        net.fit(X, Y, epochs=1, metrics=[metrics.CustomMetric])
    with pytest.raises(
        TypeError, match=r"activation is the class PerNeuron, which needs arguments"
    ):
        bpnet.Network([3, 2], activations=[activations.PerNeuron])


def test_callbacks_alone_and_as_classes():
    for given in (bpnet.EarlyStopping("train_cost"), [bpnet.EarlyStopping], bpnet.EarlyStopping):
        net = bpnet.Network([3, 2], cost="nll", seed=0)
        assert len(net.fit(X, Y, epochs=2, callbacks=given, validation=(X, Y))) == 2
    assert len(bpnet.Network([3, 2], cost="nll").fit(X, Y, epochs=1, callbacks=None)) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("early_stopping", "callbacks must be a list of bpnet.Callback objects, not 'early_stop"),
        (3, "callbacks must be a list of bpnet.Callback objects, not 3"),
        (["early_stopping"], r"callbacks\[0\] must be a bpnet.Callback, not 'early_stopping'"),
        ([print], r"callbacks\[0\] must be a bpnet.Callback, .*on_epoch_end\(self, fit, row\)"),
        (
            [bpnet.KeepBest("train_cost"), None],
            r"callbacks\[1\] must be a bpnet.Callback, not None",
        ),
        ([dict], r"callbacks\[0\] must be a bpnet.Callback"),
    ],
)
def test_what_is_no_callback(given, words):
    net = bpnet.Network([3, 2], cost="nll", seed=0)
    with pytest.raises(TypeError, match=words):
        net.fit(X, Y, epochs=1, callbacks=given)
    assert net.epochs == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"progress": "no"}, "progress must be True or False, not 'no'"),
        ({"evaluate_training": "yes"}, "evaluate_training must be True or False, not 'yes'"),
        ({"evaluate_training": 1}, "evaluate_training must be True or False, not 1"),
    ],
)
def test_what_is_no_boolean(settings, words):
    with pytest.raises(TypeError, match=words):
        bpnet.Network([3, 2], cost="nll").fit(X, Y, epochs=1, **settings)


def test_numbers_of_numpy_are_numbers():
    one, two = bpnet.Network([3, 2], cost="nll", seed=0), bpnet.Network([3, 2], cost="nll", seed=0)
    one.fit(X, Y, epochs=2, batch_size=8, l2=0.25, evaluate_training=True)
    two.fit(
        X,
        Y,
        epochs=np.int8(2),
        batch_size=np.asarray(8),
        l2=np.float32(0.25),
        evaluate_training=np.True_,
    )
    assert np.array_equal(one.weights[0], two.weights[0])


def test_lists_and_arrays_in_settings_are_compared_and_hashed():
    class Steps(bpnet.schedules.Schedule):
        rates: list

        def __call__(self, step):
            return float(self.rates[min(step, len(self.rates) - 1)])

    for one, same, other in (
        ([0.1, 0.2], [0.1, 0.2], [0.1, 0.3]),
        (np.asarray([0.1, 0.2]), np.asarray([0.1, 0.2]), np.asarray([0.1, 0.3])),
        ({"a": [1]}, {"a": [1]}, {"a": [2]}),
    ):
        assert Steps(one) == Steps(same)
        assert hash(Steps(one)) == hash(Steps(same))
        assert Steps(one) != Steps(other)
        assert len({Steps(one), Steps(same), Steps(other)}) == 2
    given = [0.1, 0.2]
    schedule = Steps(given)
    given[0] = 5.0
    assert schedule(0) == 0.1
    net = bpnet.Network([3, 2], cost="nll", seed=0)
    net.fit(X, Y, epochs=1, optimizer=bpnet.Adam(schedule))
    assert hash(bpnet.Adam(schedule)) == hash(bpnet.Adam(Steps([0.1, 0.2])))


@pytest.mark.parametrize(
    "given", ["float64", "double", np.float64, np.dtype(">f8"), "torch", "jax"]
)
def test_dtypes_are_taken_as_objects(given):
    if given in ("torch", "jax"):
        module = pytest.importorskip("jax.numpy" if given == "jax" else "torch")
        given = module.float64
    net = bpnet.Network([3, 2], dtype=given, seed=0)
    assert net.dtype == "float64"
    assert net.to(dtype="single").dtype == "float32"
    with bpnet.use(dtype=given):
        assert bpnet.Network([3, 2]).dtype == "float64"


@pytest.mark.parametrize("device", ["gpu", "GPU:0", "CUDA"])
def test_gpu_means_cuda(device, monkeypatch):
    from bpnet.backends.devices import check_device

    assert check_device(device, ("cpu", "cuda")).startswith("cuda")
    with pytest.raises(bpnet.BackendUnavailableError, match=r"numpy .*has no device 'cuda"):
        bpnet.get_backend("numpy", device)
    monkeypatch.setenv("BPNET_DEVICE", "CPU")
    assert bpnet.get_backend().device == "cpu"


def test_the_command_line_takes_them_and_writes_its_own(tmp_path, capsys):
    main = importlib.import_module("bpnet.cli").main
    out = tmp_path / "run"
    flags = "--lr 0.02 --loss BCE --activation swish --optimizer AdamW --initializer xavier_uniform"
    assert main(["train", *flags.split(), "--epochs", "1", "--quiet", "--out", str(out)]) == 0
    text = (out / "settings.toml").read_text()
    for line in (
        "learning_rate = 0.02",
        'cost = "binary_cross_entropy"',
        'activation = "silu"',
        'optimizer = "adamw"',
        'initializer = "glorot_uniform"',
    ):
        assert line in text
    config = tmp_path / "mine.toml"
    config.write_text('lr = 0.05\nloss = "mse"\n')
    again = tmp_path / "again"
    command = ["train", "--config", str(config), "--epochs", "1", "--quiet", "--out", str(again)]
    assert main(command) == 0
    text = (again / "settings.toml").read_text()
    assert "learning_rate = 0.05" in text
    assert 'cost = "quadratic"' in text
    config.write_text("lr = 0.05\nlearning_rate = 0.1\n")
    assert main(command) == 2
    assert "learning_rate is given twice" in capsys.readouterr().err
    assert main(["train", "--lr", "0.1", "--device", "gpu", "--backend", "numpy"]) == 2
    assert "numpy" in capsys.readouterr().err

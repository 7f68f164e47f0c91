"""Model files: what is kept, and what a damaged or foreign one is told to be."""

import json
import os
import stat

import numpy as np
import pytest
from _backends import parameters
from _cases import QUARTIC, SOFTSIGN
from safetensors.numpy import load_file, save_file

import bpnet
from bpnet.activations import ELU, GELU, CustomActivation, LeakyReLU, PerNeuron
from bpnet.costs import CustomCost, Huber


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def net():
    return bpnet.Network([3, 4, 2], cost="log_likelihood", seed=9)


def written(net, path):
    """A model's arrays and header, as somebody else would read them."""
    net.save(path)
    return load_file(path), header_of(path)


def header_of(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["bpnet"])


def forge(path, arrays, header):
    """A file of arrays and a header; a header that is text is written as it is."""
    text = header if isinstance(header, str) else json.dumps(header)
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, path, {"bpnet": text})


# ------------------------------------------------------------------ what is kept


def test_everything_of_a_model_is_kept(net, path):
    net.metadata["labels"] = ["yes", "no"]
    net.fit([[0.0, 1.0, 0.5]] * 4, [0, 1, 1, 0], epochs=3, batch_size=2)
    net.save(path)
    read = bpnet.load(path)
    assert np.array_equal(parameters(read), parameters(net))
    assert repr(read) == repr(net)
    for name in ("sizes", "seed", "epochs", "task", "metadata", "cost", "activations", "dtype"):
        assert getattr(read, name) == getattr(net, name), name


@pytest.mark.parametrize(
    "options",
    [
        {"activations": [name, "sigmoid"]}
        for name in (
            *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu"),
            *("softplus", "exponential", "identity", "softmax"),
            LeakyReLU(0.2),
            ELU(0.5),
            GELU(approximate=True),
            PerNeuron(["tanh", LeakyReLU(0.3), "gelu_tanh", "tanh"]),
        )
    ]
    + [
        {"cost": cost}
        for cost in ("quadratic", "cross_entropy", "log_likelihood", "huber", "poisson", Huber(2.5))
    ]
    + [{"dtype": "float64"}, {"task": "regression"}],
    ids=str,
)
def test_every_function_and_setting_is_kept(path, options):
    net = bpnet.Network([3, 4, 2], seed=0, **options)
    net.save(path)
    read = bpnet.load(path)
    assert (read.activations, read.cost, read.task) == (net.activations, net.cost, net.task)
    assert read.dtype == net.dtype
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    assert np.array_equal(read.feedforward(x), net.feedforward(x))


def test_arrays_are_what_their_names_say(net, path):
    arrays, header = written(net, path)
    assert sorted(arrays) == ["biases.0", "biases.1", "weights.0", "weights.1"]
    for l in range(2):
        assert np.array_equal(arrays[f"weights.{l}"], net.weights[l])
        assert np.array_equal(arrays[f"biases.{l}"], net.biases[l])
        assert arrays[f"weights.{l}"].dtype == np.float32
    assert header["schema_version"] == 1
    assert header["sizes"] == [3, 4, 2]


def test_a_model_may_be_read_elsewhere_and_in_another_type(net, path, target):
    net.save(str(path))
    read = bpnet.load(str(path), backend=target.backend("float64"), dtype="float64")
    assert read.backend == target.backend("float64")
    assert np.array_equal(parameters(read), parameters(net).astype("float64"))
    kept = bpnet.load(path, backend=target.backend("float64"))
    assert kept.dtype == "float32", "the type is that of the file where none is named"


def test_permissions_are_those_of_any_new_file(net, path, tmp_path):
    net.save(path)
    (tmp_path / "other").write_text("")
    modes = {stat.S_IMODE(os.stat(p).st_mode) for p in (path, tmp_path / "other")}
    assert len(modes) == 1


# ------------------------------------------------------------------ custom functions


def custom_network():
    mixed = PerNeuron([SOFTSIGN, "tanh", SOFTSIGN])
    return bpnet.Network([2, 3, 3, 1], activations=[SOFTSIGN, mixed, "identity"], cost=QUARTIC)


def test_custom_functions_are_given_back_by_name(path):
    net = custom_network()
    net.save(path)
    read = bpnet.load(path, custom={"softsign": SOFTSIGN, "quartic": QUARTIC})
    assert (read.activations, read.cost) == (net.activations, net.cost)
    assert np.array_equal(read.feedforward([[1.0, 2.0]]), net.feedforward([[1.0, 2.0]]))


@pytest.mark.parametrize(
    ("custom", "words"),
    [
        (None, "unknown activation 'softsign'"),
        ({"softsign": SOFTSIGN}, "unknown cost 'quartic'"),
        ({"quartic": QUARTIC}, "unknown activation 'softsign'"),
    ],
)
def test_custom_functions_that_are_not_given_are_named(path, custom, words):
    custom_network().save(path)
    with pytest.raises(ValueError, match=words):
        bpnet.load(path, custom=custom)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CustomActivation(lambda z, xp: -z, lambda z, a, xp: 0.0 * z - 1.0, name="tanh"),
        lambda: CustomCost(lambda a, y, xp: a - y, lambda a, y, xp: 0.0 * a, name="huber"),
    ],
)
def test_a_custom_function_cannot_pass_for_one_of_bpnets_own(make):
    with pytest.raises(ValueError, match=r"'(tanh|huber)'"):
        make()


# ------------------------------------------------------------------ files that are no models


def assert_refused(path, *words, error=ValueError):
    with pytest.raises(error) as caught:
        bpnet.load(path)
    assert type(caught.value) is error
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_a_missing_file(tmp_path):
    assert_refused(tmp_path / "none", "there is no model file", "none", error=FileNotFoundError)
    assert_refused(tmp_path, "has no model.safetensors", error=FileNotFoundError)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -200, -1])
def test_a_truncated_file(net, path, kept):
    net.save(path)
    path.write_bytes(path.read_bytes()[:kept])
    assert_refused(path, "model.safetensors", "damaged, or not a bpnet model")


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,train_cost\n1,0.5\n",
        b"\xff" * 8 + b"{}",
        (2**40).to_bytes(8, "little") + b"{}",  # a header that promises a terabyte
        (2).to_bytes(8, "little") + b"[]",
        b"\x93NUMPY" + b"\0" * 100,
    ],
)
def test_a_file_of_another_kind(path, content):
    path.write_bytes(content)
    assert_refused(path, "model.safetensors", "damaged, or not a bpnet model")


def test_a_safetensors_file_of_somebody_else(path):
    save_file({"weights.0": np.ones((2, 2))}, path)
    assert_refused(path, "is a safetensors file, but not a bpnet model")
    save_file({"weights.0": np.ones((2, 2))}, path, {"format": "pt"})
    assert_refused(path, "is a safetensors file, but not a bpnet model")


@pytest.mark.parametrize("header", ["", "{", "nonsense", "\x00"])
def test_a_header_that_is_no_json(net, path, header):
    arrays, _ = written(net, path)
    forge(path, arrays, header)
    assert_refused(path, "damaged, or not a bpnet model")


@pytest.mark.parametrize("version", [2, 99, 0, "1", None])
def test_another_schema_names_both_versions(net, path, version):
    arrays, header = written(net, path)
    forge(path, arrays, {**header, "schema_version": version})
    assert_refused(path, f"schema_version {version!r}, this bpnet reads 1", "newer release")


@pytest.mark.parametrize("header", [[], "a", 3, None])
def test_a_header_of_another_shape(net, path, header):
    arrays, _ = written(net, path)
    forge(path, arrays, json.dumps(header))
    assert_refused(path, "schema_version None")


@pytest.mark.parametrize("name", ["weights.0", "biases.1"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(net, path, name, bad):
    arrays, header = written(net, path)
    arrays[name].flat[1] = bad
    forge(path, arrays, header)
    assert_refused(path, "damaged", f"{name} is not finite")


@pytest.mark.parametrize("name", ["weights.0", "weights.1", "biases.0"])
def test_a_missing_array(net, path, name):
    arrays, header = written(net, path)
    del arrays[name]
    forge(path, arrays, header)
    assert_refused(path, "damaged", name)


def test_an_array_too_many(net, path):
    arrays, header = written(net, path)
    forge(path, {**arrays, "weights.2": np.ones((1, 2))}, header)
    assert_refused(path, "damaged", "unknown weights.2")


def test_an_array_of_another_shape(net, path):
    arrays, header = written(net, path)
    forge(path, {**arrays, "weights.0": arrays["weights.0"].T}, header)
    assert_refused(path, "(3, 4)", "(4, 3)")


def test_sizes_that_promise_terabytes(net, path):
    arrays, header = written(net, path)
    forge(path, arrays, {**header, "sizes": [10**6, 10**6, 2]})
    assert_refused(path)


@pytest.mark.parametrize(
    "key", ["sizes", "activations", "cost", "dtype", "seed", "epochs", "task", "metadata"]
)
def test_a_header_without_a_key(net, path, key):
    arrays, header = written(net, path)
    del header[key]
    forge(path, arrays, header)
    assert_refused(path, "damaged", key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sizes", "342"),
        ("sizes", [3, 4.5, 2]),
        ("sizes", [3, -4, 2]),
        ("sizes", None),
        ("activations", []),
        ("activations", ["sigmoid", "softmax"]),
        ("activations", [{"name": "sigmoid"}, {"name": "softmax", "slope": 2.0}]),
        ("activations", [{}, {"name": "softmax"}]),
        ("cost", {"name": "binary_cross_entropy"}),  # of softmax outputs
        ("cost", {"name": "huber", "delta": -1.0}),
        ("cost", None),
        ("dtype", "float16"),
        ("dtype", 32),
        ("seed", -1),
        ("seed", "9"),
        ("epochs", -1),
        ("epochs", "3"),
        ("epochs", 1.5),
        ("task", "guessing"),
        ("metadata", [1]),
        ("metadata", None),
    ],
)
def test_a_header_with_a_value_of_another_kind(net, path, key, value):
    arrays, header = written(net, path)
    forge(path, arrays, {**header, key: value})
    assert_refused(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "activations",
            [{"name": "sigmoidd"}, {"name": "softmax"}],
            "unknown activation 'sigmoidd': did you mean 'sigmoid'?",
        ),
        ("cost", {"name": "hubert"}, "unknown cost 'hubert': did you mean 'huber'?"),
    ],
)
def test_an_unknown_function_says_what_was_meant(net, path, key, value, words):
    arrays, header = written(net, path)
    forge(path, arrays, {**header, key: value})
    assert_refused(path, words)


def combined():
    layer = bpnet.Layer(4, activation="tanh", normalization="batch")
    return bpnet.Network([3, layer, 2], cost="log_likelihood", seed=9)


@pytest.mark.parametrize("name", ["weights.0", "biases.1", "norms", "running"])
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int64", "bool"])
def test_an_array_of_another_type(path, name, dtype):
    arrays, header = written(combined(), path)
    forge(path, {**arrays, name: arrays[name].astype(dtype)}, header)
    assert_refused(path, f"{name} has dtype {dtype}, but the network float32")


def test_a_negative_running_variance(path):
    arrays, header = written(combined(), path)
    arrays["running"][5] = -0.5
    forge(path, arrays, header)
    assert_refused(path, "a running variance of layer 1 is -0.5, below 0")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layers": [1]}, "layers must be a mapping of keys to values, not [1]"),
        ({"layers": None}, "layers must be a mapping of keys to values, not None"),
        ({"layers": {"1": 5}}, "layers.1 must be a mapping"),
        ({"layers": {"1": {"normalization": "batch"}}}, "layers.1.normalization must be a mapping"),
        ({"layers": {"1": {"normalization": {}}}}, "layers.1.normalization.name is missing"),
        ({"layers": {"9": {}}}, "options of layer 9, but 3 layers"),
        ({"layers": {"x": {}}}, "options of layer x, but 3 layers"),
        ({"layers": {"1": {"dropout": "a"}}}, "layer 1: dropout must be a number, not 'a'"),
        ({"layers": {"1": {"gain": 1}}}, "'gain'"),
        ({"sizes": [3, 2**31, 2]}, "sizes[1] must be at least 1 and at most 2147483647"),
        ({"sizes": [3, 4]}, "activations has 2 entries, but 1 layers follow"),
        ({"sizes": [3, True, 2]}, "sizes[1] must be an integer, not True"),
        ({"activations": ["sigmoid", "softmax"]}, "activations[0] must be a mapping"),
        ({"activations": [{"name": []}, {"name": "softmax"}]}, "activations[0].name must be a str"),
        ({"activations": [{"name": "per_neuron"}, {"name": "softmax"}]}, "functions"),
        ({"cost": {"name": "huber", "delta": "wide"}}, "delta must be a number, not 'wide'"),
        ({"dtype": "bfloat16"}, "unknown dtype 'bfloat16'"),
        ({"epochs": 2**60}, "epochs must be at least 0 and at most"),
        ({"steps": -1}, "steps must be at least 0"),
        ({"metadata": {"classes": ["only one"]}}, "metadata.classes has 1 entries"),
        ({"task_is_open": 1}, "task_is_open must be True or False, not 1"),
    ],
)
def test_a_value_that_is_wrong_is_named(net, path, change, words):
    arrays, header = written(net, path)
    forge(path, arrays, {**header, **change})
    assert_refused(path, "model.safetensors", words)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("metadata", "[" * 100_000 + "]" * 100_000, "recursion"),
        ("metadata", '{"a": ' + "[" * 150 + "]" * 150 + "}", "more than 100 levels deep"),
        ("seed", "9" * 5000, "4300 digits"),
        ("metadata", '{"a": NaN}', "metadata.a is nan"),
        ("metadata", '{"a": 1e999}', "metadata.a is inf"),
        ("metadata", r'{"a": "\ud800"}', "metadata.a holds half a surrogate pair"),
        ("metadata", '{"a": [' + "0," * 6_000_000 + "0]}", "more than 6,000,000 values"),
    ],
    ids=["deep", "rather deep", "digits", "nan", "infinity", "surrogate", "many"],
)
def test_json_that_no_encoder_writes(net, path, key, text, words):
    arrays, header = written(net, path)
    forge(path, arrays, json.dumps({**header, key: "HERE"}).replace('"HERE"', text))
    assert_refused(path, "model.safetensors", words)


def test_messages_stay_short(net, path):
    arrays, header = written(net, path)
    for key in header.keys() - {"metadata"}:
        for value in ("x" * 100_000, [0] * 100_000, {"y" * 100_000: 1}):
            forge(path, arrays, {**header, key: value})
            with pytest.raises(ValueError, match="model") as caught:
                bpnet.load(path)
            assert len(str(caught.value)) < 1000, key


def test_more_arrays_than_any_network_has(path):
    entry = b'"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    header = b"{" + b",".join(entry % k for k in range(200_001)) + b"}"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert_refused(path, "it has 200,001 arrays, and 200,000 are allowed")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    assert_refused(path, "a pipe, expected a file")


# ------------------------------------------------------------------ writing that fails


@pytest.fixture
def old(net, path):
    """A model of another seed that is there already, as bytes."""
    bpnet.Network([3, 4, 2], cost="log_likelihood", seed=1).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "os.fdopen"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing(net, path, old, monkeypatch, function):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(function, full)
        with pytest.raises(OSError, match="No space left"):
            net.save(path)
    assert path.read_bytes() == old
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there(net, tmp_path):
    with pytest.raises(OSError, match="none"):
        net.save(tmp_path / "none" / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_a_file(net, tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(OSError, match="model"):
        net.save(tmp_path / "model")
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("value", [{1, 2}, object(), np.ones(2), float("nan")])
def test_metadata_that_json_cannot_say_raises_before_writing(net, path, old, value):
    net.metadata["what"] = value
    with pytest.raises((TypeError, ValueError), match=r"JSON"):
        net.save(path)
    assert path.read_bytes() == old
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_what_could_not_be_read_is_not_written(net, path, old):
    value = []
    for _ in range(200):
        value = [value]
    net.metadata["deep"] = value
    with pytest.raises(ValueError, match="more than 100 levels deep"):
        net.save(path)
    assert path.read_bytes() == old


def test_metadata_beyond_what_the_format_holds(net, path, old, monkeypatch):
    monkeypatch.setattr(bpnet.storage.safetensors, "_LONGEST_HEADER", 2000)
    net.metadata["much"] = "x" * 2000
    with pytest.raises(ValueError, match=r"header of 2,\d+ bytes, and the format allows 2,000"):
        net.save(path)
    assert path.read_bytes() == old


def test_metadata_comes_back(net, path):
    net.metadata["labels"] = {"0": "no", "1": ["yes", None, 1.5, True], "ü": {}}
    net.save(path)
    assert bpnet.load(path).metadata == net.metadata

"""Damaged model files: of bytes, of the header's values, of arrays."""

import contextlib
import tempfile
import warnings
from pathlib import Path

import numpy as np
from fuzz.mutations import mutated_bytes
from fuzz.safetensors_files import canonical, decoded, mutated_file

import bpnet
from bpnet.data import Preprocessing, load_table
from bpnet.data.tables.table import Table
from bpnet.storage.header import MODEL

x = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)


def networks():
    """Networks that together have every part of a model file."""
    layer = bpnet.Layer
    plain = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=1)
    plain.metadata = {"classes": ["no", "yes"], "target": "y"}
    rich = bpnet.Network(
        [
            layer(3, noise=0.1, dropout=0.1),
            layer(4, activation=bpnet.activations.LeakyReLU(0.2), normalization="batch"),
            layer(4, activation="elu", normalization="layer", residual=True, dropout=0.5),
            1,
        ],
        cost="huber",
        seed=2,
        dtype="float64",
    )
    mixed = bpnet.activations.PerNeuron(["tanh", "gelu_tanh", "relu"])
    neurons = bpnet.Network([3, 3, 1], activations=[mixed, "sigmoid"], cost="cross_entropy", seed=3)
    return [plain, rich, neurons, *table_networks()]


def table_networks():
    """Networks for tables, with every kind of target."""
    columns = {
        "age": np.array([3.0, 5.5, np.nan] * 10),
        "city": np.array(["Bonn", "Rome"] * 15, object),
        "when": np.array([f"2021-{1 + k % 12:02}-{1 + k % 28:02}" for k in range(30)], object),
        "flag": np.array(["TRUE", "FALSE", "TRUE"] * 10, object),
        "paid": np.array([f"${k % 7},{k}00.50" for k in range(10, 40)], object),
        "kind": np.array(["cat", "dog", "cow"] * 10, object),
        "tags": np.array(["a|b", "b", "a", "c|a", "b"] * 6, object),
        "price": np.array([f"${k},5" for k in range(30)], object),
        "size": np.arange(30) ** 2 / 7,
        "old": np.arange(30) % 2,
        "ill": np.array(["no", "no", "yes"] * 10, object),
    }
    found = []
    for target, task in (("kind", None), ("tags", "multilabel"), (["price", "size"], None),
                         (["old", "ill"], None)):  # fmt: skip
        features = ["age", "city", "when", "flag", "paid"]
        used = [*features, *([target] if isinstance(target, str) else target)]
        table = Table({name: columns[name] for name in used})
        data = load_table(table, target, task=task, missing=["-"], validation=0, test=0)
        costs = {"classification": "log_likelihood", "multilabel": "cross_entropy"}
        net = bpnet.Network(
            [len(data.features), 2, data.train[1].shape[-1] if task or len(used) > 6 else 3],
            cost=costs.get(data.task, "quadratic"),
            task=data.task,
            seed=4,
        )
        net.metadata = {
            "classes": data.classes and list(data.classes),
            "target": data.target,
            "preprocessing": data.preprocessing.to_dict(),
        }
        found.append(net)
    return found


def use_preprocessing(preprocessing, net, predictions):
    """Encode a table with all its columns, and say in its terms what the network said."""
    table = {column.name: ["3", "Bonn", ""] for column in preprocessing.columns}
    with contextlib.suppress(ValueError):  # "Bonn" in a column of numbers
        preprocessing.transform(table)
    said = preprocessing.inverse_target(net.backend.to_numpy(predictions))
    assert len(said) == len(predictions), said.shape


class ModelFiles:
    """Models of `networks`, loaded and asked for predictions."""

    name, suffix = "model", ".safetensors"
    errors = (ValueError,)

    def good(self):
        found = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            for net in networks():
                net.save(path)
                found.append(canonical(path.read_bytes()))
        return found

    def mutated(self, content, others, random):
        if random.random() < 0.3:
            return mutated_bytes(content, others, random)
        return mutated_file(decoded(content, MODEL), MODEL, random)

    def use(self, path):
        net = bpnet.load(path)
        inputs = np.resize(x, (4, net.sizes[0]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with np.errstate(over="ignore", invalid="ignore"):  # of huge parameters
                predictions = net.predict(inputs)
                outputs = net.feedforward(inputs)
        if net.metadata.get("preprocessing"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of missing values
                known = Preprocessing.from_dict(net.metadata["preprocessing"])
                use_preprocessing(known, net, predictions)
        assert outputs.shape == (4, net.sizes[-1]), outputs.shape
        assert outputs.dtype.name == net.dtype, outputs.dtype

"""Entries of the metadata that predictions are written by."""

import re

import pytest

import bpnet
from bpnet.model.metadata import check_metadata

NUMERIC = {"kind": "numeric", "name": "a", "mean": 0.0, "scale": 1.0}
PREPROCESSING = {
    "schema_version": 1,
    "columns": [NUMERIC, {**NUMERIC, "name": "b"}],
    "target": "y",
    "classes": ["u", "v", "w"],
    "target_mean": 0.0,
    "target_scale": 1.0,
    "ignored": [],
}


def network(outputs=3, **options):
    options = {"cost": "log_likelihood", **options}
    return bpnet.Network([2, 4, outputs], seed=0, **options)


@pytest.mark.parametrize(
    ("net", "metadata"),
    [
        (network(), {}),
        (network(), {"mine": {1: object()}, "classes": None, "features": None, "target": None}),
        (network(), {"classes": ["u", "v", "w"], "features": ["a", "b"], "target": "y"}),
        (network(), {"classes": [0, 1, 2.5], "pixel_maximum": 255}),
        (network(), {"classes": [], "features": []}),
        (network(1, cost="cross_entropy"), {"classes": ["no", "yes"]}),
        (network(2, cost="cross_entropy", task="multilabel"), {"classes": ["a", "b"]}),
        (network(1, cost="cross_entropy", task="multilabel"), {"classes": ["a"]}),
        (network(1, cost="quadratic", task="regression"), {"classes": ["of the user's own"]}),
        (network(), {"preprocessing": PREPROCESSING}),
    ],
)
def test_what_fits_the_network(net, metadata):
    check_metadata(metadata, net.model)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"classes": ["u"]}, "metadata.classes has 1 entries, but the network 3 classes"),
        ({"classes": ["u"] * 4}, "metadata.classes has 4 entries, but the network 3 classes"),
        ({"classes": {"a": 1}}, "metadata.classes must be a list of labels, not {'a': 1}"),
        ({"classes": "uvw"}, "metadata.classes must be a list of labels, not 'uvw'"),
        ({"classes": ["u", "v", []]}, "metadata.classes[2] must be text or a number, not []"),
        ({"features": ["a"]}, "metadata.features has 1 entries, but the network 2 inputs"),
        ({"features": ["a", 2]}, "metadata.features[1] must be a string, not 2"),
        ({"target": ["y"]}, "metadata.target must be a string, not ['y']"),
        ({"pixel_maximum": 0}, "metadata.pixel_maximum must be greater than 0"),
        ({"pixel_maximum": "255"}, "metadata.pixel_maximum must be a number, not '255'"),
        ({"preprocessing": 5}, "metadata.preprocessing: preprocessing is 5, expected a dict"),
        ({"preprocessing": {}}, "metadata.preprocessing: preprocessing: key 'schema_version'"),
        (
            {"preprocessing": {**PREPROCESSING, "columns": [NUMERIC]}},
            "metadata.preprocessing has 1 entries, but the network 2 inputs",
        ),
        (
            {"preprocessing": {**PREPROCESSING, "classes": ["u", "v"]}},
            "metadata.preprocessing.classes has 2 entries, but the network 3 classes",
        ),
        (
            {"preprocessing": {**PREPROCESSING, "classes": None}},
            "metadata.preprocessing is for regression, the network's task is classification",
        ),
    ],
)
def test_what_does_not_is_named_and_not_written(tmp_path, metadata, message):
    net = network()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        check_metadata(metadata, net.model)
    net.metadata = metadata
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        net.save(tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []

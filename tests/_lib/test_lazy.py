"""Packages whose names are imported when they are first used."""

import pickle
import subprocess
import sys

import pytest

import bpnet


def loaded(code):
    code = f"import sys, bpnet\n{code}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("bpnet.data.ArraySource", "bpnet.data.sources.arrays"),
        ("bpnet.metrics.AUC", "bpnet.metrics.auc"),
        ("bpnet.schedules.Cosine", "bpnet.schedules.cosine"),
        ("bpnet.activations.PerNeuron", "bpnet.activations.per_neuron"),
    ],
)
def test_a_module_is_imported_when_its_name_is_used(code, module):
    assert module not in loaded("")
    assert module in loaded(code)


@pytest.mark.parametrize("package", [bpnet, bpnet.activations, bpnet.metrics, bpnet.schedules])
def test_dir_shows_names_that_were_not_used_yet(package):
    assert set(package.__all__) <= set(dir(package))


def test_an_unknown_name_is_told_as_python_does():
    with pytest.raises(AttributeError, match=r"module 'bpnet\.metrics' has no attribute 'AOC'"):
        bpnet.metrics.AOC  # noqa: B018


@pytest.mark.parametrize("package", [bpnet.activations, bpnet.metrics, bpnet.schedules])
def test_pickles_find_classes_by_the_package(package):
    """Where pickles of networks that were made before these were packages look for them."""
    for name in package.__all__:
        assert pickle.loads(f"c{package.__name__}\n{name}\n.".encode()) is getattr(package, name)

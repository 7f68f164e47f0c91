"""Programs written for the book's modules run, by the folder on sys.path or by import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from data.test_mnist import write

import bpnet

FOLDER = Path(bpnet.__file__).parent / "book"

PROGRAM = """
import random
import sys
sys.path.{how}({folder!r})
import mnist_loader
import network
import network2
import numpy as np

random.seed(12345678)
np.random.seed(12345678)
training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
net = network.Network([6, 4, 10])
net.SGD(training_data, 2, 10, 3.0, test_data=test_data)
net = network2.Network([6, 4, 10], cost=network2.CrossEntropyCost)
net.large_weight_initializer()
result = net.SGD(training_data, 2, 10, 0.5, lmbda=5.0, evaluation_data=validation_data[:50],
                 monitor_evaluation_accuracy=True, monitor_training_cost=True)
net.save("net.json")
assert network2.load("net.json").sizes == [6, 4, 10]
print(result)
"""


def run(program, folder, **environment):
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**variables, "BPNET_DATA": str(folder), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mnist").mkdir()
    write(tmp_path / "mnist")
    return tmp_path


def test_a_program_runs_by_either_way(folder):
    """The package need not be importable otherwise."""
    by_path = PROGRAM.format(how="append", folder=str(FOLDER))
    first = PROGRAM.format(how=f"insert(0, {str(FOLDER)!r}) or len", folder=str(FOLDER))
    by_import = by_path
    for module in ("mnist_loader", "network2", "network"):
        by_import = by_import.replace(f"import {module}\n", f"from bpnet.book import {module}\n")
    expected = run(by_path, folder)
    assert expected.count("training complete") == 2
    assert run(first, folder) == expected
    assert run(by_import, folder, PYTHONPATH=str(FOLDER.parents[1])) == expected


def test_both_ways_lead_to_one_module(folder):
    program = f"""
import sys
sys.path.append({str(FOLDER)!r})
import network2
from bpnet.book import network2 as other
import pickle
assert network2 is other, network2
assert pickle.loads(pickle.dumps(network2.Network([2, 1]))).sizes == [2, 1]
"""
    run(program, folder)


def test_a_module_runs_by_itself(folder):
    """It does nothing, as the book's."""
    for name in ("network", "network2", "mnist_loader"):
        program = (
            f"import runpy; runpy.run_path({str(FOLDER / f'{name}.py')!r}, run_name='__main__')"
        )
        assert run(f"import sys; sys.path.insert(0, {str(FOLDER)!r}); {program}", folder) == ""


def test_the_package_gives_its_modules():
    for name in ("network", "network2", "mnist_loader"):
        assert getattr(bpnet.book, name).__name__ == f"bpnet.book.{name}"
    assert "network2" in dir(bpnet.book)


def test_a_program_leaves_other_modules_alone(folder):
    """None of the folder's names is that of a module of Python's own."""
    names = {path.stem for path in FOLDER.iterdir()}
    assert not names & set(sys.stdlib_module_names)

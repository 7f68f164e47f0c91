"""Activations and costs against mpmath, on every library; the page that tells of it."""

import json
from pathlib import Path

import numpy as np
import pytest

import bpnet
from benchmarks import accuracy

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE, RESULTS = ROOT / "docs" / "accuracy.md", ROOT / "benchmarks" / "results"
FEW = accuracy.points(every=11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_output_layers_and_costs_are_within_the_bound(target, dtype):
    found = accuracy.measure(target.backend(dtype), accuracy.CASES, FEW)
    assert len(found) == len(accuracy.CASES)
    assert {name: one for name, one in found.items() if not one["share"] <= 1.0} == {}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hidden_layers_are_right_in_absolute_terms(target, dtype):
    found = accuracy.measure(target.backend(dtype), accuracy.HIDDEN, FEW, absolute=True)
    assert {name: one for name, one in found.items() if not one["ulp"] <= 256.0} == {}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("sigmoid", "value"),
        ("sigmoid", "derivative"),
        ("tanh", "derivative"),
        ("gelu", "value"),
        ("gelu", "derivative"),
        ("gelu_tanh", "derivative"),
        ("elu", "derivative"),
        ("silu", "derivative"),
        ("softmax", "derivative"),
    ],
)
def test_a_form_that_loses_digits_is_seen(name, what):
    """As those that hidden layers compute."""
    (case,) = [one for one in accuracy.HIDDEN if (one.name, one.what) == (name, what)]
    backend = bpnet.get_backend("numpy", dtype="float32")
    found = accuracy.measure(backend, [case], FEW)
    assert found[f"{name}, {what}"]["share"] > 1.0


def test_a_result_that_is_no_number_is_seen():
    (case,) = [one for one in accuracy.CASES if (one.name, one.what) == ("tanh", "value")]
    z = np.asarray([1.0], np.float32)
    for wrong in (np.nan, np.inf):
        assert [*accuracy.errors(case, z, np.asarray([wrong], np.float32))] == [(np.inf, np.inf)]


def test_the_page_has_the_tables_of_the_last_record():
    record = json.loads(max(RESULTS.glob("accuracy-*.json")).read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    assert accuracy.updated(text, record) == text
    assert all(table in text for table in accuracy.tables(record))
    for part, cases in (("output", accuracy.CASES), ("hidden", accuracy.HIDDEN)):
        for one in record[part].values():
            assert list(one) == [f"{case.name}, {case.what}" for case in cases]
    assert record["arguments"] == len(accuracy.points())


def test_no_recorded_error_is_beyond_the_bound():
    record = json.loads(max(RESULTS.glob("accuracy-*.json")).read_text(encoding="utf-8"))
    shares = [one["share"] for part in record["output"].values() for one in part.values()]
    assert max(shares) <= 1.0

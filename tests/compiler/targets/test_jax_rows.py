"""JAX's functions of samples: few compilations for any number of rows, none of which stays."""

import gc
import weakref

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="jax is not installed")

import bpnet  # noqa: E402 - needs jax
from bpnet.compiler import compile_forward  # noqa: E402
from bpnet.compiler.rows import compile_blocks, compile_function, compile_rows  # noqa: E402
from bpnet.compiler.targets import jax_rows  # noqa: E402
from bpnet.compiler.targets.padding import padded_size  # noqa: E402

SIZES = range(100, 220, 4)
PADDED = {padded_size(m) for m in SIZES}


@pytest.fixture
def backend():
    chosen = bpnet.get_backend("jax", dtype="float32")
    with chosen.scope():
        yield chosen


@pytest.fixture
def elsewhere(monkeypatch):
    """A device whose memory the host does not see."""
    monkeypatch.setattr(jax_rows, "_is_on_cpu", lambda array: False)


def samples(backend, m):
    x = np.random.default_rng(m).standard_normal((m, 3)).astype(np.float32)
    return x, backend.from_host(x, "float32")


def squares(xp, w, x):
    return w * x * x


def total(xp, rows, w, x):
    return rows.sum(w * x * x), rows.mean(x), rows.max(x), rows.min(x)


def expected_total(w, x):
    return (w * x * x).sum(axis=0), x.mean(axis=0), x.max(axis=0), x.min(axis=0)


@pytest.mark.parametrize("compiler", [compile_rows, compile_forward])
def test_rows_are_compiled_for_few_sizes(compiler, backend, jax_compiled):
    run = compiler(backend, squares)
    w = backend.from_host(np.ones(3), "float32")
    jax_compiled()
    for m in SIZES:
        x, given = samples(backend, m)
        np.testing.assert_allclose(np.asarray(run(w, given)), x * x, rtol=1e-6)
    assert jax_compiled() == ["jit(squares)"] * len(PADDED)
    for m in (600, 1000, 5000, 9999):
        x, given = samples(backend, m)
        np.testing.assert_allclose(np.asarray(run(w, given)), x * x, rtol=1e-6)
    assert set(jax_compiled()) == {"jit(squares)"}


def test_blocks_are_compiled_for_few_sizes(backend, jax_compiled):
    run = compile_blocks(backend, total)
    w = backend.from_host(np.ones(3), "float32")
    jax_compiled()
    for m in SIZES:
        x, given = samples(backend, m)
        ((count, found),) = run(w, given)
        assert count == m
        for one, other in zip(found, expected_total(1.0, x), strict=True):
            np.testing.assert_allclose(np.asarray(one), other, rtol=1e-5, atol=1e-6)
    assert jax_compiled() == ["jit(masked)"] * len(PADDED)


def test_padding_counts_for_nothing_even_where_it_is_not_a_number(backend):
    run = compile_blocks(backend, lambda xp, rows, w, x: (rows.sum(x), rows.max(x), rows.min(-x)))
    x = np.full((9, 1), -1.0, np.float32)
    x[-1] = np.nan  # it is repeated as padding
    ((_, found),) = run((), backend.from_host(x, "float32"))
    assert all(np.isnan(np.asarray(one)) for one in found)
    x[-1] = 100.0
    ((_, found),) = run((), backend.from_host(x, "float32"))
    assert [float(one[0]) for one in found] == [92.0, 100.0, -100.0]


def test_elsewhere_each_number_of_rows_is_compiled_once(backend, jax_compiled, elsewhere):
    rows, blocks = compile_rows(backend, squares), compile_blocks(backend, total)
    w = backend.from_host(np.ones(3), "float32")
    for m, count in ((100, 1), (104, 1), (100, 0)):
        x, given = samples(backend, m)
        jax_compiled()
        np.testing.assert_allclose(np.asarray(rows(w, given)), x * x, rtol=1e-6)
        parts = list(blocks(w, given, most=m // 2))
        assert [count for count, _ in parts] == [m // 2] * 2
        for (_, found), half in zip(parts, np.split(x, 2), strict=True):
            for one, other in zip(found, expected_total(1.0, half), strict=True):
                np.testing.assert_allclose(np.asarray(one), other, rtol=1e-5, atol=1e-6)
        names = jax_compiled()
        assert names.count("jit(squares)") == names.count("jit(sliced)") == count


def test_of_many_shapes_the_last_ones_are_kept(backend, jax_compiled, monkeypatch):
    monkeypatch.setattr(jax_rows, "MOST_SHAPES", 2)
    run = compile_function(backend, lambda xp, x: xp.sum(x))
    for m, count in ((8, 1), (7, 1), (8, 0), (6, 1), (8, 0), (7, 1)):
        given = samples(backend, m)[1]
        jax_compiled()
        run(given)
        assert len(jax_compiled()) == count


def test_outputs_of_steps_become_rows_without_compilation(backend, jax_compiled):
    x = np.random.default_rng(0).standard_normal((1, 7, 3)).astype(np.float32)
    given = backend.from_host(x, "float32")
    jax_compiled()
    assert np.array_equal(np.asarray(jax_rows.rows_of_steps(given)), x[0])
    assert jax_compiled() == []


@pytest.mark.parametrize("m", [1, 5, 9])
def test_first_rows_take_no_compilation_on_a_cpu(m, backend, jax_compiled):
    x, given = samples(backend, 9)
    jax_compiled()
    assert np.array_equal(np.asarray(jax_rows.first_rows(given, m)), x[:m])
    assert jax_compiled() == []
    assert jax_rows.first_rows(given, 9) is given


def test_first_rows_elsewhere_take_one(backend, jax_compiled, elsewhere):
    x, given = samples(backend, 9)
    jax_compiled()
    for _ in range(2):
        assert np.array_equal(np.asarray(jax_rows.first_rows(given, 4)), x[:4])
    assert len(jax_compiled()) <= 1  # none where another test took as many


def test_results_outlive_what_they_were_cut_from(backend):
    """They may share its memory, which no one else may write to then."""
    run = compile_rows(backend, squares)
    w = backend.from_host(np.ones(3), "float32")
    found = []
    for m in (9, 300, 9, 300):
        x, given = samples(backend, m)
        found.append((run(w, given), x * x))
        del given
        gc.collect()
    for one, other in found:
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w, x: x if bool(xp.any(x > 0.0)) else -x,
        lambda xp, w, x: xp.asarray(np.where(np.asarray(x) > 0.0, x, 0.0)),
        lambda xp, w, x: xp.astype(x[x > -np.inf].reshape(x.shape), xp.float32),
    ],
    ids=["branch", "numpy", "mask"],
)
def test_a_function_that_looks_at_values_is_called_as_it_is(function, backend):
    run = compile_rows(backend, function)
    for m in (3, 9):
        _, given = samples(backend, m)
        expected = np.asarray(function(backend.xp, None, given))
        assert np.array_equal(np.asarray(run(None, given)), expected)


def test_what_was_compiled_goes_with_its_function(backend, monkeypatch):
    """JAX holds a function's compiled code as long as the function."""
    made = []

    def watched(function, *args, jit=jax.jit, **options):
        made.append(weakref.ref(function))
        return jit(function, *args, **options)

    monkeypatch.setattr(jax, "jit", watched)
    w = backend.from_host(np.ones(3), "float32")
    runs = [compile_rows(backend, squares), compile_function(backend, squares)]
    blocks = compile_blocks(backend, total)
    for m in (9, 300):
        given = samples(backend, m)[1]
        for run in runs:
            run(w, given)
        list(blocks(w, given))
    assert len(made) > 4
    assert all(one() is not None for one in made)
    del run, runs, blocks
    gc.collect()
    assert all(one() is None for one in made)

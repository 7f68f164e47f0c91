"""Functions of samples: the same results in any library and for any number of rows."""

import numpy as np
import pytest

from bpnet.compiler.rows import (
    compile_blocks,
    compile_function,
    compile_rows,
    rows_of_steps,
)

SIZES = [1, 2, 9, 31, 256, 257, 300, 700]


@pytest.fixture
def backend(target):
    chosen = target.backend("float64")
    with chosen.scope():
        yield chosen


def samples(backend, m):
    """Rows of three numbers, and one number for each row, in NumPy and on the device."""
    rng = np.random.default_rng(m)
    host = rng.standard_normal((m, 3)), rng.standard_normal(m)
    return host, [backend.from_host(one, "float64") for one in host]


def each(xp, state, x, y):
    w, b = state
    z = xp.tanh(x @ w.T + b)
    return z, (xp.argmax(z, axis=1), y * z[:, 0])


def totals(xp, rows, state, x, y):
    z, (_, product) = each(xp, state, x, y)
    middle = rows.mean(z)
    spread = rows.sum((z - middle) ** 2)
    return rows.sum(product), spread, (middle, rows.min(z), rows.max(z)), z


@pytest.fixture
def state(backend):
    """Parameters in NumPy and on the device."""
    rng = np.random.default_rng(0)
    host = rng.standard_normal((4, 3)), rng.standard_normal(4)
    return host, tuple(backend.from_host(one, "float64") for one in host)


def assert_close(found, expected, backend):
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other, backend)
    else:
        found = backend.to_numpy(found)
        assert found.shape == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_rows_are_those_of_the_function(backend, state):
    run = compile_rows(backend, each)
    for m in SIZES:
        host, given = samples(backend, m)
        found = run(state[1], *given)
        assert_close(found, each(np, state[0], *host), backend)
        assert all(map(backend.owns, (found[0], *found[1])))


@pytest.mark.parametrize("most", [None, 1, 100, 300])
def test_blocks_cover_all_rows_once(most, backend, state):
    run = compile_blocks(backend, totals)
    for m in SIZES[: 4 if most == 1 else None]:
        host, given = samples(backend, m)
        start = 0
        for count, (product, spread, moments, z) in run(state[1], *given, most=most):
            assert 0 < count <= (most or m)
            x, y = (one[start : start + count] for one in host)
            expected, (_, products) = each(np, state[0], x, y)
            assert_close(product, products.sum(), backend)
            assert_close(spread, ((expected - expected.mean(axis=0)) ** 2).sum(axis=0), backend)
            found = expected.mean(axis=0), expected.min(axis=0), expected.max(axis=0)
            assert_close(moments, found, backend)
            np.testing.assert_allclose(backend.to_numpy(z)[:count], expected, rtol=1e-12)
            start += count
        assert start == m


def test_any_function_of_arrays_is_compiled(backend, state):
    run = compile_function(backend, lambda xp, state, x: (xp.sum(x @ state[0].T), state[1]))
    for m in SIZES[:4]:
        (x, _), (given, _) = samples(backend, m)
        assert_close(run(state[1], given), ((x @ state[0][0].T).sum(), state[0][1]), backend)


def test_what_is_compiled_changes_none_of_its_arguments(backend, state):
    _, given = samples(backend, 9)
    before = [backend.to_numpy(one) for one in (*given, *state[1])]
    compile_rows(backend, each)(state[1], *given)
    list(compile_blocks(backend, totals)(state[1], *given))
    after = [backend.to_numpy(one) for one in (*given, *state[1])]
    assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize("shape", [(1, 5, 2), (3, 4, 1)])
def test_outputs_of_steps_become_rows(shape, backend):
    host = np.random.default_rng(0).standard_normal(shape)
    found = rows_of_steps(backend, backend.from_host(host, "float64"))
    assert np.array_equal(backend.to_numpy(found), host.reshape(-1, shape[2]))

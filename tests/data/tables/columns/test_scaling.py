import numpy as np
import pytest

from bpnet.data.tables.columns.scaling import Scaling


def test_median_and_interquartile_range():
    scaling = Scaling.fit(np.arange(101.0))
    assert (scaling.center, scaling.width) == (50, 50)
    z = np.array([0.0, 1.0, -2.0])
    np.testing.assert_allclose(
        scaling.scaled(50 + 50 * z), z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-15
    )


def test_an_outlier_changes_nothing_for_the_others():
    numbers = np.random.default_rng(0).normal(size=1000)
    spoilt = numbers.copy()
    spoilt[0] = 1e39
    clean, other = Scaling.fit(numbers), Scaling.fit(spoilt)
    np.testing.assert_allclose(other.scaled(numbers), clean.scaled(numbers), atol=0.01)
    assert other.scaled(spoilt)[0] == pytest.approx(3)


def test_where_most_numbers_are_equal_the_others_give_the_width():
    numbers = np.array([0.0] * 900 + [3.0, 5.0] * 50 + [1e9])
    scaling = Scaling.fit(numbers)
    assert scaling.center == 0
    assert scaling.width == 5
    assert np.unique(scaling.scaled(numbers)).size == 4


@pytest.mark.parametrize("factor", [1e-310, 1e-30, 1.0, 1e39, 1e306])
def test_numbers_of_any_size(factor):
    numbers = factor * np.linspace(-9, 9, 101)
    scaled = Scaling.fit(numbers).scaled(numbers)
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaled, Scaling.fit(numbers / factor).scaled(numbers / factor))


def test_a_missing_number_is_the_median():
    assert Scaling(5.0, 2.0).scaled(np.array([np.nan, 5.0])).tolist() == [0, 0]

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpnet.data.splitting import split


@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=12),
    validation=st.sampled_from([0.0, 0.1, 0.2]),
    test=st.sampled_from([0.0, 0.1, 0.2]),
    seed=st.integers(0, 2**32),
)
def test_each_row_is_in_one_part_and_every_class_is_trained_on(counts, validation, test, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = split(labels, validation=validation, test=test, seed=seed)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    for part, fraction in ((parts.validation, validation), (parts.test, test)):
        assert len(part) <= round(fraction * len(labels))
        share = np.bincount(labels[part], minlength=len(counts))
        assert (share <= np.ceil(fraction * np.array(counts))).all()
    assert (np.bincount(labels[parts.train], minlength=len(counts)) >= 1).all()


@pytest.mark.parametrize("n_classes", [1, 3, 7])
def test_the_parts_have_the_sizes_asked_for_and_every_class_its_share(n_classes):
    labels = np.arange(1000) % n_classes
    parts = split(labels, validation=0.1, test=0.2, seed=3)
    assert [len(part) for part in parts] == [700, 100, 200]
    for part in parts:
        share = np.bincount(labels[part]) - len(part) / n_classes
        assert np.abs(share).max() <= 2


def test_many_small_classes_are_held_out_too():
    labels = np.repeat(np.arange(40), 2)
    parts = split(labels, validation=0.1, test=0.1, seed=0)
    assert len(parts.test) == 8
    assert np.unique(labels[parts.train]).size == 40


def test_a_class_with_a_single_row_is_only_trained_on():
    labels = np.array([0] * 9 + [1])
    for seed in range(20):
        assert 9 in split(labels, validation=0.1, test=0.1, seed=seed).train


def test_rows_come_in_random_order():
    parts = split(np.zeros(1000, dtype=np.int64), validation=0.1, test=0.1, seed=0)
    for part in parts:
        assert 0.4 < np.mean(np.diff(part) > 0) < 0.6


def test_the_split_depends_on_the_seed_alone():
    labels = np.arange(50) % 3
    np.random.seed(0)  # noqa: NPY002, the state that must not matter
    first = split(labels, validation=0.1, test=0.1, seed=5)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = split(labels, validation=0.1, test=0.1, seed=5)
    other = split(labels, validation=0.1, test=0.1, seed=6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.train, other.train)
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_the_split_stays_the_same_from_version_to_version():
    parts = split(np.arange(20) % 2, validation=0.1, test=0.2, seed=0)
    assert parts.validation.tolist() == [13, 8]
    assert parts.test.tolist() == [11, 3, 2, 18]

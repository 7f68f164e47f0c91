import itertools

import numpy as np
import pytest
from _errors import raises
from hypothesis import given
from hypothesis import strategies as st

from bpnet.data.splitting import fold_of_rows, split, split_by_group, split_by_time


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


@given(
    sizes=st.lists(st.integers(1, 40), min_size=3, max_size=30),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    test=st.sampled_from([0.0, 0.1, 0.3]),
    seed=st.integers(0, 2**32),
)
def test_no_group_is_in_two_parts(sizes, validation, test, seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    parts = split_by_group(groups, validation=validation, test=test, seed=seed)
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))
    found = [set(groups[part].tolist()) for part in parts]
    assert sum(map(len, found)) == len(sizes)
    assert [len(part) > 0 for part in parts] == [True, validation > 0, test > 0]
    for part, share in zip(parts[1:], (validation, test), strict=True):
        assert abs(len(part) - share * len(groups)) <= max(sizes)


def test_shares_are_met_by_groups_of_one_size():
    parts = split_by_group(np.arange(1000) % 50, validation=0.1, test=0.2, seed=1)
    assert [len(part) for part in parts] == [700, 100, 200]
    other = split_by_group(np.arange(1000) % 50, validation=0.1, test=0.2, seed=2)
    assert set(parts.test) != set(other.test)


def test_a_large_group_is_trained_on():
    groups = np.repeat([0, 1, 2], [900, 50, 50])
    for seed in range(5):
        parts = split_by_group(groups, validation=0.1, test=0.1, seed=seed)
        assert [len(part) for part in parts] == [900, 50, 50]


def test_too_few_groups_or_times():
    with raises("2 groups cannot be divided into 3 parts"):
        split_by_group(np.arange(100) % 2, validation=0.1, test=0.1, seed=0)
    with raises("1 time cannot be divided into 2 parts"):
        split_by_time(np.zeros(10), validation=0.0, test=0.1)


@given(
    times=st.lists(st.integers(0, 60), min_size=3, max_size=200).filter(lambda t: len(set(t)) > 2),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    test=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_earlier_samples_are_trained_on_and_ties_stay_together(times, validation, test):
    times = np.array(times)
    parts = split_by_time(times, validation=validation, test=test)
    assert sorted(np.concatenate(parts)) == list(range(len(times)))
    assert [len(part) > 0 for part in parts] == [True, validation > 0, test > 0]
    in_order = [times[part] for part in parts if len(part)]
    assert all((np.diff(part) >= 0).all() for part in in_order)
    for earlier, later in itertools.pairwise(in_order):
        assert earlier[-1] < later[0]
    most = np.bincount(times).max()
    for part, share in zip(parts[1:], (validation, test), strict=True):
        assert abs(len(part) - share * len(times)) <= most


def test_every_class_keeps_its_share_in_every_fold() -> None:
    labels = np.repeat([0, 1, 2], [50, 13, 7])[np.random.default_rng(3).permutation(70)]
    fold = fold_of_rows(70, 5, labels, seed=2)
    assert set(fold) == set(range(5))
    assert np.bincount(fold).tolist() == [14] * 5
    for label, least, most in ((0, 10, 10), (1, 2, 3), (2, 1, 2)):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert least <= counts.min() <= counts.max() <= most


@pytest.mark.parametrize("rows", [2, 3, 11, 60])
@pytest.mark.parametrize("folds", [2, 5, 7])
def test_rows_are_divided_evenly(rows: int, folds: int) -> None:
    counts = np.bincount(fold_of_rows(rows, folds))
    assert counts.sum() == rows
    assert len(counts) == min(rows, folds)
    assert counts.max() - counts.min() <= 1


def test_no_class_is_unknown_in_training() -> None:
    labels = np.array([0] * 9 + [1] * 2 + [2])
    for seed in range(20):
        fold = fold_of_rows(12, 5, labels, seed)
        assert fold[-1] == -1
        assert set(fold[:-1]) <= set(range(5))
        for k in range(5):
            assert set(labels[fold != k]) == {0, 1, 2}


def test_folds_depend_on_the_rows_number_not_on_numpy() -> None:
    """As of any other split, what is recorded here must stay."""
    assert fold_of_rows(10, 3, seed=7).tolist() == [1, 0, 2, 1, 2, 2, 0, 1, 0, 0]

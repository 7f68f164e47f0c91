"""The area under the ROC curve."""

import numpy as np
import pytest
from _figures import classified, one_hot

from bpnet import metrics


def test_auc_leaves_out_classes_that_are_missing():
    labels, a = classified("missing", 0)
    three = [k for k in range(4) if k != 2]
    y = one_hot(labels, 4)
    expected = np.mean([metrics.AUC()(y[:, [k]], a[:, [k]]) for k in three])
    assert metrics.AUC()(y, a) == pytest.approx(expected, rel=1e-14)


def test_auc_of_a_single_class_raises():
    a = np.asarray([[0.1], [0.9]])
    with pytest.raises(ValueError, match="samples of two classes, all 2 of y are of class 1"):
        metrics.AUC()(np.ones((2, 1)), a)
    with pytest.raises(ValueError, match="all 2 of y are of class 0"):
        metrics.AUC()(one_hot([0, 0], 3), np.full((2, 3), 0.3))


def test_auc_judges_several_labels_of_a_sample_each_by_itself(sk):
    rng = np.random.default_rng(0)
    y, a = rng.integers(0, 2, (30, 3)), rng.uniform(0, 1, (30, 3))
    assert metrics.AUC()(y, a) == pytest.approx(sk.roc_auc_score(y, a), rel=1e-12)


def test_auc_of_smoothed_targets_is_that_of_their_classes():
    labels, a = classified("random", 1)
    y = one_hot(labels, 4)
    assert metrics.AUC()(0.9 * y + 0.025, a) == metrics.AUC()(y, a)

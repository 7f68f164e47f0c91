"""A fit that goes on from a snapshot, beside the whole one."""

import copy

from _backends import parameters
from training._fits import Rates, classifier, fit

import bpnet


def resumed(make, data, unseen, after=7, epochs=24, **options):
    """Factors and history of a fit, and of one that goes on from where it was after some epochs."""

    class Keep(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == after:
                kept.append(copy.deepcopy(fit.snapshot()))

    class Same(Keep):
        def on_epoch_end(self, fit, row):
            pass

    Same.__name__ = "Keep"
    kept, ends = [], []
    for keep, resume in ((Keep(), None), (Same(), kept)):
        net, rates = classifier(), Rates()
        options = {"epochs": epochs, "validation": unseen, **options}
        snapshot = {"resume": resume[0]} if resume else {}
        history = fit(net, data, callbacks=[make(), rates, keep], **options, **snapshot)
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
        ends.append((rows, history.stopped, history.best_epoch, parameters(net).tolist()))
    return ends, rates.factors

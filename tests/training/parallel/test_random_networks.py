"""Random networks and settings: several ranks come to the bits of one."""

import itertools

import pytest
from _launch import succeeded

pytest.importorskip("array_api_strict")
pytest.importorskip("sklearn")
pytest.importorskip("torch")

TRAIN = """
import random
import warnings
import scipy.sparse
from fuzz.network_cases import drawn
from fuzz.network_checks import trained

def found(seeds, parallel, backend):
    warnings.simplefilter("ignore")
    each = {}
    for seed in seeds:
        case, dice = drawn(seed), random.Random(seed)
        network, changes, x = {}, {"blocks": dice.choice((4, 4, 1, 2, 3, 5, 16))}, case.x
        normalized = case.make().model.architecture.batch_norm_layers
        if normalized:
            changes["accumulate"] = 1
        if dice.random() < 0.2:
            changes["shuffle"] = False
            changes["sample_weight"] = [1.5 * (k % 5 == 0) for k in range(len(case.y))]
        if dice.random() < 0.2:
            changes["batch_size"] = dice.choice((1, max(1, len(case.y) - 1), len(case.y) + 50))
        if dice.random() < 0.2:
            changes["metrics"] = None
        if dice.random() < 0.2:
            x = scipy.sparse.csr_array(x)
        if backend == "torch":
            network["dtype"] = "float32"
            network["compute_dtype"] = dice.choice((None, "float16", "bfloat16"))
        net = case.make(backend, **network)
        each[seed] = trained(net, case, x=x, parallel=parallel, **changes)
    return each
"""
SEEDS = {"numpy": range(1000, 1030), "torch": range(2000, 2015)}


@pytest.mark.parametrize(("ranks", "backend"), [(3, "numpy"), (2, "torch")])
def test_several_ranks_come_to_the_bits_of_one(ranks, backend):
    alone, several = (
        succeeded(f"{TRAIN}\nanswer(found({SEEDS[backend]!r}, 'mpi', {backend!r}))", n, "mpi")
        for n in (1, ranks)
    )
    for expected, found in itertools.product(alone.answers, several.answers):
        for seed, (arrays, figures, counts) in found.items():
            others, other_figures, other_counts = expected[seed]
            assert repr((figures, counts)) == repr((other_figures, other_counts)), seed
            for one, other in zip(arrays, others, strict=True):
                assert one.dtype == other.dtype
                assert one.tobytes() == other.tobytes(), seed

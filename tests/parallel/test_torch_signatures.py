"""Calls for several GPUs that cannot run here, against the installed PyTorch's signatures."""

import inspect

import pytest

dist = pytest.importorskip("torch.distributed")
if not dist.is_available():
    pytest.skip("this build of PyTorch has no torch.distributed", allow_module_level=True)

GATHER = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor


@pytest.mark.parametrize(
    ("function", "arguments", "keywords"),
    [
        (dist.init_process_group, ("gloo",), {"timeout", "store", "rank", "world_size"}),
        (dist.new_group, ([0, 1],), {"timeout", "backend", "use_local_synchronization"}),
        (dist.all_reduce, ("tensor",), {"group", "async_op"}),
        (GATHER, ("out", "in"), {"group"}),
        (dist.broadcast, ("tensor", 0), {"group"}),
        (dist.all_gather_object, ("list", "value"), {"group"}),
        (dist.barrier, (), {"group"}),
        (dist.get_process_group_ranks, ("group",), set()),
    ],
)
def test_functions_take_what_they_are_given(function, arguments, keywords):
    inspect.signature(function).bind(*arguments, **dict.fromkeys(keywords))

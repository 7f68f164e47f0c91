"""Every collective against NumPy, on real ranks, for all dtypes, shapes and layouts."""

import pytest
from _launch import succeeded

SCRIPT = """
import numpy as np, warnings
warnings.simplefilter("error")
{imports}
DTYPES = ["float64", "float32", "float16", "int8", "int16", "int32", "int64"]
DTYPES += ["uint8", "uint16", "uint32", "uint64", "bool", ">f8", "complex128"]
SHAPES = [(), (1,), (7,), (0,), (3, 0), (2, 3, 4)]
def samples():
    for dtype in DTYPES:
        for shape in SHAPES:
            yield lambda rank: np.random.default_rng([rank, 5]).integers(0, 9, shape).astype(dtype)
    yield lambda rank: np.asfortranarray(np.arange(12.0).reshape(3, 4) + rank)
    yield lambda rank: (np.arange(24.0).reshape(4, 6) + rank)[::-1, ::2]
    def read_only(rank):
        array = np.arange(5.0) * rank
        array.flags.writeable = False
        return array
    yield read_only
    {more}
made = {make}
back = {back}
wrong = []
def check(what, sample, got, expected):
    got = back(got)
    same = np.array_equal(got, expected)
    if not same or got.dtype.newbyteorder("=") != expected.dtype.newbyteorder("=") \\
            or got.shape != expected.shape:
        wrong.append((what, str(sample(0).dtype), sample(0).shape, repr(got), repr(expected)))
c = communicator
for sample in samples():
    every = [sample(rank) for rank in range(c.size)]
    try:
        mine = made(sample(c.rank))
    except TypeError:  # the library lacks the dtype
        continue
    before = back(mine).copy()
    check("all_gather", sample, c.all_gather(mine), np.stack(every))
    check("all_reduce_sum", sample, c.all_reduce_sum(mine), sum(every[1:], start=every[0].copy()))
    check("unchanged", sample, mine, before)
    for root in range(c.size):
        check("broadcast", sample, c.broadcast(made(sample(c.rank)), root), every[root])
objects = c.gather_objects({{"rank": c.rank, "text": "x" * 10**c.rank}})
c.barrier()
answer((c.rank, c.size, wrong, objects, c.meet(30), c.pulse(True, 30), c.seconds))
"""

MPI = "from bpnet.parallel.mpi import MPICommunicator\ncommunicator = MPICommunicator()"
GLOO = "import torch\nfrom bpnet.parallel.torch import TorchCommunicator\n"
GLOO += "communicator = TorchCommunicator()\n"


def script(imports, make="lambda x: x", back="np.asarray", more=""):
    return SCRIPT.format(imports=imports, make=make, back=back, more=more)


CASES = {
    "mpi-2": ("mpi", 2, script(MPI)),
    "mpi-3": (
        "mpi",
        3,
        script(
            "import ml_dtypes\n" + MPI,
            more="yield lambda rank: (np.arange(5) + rank).astype(ml_dtypes.bfloat16)",
        ),
    ),
    "mpi-own-communicator": (
        "mpi",
        2,
        script(
            "from mpi4py import MPI\n"
            + MPI.replace("()", "(MPI.COMM_WORLD.Split(0, -MPI.COMM_WORLD.rank))")
        ),
    ),
    "gloo-numpy": ("torch", 2, script(GLOO)),
    "gloo-tensors": (
        "torch",
        2,
        script(
            GLOO + "def tensor(x):\n"
            "    if not x.dtype.isnative: raise TypeError\n"
            "    if x.dtype.kind == 'u' and x.itemsize > 1: raise TypeError\n"  # it cannot add them
            "    return torch.from_numpy(x.copy()) if min(x.strides, default=1) < 0 or not "
            "x.flags.writeable else torch.from_numpy(x)\n",
            make="tensor",
            back="lambda x: x.numpy()",
        ),
    ),
    "gloo-initialised-by-the-program": (
        "torch",
        2,
        script(
            "import torch.distributed as dist\ndist.init_process_group('gloo')\n"
            "world = dist.new_group([0, 1])\n" + GLOO.replace("()", "(world)")
        ),
    ),
}


@pytest.mark.parametrize(("engine", "ranks", "source"), CASES.values(), ids=CASES)
def test_every_collective_is_as_numpy_has_it(engine, ranks, source):
    answers = succeeded(source, ranks, engine).answers
    for rank, (own, size, wrong, objects, met, ending, seconds) in enumerate(answers):
        if "Split" not in source:
            assert own == rank
        assert (size, wrong) == (ranks, [])
        assert objects == [{"rank": r, "text": "x" * 10**r} for r in range(ranks)]
        assert met is True
        assert ending is True
        assert seconds > 0.0


BFLOAT16 = """
import torch
from bpnet.parallel.torch import TorchCommunicator
c = TorchCommunicator()
mine = (torch.arange(4.0) + c.rank).to(torch.bfloat16)
results = c.all_gather(mine), c.all_reduce_sum(mine), c.broadcast(mine, 1)
answer([(str(x.dtype), x.tolist()) for x in results])
"""


def test_bfloat16_tensors():
    rows = [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]]
    expected = [rows, [1.0, 3.0, 5.0, 7.0], rows[1]]
    for found in succeeded(BFLOAT16, 2, "torch").answers:
        assert found == [("torch.bfloat16", value) for value in expected]


OBJECTS = """
import numpy as np
{imports}
array = np.array([None, 1])
found = []
for call in (communicator.all_gather, communicator.all_reduce_sum, communicator.broadcast):
    try:
        call(array)
    except TypeError as error:
        found.append(str(error))
answer(found)
"""


@pytest.mark.parametrize(("engine", "imports"), [("mpi", MPI), ("torch", GLOO)])
def test_arrays_of_python_objects_are_refused(engine, imports):
    told = "arrays of dtype object cannot be sent: gather_objects sends Python objects"
    for found in succeeded(OBJECTS.format(imports=imports), 1, engine).answers:
        assert found == [told] * 3


DEVICES = """
import bpnet
from bpnet.backends import get_backend
{imports}
tensors = get_backend("torch", "cpu")
class Cuda:  # of PyTorch
    device, owns = "cuda:0", tensors.owns
class Other:
    device, owns = "cuda:0", lambda array: False
backends = get_backend("numpy"), tensors, Cuda, Other
answer([communicator.takes_device_arrays(one) for one in backends])
"""


@pytest.mark.parametrize(
    ("engine", "imports", "expected"),
    [
        ("mpi", MPI, [True, False, False, False]),
        ("torch", GLOO, [True, True, False, False]),
    ],
)
def test_which_arrays_are_taken(engine, imports, expected):
    """On a machine with no GPU."""
    pytest.importorskip("torch")  # one of the arrays is a tensor
    job = succeeded(DEVICES.format(imports=imports), 1, engine, env={"CUDA_VISIBLE_DEVICES": ""})
    assert job.answers == [expected]

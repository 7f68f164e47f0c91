"""A file larger than the memory."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

CHILD = """
import sys
import numpy as np
from bpnet.backends import get_backend
from bpnet.compiler import compile_step
from bpnet.data import NpySource
from bpnet.training.streaming import StreamFeed, rows_within

backend = get_backend("numpy")

def step(xp, state, x, y, rates):
    (w,) = state
    error = xp.matmul(x, w) - y
    return (w - rates[0] * xp.matmul(x.T, error),), error

run = compile_step(backend, step)

def train(source, memory):
    feed = StreamFeed(
        source,
        lambda x, y: (backend.asarray(x), backend.asarray(y), None),
        batch_size=128,
        seed=0,
        buffer_rows=rows_within(memory, 21),
        scope=backend.scope,
    )
    state, steps = (np.zeros((20, 1), np.float32),), 0
    for x, y, order, _ in feed.blocks(0, 0, 1024):
        state, z = run(state, x, y, order, [(0.1,)] * len(order))
        steps += len(order)
    return steps

whole = NpySource(sys.argv[1], sys.argv[2])
class Few(NpySource):
    def __len__(self):
        return 2000
train(Few(sys.argv[1], sys.argv[2]), 1_000_000)
print("ready", flush=True)
sys.stdin.readline()
print(train(whole, 10_000_000), flush=True)
sys.stdin.readline()
"""


def anonymous(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells RssAnon")
def test_a_file_of_20_times_the_memory_trains_within_it(tmp_path):
    allowed, rows = 20_000_000, 5_000_000
    if shutil.disk_usage(tmp_path).free < 25 * allowed:
        pytest.skip(f"{tmp_path} has less room than {25 * allowed} bytes")
    paths = [tmp_path / "x.npy", tmp_path / "y.npy"]
    for path, width in zip(paths, (20, 1), strict=True):  # no byte of them is written
        np.lib.format.open_memmap(path, "w+", np.float32, (rows, width)).flush()
    assert paths[0].stat().st_size >= 20 * allowed
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        text=True,
    ) as child:
        assert child.stdout.readline() == "ready\n"
        start = peak = anonymous(child.pid)
        answer = []
        waiting = threading.Thread(target=lambda: answer.append(child.stdout.readline()))
        print(file=child.stdin, flush=True)
        waiting.start()
        while waiting.is_alive():
            peak = max(peak, anonymous(child.pid))
            waiting.join(0.002)
        print(file=child.stdin, flush=True)
    assert answer == [f"{-(-rows // 128)}\n"]
    assert peak - start <= allowed

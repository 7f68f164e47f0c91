"""A reader that goes wrong in every way that a trial must notice: one for each seed."""

import os
import subprocess
import sys
import time
from pathlib import Path

KINDS = (
    "fine",
    "refused",
    "another error",
    "nameless",
    "long message",
    "recursion",
    "busy",
    "memory",
    "process",
    "relative file",
    "file beside",
    "file elsewhere",
    "dies",
    "changed",
    "hangs",
)


class BadReader:
    """Does what its file says."""

    name, suffix = "bad", ".txt"
    errors = (ValueError,)

    def good(self):
        return [b"fine"]

    def of_seed(self, seed):
        """In place of a random one."""
        return KINDS[seed].encode()

    def use(self, path):
        kind = path.read_text()
        if kind == "refused":
            raise ValueError(f"{path} is refused")
        if kind == "another error":
            return {}[0]
        if kind == "nameless":
            raise ValueError("refused")
        if kind == "long message":
            raise ValueError(f"{path}{'!' * 3000}")
        if kind == "recursion":
            return self.use(path)
        if kind == "busy":
            began = time.process_time()
            while time.process_time() - began < 1.2:
                pass
        if kind == "memory":
            return bytearray(300 * 2**20).count(1)
        if kind == "process":
            subprocess.run([sys.executable, "-c", ""], check=True)
        if kind == "relative file":
            Path("trace").write_text("")
        if kind == "file beside":
            path.with_name("trace").write_text("")
        if kind == "file elsewhere":
            other = path.parents[1] / "trace"
            other.write_text("")
            other.unlink()
        if kind == "changed":
            path.write_text("other")
        if kind == "hangs":
            time.sleep(100)
        if kind == "dies":
            os.abort()
        return None

"""Hosts for tests of a job on several machines: network namespaces of Linux, joined by a switch.

They need root (or CAP_NET_ADMIN and CAP_SYS_ADMIN) and the programs ``ip`` and, for rates, ``tc``.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Hosts", "why_not"]

_PREFIX = "bpnet-hosts-"  # of namespaces; the number of the process that made them follows
_ADDRESS = "10.77.1."
# A namespace takes its links along when it goes. This waits for the end of the process that made
# the hosts, however it ends, and leaves nothing of them.
_REMOVE = """
cat > {null}
for name in {names}; do
    for pid in $(ip netns pids $name); do kill -KILL $pid; done
    ip netns delete $name
done
"""


def why_not() -> str:
    """Why there can be no hosts here; empty if there can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if shutil.which("ip") is None:
        return "no program ip (iproute2) here"
    name = f"{_PREFIX}{os.getpid()}-try"
    made = _ip("netns", "add", name, check=False)
    if made.returncode:
        return f"this system makes no network namespaces: {made.stderr.strip()}"
    joined = _ip("-n", name, "link", "add", "one", "type", "veth", "peer", "two", check=False)
    bridge = _ip("-n", name, "link", "add", "three", "type", "bridge", check=False)
    _ip("netns", "delete", name)
    if joined.returncode or bridge.returncode:
        return f"this system makes no links: {joined.stderr.strip() or bridge.stderr.strip()}"
    return ""


class Hosts:
    """Hosts with an address each, ``10.77.1.1`` and so on, on their links ``eth0`` to a switch.

    Nothing of them is outside their namespaces, and nothing is left of them once the context is
    left, or this process has ended in whatever way; what runs on them then is killed.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int = 3) -> None:
        self.addresses = [f"{_ADDRESS}{k + 1}" for k in range(count)]
        self._names = [f"{_PREFIX}{os.getpid()}-{k}" for k in range(count)]
        self._switch = f"{_PREFIX}{os.getpid()}-switch"

    def __enter__(self) -> Hosts:
        _remove_leftovers()
        names = [*self._names, self._switch]
        script = _REMOVE.format(null=os.devnull, names=" ".join(names))
        self._remover = subprocess.Popen(
            ["sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        assert self._remover.stdin is not None
        self._remover.stdin.close()
        self._remover.wait(30)
        self._folder.cleanup()

    def _make(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "switch", "up")
        for k, name in enumerate(self._names):
            _ip("netns", "add", name)
            link = ["link", "add", f"to{k}", "type", "veth", "peer", "name", "eth0"]
            _ip("-n", self._switch, *link, "netns", name)
            _ip("-n", self._switch, "link", "set", f"to{k}", "master", "switch", "up")
            _ip("-n", name, "address", "add", f"{self.addresses[k]}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        # What mpiexec calls: -x ADDRESS COMMAND, the latter for a shell.
        self._reach = Path(self._folder.name, "reach")
        self._reach.write_text(
            "#!/bin/sh\nshift; host=$1; shift\n"
            f'exec ip netns exec "{_PREFIX}{os.getpid()}-$((${{host##*.}} - 1))" sh -c "$*"\n'
        )
        self._reach.chmod(0o755)

    def on(self, host: int, command: Sequence[str]) -> list[str]:
        """What runs a command on one of them."""
        return ["ip", "netns", "exec", self._names[host], *command]

    def mpiexec(self, program: str, command: Sequence[str]) -> list[str]:
        """What starts a command with a rank on each of them, by MPICH's mpiexec on the first."""
        return self.on(
            0,
            [
                program,
                *("-launcher", "ssh", "-launcher-exec", str(self._reach)),
                *("-hosts", ",".join(self.addresses), "-iface", "eth0"),
                *("-n", str(len(self.addresses)), *command),
            ],
        )

    def torchrun(self, command: Sequence[str], port: int = 29500) -> list[list[str]]:
        """What starts a command with a rank on each of them, by torchrun: a command a host."""
        count = len(self.addresses)
        place = [f"--master-addr={self.addresses[0]}", f"--master-port={port}"]
        launcher = [sys.executable, "-m", "torch.distributed.run", f"--nnodes={count}", *place]
        return [self.on(k, [*launcher, f"--node-rank={k}", *command]) for k in range(count)]

    @property
    def environment(self) -> dict[str, str]:
        """What a job needs for its ranks to use the links, on hosts that are one machine."""
        return {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "eth0", "GLOO_SOCKET_IFNAME": "eth0"}

    def cut(self, host: int) -> None:
        """Cut a host's link."""
        _ip("-n", self._switch, "link", "set", f"to{host}", "down")

    def limit(self, rate: str | None) -> None:
        """Limit what each host sends, as ``"100mbit"``; None for no limit."""
        for host in range(len(self.addresses)):
            change = ["add", "dev", "eth0", "root"]
            subprocess.run(
                self.on(host, ["tc", "qdisc", "delete", "dev", "eth0", "root"]),
                check=False,
                capture_output=True,
            )
            if rate is not None:
                bucket = ["tbf", "rate", rate, "burst", "32kb", "latency", "100ms"]
                subprocess.run(self.on(host, ["tc", "qdisc", *change, *bucket]), check=True)

    def processes(self, host: int) -> list[int]:
        """What runs on a host."""
        return [*map(int, _ip("netns", "pids", self._names[host]).stdout.split())]

    def received(self, host: int) -> int:
        """Bytes that a host has received on its link."""
        path = "/sys/class/net/eth0/statistics/rx_bytes"
        told = subprocess.run(
            self.on(host, ["cat", path]), check=True, capture_output=True, text=True
        )
        return int(told.stdout)


def _remove_leftovers() -> None:
    """Remove the hosts of processes that have ended."""
    for line in _ip("netns", "list").stdout.splitlines():
        name = line.partition(" ")[0]
        owner = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and owner.isdecimal() and not Path("/proc", owner).exists():
            script = _REMOVE.format(null=os.devnull, names=shlex.quote(name))
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    ["sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True,
                    check=False, timeout=30,
                )  # fmt: skip


def _ip(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True)

"""A real Slurm on this machine: one controller and two node daemons on loopback, with munge, in a folder of its own.

Without accounting, as on many small clusters. Needs root and Debian's `slurm-wlm` and `munge`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo")
NODES = ("n1", "n2")
CONTROLLER_PORT = 16817
SYSTEM_CONF = Path("/etc/slurm/slurm.conf")  # where every tool looks, whatever environment a job step is given

# Memory is watched by Slurm itself (no control groups needed), so a job over its limit is ended as on a large cluster.
CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,sched_min_interval=0,batch_sched_delay=1
SlurmdTimeout=15
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=300
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Why no Slurm can be started here, or None."""
    if os.geteuid() != 0:
        return "a Slurm of our own needs root"
    if lacking := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"not installed: {', '.join(lacking)} (Debian: apt-get install slurm-wlm munge)"
    if SYSTEM_CONF.exists() and not _left_behind():
        return f"this machine has a Slurm already ({SYSTEM_CONF})"
    return None


def _left_behind() -> bool:
    """Whether the machine's configuration is that of a cluster of ours whose test was killed: nobody answers for it."""
    if not SYSTEM_CONF.is_symlink() or "ClusterName=loopback" not in SYSTEM_CONF.read_text():
        return False
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", CONTROLLER_PORT)) != 0


class LocalSlurm:
    """The daemons, as child processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Raises RuntimeError with the daemons' logs where the nodes are not idle after a minute."""
        host = socket.gethostname().split(".")[0]
        (self.folder / "state").mkdir(parents=True)
        SYSTEM_CONF.unlink(missing_ok=True)  # a link to a cluster that is gone
        SYSTEM_CONF.parent.mkdir(exist_ok=True)
        SYSTEM_CONF.symlink_to(self.conf)
        self.conf.write_text(CONF.format(host=host, folder=self.folder, port=CONTROLLER_PORT))
        self._start_munge()
        self._run("slurmctld", "slurmctld", "-D", "-c", "-f", str(self.conf))
        for node in NODES:
            self.start_node(node)
        self._wait()

    def start_node(self, node: str) -> None:
        (self.folder / f"spool.{node}").mkdir(exist_ok=True)
        self._run(node, "slurmd", "-D", "-N", node, "-f", str(self.conf))

    def lose_node(self, node: str) -> None:
        """The node's daemon and all that runs below it are gone at once, as when its power fails."""
        everything = _tasks_of(node)
        for pid in {self.daemons[node].pid, *everything}:
            everything = everything | _descendants(pid)
        self.daemons.pop(node).kill()
        for pid in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ask(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

    def stop(self) -> None:
        for node in NODES:
            if node in self.daemons:
                self.lose_node(node)
        for name in ("slurmctld", "munged"):
            if daemon := self.daemons.pop(name, None):
                daemon.terminate()
                try:
                    daemon.wait(10)
                except subprocess.TimeoutExpired:
                    daemon.kill()
        SYSTEM_CONF.unlink(missing_ok=True)

    def _start_munge(self) -> None:
        folder = self.folder
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        command = ["munged", "--foreground", "--force", "--num-threads=2"]
        names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._run("munged", *command, *(f"--{option}={folder}/munge.{name}" for option, name in names.items()))
        _until(lambda: (folder / "munge.socket").exists(), 20)

    def _run(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def _wait(self) -> None:
        if not _until(lambda: self.ask("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(NODES), 60):
            logs = "\n".join(
                f"{path.name}:\n{path.read_text(errors='replace')[-2000:]}" for path in sorted(self.folder.glob("*.*"))
                if path.suffix in (".out", ".log")
            )  # fmt: skip
            raise RuntimeError(f"the nodes are not idle:\n{self.ask('sinfo', '-N', '-l')}\n{logs}")


def _until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.3)
    return False


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        found.setdefault(parent, []).append(int(path.parent.name))
    return found


def _descendants(pid: int) -> set[int]:
    children, found, waiting = _children(), set(), [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def _tasks_of(node: str) -> set[int]:
    """Tasks on a node and the slurmstepd of each: they have left slurmd, and are known by what it set for them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError, ValueError):
            if f"SLURMD_NODENAME={node}".encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
                parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
                if Path(f"/proc/{parent}/comm").read_text().startswith("slurmstepd"):
                    found.add(parent)
    return found

"""One run at a time works on a folder of results: held by a lock that ends with the process, however it ends."""

from __future__ import annotations

import atexit
import errno
import fcntl
import logging
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

from snakemake_interface_common.exceptions import WorkflowError

from coeruleus.disk import disk_words

LOCK_FILE, SUBMITTED = ".lock", ".submitted"
_held: list[int] = []  # open for as long as the process lives
LOCK = "COERULEUS_LOCK"  # the environment tells jobs which lock their run holds
IMPORTED = "COERULEUS_IMPORTED"  # and what CPU time was spent on a job's modules before it began, in seconds
PATIENCE = 3.0  # seconds; jobs of a run that was killed look at the lock now and then until they end
UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class RunningAlready(WorkflowError):
    """Another run works on the same results."""


class Submitted(logging.Handler):
    """Notes the jobs that a run gives to a cluster, for the run after it if it is killed: they go on without it."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        for number in re.findall(r"SLURM jobid (\d+)", record.getMessage()):
            with self.path.open("a", encoding="ascii") as handle:
                handle.write(f"{number}\n")


def claim(folder: Path) -> Submitted:
    """Hold the interim results in `folder` until this process ends, by whatever end.

    Raises RunningAlready where another run holds them, or where jobs of one that was killed still work on a cluster,
    and WorkflowError where nothing can be written there. On a file system without locks nothing is held.
    """
    try:
        return _claim(folder)
    except OSError as error:
        raise WorkflowError(disk_words(error)) from None


def _claim(folder: Path) -> Submitted:
    folder.mkdir(parents=True, exist_ok=True)
    lock, submitted = folder / LOCK_FILE, folder / SUBMITTED
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(handle, time.monotonic() + PATIENCE)
    except OSError as error:
        if error.errno in UNSUPPORTED:
            os.close(handle)
            return _after_a_killed_run(submitted)
        who = os.pread(handle, 200, 0).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise RunningAlready(
            f"another run works on these results ({folder.parent}): {who}. Wait until it has ended, or end it, "
            "or give this one a place of its own: --config results=OTHER"
        ) from None
    _held.append(handle)
    noting = _after_a_killed_run(submitted)
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    atexit.register(os.ftruncate, handle, 0)
    os.environ[LOCK] = str(lock)
    return noting


def _after_a_killed_run(submitted: Path) -> Submitted:
    if left := still_queued(submitted):
        raise RunningAlready(
            f"jobs of a run that was killed still work on these results ({submitted.parent.parent}): wait until they "
            f"are through, or end them: scancel {' '.join(left)}"
        )
    submitted.unlink(missing_ok=True)
    atexit.register(submitted.unlink, missing_ok=True)  # a run that ends by itself leaves no jobs
    return Submitted(submitted)


def still_queued(submitted: Path) -> list[str]:
    """Those of the noted jobs that Slurm still knows as waiting or running.

    Raises WorkflowError where some were noted and Slurm does not answer: they may write into the results.
    """
    noted = set(submitted.read_text("ascii").split()) if submitted.is_file() else set()
    if not noted:
        return []
    words = f"a run that was killed left jobs on the cluster ({' '.join(sorted(noted, key=int))})"
    try:
        done = subprocess.run(
            ["squeue", "--me", "--noheader", "--format=%A"], capture_output=True, text=True, timeout=60, check=True
        )
    except FileNotFoundError:
        raise WorkflowError(
            f"{words}, and this machine has no squeue to ask for them: run this where they were submitted, or, where "
            f"they are through, remove {submitted}"
        ) from None
    except subprocess.SubprocessError:
        raise WorkflowError(f"{words}, and squeue does not answer: try again later") from None
    return sorted(noted & set(done.stdout.split()), key=int)


def _lock(handle: int, until: float) -> None:
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def end_with_the_run() -> None:
    """End this job as soon as nobody holds its run's lock: left alone it would write into the next run's results.

    Only where the holder is on this machine; elsewhere a lock may not be seen.
    """
    try:
        handle = os.open(os.environ[LOCK], os.O_RDONLY)
    except (KeyError, OSError):
        return
    holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
    if not holder.endswith(f" on {socket.gethostname()}") or not _is_held(handle):
        os.close(handle)
        return

    def watch() -> None:
        while _is_held(handle):
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _is_held(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False

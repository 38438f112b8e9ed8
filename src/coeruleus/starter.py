"""Jobs that start at once: one process imports the modules of rule scripts, and every job of a run is a fork of it.

Snakemake starts a Python of its own for each script; in most jobs importing takes longer than the work. Modules are
imported when the first script asks for them. Each job remains a process of its own, which can fail or be killed alone.
Where a job needs another environment, and on other systems than Linux, Snakemake starts it as it always did: elsewhere
numeric libraries may not survive a fork.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import gc
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from coeruleus.one_run import IMPORTED

LOST = 137  # exit status of a job of which nothing was heard, as of one that was killed


class Starter:
    """The process that jobs are forks of, as Snakemake sees it: started with the first job, ends with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # Snakemake runs each job in a thread
        self._control: socket.socket | None = None

    def run(self, script: str) -> int:
        """Run a Python script to its end; its exit status, from 128 on where a signal ended it."""
        ours, theirs = socket.socketpair()
        with ours:
            with self._lock, theirs:
                self._send(theirs)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                ours.sendall(f"{Path.cwd()}\n{script}".encode())
                ours.shutdown(socket.SHUT_WR)
            said = _all_of(ours)
        return int(said) if said else LOST

    def _send(self, theirs: socket.socket) -> None:
        if self._control is not None:
            try:
                socket.send_fds(self._control, [b"."], [theirs.fileno()])
                return
            except OSError:  # it was killed
                self._control.close()
        self._control, control = socket.socketpair()
        with control:
            command = [sys.executable, "-P", "-m", "coeruleus.starter"]
            process = subprocess.Popen(command, stdin=control.fileno())
        atexit.register(_end, self._control, process)
        socket.send_fds(self._control, [b"."], [theirs.fileno()])


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Waited for, so that what jobs used counts as used by Snakemake."""
    control.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def install() -> None:
    """From now on Snakemake, in this process, has its Python scripts run by a `Starter`."""
    from snakemake.script import PythonScript

    if not sys.platform.startswith("linux") or getattr(PythonScript.execute_script, "starter", None):
        return
    starter, own = Starter(), PythonScript.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        elsewhere = self.conda_env or self.env_modules or self.container_img or self.bench_record or self.shadow_dir
        if elsewhere or self.resources.get("tmpdir", tempfile.gettempdir()) != tempfile.gettempdir():
            return own(self, fname, edit)
        if status := starter.run(fname):
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")

    execute_script.starter = starter  # type: ignore[attr-defined]
    PythonScript.execute_script = execute_script


def _all_of(connection: socket.socket) -> bytes:
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            said += part
    return said


def serve(control: socket.socket) -> str:
    """Fork for every script that is asked for. Returns in each of these processes, with its script."""
    replies: dict[int, socket.socket] = {}
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # this ends with Snakemake
    spent = 0.0
    heard = control.fileno()
    while True:
        ready, _, _ = select.select([heard, awake], [], [])
        if awake in ready:
            os.read(awake, 65536)
            _tell_ends(replies)
        if heard not in ready:
            continue
        word, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not word:
            os._exit(0)
        reply = socket.socket(fileno=handles[0])
        folder, _, script = _all_of(reply).decode().partition("\n")
        if not script:
            continue
        _import_for(Path(folder) / script)
        spent, before = time.process_time(), spent
        try:
            pid = os.fork()
        except OSError as error:  # the others go on
            print(f"no process for {Path(script).name}: {error}", file=sys.stderr, flush=True)
            with reply, contextlib.suppress(OSError):
                reply.sendall(b"1")
            continue
        if pid:
            replies[pid] = reply
            continue
        os.environ[IMPORTED] = str(spent - before)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, interrupt)
        os.close(awake)
        os.close(wake)
        for held in (control, *replies.values()):
            held.close()
        _kept.append(reply)  # Snakemake hears of an end when nobody holds this, even if the starter is killed
        os.chdir(folder)
        with contextlib.suppress(OSError):  # its name in `top`, where the system has such a file
            Path("/proc/self/comm").write_text(Path(script).name.split(".")[1])
        return script


_kept: list[socket.socket] = []


def _tell_ends(replies: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            code = os.waitstatus_to_exitcode(status)
            with replies.pop(pid) as reply, contextlib.suppress(OSError):
                reply.sendall(str(code if code >= 0 else 128 - code).encode())


def _import_for(script: Path) -> None:
    """Import what a script imports. What cannot be imported the script itself says."""
    with contextlib.suppress(Exception):
        tree = ast.parse(script.read_text("utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(tree, str(script), "exec"), {})  # noqa: S102 (it will be run anyway)


def main() -> None:
    gc.disable()  # modules stay: a job begins to look for garbage when its work begins
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    script = serve(control)
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()

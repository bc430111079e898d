# SPDX-License-Identifier: Apache-2.0
"""The background process that owns a running lab: its guest, its folder, its two sockets."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from netem_lab.errors import LabError
from netem_lab.guest import forward, namespace
from netem_lab.guest.frames import Command
from netem_lab.guest.runner import Remote
from netem_lab.guest.uml import Guest
from netem_lab.node import main as node
from netem_lab.node.neutron import API_PORT
from netem_lab.session import state

_LOG_LINES = 40
_DATABASE = state.GUEST_FOLDER / "neutron.sqlite"


@dataclass(frozen=True)
class Order:
    """A lab that is asked for: port 0 is a free one, `modules` the folder of kernel modules."""

    api_port: int
    memory_mib: int
    backend: str
    modules: str


def main() -> None:
    """Bring a lab up, report it on stdout, and keep it until SIGTERM; argv: see `Order`."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        claim = state.claim()  # held open until this process ends
        try:
            _run(Order(**json.loads(sys.argv[1])))
        finally:
            state.remove()
            os.close(claim)
    except LabError as error:
        _say(error=str(error), log=error.log)


def _stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the end
    raise LabError("the lab was told to go down before it was up")


def _run(order: Order) -> None:
    # Both sockets are made in the host's network namespace, before this process enters its own.
    api = _listen_api(order.api_port)
    port = api.getsockname()[1]
    lab = state.Lab(os.getpid(), port, order.memory_mib, order.backend, since_s=time.time())
    lab.write()
    commands = socket.socket(socket.AF_UNIX)
    commands.bind(str(state.EXEC_SOCKET))
    commands.listen(64)
    namespace.enter(state.GUEST_FOLDER, order.memory_mib)
    guest = Guest(state.GUEST_FOLDER, order.memory_mib, modules=Path(order.modules))
    try:
        _say(progress="booting the guest kernel")
        database = _Database()
        guest.wait_until_booted()
        forward.start(commands, guest.connect)
        forward.start(api, functools.partial(guest.connect, API_PORT))
        _tend(guest, database, lab)
    finally:
        guest.stop()
        namespace.leave(state.GUEST_FOLDER)


def _tend(guest: Guest, database: _Database, lab: state.Lab) -> None:
    argv = [sys.executable, "-m", "netem_lab.node.main", lab.backend, str(_DATABASE)]
    process = Remote(guest.connect(), Command.here(argv))
    database.on_failure(process.kill)
    try:
        for line in process:
            if line.strip() != node.READY:
                _say(progress=line.strip())
                continue
            lab = replace(lab, ready=True)
            lab.write()
            _say(ready=True)
            _detach()
    except ConnectionError:
        if database.failure:
            raise LabError("cannot make Neutron's database", database.failure) from None
        raise LabError("the guest kernel died", guest.console()) from None
    *before, failure = process.stderr.splitlines() or ["the node has ended"]
    if not lab.ready:
        raise LabError(failure, "\n".join([_logs(guest), *before]))
    # The guest is kept, because its logs say why the node has ended.
    replace(lab, failure=failure).write()
    guest.wait()


def _listen_api(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=64)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise LabError(
            f"cannot listen on 127.0.0.1:{port}: {why}; take another with --port"
        ) from None


class _Database:
    """The process that makes Neutron's database, on the host because the guest is slower."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "netem_lab.node.database", str(_DATABASE)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.failure: Optional[str] = None

    def on_failure(self, call: Any) -> None:
        """Call `call` if the database cannot be made."""
        threading.Thread(target=self._wait, args=(call,), daemon=True).start()

    def _wait(self, call: Any) -> None:
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            self.failure = output.decode(errors="replace")
            call()


def _logs(guest: Guest) -> str:
    """The last lines of the node's output and of the errors in its logs."""
    folder = node.LOG_FOLDER
    script = f"tail -n 20 {folder}/*.out; grep -hE '[ |](ERROR|ERR|CRITICAL)[ |]' {folder}/*.log"
    lines = list(Remote(guest.connect(), Command.here(["sh", "-c", script])))
    return "".join(lines[-_LOG_LINES:])


def _say(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def _detach() -> None:
    """Close the output that `up` reads, so that `up` and its terminal can end."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    os.close(null)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The background process that owns a running lab: its guest, its folder, its two sockets."""

from __future__ import annotations

import contextlib
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
from typing import Any, Callable, List, Optional, Sequence

from netem_lab.errors import LabError
from netem_lab.guest import forward, namespace
from netem_lab.guest.frames import Command
from netem_lab.guest.place import FIRST, PLACES, SECOND
from netem_lab.guest.runner import Remote
from netem_lab.guest.uml import Guest
from netem_lab.node import main as node
from netem_lab.node.files import LOG_FOLDER
from netem_lab.node.neutron import API_PORT
from netem_lab.node.part import Part
from netem_lab.session import state

_LOG_LINES = 40


@dataclass(frozen=True)
class Order:
    """A lab that is asked for: port 0 is a free one, `modules` the folder of kernel modules."""

    api_port: int
    memory_mib: int
    backend: str
    modules: str
    chassis: int


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
    # All sockets are made in the host's network namespace, before this process enters its own.
    api = _listen_api(order.api_port)
    port = api.getsockname()[1]
    lab = state.Lab(os.getpid(), port, order.memory_mib, order.backend, time.time(), order.chassis)
    lab.write()
    commands = [_listen_commands(node) for node in lab.nodes]
    with contextlib.ExitStack() as stack:
        guests = _boot(lab, Path(order.modules), stack)
        _say(progress="booting the guest kernel" + "s" * (len(guests) > 1))
        database = _Database(_database(lab))
        stack.callback(database.stop)
        for listening, guest in zip(commands, guests):
            guest.wait_until_booted()
            forward.start(listening, guest.connect)
        forward.start(api, functools.partial(guests[0].connect, API_PORT))
        _tend(guests, database, lab)


def _boot(lab: state.Lab, modules: Path, stack: contextlib.ExitStack) -> List[Guest]:
    """Start to boot a guest for each node; the end of `stack` ends them."""
    folders = [state.guest_folder(node) for node in lab.nodes]
    for folder in folders:
        folder.mkdir()
    namespace.enter(folders[0], lab.memory_mib)
    stack.callback(namespace.leave, folders[0])
    cables: Sequence[Optional[socket.socket]] = [None]
    if lab.chassis > 1:
        namespace.make_room(folders[1], lab.memory_mib, SECOND)
        stack.callback(namespace.leave, folders[1])
        cables = [
            stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ]
    guests = []
    for folder, place, cable in zip(folders, PLACES, cables):
        guest = Guest(folder, lab.memory_mib, modules=modules, place=place, cable=cable)
        stack.callback(guest.stop)
        guests.append(guest)
    return guests


def _parts(lab: state.Lab) -> List[Part]:
    """What each node is told."""
    hosts = {vm: PLACES[lab.nodes.index(node)].hostname for vm, node in lab.homes.items()}
    central = Part(lab.backend, hosts, database=str(_database(lab)))
    if lab.chassis == 1:
        return [central]
    address = FIRST.cable_address
    return [
        replace(central, address=address, central=address),
        Part(lab.backend, hosts, SECOND.cable_address, address),
    ]


def _tend(guests: Sequence[Guest], database: _Database, lab: state.Lab) -> None:
    central, *others = _parts(lab)
    process = _start("main", guests[0], central)
    chassis = [_Chassis(guest, part) for guest, part in zip(guests[1:], others)]
    for each in (database, *chassis):
        each.on_failure(process.kill)
    try:
        for line in process:
            if line.strip() != node.READY:
                _say(progress=line.strip())
                continue
            lab = replace(lab, ready=True)
            lab.write()
            _say(ready=True)
            _detach()
        *before, failure = process.stderr.splitlines() or ["the node has ended"]
        log = "\n".join([_logs(guests[0]), *before])
    except ConnectionError:
        failed = [each for each in (database, *chassis) if each.failure]
        if not failed:
            raise LabError("the guest kernel died", guests[0].console()) from None
        failure, log = failed[0].failure, failed[0].log
    if not lab.ready:
        raise LabError(failure, log)
    # The guests are kept, because their logs say why the node has ended.
    replace(lab, failure=failure).write()
    guests[0].wait()


def _start(program: str, guest: Guest, part: Part) -> Remote:
    argv = [sys.executable, "-m", f"netem_lab.node.{program}", part.encode()]
    return Remote(guest.connect(), Command.here(argv))


def _listen_commands(node: str) -> socket.socket:
    commands = socket.socket(socket.AF_UNIX)
    commands.bind(str(state.exec_socket(node)))
    commands.listen(64)
    return commands


def _listen_api(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=64)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise LabError(
            f"cannot listen on 127.0.0.1:{port}: {why}; take another with --port"
        ) from None


class _Watched:
    """What the first node needs; `failure` says why that has ended, with its details in `log`."""

    failure = ""
    log = ""

    def on_failure(self, call: Callable[[], None]) -> None:
        """Call `call` when it has failed."""
        threading.Thread(target=self._watch, args=(call,), daemon=True).start()

    def _watch(self, call: Callable[[], None]) -> None:
        self._wait()
        if self.failure:
            call()

    def _wait(self) -> None:
        """Wait for its end, and set both where that is a failure."""
        raise NotImplementedError


class _Database(_Watched):
    """The process that makes Neutron's database, on the host because the guest is slower."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "netem_lab.node.database", str(path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def stop(self) -> None:
        """Kill it where it still runs: a lab may fail before its database is made."""
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            self.log = output.decode(errors="replace")
            self.failure = "cannot make Neutron's database"


class _Chassis(_Watched):
    """The second node, which is never to end."""

    def __init__(self, guest: Guest, part: Part) -> None:
        self._guest = guest
        self._process = _start("chassis", guest, part)

    def _wait(self) -> None:
        try:
            self._process.wait()
            *before, failure = self._process.stderr.splitlines() or ["the second node has ended"]
            self.log = "\n".join([_logs(self._guest), *before])
            self.failure = failure
        except ConnectionError:
            self.log = self._guest.console()
            self.failure = "the second guest kernel died"


def _database(lab: state.Lab) -> Path:
    """Where Neutron's database is made: the first guest sees its own folder only."""
    return state.guest_folder(lab.nodes[0]) / "neutron.sqlite"


def _logs(guest: Guest) -> str:
    """The last lines of the node's output and of the errors in its logs."""
    folder = LOG_FOLDER
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

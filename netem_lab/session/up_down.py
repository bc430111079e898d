# SPDX-License-Identifier: Apache-2.0
"""Bring a lab up and take it down."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Callable, Iterator, List, Optional

from netem_lab.errors import LabError
from netem_lab.guest import zones
from netem_lab.guest.host import UML_MODULES, require_node, require_root
from netem_lab.guest.uml import DEFAULT_MEMORY_MIB
from netem_lab.node.backend import BACKENDS, DEFAULT_BACKEND, Backend
from netem_lab.session import state
from netem_lab.session.state import DEFAULT_API_PORT, Lab
from netem_lab.session.supervisor import Order

_ANY_PORT = 0
_STOP_TIMEOUT_S = 15


def _to_stderr(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def up(
    api_port: int = DEFAULT_API_PORT,
    memory_mib: int = DEFAULT_MEMORY_MIB,
    backend: str = DEFAULT_BACKEND,
    progress: Callable[[str], None] = _to_stderr,
    chassis: int = 1,
) -> Lab:
    """Start a lab in the background and return it once both instances ping each other.

    Port 0 takes a free one. `progress` is called with what is waited for. Raises LabError.
    """
    if chassis > BACKENDS[backend].most_chassis:
        raise LabError(f"{chassis} chassis need --backend ovn: a lab on {backend} has one node")
    modules = _modules(BACKENDS[backend], progress)
    order = Order(api_port, memory_mib, backend, str(modules), chassis)
    command = [sys.executable, "-m", f"{__package__}.supervisor", json.dumps(asdict(order))]
    supervisor = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        start_new_session=True,
    )
    try:
        _follow(supervisor, progress)
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise
    return state.required()


def _modules(backend: Backend, progress: Callable[[str], None]) -> Path:
    """The kernel modules for a backend; raises LabError where something it needs is missing."""
    require_node({**backend.programs, **(zones.PROGRAMS if backend.needs_zones else {})})
    if not backend.needs_zones:
        return UML_MODULES
    state.require_none()  # rather than after a minute, in which modules are made
    return zones.ZoneModules().ensure(progress)


def _follow(supervisor: subprocess.Popen[str], progress: Callable[[str], None]) -> None:
    """Return when the lab is ready; raises LabError with the supervisor's reason."""
    assert supervisor.stdout
    unexpected: List[str] = []
    for line in supervisor.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            unexpected.append(line)
            continue
        if "ready" in message:
            return
        if "error" in message:
            raise LabError(message["error"], message["log"])
        progress(message["progress"])
    raise LabError("the lab's supervisor died", "".join(unexpected))


def down() -> None:
    """End the running lab and everything that belongs to it; raises LabError if there is none."""
    require_root()
    pid = state.required().pid
    supervisor = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGTERM)
        ended = select.poll()
        ended.register(supervisor, select.POLLIN)
        if not ended.poll(_STOP_TIMEOUT_S * 1000):
            # The guest dies with its supervisor.
            os.kill(pid, signal.SIGKILL)
            ended.poll()
            state.remove()
    finally:
        os.close(supervisor)


@contextlib.contextmanager
def opened(
    backend: Optional[str] = None,
    progress: Callable[[str], None] = _to_stderr,
    chassis: Optional[int] = None,
) -> Iterator[Lab]:
    """Yield the lab that is up and leave it up; where none is, yield a new one and end it.

    Raises LabError where the lab that is up has another backend than the one asked for, if any, or
    another number of chassis.
    """
    lab = state.running()
    if lab is not None:
        if backend not in (None, lab.backend):
            raise LabError(
                f"the lab that is up has the backend {lab.backend}, not {backend}:"
                " end it with `netem-lab down`, or leave --backend out"
            )
        if chassis not in (None, lab.chassis):
            raise LabError(
                f"the lab that is up has {lab.chassis} chassis, not {chassis}:"
                " end it with `netem-lab down`, or leave --chassis out"
            )
        yield lab
        return
    lab = up(_ANY_PORT, DEFAULT_MEMORY_MIB, backend or DEFAULT_BACKEND, progress, chassis or 1)
    try:
        yield lab
    finally:
        down()

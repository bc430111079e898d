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
from typing import Callable, Iterator, List

from netem_lab.errors import LabError
from netem_lab.guest.host import require_node, require_root
from netem_lab.guest.uml import DEFAULT_MEMORY_MIB
from netem_lab.session import state
from netem_lab.session.state import DEFAULT_API_PORT, Lab

_ANY_PORT = 0
_STOP_TIMEOUT_S = 15


def _to_stderr(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def up(
    api_port: int = DEFAULT_API_PORT,
    memory_mib: int = DEFAULT_MEMORY_MIB,
    progress: Callable[[str], None] = _to_stderr,
) -> Lab:
    """Start a lab in the background and return it once both instances ping each other.

    Port 0 takes a free one. `progress` is called with what is waited for. Raises LabError.
    """
    require_node()
    command = [sys.executable, "-m", f"{__package__}.supervisor", str(api_port), str(memory_mib)]
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
def opened(progress: Callable[[str], None] = _to_stderr) -> Iterator[Lab]:
    """Yield the lab that is up and leave it up; where none is, yield a new one and end it."""
    lab = state.running()
    if lab is not None:
        yield lab
        return
    lab = up(api_port=_ANY_PORT, progress=progress)
    try:
        yield lab
    finally:
        down()

# SPDX-License-Identifier: Apache-2.0
"""Commands in the running lab: in its node or in one of its instances."""

from __future__ import annotations

import socket
import subprocess
from functools import partial
from typing import Sequence

from netem_lab.guest.frames import Command
from netem_lab.guest.runner import Remote, Runner
from netem_lab.guest.urgency import urgent
from netem_lab.session import state

NODE = "node"


def connect() -> socket.socket:
    """Return a connection to the running lab's executor; raises LabError if no lab is up."""
    state.required()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(state.EXEC_SOCKET))
    return connection


def command(where: str, argv: Sequence[str]) -> Command:
    """Return the command argv in the node (`NODE`) or in the instance named `where`."""
    return Command.here(argv, netns=None if where == NODE else where)


def spawn(where: str, argv: Sequence[str]) -> Remote:
    """Start a command in the running lab; `where` is node, vm1 or vm2."""
    return Remote(connect(), command(where, argv))


def run(where: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the running lab to its end; `where` is node, vm1 or vm2."""
    return Runner(partial(spawn, where)).run(argv)


def node() -> Runner:
    """Return a runner of commands in the running lab's node; raises LabError if no lab is up."""
    return Runner(partial(spawn, NODE), urgent=partial(urgent, state.required().pid))

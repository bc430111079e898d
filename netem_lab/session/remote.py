# SPDX-License-Identifier: Apache-2.0
"""Commands in the running lab: in its node or in one of its instances."""

from __future__ import annotations

import socket
import subprocess
from functools import partial
from typing import Optional, Sequence

from netem_lab.errors import LabError
from netem_lab.guest.frames import Command
from netem_lab.guest.place import SECOND
from netem_lab.guest.runner import Remote, Runner
from netem_lab.guest.urgency import urgent
from netem_lab.session import state

NODE, NODE2 = state.NODES


def connect(where: str) -> socket.socket:
    """Return a connection to the executor of a node, or of the node that has an instance.

    Raises LabError if no lab is up, or none that has it.
    """
    lab = state.required()
    node = lab.homes.get(where, where)
    if node not in lab.nodes:
        raise LabError(f"the lab that is up has one node: {node} needs `up` with --chassis 2")
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(state.exec_socket(node)))
    return connection


def command(where: str, argv: Sequence[str]) -> Command:
    """Return the command argv in a node or in the instance named `where`."""
    return Command.here(argv, netns=None if where in state.NODES else where)


def spawn(where: str, argv: Sequence[str]) -> Remote:
    """Start a command in the running lab; `where` is a node or an instance."""
    return Remote(connect(where), command(where, argv))


def run(where: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the running lab to its end; `where` is a node or an instance."""
    return Runner(partial(spawn, where)).run(argv)


def node() -> Runner:
    """Return a runner of commands in the running lab's node; raises LabError if no lab is up."""
    return Runner(partial(spawn, NODE), urgent=partial(urgent, state.required().pid))


def other_node() -> Optional[Runner]:
    """Return a runner of commands in the node that has the second instance; None in one node."""
    if state.required().chassis == 1:
        return None
    return Runner(partial(spawn, NODE2), address=SECOND.cable_address)

# SPDX-License-Identifier: Apache-2.0
"""Commands in the guest, for programs: run one and take its output, or follow it while it runs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import Callable, Iterator, Optional, Sequence

from netem_lab import state
from netem_lab.errors import LabError
from netem_lab.guest.frames import Command, Kind, receive, send
from netem_lab.probe.prober import ISOLATED_PYTHON

NODE = "node"


class Remote:
    """One command in the guest, without input; iterate over it for the lines of its stdout."""

    def __init__(self, connection: socket.socket, command: Command) -> None:
        self._connection = connection
        self._unread = bytearray()
        self._stderr = bytearray()
        self.returncode: Optional[int] = None
        send(connection, Kind.COMMAND, command.encode())
        send(connection, Kind.STDIN)

    @property
    def stderr(self) -> str:
        """What it has written to stderr so far, as far as it was read with the lines of stdout."""
        return self._stderr.decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        """The lines of its stdout, as they come, with their line ends."""
        while self.returncode is None:
            kind, payload = receive(self._connection)
            if kind is Kind.STDERR:
                self._stderr += payload
            elif kind is Kind.STDOUT:
                self._unread += payload
                *lines, self._unread = self._unread.split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace") + "\n"
            else:
                self.returncode = int(payload)
                self._connection.close()
        if self._unread:
            line, self._unread = self._unread, bytearray()
            yield line.decode(errors="replace")

    def wait(self) -> int:
        """Its exit status; drops the lines that nobody has read."""
        for _ in self:
            pass
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """End it and its whole process group at once."""
        with contextlib.suppress(OSError):  # it has ended by itself
            self._connection.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Node:
    """A node whose commands `spawn` starts; `python` is an interpreter that has this package."""

    spawn: Callable[[Sequence[str]], Remote]
    python: Sequence[str] = ISOLATED_PYTHON

    def run(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        remote = self.spawn(argv)
        output = "".join(remote)
        return subprocess.CompletedProcess(argv, remote.wait(), output, remote.stderr)

    def output(self, argv: Sequence[str]) -> str:
        """Run a command that must succeed and return what it prints; raises LabError."""
        done = self.run(argv)
        if done.returncode:
            raise LabError(f"{' '.join(argv)} failed in the node", done.stderr)
        return done.stdout


def connect() -> socket.socket:
    """A connection to the running lab's executor; raises LabError if no lab is up."""
    state.required()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(state.EXEC_SOCKET))
    return connection


def command(where: str, argv: Sequence[str]) -> Command:
    """argv in the node itself or in an instance, by name."""
    return Command.here(argv, netns=None if where == NODE else where)


def spawn(where: str, argv: Sequence[str]) -> Remote:
    """Start a command in the running lab; `where` is node, vm1 or vm2."""
    return Remote(connect(), command(where, argv))


def run(where: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the running lab to its end; `where` is node, vm1 or vm2."""
    return Node(partial(spawn, where)).run(argv)


def node() -> Node:
    """The running lab's node."""
    return Node(partial(spawn, NODE))


def api_url() -> str:
    """Where the running lab's Neutron API answers on the host."""
    return state.required().api_url

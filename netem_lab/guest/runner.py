# SPDX-License-Identifier: Apache-2.0
"""Starts commands in a guest from the host, and reads their output."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable, ContextManager, Iterator, Optional, Sequence

from netem_lab.errors import LabError
from netem_lab.guest.frames import Command, Kind, receive, send

ISOLATED_PYTHON = (sys.executable, "-I")
"""This interpreter; environment and current folder add nothing to its module search path."""


class Remote:
    """One command in the guest, without input; iterating over it yields the lines of its stdout."""

    def __init__(self, connection: socket.socket, command: Command) -> None:
        self._connection = connection
        self._unread = bytearray()
        self._stderr = bytearray()
        self.returncode: Optional[int] = None
        send(connection, Kind.COMMAND, command.encode())
        send(connection, Kind.STDIN)

    @property
    def stderr(self) -> str:
        """What it has written to stderr, up to the last line of stdout that was read."""
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
        """Wait for its end and return its exit status; lines not yet read are dropped."""
        for _ in self:
            pass
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """Kill it and its whole process group."""
        with contextlib.suppress(OSError):  # it has ended by itself
            self._connection.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Runner:
    """Runs commands in one node.

    `spawn` starts a command there. `python` is the command of an interpreter there. `urgent` makes
    a context in which the node runs before the host's other processes. `address` is where another
    node reaches it, if there is one.
    """

    spawn: Callable[[Sequence[str]], Remote]
    python: Sequence[str] = ISOLATED_PYTHON
    urgent: Callable[[], ContextManager[None]] = contextlib.nullcontext
    address: str = ""

    def run(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        remote = self.spawn(argv)
        output = "".join(remote)
        return subprocess.CompletedProcess(argv, remote.wait(), output, remote.stderr)

    def output(self, argv: Sequence[str]) -> str:
        """Run a command and return what it prints; raises LabError if it fails."""
        done = self.run(argv)
        if done.returncode:
            raise LabError(f"{' '.join(argv)} failed in the node", done.stderr)
        return done.stdout

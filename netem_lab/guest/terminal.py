# SPDX-License-Identifier: Apache-2.0
"""Runs a command in the guest with this process's standard input, output and error."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import termios
import tty
from dataclasses import replace
from typing import Iterator

from netem_lab.guest.frames import CHUNK_BYTES, Command, Kind, receive, send


def interact(connection: socket.socket, command: Command) -> int:
    """Run the command to its end and return its exit status; it has a terminal if we have one."""
    on_terminal = os.isatty(0) and os.isatty(1)
    if on_terminal:
        size = os.get_terminal_size(1)
        command = replace(command, tty=(size.lines, size.columns))
    send(connection, Kind.COMMAND, command.encode())
    with _raw_terminal() if on_terminal else contextlib.nullcontext():
        return _pump(connection)


def _pump(connection: socket.socket) -> int:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    poll.register(0, select.POLLIN)
    outputs = {Kind.STDOUT: sys.stdout.buffer, Kind.STDERR: sys.stderr.buffer}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == 0:
                payload = os.read(0, CHUNK_BYTES)
                send(connection, Kind.STDIN, payload)
                if not payload:
                    poll.unregister(0)
                continue
            kind, payload = receive(connection)
            if kind is Kind.EXIT:
                return int(payload)
            outputs[kind].write(payload)
            outputs[kind].flush()


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """All keys, Ctrl-C too, go to the guest's terminal instead of this process."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)

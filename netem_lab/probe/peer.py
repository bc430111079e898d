# SPDX-License-Identifier: Apache-2.0
"""The probe in the other guest, which has the other VM: messages to it and from it."""

from __future__ import annotations

import json
import socket
from typing import Any, Dict, Iterator

from netem_lab.probe import clock
from netem_lab.probe.clock import Offset

_CHUNK_BYTES = 1 << 16
_CONNECTED_WITHIN_S = 60.0


class Alone:
    """No other probe: both VMs are in this guest."""

    leads = True
    """Whether this probe says what both have found."""
    is_there = False
    """Whether there is another probe."""

    def tell(self, **message: Any) -> None:
        """Tell the other."""

    def heard(self) -> Iterator[Dict[str, Any]]:
        """What the other has told since; does not wait. What is not taken is heard later."""
        return iter(())

    def swap(self, name: str, value: Any, default: Any) -> Any:
        """Tell the other a value, and wait for its own of this name; `default` without another."""
        return default

    def handed_in(self, name: str, value: Any, default: Any) -> Any:
        """Wait for the other's value where this one leads, and tell it ours where it does not."""
        return default

    def offset(self) -> Offset:
        """How far the other's clock is ahead of ours."""
        return clock.SAME


class Peer(Alone):
    """A connection to the other probe, which has the same stages.

    Raises ConnectionError when the other has gone.
    """

    is_there = True

    def __init__(self, connection: socket.socket, leads: bool, echo_port: int) -> None:
        self.leads = leads
        self._connection = connection
        self._echo_port = echo_port
        self._unread = bytearray()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tell(self, **message: Any) -> None:
        self._connection.setblocking(True)
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def heard(self) -> Iterator[Dict[str, Any]]:
        self._connection.setblocking(False)
        try:
            while True:
                self._read()
        except BlockingIOError:
            return self._lines()

    def swap(self, name: str, value: Any, default: Any) -> Any:
        self.tell(**{name: value})
        return self._wait_for(name)

    def handed_in(self, name: str, value: Any, default: Any) -> Any:
        if self.leads:
            return self._wait_for(name)
        self.tell(**{name: value})
        return default

    def offset(self) -> Offset:
        if not self.leads:
            return clock.SAME
        return clock.measure(self._connection.getpeername()[0], self._echo_port)

    def _wait_for(self, name: str) -> Any:
        """The value of the next message of this name; those before it come too late for anyone."""
        self._connection.setblocking(True)
        while True:
            for message in self._lines():
                if name in message:
                    return message[name]
            self._read()

    def _read(self) -> None:
        part = self._connection.recv(_CHUNK_BYTES)
        if not part:
            raise ConnectionError("the other probe has gone")
        self._unread += part

    def _lines(self) -> Iterator[Dict[str, Any]]:
        """The messages that are complete; each is taken when it is asked for."""
        while True:
            line, end, rest = self._unread.partition(b"\n")
            if not end:
                return
            self._unread = rest
            yield json.loads(line)


def listen(address: str) -> socket.socket:
    """Where the probe that does not lead waits for the one that does."""
    server = socket.create_server((address, 0), backlog=1)
    server.settimeout(_CONNECTED_WITHIN_S)
    return server


def accept(server: socket.socket) -> Peer:
    """Wait for the probe that leads."""
    connection, _ = server.accept()
    peer = Peer(connection, leads=False, echo_port=0)
    peer.tell(echo_port=clock.Echo(server.getsockname()[0]).port)
    return peer


def connect(address: str, port: int) -> Peer:
    """Return the probe that listens there; ours leads."""
    connection = socket.create_connection((address, port))
    line = connection.makefile("rb", buffering=0).readline()
    return Peer(connection, leads=True, echo_port=json.loads(line)["echo_port"])

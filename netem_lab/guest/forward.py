# SPDX-License-Identifier: Apache-2.0
"""Forwards the connections of a listening socket to another place."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Callable

from netem_lab.guest.frames import CHUNK_BYTES


def start(server: socket.socket, connect: Callable[[], socket.socket]) -> None:
    """Forward each connection of `server` to the one that `connect` returns; does not block."""
    threading.Thread(target=_accept, args=(server, connect), daemon=True).start()


def _accept(server: socket.socket, connect: Callable[[], socket.socket]) -> None:
    while True:
        near, _ = server.accept()
        try:
            far = connect()
        except OSError:  # nobody listens there yet
            near.close()
            continue
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Forward one direction to its end; a broken connection ends both directions."""
    try:
        while True:
            payload = source.recv(CHUNK_BYTES)
            if not payload:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(payload)
    except OSError:
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

# SPDX-License-Identifier: Apache-2.0
"""The frames that carry a command, its input, its output and its exit status."""

from __future__ import annotations

import enum
import json
import os
import socket
import struct
from dataclasses import asdict, dataclass, field
from typing import Dict, Optional, Sequence, Tuple

from netem_lab.guest.host import search_path

_HEADER = struct.Struct(">cI")
CHUNK_BYTES = 1 << 16


class Kind(enum.Enum):
    """What a frame carries; the first frame of a connection is a COMMAND."""

    COMMAND = b"c"
    STDIN = b"i"  # empty: end of input
    STDOUT = b"o"
    STDERR = b"e"
    EXIT = b"x"


@dataclass(frozen=True)
class Command:
    """What to execute in the guest.

    `netns` names a network namespace; None is that of the node. `tty` is the size of a terminal as
    (rows, columns); None is no terminal.
    """

    argv: Sequence[str]
    netns: Optional[str] = None
    cwd: str = "/"
    env: Dict[str, str] = field(default_factory=dict)
    tty: Optional[Tuple[int, int]] = None

    @classmethod
    def here(cls, argv: Sequence[str], netns: Optional[str] = None) -> Command:
        """The command argv, with the caller's current folder and environment."""
        return cls(argv, netns, os.getcwd(), dict(os.environ, PATH=search_path()))

    def encode(self) -> bytes:
        """The payload of a COMMAND frame."""
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def decode(cls, payload: bytes) -> Command:
        """The command that a COMMAND frame carries."""
        return cls(**json.loads(payload))


def send(connection: socket.socket, kind: Kind, payload: bytes = b"") -> None:
    """Send one whole frame."""
    connection.sendall(_HEADER.pack(kind.value, len(payload)) + payload)


def receive(connection: socket.socket) -> Tuple[Kind, bytes]:
    """The next frame; raises ConnectionError when the other side has gone."""
    kind, length = _HEADER.unpack(_exactly(connection, _HEADER.size))
    return Kind(kind), _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise ConnectionError("the other side closed the connection")
        received += part
    return bytes(received)

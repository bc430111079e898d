# SPDX-License-Identifier: Apache-2.0
"""The receiving end of `Datagrams`: the kernel stamps what arrives."""

from __future__ import annotations

import os
import socket
from typing import List, Optional, Set

from netem_lab.probe.arrivals import Arrival
from netem_lab.probe.clock import SO_TIMESTAMPNS, stamp_ns
from netem_lab.probe.endpoint import Endpoint, inside
from netem_lab.probe.flow import Datagrams
from netem_lab.probe.payload import Payload
from netem_lab.probe.sender import Target

# asm-generic/socket.h; Python 3.11 does not name it.
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 64 << 20


class Receiver:
    """Receives one flow in a network namespace of this guest."""

    def __init__(self, flow: Datagrams, endpoint: Endpoint) -> None:
        self.flow = flow
        self.arrivals: List[Arrival] = []
        self._numbers: Set[int] = set()
        self.sent: Optional[int] = None
        """How many packets were sent; None while that is not over."""
        with inside(endpoint.netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((endpoint.address, 0))
        self._socket.setblocking(False)
        address, port = self._socket.getsockname()
        self.target = Target(address, port, int.from_bytes(os.urandom(2), "big"))
        self._payload = Payload(flow, self.target.mark)

    def drain(self) -> int:
        """Read the packets that have arrived, and return their number."""
        before = len(self.arrivals)
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(self._payload.read_bytes, 64)
            except BlockingIOError:
                return len(self.arrivals) - before
            read = self._payload.read(data)
            if read:
                number, sent_ns, corrupt_bits = read
                self.arrivals.append(Arrival(number, sent_ns, stamp_ns(ancillary), corrupt_bits))
                self._numbers.add(number)

    @property
    def complete(self) -> bool:
        """Whether as many different packets have arrived as were sent."""
        return self.sent is not None and len(self._numbers) >= self.sent

    def close(self) -> None:
        self._socket.close()

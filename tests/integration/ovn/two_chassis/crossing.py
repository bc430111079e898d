# SPDX-License-Identifier: Apache-2.0
"""A program for a node: an instance that comes up there sends to a peer there, which sends to it.

The instance sends from the moment that it has an address, plugged or not, and announces itself by
RARP, as QEMU does after a migration. argv: the instance, its peer, and a file that ends it. The
lines of stdout are JSON: one when it has begun, and one for each direction.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import time
from pathlib import Path
from typing import List, Tuple

from netem_lab.probe import endpoint
from netem_lab.probe.endpoint import inside
from netem_lab.probe.flow import Datagrams, Key
from netem_lab.probe.receiver import Receiver
from netem_lab.probe.sender import Sender

PPS = 200.0
_COUNT = 10**9
_ANNOUNCE_EVERY_S = 0.05
_QUIET_S = 1.0
_ETH_P_RARP = 0x8035
"""linux/if_ether.h"""


def main() -> None:
    mover, peer, end = sys.argv[1:]
    print(json.dumps("begun"), flush=True)
    streams, announcer = _opened(mover, peer)
    announce_s = 0.0
    while not Path(end).exists():
        now_s = time.monotonic()
        if now_s >= announce_s:
            announce_s = now_s + _ANNOUNCE_EVERY_S
            announcer.send(_announcement(announcer))
        for sender, receiver in streams:
            # The copy at the source refuses what is meant for this one.
            with contextlib.suppress(ConnectionRefusedError):
                sender.send_due(now_s)
            receiver.drain()
        time.sleep(0.001)
    _await_stragglers([receiver for _, receiver in streams])
    for sender, receiver in streams:
        found = {
            "direction": sender.flow.key.direction,
            "sent": sender.sending.sent,
            "arrivals": receiver.arrivals,
        }
        print(json.dumps(found), flush=True)


def _opened(mover: str, peer: str) -> Tuple[List[Tuple[Sender, Receiver]], socket.socket]:
    """Both directions, and the socket for RARP, as soon as the instance has an address."""
    while True:
        try:
            ends = {name: endpoint.find(name) for name in (mover, peer)}
            streams = []
            for direction, sender, receiver in (("egress", mover, peer), ("ingress", peer, mover)):
                flow = Datagrams(
                    Key(direction, "move"), sender, receiver, PPS, _COUNT, 0, opened=False
                )
                receiving = Receiver(flow, ends[receiver])
                now_s = time.monotonic()
                streams.append((Sender(flow, sender, receiving.target, now_s), receiving))
            with inside(mover):
                announcer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            announcer.bind(("eth0", _ETH_P_RARP))
            return streams, announcer
        except (OSError, LookupError):  # it is not yet there, or not yet up
            time.sleep(0.001)


def _announcement(announcer: socket.socket) -> bytes:
    """What QEMU sends: a request for the address of its own MAC (RFC 903)."""
    mac = announcer.getsockname()[4]
    ethernet = b"\xff" * 6 + mac + struct.pack("!H", _ETH_P_RARP)
    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 3) + (mac + bytes(4)) * 2
    return (ethernet + request).ljust(60, b"\0")


def _await_stragglers(receivers: List[Receiver]) -> None:
    quiet_at_s = time.monotonic() + _QUIET_S
    while time.monotonic() < quiet_at_s:
        if sum(receiver.drain() for receiver in receivers):
            quiet_at_s = time.monotonic() + _QUIET_S
        time.sleep(0.001)


if __name__ == "__main__":
    main()

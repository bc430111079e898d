# SPDX-License-Identifier: Apache-2.0
"""The bound on queue memory, on a real kernel: its own limits, and the memory of a flood."""

from __future__ import annotations

import json
import random
import socket
import time
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import pytest

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.tree import LIMIT_PACKETS_MIN, in_flight_packets
from networking_netem.kernel.host import Host
from networking_netem.kernel.netlink import Answer, Request
from networking_netem.reconcile.budget import PACKET_BYTES, Budget
from networking_netem.reconcile.reconciler import Reconciler

from .alone import NoSwitch, Sender
from .conftest import ip, tc

BOUND = 30_000
SHARE = 1 / 4
DEVICES = [f"tap0000bbbb-{number:02}" for number in range(6)]
DELAYS_US = (1_000, 20_000, 700_000, 60_000_000)
SEQUENCES = 4
EVENTS = 25


class Bounded(Sender):
    """Reads all limits of the kernel by another hand after each send."""

    def transact(self, requests: Sequence[Request]) -> List[Answer]:
        answers = super().transact(requests)
        assert sum(limits().values()) <= BOUND
        return answers


def limits() -> Dict[str, int]:
    """The limit of each netem of ours, as iproute2 tells it."""
    found = json.loads(tc("-j", "qdisc", "show"))
    return {
        qdisc["dev"]: qdisc["options"]["limit"]
        for qdisc in found
        if qdisc["kind"] == "netem" and qdisc["handle"] == "4e46:"
    }


def carrier(device: str) -> str:
    """The device that delays what a port's instance receives."""
    return ifb_name(device, Direction.INGRESS)


def agent(bound_packets: int = BOUND, share: float = SHARE) -> Reconciler:
    """An agent that knows nothing yet."""
    budget = Budget(bound_packets * PACKET_BYTES, share)
    return Reconciler(Host(Bounded().transact), NoSwitch(), budget)


def wait_until(holds: Callable[[], bool], reconciler: Reconciler) -> None:
    """Look when ports are due until it holds; fails after ten seconds."""
    deadline_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline_s, "not in time"
        due_s = reconciler.reconcile_due()
        time.sleep(min(due_s or 0.01, 0.1))


def is_settled(reconciler: Reconciler) -> bool:
    return all(port.due_at_s is None for port in reconciler._ports)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_all_limits_stay_within_the_bound(netns: None, seed: int) -> None:
    """Any sequence of edits, removals, restarts and devices that go and come."""
    draw = random.Random(seed)
    for device in DEVICES:
        ip("link", "add", device, "up", "type", "dummy")
    reconciler, wanted = agent(), dict.fromkeys(DEVICES, Link.CLEAN)
    for _ in range(EVENTS):
        event = draw.choice(("edit", "edit", "edit", "restart", "unplug", "audit"))
        some = draw.sample(DEVICES, draw.randint(1, len(DEVICES)))
        if event == "restart":
            reconciler = agent()
        elif event == "unplug":
            ip("link", "del", some[0])
            reconciler.reconcile(some[:1])
            ip("link", "add", some[0], "up", "type", "dummy")
        elif event == "audit":
            reconciler.audit()
        else:
            wanted.update({device: _any(draw) for device in some})
        for device in some:
            reconciler.want(device, wanted[device])
        reconciler.reconcile(some)
        assert sum(limits().values()) <= BOUND
    for device in draw.sample(DEVICES, len(DEVICES)):
        reconciler.want(device, wanted[device])
    reconciler.reconcile(DEVICES)
    wait_until(lambda: is_settled(reconciler), reconciler)
    for device, link in wanted.items():
        for direction in Direction:
            holder = ifb_name(device, direction)
            if link[direction].is_none:
                assert holder not in limits()
            else:
                need = in_flight_packets(link[direction])
                assert LIMIT_PACKETS_MIN <= limits()[holder] <= min(need, BOUND * SHARE)


def _any(draw: random.Random) -> Link:
    def direction() -> Impairment:
        return Impairment(delay_us=draw.choice((0, *DELAYS_US)))

    return Link(egress=direction(), ingress=direction())


def test_three_ports_that_were_long_once_are_short_and_give_back(netns: None) -> None:
    """The first of the ways in which the bound was none."""
    for device in DEVICES:
        ip("link", "add", device, "up", "type", "dummy")
    reconciler = agent()
    seen = []
    for device in DEVICES:
        for delay_us in (700_000, 1_000, 700_000):
            reconciler.want(device, Link(ingress=Impairment(delay_us=delay_us)))
            reconciler.reconcile([device])
            wait_until(lambda: is_settled(reconciler), reconciler)
            seen.append(limits()[carrier(device)])
    share = int(BOUND * SHARE)
    assert seen[:9] == [share, 1_125, share] * 3
    assert sum(limits().values()) <= BOUND


def test_packets_behind_those_from_before_an_edit_are_not_lost(tap: str) -> None:
    """They wait for the old delay of 4 s to pass; the new link needs room for 1125 packets."""
    address(tap)
    reconciler = agent()
    for delay_us in (4_000_000, 1_000):
        reconciler.want(tap, Link(ingress=Impairment(delay_us=delay_us)))
        reconciler.reconcile([tap])
        send(1)
        reconciler.reconcile_due()
    send(3_000)
    assert netem_counts(carrier(tap))["qlen"] >= 3_000
    reconciler.audit()
    assert limits()[carrier(tap)] == BOUND * SHARE
    wait_until(lambda: limits()[carrier(tap)] == 1_125, reconciler)
    assert netem_counts(carrier(tap))["drops"] == 0
    assert netem_counts(carrier(tap))["packets"] >= 3_002


FLOOD_BOUND = 20_000
FLOOD_PACKETS = 60_000
FLOOD_DELAY_US = 20_000_000


@pytest.mark.parametrize("payload_bytes", [18, 1472])
def test_a_flood_against_a_long_link_takes_less_memory_than_the_bound(
    tap: str, payload_bytes: int
) -> None:
    address(tap)
    reconciler = agent(FLOOD_BOUND, 1.0)
    reconciler.want(tap, Link(ingress=Impairment(delay_us=FLOOD_DELAY_US)))
    reconciler.reconcile([tap])
    limit = limits()[carrier(tap)]
    before = kernel_bytes()
    send(FLOOD_PACKETS, payload_bytes)
    inside = netem_counts(carrier(tap))["qlen"]
    taken = kernel_bytes() - before
    print(f"{FLOOD_PACKETS} packets of {payload_bytes + 42} bytes: limit {limit}, {inside} inside, "
          f"{taken / 2**20:.1f} MiB of {FLOOD_BOUND * PACKET_BYTES / 2**20:.1f} MiB, "
          f"{taken / inside:.0f} bytes each")  # fmt: skip
    assert inside == limit
    assert limit * payload_bytes <= taken <= FLOOD_BOUND * PACKET_BYTES


SO_SNDBUFFORCE = 32
"""So that the socket's own bound is none (include/uapi/asm-generic/socket.h)."""


def kernel_bytes() -> int:
    """What of the guest's memory is not free, without what it holds of files."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    kib = {name.rstrip(":"): int(value) for name, value, *_ in lines}
    return 1024 * (kib["MemTotal"] - kib["MemFree"] - kib["Cached"] - kib["Buffers"])


def address(tap: str) -> None:
    """Have what is sent to 10.9.9.2 leave through the device."""
    ip("addr", "add", "10.9.9.1/24", "dev", tap)
    ip("neigh", "add", "10.9.9.2", "lladdr", "02:00:00:00:00:01", "dev", tap)


def send(packets: int, payload_bytes: int = 18) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 30)
        for _ in range(packets):
            sender.sendto(bytes(payload_bytes), ("10.9.9.2", 9))


def netem_counts(device: str) -> Dict[str, int]:
    """Packets that are inside (`qlen`), that were dropped, and others that tc tells."""
    found = json.loads(tc("-s", "-j", "qdisc", "show", "dev", device))
    return next(qdisc for qdisc in found if qdisc["kind"] == "netem")
